//! Runs that count: announced before the first answer, asked anew, and recorded whatever came.

use crate::evaluating::SharedResults;
use crate::preparing::KeptPlan;
use crate::secrets::random_16;
use crate::views::{Announced, Counting, Ref, RunPlan, RunView};
use crate::{Error, Workbench};
use domain::evidence::{Counts, Mark, worth, write_marks};
use domain::ledger::{Body, RunSummary, Upstream};
use domain::suite::Measure;
use domain::{CommandId, Digest, EnvironmentId, ProjectId, PromptId, RunId, VersionId};
use evals::Cell;
use std::collections::BTreeMap;

/// What is announced of a counted run, and how it is carried out.
pub(crate) struct Asked {
    pub prompt: PromptId,
    pub suite: Digest,
    pub proposed: VersionId,
    pub live: Option<VersionId>,
    pub upstream: Upstream,
    pub plan: RunPlan,
}

impl Workbench {
    /// Announces a run of a version over its prompt's suite, for an environment, and starts it.
    /// What the environment serves now is asked in the same run, by turns. No answer comes from
    /// the cache, and what came of it is recorded when it ends, however it ends. `beside` names the
    /// versions that would come there together with it: where it reads what comes out of them,
    /// they are asked before it.
    ///
    /// # Errors
    /// The prompt has no suite; the registry can't be reached, so that nothing is announced and
    /// nothing is asked.
    pub async fn start_counted_run(
        &self,
        project: ProjectId,
        version: Ref,
        environment: EnvironmentId,
        beside: Vec<VersionId>,
        repeats: u32,
        concurrency: u32,
    ) -> Result<RunView, Error> {
        let Asked {
            prompt,
            suite,
            proposed,
            live,
            upstream,
            plan,
        } = self
            .counted_plan(
                project,
                &version,
                environment,
                &beside,
                (repeats, concurrency),
            )
            .await?;
        self.may_announce(project, environment, proposed, &beside)?;
        // All that can be wrong with it is found before it costs a look.
        let ready = self.prepare(project, &plan).await?;
        let mut act = self.act(project)?;
        let id = CommandId(uuid::Builder::from_random_bytes(random_16()?).into_uuid());
        act.command_with(
            id,
            Body::AnnounceRun {
                prompt,
                suite,
                environment,
                proposed,
                live,
                repeats,
                upstream,
            },
        )?;
        if !act.send().await? {
            let drop = store::Settle::Drop;
            self.store().settle(project, id, &drop, self.now())?;
            self.say_changed(project);
            return Err(Error::invalid(
                "a run that counts is announced to the registry first, and the registry can't be reached now. Nothing was asked; run it again when you are online, or run it without letting it count",
            ));
        }
        self.carry_on(project, RunId::from(id), ready).await
    }

    // What a run would be announced for in vain: where no gate counts it, and beside one of one's own
    // that is not recorded yet.
    fn may_announce(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        proposed: VersionId,
        beside: &[VersionId],
    ) -> Result<(), Error> {
        let reading = self.reading(project)?;
        let Some((prompt, found)) = reading.ahead.version(proposed) else {
            return Ok(());
        };
        let place = crate::words::environment(&reading.ahead, environment);
        let me = reading.person_here;
        let gates = reading.ahead.policy(environment).suite_gates.iter();
        let mut gates = gates
            .filter(|gate| gate.is_for(&reading.ahead, prompt.id))
            .peekable();
        let service = me.and_then(|me| reading.ahead.person(me)?.service.as_ref());
        if gates.peek().is_some()
            && service.is_none()
            && gates.all(|gate| gate.runs_by == domain::policy::RunsBy::Services)
        {
            return Err(Error::invalid(format!(
                "the gates of {place} count only runs of service accounts: have a pipeline make it, or run it without letting it count"
            )));
        }
        // The gate says which runs it waits for.
        let judged = domain::rules::gates::judged(
            &reading.ahead,
            environment,
            prompt.id,
            found.content,
            Some(&reading.beside(beside)),
            self.now(),
        );
        let open = judged.iter().flat_map(|one| &one.unfinished);
        let mut open = open.filter_map(|run| reading.ahead.announced_run(*run));
        if let Some(run) = open.find(|run| Some(run.by) == me && self.store().run(run.id).is_ok()) {
            return Err(Error::invalid(format!(
                "a run of it for {place} is announced and not recorded yet, and a second one would say nothing before that: let it come to its end, or go on with it (Go on in its view, or galley run --resume {})",
                run.id
            )));
        }
        Ok(())
    }

