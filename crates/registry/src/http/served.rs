//! What an application reads with an environment key.

use super::{App, Failure};
use crate::clock;
use crate::people::{Access, Principal};
use crate::projects::Loaded;
use crate::serving::{Answer, Asked, NotServed, Served, Shelf, earlier};
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::names::folded;
use domain::{EnvironmentId, ProjectId, VersionId};
use http::HeaderMap;
use protocol::ErrorCode;
use std::sync::Arc;

/// What may stand in the query. `unit` is used and forgotten: it is never logged.
#[derive(serde::Deserialize)]
pub struct Wanted {
    pub(super) unit: Option<String>,
    pub(super) label: Option<String>,
    pub(super) version: Option<u32>,
    pub(super) environment: Option<String>,
}

/// What the key's environment serves of one prompt.
pub async fn prompt(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(name): Path<String>,
    query: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Query(wanted) = query.map_err(|_| {
        Failure::bad("the query takes `unit`, `label`, `version` (a number) and `environment`")
    })?;
    Ok(match find(&app, &access, &name, &wanted).await? {
        Found::Now(served, version) => {
            let ready = served.ready(version).ok_or_else(not_here)?;
            ready.answer().respond(&headers)
        }
        Found::Earlier(answer) => answer.respond(&headers),
    })
}

/// What was found for a reader.
pub(super) enum Found {
    /// What is served now, and which version of it is for this reader.
    Now(Arc<Served>, VersionId),
    /// What was served before.
    Earlier(Answer),
}

/// What a key's environment serves of one prompt, or has served where that is asked for.
pub(super) async fn find(
    app: &App,
    access: &Access,
    name: &str,
    wanted: &Wanted,
) -> Result<Found, Failure> {
    let (project, environment, shelf) = shelf(access)?;
    own_alone(app, access, &shelf, wanted.environment.as_deref())?;
    if let Some(label) = &wanted.label {
        refuse_others(app, access, label)?;
    }
    let served = shelf.named(name);
    let label = wanted
        .label
        .as_deref()
        .filter(|label| !is_own_name(&shelf, label));
    let asked = match (wanted.version, label) {
        (Some(_), Some(_)) => return Err(Failure::bad("ask by version or by label, not by both")),
        (Some(number), None) => Some(Asked::Number(number)),
        (None, Some(label)) => Some(Asked::Label(label)),
        (None, None) => None,
    };
    let Some(asked) = asked else {
        let served = served.ok_or_else(|| not_served(&shelf))?;
        let version = served.chosen(wanted.unit.as_deref());
        return Ok(Found::Now(Arc::clone(served), version));
    };
    let answer = older(app, project.id, environment, name, asked).await?;
    Ok(Found::Earlier(answer))
}

async fn older(
    app: &App,
    project: ProjectId,
    environment: EnvironmentId,
    name: &str,
    asked: Asked<'_>,
) -> Result<Answer, Failure> {
    let (name, label) = (
        name.to_owned(),
        match asked {
            Asked::Label(label) => Some(label.to_owned()),
            Asked::Number(_) => None,
        },
    );
    let number = match asked {
        Asked::Number(number) => number,
        Asked::Label(_) => 0,
    };
    app.registry
        .blocking(move |projects| {
            let unknown =
                || NotServed::Unknown("there is no such prompt in this environment".to_owned());
            let loaded = projects
                .load(project)
                .map_err(NotServed::Failed)?
                .ok_or_else(unknown)?;
            let state = loaded.state();
            let prompt = state.prompt_named(&name).ok_or_else(unknown)?.id;
            let asked = label.as_deref().map_or(Asked::Number(number), Asked::Label);
            let read = |digest: &domain::Digest| {
                Ok(projects
                    .ledger()
                    .content(project, digest)?
                    .and_then(|found| found.bytes))
            };
            earlier(&state, (environment, prompt), asked, &read)
        })
        .await
        .map_err(|not| match not {
            NotServed::Unknown(words) => not_found(words),
            NotServed::OtherEnvironment => other_environment(),
            NotServed::Gone => gone(),
            NotServed::Failed(error) => error.into(),
        })
}

/// What may stand in the query about a whole environment.
#[derive(serde::Deserialize)]
pub struct Whole {
    environment: Option<String>,
}

/// Everything that the key's environment serves, in one answer.
pub async fn environment(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    query: Result<Query<Whole>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Query(asked) = query.map_err(|_| Failure::bad("the query takes `environment`"))?;
    let (_, _, shelf) = shelf(&access)?;
    own_alone(&app, &access, &shelf, asked.environment.as_deref())?;
    Ok(shelf.whole().respond(&headers))
}

/// Refuses whoever names an environment that is not the key's.
pub(super) fn own_alone(
    app: &App,
    access: &Access,
    shelf: &Shelf,
    asked: Option<&str>,
) -> Result<(), Failure> {
    let Some(asked) = asked else { return Ok(()) };
    refuse_others(app, access, asked)?;
    if is_own_name(shelf, asked) {
        Ok(())
    } else {
        Err(not_found("there is no such environment"))
    }
}

pub(super) fn shelf(access: &Access) -> Result<(Arc<Loaded>, EnvironmentId, Arc<Shelf>), Failure> {
    let Principal::Environment {
        project,
        environment,
        ..
    } = &access.principal
    else {
        return Err(Failure::new(
            ErrorCode::Forbidden,
            "this is for environment keys",
        ));
    };
    let board = project.board();
    let shelf = board
        .shelf(*environment)
        .cloned()
        .ok_or_else(|| not_found("this environment serves nothing any more"))?;
    Ok((Arc::clone(project), *environment, shelf))
}

pub(super) fn is_own_name(shelf: &Shelf, name: &str) -> bool {
    shelf.name == name || folded(&shelf.name) == folded(name)
}

/// Refuses a call that names another environment than the key's, and notes it for the admins.
pub(super) fn refuse_others(app: &App, access: &Access, name: &str) -> Result<(), Failure> {
    let Principal::Environment {
        project,
        environment: own,
        key,
    } = &access.principal
    else {
        return Err(Failure::new(
            ErrorCode::Forbidden,
            "this is for environment keys",
        ));
    };
    let found = project.glance(|state| state.environment_named(name).map(|found| found.id));
    match found.filter(|found| found != own) {
        None => Ok(()),
        Some(other) => {
            let uses = &app.registry.inner.uses;
            uses.strayed((project.id, *key), other, clock::now());
            Err(other_environment())
        }
    }
}

fn other_environment() -> Failure {
    Failure::new(
        ErrorCode::Forbidden,
        "this key is for another environment than the one named",
    )
}

fn not_served(shelf: &Shelf) -> Failure {
    not_found(format!("{} serves no prompt of this name", shelf.name))
}

fn not_found(words: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::NotFound, words)
}

/// What is served is never redacted: so it is missing or damaged, and that is ours to mend. Not
/// "not found", after which an application would do without its prompt.
pub(super) fn not_here() -> Failure {
    Failure::new(
        ErrorCode::Unavailable,
        "the content of what this environment serves is missing or damaged here; the registry's operator can find out more with galley-registry verify",
    )
}

fn gone() -> Failure {
    Failure::new(
        ErrorCode::NotFound,
        "the content of this version is not here: it was redacted, or it has not come yet",
    )
}

impl From<crate::Error> for NotServed {
    fn from(error: crate::Error) -> Self {
        Self::Failed(error)
    }
}
