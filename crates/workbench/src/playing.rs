//! Conversations with a draft: its messages are the beginning, the person goes on from there. They are
//! kept on this computer, word by word as they are typed, and never go to a registry.

use crate::handful::{Live, asked_of};
use crate::reading::Reading;
use crate::secrets::random_16;
use crate::trying::StoredAnswers;
use crate::views::{ModelChoice, PlayTurn, Playground, PlaygroundRow, Speaker};
use crate::{Error, Workbench, evaluating::read_json};
use domain::content::{Kind, Role};
use domain::template::{RenderedMessage, render};
use domain::{ProjectId, VersionContent};
use evals::Question;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Messages of one conversation.
pub const PLAYGROUND_TURNS: usize = 200;
/// Bytes of one conversation, and of what stands in its field.
pub const PLAYGROUND_BYTES: usize = 1 << 20;
/// Characters of a conversation's title.
const TITLE: usize = 80;

/// What of a conversation the store keeps for us.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Body {
    turns: Vec<PlayTurn>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    values: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<ModelChoice>,
}

impl Workbench {
    /// The conversations with a prompt or a new draft, the last touched first.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub async fn playgrounds(
        &self,
        project: ProjectId,
        prompt: String,
    ) -> Result<Vec<PlaygroundRow>, Error> {
        let rows = self.store().playgrounds(project, &prompt)?;
        rows.into_iter()
            .map(|row| {
                let body: Body = read_json(row.body)?;
                Ok(PlaygroundRow {
                    id: row.id.to_string(),
                    title: row.title,
                    at: row.updated,
                    turns: u32::try_from(body.turns.len()).unwrap_or(u32::MAX),
                })
            })
            .collect()
    }

    /// One conversation.
    ///
    /// # Errors
    /// It is not here.
    pub async fn playground(&self, project: ProjectId, id: String) -> Result<Playground, Error> {
        view(self.conversation(project, &id)?)
    }

    /// Keeps a conversation as it stands; one without an id begins. What was said elsewhere since it
    /// was read stays: then only what stands in the field is taken over.
    ///
    /// # Errors
    /// It is longer than a conversation may be, or the file can't be written.
    pub async fn keep_playground(
        &self,
        project: ProjectId,
        playground: Playground,
    ) -> Result<Playground, Error> {
        fits(&playground)?;
        let id = match playground.id.as_str() {
            "" => uuid::Builder::from_random_bytes(random_16()?).into_uuid(),
            id => self.conversation(project, id)?.id,
        };
        let kept = self.keep_conversation(project, id, &playground)?;
        view(kept)
    }

    /// Deletes a conversation.
    ///
    /// # Errors
    /// The file can't be written.
    pub async fn remove_playground(&self, project: ProjectId, id: String) -> Result<(), Error> {
        let id = self.conversation(project, &id)?.id;
        Ok(self.store().remove_playground(id)?)
    }

    /// Lets the model answer in a conversation: the content's messages, then what was said. The answer
    /// is kept before it is given back. Half an answer is not kept.
    ///
    /// # Errors
    /// There is nothing to answer, a value is missing, the provider is not set up, nobody answers, or
    /// it was stopped.
    pub async fn ask_playground(
        &self,
        project: ProjectId,
        id: String,
        content: VersionContent,
        refresh: bool,
    ) -> Result<Playground, Error> {
        let before = view(self.conversation(project, &id)?)?;
        let reading = self.reading(project)?;
        let content = match &before.model {
            Some(model) => asked_of(content, model),
            None => content,
        };
        let answer = self
            .answer_turn(
                &reading,
                &id,
                &content,
                &before.turns,
                &before.values,
                refresh,
            )
            .await?;
        // Read again: what was typed meanwhile stays.
        let mut now = view(self.conversation(project, &id)?)?;
        if now.turns != before.turns {
            return Err(Error::invalid(
                "the conversation was changed elsewhere while the model answered: open it again",
            ));
        }
        now.turns.push(answer);
        let uuid = self.conversation(project, &id)?.id;
        view(self.keep_conversation(project, uuid, &now)?)
    }

    /// What the model says next in a conversation that nobody keeps.
    ///
    /// # Errors
    /// As in [`Workbench::ask_playground`].
    pub async fn answer_once(
        &self,
        project: ProjectId,
        content: &VersionContent,
        turns: &[PlayTurn],
        values: &Map<String, Value>,
    ) -> Result<PlayTurn, Error> {
        let reading = self.reading(project)?;
        self.answer_turn(&reading, "once", content, turns, values, false)
            .await
    }

    async fn answer_turn(
        &self,
        reading: &Reading,
        id: &str,
        content: &VersionContent,
        turns: &[PlayTurn],
        values: &Map<String, Value>,
        refresh: bool,
    ) -> Result<PlayTurn, Error> {
        if turns.last().is_some_and(|turn| turn.by == Speaker::Model) {
            return Err(Error::invalid(
                "the model has answered: say something first",
            ));
        }
        if turns.len() >= PLAYGROUND_TURNS {
            return Err(too_long());
        }
        let (content, problems) = reading.pinned(content);
        if let Some(problem) = problems.first() {
            return Err(Error::invalid(problem.message.clone()));
        }
        let settings = content.model.clone().ok_or_else(|| {
            Error::invalid("choose a model first: under Model, or above the conversation")
        })?;
        let provider = self.provider_for(&settings)?;
        let mut filled = render(&content, values, &|digest| reading.content(digest))
            .map_err(|problem| Error::invalid(problem.message))?;
        if content.kind == Kind::Text && turns.is_empty() && filled.messages.is_empty() {
            return Err(Error::invalid(
                "there is nothing to ask yet: write something",
            ));
        }
        filled
            .messages
            .extend(turns.iter().map(|turn| RenderedMessage::Message {
                role: match turn.by {
                    Speaker::Person => Role::User,
                    Speaker::Model => Role::Assistant,
                },
                text: turn.text.clone(),
            }));
        let question = Question::rendered(&content, &filled, provider.kind(), 0)
            .map_err(|error| Error::invalid(error.to_string()))?;
        let cache = StoredAnswers {
            store: self.store().clone(),
            sources: content
                .encode()
                .map(|(_, digest)| digest)
                .into_iter()
                .collect(),
            refresh,
        };
        let cancel = self.inner.trying.begin(id);
        let mut live = Live::new(self, id, 0, 0);
        let answered = self.ask_for(&question, &provider, &cache, &mut live, &cancel);
        let answered = answered.await;
        self.inner.trying.end(id, &cancel);
        let (tried, _) = answered?;
        Ok(PlayTurn {
            by: Speaker::Model,
            text: tried.answer,
            source: tried.source,
            question: tried.question,
        })
    }

    fn conversation(&self, project: ProjectId, id: &str) -> Result<store::Playground, Error> {
        let missing = || Error::not_found("this conversation is not on this computer any more");
        let id = Uuid::parse_str(id).map_err(|_| missing())?;
        match self.store().playground(id) {
            Ok(found) if found.project == project => Ok(found),
            Ok(_) | Err(store::StoreError::Unknown(_)) => Err(missing()),
            Err(error) => Err(error.into()),
        }
    }

    fn keep_conversation(
        &self,
        project: ProjectId,
        id: Uuid,
        playground: &Playground,
    ) -> Result<store::Playground, Error> {
        let body = Body {
            turns: playground.turns.clone(),
            values: playground.values.clone(),
            model: playground.model.clone(),
        };
        let body = serde_json::to_value(body).map_err(|e| Error::invalid(e.to_string()))?;
        let now = self.now();
        Ok(self.store().keep_playground(
            &store::Playground {
                id,
                project,
                prompt: playground.prompt.clone(),
                title: title(playground),
                body,
                typed: playground.typed.clone(),
                revision: playground.revision,
                created: now,
                updated: now,
            },
            now,
        )?)
    }
}

