//! Content by its digest: one, many, and putting it before the command that names it.

use super::{App, Failure, Limited, take};
use crate::ledger::Put;
use crate::limits;
use crate::people::{Access, Principal};
use crate::projects::Found;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use domain::{Digest, PersonId, ProjectId};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::ErrorCode;
use protocol::ledger::{
    CONTENTS_PAGE_BYTES, ContentLine, ContentRequest, FoundContent, MAX_CONTENTS,
};

/// One content.
pub async fn one(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path((_, digest)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (project, digest) = (of(&access)?, named(&digest)?);
    let by = person(&access);
    let _large = large(&app).await?;
    match app
        .registry
        .blocking(move |projects| projects.content(project, &digest, by))
        .await?
    {
        Found::Here(bytes) => {
            let tag = format!("\"{digest}\"");
            let tag = HeaderValue::from_str(&tag).map_err(|_| Failure::bad("no tag"))?;
            if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
                return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
            }
            // It may be redacted one day, so nobody on the way may keep it.
            let head = [
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                ),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("private, no-cache"),
                ),
                (header::ETAG, tag),
            ];
            Ok((head, Bytes::copy_from_slice(&bytes)).into_response())
        }
        Found::Redacted => Err(redacted()),
        Found::Missing => Err(Failure::new(
            ErrorCode::NotFound,
            "no entry of this project's ledger names this content, or it has not come yet",
        )),
        Found::Damaged => Err(crate::Error::Damaged {
            project,
            what: format!("the content {digest} is not what its digest says"),
        }
        .into()),
    }
}

/// Many contents, a line each; stops after about [`CONTENTS_PAGE_BYTES`].
pub async fn many(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let project = of(&access)?;
    let by = person(&access);
    let taken = take::body(&app, &access, &headers, body, limits::CONTENT_REQUEST_BYTES).await?;
    let request: ContentRequest = take::object(&taken.bytes, "list of digests")?;
    if request.digests.len() > MAX_CONTENTS {
        return Err(Failure::too_large("the list of digests", MAX_CONTENTS));
    }
    let _large = large(&app).await?;
    let lines = app
        .registry
        .blocking(move |projects| {
            let mut lines = Vec::new();
            for digest in request.digests {
                let found = match projects.content(project, &digest, by)? {
                    Found::Here(bytes) => FoundContent::Here {
                        content: String::from_utf8_lossy(&bytes).into_owned(),
                    },
                    Found::Redacted => FoundContent::Redacted,
                    // The others of the list are good; asked for alone, it is told as damaged.
                    Found::Missing | Found::Damaged => FoundContent::Missing,
                };
                if serde_json::to_writer(&mut lines, &ContentLine { digest, found }).is_ok() {
                    lines.push(b'\n');
                }
                if lines.len() >= CONTENTS_PAGE_BYTES {
                    break;
                }
            }
            Ok::<_, crate::Error>(lines)
        })
        .await?;
    Ok((
        [(header::CONTENT_TYPE, protocol::ledger::LEDGER_TYPE)],
        lines,
    )
        .into_response())
}

/// Keeps content for the command that will name it; a day at most.
pub async fn put(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path((_, digest)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Failure> {
    let (project, digest) = (of(&access)?, named(&digest)?);
    let person = person(&access)
        .ok_or_else(|| Failure::new(ErrorCode::Forbidden, "only members put content"))?;
    let take::Taken { bytes, room: _room } =
        take::body(&app, &access, &headers, body, limits::CONTENT_BYTES).await?;
    let bytes = tokio::task::spawn_blocking(move || check(&digest, bytes))
        .await
        .map_err(|_| Failure::new(ErrorCode::Internal, "the check was interrupted"))??;
    match app.registry.put(project, digest, bytes, person).await? {
        Put::New | Put::Awaited => Ok(StatusCode::CREATED),
        Put::Known => Ok(StatusCode::NO_CONTENT),
        Put::Redacted => Err(redacted()),
        Put::TooMuch => {
            app.registry.inner.counts.limited(Limited::Loose);
            Err(Failure::too_many(
                "too much content waits here for commands that name it; send those first",
                60,
            ))
        }
    }
}

fn check(digest: &Digest, bytes: Bytes) -> Result<Bytes, Failure> {
    let is = Digest::of(&bytes);
    if is != *digest {
        return Err(Failure::bad(format!(
            "the body's digest is {is}, not the one in the path"
        )));
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
        .map_err(|error| Failure::bad(format!("content is JSON: {error}")))?;
    // Whoever reads it later may do so level by level on its stack.
    if depth(&bytes) > domain::limits::JSON_DEPTH + 1 {
        return Err(Failure::bad(format!(
            "the content is nested deeper than {} levels",
            domain::limits::JSON_DEPTH
        )));
    }
    Ok(bytes)
}

/// How deep valid JSON nests.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn of(access: &Access) -> Result<ProjectId, Failure> {
    access
        .project
        .ok_or_else(|| Failure::bad("no project was named"))
}

fn person(access: &Access) -> Option<PersonId> {
    match access.principal {
        Principal::Person { person, .. } => Some(person),
        _ => None,
    }
}

fn named(digest: &str) -> Result<Digest, Failure> {
    digest
        .parse()
        .map_err(|error: domain::digest::NotADigest| Failure::bad(error.to_string()))
}

fn redacted() -> Failure {
    Failure::new(
        ErrorCode::Redacted,
        "this content was redacted; it is gone for good",
    )
}

pub(super) async fn large(app: &App) -> Result<tokio::sync::SemaphorePermit<'_>, Failure> {
    app.registry
        .inner
        .large
        .acquire()
        .await
        .map_err(|_| Failure::new(ErrorCode::Unavailable, "the registry is stopping"))
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn brackets_in_texts_are_no_levels() {
        for (json, levels) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[{"b":1}]}"#, 3),
            (r#"["[[[["]"#, 1),
            (r#"["\"[[","x"]"#, 1),
            (r#"["\\",[1]]"#, 2),
        ] {
            assert_eq!(depth(json.as_bytes()), levels, "{json}");
        }
    }
}
