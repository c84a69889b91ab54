//! Webhooks: which programs a team's registry tells what happens.

use super::At;
use crate::say::{answer, table, when};
use crate::webhook_arguments::{Hooks, What};
use crate::{Failure, find, say};
use domain::EnvironmentId;
use std::process::ExitCode;
use workbench::NewWebhook;
use workbench::views::{DeliveryProgress, DeliveryRow, WebhookDraft, WebhookRow, WebhooksView};

pub async fn webhook(at: &At<'_>, what: Option<&Hooks>) -> Result<ExitCode, Failure> {
    let view = at.bench.webhooks(at.project).await?;
    if let Some(note) = &view.note {
        return Err(Failure::other(note.clone()));
    }
    match what {
        None | Some(Hooks::List) => list(at, &view),
        Some(Hooks::Add { url, what }) => {
            let all = view.choices.iter().map(|choice| choice.key.clone());
            let draft = WebhookDraft {
                url: url.clone(),
                kinds: chosen(what, || all.collect()),
                environments: environments(at, what).await?,
            };
            let made = at.bench.make_webhook(at.project, draft).await?;
            secret(at, &made);
        }
        Some(Hooks::Change {
            webhook,
            url,
            everywhere,
            what,
        }) => {
            let row = named(&view, webhook)?;
            let asked = environments(at, what).await?;
            let draft = WebhookDraft {
                url: url.clone().unwrap_or_else(|| row.url.clone()),
                kinds: chosen(what, || row.kinds.clone()),
                environments: match asked.is_empty() && !everywhere {
                    true => row.environments.clone(),
                    false => asked,
                },
            };
            let id = row.id.clone();
            let now = at.bench.change_webhook(at.project, id, draft).await?;
            answer(at.arguments, &now, || told(&now));
        }
        Some(Hooks::On { webhook }) => switch(at, named(&view, webhook)?, true).await?,
        Some(Hooks::Off { webhook }) => switch(at, named(&view, webhook)?, false).await?,
        Some(Hooks::Remove { webhook, yes }) => {
            let row = named(&view, webhook)?;
            let words = [format!(
                "nothing is sent to {} any more; its log and its secret are gone for good",
                row.url
            )];
            if !yes && !say::agreed(&words, "--yes")? {
                return Ok(ExitCode::FAILURE);
            }
            at.bench.remove_webhook(at.project, row.id.clone()).await?;
            list(at, &at.bench.webhooks(at.project).await?);
        }
        Some(Hooks::Test { webhook }) => {
            let id = named(&view, webhook)?.id.clone();
            let sent = at.bench.test_webhook(at.project, id).await?;
            return Ok(outcome(at, &sent));
        }
        Some(Hooks::Log { webhook, limit }) => {
            let rows = log(at, &named(&view, webhook)?.id, |rows| rows.len() >= *limit).await?;
            let rows = &rows[..rows.len().min(*limit)];
            answer(at.arguments, &rows, || log_told(rows));
        }
        Some(Hooks::Replay { webhook, delivery }) => {
            let id = named(&view, webhook)?.id.clone();
            let is =
                |row: &DeliveryRow| !delivery.is_empty() && row.id.starts_with(delivery.as_str());
            let rows = log(at, &id, |rows| rows.iter().any(is)).await?;
            let found = rows.iter().find(|row| is(row)).ok_or_else(|| {
                Failure::other(format!("there is no delivery {delivery} in the log"))
            })?;
            let sent = at
                .bench
                .replay_webhook(at.project, id, found.id.clone())
                .await?;
            return Ok(outcome(at, &sent));
        }
        Some(Hooks::Rotate { webhook }) => {
            let id = named(&view, webhook)?.id.clone();
            let made = at.bench.rotate_webhook(at.project, id).await?;
            secret(at, &made);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn switch(at: &At<'_>, row: &WebhookRow, on: bool) -> Result<(), Failure> {
    let now = at
        .bench
        .switch_webhook(at.project, row.id.clone(), on)
        .await?;
    answer(at.arguments, &now, || told(&now));
    Ok(())
}

/// A secret goes to standard output, alone; what to do with it goes beside.
fn secret(at: &At<'_>, made: &NewWebhook) {
    say::hint(&format!(
        "{} is told: {}. Give its program this secret to check signatures with; it is shown only now:",
        made.row.url, made.row.kind_words
    ));
    if at.arguments.json {
        let json = serde_json::json!({ "webhook": made.row, "secret": made.secret.reveal() });
        say::line(&json.to_string());
    } else {
        say::line(made.secret.reveal());
    }
}

fn list(at: &At<'_>, view: &WebhooksView) {
    answer(at.arguments, &view.webhooks, || {
        if view.webhooks.is_empty() {
            return "No webhooks yet. `galley webhook add https://…` makes one.".to_owned();
        }
        let told: Vec<String> = view.webhooks.iter().map(told).collect();
        told.join("\n\n")
    });
}

fn told(row: &WebhookRow) -> String {
    let last = row.last.map(|at| format!(" ({})", when(at)));
    format!(
        "{}\n  {}\n  sends: {}, for {}\n  {}{}\n  made by {} on {}",
        row.url,
        row.id,
        row.kind_words,
        row.environment_words,
        row.words,
        last.unwrap_or_default(),
        row.by,
        when(row.at)
    )
}

fn outcome(at: &At<'_>, sent: &DeliveryRow) -> ExitCode {
    answer(at.arguments, sent, || match sent.answer.is_empty() {
        true => sent.words.clone(),
        false => format!("{}\n{}", sent.words, sent.answer),
    });
    match sent.progress {
        DeliveryProgress::Delivered => ExitCode::SUCCESS,
        DeliveryProgress::Waiting | DeliveryProgress::GivenUp => ExitCode::FAILURE,
    }
}

async fn log(
    at: &At<'_>,
    webhook: &str,
    enough: impl Fn(&[DeliveryRow]) -> bool,
) -> Result<Vec<DeliveryRow>, Failure> {
    let mut rows: Vec<DeliveryRow> = Vec::new();
    loop {
        let before = rows.last().map(|row| row.id.clone());
        let page = at
            .bench
            .webhook_log(at.project, webhook.to_owned(), before)
            .await?;
        rows.extend(page.deliveries);
        if !page.more || enough(&rows) {
            return Ok(rows);
        }
    }
}

fn log_told(rows: &[DeliveryRow]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.id.chars().take(8).collect(),
                row.kind.clone(),
                when(row.at),
                row.words.clone(),
                row.next.map(when).unwrap_or_default(),
            ]
        })
        .collect();
    table(&["DELIVERY", "KIND", "SINCE", "HOW IT WENT", "NEXT"], &rows)
}

fn chosen(what: &What, otherwise: impl FnOnce() -> Vec<String>) -> Vec<String> {
    match what.kinds.is_empty() {
        true => otherwise(),
        false => what.kinds.clone(),
    }
}

async fn environments(at: &At<'_>, what: &What) -> Result<Vec<EnvironmentId>, Failure> {
    if what.environments.is_empty() {
        return Ok(Vec::new());
    }
    let library = at.bench.library(at.project).await?;
    what.environments
        .iter()
        .map(|name| find::environment(&library, Some(name.as_str())))
        .collect()
}

/// A webhook by its address, or by the beginning of its id.
fn named<'a>(view: &'a WebhooksView, name: &str) -> Result<&'a WebhookRow, Failure> {
    let is = |row: &&WebhookRow| row.url == name || row.id.starts_with(name);
    let found: Vec<&WebhookRow> = view.webhooks.iter().filter(is).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::other(format!(
            "there is no webhook {name}; `galley webhook list` shows all"
        ))),
        _ => Err(Failure::other(format!(
            "several webhooks are meant by {name}; say more of the id"
        ))),
    }
}
