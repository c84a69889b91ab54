//! Any two releases: what environments served right after them, or serve now, prompt by prompt.

use crate::reading::Reading;
use crate::views::{ReleaseComparison, ReleasePoint, ReleasePointSide, ServedChange};
use crate::{Error, Workbench, words};
use domain::ledger::Side;
use domain::project::Release;
use domain::{ProjectId, PromptId, VersionId};
use std::collections::BTreeMap;

/// What an environment served at a point, without the prompts of which it served nothing.
type Served<'a> = BTreeMap<PromptId, &'a [Side]>;

impl Workbench {
    /// What two environments, or one at two times, served differently.
    ///
    /// # Errors
    /// A release is not there, or did not change its environment.
    pub async fn compare_releases(
        &self,
        project: ProjectId,
        left: ReleasePoint,
        right: ReleasePoint,
    ) -> Result<ReleaseComparison, Error> {
        let reading = self.reading(project)?;
        let (left, before) = reading.served_after(left)?;
        let (right, after) = reading.served_after(right)?;
        let mut changes = Vec::new();
        let mut same = 0;
        let mut prompts: Vec<_> = before.keys().chain(after.keys()).copied().collect();
        prompts.sort_unstable();
        prompts.dedup();
        for prompt in prompts {
            let sides =
                |served: &Served<'_>| served.get(&prompt).copied().unwrap_or_default().to_vec();
            let (was, is) = (sides(&before), sides(&after));
            if was == is {
                same += 1;
            } else {
                changes.push(reading.served_change(prompt, &was, &is));
            }
        }
        changes.sort_by_key(|change| domain::names::folded(&change.name));
        Ok(ReleaseComparison {
            summary: summary(&changes, same),
            left,
            right,
            changes,
            same,
        })
    }
}

impl Reading {
    fn served_after(&self, point: ReleasePoint) -> Result<(ReleasePointSide, Served<'_>), Error> {
        let environment = self.environment(point.environment)?;
        let mut served = Served::new();
        let mut last: Option<&Release> = None;
        let mut reached = false;
        for release in self.ahead.releases() {
            let here = release
                .changes
                .iter()
                .filter(|change| change.environment == point.environment);
            for change in here {
                last = Some(release);
                if change.sides.is_empty() {
                    served.remove(&change.prompt);
                } else {
                    served.insert(change.prompt, &change.sides);
                }
            }
            reached = last.is_some_and(|last| Some(last.id) == point.release);
            if reached {
                break;
            }
        }
        if point.release.is_some() && !reached {
            return Err(Error::not_found(format!(
                "{} has no such release",
                environment.name
            )));
        }
        let newest = self.ahead.releases().rev().find(|release| {
            let mut changes = release.changes.iter();
            changes.any(|change| change.environment == point.environment)
        });
        let side = ReleasePointSide {
            environment_name: environment.name.clone(),
            release: last.map(|release| release.id),
            now: last.map(|release| release.id) == newest.map(|release| release.id),
            at: last.map(|release| release.at),
            by: last.map(|release| self.person(release.by)),
            reason: last.map(|release| self.text(&release.reason)),
            prompts: u32::try_from(served.len()).unwrap_or(u32::MAX),
        };
        Ok((side, served))
    }

    fn served_change(&self, prompt: PromptId, was: &[Side], is: &[Side]) -> ServedChange {
        let [old, new] = [main_version(was), main_version(is)];
        let content =
            |version: Option<VersionId>| version.and_then(|id| self.content_of_version(id));
        let diff = match (old == new, content(old), content(new)) {
            (false, Some(before), Some(after)) => Some(domain::diff::compare(
                &before,
                &after,
                domain::diff::Limits::default(),
            )),
            _ => None,
        };
        let summary = match (&diff, old, new) {
            (Some(diff), ..) => diff.summary.clone(),
            (None, None, _) => "served by the second only".to_owned(),
            (None, _, None) => "served by the first only".to_owned(),
            (None, Some(old), Some(new)) if old == new => {
                "the same version has the largest share; the shares differ".to_owned()
            }
            (None, ..) => "a content is not on this computer".to_owned(),
        };
        ServedChange {
            prompt,
            name: words::prompt(&self.ahead, prompt),
            before: self.sides_words(was),
            after: self.sides_words(is),
            versions: old.zip(new).map(|(old, new)| [old, new]),
            summary,
            diff,
        }
    }
}

fn main_version(sides: &[Side]) -> Option<VersionId> {
    sides
        .iter()
        .max_by_key(|side| side.weight)
        .map(|side| side.version)
}

fn summary(changes: &[ServedChange], same: u32) -> String {
    let alike = match same {
        0 => String::new(),
        1 => "; one is the same".to_owned(),
        n => format!("; {n} are the same"),
    };
    if changes.is_empty() {
        return match same {
            0 => "Neither served anything".to_owned(),
            n => format!(
                "Both served exactly the same: {}",
                words::count(n as usize, "prompt", "prompts")
            ),
        };
    }
    let added = changes
        .iter()
        .filter(|change| change.before == "nothing")
        .count();
    let removed = changes
        .iter()
        .filter(|change| change.after == "nothing")
        .count();
    let other = changes.len() - added - removed;
    let parts = [
        (other, "differs", "differ"),
        (
            added,
            "is served by the second only",
            "are served by the second only",
        ),
        (
            removed,
            "is served by the first only",
            "are served by the first only",
        ),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| {
            let verb = if *number == 1 { one } else { many };
            format!("{} {verb}", words::count(*number, "prompt", "prompts"))
        })
        .collect();
    let sentence = format!("{}{alike}", parts.join("; "));
    let (first, rest) = sentence.split_at(1);
    first.to_uppercase() + rest
}
