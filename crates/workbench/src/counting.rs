//! Before a run counts: where gates wait for a version, and what such a run would ask and cost.

use crate::counted::Asked;
use crate::views::{CountedPlan, GateView, Ref};
use crate::{Error, Workbench, words};
use domain::rules::covered::Changed;
use domain::{EnvironmentId, ProjectId, VersionId};

impl Workbench {
    /// What the gates of every environment that has one for this prompt say of a version, in the
    /// order of the stages.
    ///
    /// # Errors
    /// The version is not there, or is a draft: only what is saved can be judged.
    pub async fn gates_for(
        &self,
        project: ProjectId,
        version: Ref,
    ) -> Result<Vec<GateView>, Error> {
        let reading = self.reading(project)?;
        let version = reading
            .resolve(&version)?
            .version
            .ok_or_else(|| Error::invalid("only a saved version can be judged; save the draft"))?;
        let now = self.now();
        let stages = reading.ahead.environments().map(|one| one.id);
        let mut views = Vec::new();
        for environment in stages {
            let view = reading.gate_view(environment, version, now)?;
            if !view.gates.is_empty() {
                views.push(view);
            }
        }
        Ok(views)
    }

    /// What a run of a version that counts for an environment would ask, and what it costs there.
    ///
    /// # Errors
    /// It can't be run: the prompt has no suite, its model is not set up on this computer.
    pub async fn plan_counted_run(
        &self,
        project: ProjectId,
        version: Ref,
        environment: EnvironmentId,
        beside: Vec<VersionId>,
    ) -> Result<CountedPlan, Error> {
        let found = self
            .counted_plan(project, &version, environment, &beside, (1, 1))
            .await?;
        let repeats = self
            .repeats_wanted(project, environment, found.prompt)
            .await?;
        // What it needs is found missing here, and not after it was announced.
        let ready = self.prepare(project, &found.plan).await?;
        // All of its answers come anew, so that all are judged anew; one asking is foreseen here.
        let judges = self.foresee_judges(&ready, &evals::MemoryCache::default())?;
        let judges = u32::try_from(judges.foreseen.estimate.calls).unwrap_or(u32::MAX);
        let judges = judges.saturating_mul(repeats);
        let Asked {
            prompt,
            suite,
            proposed,
            live,
            upstream,
            ..
        } = found;
        let reading = self.reading(project)?;
        let count = |n: u32, one: &str, more: &str| words::count(n as usize, one, more);
        let name = |version| domain::rules::requests::words::version(&reading.ahead, version);
        let place = words::environment(&reading.ahead, environment);
        let set = reading.ahead.suite_with(prompt, suite);
        let cases = set
            .and_then(|suite| reading.ahead.cases_of(suite))
            .unwrap_or(0);
        // Each side with all that is asked before it.
        let each = |side: &[VersionId]| u32::try_from(side.len()).unwrap_or(u32::MAX) + 1;
        let sides = each(&upstream.proposed) + live.map_or(0, |_| each(&upstream.live));
        let calls = cases.saturating_mul(repeats).saturating_mul(sides);
        let together = std::iter::once(proposed).chain(beside.iter().copied());
        let together: Vec<Changed> = together
            .filter_map(|version| {
                let (prompt, _) = reading.ahead.version(version)?;
                Some(Changed {
                    prompt: prompt.id,
                    versions: vec![version],
                })
            })
            .collect();
        let view = reading.gate_view_of(environment, proposed, &together, self.now())?;
        let looks = view.gates.first().map_or(0, |gate| {
            gate.silent + gate.unfinished + u32::try_from(gate.evidence.len()).unwrap_or(u32::MAX)
        });
        let often = match repeats {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            more => format!("{more} times"),
        };
        let mut told = vec![
            match live {
                Some(live) => format!(
                    "{} and {}, which {place} serves now, are asked {} {often}, by turns: {}.",
                    name(proposed),
                    name(live),
                    count(cases, "case", "cases"),
                    count(calls, "call", "calls"),
                ),
                None => format!(
                    "{} is asked {} {often}: {}. {place} serves nothing of it yet.",
                    name(proposed),
                    count(cases, "case", "cases"),
                    count(calls, "call", "calls"),
                ),
            },
            "Nothing comes from the cache: what was answered before would let one choose among answers."
                .to_owned(),
            "It is announced to the team first. What comes of it is recorded and shared, also if you stop it."
                .to_owned(),
        ];
        if judges > 0 {
            told.insert(
                1,
                format!(
                    "Then {} to judge the answers.",
                    count(judges, "call at most", "calls at most")
                ),
            );
        }
        let now_first = reading.beside(&upstream.live);
        let others = reading.beside(&upstream.proposed).into_iter();
        let others: Vec<String> = others
            .filter(|(prompt, version)| now_first.get(prompt) != Some(version))
            .map(|(_, version)| name(version))
            .collect();
        if !others.is_empty() && live.is_some() {
            told.insert(
                1,
                format!(
                    "Before {} comes {}, and before what is served what {place} serves.",
                    name(proposed),
                    others.join(", ")
                ),
            );
        }
        let open = view.gates.iter().flat_map(|gate| &gate.open);
        for run in open.collect::<std::collections::BTreeSet<_>>() {
            told.push(format!(
                "Another run of it is not recorded yet ({run}): nothing passes before that."
            ));
        }
        if looks > 0 {
            told.push(format!(
                "It is look {} at this version. All looks count together, and each makes the gate a little stricter.",
                looks + 1
            ));
        }
        Ok(CountedPlan {
            title: format!("Run {} for {place}", name(proposed)),
            words: told,
            repeats,
            calls: calls.saturating_add(judges),
        })
    }
}
