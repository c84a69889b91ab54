//! Environment keys and personal tokens. No key exists that members can't see.

use super::{Case, flat_name};
use crate::ledger::{Event, KeyHash};
use crate::{EnvironmentId, KeyId, Millis, Refusal};

impl Case<'_> {
    pub(super) fn issue_environment_key(
        &self,
        environment: EnvironmentId,
        name: &str,
        hash: KeyHash,
        expires: Option<Millis>,
    ) -> Result<Vec<Event>, Refusal> {
        self.active_environment(environment)?;
        flat_name("the key", name)?;
        self.check_expiry(expires)?;
        self.new_secret(&hash)?;
        let (key, name) = (KeyId::from(self.id), name.to_owned());
        Ok(vec![Event::EnvironmentKeyIssued {
            key,
            environment,
            name,
            hash,
            expires,
        }])
    }

    pub(super) fn issue_token(
        &self,
        name: &str,
        hash: KeyHash,
        expires: Option<Millis>,
    ) -> Result<Vec<Event>, Refusal> {
        flat_name("the token", name)?;
        self.check_expiry(expires)?;
        self.new_secret(&hash)?;
        let person = self.actor()?.id;
        let (key, name) = (KeyId::from(self.id), name.to_owned());
        Ok(vec![Event::TokenIssued {
            key,
            person,
            name,
            hash,
            expires,
        }])
    }

    pub(super) fn revoke_key(&self, id: KeyId) -> Result<Vec<Event>, Refusal> {
        let key = self
            .project
            .key(id)
            .ok_or_else(|| Refusal::not_found("the key"))?;
        if key.revoked.is_some() {
            return Err(Refusal::invalid("this key is revoked already"));
        }
        Ok(vec![Event::KeyRevoked { key: id }])
    }

    // Every member can read the hashes. Who could give a key the hash of another would choose what
    // the other's secret opens, or end it.
    pub(super) fn new_secret(&self, hash: &KeyHash) -> Result<(), Refusal> {
        if self.project.secrets.contains(hash) {
            return Err(Refusal::invalid(
                "this secret was used before; every key, token and invitation needs a new one",
            ));
        }
        Ok(())
    }

    fn check_expiry(&self, expires: Option<Millis>) -> Result<(), Refusal> {
        if expires.is_some_and(|end| end <= self.now) {
            return Err(Refusal::invalid("the key would have ended already"));
        }
        Ok(())
    }
}
