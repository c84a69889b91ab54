//! Sentences for people, made in one place so that every screen says the same thing the same way.

use crate::views::ActivityKind;
use domain::ledger::{Asked, Event, Side, VerdictKind};
use domain::project::Project;
use domain::{EnvironmentId, PromptId, RequestId, VersionId};

/// Prompts that words for a request name before they count them.
const NAMED: usize = 2;

/// What is shown for a version: `v9`, or its short id before it has a number.
#[must_use]
pub fn version(project: &Project, id: VersionId) -> String {
    project
        .version(id)
        .map_or_else(|| id.short(), |(_, version)| format!("v{}", version.number))
}

/// What is shown for the sides of a release: `v9`, `v14 90 % · v15 10 %`, `nothing`.
#[must_use]
pub fn sides(project: &Project, sides: &[Side]) -> String {
    match sides {
        [] => "nothing".to_owned(),
        [only] => version(project, only.version),
        several => several
            .iter()
            .map(|side| {
                format!(
                    "{} {} %",
                    version(project, side.version),
                    percent(side.weight)
                )
            })
            .collect::<Vec<_>>()
            .join(" · "),
    }
}

/// Hundredths of a percent as people write them.
#[must_use]
pub fn percent(weight: u32) -> String {
    match (weight / 100, weight % 100) {
        (whole, 0) => whole.to_string(),
        (whole, rest) if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        (whole, rest) => format!("{whole}.{rest:02}"),
    }
}

/// The name of a prompt.
#[must_use]
pub fn prompt(project: &Project, id: PromptId) -> String {
    project
        .prompt(id)
        .map_or_else(|| id.short(), |prompt| prompt.name.clone())
}

/// The name of an environment.
#[must_use]
pub fn environment(project: &Project, id: EnvironmentId) -> String {
    project
        .environment(id)
        .map_or_else(|| id.short(), |environment| environment.name.clone())
}

/// `one version`, `3 versions`.
#[must_use]
pub fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("one {one}"),
        n => format!("{n} {many}"),
    }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// What events did, in words that follow the person's name, and what it is about.
///
/// `project` is the state now: names are today's, so that a renamed prompt can be found.
#[must_use]
pub fn events(project: &Project, events: &[Event]) -> (String, ActivityKind) {
    match events {
        [] => (
            "did something that a newer Galley shows".to_owned(),
            ActivityKind::Project,
        ),
        [first, rest @ ..] => {
            let (words, kind) = event(project, first);
            let more = rest.iter().map(|next| event(project, next).0);
            (
                std::iter::once(words)
                    .chain(more)
                    .collect::<Vec<_>>()
                    .join("; "),
                kind,
            )
        }
    }
}

