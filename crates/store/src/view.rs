//! What a person sees: the replica, and ahead of it what their outbox will make of it.

use crate::error::Result;
use crate::file::Store;
use crate::outbox::{self, Mark, OutboxState, Queued};
use domain::ledger::{Event, SignedCommand};
use domain::project::{Outcome, Trial};
use domain::{CommandId, Millis, Project, ProjectId, Refusal};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// A preview is computed anew after this long: keys and invitations end by the clock.
const FRESH_FOR: i64 = 60_000;

/// A project as its person sees it.
#[derive(Clone, Debug)]
pub struct View {
    /// What the registry has, as far as it was pulled.
    pub replica: Arc<Project>,
    /// The same with the outbox applied; versions that are not accepted have a number there that
    /// may change.
    pub ahead: Arc<Project>,
    /// The outbox, in order.
    pub pending: Vec<Pending>,
    /// What this view rests on: give it to [`Store::queue`].
    pub mark: Mark,
}

/// One command of the outbox, with what it leads to.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The command and where it stands.
    pub queued: Queued,
    /// What it makes of the state before it, if nothing is in its way.
    pub events: Vec<Event>,
    /// Why the registry refused it, or would by what is known here.
    pub refusal: Option<Refusal>,
}

impl View {
    /// The pending command of an id.
    #[must_use]
    pub fn pending(&self, id: CommandId) -> Option<&Pending> {
        self.pending
            .iter()
            .find(|pending| pending.queued.command.id == id)
    }

    /// Whether a command is in the outbox and will, as far as is known here, be accepted.
    #[must_use]
    pub fn is_ahead(&self, id: CommandId) -> bool {
        self.pending(id).is_some_and(|p| p.refusal.is_none())
    }
}

/// The last view of each project, with the trial that led to it.
#[derive(Default)]
pub(crate) struct Views(Mutex<HashMap<ProjectId, Arc<Cached>>>);

struct Cached {
    view: Arc<View>,
    trial: Trial,
    content: i64,
    at: Millis,
}

impl Views {
    pub(crate) fn forget(&self, id: ProjectId) {
        self.0.lock().remove(&id);
    }
}

impl Cached {
    fn is_fresh(&self, now: Millis) -> bool {
        self.view.pending.is_empty() || (0..FRESH_FOR).contains(&(now.0 - self.at.0))
    }

    // How many of these commands the trial has gone through already, if it has gone through no
    // others.
    fn covers(&self, rows: &[Queued]) -> Option<usize> {
        let known = &self.view.pending;
        let same = known.len() <= rows.len()
            && known.iter().zip(rows).all(|(pending, row)| {
                pending.queued.place == row.place
                    && pending.queued.state == row.state
                    && pending.queued.signed == row.signed
            });
        same.then_some(known.len())
    }
}

impl Store {
    /// The project with its outbox applied. Cheap when nothing changed since the last call.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn view(&self, project: ProjectId, now: Millis) -> Result<Arc<View>> {
        let cached = self.inner.views.0.lock().get(&project).cloned();
        let (mark, content, replica, rows) = self.read(|tx| {
            let mark = outbox::mark(tx, project)?;
            let content = crate::changes::tick(tx, project, crate::Area::Content)?;
            let current = cached.as_ref().is_some_and(|cached| {
                cached.view.mark == mark
                    && cached.is_fresh(now)
                    && (cached.content == content || cached.view.pending.is_empty())
            });
            if current {
                return Ok((mark, content, None, Vec::new()));
            }
            let replica = self.project_in(tx, project)?;
            Ok((mark, content, Some(replica), outbox::all(tx, project)?))
        })?;
        let Some(replica) = replica else {
            if let Some(cached) = cached {
                return Ok(Arc::clone(&cached.view));
            }
            return self.view(project, now);
        };
        // A longer outbox on the same replica goes on from where the last preview ended.
        let start = cached
            .filter(|c| c.view.mark.seen == mark.seen && c.content == content && c.is_fresh(now))
            .and_then(|c| c.covers(&rows).map(|known| (c, known)));
        let (mut trial, mut pending, done) = match start {
            Some((cached, known)) => (cached.trial.clone(), cached.view.pending.clone(), known),
            None => (Trial::new(Project::clone(&replica)), Vec::new(), 0),
        };
        let contents = self.contents();
        for row in rows.into_iter().skip(done) {
            pending.push(preview(&mut trial, row, &contents, now)?);
        }
        contents.finish()?;
        let view = Arc::new(View {
            ahead: Arc::new(trial.project().clone()),
            replica,
            pending,
            mark,
        });
        let kept = Cached {
            view: Arc::clone(&view),
            trial,
            content,
            at: now,
        };
        self.inner.views.0.lock().insert(project, Arc::new(kept));
        Ok(view)
    }
}

fn preview(
    trial: &mut Trial,
    queued: Queued,
    contents: &crate::StoredContents,
    now: Millis,
) -> Result<Pending> {
    let id = queued.command.id;
    if queued.state == OutboxState::Refused {
        trial.note_refused(id);
        return Ok(Pending {
            events: Vec::new(),
            refusal: queued.refusal.clone(),
            queued,
        });
    }
    let signed = match &queued.signed {
        Some(signed) => signed.clone(),
        None => SignedCommand::unsigned_preview(queued.command.clone())?,
    };
    let (events, refusal) = match trial.submit(&signed, contents, now) {
        Outcome::Accepted(entry) => (entry.events().to_vec(), None),
        Outcome::Again { .. } => (Vec::new(), None),
        Outcome::Refused(refusal) => (Vec::new(), Some(refusal)),
    };
    Ok(Pending {
        queued,
        events,
        refusal,
    })
}
