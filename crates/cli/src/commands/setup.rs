//! Environments and providers.

use super::At;
use crate::arguments::{Arguments, Env, Provider};
use crate::say::{answer, table};
use crate::{Failure, find, say};
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
