//! The oracle of `review_property`: what an honest observer makes of the accepted commands alone.

use domain::ledger::{Body, Entry, Event, ReleaseChange, RequestedChange, Side, VerdictKind};
use domain::permissions::Role;
use domain::policy::{Policy, Releasers};
use domain::{
    Digest, EnvironmentId, Millis, PersonId, PromptId, ReleaseId, RequestId, RunId, VersionId,
};
use std::collections::{BTreeMap, BTreeSet};

use crate::support::*;

pub type Sides = BTreeSet<(VersionId, u32)>;

pub struct Saved {
    pub by: PersonId,
    pub content: Digest,
}

pub struct Asking {
    pub changes: Vec<RequestedChange>,
    /// The last verdict of each: what it says, and what was asked when it was given.
    pub verdicts: BTreeMap<PersonId, (VerdictKind, Vec<RequestedChange>)>,
    pub released: BTreeSet<EnvironmentId>,
}

/// A run that was announced: of what, against what, when, and whether all of it came out well.
pub struct Announced {
    pub id: RunId,
    pub content: Digest,
    pub live: Option<Digest>,
    pub at: Millis,
    pub good: Option<bool>,
}

/// What an honest observer makes of the commands.
#[derive(Default)]
pub struct Oracle {
    pub devices: BTreeMap<String, PersonId>,
    pub roles: BTreeMap<PersonId, Role>,
    /// The program, and who stands behind it.
    pub behind: BTreeMap<PersonId, PersonId>,
    pub policies: BTreeMap<EnvironmentId, Policy>,
    pub versions: BTreeMap<VersionId, Saved>,
    pub serving: BTreeMap<(EnvironmentId, PromptId), (ReleaseId, Sides)>,
    pub ever: BTreeSet<(EnvironmentId, PromptId, Digest)>,
    pub requests: BTreeMap<RequestId, Asking>,
    pub runs: Vec<Announced>,
}

/// What happened over all histories: they must not be empty of it.
#[derive(Debug, Default)]
pub struct Seen {
    pub plain: u32,
    pub approved: u32,
    pub independent: u32,
    pub overridden: u32,
    pub reverted: u32,
    pub refused: u32,
    pub gated: u32,
}

pub fn sides(list: &[Side]) -> Sides {
    list.iter()
        .map(|side| (side.version, side.weight))
        .collect()
}

pub fn is_sunday_in_berlin(at: Millis) -> bool {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let moment = jiff::Timestamp::from_millisecond(at.0).expect("a time");
    moment.to_zoned(zone).weekday() == jiff::civil::Weekday::Sunday
}

impl Oracle {
    fn reviews(&self, person: PersonId) -> bool {
        self.roles
            .get(&person)
            .is_some_and(|role| *role >= Role::Reviewer)
    }

    fn releases(&self, person: PersonId, place: EnvironmentId) -> bool {
        if self.behind.contains_key(&person) {
            // The program has a right to staging, and no role.
            let named = match self.policies.get(&place).map(|policy| &policy.releasers) {
                Some(Releasers::Named(names)) => names.contains(&person),
                _ => true,
            };
            return place == STAGING && named;
        }
        let role = self.roles.get(&person).copied().unwrap_or(Role::Viewer);
        match self.policies.get(&place).map(|policy| &policy.releasers) {
            None => role >= Role::Author,
            Some(Releasers::Role(least)) => role >= *least,
            Some(Releasers::Named(names)) => {
                role == Role::Admin || role >= Role::Author && names.contains(&person)
            }
        }
    }

    fn content(&self, version: VersionId) -> Digest {
        self.versions[&version].content
    }

    /// What is served there; no history here splits.
    fn live(&self, place: EnvironmentId, prompt: PromptId) -> Option<Digest> {
        let (_, sides) = self.serving.get(&(place, prompt))?;
        Some(self.content(sides.first()?.0))
    }

    /// With 40 cases one look at a run without a fault is enough, and two are too many.
    fn shown(&self, place: EnvironmentId, prompt: PromptId, content: Digest, at: Millis) -> bool {
        let live = self.live(place, prompt);
        let mut looks = self
            .runs
            .iter()
            .filter(|run| run.content == content && run.live == live);
        let only = looks.next().filter(|_| looks.next().is_none());
        only.is_some_and(|run| run.good == Some(true) && at.0 - run.at.0 <= 7 * 24 * HOUR)
    }

