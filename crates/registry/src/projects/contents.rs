//! Content as deciding reads it: what came along, and what is stored.

use super::Projects;
use crate::Error;
use domain::rules::Contents;
use domain::{Digest, PersonId, ProjectId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Content of one project for one writer. A read that fails is kept, so that "the disk failed"
/// is never told as "content is missing".
pub(crate) struct Stored<'a> {
    pub projects: &'a Projects,
    pub project: ProjectId,
    /// Content that no entry names yet counts only for whoever put it.
    pub by: Option<PersonId>,
    pub along: &'a HashMap<Digest, Arc<[u8]>>,
    pub failed: RefCell<Option<Error>>,
}

impl Contents for Stored<'_> {
    fn find(&self, digest: &Digest) -> Option<Arc<[u8]>> {
        if let Some(bytes) = self.along.get(digest) {
            return Some(Arc::clone(bytes));
        }
        match self.projects.ledger.content(self.project, digest) {
            Ok(found) => found?.readable(self.by).cloned(),
            Err(error) => {
                self.failed.replace(Some(error));
                None
            }
        }
    }
}

impl Projects {
    /// Reads what environments serve: content that the ledger names.
    pub(super) fn served_contents(
        &self,
        project: ProjectId,
    ) -> impl Fn(&Digest) -> Result<Option<Arc<[u8]>>, Error> {
        move |digest| {
            Ok(self
                .ledger
                .content(project, digest)?
                .and_then(|found| found.bytes))
        }
    }

    /// Reads content of a project for a person: what its ledger names, or what they put.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn content(
        &self,
        project: ProjectId,
        digest: &Digest,
        by: Option<PersonId>,
    ) -> Result<Found, Error> {
        let Some(stored) = self.ledger.content(project, digest)? else {
            return Ok(Found::Missing);
        };
        if stored.redacted {
            return Ok(Found::Redacted);
        }
        let Some(bytes) = stored.readable(by).cloned() else {
            return Ok(Found::Missing);
        };
        if Digest::of(&bytes) != *digest {
            tracing::error!(%project, %digest, "a content is damaged and is not given out");
            return Ok(Found::Damaged);
        }
        Ok(Found::Here(bytes))
    }
}

/// What there is of a content.
#[derive(Debug)]
pub enum Found {
    /// Its bytes.
    Here(Arc<[u8]>),
    /// It was destroyed.
    Redacted,
    /// It isn't there, or not for this reader.
    Missing,
    /// What is stored is not what its digest says.
    Damaged,
}
