//! Webhooks: telling other programs what happens. They are the registry's own: nothing of them is
//! in the ledger or in this computer's file, and without the registry there is nothing to show.

use crate::reading::Reading;
use crate::secrets::Secret;
use crate::views::{
    DeliveryLog, DeliveryProgress, DeliveryRow, PersonRole, WebhookChoice, WebhookDraft,
    WebhookHealth, WebhookRow, WebhooksView,
};
use crate::{Error, Workbench, words};
use domain::{EnvironmentId, ProjectId};
use protocol::webhooks::{
    ChangeWebhook, Delivery, DeliveryId, DeliveryState, MadeWebhook, NewWebhook as Asked, Webhook,
    WebhookId, WebhookKind,
};
use std::time::Duration;
use store::Place;
use sync::{Client, ClientError, SyncError};

/// How long to look for what came of something that was sent.
const LOOK: Duration = Duration::from_millis(250);
const LOOKS: u32 = 80;

/// A webhook's new secret. Whoever holds it copies it once and drops it.
#[derive(Debug)]
pub struct NewWebhook {
    /// The webhook.
    pub row: WebhookRow,
    /// What signs: `whsec_…`.
    pub secret: Secret,
}

impl Workbench {
    /// The webhooks of a project.
    ///
    /// # Errors
    /// The registry can't be reached.
    pub async fn webhooks(&self, project: ProjectId) -> Result<WebhooksView, Error> {
        let reading = self.reading(project)?;
        let choices = WebhookKind::CHOICES.map(|kind| WebhookChoice {
            key: kind.as_str().to_owned(),
            words: kind_words(kind).to_owned(),
        });
        let view = |note: Option<&str>, webhooks| WebhooksView {
            note: note.map(str::to_owned),
            choices: choices.to_vec(),
            webhooks,
        };
        if let Some(note) = self.no_webhooks(project, &reading)? {
            return Ok(view(Some(note), Vec::new()));
        }
        let client = self.hooks_client(project).await?;
        let listed = client.webhooks(project).await.map_err(failed)?;
        let rows = listed.webhooks.into_iter().map(|one| row(&reading, one));
        Ok(view(None, rows.collect()))
    }

    /// Makes a webhook. The answer holds its secret, once.
    ///
    /// # Errors
    /// Only an admin may; the registry refuses the address, or can't be reached.
    pub async fn make_webhook(
        &self,
        project: ProjectId,
        draft: WebhookDraft,
    ) -> Result<NewWebhook, Error> {
        let reading = self.may_hook(project)?;
        let asked = Asked {
            url: draft.url,
            kinds: kinds(&draft.kinds)?,
            environments: draft.environments,
        };
        let client = self.hooks_client(project).await?;
        let made = client.make_webhook(project, &asked).await;
        Ok(new(&reading, made.map_err(failed)?))
    }

    /// Changes where a webhook leads, and what is sent.
    ///
    /// # Errors
    /// As for [`Self::make_webhook`].
    pub async fn change_webhook(
        &self,
        project: ProjectId,
        webhook: String,
        draft: WebhookDraft,
    ) -> Result<WebhookRow, Error> {
        let change = ChangeWebhook {
            url: Some(draft.url),
            kinds: Some(kinds(&draft.kinds)?),
            environments: Some(draft.environments),
            enabled: None,
        };
        self.with_change(project, &webhook, change).await
    }

    /// Switches a webhook on or off. What happens while it is off is not sent later.
    ///
    /// # Errors
    /// As for [`Self::make_webhook`].
    pub async fn switch_webhook(
        &self,
        project: ProjectId,
        webhook: String,
        on: bool,
    ) -> Result<WebhookRow, Error> {
        let change = ChangeWebhook {
            enabled: Some(on),
            ..ChangeWebhook::default()
        };
        self.with_change(project, &webhook, change).await
    }

    /// Draws another secret for a webhook. The answer holds it, once; the one before goes on
    /// signing beside it for a day.
    ///
    /// # Errors
    /// As for [`Self::make_webhook`].
    pub async fn rotate_webhook(
        &self,
        project: ProjectId,
        webhook: String,
    ) -> Result<NewWebhook, Error> {
        let reading = self.may_hook(project)?;
        let client = self.hooks_client(project).await?;
        let made = client.rotate_webhook(project, id(&webhook)?).await;
        Ok(new(&reading, made.map_err(failed)?))
    }

    /// Forgets a webhook and its log.
    ///
    /// # Errors
    /// As for [`Self::make_webhook`].
    pub async fn remove_webhook(&self, project: ProjectId, webhook: String) -> Result<(), Error> {
        self.may_hook(project)?;
        let client = self.hooks_client(project).await?;
        let removed = client.remove_webhook(project, id(&webhook)?).await;
        removed.map_err(failed)
    }

