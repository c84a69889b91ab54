//! What an environment key may read beside what is served now: versions that its environment has
//! served, by number or label. Nothing else, on any route.

use super::{Answer, build};
use crate::Error;
use crate::serving::build::Read;
use domain::{EnvironmentId, Project, PromptId, VersionId};
use protocol::serving::ServedPrompt;

/// What a reader asks for.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// The version of this number.
    Number(u32),
    /// The version that this label is on.
    Label(&'a str),
}

/// Why something is not served, in words for whoever reads the answer.
#[derive(Debug)]
pub enum NotServed {
    /// It is nothing that this environment serves or has served.
    Unknown(String),
    /// It is another environment's name.
    OtherEnvironment,
    /// It was redacted, or its content is not here.
    Gone,
    /// The disk failed.
    Failed(Error),
}

/// An earlier version of a prompt, if this environment serves it or has.
///
/// # Errors
/// Why it is not for this reader.
pub fn earlier(
    project: &Project,
    (environment, prompt): (EnvironmentId, PromptId),
    asked: Asked<'_>,
    read: &impl Read,
) -> Result<Answer, NotServed> {
    let unknown = |words: &str| NotServed::Unknown(words.to_owned());
    let found = project
        .prompt(prompt)
        .ok_or_else(|| unknown("there is no such prompt"))?;
    let version = match asked {
        Asked::Number(number) => found.numbered(number).map(|version| version.id),
        Asked::Label(label) => {
            if project
                .environment_named(label)
                .is_some_and(|other| other.id != environment)
            {
                return Err(NotServed::OtherEnvironment);
            }
            found.labelled(label)
        }
    };
    // One answer for "does not exist" and "was never served here": a key learns nothing of the rest.
    let never = "this environment does not serve such a version of this prompt, and never has";
    let version = version.ok_or_else(|| unknown(never))?;
    let (release, since) =
        served_by(project, environment, found.id, version).ok_or_else(|| unknown(never))?;
    let (_, version) = project.version(version).ok_or_else(|| unknown(never))?;
    let name = project
        .environment(environment)
        .map(|e| e.name.clone())
        .unwrap_or_default();
    let served = build::version_as_served(project, version, read)
        .map_err(NotServed::Failed)?
        .ok_or(NotServed::Gone)?;
    let answer = ServedPrompt {
        name: found.name.clone(),
        prompt: found.id,
        environment: name,
        version: served,
        release,
        since,
    };
    Ok(Answer::of(serde_json::to_vec(&answer).unwrap_or_default()))
}

/// The latest release with which this environment served a version.
fn served_by(
    project: &Project,
    environment: EnvironmentId,
    prompt: PromptId,
    version: VersionId,
) -> Option<(domain::ReleaseId, domain::Millis)> {
    project
        .releases()
        .rev()
        .find(|release| {
            release.changes.iter().any(|change| {
                change.environment == environment
                    && project.meant(change.prompt) == prompt
                    && change.sides.iter().any(|side| side.version == version)
            })
        })
        .map(|release| (release.id, release.at))
}
