//! Changes as server-sent events. Each event's id is an entry's number; a client that was away
//! says the last it had, and is told at once if there is more. Changes in quick succession are
//! told as one: an event says "up to here", not "this happened".

use super::{App, Failure};
use crate::people::{Access, Principal, StreamPlace};
use crate::projects::Loaded;
use crate::serving::Shelf;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use domain::{EnvironmentId, KeyId};
use futures_util::Stream;
use http::HeaderMap;
use protocol::ErrorCode;
use protocol::ledger::{Change, LedgerHead};
use protocol::serving::EnvironmentChange;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A comment after this long without an event, so that both sides notice a dead connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

type Events = Result<Event, Infallible>;

/// Where the client left off: the header of a browser's `EventSource`, or the query.
#[derive(serde::Deserialize)]
pub struct LeftOff {
    after: Option<u64>,
}

impl LeftOff {
    fn seq(&self, headers: &HeaderMap) -> Option<u64> {
        headers
            .get("last-event-id")
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .or(self.after)
    }
}

/// What a stream holds on to while it is open.
struct Listening {
    principal: Principal,
    project: Arc<Loaded>,
    changes: watch::Receiver<LedgerHead>,
    stopping: CancellationToken,
    /// Given back when the stream ends.
    _place: StreamPlace,
}

impl Listening {
    fn new(app: &App, access: &Access) -> Result<Self, Failure> {
        let (project, key) = match &access.principal {
            Principal::Person { project, key, .. }
            | Principal::Environment { project, key, .. } => (project, *key),
            Principal::Invitation {
                project,
                invitation,
                ..
            } => (project, KeyId(invitation.0)),
            Principal::Founding { .. } => {
                return Err(Failure::new(
                    ErrorCode::Forbidden,
                    "there is nothing to follow yet",
                ));
            }
        };
        let place = app.registry.inner.rates.stream(key).ok_or_else(|| {
            Failure::too_many("too many streams of changes are open; close some", 30)
        })?;
        Ok(Self {
            principal: access.principal.clone(),
            project: Arc::clone(project),
            changes: project.changes(),
            stopping: app.gate.stopping.clone(),
            _place: place,
        })
    }

    /// Waits for the next change. `None` when the stream is to end: the registry stops, or the
    /// key does.
    async fn next(&mut self) -> Option<LedgerHead> {
        // Nothing happens when a key's time is over, so that has to be watched for.
        let over = self.principal.ends_in();
        tokio::select! {
            changed = self.changes.changed() => changed.ok()?,
            () = self.stopping.cancelled() => return None,
            () = sleep_for(over) => return None,
        }
        self.principal
            .still_good()
            .then(|| *self.changes.borrow_and_update())
    }
}

/// Growth of a project's ledger.
pub async fn of_project(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Query(left_off): Query<LeftOff>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Events>>, Failure> {
    let mut listening = Listening::new(&app, &access)?;
    let last = left_off.seq(&headers);
    let now = *listening.changes.borrow_and_update();
    let first = (last != Some(now.seq)).then_some(now);
    let events =
        futures_util::stream::unfold((listening, first), |(mut listening, first)| async move {
            let head = match first {
                Some(head) => head,
                None => listening.next().await?,
            };
            Some((
                event("change", head.seq, &Change { head }),
                (listening, None),
            ))
        });
    Ok(stream(events))
}

/// What changed in what the key's environment serves.
pub async fn of_environment(
    State(app): State<App>,
    Extension(access): Extension<Access>,
    Query(left_off): Query<LeftOff>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Events>>, Failure> {
    let Principal::Environment { environment, .. } = access.principal else {
        return Err(Failure::new(
            ErrorCode::Forbidden,
            "this is for environment keys",
        ));
    };
    let mut listening = Listening::new(&app, &access)?;
    let last = left_off.seq(&headers);
    // The shelf before the head: a release between the two is told twice rather than never.
    let shelf = listening.project.board().shelf(environment).cloned();
    let now = *listening.changes.borrow_and_update();
    // Whoever was away reads everything again; what is the same costs a 304.
    let first = (last != Some(now.seq)).then(|| EnvironmentChange {
        seq: now.seq,
        prompts: Vec::new(),
    });
    let events = futures_util::stream::unfold(
        (listening, shelf, first),
        move |(mut listening, mut shelf, first)| async move {
            if let Some(change) = first {
                return Some((
                    event("change", change.seq, &change),
                    (listening, shelf, None),
                ));
            }
            loop {
                let head = listening.next().await?;
                let prompts = moved(&listening.project, environment, &mut shelf);
                if !prompts.is_empty() {
                    let change = EnvironmentChange {
                        seq: head.seq,
                        prompts,
                    };
                    return Some((
                        event("change", change.seq, &change),
                        (listening, shelf, None),
                    ));
                }
            }
        },
    );
    Ok(stream(events))
}

async fn sleep_for(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

fn moved(
    project: &Loaded,
    environment: EnvironmentId,
    before: &mut Option<Arc<Shelf>>,
) -> Vec<String> {
    let now = project.board().shelf(environment).cloned();
    let names = match (&now, &*before) {
        (Some(now), Some(before)) if Arc::ptr_eq(now, before) => Vec::new(),
        (Some(now), before) => now.differs_from(before.as_deref()),
        (None, _) => Vec::new(),
    };
    *before = now;
    names
}

fn event(name: &str, seq: u64, data: &impl serde::Serialize) -> Events {
    let event = Event::default().event(name).id(seq.to_string());
    // These types always can be written as JSON.
    Ok(event.json_data(data).unwrap_or_default())
}

fn stream<S: Stream<Item = Events> + Send + 'static>(events: S) -> Sse<impl Stream<Item = Events>> {
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}
