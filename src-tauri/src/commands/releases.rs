//! What environments serve, and changing it.

use super::passed_on;
use domain::{EnvironmentId, Millis, ProjectId, PromptId, ReleaseId};
use workbench::views::{BundleChange, Done, Plan, ReleasesView, Served};

passed_on! {
    /// What every environment serves, with its history.
    releases(project: ProjectId) -> ReleasesView;
    /// What promoting would change.
    plan_promotion(
        project: ProjectId,
        from: EnvironmentId,
        to: EnvironmentId,
        prompts: Vec<PromptId>,
    ) -> Plan;
    /// What releasing these versions would change.
    plan_release(project: ProjectId, changes: Vec<BundleChange>) -> Plan;
    /// What reverting would change.
    plan_revert(
        project: ProjectId,
        environment: EnvironmentId,
        prompts: Vec<PromptId>,
        to: Option<ReleaseId>,
    ) -> Plan;
    /// Carries out a plan.
    carry_out(project: ProjectId, plan: String, reason: String) -> Done;
    /// What an environment served at some time.
    served_at(project: ProjectId, environment: EnvironmentId, at: Millis) -> Vec<Served>;
}
