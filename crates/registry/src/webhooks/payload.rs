//! What a webhook is told of an entry: ids, names, who, digests; never the text of a prompt, a
//! reason or a comment. Whoever wants those reads them with a key of their own.
//!
//! Names are those of the moment in which it is written down; `docs/webhooks.md` describes the
//! fields, and what is there stays.

use super::Hook;
use crate::limits;
use domain::ledger::{Asked, Entry, Event, Grounds, RecordedChange, RequestedChange, Side};
use domain::{
    Digest, EnvironmentId, Millis, PersonId, Project, PromptId, ReleaseId, RequestId, VersionId,
};
use protocol::webhooks::{WebhookId, WebhookKind};
use serde_json::{Value, json};

/// How many prompts or environments a title names before it counts.
const NAMED: usize = 3;

/// One thing that happened, before it is known who wants it.
#[derive(Clone, Debug)]
pub struct Message {
    /// What.
    pub kind: WebhookKind,
    /// The environments that it is about.
    pub environments: Vec<EnvironmentId>,
    /// The entry that tells it.
    pub seq: u64,
    /// The entry's digest and the place of the event in it: what the message's id is made of.
    source: (Digest, u32),
    /// What is sent, as text.
    pub body: String,
}

impl Message {
    /// What the receiver knows it by. Made of what it tells and to whom, so that whatever is told
    /// again (after a crash, a replay, a restored registry) has the same id.
    #[must_use]
    pub fn id(&self, webhook: WebhookId) -> String {
        let (entry, place) = self.source;
        let parts: [&[u8]; 4] = [
            b"galley webhook message",
            webhook.0.as_bytes(),
            &entry.0,
            &place.to_be_bytes(),
        ];
        format!("msg_{}", hex::encode(&Digest::of_parts(&parts).0[..16]))
    }

    /// Whether a webhook is for this.
    #[must_use]
    pub fn is_for(&self, hook: &Hook) -> bool {
        let about = self.environments.is_empty()
            || hook.environments.is_empty()
            || self
                .environments
                .iter()
                .any(|environment| hook.environments.contains(environment));
        hook.kinds.contains(&self.kind) && about
    }
}

/// What an entry tells. `project` is the state after it, or after later ones.
#[must_use]
pub fn messages(project: &Project, entry: &Entry) -> Vec<Message> {
    let signer = project.person_of(&entry.command().command().device);
    let by = signer.map(|signer| person(project, signer.id));
    let told = Telling { project };
    let mut messages = Vec::new();
    for (event, place) in entry.events().iter().zip(0_u32..) {
        let Some((kind, environments, mut data)) = told.event(event) else {
            continue;
        };
        let mut changes = take_list(&mut data, "changes");
        data["project"] = told.itself();
        data["entry"] = json!({ "seq": entry.seq(), "digest": entry.digest() });
        data["by"] = by.clone().unwrap_or(Value::Null);
        messages.push(Message {
            kind,
            environments,
            seq: entry.seq(),
            source: (entry.digest(), place),
            body: fit(kind, entry.at(), data, &mut changes),
        });
    }
    messages
}

/// What somebody sends to see whether it arrives.
#[must_use]
pub fn test(project: &Project, by: PersonId, now: Millis) -> String {
    let data = json!({
        "project": Telling { project }.itself(),
        "by": person(project, by),
        "message": "A test from Galley: deliveries arrive here.",
    });
    envelope(WebhookKind::Test, now, &data)
}

fn envelope(kind: WebhookKind, at: Millis, data: &Value) -> String {
    let timestamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    json!({ "type": kind, "timestamp": timestamp.to_string(), "data": data }).to_string()
}

fn take_list(data: &mut Value, name: &str) -> Option<Vec<Value>> {
    match data.get_mut(name).map(Value::take) {
        Some(Value::Array(list)) => Some(list),
        _ => None,
    }
}

/// The body, with as many changes as may be.
fn fit(kind: WebhookKind, at: Millis, mut data: Value, changes: &mut Option<Vec<Value>>) -> String {
    let all = changes.as_ref().map_or(0, Vec::len);
    loop {
        if let Some(changes) = &*changes {
            data["changes"] = json!(changes);
            data["changes_left_out"] = json!(all - changes.len());
        }
        let body = envelope(kind, at, &data);
        match changes {
            Some(list) if body.len() > limits::WEBHOOK_BODY_BYTES && !list.is_empty() => {
                list.truncate(list.len() / 2);
            }
            _ => return body,
        }
    }
}

fn person(project: &Project, id: PersonId) -> Value {
    let found = project.person(id);
    json!({
        "id": id,
        "name": found.map(|person| &person.name),
        "service": found.is_some_and(|person| person.service.is_some()),
    })
}

struct Telling<'a> {
    project: &'a Project,
}

type Told = (WebhookKind, Vec<EnvironmentId>, Value);

