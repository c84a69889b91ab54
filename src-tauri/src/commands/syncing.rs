//! How far this computer is in step with its registry, and the outbox.

use super::passed_on;
use domain::{CommandId, ProjectId};
use workbench::views::{OutboxRow, Settle, SyncState};

passed_on! {
    /// How far this computer is in step.
    sync_state(project: ProjectId) -> SyncState;
    /// Sends and fetches now.
    sync_now(project: ProjectId) -> SyncState;
    /// Stops sending and fetching.
    cancel_sync(project: ProjectId) -> ();
    /// What the registry has not accepted.
    outbox(project: ProjectId) -> Vec<OutboxRow>;
    /// Settles what the registry refused.
    settle(project: ProjectId, command: CommandId, how: Settle) -> ();
}
