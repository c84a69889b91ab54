//! Webhooks: telling other programs what happened in a project, by the Standard Webhooks scheme.
//!
//! * [`Webhooks`] holds the definitions, and what an admin may do with them.
//! * [`payload`] says what an entry tells; `worker` takes it up from the ledger and sees that it
//!   is delivered; `sending` makes one attempt, signed; [`schedule`] says when the next is due.
//! * [`address`] is the rule of where a connection may go, [`resolver`] the place that keeps it.
//! * [`secrets`] is the one file that holds what signs.
//!
//! Nothing of it is in a ledger: where a team's chat listens is the operator's plumbing, not the
//! project's history. Nothing of it holds up a command: the queue is the ledger itself, and each
//! webhook remembers the last entry that was looked at for it.

pub mod address;
mod options;
pub mod payload;
pub mod resolver;
pub mod schedule;
pub mod secrets;
mod sending;
mod worker;

pub use options::WebhookOptions;
pub use sending::Outcome;

use crate::projects::Projects;
use crate::{Error, limits};
use domain::{EnvironmentId, Millis, PersonId, Project, ProjectId};
use parking_lot::Mutex;
use protocol::webhooks::{
    ChangeWebhook, Deliveries, Delivery, DeliveryId, MadeWebhook, NewWebhook, Webhook, WebhookId,
    WebhookKind,
};
use std::sync::OnceLock;
use uuid::Uuid;

/// A webhook as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// Its id.
    pub id: WebhookId,
    /// Of which project.
    pub project: ProjectId,
    /// Where to deliver.
    pub url: String,
    /// What to deliver.
    pub kinds: Vec<WebhookKind>,
    /// About which environments; empty: any.
    pub environments: Vec<EnvironmentId>,
    /// Whether to deliver at all.
    pub enabled: bool,
    /// Why it was switched off, where nobody did.
    pub stopped: Option<String>,
    /// Who made it.
    pub made_by: PersonId,
    /// When.
    pub made_at: Millis,
    /// The last entry that was looked at for it.
    pub seen: u64,
}

/// Something to deliver, new.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// What the receiver knows it by.
    pub message: String,
    /// What happened.
    pub kind: WebhookKind,
    /// The entry that tells it.
    pub seq: Option<u64>,
    /// What is sent.
    pub body: String,
    /// Now.
    pub made_at: Millis,
    /// The delivery that this repeats.
    pub replays: Option<DeliveryId>,
}

