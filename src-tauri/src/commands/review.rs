//! Requests, verdicts and comments; what environments demand.

use super::passed_on;
use domain::ledger::{CommentOn, Quote, VerdictKind};
use domain::{CommentId, Digest, EnvironmentId, PersonId, ProjectId, PromptId, RequestId};
use workbench::views::{
    AskedFor, Asking, Done, NextStep, PolicyDraft, PolicyView, RequestPart, RequestRow,
    RequestView, ReviewAnswers, ReviewInbox, ReviewerChoice,
};

passed_on! {
    /// The requests: what waits for the person here, what they asked, and the rest.
    review_inbox(project: ProjectId) -> ReviewInbox;
    /// One request with all its evidence.
    request(project: ProjectId, request: RequestId) -> RequestView;
    /// Who can be asked for a verdict.
    reviewer_choices(project: ProjectId) -> Vec<ReviewerChoice>;
    /// What a request for a plan would meet.
    preview_request(project: ProjectId, plan: String, asking: Asking) -> Vec<RequestPart>;
    /// What is served and what is proposed answered to the same cases.
    request_answers(
        project: ProjectId,
        request: RequestId,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Vec<ReviewAnswers>;
    /// The open requests that could ask for what a plan would change instead.
    requests_to_change(project: ProjectId, plan: String) -> Vec<RequestRow>;
    /// Asks for what a plan would change.
    ask_for_release(project: ProjectId, plan: String, asking: Asking) -> AskedFor;
    /// Gives a verdict on exactly what the person saw.
    give_verdict(
        project: ProjectId,
        request: RequestId,
        digest: Digest,
        verdict: VerdictKind,
        comment: String,
    ) -> AskedFor;
    /// Takes the own verdict back.
    take_back_verdict(project: ProjectId, request: RequestId) -> ();
    /// Ends somebody's "ask for changes".
    dismiss_verdict(
        project: ProjectId,
        request: RequestId,
        person: PersonId,
        reason: String,
    ) -> ();
    /// Takes a request back.
    withdraw_request(project: ProjectId, request: RequestId, reason: String) -> ();
    /// Brings a request up to what is served now.
    renew_request(project: ProjectId, request: RequestId) -> AskedFor;
    /// Releases one step of some parts of a request: what the person saw.
    release_request(
        project: ProjectId,
        request: RequestId,
        seen: NextStep,
        reason: String,
        override_reason: Option<String>,
    ) -> Done;
    /// Leaves or takes back the order to release it as soon as it is approved.
    release_when_approved(
        project: ProjectId,
        request: RequestId,
        digest: Digest,
        wanted: bool,
    ) -> ();
    /// Says something to a request or a version.
    comment(
        project: ProjectId,
        on: CommentOn,
        quote: Option<Quote>,
        text: String,
        reply_to: Option<CommentId>,
    ) -> ();
    /// Marks a comment as settled.
    resolve_comment(project: ProjectId, comment: CommentId) -> ();
    /// What every environment demands.
    policies(project: ProjectId) -> Vec<PolicyView>;
    /// Sets what an environment demands.
    set_policy(
        project: ProjectId,
        environment: EnvironmentId,
        draft: PolicyDraft,
        replaces: Option<Digest>,
    ) -> PolicyView;
}