fn event(project: &Project, event: &Event) -> (String, ActivityKind) {
    use ActivityKind as Kind;
    match event {
        Event::ProjectCreated { name, .. } => {
            (format!("founded the project {name}"), Kind::Project)
        }
        Event::ProjectRenamed { name } => (format!("renamed the project to {name}"), Kind::Project),
        Event::PromptCreated { name, .. } => (format!("made the prompt {name}"), Kind::Prompt),
        Event::PromptJoined { into, .. } => (
            format!(
                "made {} too; both go on as one prompt",
                prompt(project, *into)
            ),
            Kind::Prompt,
        ),
        Event::PromptRenamed { name, before, .. } => {
            (format!("renamed {before} to {name}"), Kind::Prompt)
        }
        Event::PromptArchived { prompt: id } => {
            (format!("archived {}", prompt(project, *id)), Kind::Prompt)
        }
        Event::PromptRestored { prompt: id } => (
            format!("brought {} back from the archive", prompt(project, *id)),
            Kind::Prompt,
        ),
        Event::VersionSaved {
            prompt: id,
            number,
            parents,
            ..
        } => {
            let merged = if parents.len() > 1 {
                ", which settles a divergence"
            } else {
                ""
            };
            (
                format!("saved {} v{number}{merged}", prompt(project, *id)),
                Kind::Version,
            )
        }
        Event::LabelMoved {
            prompt: id,
            label,
            version: to,
            ..
        } => {
            let name = prompt(project, *id);
            let words = match to {
                Some(to) => format!("put the label {label} on {name} {}", version(project, *to)),
                None => format!("took the label {label} off {name}"),
            };
            (words, Kind::Prompt)
        }
        Event::EnvironmentAdded { name, .. } => {
            (format!("added the environment {name}"), Kind::Environments)
        }
        Event::EnvironmentRenamed { name, before, .. } => (
            format!("renamed the environment {before} to {name}"),
            Kind::Environments,
        ),
        Event::EnvironmentsReordered { order } => {
            let names: Vec<_> = order.iter().map(|id| environment(project, *id)).collect();
            (
                format!("put the environments in the order {}", names.join(", ")),
                Kind::Environments,
            )
        }
        Event::EnvironmentRetired {
            environment: id,
            keys,
        } => (
            format!(
                "retired the environment {}{}",
                environment(project, *id),
                if keys.is_empty() {
                    String::new()
                } else {
                    format!(" and ended {}", count(keys.len(), "key", "keys"))
                }
            ),
            Kind::Environments,
        ),
        Event::DefaultEnvironmentChanged {
            environment: id, ..
        } => (
            format!("made {} the default environment", environment(project, *id)),
            Kind::Environments,
        ),
        Event::Released { .. } => (release(project, event), Kind::Release),
        Event::DatasetSaved { name, cases, .. } => {
            let cases = usize::try_from(*cases).unwrap_or(usize::MAX);
            (
                format!(
                    "saved the dataset {name} with {}",
                    count(cases, "case", "cases")
                ),
                Kind::Evals,
            )
        }
        Event::SuiteChanged {
            prompt: id, suite, ..
        } => {
            let dataset = project.dataset(suite.dataset);
            (
                format!(
                    "said by what {} is judged: the cases of {}",
                    prompt(project, *id),
                    dataset.map_or("a dataset", |dataset| dataset.name.as_str())
                ),
                Kind::Evals,
            )
        }
        Event::RunAnnounced {
            proposed,
            environment: place,
            ..
        } => (
            format!(
                "announced a run of {} for {}",
                domain::rules::requests::words::version(project, *proposed),
                environment(project, *place)
            ),
            Kind::Evals,
        ),
        Event::RunRecorded {
            version: id,
            summary,
            ..
        } => {
            let name = project
                .version(*id)
                .map_or_else(|| id.short(), |(p, v)| format!("{} v{}", p.name, v.number));
            (
                match summary.cases {
                    0 => format!("shared a run of {name}: its answers wait for marks"),
                    cases => format!(
                        "shared a run of {name}: {} of {cases} cases passed",
                        summary.passed
                    ),
                },
                Kind::Evals,
            )
        }
        Event::ContentRedacted { .. } => (
            "redacted a content: it is destroyed everywhere".to_owned(),
            Kind::Project,
        ),
        Event::EpochBegun { epoch, .. } => (
            format!("noted that the registry was restored from a backup (epoch {epoch})"),
            Kind::Project,
        ),
        _ => people(project, event),
    }
}

fn people(project: &Project, event: &Event) -> (String, ActivityKind) {
    use ActivityKind as Kind;
    let person = |id: &domain::PersonId| {
        project
            .person(*id)
            .map_or_else(|| id.short(), |p| p.name.clone())
    };
    let key = |id: &domain::KeyId| {
        project
            .key(*id)
            .map_or_else(|| id.short(), |key| key.name.clone())
    };
    match event {
        Event::EnvironmentKeyIssued {
            environment: id,
            name,
            ..
        } => (
            format!("made the key {name} for {}", environment(project, *id)),
            Kind::Keys,
        ),
        Event::EnvironmentKeyRotated { replaces, .. } => (
            format!("made a new key in place of {}", key(replaces)),
            Kind::Keys,
        ),
        Event::TokenIssued { name, .. } => (format!("made the personal token {name}"), Kind::Keys),
        Event::KeyRevoked { key: id } => (format!("revoked the key {}", key(id)), Kind::Keys),
        Event::PersonInvited { name, role, .. } => {
            (format!("invited {name} as {}", role.as_str()), Kind::People)
        }
        Event::InvitationWithdrawn { invitation } => {
            let name = project
                .invitation(*invitation)
                .map_or_else(String::new, |i| i.name.clone());
            (format!("took back the invitation of {name}"), Kind::People)
        }
        Event::PersonJoined {
            device_name, role, ..
        } => (
            format!("joined as {} with {device_name}", role.as_str()),
            Kind::People,
        ),
        Event::DeviceEnrolled {
            person: id, name, ..
        } => (
            format!("enrolled the device {name} of {}", person(id)),
            Kind::People,
        ),
        Event::DeviceRevoked { person: id, .. } => {
            (format!("revoked a device of {}", person(id)), Kind::People)
        }
        Event::RoleChanged {
            person: id, role, ..
        } => (
            format!("made {} {}", person(id), role.as_str()),
            Kind::People,
        ),
        Event::PersonRemoved { person: id } => (format!("removed {}", person(id)), Kind::People),
        _ => review(project, event),
    }
}

