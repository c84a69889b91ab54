//! Providers: this machine's settings of who answers. Keys are in the keychain, bound to the
//! origin they were saved for.

use crate::secrets::Secret;
use crate::views::{KeyState, ProviderCard, ProviderKind, ProviderSettings, Purpose};
use crate::{Error, Workbench, locked};
use evals::CallLimits;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where the limits stand beside a provider's other settings.
const LIMITS: &str = "limits";

impl Workbench {
    /// Adds a provider, or changes the one of this name.
    ///
    /// # Errors
    /// The address can't be used.
    pub async fn save_provider(&self, settings: ProviderSettings) -> Result<ProviderCard, Error> {
        domain::names::check_flat(&settings.name).map_err(|error| {
            Error::invalid(format!("the provider can't be called that: {error}"))
        })?;
        evals::origin_of(&settings.address).map_err(|error| Error::invalid(error.to_string()))?;
        let row = store::Provider {
            name: settings.name.trim().to_owned(),
            kind: match settings.kind {
                ProviderKind::Openai => "openai".to_owned(),
                ProviderKind::Anthropic => "anthropic".to_owned(),
                ProviderKind::Google => "google".to_owned(),
            },
            address: settings.address.trim().trim_end_matches('/').to_owned(),
            model: settings.model.trim().to_owned(),
            purpose: match settings.purpose {
                Purpose::Trying => "trying".to_owned(),
                Purpose::Ci => "ci".to_owned(),
                Purpose::Production => "production".to_owned(),
            },
            rest: limits_kept(&settings.limits)?,
        };
        self.store().save_provider(&row)?;
        // Runs that go on hear of it at once.
        if let Some(line) = locked(&self.inner.lines).get(&row.name) {
            line.limit(settings.limits);
        }
        Ok(self.provider_card(&row, 0))
    }

    /// Forgets a provider and its key.
    ///
    /// # Errors
    /// The keychain can't be used.
    pub async fn remove_provider(&self, name: String) -> Result<(), Error> {
        if let Some(row) = self.provider(&name)? {
            self.secrets().forget(&key_name(&row))?;
        }
        self.store().remove_provider(&name)?;
        Ok(())
    }

    /// Puts a provider's key into the keychain. It is never read back into the window.
    ///
    /// # Errors
    /// There is no keychain or no such provider.
    pub async fn set_provider_key(&self, name: String, key: Secret) -> Result<(), Error> {
        let row = self
            .provider(&name)?
            .ok_or_else(|| Error::not_found("there is no provider of this name"))?;
        if key.reveal().trim().is_empty() {
            self.secrets().forget(&key_name(&row))?;
            return Ok(());
        }
        self.secrets()
            .keep(&key_name(&row), &Secret::new(key.reveal().trim()))?;
        Ok(())
    }

    /// Every provider of this machine.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub fn providers(&self) -> Result<Vec<ProviderCard>, Error> {
        Ok(self
            .store()
            .providers()?
            .iter()
            .map(|row| self.provider_card(row, 0))
            .collect())
    }

    pub(crate) fn provider(&self, name: &str) -> Result<Option<store::Provider>, Error> {
        Ok(self
            .store()
            .providers()?
            .into_iter()
            .find(|row| row.name == name))
    }

    /// The key of a provider for a call that is made now.
    pub(crate) fn provider_key(&self, row: &store::Provider) -> Result<Option<Secret>, Error> {
        match self.secrets().find(&key_name(row)) {
            Ok(found) => Ok(found),
            // A provider on this computer usually needs none.
            Err(_) if is_loopback(&row.address) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn provider_card(&self, row: &store::Provider, used: usize) -> ProviderCard {
        let has_key = self.secrets().find(&key_name(row)).ok().flatten().is_some();
        ProviderCard {
            name: row.name.clone(),
            kind: match row.kind.as_str() {
                "anthropic" => ProviderKind::Anthropic,
                "google" => ProviderKind::Google,
                _ => ProviderKind::Openai,
            },
            address: row.address.clone(),
            model: row.model.clone(),
            key: match (has_key, is_loopback(&row.address)) {
                (true, _) => KeyState::InKeychain,
                (false, true) => KeyState::NotNeeded,
                (false, false) => KeyState::None,
            },
            origin: evals::origin_of(&row.address).unwrap_or_default(),
            purpose: match row.purpose.as_str() {
                "production" => Purpose::Production,
                "ci" => Purpose::Ci,
                _ => Purpose::Trying,
            },
            limits: limits_of(row),
            used_words: match used {
                0 => String::new(),
                n => format!("used by {}", crate::words::count(n, "prompt", "prompts")),
            },
        }
    }
}

/// What a provider may be asked at most.
pub(crate) fn limits_of(row: &store::Provider) -> CallLimits {
    let limits = row.rest.get(LIMITS).cloned();
    limits
        .and_then(|limits| serde_json::from_value(limits).ok())
        .unwrap_or_default()
}

fn limits_kept(limits: &CallLimits) -> Result<BTreeMap<String, Value>, Error> {
    let all = [
        limits.requests_a_minute,
        limits.tokens_a_minute,
        limits.at_once,
    ];
    if all.contains(&Some(0)) {
        return Err(Error::invalid(
            "a limit of 0 would let nothing through: leave it empty for no limit",
        ));
    }
    let json = serde_json::to_value(limits).map_err(|error| Error::invalid(error.to_string()))?;
    Ok(BTreeMap::from([(LIMITS.to_owned(), json)]))
}

// The origin is part of the name: a key is never sent to an address it was not saved for.
fn key_name(row: &store::Provider) -> String {
    let origin = evals::origin_of(&row.address).unwrap_or_else(|_| row.address.clone());
    format!("provider {} at {origin}", row.name)
}

fn is_loopback(address: &str) -> bool {
    ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|start| address.starts_with(start))
}