fn too_long() -> Error {
    Error::invalid(format!(
        "a conversation has at most {PLAYGROUND_TURNS} messages: begin another"
    ))
}

fn fits(playground: &Playground) -> Result<(), Error> {
    if playground.turns.len() > PLAYGROUND_TURNS {
        return Err(too_long());
    }
    let said: usize = playground.turns.iter().map(|turn| turn.text.len()).sum();
    let values = Value::Object(playground.values.clone()).to_string().len();
    if said + values > PLAYGROUND_BYTES || playground.typed.len() > PLAYGROUND_BYTES {
        return Err(Error::invalid(format!(
            "a conversation holds at most {} MiB: begin another",
            PLAYGROUND_BYTES >> 20
        )));
    }
    Ok(())
}

// How it begins: with what the person said first, or what was said to the prompt alone.
fn title(playground: &Playground) -> String {
    let turns = &playground.turns;
    let person = turns.iter().find(|turn| turn.by == Speaker::Person);
    let first = person.or(turns.first()).map_or("", |turn| &turn.text);
    let line = first.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TITLE) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn view(kept: store::Playground) -> Result<Playground, Error> {
    let body: Body = read_json(kept.body)?;
    Ok(Playground {
        id: kept.id.to_string(),
        prompt: kept.prompt,
        revision: kept.revision,
        turns: body.turns,
        typed: kept.typed,
        values: body.values,
        model: body.model,
    })
}
