//! Writing: new, edit, save, and settling what was refused.

use super::At;
use super::look::{waits, yaml};
use crate::say::{answer, table, when};
use crate::{Failure, find};
use domain::VersionContent;
use domain::content::Kind;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use workbench::views::{Draft, Settle, State};

pub async fn new(
    at: &At<'_>,
    name: &str,
    snippet: bool,
    from: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let kind = if snippet { Kind::Text } else { Kind::Chat };
    let content = from.map(|path| read_content(path, kind)).transpose()?;
    let draft = at
        .bench
        .new_draft(at.project, name.to_owned(), kind)
        .await?;
    let draft = match content {
        Some(content) => keep(at, draft, content).await?,
        None => draft,
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
    waits(at, row.state != State::Outbox);
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
    if let Some(new) = library.new_drafts.iter().find(|draft| draft.name == name) {
        return Ok(at.bench.draft(at.project, new.draft.clone()).await?);
    }
    let prompt = find::prompt(&library, name)?;
    Ok(at.bench.open_draft(at.project, prompt, None).await?)
}

async fn keep(at: &At<'_>, draft: Draft, content: VersionContent) -> Result<Draft, Failure> {
    at.bench
        .save_draft(at.project, draft.id.clone(), content, None, None)
        .await?;
    Ok(at.bench.draft(at.project, draft.id).await?)
}

// A file may hold a content as YAML or JSON, or, for a snippet, just its text.
fn read_content(path: &Path, kind: Kind) -> Result<VersionContent, Failure> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Failure::other(error.to_string()))?;
        text
    } else {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::other(format!("{}: {error}", path.display())))?
    };
    match serde_norway::from_str(&text) {
        Ok(content) => Ok(content),
        Err(_) if kind == Kind::Text => Ok(VersionContent::text(text)),
        Err(error) => Err(Failure::other(format!("{}: {error}", path.display()))),
    }
}

fn in_editor(content: &VersionContent) -> Result<VersionContent, Failure> {
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR"));
    let editor =
        editor.map_err(|_| Failure::other("set EDITOR, or give the content with --from FILE"))?;
    // A name that nobody can guess, and nobody else's to read: the folder is everybody's.
    let file = tempfile::Builder::new()
        .prefix("galley-")
        .suffix(".yaml")
        .tempfile()
        .map_err(|error| Failure::other(format!("no file to edit in could be made: {error}")))?
        .into_temp_path();
    let failed = |error: std::io::Error| Failure::other(format!("{}: {error}", file.display()));
    std::fs::write(&file, yaml(content)).map_err(failed)?;
    let mut words = editor.split_whitespace();
    let program = words
        .next()
        .ok_or_else(|| Failure::other("EDITOR is empty"))?;
    let status = std::process::Command::new(program)
        .args(words)
        .arg(&file)
        .status()
        .map_err(|error| Failure::other(format!("the editor {program} did not start: {error}")))?;
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
