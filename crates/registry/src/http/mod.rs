//! The registry over HTTP: every route with the scope it needs, one file for each resource.
//!
//! [`routes`] is the list; [`router`] builds the service from it, so that no route is without a
//! scope. Handlers get an [`Access`](crate::people::Access) that was let through; what they
//! answer with is a body of [`protocol`] or a [`Failure`].

mod authorise;
mod changes;
mod commands;
mod content;
mod counts;
mod failure;
mod gate;
mod health;
mod keys;
mod langfuse;
mod ledger;
mod me;
mod openapi;
mod room;
mod served;
mod take;
mod webhooks;

pub use counts::Counts;
pub use failure::Failure;
pub use gate::Gate;
pub use room::Rooms;

use crate::Registry;
use crate::people::Scope;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use http::Method;
use protocol::paths;
use std::sync::Arc;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

/// What handlers share.
#[derive(Clone)]
pub struct App {
    pub(crate) registry: Registry,
    pub(crate) gate: Arc<Gate>,
}

/// One call that can be made.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, as [`protocol::paths`] writes it.
    pub path: &'static str,
    /// What it needs.
    pub scope: Scope,
    handler: MethodRouter<App>,
}

fn route<H, T>(method: &Method, path: &'static str, scope: Scope, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    let handler = match *method {
        Method::PUT => put(handler),
        Method::POST => post(handler),
        Method::PATCH => patch(handler),
        Method::DELETE => delete(handler),
        _ => get(handler),
    };
    Route {
        method: method.clone(),
        path,
        scope,
        handler,
    }
}

/// Every call that can be made.
#[must_use]
pub fn routes() -> Vec<Route> {
    let (get, put, post) = (&Method::GET, &Method::PUT, &Method::POST);
    let hooks = Scope::Webhooks;
    vec![
        route(get, paths::HEALTHZ, Scope::Open, health::healthz),
        route(get, paths::READYZ, Scope::Open, health::readyz),
        route(get, paths::METRICS, Scope::Open, health::metrics),
        route(get, paths::OPENAPI, Scope::Open, openapi::document),
        route(get, paths::ME, Scope::Me, me::me),
        route(get, paths::PROMPT, Scope::Served, served::prompt),
        route(get, paths::ENVIRONMENT, Scope::Served, served::environment),
        route(
            get,
            paths::ENVIRONMENT_CHANGES,
            Scope::Served,
            changes::of_environment,
        ),
        route(get, paths::LANGFUSE_PROMPT, Scope::Served, langfuse::prompt),
        route(get, paths::LANGFUSE_PROMPTS, Scope::Served, langfuse::list),
        route(
            post,
            paths::LANGFUSE_PROMPTS,
            Scope::Served,
            langfuse::refused,
        ),
        route(
            &Method::DELETE,
            paths::LANGFUSE_PROMPT,
            Scope::Served,
            langfuse::refused,
        ),
        route(
            &Method::PATCH,
            paths::LANGFUSE_VERSION,
            Scope::Served,
            langfuse::refused,
        ),
        route(get, paths::LEDGER, Scope::Read, ledger::read),
        route(post, paths::LEDGER, Scope::Give, ledger::give),
        route(post, paths::COMMANDS, Scope::Commands, commands::send),
        route(get, paths::CONTENT, Scope::Read, content::one),
        route(put, paths::CONTENT, Scope::Put, content::put),
        route(post, paths::CONTENTS, Scope::Read, content::many),
        route(get, paths::CHANGES, Scope::Follow, changes::of_project),
        route(get, paths::KEYS, Scope::Keys, keys::uses),
        route(get, paths::WEBHOOKS, hooks, webhooks::list),
        route(post, paths::WEBHOOKS, hooks, webhooks::make),
        route(&Method::PATCH, paths::WEBHOOK, hooks, webhooks::change),
        route(&Method::DELETE, paths::WEBHOOK, hooks, webhooks::remove),
        route(post, paths::WEBHOOK_SECRET, hooks, webhooks::rotate),
        route(post, paths::WEBHOOK_TEST, hooks, webhooks::test),
        route(get, paths::DELIVERIES, hooks, webhooks::log),
        route(post, paths::REPLAY, hooks, webhooks::replay),
    ]
}

/// The service.
pub fn router(registry: Registry, gate: Arc<Gate>) -> Router {
    let app = App { registry, gate };
    let mut router = Router::new();
    for Route {
        path,
        scope,
        handler,
        ..
    } in routes()
    {
        let handler = match scope {
            Scope::Open => handler,
            _ => handler.route_layer(axum::middleware::from_fn_with_state(
                (app.clone(), scope),
                authorise::authorise,
            )),
        };
        // What applications read is compressed once, when it is released.
        let handler = match scope {
            Scope::Read | Scope::Give | Scope::Commands => handler.layer(
                CompressionLayer::new()
                    .quality(tower_http::CompressionLevel::Fastest)
                    .compress_when(SizeAbove::new(1_024).and(NotForContentType::SSE)),
            ),
            _ => handler,
        };
        router = router.route(path, handler);
    }
    router
        .fallback(failure::no_such_call)
        .method_not_allowed_fallback(failure::no_such_method)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            gate::gate,
        ))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(
            failure::panicked,
        ))
        .with_state(app)
}
