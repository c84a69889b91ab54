//! By what prompts are judged, what gates say, and runs that count.

use super::passed_on;
use domain::{Digest, EnvironmentId, ProjectId, PromptId, RequestId, RunId, VersionId};
use workbench::views::{
    AskedFor, CountedPlan, GateView, GradedAgain, MissingRun, Ref, RunView, SuiteDraft, SuiteView,
};

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
    plan_counted_run(
        project: ProjectId,
        version: Ref,
        environment: EnvironmentId,
        beside: Vec<VersionId>,
    ) -> CountedPlan;
    /// Makes the runs that count which the gates still wait for, one after another.
    run_what_is_missing(
        project: ProjectId,
        environment: EnvironmentId,
        runs: Vec<MissingRun>,
        concurrency: u32,
    ) -> Vec<RunView>;
    /// Asks for another suite where a gate rests on the one there is.
    ask_for_suite(
        project: ProjectId,
        prompt: PromptId,
        draft: SuiteDraft,
        replaces: Option<Digest>,
        reason: String,
        instead: Option<RequestId>,
    ) -> AskedFor;
    /// Sets the suite that a request asks for, once nothing is missing.
    set_asked_suite(project: ProjectId, request: RequestId) -> AskedFor;
    /// Grades the answers of a run that counted again on this computer.
    grade_again(project: ProjectId, run: RunId) -> GradedAgain;
    /// The same for every run on which a request's gates rest.
    replay_request(project: ProjectId, request: RequestId) -> Vec<GradedAgain>;
    /// Announces a run that counts, and starts it.
    start_counted_run(
        project: ProjectId,
        version: Ref,
        environment: EnvironmentId,
        beside: Vec<VersionId>,
        repeats: u32,
        concurrency: u32,
    ) -> RunView;
}
