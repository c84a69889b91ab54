//! The ledger in plain words, and checking it.

use crate::views::{ActivityFilter, ActivityPage, ActivityRow, State, Verification};
use crate::{Error, Workbench, words};
use domain::ledger::{Entry, Event};
use domain::{Digest, ProjectId, PromptId};

/// Entries that are looked at in one step while a filter is followed back.
const STEP: u64 = 500;

impl Workbench {
    /// Entries before a number (or the newest), the newest first, `limit` at most.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn activity(
        &self,
        project: ProjectId,
        filter: ActivityFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<ActivityPage, Error> {
        let reading = self.reading(project)?;
        let head = reading.accepted.head().seq;
        let limit = usize::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000);
        let mut entries: Vec<ActivityRow> = Vec::new();
        if before.is_none() {
            let waiting = reading
                .pending
                .iter()
                .rev()
                .filter(|pending| pending.refusal.is_none());
            entries.extend(
                waiting
                    .map(|p| reading.waiting_row(p))
                    .filter(|row| matches(&filter, row)),
            );
        }
        let mut end = before.map_or(head, |before| before.saturating_sub(1));
        while end > 0 && entries.len() < limit {
            let start = end.saturating_sub(STEP);
            for entry in reading.entries(start, end)?.iter().rev() {
                if filter
                    .person
                    .is_some_and(|person| reading.actor(entry) != Some(person))
                {
                    continue;
                }
                let row = reading.activity_row(entry);
                if matches(&filter, &row) {
                    entries.push(row);
                    end = entry.seq().saturating_sub(1);
                    if entries.len() >= limit {
                        break;
                    }
                }
            }
            if entries.len() < limit {
                end = start;
            }
        }
        Ok(ActivityPage {
            more: end > 0,
            entries,
        })
    }

    /// The digest of the last accepted entry that is here.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub fn last_entry(&self, project: ProjectId) -> Result<Digest, Error> {
        Ok(self.reading(project)?.accepted.head().digest)
    }

    /// Checks the whole ledger on this computer: chain, signatures, and every decision again.
    ///
    /// # Errors
    /// The project is not on this computer; a ledger that is wrong is an answer, not an error.
    pub async fn verify(&self, project: ProjectId) -> Result<Verification, Error> {
        let reading = self.reading(project)?;
        let work = tokio::task::spawn_blocking(move || reading.verify());
        work.await
            .map_err(|error| Error::invalid(error.to_string()))?
    }
}

fn matches(filter: &ActivityFilter, row: &ActivityRow) -> bool {
    if filter.kind.is_some_and(|kind| kind != row.kind) {
        return false;
    }
    let text = domain::names::folded(filter.text.trim());
    let holds = |part: &str| domain::names::folded(part).contains(&text);
    text.is_empty()
        || holds(&row.words)
        || holds(&row.by)
        || row.reason.as_deref().is_some_and(holds)
}

impl crate::reading::Reading {
    /// An entry in plain words.
    fn activity_row(&self, entry: &Entry) -> ActivityRow {
        let (words, kind) = words::events(&self.ahead, entry.events());
        let (reason, prompt) = about(entry.events());
        ActivityRow {
            seq: Some(entry.seq()),
            at: entry.at(),
            by: self
                .actor(entry)
                .map_or_else(|| "Somebody".to_owned(), |person| self.person(person)),
            words,
            kind,
            reason: self.reason_words(reason, entry.events()),
            prompt: prompt.map(|id| self.ahead.meant(id)),
            state: self.kept(),
        }
    }

    /// A command of the outbox, as the entry that it would be.
    fn waiting_row(&self, pending: &store::Pending) -> ActivityRow {
        let (words, kind) = words::events(&self.ahead, &pending.events);
        let (reason, prompt) = about(&pending.events);
        ActivityRow {
            seq: None,
            at: pending.queued.created,
            by: self.my_name(),
            words,
            kind,
            reason: self.reason_words(reason, &pending.events),
            prompt: prompt.map(|id| self.ahead.meant(id)),
            state: State::Outbox,
        }
    }

    // What was said with an entry; why a policy was set aside stands beside it, for ever.
    fn reason_words(&self, reason: Option<Digest>, events: &[Event]) -> Option<String> {
        let given = reason.map(|digest| self.text(&digest));
        let aside = events.iter().find_map(|event| match event {
            Event::Released { grounds, .. } => grounds.as_ref()?.overridden.as_ref(),
            _ => None,
        });
        let aside = aside.map(|aside| format!("Policy set aside: {}", self.text(&aside.reason)));
        let parts: Vec<_> = given
            .into_iter()
            .chain(aside)
            .filter(|text| !text.is_empty())
            .collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    fn verify(&self) -> Result<Verification, Error> {
        let mut replay = domain::project::Replay::new();
        let head = self.accepted.head().seq;
        let mut done = 0;
        let contents = self.store.contents();
        while done < head {
            let page = crate::proof::PAGE as u64;
            let entries = self.entries(done, (done + page).min(head))?;
            if let Err(error) = crate::proof::check(&mut replay, &entries, &contents) {
                let bad = error.seq().unwrap_or(done + 1);
                return Ok(Verification {
                    good: false,
                    words: format!(
                        "Not in order: {error}. Nothing after it can be trusted; \
                         keep this computer's copy and ask whoever runs the registry."
                    ),
                    checked: bad.saturating_sub(1),
                    first_bad: Some(bad),
                });
            }
            done += entries.len() as u64;
        }
        Ok(Verification {
            good: true,
            words: format!(
                "In order: {}. The chain is whole, every command is signed by the device it names, \
                 and the rules lead to exactly what is recorded. The last entry is {done} with the \
                 digest {}: a colleague who is at the same number sees the same digest, or you two \
                 are shown different histories.",
                words::count(
                    usize::try_from(done).unwrap_or(usize::MAX),
                    "entry",
                    "entries"
                ),
                replay.project().head().digest
            ),
            checked: done,
            first_bad: None,
        })
    }
}

// The text that was given with an entry, and the prompt to open for it.
fn about(events: &[Event]) -> (Option<Digest>, Option<PromptId>) {
    let mut reason = None;
    let mut prompt = None;
    for event in events {
        match event {
            Event::VersionSaved {
                message,
                prompt: of,
                ..
            } => (reason, prompt) = (Some(*message), Some(*of)),
            Event::Released {
                reason: why,
                changes,
                ..
            } => {
                reason = Some(*why);
                if let [only] = changes.as_slice() {
                    prompt = Some(only.prompt);
                }
            }
            Event::ContentRedacted { reason: why, .. }
            | Event::EpochBegun { reason: why, .. }
            | Event::VerdictDismissed { reason: why, .. }
            | Event::CommentMade { text: why, .. } => reason = Some(*why),
            Event::RequestOpened { asked, .. } | Event::RequestUpdated { asked, .. } => {
                reason = Some(asked.reason);
            }
            Event::RequestWithdrawn { reason: why, .. }
            | Event::VerdictGiven { comment: why, .. } => reason = *why,
            Event::PromptCreated { prompt: of, .. }
            | Event::PromptJoined { into: of, .. }
            | Event::PromptRenamed { prompt: of, .. }
            | Event::PromptArchived { prompt: of }
            | Event::PromptRestored { prompt: of }
            | Event::LabelMoved { prompt: of, .. } => prompt = Some(*of),
            _ => {}
        }
    }
    (reason, prompt)
}
