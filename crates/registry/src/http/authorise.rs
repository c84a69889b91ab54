//! Before every handler but the open ones: who calls, and may they?

use super::{App, Failure};
use crate::people::Scope;
use crate::people::auth::Denied;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::ProjectId;
use http::{HeaderMap, header};
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
        .authorise(scope, bearer(request.headers()), project)
        .await;
    match checked {
        Ok(access) => {
            request.extensions_mut().insert(access);
            next.run(request).await
        }
        Err(denied) => {
            let failed = matches!(denied, Denied::Unknown | Denied::NotForThis(_));
            if failed {
                app.registry.inner.counts.denied();
                let address = app.gate.caller(
                    request
                        .extensions()
                        .get::<ConnectInfo<SocketAddr>>()
                        .map(|info| info.0),
                    request.headers(),
                );
                if let Err(seconds) = app.registry.inner.rates.failure(address) {
                    return Failure::too_many("too many calls from here were refused", seconds)
                        .into_response();
                }
            }
            Failure::from(denied).into_response()
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    // Two of them are no credentials but a trick.
    if values.next().is_some() {
        return None;
    }
    let (scheme, bearer) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| bearer.trim())
}