    /// Why this policy forbids that release; nothing if it doesn't.
    fn forbids(
        &self,
        place: EnvironmentId,
        changes: &[&ReleaseChange],
        request: Option<RequestId>,
        at: Millis,
    ) -> Option<&'static str> {
        let policy = self.policies.get(&place)?;
        if !policy.freezes.is_empty() && is_sunday_in_berlin(at) {
            return Some("frozen");
        }
        for change in changes {
            let now = self.serving.get(&(place, change.prompt));
            let served: BTreeSet<Digest> = now
                .iter()
                .flat_map(|(_, sides)| sides)
                .map(|(version, _)| self.content(*version))
                .collect();
            for side in &change.sides {
                let content = self.content(side.version);
                let walked = policy
                    .path
                    .iter()
                    .all(|first| self.ever.contains(&(*first, change.prompt, content)));
                if served.contains(&content) {
                    continue;
                }
                if !walked {
                    return Some("off the path");
                }
                if !policy.suite_gates.is_empty() && !self.shown(place, change.prompt, content, at)
                {
                    return Some("not shown to be as good");
                }
            }
        }
        let asking = request.map(|id| &self.requests[&id]);
        let Some(asking) = asking else {
            let asked = policy.approvals > 0 || !policy.suite_gates.is_empty();
            return asked.then_some("nobody was asked");
        };
        let asked: Vec<_> = asking
            .changes
            .iter()
            .filter(|c| c.environment == place)
            .collect();
        let exact = asked.len() == changes.len()
            && asked.iter().all(|asked| {
                changes.iter().any(|change| {
                    change.prompt == asked.prompt
                        && change.replaces == asked.replaces
                        && sides(&change.sides) == sides(&asked.steps[0])
                })
            });
        if !exact {
            return Some("not what was asked");
        }
        let authors: BTreeSet<PersonId> = asking
            .changes
            .iter()
            .flat_map(|change| change.steps.iter().flatten())
            .map(|side| self.versions[&side.version].by)
            .flat_map(|by| [Some(by), self.behind.get(&by).copied()])
            .flatten()
            .collect();
        let mut approved = 0;
        for (person, (verdict, covered)) in &asking.verdicts {
            if !self.reviews(*person) {
                continue;
            }
            match verdict {
                VerdictKind::AskForChanges => return Some("changes are asked for"),
                VerdictKind::Approve => {
                    let own = policy.independent && authors.contains(person);
                    if *covered == asking.changes && !own {
                        approved += 1;
                    }
                }
            }
        }
        (approved < policy.approvals).then_some("too few approvals")
    }

    /// Follows an accepted command, and complains of what must not have been.
    pub fn follow(&mut self, entry: &Entry, seen: &mut Seen) -> Result<(), String> {
        let command = entry.command().command();
        let by = self.devices.get(&command.device.to_string()).copied();
        match &command.body {
            Body::SaveVersion { content, .. } => {
                let saved = Saved {
                    by: by.ok_or("saved by nobody")?,
                    content: *content,
                };
                self.versions.insert(command.id.into(), saved);
            }
            Body::SetPolicy {
                environment,
                policy,
                ..
            } => {
                if self.roles.get(&by.ok_or("nobody")?) != Some(&Role::Admin) {
                    return Err("a policy of nobody's".to_owned());
                }
                self.policies.insert(*environment, policy.as_ref().clone());
            }
            Body::AnnounceRun {
                prompt,
                environment,
                proposed,
                ..
            } => self.runs.push(Announced {
                id: command.id.into(),
                content: self.content(*proposed),
                live: self.live(*environment, *prompt),
                at: entry.at(),
                good: None,
            }),
            Body::RecordRun {
                counts: Some(counts),
                ..
            } => {
                let mut all = self.runs.iter_mut();
                let run = all.find(|run| run.id == counts.announced);
                let run = run.ok_or("a run that nobody announced")?;
                if run.good.is_some() {
                    return Err("one run recorded twice".to_owned());
                }
                run.good = Some(counts.proposed == "1".repeat(40));
            }
            Body::SetRole { person, role, .. } => {
                self.roles.insert(*person, *role);
            }
            Body::RevokeDevice { device } => {
                self.devices.remove(&device.to_string());
            }
            Body::EnrolDevice { person, device, .. } => {
                self.devices.insert(device.to_string(), *person);
            }
            Body::OpenRequest { asked } => {
                let asking = Asking {
                    changes: asked.changes.clone(),
                    verdicts: BTreeMap::new(),
                    released: BTreeSet::new(),
                };
                self.requests.insert(command.id.into(), asking);
            }
            Body::UpdateRequest { request, asked, .. } => {
                let asking = self.requests.get_mut(request).ok_or("no such request")?;
                asking.changes.clone_from(&asked.changes);
                asking.released.clear();
            }
            Body::GiveVerdict {
                request, verdict, ..
            } => {
                let by = by.ok_or("a verdict of nobody's")?;
                if !self.reviews(by) {
                    return Err("a verdict of somebody who gives none".to_owned());
                }
                let asking = self.requests.get_mut(request).ok_or("no such request")?;
                let covered = asking.changes.clone();
                asking.verdicts.insert(by, (*verdict, covered));
            }
            Body::WithdrawVerdict { request } => {
                let asking = self.requests.get_mut(request).ok_or("no such request")?;
                asking.verdicts.remove(&by.ok_or("nobody")?);
            }
            Body::Release {
                changes,
                request,
                override_reason,
                ..
            } => {
                let by = by.ok_or("released by nobody")?;
                let kept = match entry.events() {
                    [Event::Released { grounds, .. }] => grounds.clone(),
                    _ => return Err("no release".to_owned()),
                };
                for place in changes
                    .iter()
                    .map(|c| c.environment)
                    .collect::<BTreeSet<_>>()
                {
                    let here: Vec<_> = changes.iter().filter(|c| c.environment == place).collect();
                    if !self.releases(by, place) {
                        return Err("released by somebody who may not".to_owned());
                    }
                    let forbidden = self.forbids(place, &here, *request, entry.at());
                    let policy = self.policies.get(&place).cloned().unwrap_or_default();
                    let gated = !policy.suite_gates.is_empty();
                    seen.gated += u32::from(gated && forbidden.is_none());
                    match (forbidden, override_reason) {
                        (None, None) if policy.independent => seen.independent += 1,
                        (None, None) if policy.approvals > 0 => seen.approved += 1,
                        (None, None) => seen.plain += 1,
                        (Some(why), None) => return Err(format!("forbidden: {why}")),
                        (_, Some(reason)) => {
                            let recorded = kept.as_ref().and_then(|g| g.overridden.clone());
                            let recorded = recorded.filter(|o| o.reason == *reason);
                            let missing = recorded.map(|o| o.missing).unwrap_or_default();
                            // Only where something was missing was anything set aside.
                            let here = missing.iter().any(|m| m.environment() == place);
                            let admin = self.roles.get(&by) == Some(&Role::Admin);
                            let lawful = !missing.is_empty()
                                && (policy.may_override || !here)
                                && (here || forbidden.is_none());
                            if !admin || !lawful {
                                return Err("an override that must not be".to_owned());
                            }
                            seen.overridden += 1;
                        }
                    }
                }
                for change in changes {
                    self.serve(
                        command.id.into(),
                        change.environment,
                        change.prompt,
                        sides(&change.sides),
                    );
                    if let Some(asking) = request.and_then(|id| self.requests.get_mut(&id))
                        && !asking.released.insert(change.environment)
                        && changes.len() == 1
                    {
                        return Err("one request released twice".to_owned());
                    }
                }
            }
            Body::Revert {
                environment,
                prompts,
                ..
            } => {
                if !self.releases(by.ok_or("nobody")?, *environment) {
                    return Err("reverted by somebody who may not".to_owned());
                }
                let [Event::Released { changes, .. }] = entry.events() else {
                    return Err("no revert".to_owned());
                };
                for (pointer, change) in prompts.iter().zip(changes) {
                    // Only what was there before comes back.
                    let before = change.sides.iter().all(|side| {
                        let content = self.content(side.version);
                        self.ever.contains(&(*environment, pointer.prompt, content))
                    });
                    if !before {
                        return Err("a revert to what never was".to_owned());
                    }
                    self.serve(
                        command.id.into(),
                        *environment,
                        pointer.prompt,
                        sides(&change.sides),
                    );
                }
                seen.reverted += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn serve(&mut self, release: ReleaseId, place: EnvironmentId, prompt: PromptId, sides: Sides) {
        for (version, _) in &sides {
            let content = self.content(*version);
            self.ever.insert((place, prompt, content));
        }
        self.serving.insert((place, prompt), (release, sides));
    }
}
