//! Taking up what happened, and seeing that it is delivered.
//!
//! One task for all webhooks: it looks at the ledger whenever something was appended, at the clock
//! when something is due, and keeps a bounded number of attempts under way, so that a receiver that
//! is slow holds up nobody but itself. What it did not finish is found again after the next start.

use super::{Due, Hook, NewDelivery, Outcome, Webhooks, draw, payload};
use crate::projects::Projects;
use crate::{Error, Registry, limits};
use domain::ledger::Entry;
use domain::{Millis, ProjectId};
use protocol::webhooks::{Attempt, WebhookId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Entries that are looked at in one go for one webhook.
const ENTRIES: u64 = 1_000;
/// Appends in quick succession are looked at together.
const TOGETHER: Duration = Duration::from_millis(20);
/// After the file could not be read or written.
const AFTER_TROUBLE: i64 = 5_000;

/// What is under way.
#[derive(Debug, Default)]
struct Flying(HashMap<i64, (WebhookId, ProjectId)>);

impl Flying {
    /// How many more may go to a webhook now.
    fn room(&self, hook: &Hook) -> usize {
        let [most_hook, most_project, most] = limits::WEBHOOK_AT_ONCE;
        let count = |found: &dyn Fn(&(WebhookId, ProjectId)) -> bool| {
            self.0.values().filter(|flight| found(flight)).count()
        };
        (most_hook.saturating_sub(self.to(hook.id)))
            .min(most_project.saturating_sub(count(&|flight| flight.1 == hook.project)))
            .min(most.saturating_sub(self.0.len()))
    }

    fn to(&self, webhook: WebhookId) -> usize {
        self.0.values().filter(|flight| flight.0 == webhook).count()
    }
}

/// What one look found.
#[derive(Debug, Default)]
struct Look {
    /// To be tried now.
    now: Vec<(Hook, Due)>,
    /// When the next is due.
    next: Option<Millis>,
    /// Whether the ledger holds more to take up.
    more: bool,
}

impl Webhooks {
    /// Delivers until told to stop. What is under way then is left, and tried again after the
    /// next start under the same message id.
    pub(crate) async fn work(self: Arc<Self>, registry: Registry, stopping: CancellationToken) {
        let _alone = tokio::select! {
            alone = self.working.lock() => alone,
            () = stopping.cancelled() => return,
        };
        let projects = Arc::clone(&registry.inner.projects);
        let mut flying = Flying::default();
        let mut flights: JoinSet<i64> = JoinSet::new();
        loop {
            let this = Arc::clone(&self);
            let known: Vec<(i64, (WebhookId, ProjectId))> =
                flying.0.iter().map(|(number, to)| (*number, *to)).collect();
            let looked = registry
                .blocking(move |projects| this.look(projects, Flying(known.into_iter().collect())))
                .await;
            let look = match looked {
                Ok(look) => look,
                Err(error) => {
                    tracing::warn!(%error, "webhooks could not be looked through");
                    Look {
                        next: Some(self.options.clock.now().plus(AFTER_TROUBLE)),
                        ..Look::default()
                    }
                }
            };
            for (hook, due) in look.now {
                flying.0.insert(due.number, (hook.id, hook.project));
                let (this, registry) = (Arc::clone(&self), registry.clone());
                flights.spawn(async move {
                    this.fly(&registry, &hook, &due).await;
                    due.number
                });
            }
            if look.more {
                if stopping.is_cancelled() {
                    break;
                }
                continue;
            }
            let mut landed = tokio::select! {
                () = stopping.cancelled() => break,
                () = projects.grown.notified() => {
                    tokio::time::sleep(TOGETHER).await;
                    flights.try_join_next()
                }
                landed = flights.join_next(), if !flights.is_empty() => landed,
                () = until(&*self.options.clock, look.next) => flights.try_join_next(),
            };
            while let Some(flight) = landed {
                match flight {
                    Ok(number) => drop(flying.0.remove(&number)),
                    // It can't be told which one: all are looked at anew.
                    Err(error) => {
                        tracing::error!(%error, "a delivery ended in a panic");
                        flights.shutdown().await;
                        flying = Flying::default();
                    }
                }
                landed = flights.try_join_next();
            }
        }
        flights.shutdown().await;
    }

    /// Takes up what is new, and finds what is to be tried now.
    fn look(&self, projects: &Arc<Projects>, mut flying: Flying) -> Result<Look, Error> {
        let now = self.options.clock.now();
        let mut look = Look::default();
        let mut hooks: Vec<Hook> = self.hooks.lock().clone();
        hooks.retain(|hook| hook.enabled);
        for hook in &hooks {
            match self.take_up(projects, hook, now) {
                Ok(more) => look.more |= more,
                // A project that can't be read holds up its own webhooks only.
                Err(error) => {
                    tracing::warn!(%error, webhook = %hook.id, "nothing could be taken up");
                    look.next = Some(now.plus(AFTER_TROUBLE));
                }
            }
        }
        // Whoever has least under way comes first: nobody waits behind somebody who is slow.
        hooks.sort_by_key(|hook| flying.to(hook.id));
        let ledger = projects.ledger();
        for hook in hooks {
            let room = flying.room(&hook);
            if room > 0 {
                let most = room + flying.to(hook.id);
                let mut due = ledger.due(hook.id, now, most)?;
                due.retain(|due| !flying.0.contains_key(&due.number));
                due.truncate(room);
                for due in due {
                    flying.0.insert(due.number, (hook.id, hook.project));
                    look.now.push((hook.clone(), due));
                }
            }
            // What is due and has no room is looked at when something lands.
            let next = ledger.next_due(hook.id, now)?;
            look.next = look.next.into_iter().chain(next).min();
        }
        Ok(look)
    }

    /// Takes up what the ledger tells a webhook since it was looked at. Whether there may be more.
    fn take_up(&self, projects: &Arc<Projects>, hook: &Hook, now: Millis) -> Result<bool, Error> {
        let Some(loaded) = projects.load(hook.project)? else {
            return Ok(false);
        };
        let state = loaded.state();
        let head = state.head().seq;
        if head <= hook.seen {
            return Ok(false);
        }
        let ledger = projects.ledger();
        let room = limits::WEBHOOK_WAITING.saturating_sub(ledger.waiting(hook.id)?);
        if room == 0 {
            return Ok(false);
        }
        let (mut seen, mut fresh, mut damage) = (hook.seen, Vec::new(), None);
        ledger.each_entry(hook.project, hook.seen, |line| {
            let entry = match Entry::read(line) {
                Ok(entry) if entry.seq() <= head => entry,
                // Appended since: the state does not know it yet.
                Ok(_) => return false,
                Err(error) => {
                    damage = Some(error.to_string());
                    return false;
                }
            };
            seen = entry.seq();
            let told = payload::messages(&state, &entry);
            fresh.extend(told.into_iter().filter(|message| message.is_for(hook)));
            fresh.len() < room && seen - hook.seen < ENTRIES
        })?;
        if let Some(what) = damage {
            let project = hook.project;
            return Err(Error::Damaged { project, what });
        }
        let fresh = fresh
            .into_iter()
            .map(|message| {
                Ok(NewDelivery {
                    id: protocol::webhooks::DeliveryId(draw()?),
                    webhook: hook.id,
                    message: message.id(hook.id),
                    kind: message.kind,
                    seq: Some(message.seq),
                    body: message.body,
                    made_at: now,
                    replays: None,
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let mut hooks = self.hooks.lock();
        // Changed or removed meanwhile: looked at anew, as it is now.
        let Some(known) = hooks.iter_mut().find(|known| **known == *hook) else {
            return Ok(true);
        };
        ledger.take_up(hook, seen, &fresh)?;
        known.seen = seen;
        Ok(seen < head)
    }

    /// One attempt, written down.
    async fn fly(self: &Arc<Self>, registry: &Registry, hook: &Hook, due: &Due) {
        let (attempt, outcome) = self.attempt(hook, due).await;
        // Never the address: it may hold what only the receiver should know.
        tracing::info!(
            webhook = %hook.id, delivery = %due.id, attempts = due.attempts + 1,
            status = attempt.status, outcome = ?outcome, "a webhook was tried"
        );
        registry.inner.counts.tried(outcome);
        let written = Written {
            due: due.clone(),
            attempt,
            outcome,
        };
        // What can't be written down would be sent again at once: it is held until it can.
        loop {
            let written = written.clone();
            let wrote = registry
                .blocking(move |projects| {
                    let Written {
                        due,
                        attempt,
                        outcome,
                    } = &written;
                    projects.ledger().record_attempt(due, attempt, *outcome)
                })
                .await;
            let Err(error) = wrote else { break };
            tracing::warn!(%error, "a webhook's delivery could not be written down");
            let again = self.options.clock.now().plus(AFTER_TROUBLE);
            self.options.clock.until(again).await;
        }
        if outcome == Outcome::Gone {
            self.stop(registry, hook.id).await;
        }
    }

    /// Switches a webhook off whose receiver wants nothing more.
    async fn stop(self: &Arc<Self>, registry: &Registry, id: WebhookId) {
        let this = Arc::clone(self);
        let wrote = registry
            .blocking(move |projects| {
                let mut hooks = this.hooks.lock();
                let Some(hook) = hooks.iter_mut().find(|hook| hook.id == id) else {
                    return Ok(());
                };
                hook.enabled = false;
                hook.stopped = Some("the receiver answered 410: it wants nothing more".to_owned());
                projects.ledger().put_webhook(hook)
            })
            .await;
        if let Err(error) = wrote {
            // Off until the next start; the receiver says it again then.
            tracing::warn!(%error, webhook = %id, "a webhook could not be switched off for good");
        }
    }
}

#[derive(Clone)]
struct Written {
    due: Due,
    attempt: Attempt,
    outcome: Outcome,
}

async fn until(clock: &dyn super::schedule::Clock, at: Option<Millis>) {
    match at {
        Some(at) => clock.until(at).await,
        None => std::future::pending().await,
    }
}
