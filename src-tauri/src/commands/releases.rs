//! What environments serve, and changing it.

use super::passed_on;
use domain::{EnvironmentId, Millis, ProjectId, PromptId, ReleaseId};
use workbench::views::{
    BundleChange, Done, Plan, ReleaseComparison, ReleasePoint, ReleasesView, Served, UseView,
};

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
    /// What undoing a whole release would change, with these prompts kept as they are.
    plan_undo(
        project: ProjectId,
        environment: EnvironmentId,
        release: ReleaseId,
        keep: Vec<PromptId>,
    ) -> Plan;
    /// What environments served right after two releases, or serve now, side by side.
    compare_releases(project: ProjectId, left: ReleasePoint, right: ReleasePoint) -> ReleaseComparison;
    /// Code with which an application reads a prompt from an environment.
    use_it(project: ProjectId, environment: EnvironmentId, prompt: PromptId) -> UseView;
    /// Carries out a plan.
    carry_out(project: ProjectId, plan: String, reason: String) -> Done;
    /// What an environment served at some time.
    served_at(project: ProjectId, environment: EnvironmentId, at: Millis) -> Vec<Served>;
}
