//! By what prompts are judged, what gates say, and runs that count.

use super::passed_on;
use domain::{Digest, EnvironmentId, ProjectId, PromptId, RequestId};
use workbench::views::{CountedPlan, GateView, Ref, RunView, SuiteDraft, SuiteView};

passed_on! {
    /// By what a prompt is judged.
    suite(project: ProjectId, prompt: PromptId) -> SuiteView;
    /// Says by what a prompt is judged.
    set_suite(project: ProjectId, prompt: PromptId, draft: SuiteDraft, replaces: Option<Digest>) -> SuiteView;
    /// What the gates of an environment say of one content.
    gate(project: ProjectId, environment: EnvironmentId, version: Ref) -> GateView;
    /// What the gates say of all that a request asks for next.
    gates_of(project: ProjectId, request: RequestId) -> Vec<GateView>;
    /// What the gates of every environment say of one content.
    gates_for(project: ProjectId, version: Ref) -> Vec<GateView>;
    /// What a run that counts would ask.
    plan_counted_run(project: ProjectId, version: Ref, environment: EnvironmentId) -> CountedPlan;
    /// Announces a run that counts, and starts it.
    start_counted_run(
        project: ProjectId,
        version: Ref,
        environment: EnvironmentId,
        repeats: u32,
        concurrency: u32,
    ) -> RunView;
}