    /// For what a run was announced; none: it counts for nothing.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub fn announced(&self, project: ProjectId, run: RunId) -> Result<Option<Announced>, Error> {
        let reading = self.reading(project)?;
        let found = reading.ahead.announced_run(run);
        Ok(found.map(|run| Announced {
            environment: run.environment,
            version: Ref::Version {
                version: run.proposed,
            },
        }))
    }

    /// What a counted run would ask: the same for what is foreseen and for what is done.
    pub(crate) async fn counted_plan(
        &self,
        project: ProjectId,
        version: &Ref,
        environment: EnvironmentId,
        beside: &[VersionId],
        (repeats, concurrency): (u32, u32),
    ) -> Result<Asked, Error> {
        let reading = self.reading(project)?;
        let proposed = reading.resolve(version)?.version.ok_or_else(|| {
            Error::invalid("only a saved version can be judged; save the draft first")
        })?;
        let (prompt, found) = reading
            .ahead
            .version(proposed)
            .ok_or_else(|| Error::not_found("this version is not on this computer"))?;
        let set = reading.ahead.suite(prompt.id).ok_or_else(|| {
            Error::invalid(format!(
                "{} has no suite, so there is nothing by which a run could count; set one first",
                prompt.name
            ))
        })?;
        if reading.store.content(&set.suite.graders)?.is_none() {
            self.fetch(project, &set.suite.graders).await?;
        }
        let graders = reading.suite_graders(set).ok_or_else(|| {
            Error::not_found("the graders of this suite can't be fetched now, or were redacted")
        })?;
        let serves = reading.ahead.baseline(environment, prompt.id);
        let live = serves.map(|(version, _)| version);
        let upstream = Upstream::of(
            &reading.ahead,
            environment,
            found.content,
            serves.map(|(_, content)| content),
            &reading.beside(beside),
        );
        let (prompt, suite) = (prompt.id, set.digest);
        let plan = RunPlan {
            versions: live
                .into_iter()
                .chain([proposed])
                .map(|version| Ref::Version { version })
                .collect(),
            dataset: set.suite.dataset,
            graders,
            models: Vec::new(),
            repeats,
            concurrency,
            counts: Some(Counting {
                environment,
                content: set.suite.content,
                repeats,
                score: set.suite.measure == Measure::Score,
                upstream: upstream.clone(),
            }),
        };
        Ok(Asked {
            prompt,
            suite,
            proposed,
            live,
            upstream,
            plan,
        })
    }

    /// Records what came of a run that was announced: its answers as far as both sides were asked.
    pub(crate) async fn record_counted(
        &self,
        project: ProjectId,
        run: RunId,
        kept: &KeptPlan,
        counting: &Counting,
    ) -> Result<Vec<RunId>, Error> {
        let reading = self.reading(project)?;
        let announced = reading
            .ahead
            .announced_run(run)
            .ok_or_else(|| Error::not_found("the announcement of this run"))?;
        if let Some(came_to) = &announced.came_to {
            return Ok(vec![came_to.run]);
        }
        let version: VersionId = announced.proposed;
        let cases = reading
            .ahead
            .suite_with(announced.prompt, announced.suite)
            .and_then(|suite| reading.ahead.cases_of(suite))
            .unwrap_or(0);
        let sides = kept.plan.versions.len();
        let (mut first, mut second) = (BTreeMap::new(), BTreeMap::new());
        self.each_cell(run, |side, cell| {
            let of_it = match side {
                0 => &mut first,
                1 => &mut second,
                _ => return,
            };
            of_it.insert((cell.repeat, cell.case), cell);
        })?;
        let (live, proposed) = match sides {
            0 | 1 => (None, first),
            _ => (Some(first), second),
        };
        let measure = match counting.score {
            true => Measure::Score,
            false => Measure::Pass,
        };
        let askings = (0..counting.repeats).flat_map(|r| (0..cases).map(move |c| (r, c)));
        let (mut marks, mut base): (Vec<Mark>, Vec<Mark>) = (Vec::new(), Vec::new());
        for asking in askings {
            let mark = |cell: &Cell| {
                let answered = cell.answer.is_some();
                answered.then(|| worth(&cell.scores, measure))
            };
            let Some(one) = proposed.get(&asking) else {
                break;
            };
            if let Some(live) = &live {
                let Some(other) = live.get(&asking) else {
                    break;
                };
                base.push(mark(other));
            }
            marks.push(mark(one));
        }
        // Where nothing was asked that is recorded, too: what stands open lets nothing pass.
        let own = |side: BTreeMap<(u32, u32), Cell>| -> Vec<Cell> { side.into_values().collect() };
        let place = sides.saturating_sub(1);
        let model = kept.models.get(place).cloned().unwrap_or_default();
        let (provider, name) = model.split_once('/').unwrap_or(("", &model));
        let column = own(proposed);
        let count = |test: &dyn Fn(&Cell) -> bool| {
            u32::try_from(column.iter().filter(|cell| test(cell)).count()).unwrap_or(u32::MAX)
        };
        let summary = RunSummary {
            provider: provider.to_owned(),
            model: name.to_owned(),
            cases: u32::try_from(column.len()).unwrap_or(u32::MAX),
            passed: count(&|cell| cell.pass() == Some(true)),
            failed: count(&|cell| cell.failure.is_some()),
        };
        let results = SharedResults {
            title: kept.title.clone(),
            label: kept.labels.get(place).cloned().unwrap_or_default(),
            model: model.clone(),
            dataset: counting.content,
            graders: kept.plan.graders.clone(),
            cells: column,
            announced: Some(run),
            live_label: live.as_ref().and(kept.labels.first().cloned()),
            live: live.map(own).unwrap_or_default(),
        };
        let mut act = self.act(project)?;
        let results = act.content(domain::to_canonical(&results)?);
        let record = act.command(Body::RecordRun {
            version,
            dataset: counting.content,
            results,
            summary,
            counts: Some(Box::new(Counts {
                announced: run,
                live: write_marks(&base),
                proposed: write_marks(&marks),
            })),
        })?;
        // Offline it waits in the outbox: it was announced, so that nothing can be chosen by now.
        act.send().await?;
        Ok(vec![RunId::from(record)])
    }
}
