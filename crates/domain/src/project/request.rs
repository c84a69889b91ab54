//! Requests, verdicts on them, and comments.

use super::as_text;
use crate::ledger::{Asked, CommentOn, Quote, RequestedChange, VerdictKind};
use crate::{CommentId, Digest, EnvironmentId, Millis, PersonId, ReleaseId, RequestId, RunId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Asking for a release.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// The id of the command that opened it.
    pub id: RequestId,
    /// Its entry.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Who asked.
    pub by: PersonId,
    /// What it asked, from first to last; the last counts.
    pub(crate) revisions: Vec<Arc<Revision>>,
    /// All verdicts, oldest first.
    pub(crate) verdicts: Vec<Verdict>,
    /// The steps that were released.
    pub(crate) steps: Vec<Step>,
    /// When it was taken back.
    pub withdrawn: Option<Withdrawn>,
    /// When the suite that it asks for was set under it.
    pub suite_set: Option<SuiteDone>,
}

/// That a suite was set under a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuiteDone {
    /// When.
    pub at: Millis,
    /// Who.
    pub by: PersonId,
    /// Whose approvals counted.
    pub approvals: Vec<PersonId>,
}

/// What a request asked from one moment on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revision {
    /// What.
    #[serde(with = "as_text")]
    pub asked: Asked,
    /// The digest of exactly what will be recorded.
    pub digest: Digest,
    /// The entry that made it so.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: PersonId,
}

/// A reviewer's verdict on one digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Who.
    pub person: PersonId,
    /// Its entry.
    pub seq: u64,
    /// When it arrived.
    pub at: Millis,
    /// What it covers.
    pub digest: Digest,
    /// What it says.
    pub kind: VerdictKind,
    /// The runs that it rests on.
    pub evidence: Vec<RunId>,
    /// What the reviewer said to it.
    pub comment: Option<Digest>,
    /// When it was taken back, or dismissed.
    pub ended: Option<Ended>,
}

/// How a verdict ended before another took its place.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Millis,
    /// Who: the reviewer, or the admin who dismissed it.
    pub by: PersonId,
    /// Why it was dismissed; none where it was taken back.
    pub reason: Option<Digest>,
}

/// A step of a request that was released.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Which revision of the request, counted from 0.
    pub revision: u32,
    /// Which part.
    pub environment: EnvironmentId,
    /// The release.
    pub release: ReleaseId,
}

/// That a request was taken back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Withdrawn {
    /// When.
    pub at: Millis,
    /// Who.
    pub by: PersonId,
    /// Why.
    pub reason: Option<Digest>,
}

/// Something said to a request or a version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// To what.
    pub on: CommentOn,
    /// The words that it is about.
    pub quote: Option<Quote>,
    /// The digest of the text.
    pub text: Digest,
    /// The comment that it answers.
    pub reply_to: Option<CommentId>,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Millis,
    /// Who settled it, and when.
    pub resolved: Option<(PersonId, Millis)>,
}

impl Request {
    /// What it asks now, and since when. There is always one.
    #[must_use]
    pub fn current(&self) -> &Revision {
        // Opening it made the first; none is ever taken away.
        &self.revisions[self.revisions.len() - 1]
    }

    /// All that it asked, from first to last.
    pub fn revisions(&self) -> impl DoubleEndedIterator<Item = &Arc<Revision>> {
        self.revisions.iter()
    }

    /// What it asks now.
    #[must_use]
    pub fn asked(&self) -> &Asked {
        &self.current().asked
    }

    /// The digest that an approval must cover.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.current().digest
    }

    /// All verdicts, oldest first, those that ended too.
    pub fn verdicts(&self) -> impl DoubleEndedIterator<Item = &Verdict> {
        self.verdicts.iter()
    }

    /// The latest verdict of a person, if it has not ended.
    #[must_use]
    pub fn verdict_of(&self, person: PersonId) -> Option<&Verdict> {
        let latest = self.verdicts.iter().rfind(|v| v.person == person)?;
        latest.ended.is_none().then_some(latest)
    }

    /// The latest verdict of each person that has not ended, oldest first.
    pub fn latest_verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| {
            self.verdict_of(verdict.person)
                .is_some_and(|latest| latest.seq == verdict.seq)
        })
    }

    /// The releases of one part, as it is asked now.
    pub fn released(&self, environment: EnvironmentId) -> impl Iterator<Item = ReleaseId> {
        let revision = self.revisions.len() - 1;
        self.steps
            .iter()
            .filter(move |step| {
                step.environment == environment && usize::try_from(step.revision) == Ok(revision)
            })
            .map(|step| step.release)
    }

    /// All releases under it, oldest first, those under what it asked before too.
    pub fn all_released(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter()
    }

    /// How many steps of one part were released.
    #[must_use]
    pub fn done(&self, environment: EnvironmentId) -> usize {
        self.released(environment).count()
    }

    /// Whether a part has steps left.
    #[must_use]
    pub fn is_waiting(&self, environment: EnvironmentId) -> bool {
        self.done(environment) < self.asked().steps(environment)
    }

    /// Whether anything can still become of it: it was not taken back, and not all is released.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let mut parts = self.asked().environments().into_iter();
        let waits = match self.asked().suite {
            Some(_) => self.suite_set.is_none(),
            None => parts.any(|environment| self.is_waiting(environment)),
        };
        self.withdrawn.is_none() && waits
    }

    /// The release that a part's next step replaces for a prompt.
    #[must_use]
    pub fn replaces(&self, change: &RequestedChange) -> Option<ReleaseId> {
        self.released(change.environment).last().or(change.replaces)
    }
}
