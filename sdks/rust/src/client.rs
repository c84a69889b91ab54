//! The client.

use crate::disk::Disk;
use crate::error::{GetError, SettingsError};
use crate::http::Http;
use crate::keeper::{Keeper, Timing};
use crate::prompt::{Prompt, Source};
use crate::served::Served;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;

/// How a client is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    disk: Option<PathBuf>,
    roots_pem: Option<Vec<u8>>,
    timing: Timing,
}

impl Options {
    /// Keeps the last known good in a file (one for each environment, mode 0600), for a start without
    /// the registry.
    #[must_use]
    pub fn disk(mut self, path: impl AsRef<Path>) -> Self {
        self.disk = Some(path.as_ref().to_owned());
        self
    }

    /// Certificates (PEM) to trust besides the system's: a team's own authority.
    #[must_use]
    pub fn roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots_pem = Some(pem.into());
        self
    }

    /// How patient the client is.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }
}

/// How things stand, for a health page or a log line.
#[derive(Clone, Debug)]
pub struct Status {
    /// The environment that the key reads; empty until something was read.
    pub environment: String,
    /// How many prompts it serves.
    pub prompts: usize,
    /// Where what is in memory came from; nothing yet while there is none.
    pub source: Option<Source>,
    /// Changes arrive as they happen.
    pub live: bool,
    /// Since when nobody vouched for what is in memory.
    pub age: Option<Duration>,
    /// Nobody vouches for it now: it may no longer be what is served.
    pub stale: bool,
    /// Why the registry could not be read the last time, in plain words.
    pub problem: Option<String>,
    /// Why the file on disk could not be read or written, in plain words.
    pub disk_problem: Option<String>,
}

/// Reads what an environment serves. Make one for the whole program, and share it in an `Arc`.
///
/// It runs in the tokio runtime in which it was started, until it is dropped.
pub struct Galley {
    keeper: Arc<Keeper>,
    tasks: [AbortHandle; 2],
}

impl fmt::Debug for Galley {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Galley")
            .field("environment", &self.keeper.board.load().environment)
            .finish_non_exhaustive()
    }
}

impl Drop for Galley {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Galley {
    /// Begins to read, with an environment key (`gal_env_…`), and to follow what changes.
    ///
    /// # Errors
    /// The address, the key or the certificates can't be used; or there is no tokio runtime here.
    pub fn start(url: &str, key: &str, options: Options) -> Result<Self, SettingsError> {
        let runtime = tokio::runtime::Handle::try_current();
        let runtime = runtime
            .map_err(|_| SettingsError("Galley is started inside a tokio runtime".to_owned()))?;
        let http = Http::new(
            url,
            key,
            options.timing.timeout,
            options.roots_pem.as_deref(),
        )?;
        let disk = options.disk.map(Disk::at);
        let keeper = Arc::new(Keeper::new(http, disk, options.timing));
        let tasks = [
            runtime.spawn(Arc::clone(&keeper).keep()).abort_handle(),
            runtime.spawn(Arc::clone(&keeper).follow()).abort_handle(),
        ];
        Ok(Self { keeper, tasks })
    }

    /// Waits for the first read, for [`Timing::wait`] at most: then what is on disk stands in. However
    /// many wait, one request is made.
    pub async fn ready(&self) {
        self.keeper.ready().await;
    }

    /// What the environment serves of a prompt. Reads memory and never waits: await [`Self::ready`] once
    /// before. For a fallback in code: `galley.get(name).unwrap_or_else(|_| Prompt::fallback(name, "…"))`.
    ///
    /// # Errors
    /// Nothing was read yet, or the environment serves no such prompt.
    pub fn get(&self, name: &str) -> Result<Arc<Prompt>, GetError> {
        self.served(name, |served| Arc::clone(&served.main))
    }

    /// What the environment serves of a prompt to a unit: a customer, a conversation. The unit picks the side
    /// of a split, always the same for the same unit. It never leaves this program.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn get_for(&self, name: &str, unit: &str) -> Result<Arc<Prompt>, GetError> {
        self.served(name, |served| Arc::clone(served.choose(unit)))
    }

    fn served(
        &self,
        name: &str,
        choose: impl Fn(&Served) -> Arc<Prompt>,
    ) -> Result<Arc<Prompt>, GetError> {
        let board = self.keeper.board.load();
        match board.prompts.get(name).or_else(|| board.named(name)) {
            Some(served) => Ok(choose(served)),
            None if board.source.is_none() => Err(GetError::NotReady {
                reason: self
                    .keeper
                    .problems()
                    .0
                    .unwrap_or_else(|| "nothing was read yet".to_owned()),
            }),
            None => {
                let mut names = self.names();
                names.truncate(10);
                Err(GetError::NotServed {
                    environment: board.environment.clone(),
                    name: name.to_owned(),
                    there: if names.is_empty() {
                        "nothing".to_owned()
                    } else {
                        names.join(", ")
                    },
                })
            }
        }
    }

    /// The prompts in memory.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.keeper.board.load().prompts.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// How long ago the registry last vouched for what is in memory; `None` before anything was read.
    /// While the stream is up a change arrives at once, and this stays under 15 seconds.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.keeper.age()
    }

    /// Nobody vouches for what is in memory now: the registry is away, or answers badly.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.keeper.is_stale()
    }

    /// How things stand.
    #[must_use]
    pub fn status(&self) -> Status {
        let board = self.keeper.board.load();
        let (problem, disk_problem) = self.keeper.problems();
        Status {
            environment: board.environment.clone(),
            prompts: board.prompts.len(),
            source: board.source,
            live: self.keeper.is_live(),
            age: self.age(),
            stale: self.is_stale(),
            problem,
            disk_problem,
        }
    }
}
