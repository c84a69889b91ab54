//! Environments, keys, people, providers.

use super::At;
use crate::arguments::{Arguments, Env, Key, People, Provider};
use crate::say::{answer, table, when};
use crate::{Failure, find, say};
use domain::names::folded;
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::{KeyState, PersonRole, ProviderKind, ProviderSettings, Purpose};

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
            if !say::agreed(&plan.words, *yes)? {
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
            if !say::agreed(&plan.words, *yes)? {
                return Ok(ExitCode::from(1));
            }
            bench.retire_environment(project, id(name)?).await?;
        }
        Env::Default { name, yes } => {
            let plan = bench.plan_default_environment(project, id(name)?).await?;
            if !say::agreed(&plan.words, *yes)? {
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
        Key::New { name, env, days } => {
            let library = at.bench.library(at.project).await?;
            let environment = find::environment(&library, env.as_deref())?;
            let made = at
                .bench
                .create_key(at.project, environment, name.clone(), *days)
                .await?;
            say::hint("This is shown once; keep it where the application reads its secrets.");
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

pub async fn people(at: &At<'_>, people: &People) -> Result<ExitCode, Failure> {
    match people {
        People::List => {}
        People::Invite { name, admin } => {
            let role = if *admin {
                PersonRole::Admin
            } else {
                PersonRole::Author
            };
            let made = at.bench.invite(at.project, role, name.clone()).await?;
            say::hint("Hand this over on a way you trust; it works once, for 14 days.");
            say::line(made.secret.reveal());
            return Ok(ExitCode::SUCCESS);
        }
        People::Remove { name } => {
            let settings = at.bench.settings(at.project).await?;
            let person = settings
                .people
                .iter()
                .find(|row| !row.removed && folded(&row.name) == folded(name));
            let person =
                person.ok_or_else(|| Failure::other(format!("nobody here is called {name}")))?;
            at.bench.remove_person(at.project, person.id).await?;
        }
    }
    let settings = at.bench.settings(at.project).await?;
    answer(at.arguments, &settings.people, || {
        let rows: Vec<Vec<String>> = settings
            .people
            .iter()
            .map(|row| {
                let devices: Vec<_> = row
                    .devices
                    .iter()
                    .filter(|device| !device.revoked)
                    .map(|device| device.name.clone())
                    .collect();
                let role = if row.removed {
                    "removed".to_owned()
                } else {
                    format!("{:?}", row.role).to_lowercase()
                };
                vec![row.name.clone(), role, devices.join(", ")]
            })
            .collect();
        table(&["PERSON", "ROLE", "DEVICES"], &rows)
    });
    Ok(ExitCode::SUCCESS)
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
        } => {
            let kind = if *anthropic {
                ProviderKind::Anthropic
            } else {
                ProviderKind::Openai
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
