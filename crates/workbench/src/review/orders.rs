//! "Release it as soon as it is approved": an order that somebody left on this computer.
//!
//! The registry signs nothing, so a release needs a device: it is this one that releases, while
//! Galley runs on it. The order names what was on screen, by its digest and step. Whatever comes
//! in its place is not released by it; the order is dropped then, and that is said.

use super::news::Known;
use crate::reading::Reading;
use crate::views::{DoneState, NextStep, Notice};
use crate::{Error, Event, Workbench};
use domain::{Digest, EnvironmentId, ProjectId, RequestId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often an order is looked at when nothing changes: a freeze may have ended.
const LOOK: Duration = Duration::from_secs(60);

/// One order. Kept beside the ledger: it is this computer's business alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    request: RequestId,
    digest: Digest,
    /// What is still to be released, and at which step.
    parts: Vec<(EnvironmentId, u32)>,
}

/// What has become of an order.
enum Found {
    /// Nothing to do yet.
    Waits,
    /// These may go now, all at one step.
    Goes(NextStep),
    /// It is over, and why, if that needs saying.
    Over(Option<String>),
}

impl Workbench {
    /// Leaves or takes back the order to release the next step of these parts of a request as soon
    /// as their policies are content. `digest` is that of what the person saw.
    ///
    /// # Errors
    /// The request asks for something else by now, or this person may not release there.
    pub async fn release_when_approved(
        &self,
        project: ProjectId,
        request: RequestId,
        digest: Digest,
        wanted: bool,
    ) -> Result<(), Error> {
        let reading = self.reading(project)?;
        let found = reading.find_request(request)?;
        if wanted && found.digest() != digest {
            return Err(Error::invalid(
                "this request asks for something else by now; look at it again",
            ));
        }
        let standing = reading.standing(request, self.now())?;
        let mine = reading.person_record().cloned();
        let parts: Vec<_> = standing
            .parts
            .iter()
            .filter(|part| part.done < part.steps)
            .filter(|part| {
                mine.as_ref()
                    .is_some_and(|me| reading.ahead.may_release_in(me, part.environment))
            })
            .filter_map(|part| Some((part.environment, u32::try_from(part.done + 1).ok()?)))
            .collect();
        if wanted && parts.is_empty() {
            return Err(Error::invalid(
                "you may release nothing of this request; ask somebody who may",
            ));
        }
        let order = Order {
            request,
            digest,
            parts,
        };
        self.change_orders(project, |orders| {
            orders.retain(|order| order.request != request);
            if wanted {
                orders.push(order);
            }
        })?;
        self.say_changed(project);
        Ok(())
    }

    /// Whether such an order waits for a request on this computer.
    pub(crate) fn is_ordered(&self, project: ProjectId, request: RequestId) -> bool {
        let orders = self.orders(project).unwrap_or_default();
        orders.iter().any(|order| order.request == request)
    }

    /// Carries out orders and tells news whenever something changes, until the session ends.
    pub(crate) async fn follow_reviews(
        self,
        project: ProjectId,
        cancel: tokio_util::sync::CancellationToken,
    ) {
        let mut events = self.events();
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut known = Known::default();
        loop {
            self.tell_news(project, &mut known);
            self.carry_out_orders(project).await;
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = tick.tick() => {}
                changed = next_change(&mut events, project) => if !changed { return },
            }
        }
    }

    /// Releases what may go by now. What is refused is said once, and its order dropped.
    pub(crate) async fn carry_out_orders(&self, project: ProjectId) {
        for order in self.orders(project).unwrap_or_default() {
            let Ok(reading) = self.reading(project) else {
                return;
            };
            let title = reading
                .find_request(order.request)
                .map(|request| reading.request_title(request))
                .unwrap_or_default();
            let outcome = match reading.look_at(&order, self.now()) {
                Found::Waits => continue,
                Found::Over(why) => {
                    self.drop_order(project, order.request);
                    why
                }
                Found::Goes(next) => {
                    let places = next.environments.clone();
                    let done = self
                        .release_request(project, order.request, next, String::new(), None)
                        .await;
                    match done {
                        Ok(done) => {
                            self.settle_order(project, order.request, &places);
                            Some(match done.state {
                                DoneState::InRegistry => {
                                    format!("{}, as soon as it was approved", done.words)
                                }
                                DoneState::Outbox => done.words,
                            })
                        }
                        // Another process was faster, or the registry has news: the next look tells.
                        Err(Error::Invalid(_)) => None,
                        Err(error) => {
                            self.drop_order(project, order.request);
                            Some(format!("{title} was not released by itself: {error}"))
                        }
                    }
                }
            };
            if let Some(words) = outcome {
                self.say(Event::Notice(Notice { words }));
                self.say_changed(project);
            }
        }
    }

    fn orders(&self, project: ProjectId) -> Result<Vec<Order>, Error> {
        let kept = self.store().setting(&key(project))?;
        Ok(kept.unwrap_or_default())
    }

    fn change_orders(
        &self,
        project: ProjectId,
        change: impl FnOnce(&mut Vec<Order>),
    ) -> Result<(), Error> {
        let mut orders = self.orders(project)?;
        change(&mut orders);
        self.store().set_setting(&key(project), &orders)?;
        Ok(())
    }

    // That an order can't be dropped now is no reason to do it twice: its step is over by then.
    fn drop_order(&self, project: ProjectId, request: RequestId) {
        let _ = self.change_orders(project, |orders| {
            orders.retain(|order| order.request != request);
        });
    }

    fn settle_order(&self, project: ProjectId, request: RequestId, places: &[EnvironmentId]) {
        let _ = self.change_orders(project, |orders| {
            for order in orders.iter_mut().filter(|order| order.request == request) {
                order.parts.retain(|(place, _)| !places.contains(place));
            }
            orders.retain(|order| !order.parts.is_empty());
        });
    }
}

impl Reading {
    fn look_at(&self, order: &Order, now: domain::Millis) -> Found {
        // The accepted state alone: what only waits here approves nothing.
        let Some(request) = self.accepted.request(order.request) else {
            return Found::Waits;
        };
        if !request.is_open() {
            return Found::Over(None);
        }
        if request.digest() != order.digest {
            return Found::Over(Some(format!(
                "{} asks for something else by now, so it is no longer released by itself. Look at it again.",
                self.request_title(request)
            )));
        }
        let Ok(standing) = self.standing(order.request, now) else {
            return Found::Waits;
        };
        let left = standing.parts.iter().filter_map(|part| {
            let step = order
                .parts
                .iter()
                .find(|(place, _)| *place == part.environment)?
                .1;
            let next = u32::try_from(part.done + 1).ok()?;
            (part.done < part.steps && next == step).then_some((part, step))
        });
        let left: Vec<_> = left.collect();
        if left.is_empty() {
            return Found::Over(None);
        }
        let may = left.iter().filter(|(part, _)| part.may_go());
        let may: Vec<_> = may.map(|(part, step)| (part.environment, *step)).collect();
        let Some((_, step)) = may.first().copied() else {
            return Found::Waits;
        };
        Found::Goes(NextStep {
            digest: order.digest,
            step,
            environments: may
                .iter()
                .filter(|(_, at)| *at == step)
                .map(|(place, _)| *place)
                .collect(),
        })
    }
}

async fn next_change(
    events: &mut tokio::sync::broadcast::Receiver<Event>,
    project: ProjectId,
) -> bool {
    loop {
        match events.recv().await {
            Ok(Event::ProjectChanged(changed)) if changed.project == project => return true,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}

fn key(project: ProjectId) -> String {
    format!("orders of {project}")
}
