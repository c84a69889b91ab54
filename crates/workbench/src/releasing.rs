//! Releases: what each environment serves, the plan of a change, and carrying it out.
//!
//! A plan is made on what this computer sees now and names what it replaces; carrying it out sends
//! exactly that. If something moved meanwhile the registry answers with a conflict, and nothing
//! changes.

use crate::reading::Reading;
use crate::views::{
    BundleChange, Done, DoneState, Plan, PlanChange, ReleaseKind, ReleasesRow, ReleasesView,
    Served, VersionChoice,
};
use crate::{Error, Workbench, track, words};
use domain::ledger::{Body, Pointer, ReleaseChange, Side};
use domain::{EnvironmentId, Millis, ProjectId, PromptId, ReleaseId};
use std::collections::BTreeSet;

/// How many versions Releases offers for each prompt.
const CHOICES: usize = 50;
/// How many plans are kept until they are carried out.
const PLANS: usize = 32;

/// A plan that waits for its reason.
#[derive(Clone)]
pub(crate) struct WaitingPlan {
    pub project: ProjectId,
    pub body: PlannedBody,
    title: String,
    /// What is so once it is done.
    outcome: String,
}

#[derive(Clone)]
pub(crate) enum PlannedBody {
    Release {
        changes: Vec<ReleaseChange>,
        promoted_from: Option<EnvironmentId>,
    },
    Revert {
        environment: EnvironmentId,
        to: ReleaseId,
        prompts: Vec<Pointer>,
    },
}