fn review(project: &Project, event: &Event) -> (String, ActivityKind) {
    use ActivityKind as Kind;
    let person = |id: &domain::PersonId| {
        project
            .person(*id)
            .map_or_else(|| id.short(), |p| p.name.clone())
    };
    match event {
        Event::ServiceCreated { name, .. } => (format!("made the service {name}"), Kind::People),
        Event::RightsChanged { service, .. } => (
            format!("changed what {} may do", person(service)),
            Kind::People,
        ),
        Event::PolicySet {
            environment: id, ..
        } => (
            format!("set the policy of {}", environment(project, *id)),
            Kind::Environments,
        ),
        Event::RequestOpened { asked, .. } => (
            format!("asked to release {}", request(project, asked)),
            Kind::Release,
        ),
        Event::RequestUpdated { asked, .. } => (
            format!("now asks to release {}", request(project, asked)),
            Kind::Release,
        ),
        Event::RequestWithdrawn { request, .. } => (
            format!("took back the request for {}", about(project, *request)),
            Kind::Release,
        ),
        Event::VerdictGiven {
            verdict, request, ..
        } => {
            let words = match verdict {
                VerdictKind::Approve => "approved",
                VerdictKind::AskForChanges => "asked for changes to",
            };
            (
                format!("{words} {}", about(project, *request)),
                Kind::Release,
            )
        }
        Event::VerdictWithdrawn { request, .. } => (
            format!("took back the verdict on {}", about(project, *request)),
            Kind::Release,
        ),
        Event::VerdictDismissed {
            person: id,
            request,
            ..
        } => (
            format!(
                "dismissed the changes that {} asked for to {}",
                person(id),
                about(project, *request)
            ),
            Kind::Release,
        ),
        Event::CommentMade { .. } => ("commented".to_owned(), Kind::Release),
        Event::CommentResolved { .. } => ("settled a comment".to_owned(), Kind::Release),
        _ => (String::new(), Kind::Project),
    }
}

/// What is asked for: `support/triage v9 and tone v2 to production`.
#[must_use]
pub fn request(project: &Project, asked: &Asked) -> String {
    if let Some(suite) = &asked.suite {
        return format!("another suite for {}", prompt(project, suite.prompt));
    }
    let mut what: Vec<String> = Vec::new();
    for change in &asked.changes {
        let last = change.steps.last().map(Vec::as_slice).unwrap_or_default();
        let words = format!(
            "{} {}",
            prompt(project, change.prompt),
            sides(project, last)
        );
        if !what.contains(&words) {
            what.push(words);
        }
    }
    if what.len() > NAMED {
        what = vec![format!("{} changes", what.len())];
    }
    let places: Vec<_> = asked
        .environments()
        .into_iter()
        .map(|id| environment(project, id))
        .collect();
    format!("{} to {}", list(&what), list(&places))
}

fn about(project: &Project, id: RequestId) -> String {
    project.request(id).map_or_else(
        || "a request".to_owned(),
        |found| request(project, found.asked()),
    )
}

fn release(project: &Project, event: &Event) -> String {
    let Event::Released {
        changes,
        promoted_from,
        reverts_to,
        grounds,
        ..
    } = event
    else {
        return String::new();
    };
    let mut places: Vec<EnvironmentId> = changes.iter().map(|change| change.environment).collect();
    places.dedup();
    let places: Vec<_> = places
        .into_iter()
        .map(|id| environment(project, id))
        .collect();
    let what: Vec<_> = changes
        .iter()
        .map(|change| {
            format!(
                "{} {}",
                prompt(project, change.prompt),
                sides(project, &change.sides)
            )
        })
        .collect();
    let overridden = grounds.as_ref().is_some_and(|g| g.overridden.is_some());
    let words = match (reverts_to, promoted_from) {
        (Some(_), _) => format!("reverted {}: {}", list(&places), list(&what)),
        (None, Some(from)) => {
            format!(
                "promoted {} from {} to {}",
                list(&what),
                environment(project, *from),
                list(&places)
            )
        }
        (None, None) if changes.iter().all(|change| change.sides.is_empty()) => {
            let names: Vec<_> = changes
                .iter()
                .map(|change| prompt(project, change.prompt))
                .collect();
            format!("stopped serving {} in {}", list(&names), list(&places))
        }
        (None, None) => format!("released {} to {}", list(&what), list(&places)),
    };
    if overridden {
        format!("{words}, setting the policy aside")
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_lists_read_as_people_write_them() {
        assert_eq!(percent(10_000), "100");
        assert_eq!(percent(1_250), "12.5");
        assert_eq!(percent(25), "0.25");
        let words =
            |items: &[&str]| list(&items.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["a"]), "a");
        assert_eq!(words(&["a", "b", "c"]), "a, b and c");
        assert_eq!(count(1, "case", "cases"), "one case");
    }
}
