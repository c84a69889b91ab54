//! Suites, and runs that count, in few words.

use super::{Acting, World};
use domain::evidence::{Counts, Mark, write_marks};
use domain::graders::Grader;
use domain::ledger::{Asked, AskedSuite, Body, RunSummary, Upstream, VerdictKind};
use domain::policy::{Policy, RunsBy, SuiteGate, WithoutSuite};
use domain::rules::gates::{Judged, judged};
use domain::rules::upstream::Beside;
use domain::suite::{Measure, Suite, SuiteGraders};
use domain::{Digest, EnvironmentId, PromptId, RequestId, RunId, VersionId};
use serde_json::json;

/// A gate that allows a loss below 10 points.
pub fn suite_gate() -> SuiteGate {
    SuiteGate {
        prompts: Vec::new(),
        allowed_loss: 1_000,
        least_rate: 5_000,
        alpha: 500,
        repeats: 1,
        runs_by: RunsBy::Anyone,
        oldest_days: 7,
        without_suite: WithoutSuite::Nothing,
        dependents: domain::policy::OfDependents::Pass,
    }
}

pub fn gated_by(gate: SuiteGate) -> Policy {
    Policy {
        suite_gates: vec![gate],
        ..Policy::default()
    }
}

/// What the answers of a run were: `1` and `0` for right and wrong, `-` for none.
#[derive(Clone, Debug)]
pub struct Told {
    pub live: String,
    pub proposed: String,
}

impl World {
    /// A suite whose cases all want "yes", over a dataset of this name.
    pub fn suite_of(&mut self, name: &str, cases: u32) -> Suite {
        let list: Vec<_> = (0..cases)
            .map(|n| json!({"id": format!("{name} {n}"), "inputs": {}, "expected": "yes"}))
            .collect();
        let content = self.bytes(&domain::to_canonical(&json!({ "cases": list })).expect("JSON"));
        let body = super::dataset(content, name, cases);
        let dataset = self.alice().does(body).into();
        let graders = SuiteGraders {
            graders: vec![Grader::Exact {
                expected: None,
                field: None,
                trim: true,
                ignore_case: false,
            }],
        };
        let (bytes, graders) = graders.encode().expect("graders");
        self.contents.insert(graders, bytes.into());
        Suite {
            dataset,
            content,
            graders,
            measure: Measure::Pass,
            groups: Vec::new(),
        }
    }

    /// A suite of three cases, not yet set.
    pub fn any_suite(&mut self, prompt: PromptId) -> Body {
        let suite = self.suite_of("suite", 3);
        self.sets_suite(prompt, &suite)
    }

    /// The announcement of a run of a prompt that has just been given a suite.
    pub fn any_announcement(&mut self, environment: EnvironmentId, version: VersionId) -> Body {
        let body = self.any_suite(self.prompt_of(version));
        self.alice().does(body);
        self.announces(environment, version, 1)
    }

    pub fn sets_suite(&self, prompt: PromptId, suite: &Suite) -> Body {
        Body::SetSuite {
            prompt,
            suite: Box::new(suite.clone()),
            replaces: self.project().suite(prompt).map(|set| set.digest),
            request: None,
        }
    }

    /// What is asked where a gate rests on the suite.
    pub fn asks_suite(&mut self, prompt: PromptId, suite: &Suite) -> Body {
        let reason = self.reason("a better examination");
        Body::OpenRequest {
            asked: Box::new(Asked {
                changes: Vec::new(),
                reason,
                reviewers: Vec::new(),
                notes: Vec::new(),
                suite: Some(Box::new(AskedSuite {
                    prompt,
                    suite: suite.clone(),
                    replaces: self.project().suite(prompt).map(|set| set.digest),
                })),
            }),
        }
    }

    /// The setting of a suite under the request that asks for it.
    pub fn sets_suite_under(&self, request: RequestId) -> Body {
        let found = self.project().request(request).expect("a request");
        let asked = found.asked().suite.as_ref().expect("of a suite");
        Body::SetSuite {
            prompt: asked.prompt,
            suite: Box::new(asked.suite.clone()),
            replaces: asked.replaces,
            request: Some(request),
        }
    }

    /// Has Bob ask for a suite, and this device approve and set it.
    pub fn agrees_on_suite(&mut self, prompt: PromptId, suite: &Suite, approver: u8) {
        let body = self.asks_suite(prompt, suite);
        let request = self.bob().does(body).into();
        let body = self.verdict(request, VerdictKind::Approve);
        self.device(super::key(approver)).does(body);
        let body = self.sets_suite_under(request);
        self.device(super::key(approver)).does(body);
    }

