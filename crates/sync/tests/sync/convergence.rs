//! The property that everything else serves: whatever several people do on a few machines, online
//! or not, and whatever the network does to it, ends in one state with nothing lost.

use crate::desk::Desk;
use crate::proxy::{Fault, Proxy};
use crate::server::Server;
use domain::ledger::Body;
use domain::permissions::Role;
use domain::{CommandId, PromptId, RefusalCode, VersionId};
use proptest::prelude::*;
use std::collections::BTreeSet;
use store::OutboxState;

/// What one person does next. Numbers choose among what is there, whatever that is by then.
#[derive(Clone, Debug)]
enum Step {
    /// Creates a prompt under one of a few names, so that people take the same.
    Create(u8),
    /// Saves a version on one, two or none of those seen.
    Save { prompt: u8, parents: u8 },
    /// Puts one of two labels on a version.
    Label { prompt: u8, version: u8, label: u8 },
    /// Releases a version.
    Release {
        prompt: u8,
        version: u8,
        environment: u8,
    },
    /// Goes back to an earlier release.
    Revert { prompt: u8, environment: u8, to: u8 },
    /// Asks for something that will be refused, and builds on it.
    Refused,
    /// Syncs, with faults on the way.
    Sync(Vec<Fault>),
    /// The registry is killed, and started again.
    Kill,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => Just(Fault::Pass),
        2 => Just(Fault::DropRequest),
        3 => Just(Fault::DropAnswer),
        2 => Just(Fault::Double),
        3 => Just(Fault::Late),
        2 => (0..1_000_u16).prop_map(Fault::Cut),
        1 => Just(Fault::BadGateway),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    prop_oneof![
        3 => (0..3_u8).prop_map(Step::Create),
        6 => (n(), n()).prop_map(|(prompt, parents)| Step::Save { prompt, parents }),
        2 => (n(), n(), 0..2_u8)
            .prop_map(|(prompt, version, label)| Step::Label { prompt, version, label }),
        3 => (n(), n(), 0..3_u8).prop_map(|(prompt, version, environment)| Step::Release {
            prompt, version, environment
        }),
        1 => (n(), 0..3_u8, n())
            .prop_map(|(prompt, environment, to)| Step::Revert { prompt, environment, to }),
        1 => Just(Step::Refused),
        5 => proptest::collection::vec(fault(), 0..10).prop_map(Step::Sync),
        1 => Just(Step::Kill),
    ]
}

fn pick<T: Copy>(from: &[T], n: u8) -> Option<T> {
    from.get(usize::from(n) % from.len().max(1)).copied()
}

impl Desk {
    /// Does a step with what this desk sees, and says which commands that queued.
    fn acts(&self, step: &Step) -> Vec<CommandId> {
        let view = self.view();
        let ahead = &view.ahead;
        let prompts: Vec<PromptId> = ahead.prompts().map(|prompt| prompt.id).collect();
        let versions = |prompt: PromptId| -> Vec<VersionId> {
            ahead
                .prompt(prompt)
                .unwrap()
                .versions()
                .map(|version| version.id)
                .collect()
        };
        let environments: Vec<_> = ahead.environments().map(|e| e.id).collect();
        let choose = |prompt, version| {
            let prompt = pick(&prompts, prompt)?;
            Some((prompt, pick(&versions(prompt), version)?))
        };
        match *step {
            Step::Create(name) => {
                let name = format!("Shared/prompt {name}");
                vec![CommandId(self.creates(&name).0)]
            }
            Step::Save { prompt, parents } => {
                let Some(prompt) = pick(&prompts, prompt) else {
                    return Vec::new();
                };
                let seen = versions(prompt);
                let mut on: Vec<_> = pick(&seen, parents).into_iter().collect();
                if parents % 5 == 0 && seen.len() > 1 {
                    on = seen[seen.len() - 2..].to_vec();
                }
                let text = format!("text {}", crate::desk::draw());
                vec![CommandId(self.saves(prompt, on, &text).0)]
            }
            Step::Label {
                prompt,
                version,
                label,
            } => {
                let Some((prompt, version)) = choose(prompt, version) else {
                    return Vec::new();
                };
                let label = ["good", "tried"][usize::from(label)].to_owned();
                let replaces = ahead.prompt(prompt).unwrap().labelled(&label);
                vec![self.asks(Body::SetLabel {
                    prompt,
                    label,
                    version,
                    replaces,
                })]
            }
            Step::Release {
                prompt,
                version,
                environment,
            } => {
                let Some((prompt, version)) = choose(prompt, version) else {
                    return Vec::new();
                };
                let environment = environments[usize::from(environment)];
                vec![CommandId(self.releases(environment, prompt, version).0)]
            }
            Step::Revert {
                prompt,
                environment,
                to,
            } => {
                let releases: Vec<_> = ahead.releases().map(|release| release.id).collect();
                let environment = environments[usize::from(environment)];
                let (Some(prompt), Some(to)) = (pick(&prompts, prompt), pick(&releases, to)) else {
                    return Vec::new();
                };
                let reverted = self.reverts(environment, prompt, to, crate::desk::now());
                reverted.map(|id| CommandId(id.0)).into_iter().collect()
            }
            Step::Refused => {
                let bad = self.creates("no//name");
                let on_it = self.saves(bad, Vec::new(), "kept all the same");
                vec![CommandId(bad.0), CommandId(on_it.0)]
            }
            Step::Sync(_) | Step::Kill => Vec::new(),
        }
    }
}

