//! Trying: one answer for one set of values, from the cache where it is there.

use crate::views::{AnswerChunk, Tried};
use crate::{Error, Event, Secret, Workbench, locked};
use domain::content::ModelSettings;
use domain::{Digest, ProjectId, VersionContent};
use evals::{Answer, AnswerCache, Key, Provider, ProviderConfig, ProviderKind, Question};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The answer cache in the laptop's file.
pub(crate) struct StoredAnswers {
    pub store: store::Store,
    /// The contents that the answers come from: when one is redacted they go with it.
    pub sources: Vec<Digest>,
    /// Answers that are there are passed over and replaced: the person asked to ask again.
    pub refresh: bool,
}

impl StoredAnswers {
    pub fn kept(answer: &Answer) -> Option<store::KeptAnswer> {
        Some(store::KeptAnswer {
            answer: serde_json::to_value(answer).ok()?,
            provider: String::new(),
            model: answer.model.clone(),
            at: answer.at,
        })
    }
}

impl AnswerCache for StoredAnswers {
    // A cache that can't be read counts as empty: asking again costs, and is never wrong.
    fn get(&self, question: &Digest) -> Option<Answer> {
        if self.refresh {
            return None;
        }
        let kept = self.store.answer(question, now()).ok()??;
        serde_json::from_value(kept.answer).ok()
    }

    fn put(&self, question: &Digest, answer: &Answer) {
        if !self.refresh {
            return self.put_many(&[(*question, answer)]);
        }
        if let Some(kept) = Self::kept(answer) {
            // An answer that can't be kept was given all the same.
            let _ = self
                .store
                .replace_answer(question, &kept, &self.sources, now());
        }
    }

    fn put_many(&self, answers: &[(Digest, &Answer)]) {
        if self.refresh {
            return answers
                .iter()
                .for_each(|(one, answer)| self.put(one, answer));
        }
        let kept: Vec<_> = answers
            .iter()
            .filter_map(|(one, answer)| Some((*one, Self::kept(answer)?, self.sources.clone())))
            .collect();
        // As above: they were given, whether they can be kept or not.
        let _ = self.store.keep_answers(&kept, now());
    }
}

pub(crate) fn now() -> domain::Millis {
    domain::Millis(jiff::Timestamp::now().as_millisecond())
}

impl Workbench {
    /// One answer to a content with values. `refresh` asks again where the cache has one.
    ///
    /// # Errors
    /// The template or the values are wrong, the provider is not set up, or nobody answers.
    pub async fn try_it(
        &self,
        project: ProjectId,
        content: VersionContent,
        values: Map<String, Value>,
        refresh: bool,
    ) -> Result<Tried, Error> {
        let reading = self.reading(project)?;
        let (content, problems) = reading.pinned(&content);
        if let Some(problem) = problems.first() {
            return Err(Error::invalid(problem.message.clone()));
        }
        let settings = content
            .model
            .clone()
            .ok_or_else(|| Error::invalid("choose a model first: under Model"))?;
        let provider = self.provider_for(&settings)?;
        let question = Question::new(
            &content,
            &values,
            &|digest| reading.content(digest),
            provider.kind(),
        )
        .map_err(|error| Error::invalid(error.to_string()))?;
        let cache = StoredAnswers {
            store: self.store().clone(),
            sources: Vec::new(),
            refresh,
        };
        let cancel = CancellationToken::new();
        *locked(&self.inner.trying) = Some(cancel.clone());
        let this = self.clone();
        let mut tell = move |text: &str| {
            this.say(Event::AnswerChunk(AnswerChunk {
                text: text.to_owned(),
            }));
        };
        let tried = evals::try_one(
            &question,
            &provider,
            &cache,
            &evals::Options::default(),
            Some(&mut tell),
            &cancel,
        )
        .await;
        locked(&self.inner.trying).take();
        match tried {
            Ok(tried) => Ok(view(tried, &settings, self.now())),
            Err(evals::TryError::Ask(evals::AskError::Cancelled)) => Err(Error::Cancelled),
            Err(error) => Err(Error::Evals(error.to_string())),
        }
    }

    /// Stops the answer that is being waited for.
    pub async fn cancel_try(&self) -> Result<(), Error> {
        if let Some(cancel) = locked(&self.inner.trying).take() {
            cancel.cancel();
        }
        Ok(())
    }