impl Workbench {
    /// What each environment serves, and the history of releases.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn releases(&self, project: ProjectId) -> Result<ReleasesView, Error> {
        let reading = self.reading(project)?;
        let both = reading.both();
        let mut prompts: Vec<_> = reading.ahead.prompts().filter(|p| !p.archived).collect();
        prompts.sort_by_key(|prompt| domain::names::folded(&prompt.name));
        let rows = prompts
            .iter()
            .map(|prompt| ReleasesRow {
                prompt: prompt.id,
                name: prompt.name.clone(),
                cells: track::track(both, prompt, |digest| reading.text(digest)),
                versions: prompt
                    .versions()
                    .rev()
                    .take(CHOICES)
                    .map(|version| VersionChoice {
                        version: version.id,
                        label: both.version_words(version.id),
                        message: reading.text(&version.message),
                    })
                    .collect(),
            })
            .collect();
        let history = reading
            .ahead
            .releases()
            .rev()
            .flat_map(|release| reading.release_rows(release))
            .collect();
        Ok(ReleasesView {
            environments: reading.environments(),
            rows,
            history,
        })
    }

    /// The plan of bringing what one environment serves to another.
    ///
    /// # Errors
    /// There is nothing to promote.
    pub async fn plan_promotion(
        &self,
        project: ProjectId,
        from: EnvironmentId,
        to: EnvironmentId,
        prompts: Vec<PromptId>,
    ) -> Result<Plan, Error> {
        let reading = self.reading(project)?;
        if from == to {
            return Err(Error::invalid(format!(
                "{} can't be promoted to itself: name the environment that it is to go to",
                words::environment(&reading.ahead, from)
            )));
        }
        let mut changes = Vec::new();
        for prompt in &prompts {
            let Some(source) = reading.ahead.serving(from, *prompt) else {
                return Err(Error::invalid(format!(
                    "{} serves nothing of {}, so there is nothing to promote",
                    words::environment(&reading.ahead, from),
                    words::prompt(&reading.ahead, *prompt)
                )));
            };
            changes.push(reading.change(to, *prompt, source.sides.clone()));
        }
        let names: Vec<_> = prompts
            .iter()
            .map(|prompt| words::prompt(&reading.ahead, *prompt))
            .collect();
        let title = format!(
            "Promote {} to {}",
            words::list(&names),
            words::environment(&reading.ahead, to)
        );
        let reason = reading.reason_from(&changes);
        let plan = Planned {
            title,
            action: "Promote",
            kind: ReleaseKind::Promotion,
            body: PlannedBody::Release {
                changes,
                promoted_from: Some(from),
            },
            stays: Vec::new(),
            together: None,
            reason,
        };
        self.keep_plan(&reading, plan)
    }

    /// The plan of a release of versions that a person chose.
    ///
    /// # Errors
    /// The bundle is empty, or names what does not exist.
    pub async fn plan_release(
        &self,
        project: ProjectId,
        changes: Vec<BundleChange>,
    ) -> Result<Plan, Error> {
        let reading = self.reading(project)?;
        let changes: Vec<_> = changes
            .into_iter()
            .map(|change| {
                let sides = change.sides.iter();
                let sides = sides.map(|s| Side {
                    version: s.version,
                    weight: s.weight.saturating_mul(100),
                });
                reading.change(change.environment, change.prompt, sides.collect())
            })
            .collect();
        let places: BTreeSet<_> = changes.iter().map(|c| c.environment).collect();
        let places: Vec<_> = places
            .into_iter()
            .map(|id| words::environment(&reading.ahead, id))
            .collect();
        let names: BTreeSet<_> = changes
            .iter()
            .map(|c| words::prompt(&reading.ahead, c.prompt))
            .collect();
        let names: Vec<_> = names.into_iter().collect();
        let stops = changes.iter().all(|change| change.sides.is_empty());
        let reason = reading.reason_from(&changes);
        let plan = Planned {
            title: if stops {
                format!(
                    "Stop serving {} in {}",
                    words::list(&names),
                    words::list(&places)
                )
            } else {
                format!(
                    "Release {} to {}",
                    words::list(&names),
                    words::list(&places)
                )
            },
            action: if stops { "Stop serving" } else { "Release" },
            kind: ReleaseKind::Release,
            body: PlannedBody::Release {
                changes,
                promoted_from: None,
            },
            stays: Vec::new(),
            together: None,
            reason,
        };
        self.keep_plan(&reading, plan)
    }

    /// Does what a plan says, with the reason that the person gave.
    ///
    /// # Errors
    /// The plan is not known any more, or the rules refuse it; nothing was changed then.
    pub async fn carry_out(
        &self,
        project: ProjectId,
        plan: String,
        reason: String,
    ) -> Result<Done, Error> {
        let waiting = self
            .plan(&plan)
            .filter(|waiting| waiting.project == project)
            .ok_or_else(|| {
                Error::invalid("this plan is too old; look at what would change and decide again")
            })?;
        if reason.trim().is_empty() {
            return Err(Error::invalid("a release needs a reason: a few words why"));
        }
        let mut act = self.act(project)?;
        let reason = act.text(reason.trim())?;
        let body = match waiting.body {
            PlannedBody::Release {
                changes,
                promoted_from,
            } => Body::Release {
                changes,
                reason,
                promoted_from,
                request: None,
                step: None,
                override_reason: None,
            },
            PlannedBody::Revert {
                environment,
                to,
                prompts,
            } => Body::Revert {
                environment,
                to,
                prompts,
                reason,
            },
        };
        let id = act.command(body)?;
        let accepted = act.send().await?;
        self.forget_plan(&plan);
        let release = ReleaseId::from(id);
        let (state, words) = if accepted {
            (DoneState::InRegistry, waiting.outcome)
        } else {
            (
                DoneState::Outbox,
                format!("{}: waits in the outbox. It is not live yet", waiting.title),
            )
        };
        Ok(Done {
            words,
            release,
            state,
        })
    }

    /// What an environment served at a time.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn served_at(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        at: Millis,
    ) -> Result<Vec<Served>, Error> {
        let reading = self.reading(project)?;
        let mut served: Vec<Served> = Vec::new();
        for release in reading
            .accepted
            .releases()
            .take_while(|release| release.at <= at)
        {
            for change in release
                .changes
                .iter()
                .filter(|change| change.environment == environment)
            {
                served.retain(|row| row.prompt != change.prompt);
                if change.sides.is_empty() {
                    continue;
                }
                served.push(Served {
                    prompt: change.prompt,
                    name: words::prompt(&reading.accepted, change.prompt),
                    sides: track::side_views(reading.both(), &change.sides),
                    release: release.id,
                    by: reading.person(release.by),
                    since: release.at,
                });
            }
        }
        served.sort_by_key(|row| domain::names::folded(&row.name));
        Ok(served)
    }

    pub(crate) fn keep_plan(&self, reading: &Reading, planned: Planned) -> Result<Plan, Error> {
        let changes = match &planned.body {
            PlannedBody::Release { changes, .. } => changes
                .iter()
                .map(|c| reading.plan_change(c.environment, c.prompt, &c.sides))
                .collect(),
            PlannedBody::Revert {
                environment,
                to,
                prompts,
            } => prompts
                .iter()
                .map(|pointer| {
                    let then = reading.ahead.state_after(*to, *environment, pointer.prompt);
                    let sides = then
                        .map(|(_, change)| change.sides.clone())
                        .unwrap_or_default();
                    PlanChange {
                        undoes: reading.undoes_words(*environment, pointer.prompt, *to),
                        ..reading.plan_change(*environment, pointer.prompt, &sides)
                    }
                })
                .collect::<Vec<_>>(),
        };
        let places: BTreeSet<_> = changes.iter().map(|change| change.environment).collect();
        let revert = planned.kind == ReleaseKind::Revert;
        // A policy of one's own making is not news: only those that were set are told.
        let told = places
            .iter()
            .filter(|id| !revert && reading.ahead.policy_set(**id).is_some());
        let policy = told
            .flat_map(|id| {
                let name = words::environment(&reading.ahead, *id);
                let lines = reading.policy_words(reading.ahead.policy(*id));
                lines.into_iter().map(move |line| format!("{name}: {line}"))
            })
            .collect();
        let needs_request = !revert
            && places
                .iter()
                .any(|id| reading.ahead.policy(*id).needs_request());
        let id = hex::encode(crate::secrets::random_16()?);
        let waiting = WaitingPlan {
            project: reading.project,
            body: planned.body,
            title: planned.title.clone(),
            outcome: outcome(&changes),
        };
        self.remember_plan(id.clone(), waiting, PLANS);
        Ok(Plan {
            id,
            title: planned.title,
            action: planned.action.to_owned(),
            warnings: reading.warnings(&changes),
            changes,
            stays: planned.stays,
            together: planned.together,
            reason: planned.reason,
            offline_words: self.offline_words(reading.project, planned.kind),
            kind: planned.kind,
            needs_request,
            policy,
        })
    }
}

