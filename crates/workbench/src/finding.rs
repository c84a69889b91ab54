//! Finding a model that runs on this computer already. Nothing is looked for unless a person wants to
//! know, and nowhere but here.

use crate::views::{FoundModel, OllamaFound, ProviderCard, ProviderKind, ProviderSettings};
use crate::{Error, Workbench, words};
use evals::ollama;

impl Workbench {
    /// Ollama on this computer, where it answers: at `OLLAMA_HOST` if that is this computer, else at its
    /// usual place.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub async fn find_ollama(&self) -> Result<Option<OllamaFound>, Error> {
        let told = std::env::var("OLLAMA_HOST").ok();
        let told = told.as_deref().and_then(ollama::address_of);
        self.find_ollama_at(told.unwrap_or_else(|| ollama::USUAL.to_owned()))
            .await
    }

    /// The same at one address of this computer.
    ///
    /// # Errors
    /// As above.
    pub async fn find_ollama_at(&self, address: String) -> Result<Option<OllamaFound>, Error> {
        let Some(models) = ollama::models_at(&address).await else {
            return Ok(None);
        };
        let base = format!("{}/v1", address.trim_end_matches('/'));
        let origin = evals::origin_of(&base).unwrap_or_default();
        let known = self.store().providers()?.into_iter().find(|row| {
            // Two names of one place.
            let own = evals::origin_of(&row.address).unwrap_or_default();
            own.replace("localhost", "127.0.0.1") == origin.replace("localhost", "127.0.0.1")
        });
        let many = words::count(models.len(), "model", "models");
        Ok(Some(OllamaFound {
            words: match (models.is_empty(), &known) {
                (true, _) => {
                    "Ollama is running here, and has no model yet: in a terminal, ollama pull llama3.2 fetches one."
                        .to_owned()
                }
                (false, None) => format!("Ollama is running here with {many}."),
                (false, Some(row)) => {
                    format!("Ollama is running here with {many}, set up as {}.", row.name)
                }
            },
            address: base,
            models: models
                .into_iter()
                .map(|model| FoundModel {
                    name: model.name,
                    size: model.size,
                })
                .collect(),
            provider: known.map(|row| row.name),
        }))
    }

    /// Sets Ollama up as a provider with one of its models; the provider that stands for it already
    /// offers that model first from now on.
    ///
    /// # Errors
    /// The address is not on this computer, or the file can't be written.
    pub async fn use_ollama(&self, address: String, model: String) -> Result<ProviderCard, Error> {
        let known = self.providers()?;
        let same = |card: &&ProviderCard| card.address == address;
        let free = |name: &String| !known.iter().any(|card| card.name == *name);
        let settings = match known.iter().find(same) {
            Some(card) => ProviderSettings {
                name: card.name.clone(),
                kind: card.kind,
                address,
                model,
                purpose: card.purpose,
                limits: card.limits,
            },
            None => ProviderSettings {
                name: (1..)
                    .map(|n| match n {
                        1 => "Ollama".to_owned(),
                        n => format!("Ollama {n}"),
                    })
                    .find(free)
                    .unwrap_or_default(),
                kind: ProviderKind::Openai,
                address,
                model,
                purpose: Default::default(),
                limits: Default::default(),
            },
        };
        self.save_provider(settings).await
    }
}