    /// Sends a webhook something to try it, and waits a while for what comes of it.
    ///
    /// # Errors
    /// It is switched off; otherwise as for [`Self::make_webhook`].
    pub async fn test_webhook(
        &self,
        project: ProjectId,
        webhook: String,
    ) -> Result<DeliveryRow, Error> {
        self.may_hook(project)?;
        let client = self.hooks_client(project).await?;
        let id = id(&webhook)?;
        let sent = client.test_webhook(project, id).await.map_err(failed)?;
        self.outcome(&client, project, id, sent).await
    }

    /// Sends something once more, and waits a while for what comes of it.
    ///
    /// # Errors
    /// It is in the log no more; otherwise as for [`Self::test_webhook`].
    pub async fn replay_webhook(
        &self,
        project: ProjectId,
        webhook: String,
        delivery: String,
    ) -> Result<DeliveryRow, Error> {
        self.may_hook(project)?;
        let client = self.hooks_client(project).await?;
        let (id, delivery) = (id(&webhook)?, delivery_id(&delivery)?);
        let sent = client.replay(project, id, delivery).await.map_err(failed)?;
        self.outcome(&client, project, id, sent).await
    }

    /// What was sent to a webhook, the newest first; only what is older than `before`.
    ///
    /// # Errors
    /// As for [`Self::make_webhook`].
    pub async fn webhook_log(
        &self,
        project: ProjectId,
        webhook: String,
        before: Option<String>,
    ) -> Result<DeliveryLog, Error> {
        self.may_hook(project)?;
        let before = before.as_deref().map(delivery_id).transpose()?;
        let client = self.hooks_client(project).await?;
        let page = client.deliveries(project, id(&webhook)?, before).await;
        let page = page.map_err(failed)?;
        Ok(DeliveryLog {
            deliveries: page.deliveries.into_iter().map(delivery_row).collect(),
            more: page.more,
        })
    }

    async fn with_change(
        &self,
        project: ProjectId,
        webhook: &str,
        change: ChangeWebhook,
    ) -> Result<WebhookRow, Error> {
        let reading = self.may_hook(project)?;
        let client = self.hooks_client(project).await?;
        let changed = client.change_webhook(project, id(webhook)?, &change).await;
        Ok(row(&reading, changed.map_err(failed)?))
    }

    // What was sent as it stands after its first attempt, or after a while.
    async fn outcome(
        &self,
        client: &Client,
        project: ProjectId,
        webhook: WebhookId,
        sent: Delivery,
    ) -> Result<DeliveryRow, Error> {
        let mut now = sent;
        for _ in 0..LOOKS {
            if now.attempts > 0 {
                break;
            }
            tokio::time::sleep(LOOK).await;
            let page = client.deliveries(project, webhook, None).await;
            let found = page.map_err(failed)?.deliveries.into_iter();
            // Not in the newest page any more: it stays as it was seen.
            now = found
                .into_iter()
                .find(|one| one.id == now.id)
                .unwrap_or(now);
        }
        Ok(delivery_row(now))
    }

    async fn hooks_client(&self, project: ProjectId) -> Result<Client, Error> {
        Ok(self.session(project).await?.engine.link().client.clone())
    }

    fn may_hook(&self, project: ProjectId) -> Result<Reading, Error> {
        let reading = self.reading(project)?;
        match self.no_webhooks(project, &reading)? {
            Some(note) => Err(Error::invalid(note)),
            None => Ok(reading),
        }
    }

    fn no_webhooks(
        &self,
        project: ProjectId,
        reading: &Reading,
    ) -> Result<Option<&'static str>, Error> {
        let known = self.store().known_project(project)?;
        if known.place == Place::ThisComputer {
            return Ok(Some(
                "This project is on this computer only. Webhooks are sent by a team's registry: share the project with a team first.",
            ));
        }
        if reading.me().role != PersonRole::Admin {
            return Ok(Some(
                "Admins look after the webhooks of this project. Ask one of them.",
            ));
        }
        Ok(None)
    }
}

fn failed(error: ClientError) -> Error {
    Error::Sync(SyncError::from(error))
}

fn id(text: &str) -> Result<WebhookId, Error> {
    text.parse()
        .map_err(|_| Error::not_found("there is no such webhook"))
}

fn delivery_id(text: &str) -> Result<DeliveryId, Error> {
    text.parse()
        .map_err(|_| Error::not_found("there is no such delivery"))
}

fn kinds(chosen: &[String]) -> Result<Vec<WebhookKind>, Error> {
    chosen
        .iter()
        .map(|text| {
            WebhookKind::choice(text).ok_or_else(|| {
                let all = WebhookKind::CHOICES.map(WebhookKind::as_str);
                Error::invalid(format!(
                    "{text} is nothing that is sent; choose from {}",
                    all.join(", ")
                ))
            })
        })
        .collect()
}

