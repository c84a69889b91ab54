//! Environments.

use super::At;
use crate::arguments::Env;
use crate::say::answer;
use crate::{Failure, find, say};
use std::process::ExitCode;

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
