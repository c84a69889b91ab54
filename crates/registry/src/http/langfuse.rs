//! Reading for those who have Langfuse's SDKs already: another address, another key, nothing else.
//!
//! The environment key is the secret key (HTTP Basic, as the password); the public key is not looked
//! at. What a key may see is what it sees on every other route. Writing is refused in words: prompts
//! are written, reviewed and released in Galley.

use super::served::{self, Wanted};
use super::{App, Failure};
use crate::people::Access;
use crate::serving::{Answer, langfuse};
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::ProjectId;
use http::HeaderMap;
use protocol::ErrorCode;
use protocol::serving::ServedPrompt;
use serde_json::json;

/// The most prompts of one page, as at Langfuse.
const PAGE: usize = 100;

/// What may stand in the query of one prompt.
#[derive(serde::Deserialize)]
pub struct One {
    label: Option<String>,
    version: Option<u32>,
    resolve: Option<String>,
}

/// What may stand in the query of the list.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    name: Option<String>,
    label: Option<String>,
    tag: Option<String>,
    page: Option<usize>,
    limit: Option<usize>,
    from_updated_at: Option<jiff::Timestamp>,
    to_updated_at: Option<jiff::Timestamp>,
}

/// What the key's environment serves of one prompt.
pub async fn prompt(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(name): Path<String>,
    query: Result<Query<One>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Query(one) = query
        .map_err(|_| Failure::bad("the query takes `label`, `version` (a number) and `resolve`"))?;
    if one
        .resolve
        .as_deref()
        .is_some_and(|resolve| resolve != "true")
    {
        return Err(Failure::bad(
            "Galley gives a prompt with its snippets written out; leave `resolve` away",
        ));
    }
    let wanted = Wanted {
        unit: None,
        label: one.label,
        version: one.version,
        environment: None,
    };
    let found = served::find(&app, &access, &name, &wanted).await?;
    let (project, _, _) = served::shelf(&access)?;
    Ok(flat(project.id, &read(&found)?)?.respond(&headers))
}

/// What the key's environment serves, page by page, by name.
pub async fn list(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    query: Result<Query<Listed>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Query(asked) = query.map_err(|_| {
        Failure::bad(
            "the query takes `name`, `label`, `tag`, `page` and `limit` (numbers), `fromUpdatedAt` and `toUpdatedAt` (ISO 8601)",
        )
    })?;
    let (page, limit) = (asked.page.unwrap_or(1), asked.limit.unwrap_or(10));
    if page == 0 || limit == 0 || limit > PAGE {
        return Err(Failure::bad(format!(
            "pages count from 1 and hold 1 to {PAGE} prompts"
        )));
    }
    let (_, _, shelf) = served::shelf(&access)?;
    if let Some(label) = &asked.label {
        served::refuse_others(&app, &access, label)?;
    }
    // Nothing here has tags, and of labels the list knows the environment's own name.
    let none = asked.tag.is_some()
        || asked
            .label
            .as_ref()
            .is_some_and(|label| !served::is_own_name(&shelf, label));
    let wanted = |served: &ServedPrompt| {
        let since = served.since.0;
        !none
            && asked.name.as_ref().is_none_or(|name| *name == served.name)
            && asked
                .from_updated_at
                .is_none_or(|from| since >= from.as_millisecond())
            && asked
                .to_updated_at
                .is_none_or(|to| since < to.as_millisecond())
    };
    let all = shelf.all();
    let answers = all.iter().filter_map(|served| served.answer(None));
    let found: Vec<_> = answers.filter_map(langfuse::read).filter(wanted).collect();
    let rows: Vec<_> = found
        .iter()
        .skip((page - 1).saturating_mul(limit))
        .take(limit)
        .map(langfuse::row)
        .collect();
    let meta = json!({
        "page": page,
        "limit": limit,
        "totalItems": found.len(),
        "totalPages": found.len().div_ceil(limit),
    });
    let list = json!({ "data": rows, "meta": meta, "pagination": meta });
    Ok(Answer::of(list.to_string().into_bytes()).respond(&headers))
}

/// Writing, by those who may only read.
pub async fn refused() -> Failure {
    Failure::not_this_way(
        "prompts are written, reviewed and released in Galley; an environment key only reads what is served",
    )
}

fn read(found: &Answer) -> Result<ServedPrompt, Failure> {
    langfuse::read(found)
        .ok_or_else(|| Failure::new(ErrorCode::Internal, "what is served can't be read here"))
}

fn flat(project: ProjectId, served: &ServedPrompt) -> Result<Answer, Failure> {
    let value = langfuse::flatten(project, served).map_err(Failure::bad)?;
    Ok(Answer::of(value.to_string().into_bytes()))
}
