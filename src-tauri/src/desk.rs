//! The workbench that the commands call, or why there is none.

use crate::error::IpcError;
use workbench::{Options, Workbench};

/// The workbench behind the window. A file that can't be opened must not keep the window from
/// opening: it is where the person reads what is wrong.
pub struct Desk(Result<Workbench, IpcError>);

impl Desk {
    /// Opens the workbench.
    pub fn open(options: Result<Options, workbench::Error>) -> Self {
        let workbench = options.and_then(Workbench::open);
        if let Ok(workbench) = &workbench {
            // Somebody looks.
            workbench.watch_answers();
        }
        Self(workbench.map_err(IpcError::from))
    }

    /// The workbench.
    pub fn workbench(&self) -> Result<&Workbench, IpcError> {
        self.0.as_ref().map_err(Clone::clone)
    }
}