/// Something that is to be tried now.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its place in the file.
    pub number: i64,
    /// Its id.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// What the receiver knows it by.
    pub message: String,
    /// What is sent.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// Why something asked of webhooks was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// It makes no sense, in words.
    #[error("{0}")]
    Bad(String),
    /// There is no such webhook or delivery in this project.
    #[error("{0}")]
    NotFound(&'static str),
    /// More than is taken: what, and how many are.
    #[error("{0}; at most {1} are taken")]
    TooMany(&'static str, usize),
    /// The registry can't.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The webhooks of a registry.
#[derive(Debug)]
pub struct Webhooks {
    options: WebhookOptions,
    secrets: secrets::Secrets,
    roots: Option<Vec<u8>>,
    /// Made when it is first needed: certificates take a while to read, and a start must not.
    way_out: OnceLock<Result<resolver::WayOut, String>>,
    /// All of them. Whoever changes one in the file holds this meanwhile.
    hooks: Mutex<Vec<Hook>>,
    /// One worker at a time.
    working: tokio::sync::Mutex<()>,
}

impl Webhooks {
    /// The webhooks in a data file. Nothing is sent before somebody [serves](crate::Registry::serve).
    ///
    /// # Errors
    /// The file can't be read, or the extra certificates can't.
    pub fn open(ledger: &crate::sqlite::Sqlite, options: WebhookOptions) -> Result<Self, Error> {
        Ok(Self {
            secrets: secrets::Secrets::at(options.secrets.clone()),
            roots: options.read_roots()?,
            way_out: OnceLock::new(),
            hooks: Mutex::new(ledger.webhooks()?),
            working: tokio::sync::Mutex::default(),
            options,
        })
    }

    /// The webhooks of a project, the oldest first.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn list(&self, projects: &Projects, project: ProjectId) -> Result<Vec<Webhook>, NotDone> {
        let hooks: Vec<Hook> = self
            .hooks
            .lock()
            .iter()
            .filter(|hook| hook.project == project)
            .cloned()
            .collect();
        let known = self.secrets.known()?;
        hooks
            .into_iter()
            .map(|hook| {
                let has_secret = known.contains(&hook.id);
                self.shown(projects, hook, has_secret)
            })
            .collect()
    }

    /// Makes a webhook. What happens from now on is delivered to it.
    ///
    /// # Errors
    /// It makes no sense, there are too many, or a file can't be written: then there is none.
    pub fn make(
        &self,
        projects: &Projects,
        project: &Project,
        by: PersonId,
        new: NewWebhook,
    ) -> Result<MadeWebhook, NotDone> {
        let now = self.options.clock.now();
        let hook = Hook {
            id: WebhookId(draw()?),
            project: project.id().ok_or(NotDone::NotFound(NO_PROJECT))?,
            url: self.url(&new.url)?,
            kinds: kinds(new.kinds)?,
            environments: environments(project, new.environments)?,
            enabled: true,
            stopped: None,
            made_by: by,
            made_at: now,
            seen: project.head().seq,
        };
        let mut hooks = self.hooks.lock();
        let others = hooks.iter().filter(|other| other.project == hook.project);
        if others.count() >= limits::WEBHOOKS {
            return Err(NotDone::TooMany(
                "this project has too many webhooks; remove one first",
                limits::WEBHOOKS,
            ));
        }
        // The secret first: a webhook without one could sign nothing.
        let secret = self.secrets.draw(hook.id, now)?;
        if let Err(error) = projects.ledger().put_webhook(&hook) {
            let _ = self.secrets.forget(hook.id);
            return Err(error.into());
        }
        hooks.push(hook.clone());
        drop(hooks);
        tracing::info!(webhook = %hook.id, project = %hook.project, "a webhook was made");
        let webhook = self.shown(projects, hook, true)?;
        Ok(MadeWebhook { webhook, secret })
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// There is none, the change makes no sense, or a file can't be written: then it is as it was.
    pub fn change(
        &self,
        projects: &Projects,
        project: &Project,
        id: WebhookId,
        change: ChangeWebhook,
    ) -> Result<Webhook, NotDone> {
        let mut hooks = self.hooks.lock();
        let place = place_of(&hooks, project.id(), id)?;
        let mut hook = hooks[place].clone();
        if let Some(url) = change.url {
            hook.url = self.url(&url)?;
        }
        if let Some(chosen) = change.kinds {
            hook.kinds = kinds(chosen)?;
        }
        if let Some(chosen) = change.environments {
            hook.environments = environments(project, chosen)?;
        }
        if let Some(enabled) = change.enabled
            && enabled != hook.enabled
        {
            hook.enabled = enabled;
            hook.stopped = None;
            if enabled {
                // What happened while it was off is not told later.
                hook.seen = project.head().seq;
            }
        }
        projects.ledger().put_webhook(&hook)?;
        hooks[place] = hook.clone();
        drop(hooks);
        projects.grown.notify_one();
        self.shown_now(projects, hook)
    }

    /// Forgets a webhook, its log and its secret.
    ///
    /// # Errors
    /// There is none, or a file can't be written.
    pub fn remove(
        &self,
        projects: &Projects,
        project: ProjectId,
        id: WebhookId,
    ) -> Result<(), NotDone> {
        let mut hooks = self.hooks.lock();
        let place = place_of(&hooks, Some(project), id)?;
        projects.ledger().remove_webhook(id)?;
        hooks.remove(place);
        drop(hooks);
        self.secrets.forget(id)?;
        tracing::info!(webhook = %id, %project, "a webhook was removed");
        Ok(())
    }

    /// Draws another secret. The one before goes on signing beside it for a day.
    ///
    /// # Errors
    /// There is no such webhook, or the file can't be written.
    pub fn rotate(
        &self,
        projects: &Projects,
        project: ProjectId,
        id: WebhookId,
    ) -> Result<MadeWebhook, NotDone> {
        let hook = self.hook(project, id)?;
        let secret = self.secrets.draw(id, self.options.clock.now())?;
        tracing::info!(webhook = %id, %project, "a webhook has another secret");
        let webhook = self.shown(projects, hook, true)?;
        Ok(MadeWebhook { webhook, secret })
    }

    /// Sends a webhook something to try it.
    ///
    /// # Errors
    /// There is none, it is off, or too much waits for it.
    pub fn test(
        &self,
        projects: &Projects,
        project: &Project,
        by: PersonId,
        id: WebhookId,
    ) -> Result<Delivery, NotDone> {
        let now = self.options.clock.now();
        let delivery = DeliveryId(draw()?);
        let new = NewDelivery {
            id: delivery,
            webhook: id,
            message: format!("msg_{}", delivery.0.simple()),
            kind: WebhookKind::Test,
            seq: None,
            body: payload::test(project, by, now),
            made_at: now,
            replays: None,
        };
        let of = project.id().ok_or(NotDone::NotFound(NO_PROJECT))?;
        self.add(projects, of, &new)
    }

    /// Sends something once more, under the id by which the receiver knows it.
    ///
    /// # Errors
    /// There is no such delivery, the webhook is off, or too much waits for it.
    pub fn replay(
        &self,
        projects: &Projects,
        project: ProjectId,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Delivery, NotDone> {
        self.hook(project, id)?;
        let (found, body) = projects
            .ledger()
            .delivery(id, delivery)?
            .ok_or(NotDone::NotFound("there is no such delivery in the log"))?;
        let new = NewDelivery {
            id: DeliveryId(draw()?),
            webhook: id,
            message: found.message,
            kind: found.kind,
            seq: found.seq,
            body,
            made_at: self.options.clock.now(),
            replays: Some(delivery),
        };
        self.add(projects, project, &new)
    }

    /// What was sent to a webhook, the newest first.
    ///
    /// # Errors
    /// There is none, or the file can't be read.
    pub fn log(
        &self,
        projects: &Projects,
        project: ProjectId,
        id: WebhookId,
        before: Option<DeliveryId>,
    ) -> Result<Deliveries, NotDone> {
        self.hook(project, id)?;
        let page = limits::WEBHOOK_PAGE;
        let mut deliveries = projects.ledger().deliveries(id, before, page + 1)?;
        let more = deliveries.len() > page;
        deliveries.truncate(page);
        Ok(Deliveries { deliveries, more })
    }

    fn add(
        &self,
        projects: &Projects,
        project: ProjectId,
        new: &NewDelivery,
    ) -> Result<Delivery, NotDone> {
        let hooks = self.hooks.lock();
        let hook = &hooks[place_of(&hooks, Some(project), new.webhook)?];
        if !hook.enabled {
            return Err(NotDone::Bad(
                "this webhook is switched off; switch it on first".to_owned(),
            ));
        }
        if projects.ledger().waiting(hook.id)? >= limits::WEBHOOK_WAITING {
            return Err(NotDone::TooMany(
                "too many deliveries wait for this webhook",
                limits::WEBHOOK_WAITING,
            ));
        }
        projects.ledger().add_delivery(new)?;
        drop(hooks);
        projects.grown.notify_one();
        let found = projects.ledger().delivery(new.webhook, new.id)?;
        found
            .map(|(delivery, _)| delivery)
            .ok_or(NotDone::NotFound("the webhook was removed meanwhile"))
    }

    fn hook(&self, project: ProjectId, id: WebhookId) -> Result<Hook, NotDone> {
        let hooks = self.hooks.lock();
        Ok(hooks[place_of(&hooks, Some(project), id)?].clone())
    }

    fn shown_now(&self, projects: &Projects, hook: Hook) -> Result<Webhook, NotDone> {
        let has_secret = self.secrets.known()?.contains(&hook.id);
        self.shown(projects, hook, has_secret)
    }

    fn shown(&self, projects: &Projects, hook: Hook, has_secret: bool) -> Result<Webhook, NotDone> {
        let waiting = projects.ledger().waiting(hook.id)?;
        Ok(Webhook {
            waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            last: projects.ledger().last_tried(hook.id)?,
            id: hook.id,
            url: hook.url,
            kinds: hook.kinds,
            environments: hook.environments,
            enabled: hook.enabled,
            stopped: hook.stopped,
            made_by: hook.made_by,
            made_at: hook.made_at,
            has_secret,
        })
    }

    fn way_out(&self) -> Result<&resolver::WayOut, String> {
        let made = self.way_out.get_or_init(|| {
            let Self { options, roots, .. } = self;
            resolver::WayOut::new(
                &options.lookup,
                options.allow_private,
                options.patience,
                roots.as_deref(),
            )
            .map_err(|error| {
                tracing::error!(%error, "webhooks can't be sent from here");
                "the registry can't send from where it runs; tell its operator".to_owned()
            })
        });
        made.as_ref().map_err(Clone::clone)
    }

    fn url(&self, text: &str) -> Result<String, NotDone> {
        address::read(text, self.options.allow_private)
            .map(String::from)
            .map_err(|words| NotDone::Bad(words.to_owned()))
    }
}

const NO_PROJECT: &str = "there is no such project here";

fn place_of(hooks: &[Hook], project: Option<ProjectId>, id: WebhookId) -> Result<usize, NotDone> {
    hooks
        .iter()
        .position(|hook| hook.id == id && Some(hook.project) == project)
        .ok_or(NotDone::NotFound(
            "there is no such webhook in this project",
        ))
}

fn kinds(mut chosen: Vec<WebhookKind>) -> Result<Vec<WebhookKind>, NotDone> {
    chosen.sort_unstable();
    chosen.dedup();
    if chosen.is_empty() {
        return Err(NotDone::Bad(
            "choose what to send: at least one kind".to_owned(),
        ));
    }
    if chosen.contains(&WebhookKind::Test) {
        return Err(NotDone::Bad(
            "a test is sent when somebody asks for it; it can't be chosen".to_owned(),
        ));
    }
    Ok(chosen)
}

fn environments(
    project: &Project,
    mut chosen: Vec<EnvironmentId>,
) -> Result<Vec<EnvironmentId>, NotDone> {
    chosen.sort_unstable();
    chosen.dedup();
    match chosen.iter().find(|id| project.environment(**id).is_none()) {
        Some(_) => Err(NotDone::Bad(
            "one of these environments is not in this project".to_owned(),
        )),
        None => Ok(chosen),
    }
}

fn draw() -> Result<Uuid, Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(Uuid::from_bytes(bits))
}
