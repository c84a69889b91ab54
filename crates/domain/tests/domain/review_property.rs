//! Over random histories no environment serves what its policy forbade at that time, except by a
//! recorded override or a revert.
//!
//! The oracle (`review_oracle`) knows nothing of the state that the rules decide on: it follows the accepted
//! commands alone, and says for each release whether it may have happened.

use crate::review_oracle::{Oracle, Seen, sides};
use crate::support::*;
use domain::freeze::{self, Freeze, WeekTime, Weekday, Window};
use domain::ledger::{Body, VerdictKind};
use domain::permissions::Role;
use domain::policy::{Policy, Releasers, SuiteGate};
use domain::{EnvironmentId, PersonId, PromptId, ReleaseId, RequestId, VersionId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Who acts: Alice leads, Bob and Carol write, Rita and Ron review, and a program saves.
const DEVICES: [u8; 6] = [1, 2, 3, 30, 31, 95];
const PLACES: [EnvironmentId; 2] = [STAGING, PRODUCTION];

type Act = (u8, u8, u8, u8);

fn nth<T: Clone>(list: &[T], index: u8) -> Option<T> {
    list.get(usize::from(index) % list.len().max(1)).cloned()
}

/// One of the last two: what people are at.
fn recent<T: Clone>(list: &[T], index: u8) -> Option<T> {
    let last = list.len().checked_sub(1)?;
    list.get(last - usize::from(index) % list.len().min(2))
        .cloned()
}

struct Play {
    world: World,
    oracle: Oracle,
    prompt: PromptId,
    versions: Vec<VersionId>,
    requests: Vec<RequestId>,
    releases: Vec<ReleaseId>,
    people: Vec<PersonId>,
    followed: usize,
    /// The devices that stand in for those that were lost.
    current: BTreeMap<u8, u8>,
    next_device: u8,
}

impl Play {
    fn new() -> Self {
        let mut world = World::new();
        let rita = world.reviewer("Rita", 30);
        let ron = world.reviewer("Ron", 31);
        let prompt = world.bob().creates("support/triage");
        let made = service(
            rita,
            95,
            905,
            domain::permissions::Rights {
                save: true,
                ask: true,
                run: false,
                release: vec![STAGING],
            },
        );
        let ci: PersonId = world.alice().does(made).into();
        let people = vec![world.alice, world.bob, world.carol, rita, ron, ci];
        let mut oracle = Oracle::default();
        for (device, person) in DEVICES.iter().zip(&people) {
            oracle
                .devices
                .insert(key(*device).public().to_string(), *person);
        }
        let roles = [
            Role::Admin,
            Role::Author,
            Role::Author,
            Role::Reviewer,
            Role::Reviewer,
        ];
        oracle.roles = people.iter().copied().zip(roles).collect();
        oracle.behind.insert(ci, rita);
        let followed = world.entries.len();
        let mut play = Self {
            world,
            oracle,
            prompt,
            versions: Vec::new(),
            requests: Vec::new(),
            releases: Vec::new(),
            people,
            followed,
            current: DEVICES.iter().map(|d| (*d, *d)).collect(),
            next_device: 200,
        };
        let suite = play.world.suite_of("triage", 40);
        let body = play.world.sets_suite(prompt, &suite);
        play.world.bob().does(body);
        for text in ["one", "two"] {
            let v = play.world.bob().saves(prompt, &[], text);
            play.versions.push(v);
        }
        play
    }

    fn policy(&self, a: u8, b: u8) -> Policy {
        let mut policy = approvals(u32::from(a % 3));
        policy.independent = policy.approvals > 0 && b & 1 == 1;
        policy.may_override = b & 2 == 2;
        if b & 4 == 4 {
            policy.path = vec![STAGING];
        }
        if b & 8 == 8 {
            let time = |day| WeekTime {
                day,
                time: "00:00".parse().expect("a time"),
            };
            policy.freezes = vec![Freeze {
                name: "sundays".to_owned(),
                zone: "Europe/Berlin".to_owned(),
                window: Window::Weekly {
                    from: time(Weekday::Sunday),
                    until: time(Weekday::Monday),
                },
            }];
            let (from, until) = (START.plus(-24 * HOUR), START.plus(24 * HOUR * 4_000));
            policy.calendars =
                vec![freeze::transitions("Europe/Berlin", from, until).expect("a zone")];
        }
        if a & 4 == 4 {
            policy.suite_gates = vec![SuiteGate {
                least_rate: 9_000,
                ..suite_gate()
            }];
            // Alone, too: a gate asks for a request and needs no approval.
            if b & 64 == 64 {
                (policy.approvals, policy.independent) = (0, false);
            }
        }
        policy.releasers = match b >> 4 & 3 {
            0 | 1 => Releasers::Role(Role::Author),
            2 => Releasers::Role(Role::Reviewer),
            _ => Releasers::Named(vec![self.world.carol]),
        };
        policy
    }

    fn tries(&mut self, device: u8, body: Body) -> bool {
        let device = self.current[&device];
        self.world
            .device(key(device))
            .cannot_or_does(body)
            .is_none()
    }

    fn last_id<T: From<domain::CommandId>>(&self) -> T {
        self.world
            .entries
            .last()
            .expect("one")
            .command()
            .id()
            .into()
    }

    fn act(&mut self, (kind, a, b, c): Act, seen: &mut Seen) {
        let who = DEVICES[usize::from(a) % DEVICES.len()];
        let place = PLACES[usize::from(b) % 2];
        match kind {
            0 => {
                let parent = nth(&self.versions, c);
                let content = self.world.text(&format!("{}", b % 8));
                let message = self.world.reason("saved");
                let parents: Vec<_> = parent.into_iter().collect();
                if self.tries(who, save(self.prompt, &parents, content, &[], message)) {
                    self.versions.push(self.last_id());
                }
            }
            1 => {
                let mut policy = self.policy(a, c);
                if place == STAGING {
                    policy.path.clear();
                }
                let body = self.world.policy(place, policy);
                self.tries(1, body);
            }
            2 | 3 => {
                let Some(version) = nth(&self.versions, c) else {
                    return;
                };
                let other = PLACES[usize::from(b >> 1) % 2];
                let mut places = vec![(place, version)];
                if other != place {
                    places.push((other, version));
                }
                let body = self.world.asks(&places);
                if self.tries(who, body) {
                    self.requests.push(self.last_id());
                }
            }
            4 => {
                let (Some(request), Some(version)) =
                    (recent(&self.requests, b), nth(&self.versions, c))
                else {
                    return;
                };
                let body = self.world.asks_instead(request, &[(place, version)]);
                self.tries(who, body);
            }
            5..=7 => {
                let Some(request) = recent(&self.requests, b) else {
                    return;
                };
                let verdict = match c % 8 {
                    0 => VerdictKind::AskForChanges,
                    _ => VerdictKind::Approve,
                };
                let reviewer = [30, 31, 1, who][usize::from(a) % 4];
                let body = self.world.verdict(request, verdict);
                self.tries(reviewer, body);
            }
            8 => {
                let Some(request) = recent(&self.requests, b) else {
                    return;
                };
                self.tries(who, Body::WithdrawVerdict { request });
            }
            9 => {
                let Some(version) = nth(&self.versions, c) else {
                    return;
                };
                let mut body = self.world.release_of(place, version);
                if a & 64 == 64 {
                    let reason = self.world.reason("in a hurry");
                    body = overriding(body, reason);
                }
                self.released(who, body, seen);
            }
            10..=12 => {
                let Some(request) = recent(&self.requests, b) else {
                    return;
                };
                let asked = self
                    .world
                    .project()
                    .request(request)
                    .expect("it")
                    .asked()
                    .environments();
                let places: Vec<_> = match c & 1 {
                    0 => asked,
                    _ => asked.into_iter().take(1).collect(),
                };
                let mut body = self.world.release_under(request, &places);
                if c & 6 == 6 {
                    let reason = self.world.reason("in a hurry");
                    body = overriding(body, reason);
                }
                self.released(who, body, seen);
            }
            13 => {
                let Some(to) = nth(&self.releases, c) else {
                    return;
                };
                if self.world.last(place, self.prompt).is_some() {
                    let body = self.world.revert(place, to, &[self.prompt]);
                    self.released(who, body, seen);
                }
            }
            14 => {
                let Some(person) = nth(&self.people[1..], b) else {
                    return;
                };
                let now = self.world.project().person(person).expect("somebody").role;
                let role = [Role::Viewer, Role::Author, Role::Reviewer, Role::Reviewer]
                    [usize::from(c) % 4];
                self.tries(
                    1,
                    Body::SetRole {
                        person,
                        role,
                        replaces: now,
                    },
                );
            }
            15 => {
                // A laptop is lost, and another takes its place.
                let index = 1 + usize::from(b) % 4;
                let (owner, lost) = (DEVICES[index], self.current[&DEVICES[index]]);
                let person = self.people[index];
                let device = key(self.next_device).public();
                let name = "new".to_owned();
                if self.next_device < 250
                    && self.tries(
                        1,
                        Body::EnrolDevice {
                            person,
                            device,
                            name,
                        },
                    )
                {
                    self.current.insert(owner, self.next_device);
                    self.next_device += 1;
                    self.tries(
                        1,
                        Body::RevokeDevice {
                            device: key(lost).public(),
                        },
                    );
                    // What it signs from now on counts nothing.
                    if let Some(request) = nth(&self.requests, c) {
                        let body = self.world.verdict(request, VerdictKind::Approve);
                        self.world.device(key(lost)).cannot_anyhow(body);
                    }
                }
            }
            17 | 18 => {
                // A run of what somebody asks for, mostly; recorded, hidden, or recorded later.
                let asked = recent(&self.requests, b).and_then(|id| {
                    let request = self.world.project().request(id)?;
                    let change = request.asked().changes.first()?;
                    Some((change.environment, change.steps[0][0].version))
                });
                let version = nth(&self.versions, c).map(|version| (place, version));
                let Some((place, version)) = asked.filter(|_| c % 4 != 2).or(version) else {
                    return;
                };
                let body = self.world.announces(place, version, 1);
                if !self.tries(who, body) || c % 8 == 7 {
                    return;
                }
                let run = self.last_id();
                let mut told = told(40, 0, if c % 4 == 3 { 20 } else { 0 });
                let live = self.world.project().announced_run(run).expect("it").live;
                if live.is_none() {
                    told.live.clear();
                }
                let body = self.world.records(run, &told, &told);
                self.tries(who, body);
            }
            _ => self.world.wait(i64::from(c) * HOUR),
        }
    }

    fn released(&mut self, who: u8, body: Body, seen: &mut Seen) {
        // Whoever tries to set a policy aside is mostly somebody who may.
        let forced = matches!(
            &body,
            Body::Release {
                override_reason: Some(_),
                ..
            }
        );
        let who = if forced && who != 2 { 1 } else { who };
        if matches!(&body, Body::Release { changes, .. } if changes.is_empty()) {
            return;
        }
        if self.tries(who, body) {
            self.releases.push(self.last_id());
        } else {
            seen.refused += 1;
        }
    }

    fn check(&mut self, seen: &mut Seen) -> Result<(), TestCaseError> {
        for entry in &self.world.entries[self.followed..] {
            self.oracle
                .follow(entry, seen)
                .map_err(|why| TestCaseError::fail(format!("entry {}: {why}", entry.seq())))?;
        }
        self.followed = self.world.entries.len();
        // And nothing is served but what came by those commands.
        for place in PLACES {
            for (prompt, serving) in self.world.project().served(place) {
                let told = self.oracle.serving.get(&(place, prompt));
                let same = told.is_some_and(|(release, list)| {
                    *release == serving.release && *list == sides(&serving.sides)
                });
                prop_assert!(same, "served, and nobody knows why");
            }
        }
        Ok(())
    }
}

#[test]
fn nothing_is_served_that_a_policy_forbade() {
    let config = Config {
        cases: 160,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let seen = RefCell::new(Seen::default());
    let acts = vec((0..19_u8, any::<u8>(), any::<u8>(), any::<u8>()), 15..70);
    let ran = runner.run(&acts, |acts| {
        let mut play = Play::new();
        let mut seen = seen.borrow_mut();
        for act in acts {
            play.act(act, &mut seen);
            play.check(&mut seen)?;
        }
        Ok(())
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
    // Histories in which nothing happens prove nothing.
    let seen = seen.into_inner();
    let all = [
        seen.plain,
        seen.approved,
        seen.independent,
        seen.overridden,
        seen.reverted,
        seen.refused,
        seen.gated,
    ];
    assert!(all.iter().all(|count| *count >= 3), "{seen:?}");
}
