//! The calls on webhooks: an admin's, made when somebody asks for them, never by syncing.

use super::calls::{SMALL, SMALL_BYTES};
use super::{Client, ClientError, body};
use domain::ProjectId;
use protocol::paths;
use protocol::webhooks::{
    ChangeWebhook, Deliveries, Delivery, DeliveryId, MadeWebhook, NewWebhook, Webhook, WebhookId,
    Webhooks,
};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

/// A page of a log: fifty deliveries, each with the beginning of an answer.
const LOG_BYTES: usize = 1 << 20;

impl Client {
    /// The project's webhooks.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn webhooks(&self, project: ProjectId) -> Result<Webhooks, ClientError> {
        let request = self.request(Method::GET, &paths::webhooks(project))?;
        self.answered(request).await
    }

    /// Makes a webhook. The answer holds its secret, this once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn make_webhook(
        &self,
        project: ProjectId,
        new: &NewWebhook,
    ) -> Result<MadeWebhook, ClientError> {
        let request = self.request(Method::POST, &paths::webhooks(project))?;
        self.answered(request.json(new)).await
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn change_webhook(
        &self,
        project: ProjectId,
        id: WebhookId,
        change: &ChangeWebhook,
    ) -> Result<Webhook, ClientError> {
        let request = self.request(Method::PATCH, &paths::webhook(project, id))?;
        self.answered(request.json(change)).await
    }

    /// Forgets a webhook.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn remove_webhook(
        &self,
        project: ProjectId,
        id: WebhookId,
    ) -> Result<(), ClientError> {
        let request = self.request(Method::DELETE, &paths::webhook(project, id))?;
        self.send(request.timeout(SMALL)).await.map(drop)
    }

    /// Draws another secret for a webhook. The answer holds it, this once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn rotate_webhook(
        &self,
        project: ProjectId,
        id: WebhookId,
    ) -> Result<MadeWebhook, ClientError> {
        let request = self.request(Method::POST, &paths::webhook_secret(project, id))?;
        self.answered(request).await
    }

    /// Sends a webhook something to try it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn test_webhook(
        &self,
        project: ProjectId,
        id: WebhookId,
    ) -> Result<Delivery, ClientError> {
        let request = self.request(Method::POST, &paths::webhook_test(project, id))?;
        self.answered(request).await
    }

    /// What was sent to a webhook, the newest first; only what is older than `before`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn deliveries(
        &self,
        project: ProjectId,
        id: WebhookId,
        before: Option<DeliveryId>,
    ) -> Result<Deliveries, ClientError> {
        let path = paths::deliveries(project, id, before);
        let response = self.send(self.request(Method::GET, &path)?).await?;
        body::json(response, LOG_BYTES, SMALL).await
    }

    /// Sends something once more.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn replay(
        &self,
        project: ProjectId,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Delivery, ClientError> {
        let request = self.request(Method::POST, &paths::replay(project, id, delivery))?;
        self.answered(request).await
    }

    async fn answered<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, ClientError> {
        let response = self.send(request.timeout(SMALL)).await?;
        body::json(response, SMALL_BYTES * 4, SMALL).await
    }
}
