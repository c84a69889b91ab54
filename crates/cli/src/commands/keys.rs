//! Keys with which applications read. A secret is written once, to standard output.

use super::At;
use crate::arguments::Key;
use crate::say::{answer, table, when};
use crate::{Failure, find, say};
use domain::KeyId;
use domain::names::folded;
use std::process::ExitCode;
use workbench::NewKey;
use workbench::views::{KeyRow, KeyStanding, KeyUseRow};

pub async fn key(at: &At<'_>, key: &Key) -> Result<ExitCode, Failure> {
    match key {
        Key::List => list(at).await,
        Key::New { name, env, expires } => {
            let days = expires.as_deref().map(days).transpose()?;
            let library = at.bench.library(at.project).await?;
            let environment = find::environment(&library, env.as_deref())?;
            let made = at
                .bench
                .create_key(at.project, environment, name.clone(), days)
                .await?;
            write_once(at, &made);
            Ok(ExitCode::SUCCESS)
        }
        Key::Rotate {
            key,
            overlap,
            expires,
        } => {
            let days = expires.as_deref().map(days).transpose()?;
            // By its name the newest is meant: the one whose place was taken has no place to give.
            let (old, name) = named(at, key, |row| row.state != KeyStanding::Replaced).await?;
            let made = at.bench.rotate_key(at.project, old, *overlap, days).await?;
            // Its own end may come before the overlap's: what is said is when it ends.
            let rows = at.bench.settings(at.project).await?.keys;
            let row = rows.into_iter().find(|row| row.id == old);
            let end = row.and_then(|row| row.expires).map(when);
            say::hint(&match (&made.not_yet, overlap, end) {
                (Some(_), ..) => format!("The old key {name} works as before until then."),
                (None, 0, _) | (None, _, None) => {
                    format!("What uses the old key {name} is not answered any more.")
                }
                (None, _, Some(end)) => format!(
                    "The old key {name} still works until {end}: put the new one in its place before."
                ),
            });
            if days.is_none() {
                say::hint("The new one works until it is revoked.");
            }
            write_once(at, &made);
            Ok(ExitCode::SUCCESS)
        }
        Key::Revoke { key } => {
            let (id, name) = named(at, key, |_| true).await?;
            at.bench.revoke_key(at.project, id).await?;
            let rows = at.bench.settings(at.project).await?.keys;
            let waiting = rows.iter().any(|row| row.id == id && row.waiting);
            say::hint(&if waiting {
                format!(
                    "Not revoked yet: it waits in the outbox, and {name} works until the registry has it."
                )
            } else {
                format!("{name} is revoked: it opens nothing any more.")
            });
            list(at).await
        }
    }
}

async fn list(at: &At<'_>) -> Result<ExitCode, Failure> {
    let keys = at.bench.settings(at.project).await?.keys;
    let uses = at.bench.key_uses(at.project).await?;
    let of = |row: &KeyRow| uses.rows.iter().find(|one| one.id == row.id);
    let json: Vec<_> = keys
        .iter()
        .map(|row| {
            let mut value = serde_json::json!(row);
            let used = of(row);
            value["last_used"] = serde_json::json!(used.and_then(|one| one.last_used));
            value["strayed"] = serde_json::json!(used.map(|one| &one.strayed));
            value
        })
        .collect();
    answer(at.arguments, &json, || {
        let rows: Vec<_> = keys
            .iter()
            .map(|row| line(row, of(row), uses.note.is_some()))
            .collect();
        let head = &[
            "KEY",
            "READS",
            "BEGINS",
            "BY",
            "SINCE",
            "LAST USED",
            "ENDS",
            "ID",
        ];
        table(head, &rows)
    });
    for row in &keys {
        for words in of(row).iter().flat_map(|one| &one.strayed) {
            say::hint(&format!("{} ({}…): {words}.", row.name, row.begins));
        }
        if row.old {
            say::hint(&format!(
                "{} is older than 90 days: galley key rotate makes a new one in its place.",
                row.name
            ));
        }
    }
    if let Some(note) = &uses.note {
        say::hint(note);
    }
    Ok(ExitCode::SUCCESS)
}

fn line(row: &KeyRow, used: Option<&KeyUseRow>, unknown: bool) -> Vec<String> {
    let ends = match (row.state, row.expires) {
        (KeyStanding::Revoked, _) => "revoked".to_owned(),
        (KeyStanding::Ended, _) => "ended".to_owned(),
        (KeyStanding::Replaced, Some(end)) => format!("{}, replaced", when(end)),
        (_, end) => end.map(when).unwrap_or_default(),
    };
    let ends = match row.waiting {
        true if ends.is_empty() => "in the outbox".to_owned(),
        true => format!("{ends}, in the outbox"),
        false => ends,
    };
    let last = match used.and_then(|one| one.last_used) {
        Some(at) => when(at),
        None if unknown => "not known".to_owned(),
        None => "never".to_owned(),
    };
    let reads = row.environment_name.clone();
    vec![
        row.name.clone(),
        reads.unwrap_or_else(|| "personal".to_owned()),
        row.begins.clone(),
        row.by.clone(),
        when(row.at),
        last,
        ends,
        row.id.to_string(),
    ]
}

/// The open key that is meant: by name, id, or how its text begins.
async fn named(
    at: &At<'_>,
    text: &str,
    counts: impl Fn(&KeyRow) -> bool,
) -> Result<(KeyId, String), Failure> {
    if text.len() > 40 && text.starts_with("gal_") {
        return Err(Failure::other(
            "that is a whole key, and now it stands in this terminal's history: revoke it. Say its name, its id or how it begins",
        ));
    }
    let settings = at.bench.settings(at.project).await?;
    let meant = |row: &&KeyRow| {
        !row.revoked
            && ((folded(&row.name) == folded(text) && counts(row))
                || row.id.to_string() == text
                || row.begins == text.trim_end_matches('…'))
    };
    let found: Vec<_> = settings.keys.iter().filter(meant).collect();
    match found.as_slice() {
        [one] => Ok((one.id, one.name.clone())),
        [] => Err(Failure::other(format!("there is no open key {text}"))),
        _ => Err(Failure::other(format!(
            "several keys are named {text}; say the id, or how it begins (galley key list)"
        ))),
    }
}

fn write_once(at: &At<'_>, made: &NewKey) {
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
