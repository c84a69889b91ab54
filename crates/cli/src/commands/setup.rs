//! Environments, keys, providers.

use super::At;
use crate::arguments::{Arguments, Env, Key, Provider};
use crate::say::{answer, table, when};
use crate::{Failure, find, say};
use domain::names::folded;
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::{KeyState, ProviderKind, ProviderSettings, Purpose};

pub async fn env(at: &At<'_>, env: &Env) -> Result<ExitCode, Failure> {
    let (bench, project) = (at.bench, at.project);
    let library = bench.library(project).await?;
    let id = |name: &str| find::environment(&library, Some(name));
    match env {
        Env::List => {}
        Env::Add { name, after } => {
            let after = after.as_deref().map(id).transpose()?;
            bench.add_environment(project, name.clone(), after).await?;
        }
        Env::Rename { name, new, yes } => {
            let plan = bench
                .plan_rename_environment(project, id(name)?, new.clone())
                .await?;
            if !yes && !say::agreed(&plan.words, "--yes")? {
                return Ok(ExitCode::from(1));
            }
            bench
                .rename_environment(project, id(name)?, new.clone())
                .await?;
        }
        Env::Reorder { names } => {
            let order = names
                .iter()
                .map(|name| id(name))
                .collect::<Result<_, _>>()?;
            bench.reorder_environments(project, order).await?;
        }
        Env::Retire { name, yes } => {
            let plan = bench.plan_retire_environment(project, id(name)?).await?;
            if !yes && !say::agreed(&plan.words, "--yes")? {
                return Ok(ExitCode::from(1));
            }
            bench.retire_environment(project, id(name)?).await?;
        }
        Env::Default { name, yes } => {
            let plan = bench.plan_default_environment(project, id(name)?).await?;
            if !yes && !say::agreed(&plan.words, "--yes")? {
                return Ok(ExitCode::from(1));
            }
            bench.set_default_environment(project, id(name)?).await?;
        }
    }
    let environments = bench.library(project).await?.environments;
    answer(at.arguments, &environments, || {
        let lines = environments.iter().map(|environment| {
            let mark = match (environment.is_default, environment.retired) {
                (true, _) => "  (default)",
                (_, true) => "  (retired)",
                _ => "",
            };
            format!("{}{mark}", environment.name)
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn key(at: &At<'_>, key: &Key) -> Result<ExitCode, Failure> {
    match key {
        Key::List => {}
        Key::New { name, env, expires } => {
            let days = expires.as_deref().map(days).transpose()?;
            let library = at.bench.library(at.project).await?;
            let environment = find::environment(&library, env.as_deref())?;
            let made = at
                .bench
                .create_key(at.project, environment, name.clone(), days)
                .await?;
            say::hint("This is shown once; keep it where the application reads its secrets.");
            if let Some(words) = &made.not_yet {
                say::hint(words);
            }
            if at.arguments.json {
                let json = serde_json::json!({ "id": made.id, "key": made.secret.reveal() });
                say::line(&json.to_string());
            } else {
                say::line(made.secret.reveal());
            }
            return Ok(ExitCode::SUCCESS);
        }
        Key::Revoke { key } => {
            let settings = at.bench.settings(at.project).await?;
            let named = |row: &&workbench::views::KeyRow| {
                !row.revoked && (folded(&row.name) == folded(key) || row.id.to_string() == *key)
            };
            let found: Vec<_> = settings.keys.iter().filter(named).collect();
            let [one] = found.as_slice() else {
                return Err(Failure::other(match found.len() {
                    0 => format!("there is no open key {key}"),
                    _ => format!("several keys are named {key}; say the id"),
                }));
            };
            at.bench.revoke_key(at.project, one.id).await?;
        }
    }
    let settings = at.bench.settings(at.project).await?;
    answer(at.arguments, &settings.keys, || {
        let rows: Vec<Vec<String>> = settings
            .keys
            .iter()
            .map(|row| {
                let ends = if row.revoked {
                    "ended".to_owned()
                } else {
                    row.expires.map(when).unwrap_or_default()
                };
                vec![
                    row.name.clone(),
                    row.environment_name
                        .clone()
                        .unwrap_or_else(|| "personal".to_owned()),
                    row.by.clone(),
                    when(row.at),
                    ends,
                    row.id.to_string(),
                ]
            })
            .collect();
        table(&["KEY", "READS", "BY", "SINCE", "ENDS", "ID"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}

/// Days from now, as a number or as the last day.
fn days(text: &str) -> Result<u32, Failure> {
    let wrong = || {
        Failure::other(format!(
            "{text} is no end for a key; write days (90), or a day that is to come (2027-03-31)"
        ))
    };
    if let Ok(days) = text.parse::<u32>() {
        return if days > 0 { Ok(days) } else { Err(wrong()) };
    }
    let last: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let today = jiff::Zoned::now().date();
    let left = last.since(today).map_err(|_| wrong())?.get_days();
    // To the end of that day.
    u32::try_from(left)
        .map(|left| left + 1)
        .map_err(|_| wrong())
}

pub async fn provider(
    bench: &Workbench,
    arguments: &Arguments,
    provider: &Provider,
) -> Result<ExitCode, Failure> {
    match provider {
        Provider::List => {}
        Provider::Set {
            name,
            address,
            model,
            anthropic,
            google,
        } => {
            let kind = match (anthropic, google) {
                (true, _) => ProviderKind::Anthropic,
                (_, true) => ProviderKind::Google,
                _ => ProviderKind::Openai,
            };
            let settings = ProviderSettings {
                name: name.clone(),
                kind,
                address: address.clone(),
                model: model.clone(),
                purpose: Purpose::Trying,
            };
            bench.save_provider(settings).await?;
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
                ]
            })
            .collect();
        table(&["PROVIDER", "ADDRESS", "MODEL", "KEY"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}
