//! The runs that gates still wait for: which they are, and making just those.

use crate::reading::Reading;
use crate::views::{MissingRun, Ref, RunState, RunView};
use crate::{Error, Event, Workbench, words};
use domain::ledger::{GateFault, Missing};
use domain::rules::covered::{Changed, dependents};
use domain::rules::gates::Judged;
use domain::statistics::verdict::{GateDoubt, GateOutcome};
use domain::{EnvironmentId, Millis, ProjectId, PromptId, VersionId};
use tokio::sync::broadcast::error::RecvError;

/// Whether a run would help a gate to say something: none was made, or it was broken off. Where
/// all was asked, another run is another look, and for a person to decide.
pub(crate) fn wants_run(judged: &Judged<'_>) -> bool {
    match &judged.fault {
        Some(GateFault::NoRun) => true,
        Some(GateFault::Verdict { verdict }) => verdict.doubt == Some(GateDoubt::Unanswered),
        _ => false,
    }
}

/// A prompt for which a gate waits because of a part that changes.
pub(crate) struct Waited {
    pub prompt: PromptId,
    pub outcome: GateOutcome,
    pub words: String,
    pub run: Option<MissingRun>,
}

impl Workbench {
    /// Makes the runs that count which the gates of an environment still wait for (the `runs` of a
    /// [`crate::views::GateView`]), one after another. Returns when all have ended; if one is
    /// cancelled, those after it are not begun.
    ///
    /// # Errors
    /// The registry can't be reached, or a version names a model that can't be asked from here.
    pub async fn run_what_is_missing(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        runs: Vec<MissingRun>,
        concurrency: u32,
    ) -> Result<Vec<RunView>, Error> {
        let mut made = Vec::new();
        for run in runs {
            let of = Ref::Version {
                version: run.version,
            };
            let mut events = self.events();
            let started = self
                .start_counted_run(
                    project,
                    of,
                    environment,
                    run.beside,
                    run.repeats,
                    concurrency,
                )
                .await?;
            let mut view = self.run(project, started.id).await?;
            while view.state == RunState::Running {
                match events.recv().await {
                    Ok(Event::RunProgress(told)) if told.run != started.id => continue,
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                }
                view = self.run(project, started.id).await?;
            }
            let whole = view.state == RunState::Done;
            made.push(view);
            if !whole {
                break;
            }
        }
        Ok(made)
    }
}

impl Reading {
    /// The prompts for which the gates wait because this one would change.
    pub(crate) fn waited(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        together: &[Changed],
        now: Millis,
    ) -> Vec<Waited> {
        let at = (now, domain::ledger::RULES);
        let all = dependents(&self.ahead, environment, together, at).into_iter();
        // Told once, under the part that comes first.
        let of_it = all.filter(|one| {
            let part = self.ahead.version(one.part);
            part.is_some_and(|(of, _)| of.id == self.ahead.meant(prompt))
        });
        of_it
            .map(|one| {
                let faults = one.faults();
                let verdict = |fault: &Option<GateFault>| match fault {
                    Some(GateFault::Verdict { verdict }) => verdict.outcome,
                    _ => GateOutcome::CantTell,
                };
                let failed = faults
                    .iter()
                    .any(|fault| verdict(fault) == GateOutcome::Fail);
                let outcome = match () {
                    () if faults.is_empty() => GateOutcome::Pass,
                    () if failed => GateOutcome::Fail,
                    () => GateOutcome::CantTell,
                };
                let part = domain::rules::requests::words::version(&self.ahead, one.part);
                let of = one
                    .version
                    .map(|version| domain::rules::requests::words::version(&self.ahead, version));
                let reads = one
                    .version
                    .is_some_and(|of| self.ahead.serves(environment, of));
                let words = match faults.into_iter().next() {
                    None if reads => {
                        format!("{} passes with {part} before it.", of.unwrap_or_default())
                    }
                    None => format!("{} has {part}, and passes.", of.unwrap_or_default()),
                    Some(fault) => {
                        let missing = Missing::Dependent {
                            environment,
                            prompt: one.prompt,
                            part: one.part,
                            version: one.version,
                            fault,
                        };
                        let told = domain::rules::requests::words::missing(&self.ahead, &missing);
                        format!("{told}.")
                    }
                };
                let wanted = one.judged.iter().any(wants_run);
                let run = one.version.filter(|_| wanted);
                Waited {
                    prompt: one.prompt,
                    outcome,
                    words,
                    run: run.and_then(|of| {
                        let beside: Vec<VersionId> = one.beside.values().copied().collect();
                        let why = if reads {
                            "it reads what comes out of"
                        } else {
                            "it includes"
                        };
                        let why = format!("{why} {part}");
                        self.missing_run(environment, of, beside, Some(&why))
                    }),
                }
            })
            .collect()
    }

    /// The run that a gate waits for, as it must be made.
    pub(crate) fn missing_run(
        &self,
        environment: EnvironmentId,
        version: VersionId,
        beside: Vec<VersionId>,
        why: Option<&str>,
    ) -> Option<MissingRun> {
        let (prompt, _) = self.ahead.version(version)?;
        let suite = self.ahead.suite(prompt.id)?;
        let gates = self.ahead.policy(environment).suite_gates.iter();
        let wanted = gates.filter(|gate| gate.is_for(&self.ahead, prompt.id));
        let repeats = wanted.map(|gate| gate.repeats).max().unwrap_or(1);
        let name = domain::rules::requests::words::version(&self.ahead, version);
        let cases = usize::try_from(self.ahead.cases_of(&suite.suite)?).unwrap_or(usize::MAX);
        let cases = words::count(cases, "case", "cases");
        let often = match repeats {
            1 => String::new(),
            n => format!(" {n} times"),
        };
        let why = why.map(|why| format!(": {why}"));
        Some(MissingRun {
            prompt: prompt.id,
            version,
            words: format!("{name}, {cases}{often}{}", why.unwrap_or_default()),
            name,
            repeats,
            beside,
        })
    }
}
