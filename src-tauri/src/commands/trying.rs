//! Trying while one writes: a handful of cases, conversations with a draft, what was sent, and who
//! runs on this computer already.

use super::passed_on;
use domain::{Digest, ProjectId, VersionContent};
use workbench::views::{
    OllamaFound, Playground, PlaygroundRow, ProviderCard, SentAndReceived, TriedTogether, TryPlan,
};

passed_on! {
    /// Tries a handful of cases.
    try_some(project: ProjectId, plan: TryPlan) -> TriedTogether;
    /// Stops what is tried under a name.
    cancel_try(id: String) -> ();
    /// What was sent for an answer, and what came back.
    sent_and_received(question: Digest) -> Option<SentAndReceived>;
    /// The conversations with a prompt or a new draft.
    playgrounds(project: ProjectId, prompt: String) -> Vec<PlaygroundRow>;
    /// One conversation.
    playground(project: ProjectId, id: String) -> Playground;
    /// Keeps a conversation as it stands.
    keep_playground(project: ProjectId, playground: Playground) -> Playground;
    /// Deletes a conversation.
    remove_playground(project: ProjectId, id: String) -> ();
    /// Lets the model answer in a conversation.
    ask_playground(project: ProjectId, id: String, content: VersionContent, refresh: bool) -> Playground;
    /// Ollama on this computer, where it answers.
    find_ollama() -> Option<OllamaFound>;
    /// Sets Ollama up with one of its models.
    use_ollama(address: String, model: String) -> ProviderCard;
}
