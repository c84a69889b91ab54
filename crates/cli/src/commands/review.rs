//! Requests, and what is said to them.

use super::At;
use super::look::waits;
use crate::review_arguments::{Asking, Review};
use crate::say::{answer, table, when};
use crate::{Failure, find};
use domain::ledger::{CommentOn, VerdictKind};
use domain::names::folded;
use domain::{EnvironmentId, RequestId};
use std::process::ExitCode;
use workbench::views::{
    self, BreakNote, BundleChange, BundleSide, DoneState, GateView, NextStep, Ref, RequestRow,
    RequestState, RequestView,
};

/// Characters of a request's id that a list shows.
const SHORT: usize = 8;

pub async fn review(at: &At<'_>, what: Option<&Review>) -> Result<ExitCode, Failure> {
    match what {
        None => list(at, false).await,
        Some(Review::List { all }) => list(at, *all).await,
        Some(Review::Show { request }) => show(at, request).await,
        Some(Review::Ask(asking)) => ask(at, asking).await,
        Some(Review::Approve { request, message }) => {
            verdict(at, request, VerdictKind::Approve, message).await
        }
        Some(Review::Changes { request, message }) => {
            verdict(at, request, VerdictKind::AskForChanges, message).await
        }
        Some(Review::TakeBack { request }) => {
            let id = request_of(at, request).await?;
            at.bench.take_back_verdict(at.project, id).await?;
            done(at, id).await
        }
        Some(Review::Dismiss {
            request,
            whose,
            message,
        }) => {
            let view = look(at, request).await?;
            let found = view
                .verdicts
                .iter()
                .find(|row| folded(&row.by) == folded(whose));
            let person = found.map(|row| row.person).ok_or_else(|| {
                Failure::other(format!("{whose} has given no verdict on this request"))
            })?;
            let reason = message.clone();
            at.bench
                .dismiss_verdict(at.project, view.row.id, person, reason)
                .await?;
            done(at, view.row.id).await
        }
        Some(Review::Comment { request, text }) => {
            let id = request_of(at, request).await?;
            let on = CommentOn::Request(id);
            at.bench
                .comment(at.project, on, None, text.clone(), None)
                .await?;
            done(at, id).await
        }
        Some(Review::Withdraw { request, message }) => {
            let id = request_of(at, request).await?;
            at.bench
                .withdraw_request(at.project, id, message.clone())
                .await?;
            done(at, id).await
        }
        Some(Review::Renew { request }) => {
            let id = request_of(at, request).await?;
            let said = at.bench.renew_request(at.project, id).await?;
            answer(at.arguments, &said, || said.words.clone());
            Ok(ExitCode::SUCCESS)
        }
        Some(Review::Release {
            request,
            places,
            message,
            set_aside,
        }) => release(at, request, places, message, set_aside.as_deref()).await,
    }
}

async fn list(at: &At<'_>, all: bool) -> Result<ExitCode, Failure> {
    let inbox = at.bench.review_inbox(at.project).await?;
    answer(at.arguments, &inbox, || {
        let groups = [
            ("Waits for your verdict", &inbox.waiting),
            ("You asked for", &inbox.mine),
            ("Others asked for", &inbox.others),
            ("Over", &inbox.ended),
        ];
        let shown = if all { 4 } else { 3 };
        let parts: Vec<_> = groups
            .into_iter()
            .take(shown)
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(title, rows)| {
                let rows: Vec<_> = rows.iter().map(row).collect();
                format!(
                    "{title}\n{}",
                    table(&["REQUEST", "WHAT", "BY", "SINCE", "STATE"], &rows)
                )
            })
            .collect();
        if parts.is_empty() {
            "No request is open. Ask for one: galley review ask PROMPT --from staging --to production -m \"…\""
                .to_owned()
        } else {
            parts.join("\n\n")
        }
    });
    Ok(ExitCode::SUCCESS)
}

fn row(row: &RequestRow) -> Vec<String> {
    vec![
        short(row.id),
        row.title.clone(),
        row.by.clone(),
        when(row.at),
        row.words.clone(),
    ]
}

pub(super) fn short(id: RequestId) -> String {
    id.0.simple().to_string().chars().take(SHORT).collect()
}

