//! The digest that an approval covers, and the steps of a growing split.

use crate::ledger::{Asked, AskedSuite, Note, Side};
use crate::split::SLOTS;
use crate::{
    Digest, EnvironmentId, Project, PromptId, Refusal, ReleaseId, VersionId, to_canonical,
};
use serde::Serialize;

/// A side as it is approved: the content's digest pins includes, settings, tools and inputs.
#[derive(Serialize)]
struct Approved {
    version: VersionId,
    content: Digest,
    weight: u32,
}

#[derive(Serialize)]
struct Replaced {
    release: ReleaseId,
    sides: Vec<Approved>,
}

#[derive(Serialize)]
struct Exactly {
    environment: EnvironmentId,
    prompt: PromptId,
    steps: Vec<Vec<Approved>>,
    replaces: Option<Replaced>,
}

#[derive(Serialize)]
struct Whole<'a> {
    /// So that this can't be taken for the digest of anything else.
    galley: &'static str,
    changes: Vec<Exactly>,
    notes: &'a [Note],
    #[serde(skip_serializing_if = "Option::is_none")]
    suite: Option<&'a AskedSuite>,
}

/// The digest of exactly what a request would have recorded: for each change the target, what is
/// served there step by step, and what it replaces; with the notes under which that was judged.
///
/// # Errors
/// Something that it names does not exist.
pub fn digest(project: &Project, asked: &Asked) -> Result<Digest, Refusal> {
    let approved = |sides: &[Side]| -> Result<Vec<Approved>, Refusal> {
        let one = |side: &Side| {
            let (_, version) = project
                .version(side.version)
                .ok_or_else(|| Refusal::not_found("the version"))?;
            Ok(Approved {
                version: side.version,
                content: version.content,
                weight: side.weight,
            })
        };
        sides.iter().map(one).collect()
    };
    let mut changes = Vec::with_capacity(asked.changes.len());
    for change in &asked.changes {
        let (environment, prompt) = (change.environment, project.meant(change.prompt));
        let replaces = match change.replaces {
            None => None,
            Some(release) => {
                let sides = project
                    .release(release)
                    .and_then(|found| found.change(environment, prompt))
                    .map_or(&[][..], |change| &change.sides);
                let sides = approved(sides)?;
                Some(Replaced { release, sides })
            }
        };
        let steps = change.steps.iter().map(|sides| approved(sides));
        changes.push(Exactly {
            environment,
            prompt,
            steps: steps.collect::<Result<_, _>>()?,
            replaces,
        });
    }
    let whole = Whole {
        galley: "request v1",
        changes,
        notes: &asked.notes,
        suite: asked.suite.as_deref(),
    };
    let bytes = to_canonical(&whole).map_err(|error| Refusal::invalid(error.to_string()))?;
    Ok(Digest::of(&bytes))
}

/// The steps by which what is served makes room for something else: `shares` of the whole, in
/// hundredths of a percent, growing; the last is all of it.
///
/// Where nothing is served yet, or is to be served, there is nothing to split with: one step.
#[must_use]
pub fn steps(now: &[Side], then: &[Side], shares: &[u32]) -> Vec<Vec<Side>> {
    let mut found: Vec<Vec<Side>> = Vec::new();
    if !now.is_empty() && !then.is_empty() {
        for share in shares.iter().filter(|share| (1..SLOTS).contains(*share)) {
            let mut sides = scaled(then, *share);
            for side in scaled(now, SLOTS - share) {
                match sides.iter_mut().find(|s| s.version == side.version) {
                    Some(same) => same.weight += side.weight,
                    None => sides.push(side),
                }
            }
            found.push(sides);
        }
    }
    found.push(then.to_vec());
    found
}

// So many hundredths of a percent in the same proportions; what rounding leaves goes to the first.
fn scaled(sides: &[Side], share: u32) -> Vec<Side> {
    let part = |weight: u32| weight * share / SLOTS;
    let mut scaled: Vec<Side> = sides
        .iter()
        .map(|side| Side {
            version: side.version,
            weight: part(side.weight),
        })
        .collect();
    let given: u32 = scaled.iter().map(|side| side.weight).sum();
    if let Some(first) = scaled.first_mut() {
        first.weight += share.saturating_sub(given);
    }
    scaled.retain(|side| side.weight > 0);
    scaled
}
