//! `GET …/ledger`: entries in the bytes that are hashed. `POST …/ledger`: entries that extend it.

use super::content::large;
use super::{App, Failure, take};
use crate::limits;
use crate::people::{Access, Principal};
use crate::projects::{Giver, NotGiven};
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use domain::Digest;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use protocol::ErrorCode;
use protocol::ledger::{
    ContentLine, FoundContent, GiveHeader, Given, HEAD_HEADER, LEDGER_PAGE_BYTES, LEDGER_TYPE,
};
use serde_json::json;
use std::sync::Arc;

/// What may stand in the query.
#[derive(serde::Deserialize)]
pub struct After {
    #[serde(default)]
    after: u64,
}

/// Entries after a number, and the head.
pub async fn read(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    query: Result<Query<After>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Failure> {
    let Query(After { after }) = query.map_err(|_| Failure::bad("`after` is an entry's number"))?;
    let (Principal::Person { project, .. } | Principal::Invitation { project, .. }) =
        &access.principal
    else {
        return Err(Failure::new(
            ErrorCode::Forbidden,
            "this key reads no ledger",
        ));
    };
    // The head first: entries that are appended meanwhile may follow, but none is missing.
    let head = project.head();
    let id = project.id;
    let _large = large(&app).await?;
    let page = app
        .registry
        .blocking(move |projects| {
            projects
                .ledger()
                .entries_after(id, after, LEDGER_PAGE_BYTES)
        })
        .await?;
    let head = HeaderValue::from_str(&head.to_string()).map_err(|_| Failure::bad("no head"))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(LEDGER_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static(HEAD_HEADER), head),
    ];
    Ok((headers, page).into_response())
}

/// Takes entries and content that extend the head exactly, after checking all of it.
pub async fn give(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Given>, Failure> {
    let project = access
        .project
        .ok_or_else(|| Failure::bad("no project was named"))?;
    let by = match &access.principal {
        Principal::Person { person, .. } => Giver::Admin(*person),
        Principal::Founding { hash, used } => {
            if used.is_none() && app.registry.project(project).await?.is_some() {
                return Err(Failure::new(
                    ErrorCode::Forbidden,
                    "this project is here already; the invitation is for a new one",
                ));
            }
            Giver::Founding(*hash)
        }
        _ => {
            return Err(Failure::new(
                ErrorCode::Forbidden,
                "this key gives no ledger",
            ));
        }
    };
    let taken = take::body(&app, &access, &headers, body, limits::GIVE_BYTES).await?;
    // Checking takes more memory than the body: few at once, and none waits here for a sender.
    let _large = large(&app).await?;
    let head = app
        .registry
        .blocking(move |projects| {
            let _room = taken.room;
            let text = std::str::from_utf8(&taken.bytes)
                .map_err(|_| NotGiven::Broken("the ledger is not UTF-8".to_owned()))?;
            let parts = read_lines(text)?;
            projects.take(
                project,
                by,
                parts.header.extends,
                &parts.contents,
                &parts.entries,
            )
        })
        .await?;
    Ok(Json(Given { head }))
}

struct Parts<'a> {
    header: GiveHeader,
    contents: Vec<(Digest, Arc<[u8]>)>,
    entries: Vec<&'a str>,
}

fn read_lines(text: &str) -> Result<Parts<'_>, NotGiven> {
    let broken = |what: String| NotGiven::Broken(what);
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let first = lines
        .next()
        .ok_or_else(|| broken("the body is empty".to_owned()))?;
    let header = serde_json::from_str(first).map_err(|error| {
        broken(format!(
            "the first line says what the entries extend: {error}"
        ))
    })?;
    let (mut contents, mut entries) = (Vec::new(), Vec::new());
    for line in lines {
        // An entry's line is canonical: its keys stand in order, and `at` is the first.
        if entries.is_empty() && !line.starts_with(r#"{"at":"#) {
            let line: ContentLine = serde_json::from_str(line)
                .map_err(|error| broken(format!("a content line can't be read: {error}")))?;
            if let FoundContent::Here { content } = line.found {
                contents.push((line.digest, Arc::from(content.into_bytes())));
            }
        } else {
            entries.push(line);
        }
    }
    Ok(Parts {
        header,
        contents,
        entries,
    })
}

impl From<NotGiven> for Failure {
    fn from(not: NotGiven) -> Self {
        match not {
            NotGiven::DoesNotExtend { head } => Self::new(
                ErrorCode::Conflict,
                "these entries do not extend what the registry has; `details` says where it stands",
            )
            .with(json!({ "reason": "does_not_extend", "head": head })),
            NotGiven::Broken(what) => Self::bad(format!(
                "this ledger does not hold, and nothing of it was taken: {what}"
            )),
            NotGiven::Failed(error) => error.into(),
        }
    }
}
