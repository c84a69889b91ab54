//! Who answers, what it costs, and the answers that are kept.

use crate::arguments::Arguments;
use crate::run_arguments::{Cache, Prices, Provider, ProviderSet};
use crate::say::{answer, table};
use crate::{Failure, say};
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::{CallLimits, KeyState, Price, ProviderKind, ProviderSettings, Purpose};

pub async fn provider(
    bench: &Workbench,
    arguments: &Arguments,
    provider: &Provider,
) -> Result<ExitCode, Failure> {
    match provider {
        Provider::List => {}
        Provider::Find { wanted } => {
            return crate::commands::trying::find(bench, arguments, wanted.as_deref()).await;
        }
        Provider::Set(set) => {
            bench.save_provider(settings(bench, set)?).await?;
        }
        Provider::Key { name } => {
            bench
                .set_provider_key(name.clone(), say::secret("Key: ")?)
                .await?;
        }
        Provider::Test { name } => {
            let words = bench.test_provider(name.clone()).await?;
            answer(arguments, &words, || words.clone());
            return Ok(ExitCode::SUCCESS);
        }
        Provider::Remove { name } => bench.remove_provider(name.clone()).await?,
    }
    let cards = bench.providers()?;
    answer(arguments, &cards, || {
        let rows: Vec<Vec<String>> = cards
            .iter()
            .map(|card| {
                let key = match card.key {
                    KeyState::None => "missing",
                    KeyState::InKeychain => "in the keychain",
                    KeyState::NotNeeded => "not needed",
                };
                vec![
                    card.name.clone(),
                    card.address.clone(),
                    card.model.clone(),
                    key.to_owned(),
                    limits(&card.limits),
                ]
            })
            .collect();
        table(&["PROVIDER", "ADDRESS", "MODEL", "KEY", "LIMITS"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}

// What is not said stays as it is.
fn settings(bench: &Workbench, set: &ProviderSet) -> Result<ProviderSettings, Failure> {
    let before = bench
        .providers()?
        .into_iter()
        .find(|card| card.name == set.name);
    let old = before.as_ref();
    let address = set.address.clone().or(old.map(|card| card.address.clone()));
    let address = address.ok_or_else(|| {
        Failure::other(format!(
            "there is no provider named {} yet: say its --address",
            set.name
        ))
    })?;
    let kind = match (set.anthropic, set.google) {
        (true, _) => ProviderKind::Anthropic,
        (_, true) => ProviderKind::Google,
        _ => old.map_or(ProviderKind::Openai, |card| card.kind),
    };
    let limits = old.map(|card| card.limits).unwrap_or_default();
    let limit = |said: Option<u32>, before: Option<u32>| match said {
        None => before,
        Some(0) => None,
        Some(most) => Some(most),
    };
    Ok(ProviderSettings {
        name: set.name.clone(),
        kind,
        address,
        model: set
            .model
            .clone()
            .or(old.map(|card| card.model.clone()))
            .unwrap_or_default(),
        purpose: old.map_or(Purpose::Trying, |card| card.purpose),
        limits: CallLimits {
            requests_a_minute: limit(set.requests_a_minute, limits.requests_a_minute),
            tokens_a_minute: limit(set.tokens_a_minute, limits.tokens_a_minute),
            at_once: limit(set.at_once, limits.at_once),
        },
    })
}

fn limits(limits: &CallLimits) -> String {
    let each = [
        (limits.requests_a_minute, "requests a minute"),
        (limits.tokens_a_minute, "tokens a minute"),
        (limits.at_once, "at once"),
    ];
    let each = each
        .into_iter()
        .filter_map(|(most, what)| Some(format!("{} {what}", most?)));
    each.collect::<Vec<_>>().join(", ")
}

pub async fn price(
    bench: &Workbench,
    arguments: &Arguments,
    price: &Prices,
) -> Result<ExitCode, Failure> {
    let rows = match price {
        Prices::List => bench.prices().await?,
        Prices::Set {
            provider,
            model,
            input,
            output,
            currency,
        } => {
            let price = Price {
                provider: provider.clone(),
                model: model.clone(),
                input: *input,
                output: *output,
                currency: currency.clone(),
            };
            bench.set_price(price).await?
        }
        Prices::Remove { provider, model } => {
            bench.remove_price(provider.clone(), model.clone()).await?
        }
    };
    answer(arguments, &rows, || {
        if rows.is_empty() {
            return "No price is written down, so what runs cost in money isn't known. Write one down, for a million tokens:\n  galley price set OpenAI gpt-4.1 --input 2 --output 8 --currency USD".to_owned();
        }
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                vec![
                    row.provider.clone(),
                    row.model.clone(),
                    row.input.to_string(),
                    row.output.to_string(),
                    row.currency.clone(),
                ]
            })
            .collect();
        table(
            &[
                "PROVIDER",
                "MODEL",
                "A MILLION SENT",
                "A MILLION ANSWERED",
                "",
            ],
            &rows,
        )
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn cache(
    bench: &Workbench,
    arguments: &Arguments,
    cache: &Cache,
) -> Result<ExitCode, Failure> {
    let view = match cache {
        Cache::Show => bench.cache().await?,
        Cache::Sent { run, case, column } => {
            let project = crate::find::project(bench, arguments)?.id;
            let id: domain::RunId = serde_json::from_value(run.as_str().into())
                .map_err(|_| Failure::other(format!("{run} is no run's id")))?;
            let opened = bench
                .run_case(project, id, case.saturating_sub(1), 0)
                .await?;
            let asked = opened.columns.get(column.saturating_sub(1));
            let asked = asked.and_then(|column| column.askings.first()?.question);
            return crate::commands::trying::sent(bench, arguments, asked).await;
        }
        Cache::Limit { mebibytes, days } => bench.limit_cache(*mebibytes, *days).await?,
        Cache::Clear { yes } => {
            let what = ["Asking the same again will cost again.".to_owned()];
            if !yes && !say::agreed(&what, "--yes")? {
                return Ok(ExitCode::from(1));
            }
            bench.clear_cache().await?
        }
    };
    answer(arguments, &view, || view.words.clone());
    Ok(ExitCode::SUCCESS)
}
