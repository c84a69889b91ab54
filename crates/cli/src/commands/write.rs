//! Writing: new, edit, save, and settling what was refused.

use super::At;
use super::look::{diverged, waits, yaml};
use crate::say::{answer, table, when};
use crate::{Failure, find};
use domain::VersionContent;
use domain::content::Kind;
use domain::names::folded;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use workbench::plain;
use workbench::views::{Draft, NewDraft, Settle, State};

/// What stands above a content in the editor.
const HEAD: &str = "\
# Write the texts of the messages below. {{ name }} stands for an input; declare each one:
#
#   inputs:
#   - name: message
#     type: text            # text, number, boolean, list or object
#     required: true
#     description: What the customer wrote
#
# {% include \"snippets/policy\" %} puts another prompt's text in. Lines that begin with # are not kept.
";

pub async fn new(
    at: &At<'_>,
    name: &str,
    snippet: bool,
    from: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let kind = if snippet { Kind::Text } else { Kind::Chat };
    let draft = match from {
        Some(path) => {
            let content = read_content(path, kind)?;
            at.bench
                .new_draft_of(at.project, name.to_owned(), content)
                .await?
        }
        None => {
            at.bench
                .new_draft(at.project, name.to_owned(), kind)
                .await?
        }
    };
    answer(at.arguments, &draft, || {
        format!(
            "A draft of {name} is on this computer. Change it: galley edit {name}. Save it: galley save {name} -m \"…\""
        )
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn edit(at: &At<'_>, name: &str, from: Option<&Path>) -> Result<ExitCode, Failure> {
    let draft = draft_of(at, name).await?;
    let content = match from {
        Some(path) => read_content(path, draft.content.kind)?,
        None => in_editor(&draft.content)?,
    };
    let saved = at
        .bench
        .save_draft(at.project, draft.id.clone(), content, None, None)
        .await?;
    answer(at.arguments, &saved, || {
        let mut lines = vec![format!("Draft saved: {}", saved.changed.summary)];
        lines.extend(saved.check.problems.iter().map(|problem| {
            if problem.line > 0 {
                format!(
                    "  {} line {}, column {}: {}",
                    problem.place, problem.line, problem.column, problem.message
                )
            } else {
                format!("  {}: {}", problem.place, problem.message)
            }
        }));
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn save(at: &At<'_>, name: &str, message: &str) -> Result<ExitCode, Failure> {
    let draft = draft_of(at, name).await?;
    if !draft.changed.any {
        return Err(Failure::other(format!(
            "the draft of {name} holds nothing that its version doesn't"
        )));
    }
    let row = at
        .bench
        .save_version(at.project, draft.id, message.to_owned())
        .await?;
    answer(at.arguments, &row, || match row.number {
        Some(number) => format!("Saved {name} v{number}"),
        None => format!("Saved {name} ({})", row.short),
    });
    waits(at, row.state != State::Outbox).await?;
    diverged(at, Some(row.prompt)).await?;
    Ok(ExitCode::SUCCESS)
}

pub async fn discard(at: &At<'_>, name: &str, undo: bool) -> Result<ExitCode, Failure> {
    if undo {
        let draft = at
            .bench
            .discarded_draft(at.project, name.to_owned())
            .await?;
        let draft = at.bench.undo_discard_draft(at.project, draft).await?;
        answer(at.arguments, &draft, || {
            format!("The draft of {} is back.", draft.name)
        });
        return Ok(ExitCode::SUCCESS);
    }
    let library = at.bench.library(at.project).await?;
    let new = library
        .new_drafts
        .iter()
        .find(|draft| folded(&draft.name) == folded(name))
        .map(|draft| draft.draft.clone());
    let of_prompt = library
        .prompts
        .iter()
        .find(|row| folded(&row.name) == folded(name))
        .and_then(|row| row.draft.clone());
    let draft = new
        .or(of_prompt)
        .ok_or_else(|| Failure::other(format!("there is no draft of {name}")))?;
    at.bench.discard_draft(at.project, draft.clone()).await?;
    answer(at.arguments, &draft, || {
        format!("The draft of {name} was put away. Bring it back: galley discard {name} --undo")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn outbox(at: &At<'_>, settle: Option<&str>, how: &str) -> Result<ExitCode, Failure> {
    if let Some(id) = settle {
        let how = match how {
            "again" => Settle::Again,
            "drop" => Settle::Drop,
            "keep-as-draft" => Settle::KeepAsDraft,
            other => {
                return Err(Failure::other(format!(
                    "{other} is no way to settle: again, drop or keep-as-draft"
                )));
            }
        };
        let id = id
            .parse()
            .map_err(|_| Failure::other(format!("{id} is no id; `galley outbox` shows them")))?;
        at.bench.settle(at.project, id, how).await?;
    }
    let rows = at.bench.outbox(at.project).await?;
    answer(at.arguments, &rows, || {
        if rows.is_empty() {
            return "Nothing waits.".to_owned();
        }
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let state = format!("{:?}", row.state).to_lowercase();
                vec![
                    row.command.to_string(),
                    when(row.at),
                    state,
                    row.words.clone(),
                    row.refusal.clone().unwrap_or_default(),
                ]
            })
            .collect();
        table(&["COMMAND", "WHEN", "STATE", "WHAT", "WHY NOT"], &cells)
    });
    Ok(ExitCode::SUCCESS)
}

async fn draft_of(at: &At<'_>, name: &str) -> Result<Draft, Failure> {
    let library = at.bench.library(at.project).await?;
    let named = |draft: &&NewDraft| folded(&draft.name) == folded(name);
    if let Some(new) = library.new_drafts.iter().find(named) {
        return Ok(at.bench.draft(at.project, new.draft.clone()).await?);
    }
    let prompt = find::prompt(&library, name)?;
    Ok(at.bench.open_draft(at.project, prompt, None).await?)
}

/// What a file holds, or standard input for `-`.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    if path != Path::new("-") {
        return std::fs::read_to_string(path)
            .map_err(|error| Failure::other(format!("{}: {}", path.display(), plain(&error))));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::other(format!("standard input: {}", plain(&error))))?;
    Ok(text)
}

// A file may hold a content as YAML or JSON, or, for a snippet, just its text.
fn read_content(path: &Path, kind: Kind) -> Result<VersionContent, Failure> {
    let text = text_of(path)?;
    // JSON is YAML but for pairs of escapes, which YAML knows not.
    if let Ok(content) = serde_json::from_str(&text) {
        return Ok(content);
    }
    match serde_norway::from_str(&text) {
        Ok(content) => Ok(content),
        Err(_) if kind == Kind::Text => Ok(VersionContent::text(text)),
        Err(error) => Err(Failure::other(format!("{}: {error}", path.display()))),
    }
}

pub fn in_editor(content: &VersionContent) -> Result<VersionContent, Failure> {
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR"));
    let editor =
        editor.map_err(|_| Failure::other("set EDITOR, or give the content with --from FILE"))?;
    // A name that nobody can guess, and nobody else's to read: the folder is everybody's.
    let file = tempfile::Builder::new()
        .prefix("galley-")
        .suffix(".yaml")
        .tempfile()
        .map_err(|error| {
            Failure::other(format!(
                "no file to edit in could be made: {}",
                plain(&error)
            ))
        })?
        .into_temp_path();
    let failed =
        |error: std::io::Error| Failure::other(format!("{}: {}", file.display(), plain(&error)));
    std::fs::write(&file, format!("{HEAD}{}", yaml(content))).map_err(failed)?;
    let mut words = editor.split_whitespace();
    let program = words
        .next()
        .ok_or_else(|| Failure::other("EDITOR is empty"))?;
    let status = std::process::Command::new(program)
        .args(words)
        .arg(&file)
        .status()
        .map_err(|error| {
            Failure::other(format!(
                "the editor {program} did not start: {}",
                plain(&error)
            ))
        })?;
    let edited = std::fs::read_to_string(&file).map_err(failed)?;
    let why = if status.success() {
        match serde_norway::from_str(&edited) {
            Ok(content) => return Ok(content),
            Err(error) => error.to_string(),
        }
    } else {
        "the editor ended with an error".to_owned()
    };
    // What can't be used stays where it is: nothing that was typed is lost.
    Err(match file.keep() {
        Ok(kept) => Failure::other(format!("{why}; your text is in {}", kept.display())),
        Err(error) => Failure::other(format!("{why}, and your text could not be kept: {error}")),
    })
}
