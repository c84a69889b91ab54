//! Environment keys: made on this device, copied once, shown nowhere.

use crate::secrets::{Secret, random_32};
use crate::trying::day;
use crate::views::{KeyUseRow, KeyUsesView};
use crate::{Error, Workbench, words};
use domain::ledger::{Body, KeyHash};
use domain::{EnvironmentId, KeyId, Millis, ProjectId};
use protocol::token::{Kind, Token};
use sync::SyncError;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A key that was just made, with its secret. Whoever holds it copies it once and drops it.
#[derive(Debug)]
pub struct NewKey {
    /// The public half.
    pub id: KeyId,
    /// The secret.
    pub secret: Secret,
    /// While the registry does not have it: that it opens nothing yet.
    pub not_yet: Option<String>,
}

impl Workbench {
    /// Makes a key with which applications read one environment.
    ///
    /// # Errors
    /// Only an admin may; there is no keychain to sign with.
    pub async fn create_key(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        name: String,
        expires_days: Option<u32>,
    ) -> Result<NewKey, Error> {
        let name = domain::names::tidy(&name);
        self.make_key(project, expires_days, |hash, expires| {
            Body::IssueEnvironmentKey {
                environment,
                name,
                hash,
                expires,
            }
        })
        .await
    }

    /// Makes a key in place of another, which goes on opening for some days.
    ///
    /// # Errors
    /// As for [`Self::create_key`]; the key opens nothing any more or was replaced already.
    pub async fn rotate_key(
        &self,
        project: ProjectId,
        key: KeyId,
        overlap_days: u32,
        expires_days: Option<u32>,
    ) -> Result<NewKey, Error> {
        let overlap = i64::from(overlap_days) * DAY;
        self.make_key(project, expires_days, |hash, expires| {
            Body::RotateEnvironmentKey {
                key,
                hash,
                expires,
                overlap,
            }
        })
        .await
    }

    /// Draws a key and sends the command that makes it known; the key's id is the command's.
    async fn make_key(
        &self,
        project: ProjectId,
        expires_days: Option<u32>,
        body: impl FnOnce(KeyHash, Option<Millis>) -> Body,
    ) -> Result<NewKey, Error> {
        let mut act = self.act(project)?;
        let id = act.next_id()?;
        let token = Token::new(Kind::Environment, KeyId::from(id), random_32()?);
        let expires = expires_days.map(|days| self.now().plus(i64::from(days) * DAY));
        act.command_with(id, body(token.hash(), expires))?;
        let accepted = act.send().await?;
        Ok(NewKey {
            id: token.id,
            secret: Secret::new(token.reveal()),
            not_yet: self.not_yet(project, accepted),
        })
    }

    /// When keys were last used, as the registry knows it now, and for admins which asked for an
    /// environment that is not theirs.
    ///
    /// # Errors
    /// The project is not on this computer. A registry that can't be asked is no error: the answer
    /// says so.
    pub async fn key_uses(&self, project: ProjectId) -> Result<KeyUsesView, Error> {
        let reading = self.reading(project)?;
        let now = self.now();
        let asked = match self.session(project).await {
            Ok(session) => session.engine.link().client.key_uses(project).await,
            Err(error) => return Ok(unknown(&error)),
        };
        let uses = match asked {
            Ok(uses) => uses,
            Err(error) => return Ok(unknown(&Error::Sync(SyncError::from(error)))),
        };
        let rows = uses.keys.into_iter().map(|one| KeyUseRow {
            id: one.key,
            last_used: one.last_used,
            strayed: one
                .strayed
                .iter()
                .map(|strayed| {
                    format!(
                        "It asked for {} {}, last {}, and was refused",
                        words::environment(&reading.ahead, strayed.environment),
                        times(strayed.times),
                        day(strayed.last, now),
                    )
                })
                .collect(),
        });
        Ok(KeyUsesView {
            note: None,
            rows: rows.collect(),
        })
    }

    /// What to say of a secret that the registry does not know.
    pub(crate) fn not_yet(&self, project: ProjectId, accepted: bool) -> Option<String> {
        if accepted {
            return None;
        }
        let note = self.store().known_project(project).ok()?.sync;
        let why = match (note.problem, note.offline_since) {
            (Some(problem), _) => format!("{problem} "),
            (None, Some(_)) => "The registry can't be reached. ".to_owned(),
            (None, None) => String::new(),
        };
        Some(format!(
            "{why}It opens nothing yet: it waits in the outbox, and works once the registry has it."
        ))
    }

    /// Ends a key or token.
    ///
    /// # Errors
    /// It is ended already; only an admin may end other people's.
    pub async fn revoke_key(&self, project: ProjectId, key: KeyId) -> Result<(), Error> {
        self.one(project, Body::RevokeKey { key }).await
    }
}

fn unknown(error: &Error) -> KeyUsesView {
    KeyUsesView {
        note: Some(format!("When keys were last used is not known: {error}")),
        rows: Vec::new(),
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}
