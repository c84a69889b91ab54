//! Releases, promotions and reverts: pointers by compare-and-swap.

use super::{Case, Under};
use crate::ledger::{Event, Pointer, RecordedChange, ReleaseChange, Side};
use crate::project::{Change, Serving};
use crate::split::{self, SLOTS};
use crate::{Digest, EnvironmentId, PromptId, Refusal, RefusalCode, ReleaseId, limits};
use serde_json::json;
use std::collections::BTreeSet;

impl Case<'_> {
    pub(super) fn release(
        &self,
        changes: &[ReleaseChange],
        reason: Digest,
        promoted_from: Option<EnvironmentId>,
        under: Under,
    ) -> Result<Vec<Event>, Refusal> {
        count("changes", changes.len())?;
        self.check_text(&reason)?;
        if let Some(from) = promoted_from {
            self.active_environment(from)?;
        }
        let mut pairs = BTreeSet::new();
        let mut recorded = Vec::with_capacity(changes.len());
        for change in changes {
            self.may_release(change.environment)?;
            let change = self.change(change, promoted_from)?;
            if !pairs.insert((change.environment, change.prompt)) {
                return Err(Refusal::invalid(
                    "a release changes each prompt in an environment once",
                ));
            }
            recorded.push(change);
        }
        let grounds = self.grounds(&recorded, under)?;
        Ok(vec![Event::Released {
            release: ReleaseId::from(self.id),
            changes: recorded,
            reason,
            promoted_from,
            reverts_to: None,
            grounds: grounds.map(Box::new),
        }])
    }

    fn change(
        &self,
        change: &ReleaseChange,
        promoted_from: Option<EnvironmentId>,
    ) -> Result<RecordedChange, Refusal> {
        let environment = self.active_environment(change.environment)?;
        let prompt = self.prompt(change.prompt)?;
        if prompt.archived {
            return Err(Refusal::invalid(format!(
                "{} is archived; restore it first",
                prompt.name
            )));
        }
        let last = self.project.last_served(change.environment, prompt.id);
        if last.map(|serving| serving.release) != change.replaces {
            return Err(self.moved(&environment.name, change.environment, prompt.id));
        }
        self.check_sides(prompt.id, &prompt.name, &change.sides)?;
        let now = last.map_or(&[][..], |serving| &serving.sides);
        if same_sides(now, &change.sides) {
            return Err(Refusal::invalid(if now.is_empty() {
                format!("{} does not serve {}", environment.name, prompt.name)
            } else {
                format!(
                    "{} serves exactly this of {} already",
                    environment.name, prompt.name
                )
            }));
        }
        if let Some(from) = promoted_from {
            self.check_source(from, change, prompt.id, &prompt.name)?;
        }
        let same_versions = {
            let versions =
                |sides: &[Side]| sides.iter().map(|s| s.version).collect::<BTreeSet<_>>();
            versions(now) == versions(&change.sides)
        };
        // The salt stays while the versions are the same, so that shifting weights moves no more
        // units than it must.
        let (salt, before) = match last {
            Some(serving) if same_versions => (serving.salt, serving.slots.as_slice()),
            _ => (ReleaseId::from(self.id), &[][..]),
        };
        Ok(RecordedChange {
            environment: change.environment,
            prompt: prompt.id,
            slots: split::assign(before, &change.sides),
            sides: change.sides.clone(),
            salt,
            before: change.replaces,
        })
    }

    pub(super) fn check_sides(
        &self,
        prompt: PromptId,
        name: &str,
        sides: &[Side],
    ) -> Result<(), Refusal> {
        if sides.len() > limits::SIDES {
            return Err(Refusal::invalid(format!(
                "a split has at most {} sides",
                limits::SIDES
            )));
        }
        let versions: BTreeSet<_> = sides.iter().map(|side| side.version).collect();
        let sum: u64 = sides.iter().map(|side| u64::from(side.weight)).sum();
        if versions.len() != sides.len() || sides.iter().any(|side| side.weight == 0) {
            return Err(Refusal::invalid(
                "each side of a split is another version with a share above nothing",
            ));
        }
        if !sides.is_empty() && sum != u64::from(SLOTS) {
            return Err(Refusal::invalid("the shares of a split make up 100 %"));
        }
        for version in versions {
            let Some((of, version)) = self.project.version(version) else {
                return Err(Refusal::not_found("the version"));
            };
            if of.id != prompt {
                return Err(Refusal::invalid(format!(
                    "that version is one of {}, not of {name}",
                    of.name
                )));
            }
            self.not_redacted(name, version.number, version.content)?;
        }
        Ok(())
    }

    // What was destroyed can't be served, nor can what includes it.
    fn not_redacted(&self, name: &str, number: u32, content: Digest) -> Result<(), Refusal> {
        let gone = self
            .project
            .reaches(content)
            .into_iter()
            .any(|digest| self.project.is_redacted(&digest));
        if gone {
            return Err(Refusal::new(
                RefusalCode::InUse,
                format!(
                    "{name} v{number} was redacted, or includes something that was; it can't be served"
                ),
            ));
        }
        Ok(())
    }

    fn check_source(
        &self,
        from: EnvironmentId,
        change: &ReleaseChange,
        prompt: PromptId,
        name: &str,
    ) -> Result<(), Refusal> {
        if from == change.environment {
            return Err(Refusal::invalid(
                "a promotion goes from one environment to another",
            ));
        }
        let source = self.project.serving(from, prompt);
        if source.is_some_and(|serving| same_sides(&serving.sides, &change.sides)) {
            return Ok(());
        }
        let of = self
            .project
            .environment(from)
            .map_or("the other environment", |e| e.name.as_str());
        Err(Refusal::conflict(
            format!("{of} serves something else of {name} by now; look at the promotion again"),
            &source.map(|serving| &serving.sides),
        ))
    }

    pub(super) fn moved(
        &self,
        name: &str,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Refusal {
        let now = self.project.last_served(environment, prompt);
        Refusal::new(
            RefusalCode::Conflict,
            format!("{name} was changed meanwhile; nothing was released. Look at what it serves now and decide again"),
        )
        .with(json!({ "now": now.map(|s| json!({ "release": s.release, "sides": s.sides })) }))
    }

    pub(super) fn revert(
        &self,
        environment: EnvironmentId,
        to: ReleaseId,
        prompts: &[Pointer],
        reason: Digest,
    ) -> Result<Vec<Event>, Refusal> {
        count("prompts", prompts.len())?;
        self.check_text(&reason)?;
        let named = self.active_environment(environment)?;
        // The right to release and a reason are enough: going back must always be possible.
        self.may_release(environment)?;
        if !self
            .project
            .release(to)
            .is_some_and(|r| r.changes.iter().any(|c| c.environment == environment))
        {
            return Err(Refusal::not_found("an earlier release of this environment"));
        }
        let mut seen = BTreeSet::new();
        let mut recorded = Vec::with_capacity(prompts.len());
        for pointer in prompts {
            let prompt = self.prompt(pointer.prompt)?;
            if !seen.insert(prompt.id) {
                return Err(Refusal::invalid("a revert names each prompt once"));
            }
            let now = match self.project.last_served(environment, prompt.id) {
                Some(now) if now.release == pointer.replaces => now,
                _ => return Err(self.moved(&named.name, environment, prompt.id)),
            };
            let then = self.project.state_after(to, environment, prompt.id);
            if serves_alike(now, then.map(|(_, change)| change)) {
                return Err(Refusal::invalid(format!(
                    "{} serves of {} what it served then",
                    named.name, prompt.name
                )));
            }
            if then.is_some_and(|(_, change)| change.reverted) {
                return Err(Refusal::new(
                    RefusalCode::RevertedFrom,
                    format!(
                        "{} went back from that release of {} before; going there again is a promotion",
                        named.name, prompt.name
                    ),
                ));
            }
            let restored = then.map(|(_, change)| change);
            if prompt.archived && restored.is_some_and(|change| !change.sides.is_empty()) {
                return Err(Refusal::invalid(format!(
                    "{} is archived; restore it first",
                    prompt.name
                )));
            }
            for side in restored.iter().flat_map(|change| &change.sides) {
                if let Some((_, version)) = self.project.version(side.version) {
                    self.not_redacted(&prompt.name, version.number, version.content)?;
                }
            }
            recorded.push(RecordedChange {
                environment,
                prompt: prompt.id,
                sides: restored.map(|c| c.sides.clone()).unwrap_or_default(),
                slots: restored.map(|c| c.slots.clone()).unwrap_or_default(),
                salt: restored.map_or(ReleaseId::from(self.id), |c| c.salt),
                before: Some(pointer.replaces),
            });
        }
        Ok(vec![Event::Released {
            release: ReleaseId::from(self.id),
            changes: recorded,
            reason,
            promoted_from: None,
            reverts_to: Some(to),
            grounds: None,
        }])
    }
}

