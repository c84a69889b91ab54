//! What the web view may ask. Each command is one call on the workbench's method of the same name.
//!
//! One file for each group of the workbench's methods. `passed_on!` writes the commands that do
//! nothing else; those that keep a secret away from the web view stand written out beside them.

pub mod activity;
pub mod app;
pub mod evals;
pub mod prompt;
pub mod releases;
pub mod review;
pub mod settings;
pub mod suites;
pub mod syncing;
pub mod trying;
pub mod webhooks;

/// Writes a command for each line: the same name, the same arguments, the workbench's answer.
macro_rules! passed_on {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),* $(,)?) -> $answer:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// What the workbench refuses or fails at, in words.
        #[tauri::command]
        #[specta::specta]
        pub async fn $name(
            desk: tauri::State<'_, crate::desk::Desk>,
            $($argument: $kind),*
        ) -> Result<$answer, crate::error::IpcError> {
            Ok(desk.workbench()?.$name($($argument),*).await?)
        }
    )*};
}
pub(crate) use passed_on;
