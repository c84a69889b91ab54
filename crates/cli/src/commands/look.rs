//! Looking: status, list, show, diff, log, verify, sync.

use super::At;
use crate::say::{answer, table, when};
use crate::{Arguments, Failure, find, say};
use domain::PromptId;
use domain::diff::Mark;
use domain::names::folded;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::{
    ActivityFilter, Library, ProjectCard, PromptRow, Ref, StageSide, State, SyncKind, SyncState,
    Verification,
};

pub async fn status(at: &At<'_>) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let rows = at.bench.outbox(at.project).await?;
    let diverged = at.bench.diverged(at.project).await?;
    let found = Status {
        sync: &library.sync,
        project: &library.project,
        projects: at.bench.projects()?,
        diverged: diverged.iter().map(|(_, words)| words.as_str()).collect(),
        last_entry: at.bench.last_entry(at.project)?,
    };
    answer(at.arguments, &found, || {
        let mut lines = vec![
            format!("{} — {}", library.project.name, library.sync.words),
            format!(
                "You are {} ({}).",
                library.me.name,
                say::role(library.me.role)
            ),
            format!(
                "{} here, verified to {}",
                say::count(library.sync.head, "entry", "entries"),
                library.sync.verified_to
            ),
            format!("The last is {}", found.last_entry),
        ];
        if library.reviews > 0 {
            let waiting = say::count(library.reviews.into(), "request waits", "requests wait");
            lines.push(format!("  {waiting} for your verdict: galley review"));
        }
        for row in &rows {
            let why = row
                .refusal
                .as_ref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default();
            lines.push(format!("  waits: {} ({}){why}", row.words, row.command));
        }
        let drafts = library
            .prompts
            .iter()
            .filter(|row| row.has_draft)
            .map(|row| row.name.clone());
        let drafts: Vec<_> = drafts
            .chain(library.new_drafts.iter().map(|draft| draft.name.clone()))
            .collect();
        if !drafts.is_empty() {
            lines.push(format!("  drafts: {}", drafts.join(", ")));
        }
        lines.extend(
            diverged
                .iter()
                .map(|(id, words)| format!("  {}", bring_together(&library, *id, words))),
        );
        let begun = found
            .projects
            .iter()
            .filter(|card| card.setting_up.is_some());
        lines.extend(begun.map(|card| {
            let words = card.setting_up.as_deref().unwrap_or_default();
            format!("  {} ({}) is {words}", card.name, card.id)
        }));
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// What `status` answers to programs.
#[derive(Serialize)]
struct Status<'a> {
    #[serde(flatten)]
    sync: &'a SyncState,
    project: &'a ProjectCard,
    projects: Vec<ProjectCard>,
    diverged: Vec<&'a str>,
    /// The digest of the last entry here: two computers at the same number have the same, or
    /// somebody shows them different histories.
    last_entry: domain::Digest,
}

/// That a prompt has diverged, and what to do.
fn bring_together(library: &Library, prompt: PromptId, words: &str) -> String {
    let row = library.prompts.iter().find(|row| row.id == prompt);
    let name = row.map(|row| row.name.as_str()).unwrap_or_default();
    format!("{words} — bring them together: galley merge {name}")
}

/// A hint where a prompt, or any of the project, has diverged.
pub async fn diverged(at: &At<'_>, prompt: Option<PromptId>) -> Result<(), Failure> {
    if at.arguments.json {
        return Ok(());
    }
    let found = at.bench.diverged(at.project).await?;
    if found.is_empty() {
        return Ok(());
    }
    let library = at.bench.library(at.project).await?;
    for (id, words) in found {
        if prompt.is_none_or(|prompt| prompt == id) {
            say::hint(&bring_together(&library, id, &words));
        }
    }
    Ok(())
}

pub async fn list(at: &At<'_>, all: bool) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let shown: Vec<&PromptRow> = library
        .prompts
        .iter()
        .filter(|row| all || !row.archived)
        .collect();
    let value: Vec<Value> = shown
        .iter()
        .map(|row| json!(row))
        .chain(library.new_drafts.iter().map(|draft| {
            json!({
                "id": null, "name": draft.name, "state": State::Draft, "has_draft": true,
                "draft": draft.draft, "updated": draft.updated,
            })
        }))
        .collect();
    answer(at.arguments, &value, || {
        if value.is_empty() {
            return "There is no prompt yet. Begin one: galley new support/triage".to_owned();
        }
        let active: Vec<_> = library.environments.iter().filter(|e| !e.retired).collect();
        let mut head = vec!["PROMPT"];
        head.extend(active.iter().map(|environment| environment.name.as_str()));
        head.push("STATE");
        let mut rows: Vec<Vec<String>> = shown
            .iter()
            .map(|row| {
                let mut cells = vec![row.name.clone()];
                cells.extend(row.stages.iter().map(|stage| sides(&stage.sides)));
                let diverged = if row.diverged { ", diverged" } else { "" };
                cells.push(format!("{}{diverged}", state(row.state)));
                cells
            })
            .collect();
        rows.extend(library.new_drafts.iter().map(|draft| {
            let mut cells = vec![draft.name.clone()];
            cells.extend(active.iter().map(|_| sides(&[])));
            cells.push("draft, not saved yet".to_owned());
            cells
        }));
        rows.sort_by_cached_key(|cells| cells.first().map(|name| folded(name)));
        table(&head, &rows)
    });
    diverged(at, None).await?;
    Ok(ExitCode::SUCCESS)
}

pub async fn show(
    at: &At<'_>,
    prompt: &str,
    version: &str,
    time: Option<&str>,
) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let id = find::prompt(&library, prompt)?;
    let view = at.bench.prompt(at.project, id).await?;
    if let Some(time) = time {
        let environment = find::environment(&library, (version != "latest").then_some(version))?;
        let served = at
            .bench
            .served_at(at.project, environment, moment(time)?)
            .await?;
        let row = served.into_iter().find(|row| row.prompt == id);
        answer(at.arguments, &row, || match &row {
            None => format!("nothing of {prompt} was served there at {time}"),
            Some(row) => format!(
                "{} since {}, by {}",
                sides(&row.sides),
                when(row.since),
                row.by
            ),
        });
        return Ok(ExitCode::SUCCESS);
    }
    let version = match find::version(&library, &view, version)? {
        Ref::Version { version } => version,
        Ref::Environment { environment, .. } => view
            .stages
            .iter()
            .find(|stage| stage.environment == environment)
            .and_then(|stage| stage.sides.iter().max_by_key(|side| side.weight))
            .map(|side| side.version)
            .ok_or_else(|| Failure::other("that environment serves nothing of it"))?,
        Ref::Draft { draft } => {
            let draft = at.bench.draft(at.project, draft).await?;
            answer(at.arguments, &draft.content, || yaml(&draft.content));
            return Ok(ExitCode::SUCCESS);
        }
    };
    let found = at.bench.version(at.project, version).await?;
    answer(at.arguments, &found, || {
        let row = &found.row;
        let label = row
            .number
            .map_or_else(|| row.short.clone(), |number| format!("v{number}"));
        let live = if row.live_in.is_empty() {
            String::new()
        } else {
            format!(", live in {}", row.live_in.join(", "))
        };
        let head = format!(
            "# {} {label} — {} by {}, {}{live}",
            view.name,
            row.message,
            row.by,
            when(row.at)
        );
        if found.redacted {
            format!("{head}\n# its content was redacted")
        } else {
            format!("{head}\n{}", yaml(&found.content))
        }
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn diff(at: &At<'_>, prompt: &str, left: &str, right: &str) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let id = find::prompt(&library, prompt)?;
    let view = at.bench.prompt(at.project, id).await?;
    // Without a draft, "what changed" is what the newest version changed.
    let right = if right == "draft" && view.draft.is_none() {
        "latest"
    } else {
        right
    };
    let (left, right) = (
        find::version(&library, &view, left)?,
        find::version(&library, &view, right)?,
    );
    let compared = at.bench.compare(at.project, left, right).await?;
    answer(at.arguments, &compared, || {
        let mut lines = vec![
            format!("{} → {}", compared.left.label, compared.right.label),
            compared.summary.clone(),
        ];
        for message in compared
            .diff
            .messages
            .iter()
            .filter(|message| message.state != domain::diff::MessageState::Same)
        {
            lines.push(format!("\n[{}]", message.label));
            let text: String = message
                .text
                .inline
                .iter()
                .map(|segment| match segment.mark {
                    Mark::Cut => format!("[-{}-]", segment.text),
                    Mark::Added => format!("{{+{}+}}", segment.text),
                    Mark::Moved => format!("{{>{}<}}", segment.text),
                    _ => segment.text.clone(),
                })
                .collect();
            lines.push(text);
        }
        for row in &compared.diff.settings {
            let field = row
                .field
                .as_ref()
                .map(|field| format!(" {field}"))
                .unwrap_or_default();
            let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
            lines.push(format!(
                "  {}{field}: {} → {}",
                row.name,
                side(&row.old),
                side(&row.new)
            ));
        }
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn log(at: &At<'_>, prompt: Option<&str>, limit: u32) -> Result<ExitCode, Failure> {
    if let Some(name) = prompt {
        let library = at.bench.library(at.project).await?;
        let view = at
            .bench
            .prompt(at.project, find::prompt(&library, name)?)
            .await?;
        answer(at.arguments, &view.versions, || {
            let rows: Vec<Vec<String>> = view
                .versions
                .iter()
                .take(usize::try_from(limit).unwrap_or(usize::MAX))
                .map(|row| {
                    vec![
                        row.number
                            .map_or_else(|| row.short.clone(), |number| format!("v{number}")),
                        when(row.at),
                        row.by.clone(),
                        row.live_in.join(","),
                        row.message.clone(),
                    ]
                })
                .collect();
            table(&["VERSION", "WHEN", "WHO", "LIVE IN", "WHY"], &rows)
        });
        diverged(at, Some(view.id)).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let page = at
        .bench
        .activity(at.project, ActivityFilter::default(), None, limit)
        .await?;
    answer(at.arguments, &page, || {
        let lines = page.entries.iter().map(|row| {
            let seq = row
                .seq
                .map_or_else(|| "waits".to_owned(), |seq| seq.to_string());
            let reason = row
                .reason
                .as_ref()
                .map(|why| format!(" — {why}"))
                .unwrap_or_default();
            format!(
                "{seq:>6}  {}  {} {}{reason}",
                when(row.at),
                row.by,
                row.words
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

pub async fn verify(at: &At<'_>) -> Result<ExitCode, Failure> {
    let found = at.bench.verify(at.project).await?;
    Ok(verified(at.arguments, &found))
}

/// Checks an export by itself, and holds it against the same project on this computer, if it is here.
pub fn verify_folder(
    bench: &Workbench,
    arguments: &Arguments,
    folder: &Path,
) -> Result<ExitCode, Failure> {
    let found = bench.verify_export(folder)?;
    Ok(verified(arguments, &found))
}

fn verified(arguments: &Arguments, found: &Verification) -> ExitCode {
    answer(arguments, found, || found.words.clone());
    if found.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

pub async fn sync(
    at: &At<'_>,
    fresh: Result<workbench::views::SyncState, workbench::Error>,
) -> Result<ExitCode, Failure> {
    let state = fresh?;
    answer(at.arguments, &state, || state.words.clone());
    diverged(at, None).await?;
    Ok(if state.refused > 0 {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// What an environment serves, in a cell.
pub fn sides(sides: &[StageSide]) -> String {
    match sides {
        [] => "–".to_owned(),
        [only] => label(only),
        several => several
            .iter()
            .map(|side| format!("{} {}%", label(side), side.weight))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn label(side: &StageSide) -> String {
    side.number
        .map_or_else(|| side.version.short(), |number| format!("v{number}"))
}

fn state(state: State) -> &'static str {
    match state {
        State::Draft => "draft",
        State::Saved => "saved",
        State::Outbox => "in the outbox",
        State::Registry => "in the registry",
        State::Live => "live",
    }
}

/// A content as people edit it.
pub fn yaml(content: &domain::VersionContent) -> String {
    serde_norway::to_string(content).unwrap_or_else(|error| error.to_string())
}

fn moment(text: &str) -> Result<domain::Millis, Failure> {
    let zoned = text.parse::<jiff::Timestamp>().or_else(|_| {
        let local: jiff::civil::DateTime = text.parse()?;
        Ok::<_, jiff::Error>(local.to_zoned(jiff::tz::TimeZone::system())?.timestamp())
    });
    let at =
        zoned.map_err(|_| Failure::other(format!("{text} is no time; write 2026-05-03T14:00")))?;
    Ok(domain::Millis(at.as_millisecond()))
}

/// A hint that something waits, where that is so, and for what.
pub async fn waits(at: &At<'_>, accepted: bool) -> Result<(), Failure> {
    if accepted || at.arguments.json {
        return Ok(());
    }
    let state = at.bench.sync_state(at.project).await?;
    let words = match state.kind {
        SyncKind::Problem if at.troubled => {
            "It waits in the outbox until that is settled.".to_owned()
        }
        SyncKind::Problem => format!("It waits in the outbox. {}", state.words),
        SyncKind::Offline => {
            "The registry can't be reached: it waits in the outbox, and is sent with the next command or `galley sync`."
                .to_owned()
        }
        _ => "It waits in the outbox, and is sent with the next command or `galley sync`.".to_owned(),
    };
    say::hint(&words);
    Ok(())
}

/// Says, after something was done at once, if the registry does not have it yet.
pub async fn settled(at: &At<'_>) -> Result<(), Failure> {
    let left = at.bench.sync_state(at.project).await?.outbox;
    waits(at, left == 0).await
}
