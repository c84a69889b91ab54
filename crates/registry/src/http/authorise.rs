//! Before every handler but the open ones: who calls, and may they?

use super::{App, Connection, Failure, Limited, Refused};
use crate::people::auth::Denied;
use crate::people::{Access, Scope};
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::ProjectId;
use http::{HeaderMap, header};
use protocol::paths;
use protocol::token::Kind;
use std::net::SocketAddr;

/// Lets a request through to its handler, with an `Access` beside it.
pub async fn authorise(
    State((app, scope)): State<(App, Scope)>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let mut project = None;
    for (name, value) in &params {
        if name == "project" {
            match value.parse::<ProjectId>() {
                Ok(id) => project = Some(id),
                Err(_) => return Failure::bad("a project's id is a UUID").into_response(),
            }
        }
    }
    let checked = app
        .registry
        .authorise(scope, key(&request).as_deref(), project)
        .await;
    match checked {
        Ok(access) => {
            if let Err(failure) = has_place(&app, &access, &request) {
                return failure.into_response();
            }
            request.extensions_mut().insert(access);
            next.run(request).await
        }
        Err(denied) => {
            let why = match denied {
                Denied::Unknown => Some(Refused::UnknownKey),
                Denied::NotForThis(_) => Some(Refused::OtherDoor),
                Denied::TooMany(..) | Denied::Failed(_) => None,
            };
            if let Some(why) = why {
                app.registry.inner.counts.refused(why);
                let address = app.gate.caller(
                    request
                        .extensions()
                        .get::<ConnectInfo<SocketAddr>>()
                        .map(|info| info.0),
                    request.headers(),
                );
                if let Err(seconds) = app.registry.inner.rates.failure(address) {
                    app.registry.inner.counts.limited(Limited::Failed);
                    return Failure::too_many("too many calls from here were refused", seconds)
                        .into_response();
                }
            }
            Failure::from(denied).into_response()
        }
    }
}

/// Whether the connection may go on being this key's: one key can't have so many that there are
/// none left for others. A proxy's connections are anybody's and are not counted.
fn has_place(app: &App, access: &Access, request: &Request) -> Result<(), Failure> {
    let Some(connection) = request.extensions().get::<Connection>() else {
        return Ok(());
    };
    if app.gate.is_behind_proxy() {
        return Ok(());
    }
    let mut place = connection.place.lock();
    if place.is_none() {
        let key = access.principal.counts_as();
        *place = app.registry.inner.rates.connection(key);
    }
    if place.is_some() {
        return Ok(());
    }
    let counts = &app.registry.inner.counts;
    counts.limited(Limited::ConnectionsPerKey);
    let words = "this key has too many connections open; close some";
    Err(Failure::too_many(words, 5).and_hang_up())
}

/// The key that a request bears. The SDKs of others that are served here know HTTP Basic only, with
/// their secret key as the password: there, and nowhere else, an environment key may come so.
fn key(request: &Request) -> Option<String> {
    let (scheme, credentials) = credentials(request.headers())?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.to_owned());
    }
    let basic = scheme.eq_ignore_ascii_case("basic")
        && request.uri().path().starts_with(paths::LANGFUSE_PROMPTS);
    let decoded = basic
        .then(|| STANDARD.decode(credentials).ok())
        .flatten()
        .and_then(|bytes| String::from_utf8(bytes).ok())?;
    let (_, secret) = decoded.split_once(':')?;
    secret
        .starts_with(Kind::Environment.prefix())
        .then(|| secret.to_owned())
}

fn credentials(headers: &HeaderMap) -> Option<(&str, &str)> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    // Two of them are no credentials but a trick.
    if values.next().is_some() {
        return None;
    }
    let (scheme, credentials) = value.split_once(' ')?;
    Some((scheme, credentials.trim()))
}