    /// The announcement of a run of a version against what is served now.
    pub fn announces(&self, environment: EnvironmentId, proposed: VersionId, repeats: u32) -> Body {
        let prompt = self.prompt_of(proposed);
        self.announces_with(environment, (prompt, proposed), repeats, &Beside::new())
    }

    /// The same with other versions before it than those that are served.
    pub fn announces_with(
        &self,
        environment: EnvironmentId,
        (prompt, proposed): (PromptId, VersionId),
        repeats: u32,
        beside: &Beside,
    ) -> Body {
        let live = self.project().baseline(environment, prompt);
        let (_, found) = self.project().version(proposed).expect("a version");
        let now_first = live.map(|(_, content)| content);
        Body::AnnounceRun {
            upstream: Upstream::of(
                self.project(),
                environment,
                found.content,
                now_first,
                beside,
            ),
            prompt,
            suite: self.project().suite(prompt).expect("a suite").digest,
            environment,
            proposed,
            live: live.map(|(version, _)| version),
            repeats,
        }
    }

    /// Results whose answers are right and wrong as told.
    pub fn results_of(&mut self, run: RunId, told: &Told) -> Digest {
        let (cases, dataset) = {
            let run = self.project().announced_run(run).expect("announced");
            let suite = self
                .project()
                .suite_with(run.prompt, run.suite)
                .expect("a suite");
            (
                self.project().cases_of(suite).expect("cases"),
                suite.content,
            )
        };
        let cells = |marks: &str| -> Vec<_> {
            (0_u32..)
                .zip(marks.chars())
                .map(|(place, mark)| {
                    let (case, repeat) = (place % cases, place / cases);
                    match mark {
                        '1' => json!({"case": case, "repeat": repeat, "answer": {"text": "yes"}}),
                        '0' => json!({"case": case, "repeat": repeat, "answer": {"text": "no"}}),
                        _ => json!({"case": case, "repeat": repeat}),
                    }
                })
                .collect()
        };
        let results = json!({
            "announced": run,
            "dataset": dataset,
            "cells": cells(&told.proposed),
            "live": cells(&told.live),
        });
        self.bytes(&domain::to_canonical(&results).expect("JSON"))
    }

    /// The record of a run, as `says`, with the answers that were `told`.
    pub fn records(&mut self, run: RunId, told: &Told, says: &Told) -> Body {
        let results = self.results_of(run, told);
        let announced = self
            .project()
            .announced_run(run)
            .expect("announced")
            .clone();
        let suite = self.project().suite_with(announced.prompt, announced.suite);
        Body::RecordRun {
            version: announced.proposed,
            dataset: suite.expect("a suite").content,
            results,
            summary: RunSummary {
                provider: "local".to_owned(),
                model: "small".to_owned(),
                cases: 1,
                passed: 1,
                failed: 0,
            },
            counts: Some(Box::new(Counts {
                announced: run,
                live: says.live.clone(),
                proposed: says.proposed.clone(),
            })),
        }
    }

    /// What the one gate of an environment says of a version now.
    pub fn judged(&self, environment: EnvironmentId, version: VersionId) -> Judged<'_> {
        let (prompt, found) = self.project().version(version).expect("a version");
        let mut all = judged(
            self.project(),
            environment,
            prompt.id,
            found.content,
            Some(&Beside::new()),
            self.now,
        );
        assert_eq!(all.len(), 1, "one gate");
        all.pop().expect("one")
    }
}

impl Acting<'_> {
    /// Announces a run, and records what came of it.
    pub fn runs(self, environment: EnvironmentId, proposed: VersionId, told: &Told) -> RunId {
        let device = self.key.clone();
        let body = self.world.announces(environment, proposed, 1);
        let world = self.world;
        let run: RunId = world.device(device.clone()).does(body).into();
        let body = world.records(run, told, told);
        world.device(device).does(body).into()
    }
}

/// The first `wrong` of so many answers are wrong.
pub fn wrong(wrong: usize, all: usize) -> String {
    let marks: Vec<Mark> = (0..all)
        .map(|n| Some(if n < wrong { 0 } else { 10_000 }))
        .collect();
    write_marks(&marks)
}

/// So many wrong answers of each side, the same cases first.
pub fn told(all: usize, live: usize, proposed: usize) -> Told {
    Told {
        live: wrong(live, all),
        proposed: wrong(proposed, all),
    }
}
