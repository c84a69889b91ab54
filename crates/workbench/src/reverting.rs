//! Going back: prompt by prompt to an earlier release, or a whole release as one.
//!
//! What later releases changed on the same prompts is listed, and can be kept by leaving those
//! prompts out.

use crate::reading::Reading;
use crate::releasing::{Planned, PlannedBody};
use crate::views::{Plan, ReleaseKind};
use crate::{Error, Workbench, track, words};
use domain::ledger::Pointer;
use domain::project::{Release, ReleaseKind as Kind};
use domain::{EnvironmentId, ProjectId, PromptId, ReleaseId};
use std::collections::BTreeSet;

impl Workbench {
    /// The plan of going back: to a release that a person chose, or to what was served before.
    ///
    /// # Errors
    /// There is nothing to go back to.
    pub async fn plan_revert(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        prompts: Vec<PromptId>,
        to: Option<ReleaseId>,
    ) -> Result<Plan, Error> {
        let reading = self.reading(project)?;
        let place = words::environment(&reading.ahead, environment);
        let first = prompts
            .first()
            .ok_or_else(|| Error::invalid("there is no prompt in it"))?;
        let to = match to {
            Some(to) => to,
            None => reading
                .ahead
                .prompt(*first)
                .and_then(|prompt| track::revert_target(&reading.ahead, environment, prompt))
                .ok_or_else(|| {
                    Error::invalid(format!(
                        "{place} served nothing else of {} before, so there is nothing to go back to",
                        words::prompt(&reading.ahead, *first)
                    ))
                })?,
        };
        let planned = reading.going_back(environment, to, &prompts);
        self.keep_plan(&reading, planned)
    }

    /// The plan of undoing one release as a whole: each of its prompts goes back to what was served
    /// before it, whatever was released since, except those that are to be kept as they are.
    ///
    /// # Errors
    /// There was no release before it, it was a revert, or nothing is left to undo.
    pub async fn plan_undo(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        release: ReleaseId,
        keep: Vec<PromptId>,
    ) -> Result<Plan, Error> {
        let reading = self.reading(project)?;
        let place = words::environment(&reading.ahead, environment);
        let undone = reading
            .ahead
            .release(release)
            .ok_or_else(|| Error::not_found("there is no such release"))?;
        if matches!(undone.kind, Kind::Revert(_)) {
            return Err(Error::invalid(
                "that was a revert; to serve again what it went back from, promote or release it",
            ));
        }
        let to = reading
            .ahead
            .releases()
            .rev()
            .skip_while(|one| one.id != release)
            .skip(1)
            .find(|one| one.changes.iter().any(|c| c.environment == environment))
            .ok_or_else(|| {
                Error::invalid(format!(
                    "that was the first release of {place}, so there is nothing to go back to"
                ))
            })?
            .id;
        let (mut back, mut there) = (Vec::new(), Vec::new());
        for change in undone
            .changes
            .iter()
            .filter(|c| c.environment == environment)
        {
            if keep.contains(&change.prompt) {
                continue;
            }
            let then = reading.ahead.state_after(to, environment, change.prompt);
            let then = then.map_or(&[][..], |(_, change)| &change.sides);
            let now = reading.ahead.last_served(environment, change.prompt);
            if now.is_some_and(|now| now.sides == then) {
                there.push(words::prompt(&reading.ahead, change.prompt));
            } else {
                back.push(change.prompt);
            }
        }
        if back.is_empty() {
            return Err(Error::invalid(if keep.is_empty() {
                format!("{place} serves already what it served before that release")
            } else {
                "nothing is left to go back: every prompt of it is kept".to_owned()
            }));
        }
        let mut planned = reading.going_back(environment, to, &back);
        planned.together = None;
        planned.reason = format!("Undo: {}", reading.text(&undone.reason));
        if !there.is_empty() {
            planned.stays.push(format!(
                "{place} serves of {} already what it served before",
                words::list(&there)
            ));
        }
        self.keep_plan(&reading, planned)
    }
}

impl Reading {
    fn going_back(
        &self,
        environment: EnvironmentId,
        to: ReleaseId,
        prompts: &[PromptId],
    ) -> Planned {
        let pointers: Vec<_> = prompts
            .iter()
            .filter_map(|prompt| {
                let now = self.ahead.last_served(environment, *prompt)?;
                Some(Pointer {
                    prompt: *prompt,
                    replaces: now.release,
                })
            })
            .collect();
        let current: BTreeSet<_> = pointers.iter().map(|pointer| pointer.replaces).collect();
        let mut stays = Vec::new();
        let mut together = None;
        for release in current.iter().filter_map(|id| self.ahead.release(*id)) {
            let others = self.still_served_beside(release, environment, prompts);
            if others.is_empty() {
                continue;
            }
            stays.push(format!(
                "{} {} released together with it ({})",
                words::list(&others),
                if others.len() == 1 { "was" } else { "were" },
                self.text(&release.reason)
            ));
            let whole = !matches!(release.kind, Kind::Revert(_));
            together = (whole && current.len() == 1).then_some(release.id);
        }
        let names: Vec<_> = prompts
            .iter()
            .map(|prompt| words::prompt(&self.ahead, *prompt))
            .collect();
        let was = self
            .ahead
            .release(to)
            .map(|release| self.text(&release.reason))
            .unwrap_or_default();
        Planned {
            title: format!(
                "Revert {} in {}",
                words::list(&names),
                words::environment(&self.ahead, environment)
            ),
            action: "Revert",
            kind: ReleaseKind::Revert,
            body: PlannedBody::Revert {
                environment,
                to,
                prompts: pointers,
            },
            stays,
            together,
            reason: if was.is_empty() {
                "Back to what worked".to_owned()
            } else {
                format!("Back to: {was}")
            },
        }
    }

    // The names of the other prompts that a release changed here and that are served by it still.
    fn still_served_beside(
        &self,
        release: &Release,
        environment: EnvironmentId,
        prompts: &[PromptId],
    ) -> Vec<String> {
        let beside = release.changes.iter().filter(|change| {
            change.environment == environment
                && !prompts.contains(&change.prompt)
                && self
                    .ahead
                    .last_served(environment, change.prompt)
                    .is_some_and(|now| now.release == release.id)
        });
        let names: BTreeSet<_> = beside
            .map(|change| words::prompt(&self.ahead, change.prompt))
            .collect();
        names.into_iter().collect()
    }

    /// The releases of a prompt that going back to the state after another undoes, the newest
    /// first, one line each.
    pub(crate) fn undoes_words(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        to: ReleaseId,
    ) -> Vec<String> {
        let target = self
            .ahead
            .state_after(to, environment, prompt)
            .map(|(id, _)| id);
        let mut lines = Vec::new();
        let mut next = self
            .ahead
            .last_served(environment, prompt)
            .map(|serving| serving.release);
        while let Some(id) = next.filter(|id| Some(*id) != target) {
            let Some(release) = self.ahead.release(id) else {
                break;
            };
            let change = release.change(environment, prompt);
            let sides = change
                .map(|change| change.sides.as_slice())
                .unwrap_or_default();
            lines.push(format!(
                "{} by {}: {}",
                self.sides_words(sides),
                self.person(release.by),
                self.text(&release.reason)
            ));
            next = change.and_then(|change| change.before);
        }
        lines
    }
}