    /// Asks a provider for a word, to see whether it answers.
    ///
    /// # Errors
    /// It does not: the words say why.
    pub async fn test_provider(&self, name: String) -> Result<String, Error> {
        let row = self
            .provider(&name)?
            .ok_or_else(|| Error::not_found("there is no provider of this name"))?;
        let settings = ModelSettings {
            provider: row.name.clone(),
            model: row.model.clone(),
            parameters: BTreeMap::from([("max_tokens".to_owned(), Value::from(8))]),
            other: BTreeMap::new(),
        };
        let provider = self.provider_for(&settings)?;
        let content = VersionContent {
            model: Some(settings),
            ..VersionContent::text("Say hello.")
        };
        let question = Question::new(&content, &Map::new(), &|_| None, provider.kind())
            .map_err(|error| Error::invalid(error.to_string()))?;
        let options = evals::Options {
            timeout: std::time::Duration::from_secs(20),
            ..evals::Options::default()
        };
        let (cache, cancel) = (evals::MemoryCache::default(), CancellationToken::new());
        let tried = evals::try_one(&question, &provider, &cache, &options, None, &cancel);
        let tried = tried
            .await
            .map_err(|error| Error::Evals(error.to_string()))?;
        Ok(format!(
            "{} answered in {} ms",
            tried.answer.model, tried.answer.latency_ms
        ))
    }

    /// The provider that a version names, ready to be asked from this machine.
    pub(crate) fn provider_for(&self, settings: &ModelSettings) -> Result<Arc<Provider>, Error> {
        let row = self.provider(&settings.provider)?.ok_or_else(|| {
            Error::invalid(format!(
                "the provider {} is asked for and not set up on this computer: add it in Settings, under Providers, or with galley provider set",
                settings.provider
            ))
        })?;
        self.provider_of(&row)
    }

    pub(crate) fn provider_of(&self, row: &store::Provider) -> Result<Arc<Provider>, Error> {
        let origin =
            evals::origin_of(&row.address).map_err(|error| Error::invalid(error.to_string()))?;
        let secret: Option<Secret> = self.provider_key(row)?;
        let key = secret.map(|secret| Key {
            secret: evals::Secret::new(secret.reveal()),
            origin,
        });
        let config = ProviderConfig {
            name: row.name.clone(),
            kind: kind_of(row),
            address: row.address.clone(),
        };
        // One line for each provider of this process, whoever asks it.
        let line = Arc::clone(
            locked(&self.inner.lines)
                .entry(row.name.clone())
                .or_default(),
        );
        line.limit(crate::providers::limits_of(row));
        Provider::new(config, key)
            .map(|provider| Arc::new(provider.in_line(line)))
            .map_err(|error| Error::invalid(error.to_string()))
    }
}

fn view(tried: evals::Tried, settings: &ModelSettings, now: domain::Millis) -> Tried {
    let answer = tried.answer;
    let model = if answer.model.is_empty() {
        settings.model.clone()
    } else {
        answer.model.clone()
    };
    let source = if tried.from_cache {
        format!("{model}, from the cache, {}", day(answer.at, now))
    } else {
        format!("{model}, asked just now")
    };
    Tried {
        answer: answer.graded_text(),
        from_cache: tried.from_cache,
        source,
        latency_ms: answer.latency_ms,
        tokens_in: answer.tokens_in,
        tokens_out: answer.tokens_out,
        model,
    }
}

/// A day as people write it: `today`, `12 Nov`, `12 Nov 2025`.
pub(crate) fn day(at: domain::Millis, now: domain::Millis) -> String {
    let zoned = |at: domain::Millis| {
        jiff::Timestamp::from_millisecond(at.0)
            .unwrap_or_default()
            .to_zoned(jiff::tz::TimeZone::system())
    };
    let (at, now) = (zoned(at), zoned(now));
    if at.date() == now.date() {
        "today".to_owned()
    } else if at.year() == now.year() {
        at.strftime("%-d %b").to_string()
    } else {
        at.strftime("%-d %b %Y").to_string()
    }
}

/// What a provider speaks.
pub(crate) fn kind_of(row: &store::Provider) -> ProviderKind {
    match row.kind.as_str() {
        "anthropic" => ProviderKind::Anthropic,
        "google" => ProviderKind::Google,
        _ => ProviderKind::OpenaiCompatible,
    }
}
