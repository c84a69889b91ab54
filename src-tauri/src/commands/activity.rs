//! The ledger in plain words.

use super::passed_on;
use domain::ProjectId;
use workbench::views::{ActivityFilter, ActivityPage, Verification};

passed_on! {
    /// A page of entries, the newest first.
    activity(project: ProjectId, filter: ActivityFilter, before: Option<u64>, limit: u32) -> ActivityPage;
    /// Checks the whole ledger.
    verify(project: ProjectId) -> Verification;
}
