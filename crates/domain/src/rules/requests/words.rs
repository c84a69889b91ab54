//! What is missing, and why a verdict does not count, in plain words: made here, for every screen,
//! refusal and terminal alike.

use super::Why;
use crate::gate::Fault;
use crate::ledger::{GateFault, Missing};
use crate::statistics;
use crate::{DatasetId, EnvironmentId, Millis, PersonId, Project, PromptId, ReleaseId, VersionId};
use jiff::Timestamp;

/// What is missing, in a sentence that says what to do.
#[must_use]
pub fn missing(project: &Project, missing: &Missing) -> String {
    match missing {
        Missing::Request { environment } => format!(
            "{} asks for a review; open a request",
            place(project, *environment)
        ),
        Missing::Approvals {
            environment,
            needed,
            given,
        } => format!(
            "{} needs {} and has {given}",
            place(project, *environment),
            match needed {
                1 => "1 approval".to_owned(),
                n => format!("{n} approvals"),
            }
        ),
        Missing::ChangesAsked { by, .. } => format!(
            "{} asks for changes; make them and ask again, or have an admin dismiss it",
            person(project, *by)
        ),
        Missing::Gate {
            version: of,
            dataset,
            fault,
            ..
        } => gate(project, *of, *dataset, *fault),
        Missing::SuiteGate {
            environment,
            prompt: of_prompt,
            version: of,
            fault,
        } => match fault {
            GateFault::NoSuite => format!(
                "{} has no suite, so nothing says by what it is judged; {} asks for one",
                prompt(project, *of_prompt),
                place(project, *environment)
            ),
            GateFault::NoRun if project.baseline(*environment, *of_prompt).is_none() => format!(
                "{} was not run over its suite for {}; run it so that it counts",
                version(project, *of),
                place(project, *environment)
            ),
            GateFault::NoRun => format!(
                "{} was not run over its suite against what {} serves now; run it so that it counts",
                version(project, *of),
                place(project, *environment)
            ),
            GateFault::Verdict { verdict } => format!(
                "{}: {}",
                version(project, *of),
                statistics::words::verdict(verdict).trim_end_matches('.')
            ),
        },
        Missing::Dependent {
            environment,
            prompt: of_prompt,
            part,
            version: of,
            fault,
        } => {
            let (part, name) = (version(project, *part), prompt(project, *of_prompt));
            let served = of.filter(|of| project.serves(*environment, *of));
            let place = place(project, *environment);
            match (of, fault) {
                (Some(of), Some(GateFault::Verdict { verdict })) if served.is_some() => format!(
                    "{place} serves {}, which reads what comes out of {part}; with that before it: {}",
                    version(project, *of),
                    statistics::words::verdict(verdict).trim_end_matches('.')
                ),
                (Some(of), _) if served.is_some() => format!(
                    "{place} serves {}, which reads what comes out of {part}; run it with that, so that it counts",
                    version(project, *of)
                ),
                (Some(of), Some(GateFault::Verdict { verdict })) => format!(
                    "{place} serves {name}, which includes what changes; with {part} it is {}: {}",
                    version(project, *of),
                    statistics::words::verdict(verdict).trim_end_matches('.')
                ),
                (Some(of), _) => format!(
                    "{place} serves {name}, which includes what changes; run {}, which has {part}, so that it counts",
                    version(project, *of)
                ),
                (None, _) => format!(
                    "{place} serves {name}, which includes what changes, and no version of it has {part}; save it with that, and run it so that it counts"
                ),
            }
        }
        Missing::Path {
            environment,
            version: of,
            first,
            ..
        } => format!(
            "{} was never served in {}, which comes before {}; release it there first",
            version(project, *of),
            place(project, *first),
            place(project, *environment)
        ),
        Missing::Frozen {
            environment,
            freeze,
            until,
        } => format!(
            "{} is frozen until {} ({freeze})",
            place(project, *environment),
            moment(*until)
        ),
        Missing::Calendar {
            environment,
            zone,
            until,
        } => format!(
            "the policy of {} knows the clock of {zone} only until {}; an admin must renew the \
             policy's calendar",
            place(project, *environment),
            moment(*until)
        ),
        Missing::SuiteMoved { prompt: of, .. } => format!(
            "the suite of {} was changed meanwhile; update the request, and approvals are asked for anew",
            prompt(project, *of)
        ),
        Missing::Stale { .. } => format!(
            "{}; update the request, and approvals are asked for anew",
            moved(project, missing)
        ),
        Missing::Break {
            environment,
            prompt: of,
            input,
            kind,
        } => format!(
            "the input {input} of {} {}: applications that read {} would break; write a note why \
             that is safe, or keep the input",
            prompt(project, *of),
            kind.as_str(),
            place(project, *environment)
        ),
    }
}

