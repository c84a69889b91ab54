//! What each command does, one file for each area.

mod begin;
mod data;
mod datasets;
mod evals;
mod gate;
mod keys;
mod look;
mod merge;
mod people;
mod policy;
mod projects;
mod providers;
mod release;
mod releases;
mod review;
mod service;
mod setup;
mod wait;
mod webhook;
mod write;

use crate::arguments::{Arguments, Command};
use crate::{Failure, find, say};
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::SyncKind;

/// Does what was asked.
pub async fn carry_out(bench: &Workbench, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if let Command::Login(login) = &arguments.command {
        return begin::login(bench, arguments, login).await;
    }
    if let Command::Provider(provider) = &arguments.command {
        return providers::provider(bench, arguments, provider).await;
    }
    if let Command::Price(price) = &arguments.command {
        return providers::price(bench, arguments, price).await;
    }
    if let Command::Cache(cache) = &arguments.command {
        return providers::cache(bench, arguments, cache).await;
    }
    if let Command::Import { path, name, .. } = &arguments.command
        && path.is_dir()
    {
        return data::import_project(bench, arguments, path, name.as_deref()).await;
    }
    if let Command::Verify {
        folder: Some(folder),
    } = &arguments.command
    {
        return look::verify_folder(bench, arguments, folder);
    }
    if let Command::Project(project) = &arguments.command {
        return projects::project(bench, arguments, project).await;
    }
    let project = find::project(bench, arguments)?.id;
    // The registry may have news; without it one goes on with what is here.
    let fresh = bench.sync_now(project).await;
    let card = bench.card(project)?;
    if let Some(words) = &card.setting_up {
        return Err(projects::being_set_up(&card, words));
    }
    let troubled = fresh.is_err() && bench.sync_state(project).await?.kind == SyncKind::Problem;
    // These say it themselves.
    let says = matches!(arguments.command, Command::Sync | Command::Status);
    if let (Err(error), true, false) = (&fresh, troubled, says) {
        say::hint(&format!("galley: {error}"));
    }
    let at = At {
        bench,
        arguments,
        project,
        troubled,
    };
    match &arguments.command {
        Command::Status => look::status(&at).await,
        Command::List { all } => look::list(&at, *all).await,
        Command::Show {
            prompt,
            which,
            at: time,
        } => look::show(&at, prompt, &which.which, time.as_deref()).await,
        Command::Diff {
            prompt,
            left,
            right,
        } => look::diff(&at, prompt, left, right).await,
        Command::Log { prompt, limit } => look::log(&at, prompt.as_deref(), *limit).await,
        Command::Verify { .. } => look::verify(&at).await,
        Command::New {
            name,
            snippet,
            from,
        } => write::new(&at, name, *snippet, from.as_deref()).await,
        Command::Edit { prompt, from } => write::edit(&at, prompt, from.as_deref()).await,
        Command::Discard { prompt, undo } => write::discard(&at, prompt, *undo).await,
        Command::Merge {
            prompt,
            take,
            edit,
            message,
        } => merge::merge(&at, prompt, take, *edit, message.as_deref()).await,
        Command::Save { prompt, message } => write::save(&at, prompt, message).await,
        Command::Sync => look::sync(&at, fresh).await,
        Command::Outbox { settle, how } => write::outbox(&at, settle.as_deref(), how).await,
        Command::Run(asked) => Box::pin(evals::run(&at, asked)).await,
        Command::Compare(asked) => Box::pin(evals::compare(&at, asked)).await,
        Command::Gate(asked) => Box::pin(gate::gate(&at, asked)).await,
        Command::Suite { what } => Box::pin(gate::suite(&at, what)).await,
        Command::Review { what } => review::review(&at, what.as_ref()).await,
        Command::Webhook { what } => webhook::webhook(&at, what.as_ref()).await,
        Command::Policy { what } => policy::policy(&at, what.as_ref()).await,
        Command::Promote {
            prompts,
            from,
            to,
            reason,
            wait,
            timeout,
        } => {
            let Some(plan) = release::plan_promotion(&at, prompts, from, to.as_deref()).await?
            else {
                return release::served_already(&at, prompts, *wait);
            };
            let reason = reason.clone().unwrap_or_else(|| plan.reason.clone());
            if *wait && plan.needs_request {
                wait::for_approval(&at, plan, reason, *timeout).await
            } else {
                release::carry_out(&at, plan, reason).await
            }
        }
        Command::Release {
            prompt,
            versions,
            to,
            reason,
        } => release::release(&at, prompt, versions, to.as_deref(), reason).await,
        Command::Revert {
            prompts,
            release: None,
            place,
            reason,
            ..
        } => release::revert(&at, prompts, place.as_deref(), reason).await,
        Command::Revert {
            release: Some(undone),
            keep,
            place,
            reason,
            ..
        } => releases::undo(&at, undone, keep, place.as_deref(), reason).await,
        Command::Use {
            prompt,
            place,
            language,
        } => releases::use_it(&at, prompt, place.as_deref(), language.as_deref()).await,
        Command::Releases {
            place,
            limit,
            compare,
        } => match compare.as_slice() {
            [left, right] => releases::compare(&at, place.as_deref(), [left, right]).await,
            _ => releases::list(&at, place.as_deref(), *limit).await,
        },
        Command::Env(env) => setup::env(&at, env).await,
        Command::Key(key) => keys::key(&at, key).await,
        Command::People(people) => people::people(&at, people).await,
        Command::Service(service) => service::service(&at, service).await,
        Command::Dataset(asked) => datasets::datasets(&at, asked).await,
        Command::Import {
            path,
            name,
            look,
            anyway,
        } if data::is_promptfoo(path) => {
            data::import_promptfoo(&at, path, name.clone(), *look, *anyway).await
        }
        Command::Import {
            path,
            name,
            look,
            anyway,
        } => data::import_dataset(&at, path, name.as_deref(), &[], (*look, *anyway)).await,
        Command::Export { folder } => data::export(&at, folder).await,
        Command::Share { address, anyway } => begin::share(&at, address, *anyway).await,
        Command::Login(_)
        | Command::Provider(_)
        | Command::Price(_)
        | Command::Cache(_)
        | Command::Project(_)
        | Command::Completions { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// What every command is given.
pub struct At<'a> {
    pub bench: &'a Workbench,
    pub arguments: &'a Arguments,
    pub project: domain::ProjectId,
    /// Whether something keeps this computer and the registry from agreeing, and it was said.
    pub troubled: bool,
}