pub(crate) struct Planned {
    pub title: String,
    pub action: &'static str,
    pub kind: ReleaseKind,
    pub body: PlannedBody,
    pub stays: Vec<String>,
    pub together: Option<ReleaseId>,
    pub reason: String,
}

/// What is so once a plan is carried out: "production serves support/triage v9".
fn outcome(changes: &[PlanChange]) -> String {
    let Some(first) = changes.first() else {
        return "Nothing changed".to_owned();
    };
    let one_place = changes.iter().all(|c| c.environment == first.environment);
    if !one_place {
        return format!("{} changes are live", changes.len());
    }
    let environment = &first.environment_name;
    if changes.len() > 2 {
        return format!("{environment} serves {} prompts anew", changes.len());
    }
    let served: Vec<_> = changes
        .iter()
        .map(|change| match change.after.as_str() {
            "nothing" => format!("{} no longer", change.name),
            after => format!("{} {after}", change.name),
        })
        .collect();
    format!("{environment} serves {}", served.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, environment: u128, after: &str) -> PlanChange {
        PlanChange {
            prompt: domain::PromptId(uuid::Uuid::from_u128(1)),
            name: name.to_owned(),
            environment: EnvironmentId(uuid::Uuid::from_u128(environment)),
            environment_name: "production".to_owned(),
            before: "v1".to_owned(),
            after: after.to_owned(),
            summary: String::new(),
            diff: None,
            sides_before: Vec::new(),
            sides_after: Vec::new(),
            moves: String::new(),
            undoes: Vec::new(),
        }
    }

    #[test]
    fn what_was_done_is_told_as_what_is_so_now() {
        let triage = change("support/triage", 1, "v9");
        let tone = change("tone", 1, "v2");
        let elsewhere = change("tone", 2, "v2");
        assert_eq!(
            outcome(std::slice::from_ref(&triage)),
            "production serves support/triage v9"
        );
        assert_eq!(
            outcome(&[triage.clone(), tone.clone()]),
            "production serves support/triage v9 and tone v2"
        );
        assert_eq!(
            outcome(&[triage.clone(), tone.clone(), tone]),
            "production serves 3 prompts anew"
        );
        assert_eq!(
            outcome(&[change("tone", 1, "nothing")]),
            "production serves tone no longer"
        );
        assert_eq!(outcome(&[triage, elsewhere]), "2 changes are live");
    }
}