pub async fn request_of(at: &At<'_>, wanted: &str) -> Result<RequestId, Failure> {
    let inbox = at.bench.review_inbox(at.project).await?;
    let wanted = wanted.to_lowercase().replace('-', "");
    let all = [inbox.waiting, inbox.mine, inbox.others, inbox.ended].concat();
    let fits: Vec<_> = all
        .iter()
        .filter(|row| !wanted.is_empty() && row.id.0.simple().to_string().starts_with(&wanted))
        .collect();
    match fits.as_slice() {
        [one] => Ok(one.id),
        [] => Err(Failure::other(format!(
            "there is no request {wanted}; `galley review list --all` shows them"
        ))),
        _ => Err(Failure::other(format!(
            "several requests begin with {wanted}; write more of the id"
        ))),
    }
}

async fn look(at: &At<'_>, wanted: &str) -> Result<RequestView, Failure> {
    let id = request_of(at, wanted).await?;
    Ok(at.bench.request(at.project, id).await?)
}

async fn show(at: &At<'_>, wanted: &str) -> Result<ExitCode, Failure> {
    let view = look(at, wanted).await?;
    // So that it can be looked at again, and graded again, where there is no network.
    at.bench.keep_evidence(at.project, view.row.id).await?;
    let gates = at.bench.gates_of(at.project, view.row.id).await?;
    answer(at.arguments, &view, || told(&view, &gates));
    Ok(ExitCode::SUCCESS)
}

async fn done(at: &At<'_>, id: RequestId) -> Result<ExitCode, Failure> {
    let view = at.bench.request(at.project, id).await?;
    answer(at.arguments, &view, || {
        format!("{}: {}", view.row.title, view.row.words)
    });
    Ok(ExitCode::SUCCESS)
}

fn told(view: &RequestView, gates: &[GateView]) -> String {
    let mut lines = vec![
        view.row.title.clone(),
        format!(
            "{}, asked by {} on {}: {}",
            short(view.row.id),
            view.row.by,
            when(view.row.at),
            view.row.reason
        ),
        format!("digest {}", view.digest),
    ];
    if let Some(suite) = &view.suite {
        lines.push(String::new());
        lines.push(match (suite.done, suite.may_go) {
            (true, _) => "the suite is set".to_owned(),
            (_, true) => "may be set".to_owned(),
            _ => "waits".to_owned(),
        });
        let changes = suite.changes.iter().map(|line| format!("  {line}"));
        lines.extend(changes);
        lines.extend(
            suite
                .missing
                .iter()
                .map(|line| format!("  missing: {line}")),
        );
        if !suite.approvals.is_empty() {
            lines.push(format!("  approved by {}", suite.approvals.join(", ")));
        }
    }
    for part in &view.parts {
        lines.push(String::new());
        lines.push(match (part.done, part.steps) {
            (done, steps) if done == steps => format!("{}: released", part.name),
            (_, 1) if part.may_go => format!("{}: may be released", part.name),
            (done, steps) if part.may_go => {
                format!(
                    "{}: step {} of {steps} may be released",
                    part.name,
                    done + 1
                )
            }
            _ => format!("{}: waits", part.name),
        });
        for (step, words) in part.step_words.iter().enumerate() {
            let mark = if step < part.done as usize {
                "released"
            } else {
                "asked"
            };
            lines.push(format!("  {mark}: {words}"));
        }
        for change in &part.changes {
            lines.push(format!(
                "  {}: {} → {} ({})",
                change.name, change.before, change.after, change.summary
            ));
        }
        lines.extend(part.policy.iter().map(|line| format!("  policy: {line}")));
        lines.extend(part.missing.iter().map(|line| format!("  missing: {line}")));
        for gate in gates
            .iter()
            .filter(|gate| gate.environment == part.environment)
        {
            lines.push(format!("  gate: {}: {}", gate.name, gate.words));
            let silent: u32 = gate.gates.iter().map(|row| row.silent).max().unwrap_or(0);
            if silent > 0 {
                lines.push(format!(
                    "    announced and without answers: {silent}, each of them a look"
                ));
            }
        }
        if !part.approvals.is_empty() {
            lines.push(format!("  approved by {}", part.approvals.join(", ")));
        }
        lines.extend(
            part.evidence
                .iter()
                .map(|run| format!("  run: {}", run.words)),
        );
        for found in &part.breaks {
            let note = found
                .note
                .as_deref()
                .unwrap_or("nobody has said why that is safe");
            lines.push(format!("  breaks: {} — {note}", found.words));
        }
    }
    if !view.verdicts.is_empty() {
        lines.push(String::new());
    }
    for verdict in &view.verdicts {
        let what = match verdict.kind {
            VerdictKind::Approve => "approved",
            VerdictKind::AskForChanges => "asked for changes",
        };
        let mut line = format!("{} {what} on {}", verdict.by, when(verdict.at));
        if !verdict.comment.is_empty() {
            line.push_str(&format!(": {}", verdict.comment));
        }
        lines.push(line);
        lines.extend(
            verdict
                .void
                .iter()
                .map(|why| format!("  does not count: {why}")),
        );
    }
    for comment in &view.comments {
        let settled = comment
            .resolved_by
            .as_ref()
            .map(|by| format!(" (settled by {by})"));
        lines.push(format!(
            "{} said on {}: {}{}",
            comment.by,
            when(comment.at),
            comment.text,
            settled.unwrap_or_default()
        ));
        if let Some(quote) = &comment.quote {
            lines.push(format!("  to “{}” in {}", quote.words, quote.from));
        }
    }
    lines.join("\n")
}

