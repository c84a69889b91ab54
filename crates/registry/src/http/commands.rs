//! `POST …/commands`: commands in order, an outcome for each.

use super::{App, Failure, take};
use crate::limits;
use crate::people::{Access, Principal};
use crate::projects::{Arrived, NotDecided, Submitter};
use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use domain::ProjectId;
use http::HeaderMap;
use protocol::ErrorCode;
use protocol::commands::{CommandResult, CommandsRequest, CommandsResponse, MAX_COMMANDS};
use serde_json::json;

/// Decides commands. What is called accepted is on disk.
pub async fn send(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CommandsResponse>, Failure> {
    let project = access
        .project
        .ok_or_else(|| Failure::bad("no project was named"))?;
    let by = submitter(&app, &access.principal, project).await?;
    let taken = take::body(&app, &access, &headers, body, limits::COMMANDS_BYTES).await?;
    let request: CommandsRequest = take::object(&taken.bytes, "list of commands")?;
    if request.commands.len() > MAX_COMMANDS {
        return Err(Failure::too_large("the list of commands", MAX_COMMANDS));
    }
    let outcomes = app
        .registry
        .blocking(move |projects| {
            // What was read of the body takes about as much memory as the body.
            let _room = taken.room;
            let mut arrived = Vec::with_capacity(request.commands.len());
            for (wire, number) in request.commands.iter().zip(1..) {
                arrived.push(Arrived::read(wire).ok_or(Refused::Unreadable(number))?);
            }
            projects
                .accept(project, by, &arrived)
                .map_err(Refused::NotDecided)
        })
        .await?;
    let accepted = outcomes
        .iter()
        .filter(|o| matches!(o.result, CommandResult::Accepted { .. }))
        .count();
    let refused = outcomes.len() - accepted;
    app.registry
        .inner
        .counts
        .decided(accepted as u64, refused as u64);
    Ok(Json(CommandsResponse { outcomes }))
}

async fn submitter(
    app: &App,
    principal: &Principal,
    project: ProjectId,
) -> Result<Submitter, Failure> {
    match principal {
        Principal::Person { person, .. } => Ok(Submitter::Person(*person)),
        Principal::Invitation { invitation, .. } => Ok(Submitter::Invitation(*invitation)),
        Principal::Founding { hash, used } => {
            // An unused invitation opens nothing that is here already.
            if used.is_none() && app.registry.project(project).await?.is_some() {
                return Err(Failure::new(
                    ErrorCode::Forbidden,
                    "this project is here already; the invitation is for a new one",
                ));
            }
            Ok(Submitter::Founding(*hash))
        }
        Principal::Environment { .. } => Err(Failure::new(
            ErrorCode::Forbidden,
            "an environment key sends no commands",
        )),
    }
}

enum Refused {
    Unreadable(usize),
    NotDecided(NotDecided),
}

impl From<crate::Error> for Refused {
    fn from(error: crate::Error) -> Self {
        Self::NotDecided(error.into())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unreadable(number) => {
                Self::bad(format!("command {number} has no id; nothing was decided"))
            }
            Refused::NotDecided(NotDecided::Failed(error)) => error.into(),
            Refused::NotDecided(NotDecided::NoProject) => {
                Self::new(ErrorCode::NotFound, "there is no such project here")
            }
            Refused::NotDecided(NotDecided::OtherHistory { seen, head }) => {
                let (reason, message) = if seen.seq > head.seq {
                    (
                        "restored",
                        "this device has seen entries that the registry no longer has: it was restored from an older backup. Nothing was decided; pull, and give back what was lost",
                    )
                } else {
                    (
                        "other_history",
                        "this device has seen another history of this project than the registry has. Nothing was decided",
                    )
                };
                Self::new(ErrorCode::Conflict, message)
                    .with(json!({ "reason": reason, "head": head, "seen": seen }))
            }
        }
    }
}
