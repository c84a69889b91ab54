//! `promote --wait`: asks for a review, waits for it, and releases what was approved.

use super::At;
use crate::Failure;
use crate::say::{self, answer};
use domain::RequestId;
use domain::ledger::VerdictKind;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;
use workbench::Event;
use workbench::views::{Asking, NextStep, Plan, RequestState, RequestView, SyncKind};

/// How often one looks when nothing was heard: a freeze ends without anybody saying so.
const LOOK: Duration = Duration::from_secs(20);

pub async fn for_approval(
    at: &At<'_>,
    plan: Plan,
    reason: String,
    timeout: Duration,
) -> Result<ExitCode, Failure> {
    let deadline = Instant::now() + timeout;
    // Before anything is asked: an answer may be quick.
    let mut events = at.bench.events();
    at.bench.open_project(at.project).await?;
    let request = asked(at, &plan, reason).await?;
    let mut told = String::new();
    loop {
        let view = at.bench.request(at.project, request).await?;
        if view.row.words != told {
            told.clone_from(&view.row.words);
            say::hint(&format!("{}: {told}", view.row.title));
        }
        ended(&view)?;
        let sync = at.bench.sync_state(at.project).await?;
        if sync.kind == SyncKind::Problem {
            return Err(Failure::coded(
                "problem",
                format!("{}: {}", view.row.title, sync.words),
            ));
        }
        let sent = sync.outbox == 0;
        if view.row.state == RequestState::Released && sent {
            answer(at.arguments, &view, || {
                format!("Released: {}", view.row.title)
            });
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(seen) = next(&view) {
            let done = at
                .bench
                .release_request(at.project, request, seen, String::new(), None)
                .await?;
            say::hint(&done.words);
            continue;
        }
        if !heard(&mut events, deadline).await {
            return Err(Failure::coded(
                "timeout",
                format!(
                    "{} is still not released: {}{}. The request stays open; the same command goes on waiting for it",
                    view.row.title,
                    view.row.words,
                    match view.parts.iter().any(|part| part.may_go) {
                        true => ", but not by this account: somebody who may has to",
                        false => "",
                    }
                ),
            ));
        }
    }
}

/// The request that is waited for: one that asks for this already, or a new one.
async fn asked(at: &At<'_>, plan: &Plan, reason: String) -> Result<RequestId, Failure> {
    if let Some(open) = at.bench.request_like(at.project, &plan.id).await? {
        let view = at.bench.request(at.project, open).await?;
        if view.can.renew {
            let said = at.bench.renew_request(at.project, open).await?;
            say::hint(&said.words);
        }
        return Ok(open);
    }
    let asking = Asking {
        reason,
        ..Asking::default()
    };
    let asked = at
        .bench
        .ask_for_release(at.project, plan.id.clone(), asking)
        .await?;
    say::hint(&asked.words);
    Ok(asked.request)
}

/// What ends the waiting without a release.
fn ended(view: &RequestView) -> Result<(), Failure> {
    let title = &view.row.title;
    match view.row.state {
        RequestState::Withdrawn => Err(Failure::coded(
            "withdrawn",
            format!("{title}: was withdrawn"),
        )),
        RequestState::Stale => Err(Failure::coded(
            "moved",
            format!(
                "{title}: what it replaces has moved. The same command asks again, on top of what is served now"
            ),
        )),
        RequestState::ChangesAsked => {
            let said = view
                .verdicts
                .iter()
                .filter(|verdict| {
                    verdict.kind == VerdictKind::AskForChanges && verdict.void.is_empty()
                })
                .map(|verdict| format!("{}: {}", verdict.by, verdict.comment));
            Err(Failure::coded(
                "changes_asked",
                format!(
                    "{title}: changes are asked for. {}",
                    said.collect::<Vec<_>>().join("; ")
                ),
            ))
        }
        RequestState::Waiting | RequestState::Ready | RequestState::Released => Ok(()),
    }
}

/// What may be released now, by whoever runs this.
fn next(view: &RequestView) -> Option<NextStep> {
    let part = view
        .parts
        .iter()
        .find(|part| view.can.release.contains(&part.environment))?;
    Some(NextStep {
        digest: view.digest,
        step: part.done + 1,
        environments: view
            .parts
            .iter()
            .filter(|other| {
                other.done == part.done && view.can.release.contains(&other.environment)
            })
            .map(|other| other.environment)
            .collect(),
    })
}

/// Waits until something may have changed. `false` when the time is over.
async fn heard(events: &mut Receiver<Event>, deadline: Instant) -> bool {
    let look = (Instant::now() + LOOK).min(deadline);
    loop {
        match tokio::time::timeout_at(look, events.recv()).await {
            Ok(
                Ok(Event::ProjectChanged(_) | Event::SyncChanged(_)) | Err(RecvError::Lagged(_)),
            ) => {
                return Instant::now() < deadline;
            }
            Ok(Ok(_)) => {}
            Ok(Err(RecvError::Closed)) | Err(_) => return Instant::now() < deadline,
        }
    }
}