impl Telling<'_> {
    fn event(&self, event: &Event) -> Option<Told> {
        Some(match event {
            Event::RequestOpened {
                request,
                asked,
                digest,
            } => self.asked(WebhookKind::RequestOpened, *request, asked, digest),
            Event::RequestUpdated {
                request,
                asked,
                digest,
                before,
            } => {
                let kind = WebhookKind::RequestChanged;
                let (_, environments, mut data) = self.asked(kind, *request, asked, digest);
                data["change"] = json!("updated");
                data["before"] = json!(before);
                (kind, environments, data)
            }
            Event::RequestWithdrawn { request, .. } => self.changed(*request, "withdrawn", None),
            Event::VerdictWithdrawn { request, person } => {
                self.changed(*request, "verdict_withdrawn", Some(*person))
            }
            Event::VerdictDismissed {
                request, person, ..
            } => self.changed(*request, "verdict_dismissed", Some(*person)),
            Event::VerdictGiven {
                request,
                person: reviewer,
                digest,
                verdict,
                evidence,
                ..
            } => {
                let (environments, told) = self.request(*request);
                let data = json!({
                    "request": told,
                    "reviewer": person(self.project, *reviewer),
                    "verdict": verdict,
                    "covers": digest,
                    "evidence": evidence,
                });
                (WebhookKind::VerdictGiven, environments, data)
            }
            Event::Released {
                release,
                changes,
                promoted_from,
                reverts_to,
                grounds,
                ..
            } => self.released(
                *release,
                changes,
                (*promoted_from, *reverts_to),
                grounds.as_deref(),
            ),
            Event::VersionSaved {
                version,
                prompt,
                number,
                parents,
                content,
                ..
            } => {
                let data = json!({
                    "prompt": self.prompt(*prompt),
                    "version": { "id": version, "number": number, "digest": content },
                    "parents": parents,
                });
                (WebhookKind::VersionSaved, Vec::new(), data)
            }
            _ => return None,
        })
    }

    fn itself(&self) -> Value {
        json!({ "id": self.project.id(), "name": self.project.name() })
    }

    fn prompt(&self, id: PromptId) -> Value {
        let id = self.project.meant(id);
        json!({ "id": id, "name": self.project.prompt(id).map(|prompt| &prompt.name) })
    }

    fn environment(&self, id: EnvironmentId) -> Value {
        let name = self.project.environment(id).map(|found| &found.name);
        json!({ "id": id, "name": name })
    }

    fn version(&self, id: VersionId) -> Value {
        let found = self.project.version(id).map(|(_, version)| version);
        json!({
            "id": id,
            "number": found.map(|version| version.number),
            "digest": found.map(|version| version.content),
        })
    }

    fn sides(&self, sides: &[Side]) -> Vec<Value> {
        sides
            .iter()
            .map(|side| {
                let mut told = self.version(side.version);
                told["weight"] = json!(side.weight);
                told
            })
            .collect()
    }

    fn asked(&self, kind: WebhookKind, id: RequestId, asked: &Asked, digest: &Digest) -> Told {
        let changes: Vec<Value> = asked
            .changes
            .iter()
            .map(|change| {
                json!({
                    "environment": self.environment(change.environment),
                    "prompt": self.prompt(change.prompt),
                    "versions": self.sides(last_step(change)),
                    "steps": change.steps.len(),
                    "replaces": change.replaces,
                })
            })
            .collect();
        let environments = self.places(asked);
        let data = json!({
            "request": {
                "id": id,
                "title": self.title(asked),
                "digest": digest,
                "environments": self.environments(&environments),
            },
            "changes": changes,
        });
        (kind, environments, data)
    }

    /// A request as it is now, for what happens to it.
    fn request(&self, id: RequestId) -> (Vec<EnvironmentId>, Value) {
        let Some(found) = self.project.request(id) else {
            return (Vec::new(), json!({ "id": id }));
        };
        let environments = self.places(found.asked());
        let told = json!({
            "id": id,
            "title": self.title(found.asked()),
            "digest": found.digest(),
            "environments": self.environments(&environments),
            "by": person(self.project, found.by),
        });
        (environments, told)
    }

    fn changed(&self, id: RequestId, change: &str, reviewer: Option<PersonId>) -> Told {
        let (environments, told) = self.request(id);
        let mut data = json!({ "request": told, "change": change });
        if let Some(reviewer) = reviewer {
            data["reviewer"] = person(self.project, reviewer);
        }
        (WebhookKind::RequestChanged, environments, data)
    }

    fn released(
        &self,
        id: ReleaseId,
        changes: &[RecordedChange],
        (promoted_from, reverts_to): (Option<EnvironmentId>, Option<ReleaseId>),
        grounds: Option<&Grounds>,
    ) -> Told {
        let mut environments: Vec<EnvironmentId> = Vec::new();
        for change in changes {
            if !environments.contains(&change.environment) {
                environments.push(change.environment);
            }
        }
        let listed: Vec<Value> = changes
            .iter()
            .map(|change| {
                json!({
                    "environment": self.environment(change.environment),
                    "prompt": self.prompt(change.prompt),
                    "versions": self.sides(&change.sides),
                    "replaces": change.before,
                })
            })
            .collect();
        let approved: Vec<Value> = grounds
            .iter()
            .flat_map(|grounds| &grounds.approvals)
            .map(|approval| {
                let by: Vec<Value> = approval
                    .by
                    .iter()
                    .map(|approver| person(self.project, *approver))
                    .collect();
                json!({ "environment": self.environment(approval.environment), "by": by })
            })
            .collect();
        let mut data = json!({
            "release": { "id": id, "environments": self.environments(&environments) },
            "changes": listed,
            "approved": approved,
            "overridden": grounds.is_some_and(|grounds| grounds.overridden.is_some()),
            "request": grounds.and_then(|grounds| grounds.request),
        });
        if let Some(from) = promoted_from {
            data["promoted_from"] = self.environment(from);
        }
        let kind = match reverts_to {
            Some(to) => {
                data["reverts_to"] = json!(to);
                WebhookKind::ReleaseReverted
            }
            None => WebhookKind::ReleaseMade,
        };
        (kind, environments, data)
    }

    fn environments(&self, ids: &[EnvironmentId]) -> Vec<Value> {
        ids.iter().map(|id| self.environment(*id)).collect()
    }

    /// Where a request would change something: what a suite lets through is served there.
    fn places(&self, asked: &Asked) -> Vec<EnvironmentId> {
        match &asked.suite {
            Some(suite) => self.project.gated(suite.prompt),
            None => asked.environments(),
        }
    }

    /// "support/triage v9 to production", as the window says it.
    fn title(&self, asked: &Asked) -> String {
        if let Some(suite) = &asked.suite {
            let found = self.project.prompt(suite.prompt);
            let name = found.map_or("a prompt", |prompt| &prompt.name);
            return format!("another suite for {name}");
        }
        let mut what: Vec<String> = Vec::new();
        for change in &asked.changes {
            let versions: Vec<String> = last_step(change)
                .iter()
                .filter_map(|side| self.project.version(side.version))
                .map(|(_, version)| format!("v{}", version.number))
                .collect();
            let name = self
                .project
                .prompt(change.prompt)
                .map_or("a prompt", |prompt| &prompt.name);
            let words = match versions.is_empty() {
                true => format!("{name} to be served no more"),
                false => format!("{name} {}", versions.join(" and ")),
            };
            if !what.contains(&words) {
                what.push(words);
            }
        }
        let places: Vec<String> = asked
            .environments()
            .into_iter()
            .filter_map(|id| self.project.environment(id))
            .map(|found| found.name.clone())
            .collect();
        format!(
            "{} to {}",
            list(&what, "changes"),
            list(&places, "environments")
        )
    }
}

