//! What keys were used for: asked when somebody looks, never by syncing.

use super::calls::{SMALL, SMALL_BYTES};
use super::{Client, ClientError, body};
use domain::ProjectId;
use protocol::keys::KeyUses;
use protocol::paths;
use reqwest::Method;

impl Client {
    /// When the project's keys were last used.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn key_uses(&self, project: ProjectId) -> Result<KeyUses, ClientError> {
        let request = self.request(Method::GET, &paths::keys(project))?;
        let response = self.send(request.timeout(SMALL)).await?;
        body::json(response, SMALL_BYTES * 16, SMALL).await
    }
}