fn kind_words(kind: WebhookKind) -> &'static str {
    match kind {
        WebhookKind::RequestOpened => "a release was asked for",
        WebhookKind::RequestChanged => "a request changed or was taken back",
        WebhookKind::VerdictGiven => "a verdict was given",
        WebhookKind::ReleaseMade => "a release was made",
        WebhookKind::ReleaseReverted => "a release was reverted",
        WebhookKind::VersionSaved => "a version was saved",
        WebhookKind::Test => "a test",
    }
}

fn new(reading: &Reading, made: MadeWebhook) -> NewWebhook {
    NewWebhook {
        row: row(reading, made.webhook),
        secret: Secret::new(made.secret),
    }
}

fn row(reading: &Reading, hook: Webhook) -> WebhookRow {
    let (health, words) = health(&hook);
    let kind_words: Vec<String> = hook
        .kinds
        .iter()
        .map(|kind| kind_words(*kind).to_owned())
        .collect();
    WebhookRow {
        id: hook.id.to_string(),
        kinds: hook.kinds.iter().map(ToString::to_string).collect(),
        kind_words: match hook.kinds.len() == WebhookKind::CHOICES.len() {
            true => "everything".to_owned(),
            false => kind_words.join("; "),
        },
        environment_words: environments(reading, &hook.environments),
        environments: hook.environments,
        enabled: hook.enabled,
        health,
        words,
        last: hook.last.and_then(|last| Some(last.last?.at)),
        by: reading.person(hook.made_by),
        at: hook.made_at,
        url: hook.url,
    }
}

fn environments(reading: &Reading, chosen: &[EnvironmentId]) -> String {
    if chosen.is_empty() {
        return "every environment".to_owned();
    }
    let names: Vec<String> = chosen
        .iter()
        .map(|id| words::environment(&reading.ahead, *id))
        .collect();
    words::list(&names)
}

fn health(hook: &Webhook) -> (WebhookHealth, String) {
    let (health, mut told) = match (&hook.stopped, &hook.last) {
        _ if !hook.enabled => {
            let why = hook.stopped.as_ref().map(|why| format!(": {why}"));
            return (
                WebhookHealth::Off,
                format!("switched off{}", why.unwrap_or_default()),
            );
        }
        _ if !hook.has_secret => (
            WebhookHealth::Failing,
            "nothing can be sent: its secret is gone from the registry. Give it a new one"
                .to_owned(),
        ),
        (_, None) => (WebhookHealth::New, "nothing was sent yet".to_owned()),
        (_, Some(last)) => match last.last.as_ref().and_then(|last| last.error.as_ref()) {
            None => (WebhookHealth::Good, "the last delivery arrived".to_owned()),
            Some(error) => (
                WebhookHealth::Failing,
                format!("the last delivery did not arrive: {error}"),
            ),
        },
    };
    match hook.waiting {
        0 => {}
        1 => told.push_str("; 1 delivery waits"),
        several => told.push_str(&format!("; {several} deliveries wait")),
    }
    (health, told)
}

fn delivery_row(delivery: Delivery) -> DeliveryRow {
    let last = delivery.last.as_ref();
    let error = last.and_then(|last| last.error.clone());
    let status = last.and_then(|last| last.status);
    let times = match delivery.attempts {
        1 => "1 attempt".to_owned(),
        several => format!("{several} attempts"),
    };
    let (progress, words) = match (delivery.state, error) {
        (DeliveryState::Delivered, _) => (
            DeliveryProgress::Delivered,
            status.map_or("arrived".to_owned(), |status| {
                format!("arrived: it answered {status}")
            }),
        ),
        (DeliveryState::Waiting, None) => (DeliveryProgress::Waiting, "on its way".to_owned()),
        (DeliveryState::Waiting, Some(error)) => {
            (DeliveryProgress::Waiting, format!("{error} ({times})"))
        }
        (DeliveryState::GivenUp, error) => {
            let error = error.unwrap_or_else(|| "the webhook was switched off".to_owned());
            (
                DeliveryProgress::GivenUp,
                format!("given up after {times}: {error}"),
            )
        }
    };
    DeliveryRow {
        id: delivery.id.to_string(),
        kind: delivery.kind.to_string(),
        kind_words: kind_words(delivery.kind).to_owned(),
        message: delivery.message,
        at: delivery.made_at,
        progress,
        words,
        next: delivery.next_at,
        answer: delivery.last.map(|last| last.answer).unwrap_or_default(),
        again: delivery.replay_of.is_some(),
    }
}
