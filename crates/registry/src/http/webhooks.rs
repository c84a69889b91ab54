//! A project's webhooks: list, make, change, remove, try, read the log, send again.

use super::{App, Failure, take};
use crate::limits;
use crate::people::{Access, Principal};
use crate::projects::{Loaded, Projects};
use crate::webhooks::{NotDone, Webhooks};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use domain::PersonId;
use http::{HeaderMap, HeaderName, StatusCode, header};
use protocol::ErrorCode;
use protocol::webhooks::{
    ChangeWebhook, Deliveries, Delivery, DeliveryId, MadeWebhook, NewWebhook, Webhook, WebhookId,
    Webhooks as Listed,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The webhook in the path.
#[derive(Deserialize)]
pub struct Named {
    webhook: String,
}

/// The delivery in the path.
#[derive(Deserialize)]
pub struct NamedDelivery {
    webhook: String,
    delivery: String,
}

/// Where a page of the log goes on.
#[derive(Deserialize)]
pub struct Before {
    before: Option<DeliveryId>,
}

/// No answer here is for a cache: one of them holds a secret.
type Answer<T> = ([(HeaderName, &'static str); 1], Json<T>);

/// The project's webhooks.
pub async fn list(
    State(app): State<App>,
    Extension(access): Extension<Access>,
) -> Result<Answer<Listed>, Failure> {
    let asked = Asked::read(&app, &access)?;
    let project = asked.project.id;
    let webhooks = asked
        .on(&app, move |hooks, projects, _| {
            hooks.list(projects, project)
        })
        .await?;
    Ok(answer(Listed { webhooks }))
}

/// Makes a webhook. The answer holds its secret, this once.
pub async fn make(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Answer<MadeWebhook>), Failure> {
    let asked = Asked::read(&app, &access)?;
    let new: NewWebhook = read(&app, &access, &headers, body).await?;
    let by = asked.by;
    let made = asked
        .on(&app, move |hooks, projects, project| {
            hooks.make(projects, &project.state(), by, new)
        })
        .await?;
    Ok((StatusCode::CREATED, answer(made)))
}

/// Changes a webhook.
pub async fn change(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer<Webhook>, Failure> {
    let asked = Asked::read(&app, &access)?;
    let id = id_of(&named.webhook)?;
    let change: ChangeWebhook = read(&app, &access, &headers, body).await?;
    let changed = asked
        .on(&app, move |hooks, projects, project| {
            hooks.change(projects, &project.state(), id, change)
        })
        .await?;
    Ok(answer(changed))
}

/// Forgets a webhook.
pub async fn remove(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(named): Path<Named>,
) -> Result<StatusCode, Failure> {
    let asked = Asked::read(&app, &access)?;
    let (id, project) = (id_of(&named.webhook)?, asked.project.id);
    asked
        .on(&app, move |hooks, projects, _| {
            hooks.remove(projects, project, id)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Draws another secret. The answer holds it, this once.
pub async fn rotate(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(named): Path<Named>,
) -> Result<Answer<MadeWebhook>, Failure> {
    let asked = Asked::read(&app, &access)?;
    let (id, project) = (id_of(&named.webhook)?, asked.project.id);
    let made = asked
        .on(&app, move |hooks, projects, _| {
            hooks.rotate(projects, project, id)
        })
        .await?;
    Ok(answer(made))
}

/// Sends something to try it. The log tells what came of it.
pub async fn test(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(named): Path<Named>,
) -> Result<(StatusCode, Answer<Delivery>), Failure> {
    let asked = Asked::read(&app, &access)?;
    let (id, by) = (id_of(&named.webhook)?, asked.by);
    let delivery = asked
        .on(&app, move |hooks, projects, project| {
            hooks.test(projects, &project.state(), by, id)
        })
        .await?;
    Ok((StatusCode::ACCEPTED, answer(delivery)))
}

/// What was sent, the newest first.
pub async fn log(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(named): Path<Named>,
    query: Result<Query<Before>, axum::extract::rejection::QueryRejection>,
) -> Result<Answer<Deliveries>, Failure> {
    let asked = Asked::read(&app, &access)?;
    let (id, project) = (id_of(&named.webhook)?, asked.project.id);
    let Query(Before { before }) =
        query.map_err(|_| Failure::bad("`before` is a delivery's id"))?;
    let deliveries = asked
        .on(&app, move |hooks, projects, _| {
            hooks.log(projects, project, id, before)
        })
        .await?;
    Ok(answer(deliveries))
}

/// Sends something once more.
pub async fn replay(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Path(named): Path<NamedDelivery>,
) -> Result<(StatusCode, Answer<Delivery>), Failure> {
    let asked = Asked::read(&app, &access)?;
    let (id, project) = (id_of(&named.webhook)?, asked.project.id);
    let delivery: DeliveryId = named
        .delivery
        .parse()
        .map_err(|_| Failure::bad("a delivery's id is a UUID"))?;
    let delivery = asked
        .on(&app, move |hooks, projects, _| {
            hooks.replay(projects, project, id, delivery)
        })
        .await?;
    Ok((StatusCode::ACCEPTED, answer(delivery)))
}

/// Who asks, of which project, and that this registry has webhooks at all.
struct Asked {
    hooks: Arc<Webhooks>,
    project: Arc<Loaded>,
    by: PersonId,
}

impl Asked {
    fn read(app: &App, access: &Access) -> Result<Self, Failure> {
        let Principal::Person {
            project, person, ..
        } = &access.principal
        else {
            return Err(Failure::new(
                ErrorCode::Forbidden,
                "this key looks after no webhooks",
            ));
        };
        let hooks = app.registry.inner.webhooks.as_ref().ok_or_else(|| {
            Failure::new(
                ErrorCode::NotFound,
                "this registry sends no webhooks: it is a laptop's own. Share the project with a team's registry",
            )
        })?;
        Ok(Self {
            hooks: Arc::clone(hooks),
            project: Arc::clone(project),
            by: *person,
        })
    }

    async fn on<T: Send + 'static>(
        self,
        app: &App,
        work: impl FnOnce(&Webhooks, &Projects, &Loaded) -> Result<T, NotDone> + Send + 'static,
    ) -> Result<T, Failure> {
        let Self { hooks, project, .. } = self;
        let done = app
            .registry
            .blocking(move |projects| work(&hooks, projects, &project))
            .await;
        done.map_err(Failure::from)
    }
}

impl From<NotDone> for Failure {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Bad(words) => Self::bad(words),
            NotDone::NotFound(words) => Self::new(ErrorCode::NotFound, words),
            NotDone::TooMany(..) => Self::new(ErrorCode::TooLarge, not_done.to_string()),
            NotDone::Failed(error) => error.into(),
        }
    }
}

fn answer<T>(body: T) -> Answer<T> {
    ([(header::CACHE_CONTROL, "no-store")], Json(body))
}

fn id_of(text: &str) -> Result<WebhookId, Failure> {
    text.parse()
        .map_err(|_| Failure::bad("a webhook's id is a UUID"))
}

async fn read<T: DeserializeOwned>(
    app: &App,
    access: &Access,
    headers: &HeaderMap,
    body: Body,
) -> Result<T, Failure> {
    let taken = take::body(app, access, headers, body, limits::WEBHOOK_REQUEST_BYTES).await?;
    take::object(&taken.bytes, "description of a webhook")
}
