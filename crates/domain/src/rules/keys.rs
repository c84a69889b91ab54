//! Environment keys and personal tokens. No key exists that members can't see.

use super::{Case, flat_name};
use crate::ledger::{Event, KeyHash};
use crate::project::KeyKind;
use crate::{EnvironmentId, KeyId, Millis, Refusal, limits};

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

    pub(super) fn rotate_environment_key(
        &self,
        replaces: KeyId,
        hash: KeyHash,
        expires: Option<Millis>,
        overlap: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let before = self
            .project
            .key(replaces)
            .ok_or_else(|| Refusal::not_found("the key"))?;
        let KeyKind::Environment(environment) = before.kind else {
            return Err(Refusal::invalid(
                "only an application's key is replaced; make another token, and revoke this one",
            ));
        };
        self.active_environment(environment)?;
        // A second successor would leave two keys that both are "the new one".
        if before.replaced.is_some() {
            return Err(Refusal::invalid(
                "another key took its place already; replace that one",
            ));
        }
        if !before.is_open(self.now) {
            return Err(Refusal::invalid(
                "this key opens nothing any more; make a new one",
            ));
        }
        if !(0..=limits::OVERLAP_MILLIS).contains(&overlap) {
            return Err(Refusal::invalid(format!(
                "both keys work side by side for 0 to {} days",
                limits::OVERLAP_MILLIS / (24 * 60 * 60 * 1000)
            )));
        }
        self.check_expiry(expires)?;
        self.new_secret(&hash)?;
        let until = self.now.plus(overlap);
        Ok(vec![Event::EnvironmentKeyRotated {
            key: KeyId::from(self.id),
            replaces,
            hash,
            expires,
            // What was to end sooner still does.
            ends: before.expires.map_or(until, |end| end.min(until)),
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
