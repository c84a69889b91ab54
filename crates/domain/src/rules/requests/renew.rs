//! Bringing a request up to what is there now.

use super::super::releases::same_sides;
use crate::Project;
use crate::ledger::{Asked, RequestedChange};
use crate::project::Request;

/// What a request would ask if it were updated to what its environments serve now: the steps that
/// are still to be released, on top of what is there. Parts that are done, and changes that are
/// there already, are left out; so it may ask for nothing.
#[must_use]
pub fn renew(project: &Project, request: &Request) -> Asked {
    let mut asked = request.asked().clone();
    if let Some(suite) = &mut asked.suite {
        suite.replaces = project.suite(suite.prompt).map(|set| set.digest);
    }
    asked.changes = request
        .asked()
        .changes
        .iter()
        .filter_map(|change| {
            let prompt = project.meant(change.prompt);
            let now = project.last_served(change.environment, prompt);
            let done = request.done(change.environment);
            let mut before = now.map_or(&[][..], |serving| &serving.sides);
            let mut steps = Vec::new();
            for sides in change.steps.iter().skip(done) {
                if !same_sides(before, sides) {
                    steps.push(sides.clone());
                }
                before = sides;
            }
            (!steps.is_empty()).then(|| RequestedChange {
                environment: change.environment,
                prompt,
                steps,
                replaces: now.map(|serving| serving.release),
            })
        })
        .collect();
    let asked_of = |note: &crate::ledger::Note| {
        let about = |change: &RequestedChange| {
            change.environment == note.environment && change.prompt == project.meant(note.prompt)
        };
        asked.changes.iter().any(about)
    };
    asked.notes = request
        .asked()
        .notes
        .iter()
        .filter(|note| asked_of(note))
        .cloned()
        .collect();
    asked
}