fn last_step(change: &RequestedChange) -> &[Side] {
    change.steps.last().map(Vec::as_slice).unwrap_or_default()
}

fn list(words: &[String], many: &str) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        _ if words.len() > NAMED => format!("{} {many}", words.len()),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_leaves_changes_out_and_says_how_many() {
        let changes: Vec<Value> = (0..500)
            .map(|number| json!({ "prompt": "x".repeat(2_000), "number": number }))
            .collect();
        let data = json!({ "release": { "id": "a" } });
        let kind = WebhookKind::ReleaseMade;
        let body = fit(kind, Millis(0), data.clone(), &mut Some(changes));
        assert!(body.len() <= limits::WEBHOOK_BODY_BYTES);
        let told: Value = serde_json::from_str(&body).unwrap();
        let kept = told["data"]["changes"].as_array().unwrap().len();
        assert!(kept > 50, "{kept}");
        assert_eq!(told["data"]["changes_left_out"], 500 - kept);
        assert_eq!(told["timestamp"], "1970-01-01T00:00:00Z");

        let few = fit(kind, Millis(0), data.clone(), &mut Some(vec![json!(1)]));
        let few: Value = serde_json::from_str(&few).unwrap();
        assert_eq!(few["data"]["changes_left_out"], 0);
        let none: Value =
            serde_json::from_str(&fit(WebhookKind::VersionSaved, Millis(0), data, &mut None))
                .unwrap();
        assert!(none["data"].get("changes").is_none());
    }

    #[test]
    fn lists_read_like_words_and_end() {
        let words = |count: usize| -> Vec<String> { (0..count).map(|n| n.to_string()).collect() };
        for (count, told) in [
            (0, "nothing"),
            (1, "0"),
            (2, "0 and 1"),
            (3, "0, 1 and 2"),
            (4, "4 changes"),
        ] {
            assert_eq!(list(&words(count), "changes"), told);
        }
    }
}
