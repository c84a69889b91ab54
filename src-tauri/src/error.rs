//! The one place that turns what went wrong into what the web view is told.

use serde::Serialize;
use serde_json::Value;
use workbench::ErrorCode;

/// A failure as it crosses to the web view: the code is for the program, the message for the person.
#[derive(Clone, Debug, Serialize, specta::Type)]
pub struct IpcError {
    /// What a reader branches on.
    pub code: ErrorCode,
    /// What happened and what to do, in plain words.
    pub message: String,
    /// What helps to mend it.
    pub details: Option<Value>,
}

impl From<workbench::Error> for IpcError {
    fn from(error: workbench::Error) -> Self {
        Self {
            code: error.code(),
            details: error.details(),
            message: error.to_string(),
        }
    }
}

impl From<crate::clipboard::ClipboardError> for IpcError {
    fn from(error: crate::clipboard::ClipboardError) -> Self {
        Self {
            code: ErrorCode::Other,
            details: None,
            message: error.to_string(),
        }
    }
}