impl crate::Project {
    /// What an environment served of a prompt right after a release: the release that put it
    /// there, and the change; `None` if it served nothing yet.
    #[must_use]
    pub fn state_after(
        &self,
        release: ReleaseId,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Option<(ReleaseId, &Change)> {
        let last = *self.release_places.get(&release)?;
        let prompt = self.meant(prompt);
        // Follow the chain of what replaced what, from now back to then.
        let mut next = self
            .last_served(environment, prompt)
            .map(|serving| serving.release);
        while let Some(id) = next {
            let change = self.release(id)?.change(environment, prompt)?;
            if *self.release_places.get(&id)? <= last {
                return Some((id, change));
            }
            next = change.before;
        }
        None
    }

    /// A content and everything that it includes, however deep.
    #[must_use]
    pub fn reaches(&self, content: Digest) -> BTreeSet<Digest> {
        let mut reached = BTreeSet::new();
        let mut next = vec![content];
        while let Some(digest) = next.pop() {
            if reached.insert(digest)
                && let Some((_, version)) = self.version_with(&digest)
            {
                next.extend(version.includes.iter().copied());
            }
        }
        reached
    }
}

/// Whether two lists of sides say the same, in whatever order.
pub(super) fn same_sides(one: &[Side], other: &[Side]) -> bool {
    one.len() == other.len() && one.iter().all(|side| other.contains(side))
}

/// Whether every unit would get what it gets now.
fn serves_alike(now: &Serving, then: Option<&Change>) -> bool {
    let Some(then) = then else {
        return now.sides.is_empty();
    };
    same_sides(&now.sides, &then.sides)
        && now.slots == then.slots
        && (now.sides.len() < 2 || now.salt == then.salt)
}

pub(super) fn count(what: &str, found: usize) -> Result<(), Refusal> {
    match found {
        0 => Err(Refusal::invalid(format!("there are no {what} in it"))),
        n if n > limits::CHANGES => Err(Refusal::new(
            RefusalCode::Limit,
            format!("{n} {what} at once; at most {} fit", limits::CHANGES),
        )),
        _ => Ok(()),
    }
}