async fn verdict(
    at: &At<'_>,
    wanted: &str,
    kind: VerdictKind,
    message: &str,
) -> Result<ExitCode, Failure> {
    let view = look(at, wanted).await?;
    let said = at
        .bench
        .give_verdict(
            at.project,
            view.row.id,
            view.digest,
            kind,
            message.to_owned(),
        )
        .await?;
    answer(at.arguments, &said, || {
        let mut lines = vec![said.words.clone()];
        lines.extend(view.can.verdict_note.clone());
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

async fn ask(at: &At<'_>, asking: &Asking) -> Result<ExitCode, Failure> {
    let library = at.bench.library(at.project).await?;
    let mut changes = Vec::new();
    for name in &asking.prompts {
        let prompt = find::prompt(&library, name)?;
        let view = at.bench.prompt(at.project, prompt).await?;
        let from = asking.from.as_deref().or(asking.which.as_deref());
        let sides = match find::version(&library, &view, from.unwrap_or("latest"))? {
            Ref::Version { version } => vec![BundleSide {
                version,
                weight: 100,
            }],
            Ref::Environment { environment, .. } => {
                let stage = view
                    .stages
                    .iter()
                    .find(|stage| stage.environment == environment);
                let sides = stage.map(|stage| stage.sides.clone()).unwrap_or_default();
                if sides.is_empty() {
                    return Err(Failure::other(format!(
                        "{} serves nothing of {name}",
                        from.unwrap_or_default()
                    )));
                }
                let sides = sides.into_iter().map(|side| BundleSide {
                    version: side.version,
                    weight: side.weight,
                });
                sides.collect()
            }
            Ref::Draft { .. } => {
                return Err(Failure::other(format!(
                    "{name} is a draft; save it first: galley save {name} -m \"…\""
                )));
            }
        };
        for place in &asking.to {
            let environment = find::environment(&library, Some(place))?;
            changes.push(BundleChange {
                environment,
                prompt,
                sides: sides.clone(),
            });
        }
    }
    let plan = at.bench.plan_release(at.project, changes).await?;
    let choices = at.bench.reviewer_choices(at.project).await?;
    let mut reviewers = Vec::new();
    for name in &asking.reviewer {
        let found = choices
            .iter()
            .find(|choice| folded(&choice.name) == folded(name));
        reviewers.push(found.map(|choice| choice.reviewer).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|choice| choice.name.as_str()).collect();
            Failure::other(format!(
                "{name} gives no verdicts here; these do: {}",
                names.join(", ")
            ))
        })?);
    }
    let mut wanted = views::Asking {
        reason: asking.message.clone(),
        reviewers,
        shares: asking.steps.clone(),
        notes: Vec::new(),
        instead: None,
    };
    if let Some(request) = &asking.instead {
        wanted.instead = Some(request_of(at, request).await?);
    }
    if !asking.note.is_empty() {
        wanted.notes = notes(at, &plan.id, &wanted, &asking.note).await?;
    }
    let asked = at
        .bench
        .ask_for_release(at.project, plan.id, wanted)
        .await?;
    let view = at.bench.request(at.project, asked.request).await?;
    answer(at.arguments, &view, || {
        format!("{}\n\n{}", asked.words, told(&view, &[]))
    });
    Ok(ExitCode::SUCCESS)
}

