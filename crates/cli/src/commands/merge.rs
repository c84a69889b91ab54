//! Bringing two newest versions of a prompt together.

use super::write::in_editor;
use super::{At, look};
use crate::say::answer;
use crate::{Failure, find};
use domain::merge::Conflict;
use std::collections::BTreeMap;
use std::process::ExitCode;
use workbench::views::{Choice, MergeView, State, VersionRow};

pub async fn merge(
    at: &At<'_>,
    name: &str,
    take: &[String],
    edit: bool,
    message: Option<&str>,
) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let prompt = find::prompt(&library, name)?;
    let view = at.bench.merge_view(at.project, prompt).await?;
    let choices = choices(&view, take)?;
    let open: Vec<_> = view
        .conflicts
        .iter()
        .filter(|conflict| !choices.contains_key(&conflict.id))
        .collect();
    if !open.is_empty() && !edit {
        answer(at.arguments, &view, || asked(name, &view, &open));
        return Ok(ExitCode::from(1));
    }
    let message = message.map_or_else(|| view.message.clone(), str::to_owned);
    let row = if edit {
        let merged = at.bench.merge_preview(at.project, prompt, choices).await?;
        let merged = in_editor(&merged)?;
        let of = [view.ours.id, view.theirs.id];
        at.bench
            .merge_by_hand(at.project, prompt, of, merged, message)
            .await?
    } else {
        at.bench
            .merge_finish(at.project, prompt, choices, message)
            .await?
    };
    answer(at.arguments, &row, || {
        let saved = format!("Saved {name} {}: {}", label(&row), row.message);
        let notes = view.notes.iter().map(|note| format!("  {note}"));
        std::iter::once(saved)
            .chain(notes)
            .collect::<Vec<_>>()
            .join("\n")
    });
    look::waits(at, row.state != State::Outbox).await?;
    look::diverged(at, Some(prompt)).await?;
    Ok(ExitCode::SUCCESS)
}

/// What was decided on the command line.
fn choices(view: &MergeView, take: &[String]) -> Result<BTreeMap<u32, Choice>, Failure> {
    let mut choices = BTreeMap::new();
    let mut rest = None;
    for text in take {
        let wrong = || {
            Failure::other(format!(
                "--take {text}: write a conflict's number and whose it is to be, as in 1=mine, 2=theirs or 3=both; \
                 all=mine decides the rest"
            ))
        };
        let (which, whose) = text.split_once('=').ok_or_else(wrong)?;
        let choice = match whose.trim() {
            "mine" | "ours" => Choice::Ours,
            "theirs" => Choice::Theirs,
            "both" => Choice::Both,
            other if other == label(&view.ours) => Choice::Ours,
            other if other == label(&view.theirs) => Choice::Theirs,
            _ => return Err(wrong()),
        };
        if which.trim() == "all" {
            rest = Some(choice);
            continue;
        }
        let number: u32 = which.trim().parse().map_err(|_| wrong())?;
        let conflict = view
            .conflicts
            .iter()
            .find(|conflict| conflict.id + 1 == number)
            .ok_or_else(|| {
                Failure::other(format!("--take {text}: there is no conflict {number}"))
            })?;
        choices.insert(conflict.id, choice);
    }
    if let Some(rest) = rest {
        for conflict in &view.conflicts {
            choices.entry(conflict.id).or_insert_with(|| rest.clone());
        }
    }
    Ok(choices)
}

fn asked(name: &str, view: &MergeView, open: &[&Conflict]) -> String {
    let (mine, theirs) = (&view.ours, &view.theirs);
    let mut lines = vec![format!(
        "{} by {} (mine) and {} by {} (theirs) changed the same things. Nothing was saved; decide each of these:",
        label(mine),
        mine.by,
        label(theirs),
        theirs.by
    )];
    for conflict in open {
        lines.push(format!(
            "\n{}  {}: {}",
            conflict.id + 1,
            conflict.label,
            conflict.question
        ));
        let texts = [
            ("before", &conflict.base),
            ("mine", &conflict.ours),
            ("theirs", &conflict.theirs),
        ];
        for (whose, text) in texts {
            let text = text.as_deref().unwrap_or("–");
            lines.push(format!(
                "   {whose:>6}: {}",
                text.trim().replace('\n', "\n           ")
            ));
        }
    }
    let takes = open.iter().map(|conflict| {
        let both = if conflict.both { "|both" } else { "" };
        format!("--take {}=mine|theirs{both}", conflict.id + 1)
    });
    lines.push(format!(
        "\ngalley merge {name} {}\nor change it in your editor: galley merge {name} --edit",
        takes.collect::<Vec<_>>().join(" ")
    ));
    lines.join("\n")
}

fn label(row: &VersionRow) -> String {
    row.number
        .map_or_else(|| row.short.clone(), |number| format!("v{number}"))
}
