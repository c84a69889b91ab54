//! Which runs go on, here and in other processes on this computer: each holds a lock on a file while it
//! carries a run, and the system lets go of it with the process, however that ends.

use crate::views::RunProgress;
use crate::{Error, locked};
use domain::RunId;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The runs that go on in this process.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<RunId, Going>>);

/// One of them.
pub(crate) struct Going {
    pub cancel: CancellationToken,
    pub progress: RunProgress,
}

/// That nobody else carries a run.
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Running {
    /// How far a run is, if it goes on in this process.
    pub fn progress(&self, run: RunId) -> Option<RunProgress> {
        locked(&self.0)
            .get(&run)
            .map(|going| going.progress.clone())
    }

    /// Stops a run, if it goes on in this process.
    pub fn cancel(&self, run: RunId) {
        if let Some(going) = locked(&self.0).get(&run) {
            going.cancel.cancel();
        }
    }

    pub fn begin(&self, run: RunId, going: Going) {
        locked(&self.0).insert(run, going);
    }

    pub fn note(&self, run: RunId, progress: RunProgress) {
        if let Some(going) = locked(&self.0).get_mut(&run) {
            going.progress = progress;
        }
    }

    pub fn end(&self, run: RunId) {
        locked(&self.0).remove(&run);
    }

    /// Takes a run, so that nobody else carries it, too.
    ///
    /// # Errors
    /// Somebody does; or the file can't be made.
    pub async fn lock(&self, folder: PathBuf, run: RunId) -> Result<Lock, Error> {
        let failed = |source| Error::File {
            what: format!("the folder {} can't be written", folder.display()),
            source,
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let path = file_of(&folder, run);
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true);
        let file = file.open(&path).map_err(failed)?;
        // Whoever only looks whether it is taken holds it for a moment, too.
        for _ in 0..10 {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { file, path }),
                Err(TryLockError::WouldBlock) => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        Err(Error::invalid(
            "this run goes on already, here or in another window or terminal",
        ))
    }
}

impl Lock {
    /// Lets go of the run at its end.
    pub fn release(self) {
        // While it is still held: nobody can take a file that is about to go.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// Whether some process carries a run.
pub(crate) fn is_carried(folder: &Path, run: RunId) -> bool {
    let Ok(file) = OpenOptions::new().write(true).open(file_of(folder, run)) else {
        return false;
    };
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}

fn file_of(folder: &Path, run: RunId) -> PathBuf {
    folder.join(format!("{run}.lock"))
}