/// Why a verdict does not count.
#[must_use]
pub fn void(project: &Project, why: &Why) -> String {
    match why {
        Why::TakenBack => "taken back".to_owned(),
        Why::Dismissed { by } => format!("dismissed by {}", person(project, *by)),
        Why::Replaced => "replaced by a later verdict".to_owned(),
        Why::Updated { changes } => {
            let what: Vec<_> = changes
                .iter()
                .map(|(environment, of)| {
                    format!(
                        "{} in {}",
                        prompt(project, *of),
                        place(project, *environment)
                    )
                })
                .collect();
            match what.is_empty() {
                true => "void: the notes of the request changed".to_owned(),
                false => format!("void: the request changed ({})", what.join(", ")),
            }
        }
        Why::AskedIt => "does not count: they asked for it".to_owned(),
        Why::Moved(stale @ Missing::SuiteMoved { .. }) => {
            format!("void: {}", missing(project, stale))
        }
        Why::Moved(stale) => format!("void: {}", moved(project, stale)),
        Why::NotEntitled => "no longer counts: they give no verdicts any more".to_owned(),
        Why::WroteIt {
            environment,
            version: of,
        } => format!(
            "does not count in {}: {} is theirs",
            place(project, *environment),
            version(project, *of)
        ),
    }
}

/// A version as people name it: `support/triage v3`.
#[must_use]
pub fn version(project: &Project, id: VersionId) -> String {
    project.version(id).map_or_else(
        || id.short(),
        |(prompt, version)| format!("{} v{}", prompt.name, version.number),
    )
}

fn moved(project: &Project, stale: &Missing) -> String {
    let Missing::Stale {
        environment,
        prompt: of,
        was,
        now,
    } = stale
    else {
        return String::new();
    };
    let served = |release: &Option<ReleaseId>| {
        let change = release
            .and_then(|id| project.release(id))
            .and_then(|release| release.change(*environment, *of));
        let numbers: Vec<_> = change
            .iter()
            .flat_map(|change| &change.sides)
            .filter_map(|side| project.version(side.version))
            .map(|(_, version)| format!("v{}", version.number))
            .collect();
        match numbers.is_empty() {
            true => "nothing".to_owned(),
            false => numbers.join(" and "),
        }
    };
    let (was, now) = (served(was), served(now));
    let (place, prompt) = (place(project, *environment), prompt(project, *of));
    if was == now {
        // The same versions under another release: weights moved, or there and back.
        return format!("{place} was released anew with {now} of {prompt}");
    }
    format!("{place} moved from {was} to {now} of {prompt}")
}

fn gate(project: &Project, of: VersionId, dataset: DatasetId, fault: Fault) -> String {
    let of = version(project, of);
    let over = project
        .dataset(dataset)
        .map_or_else(|| dataset.short(), |d| d.name.clone());
    match fault {
        Fault::NoRun => {
            format!("{of} was not run over {over} as it is now; run it and share the run")
        }
        Fault::Partial { ran, cases } => {
            format!("the run of {of} asked {ran} of the {cases} cases of {over}; run all of them")
        }
        Fault::Rate { passed, least } => format!(
            "{of} passes {} of {over}, and {} must pass",
            percent(passed),
            percent(least)
        ),
        Fault::NoBaseline => format!(
            "what is served now was not run over {over}, so nobody can say what {of} would lose; \
             run that too"
        ),
        Fault::Loss { loss, largest } => format!(
            "{of} passes {} less of {over} than what is served now; at most {} may be lost",
            percent(loss),
            percent(largest)
        ),
    }
}

fn percent(hundredths: u32) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match rest {
        0 => format!("{whole} %"),
        _ => format!("{whole}.{rest:02} %"),
    }
}

/// A moment as everybody reads it, whatever their zone: screens say it in the reader's.
fn moment(at: Millis) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(
        |_| at.0.to_string(),
        |moment| moment.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

fn place(project: &Project, id: EnvironmentId) -> String {
    project
        .environment(id)
        .map_or_else(|| id.short(), |environment| environment.name.clone())
}

fn prompt(project: &Project, id: PromptId) -> String {
    project
        .prompt(id)
        .map_or_else(|| id.short(), |prompt| prompt.name.clone())
}

fn person(project: &Project, id: PersonId) -> String {
    project
        .person(id)
        .map_or_else(|| id.short(), |person| person.name.clone())
}