// A note says why one input's break is safe, wherever the request meets it.
async fn notes(
    at: &At<'_>,
    plan: &str,
    asking: &views::Asking,
    written: &[String],
) -> Result<Vec<BreakNote>, Failure> {
    let preview = at
        .bench
        .preview_request(at.project, plan.to_owned(), asking.clone())
        .await?;
    let mut notes = Vec::new();
    for line in written {
        let (input, words) = line.split_once('=').ok_or_else(|| {
            Failure::other(format!("{line}: write a note as INPUT=why that is safe"))
        })?;
        let before = notes.len();
        for part in &preview {
            for found in part
                .breaks
                .iter()
                .filter(|found| found.input == input.trim())
            {
                notes.push(BreakNote {
                    environment: part.environment,
                    prompt: found.prompt,
                    input: found.input.clone(),
                    kind: found.kind,
                    text: words.trim().to_owned(),
                });
            }
        }
        if notes.len() == before {
            return Err(Failure::other(format!(
                "nothing breaks for the input {}; leave the note out",
                input.trim()
            )));
        }
    }
    Ok(notes)
}

async fn release(
    at: &At<'_>,
    wanted: &str,
    places: &[String],
    message: &str,
    set_aside: Option<&str>,
) -> Result<ExitCode, Failure> {
    let view = look(at, wanted).await?;
    if view.suite.is_some() {
        let set = at.bench.set_asked_suite(at.project, view.row.id).await?;
        answer(at.arguments, &set, || set.words.clone());
        return Ok(ExitCode::SUCCESS);
    }
    let named = |place: &String| {
        let part = view
            .parts
            .iter()
            .find(|part| folded(&part.name) == folded(place));
        part.map(|part| part.environment)
            .ok_or_else(|| Failure::other(format!("this request asks nothing of {place}")))
    };
    let environments: Vec<EnvironmentId> = if places.is_empty() {
        let may = match set_aside {
            Some(_) => &view.can.override_in,
            None => &view.can.release,
        };
        may.clone()
    } else {
        places.iter().map(named).collect::<Result<_, _>>()?
    };
    if environments.is_empty() {
        let missing: Vec<_> = view
            .parts
            .iter()
            .flat_map(|part| part.missing.clone())
            .collect();
        let over = matches!(
            view.row.state,
            RequestState::Released | RequestState::Withdrawn
        );
        return Err(Failure::other(if over {
            format!("this request is over: {}", view.row.words)
        } else if missing.is_empty() {
            "you may release nothing of this request; ask somebody who may".to_owned()
        } else {
            format!("nothing of this request may go yet: {}", missing.join("; "))
        }));
    }
    // Parts at different steps are different releases.
    let mut steps: Vec<u32> = Vec::new();
    for part in &view.parts {
        if environments.contains(&part.environment) && !steps.contains(&(part.done + 1)) {
            steps.push(part.done + 1);
        }
    }
    let mut all = Vec::new();
    for step in steps {
        let at_step = view
            .parts
            .iter()
            .filter(|part| part.done + 1 == step && environments.contains(&part.environment));
        let seen = NextStep {
            digest: view.digest,
            step,
            environments: at_step.map(|part| part.environment).collect(),
        };
        let done = at
            .bench
            .release_request(
                at.project,
                view.row.id,
                seen,
                message.to_owned(),
                set_aside.map(str::to_owned),
            )
            .await?;
        all.push(done);
    }
    let sent = all.iter().all(|done| done.state == DoneState::InRegistry);
    let words: Vec<_> = all.iter().map(|done| done.words.clone()).collect();
    let words = words.join("\n");
    let json = serde_json::json!({ "words": words, "releases": all });
    answer(at.arguments, &json, || words.clone());
    waits(at, sent).await?;
    Ok(ExitCode::SUCCESS)
}
