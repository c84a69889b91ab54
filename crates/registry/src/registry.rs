//! A registry: its data file, what of it is in memory, and the tasks that keep it tidy.

use crate::ledger::Put;
use crate::people::{Rates, Uses};
use crate::projects::{Loaded, Projects};
use crate::sqlite::{FileOptions, Sqlite};
use crate::webhooks::{WebhookOptions, Webhooks};
use crate::{Error, Limits, clock, limits};
use domain::{Digest, KeyId, PersonId, ProjectId};
use protocol::keys::KeyUses;
use protocol::token::{Kind, Token};
use std::path::Path;
use std::sync::Arc;

/// How a registry is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Make the data file if there is none.
    pub create: bool,
    /// The size that the data file may not exceed.
    pub max_bytes: Option<u64>,
    /// What it takes at most.
    pub limits: Limits,
    /// How webhooks are sent. None where there are none: a laptop's own registry opens no connection.
    pub webhooks: Option<WebhookOptions>,
}

/// Whether a missing data file is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChoice {
    /// It must be there.
    MustBeThere,
    /// It may be made.
    MayMake,
}

impl Options {
    /// Makes the data file if there is none.
    #[must_use]
    pub fn create() -> Self {
        Self {
            create: true,
            ..Self::default()
        }
    }
}

/// A registry. Clones are the same registry.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub projects: Arc<Projects>,
    pub webhooks: Option<Arc<Webhooks>>,
    pub rates: Rates,
    /// What keys were used for, until the file is told.
    pub uses: Uses,
    pub counts: crate::http::Counts,
    /// Answers that hold much memory.
    pub large: tokio::sync::Semaphore,
    /// Bodies on their way in.
    pub rooms: crate::http::Rooms,
}

impl Registry {
    /// Opens a data file.
    ///
    /// # Errors
    /// There is none, or it can't be opened, read or brought to our schema. Nothing was changed.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        let file = FileOptions {
            create: options.create,
            max_bytes: options.max_bytes,
        };
        let ledger = Sqlite::open(path.as_ref(), file)?;
        let webhooks = match options.webhooks {
            Some(options) => Some(Arc::new(Webhooks::open(&ledger, options)?)),
            None => None,
        };
        let inner = Inner {
            webhooks,
            projects: Arc::new(Projects::new(ledger, options.limits)?),
            rates: Rates::new(options.limits),
            uses: Uses::default(),
            counts: crate::http::Counts::default(),
            large: tokio::sync::Semaphore::new(options.limits.large_at_once),
            rooms: crate::http::Rooms::new(options.limits.body_bytes),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// A new one-time invitation with which a laptop makes a project here, or brings one along.
    /// Only its hash is kept.
    ///
    /// # Errors
    /// No random bits, or the file can't be written.
    pub fn founding_token(&self) -> Result<Token, Error> {
        let (mut id, mut secret) = ([0; 16], [0; 32]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let token = Token::new(Kind::Founding, KeyId(uuid::Uuid::from_bytes(id)), secret);
        self.inner
            .projects
            .ledger()
            .add_founding(&token.hash(), clock::now())?;
        Ok(token)
    }

    /// Makes sure that the data file can be written to and that no other `galley-registry serve`
    /// has it, for as long as what is returned is kept.
    ///
    /// # Errors
    /// [`Error::Served`], or the file can't be written to.
    pub fn serve_alone(&self) -> Result<std::fs::File, Error> {
        let ledger = self.inner.projects.ledger();
        ledger.writable()?;
        ledger.lock_beside()
    }

    /// The projects that are here.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn project_ids(&self) -> Result<Vec<ProjectId>, Error> {
        self.inner.projects.ledger().projects()
    }

    /// Checks everything: chain, signatures, decisions, content.
    ///
    /// # Errors
    /// The file can't be read. What is wrong in it stands in the report.
    pub fn verify(&self) -> Result<crate::Report, Error> {
        crate::verify::verify(self.inner.projects.ledger())
    }

    /// Copies the data file as it is now, and checks the copy.
    ///
    /// # Errors
    /// The copy exists already, can't be written, or does not hold.
    pub fn backup(&self, to: &Path) -> Result<crate::Report, Error> {
        crate::verify::backup(self.inner.projects.ledger(), to)
    }

    /// Writes down what makes the next start fast. Not needed for anything to be safe.
    pub fn settle(&self) {
        if let Err(error) = self.note_uses() {
            tracing::warn!(%error, "what keys were used for could not be written down");
        }
        self.inner.projects.settle();
    }

    /// Writes down what keys were used for since the last time.
    ///
    /// # Errors
    /// The file can't be written; it is tried again the next time.
    pub fn note_uses(&self) -> Result<(), Error> {
        let noted = self.inner.uses.take();
        if noted.is_empty() {
            return Ok(());
        }
        let written = self.inner.projects.ledger().note_uses(&noted);
        if written.is_err() {
            self.inner.uses.put_back(noted);
        }
        written
    }

    /// What a project's keys were used for, up to now.
    pub(crate) async fn key_uses(&self, project: ProjectId) -> Result<KeyUses, Error> {
        let registry = self.clone();
        self.blocking(move |projects| {
            // A full disk is no reason not to tell what is known.
            let _ = registry.note_uses();
            projects.ledger().key_uses(project)
        })
        .await
    }

    /// Drops content that no entry has named for a day, and forgets who has not called.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn tidy(&self) -> Result<usize, Error> {
        self.inner.rates.forget();
        self.inner
            .projects
            .ledger()
            .sweep(clock::now().plus(-limits::LOOSE_MILLIS))
    }

    /// A project; none if it isn't here. Reads the disk only where it must.
    pub(crate) async fn project(&self, id: ProjectId) -> Result<Option<Arc<Loaded>>, Error> {
        if let Some(found) = self.inner.projects.in_memory(id) {
            return Ok(Some(found));
        }
        self.blocking(move |projects| projects.load(id)).await
    }

    /// Does what may wait for the disk, beside the threads that answer.
    pub(crate) async fn blocking<T: Send + 'static, E: From<Error> + Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Projects>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let projects = Arc::clone(&self.inner.projects);
        match tokio::task::spawn_blocking(move || work(&projects)).await {
            Ok(result) => result,
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Err(_) => Err(Error::Busy.into()),
        }
    }

    pub(crate) async fn put(
        &self,
        project: ProjectId,
        digest: Digest,
        bytes: bytes::Bytes,
        by: PersonId,
    ) -> Result<Put, Error> {
        self.blocking(move |projects| {
            let max = projects.limits.loose_bytes;
            let put =
                projects
                    .ledger()
                    .put_content(project, (&digest, &bytes), by, clock::now(), max)?;
            if put == Put::Awaited
                && let Err(error) = projects.content_came(project)
            {
                tracing::error!(%project, %error, "what is served could not be built");
            }
            Ok(put)
        })
        .await
    }
}