struct Team {
    server: Server,
    proxy: Proxy,
    desks: Vec<Desk>,
}

impl Team {
    async fn meet() -> Self {
        let server = Server::start();
        let proxy = Proxy::before(server.address()).await;
        let ada = Desk::founds(&proxy.url(), &server.founding_token()).await;
        let mut desks = vec![ada];
        for name in ["Ben", "Cleo"] {
            let invitation = desks[0].invites(Role::Author).await;
            desks.push(Desk::joins(&proxy.url(), &invitation, name).await);
        }
        Self {
            server,
            proxy,
            desks,
        }
    }

    async fn lives(&mut self, steps: &[(u8, Step)]) -> Vec<(usize, CommandId)> {
        let mut asked = Vec::new();
        for (who, step) in steps {
            let who = usize::from(*who) % self.desks.len();
            match step {
                Step::Sync(faults) => {
                    self.proxy.plan(faults.iter().copied());
                    // It may fail; that is what this is about.
                    let _ = self.desks[who].syncs().await;
                    self.proxy.heal();
                }
                Step::Kill => {
                    self.server.kill();
                    let _ = self.desks[who].syncs().await;
                    self.server.open();
                    self.proxy.lead_to(self.server.address());
                }
                step => asked.extend(self.desks[who].acts(step).into_iter().map(|id| (who, id))),
            }
        }
        asked
    }

    async fn heals(&self) {
        self.proxy.heal();
        // Twice: what one sent in the first round, the others see in the second.
        for _ in 0..2 {
            for desk in &self.desks {
                let report = desk.syncs().await.unwrap();
                assert!(report.verified);
            }
        }
    }

    fn agrees(&self, asked: &[(usize, CommandId)]) {
        let lines = self.desks[0].lines();
        for desk in &self.desks {
            assert_eq!(
                desk.lines(),
                lines,
                "all replicas are the registry's ledger"
            );
        }
        let ledger = self.desks[0].state();
        for (who, id) in asked {
            let desk = &self.desks[*who];
            let outbox = desk.store.outbox(desk.project).unwrap();
            let kept = outbox.iter().find(|queued| queued.command.id == *id);
            match (ledger.accepted(*id), kept) {
                (Some(_), None) => {}
                (None, Some(kept)) => {
                    assert_eq!(kept.state, OutboxState::Refused, "{kept:?}");
                    let code = kept.refusal.as_ref().map(|refusal| refusal.code).unwrap();
                    assert!(is_about_the_work(&kept.command.body, code), "{kept:?}");
                    for digest in kept.command.body.contents() {
                        let content = desk.store.content(&digest).unwrap();
                        assert!(content.is_some(), "what was typed is kept: {kept:?}");
                    }
                }
                (accepted, kept) => panic!("{id} of {who}: {accepted:?}, {kept:?}"),
            }
        }
        // Once: an id stands in one entry only. And what was accepted can be read everywhere.
        let mut ids = BTreeSet::new();
        for line in &lines {
            let entry = domain::ledger::Entry::read(line).unwrap();
            assert!(ids.insert(entry.command().id()), "accepted twice: {line}");
            for digest in entry
                .events()
                .iter()
                .flat_map(domain::ledger::Event::contents)
            {
                for desk in &self.desks {
                    assert!(
                        desk.store.content(&digest).unwrap().is_some(),
                        "missing: {line}"
                    );
                }
            }
        }
        let report = self.server.registry().verify().unwrap();
        assert!(report.holds(), "{report:?}");
    }
}

/// Whether a refusal says something about what was asked, and not about how it was sent. Saving
/// is never refused for being late: only because its prompt, or what it builds on, was.
fn is_about_the_work(body: &Body, code: RefusalCode) -> bool {
    match body {
        Body::SaveVersion { .. } => code == RefusalCode::DependsOn,
        _ => !matches!(
            code,
            RefusalCode::ContentMissing
                | RefusalCode::ContentInvalid
                | RefusalCode::IdReused
                | RefusalCode::BadSignature
                | RefusalCode::UnknownDevice
                | RefusalCode::NotAllowed
        ),
    }
}

/// How many histories are tried; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_interleaving_under_any_faults_ends_in_one_state_with_nothing_lost(
        steps in proptest::collection::vec((any::<u8>(), step()), 10..50)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut team = Team::meet().await;
            let asked = team.lives(&steps).await;
            team.heals().await;
            team.agrees(&asked);
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_name_taken_by_two_offline_is_one_prompt_with_two_heads() {
    let mut team = Team::meet().await;
    let steps = [
        (0, Step::Create(1)),
        (1, Step::Create(1)),
        (
            0,
            Step::Save {
                prompt: 0,
                parents: 1,
            },
        ),
        (
            1,
            Step::Save {
                prompt: 0,
                parents: 1,
            },
        ),
        (0, Step::Sync(Vec::new())),
        (
            1,
            Step::Sync(vec![Fault::DropAnswer, Fault::Late, Fault::Double]),
        ),
    ];
    let asked = team.lives(&steps).await;
    assert_eq!(asked.len(), 4);
    team.heals().await;
    team.agrees(&asked);
    let state = team.desks[2].state();
    let prompts: Vec<_> = state.prompts().collect();
    assert_eq!(prompts.len(), 1);
    assert_eq!(prompts[0].heads().len(), 2);
    assert!(prompts[0].diverged());
}
