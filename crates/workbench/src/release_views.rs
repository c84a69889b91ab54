//! Releases as screens show them: rows of history, what a plan would change, what a revert undoes.

use crate::reading::Reading;
use crate::views::{
    PlanChange, ReleaseChange as ChangeView, ReleaseKind, ReleaseRow, ReleaseState,
};
use crate::{track, words};
use domain::ledger::{ReleaseChange, Side};
use domain::project::{Release, Serving};
use domain::split::{self, Shift};
use domain::{Digest, EnvironmentId, PromptId, VersionId};
use std::collections::BTreeSet;

impl Reading {
    pub(crate) fn change(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        sides: Vec<Side>,
    ) -> ReleaseChange {
        let replaces = self
            .ahead
            .last_served(environment, prompt)
            .map(|serving| serving.release);
        ReleaseChange {
            environment,
            prompt,
            sides,
            replaces,
        }
    }

    pub(crate) fn plan_change(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        sides: &[Side],
    ) -> PlanChange {
        let now = self.ahead.serving(environment, prompt);
        let before = now
            .and_then(|serving| serving.main_side())
            .and_then(|s| self.content_of_version(s.version));
        // What is new is what people need to see, even where it gets the smaller share.
        let served = |side: &&Side| {
            now.is_some_and(|now| now.sides.iter().any(|s| s.version == side.version))
        };
        let fresh = sides.iter().filter(|side| !served(side));
        let largest = fresh
            .max_by_key(|side| side.weight)
            .or_else(|| sides.iter().max_by_key(|side| side.weight));
        let after = largest.and_then(|side| self.content_of_version(side.version));
        // A shift of weights changes no words: a comparison would say "no change" of a change.
        let shares_only = sides.len() > 1
            && now.is_some_and(|now| {
                now.sides.len() == sides.len() && sides.iter().all(|side| served(&side))
            });
        let diff = match (&before, &after) {
            (Some(before), Some(after)) if !shares_only => Some(domain::diff::compare(
                before,
                after,
                domain::diff::Limits::default(),
            )),
            _ => None,
        };
        let stopped = now.is_none() && self.ahead.last_served(environment, prompt).is_some();
        let summary = match (&diff, before.is_some(), after.is_some()) {
            _ if shares_only => "only the shares change".to_owned(),
            (Some(diff), ..) => diff.summary.clone(),
            (None, false, true) if stopped => "served here again after it was stopped".to_owned(),
            (None, false, true) => "served here for the first time".to_owned(),
            (None, true, false) => "no longer served here".to_owned(),
            (None, ..) => String::new(),
        };
        let before_sides = now
            .map(|serving| serving.sides.as_slice())
            .unwrap_or_default();
        PlanChange {
            prompt,
            name: words::prompt(&self.ahead, prompt),
            environment,
            environment_name: words::environment(&self.ahead, environment),
            before: self.sides_words(before_sides),
            after: self.sides_words(sides),
            summary,
            diff,
            sides_before: track::side_views(self.both(), before_sides),
            sides_after: track::side_views(self.both(), sides),
            moves: now
                .map(|now| self.moves_words(now, sides))
                .unwrap_or_default(),
            undoes: Vec::new(),
        }
    }

    // Who would move, where only a part does.
    fn moves_words(&self, now: &Serving, sides: &[Side]) -> String {
        if sides.is_empty() || (now.sides.len() < 2 && sides.len() < 2) {
            return String::new();
        }
        let moves = match split::shift(&now.sides, &now.slots, sides) {
            Shift::Anew => {
                return "The sides are others, so the traffic is dealt out anew: anybody may move"
                    .to_owned();
            }
            Shift::Moves(moves) => moves,
        };
        let all: u32 = moves.iter().map(|one| one.slots).sum();
        let told = moves.iter().enumerate().map(|(place, one)| {
            format!(
                "{} % {}from {} to {}",
                words::percent(one.slots),
                if place == 0 {
                    "of the traffic moves "
                } else {
                    ""
                },
                self.both().version_words(one.from),
                self.both().version_words(one.to)
            )
        });
        match told.collect::<Vec<_>>() {
            told if told.is_empty() => "Nobody moves".to_owned(),
            told if all >= split::SLOTS => words::list(&told),
            told => format!(
                "{}; everybody else stays where they are",
                words::list(&told)
            ),
        }
    }

    pub(crate) fn sides_words(&self, sides: &[Side]) -> String {
        match sides {
            [] => "nothing".to_owned(),
            [only] => self.both().version_words(only.version),
            several => {
                let shares = several.iter().map(|side| {
                    format!(
                        "{} {} %",
                        self.both().version_words(side.version),
                        words::percent(side.weight)
                    )
                });
                shares.collect::<Vec<_>>().join(" · ")
            }
        }
    }

    // What the authors wrote about the newest version of each: usually the reason itself.
    pub(crate) fn reason_from(&self, changes: &[ReleaseChange]) -> String {
        let newest = changes.iter().filter_map(|change| {
            let side = change.sides.iter().max_by_key(|side| side.weight)?;
            let (_, version) = self.ahead.version(side.version)?;
            Some(self.text(&version.message))
        });
        let messages: BTreeSet<_> = newest.filter(|text| !text.is_empty()).collect();
        messages.into_iter().collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn warnings(&self, changes: &[PlanChange]) -> Vec<String> {
        let mut warnings = Vec::new();
        for change in changes {
            if self
                .ahead
                .prompt(change.prompt)
                .is_some_and(|prompt| prompt.diverged())
            {
                warnings.push(format!(
                    "{} has diverged: two people's work stands side by side, and this serves one of them",
                    change.name
                ));
            }
        }
        warnings
    }

    /// One row for each environment that a release changed.
    pub(crate) fn release_rows(&self, release: &Release) -> Vec<ReleaseRow> {
        let places: BTreeSet<_> = release
            .changes
            .iter()
            .map(|change| change.environment)
            .collect();
        places
            .into_iter()
            .map(|environment| self.release_row(release, environment))
            .collect()
    }

    fn release_row(&self, release: &Release, environment: EnvironmentId) -> ReleaseRow {
        let here: Vec<_> = release
            .changes
            .iter()
            .filter(|change| change.environment == environment)
            .collect();
        let serves = |prompt| {
            self.ahead
                .last_served(environment, prompt)
                .map(|serving| serving.release)
        };
        let current = here
            .iter()
            .all(|change| serves(change.prompt) == Some(release.id));
        let reverted = here.iter().any(|change| change.reverted);
        let changes = here
            .iter()
            .map(|change| {
                let before = change
                    .before
                    .and_then(|id| self.ahead.release(id))
                    .and_then(|before| before.change(environment, change.prompt))
                    .map(|before| before.sides.as_slice())
                    .unwrap_or_default();
                ChangeView {
                    prompt: change.prompt,
                    name: words::prompt(&self.ahead, change.prompt),
                    before: self.sides_words(before),
                    after: self.sides_words(&change.sides),
                }
            })
            .collect::<Vec<_>>();
        let what = changes
            .iter()
            .map(|change| format!("{} {}", change.name, change.after));
        ReleaseRow {
            id: release.id,
            environment,
            at: release.at,
            by: self.person(release.by),
            reason: self.text(&release.reason),
            what: what.collect::<Vec<_>>().join(", "),
            kind: match release.kind {
                domain::project::ReleaseKind::Release => ReleaseKind::Release,
                domain::project::ReleaseKind::Promotion(_) => ReleaseKind::Promotion,
                domain::project::ReleaseKind::Revert(_) => ReleaseKind::Revert,
            },
            changes,
            current,
            reverted,
            can_return: !current
                && !reverted
                && here.iter().any(|c| serves(c.prompt) != Some(release.id)),
            // A revert is undone by a promotion, and before the first release there is nothing.
            can_undo: !matches!(release.kind, domain::project::ReleaseKind::Revert(_))
                && here.iter().any(|c| c.before.is_some())
                && here.iter().any(|c| serves(c.prompt) == Some(release.id)),
            grounds: self.grounds_words(release, environment),
            state: state_of(self.accepted.release(release.id).is_some()),
        }
    }

    fn grounds_words(&self, release: &Release, environment: EnvironmentId) -> Vec<String> {
        let Some(grounds) = &release.grounds else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        let here = grounds
            .approvals
            .iter()
            .filter(|a| a.environment == environment);
        let names: Vec<_> = here
            .flat_map(|approval| &approval.by)
            .map(|id| self.person(*id))
            .collect();
        if !names.is_empty() {
            lines.push(format!("Approved by {}", words::list(&names)));
        }
        if let Some(aside) = &grounds.overridden {
            lines.push(format!(
                "{} set the policy aside: {}",
                self.person(release.by),
                self.text(&aside.reason)
            ));
            let missing = aside
                .missing
                .iter()
                .filter(|m| m.environment() == environment);
            let missing = missing.map(|m| domain::rules::requests::words::missing(&self.ahead, m));
            lines.extend(missing.map(|words| format!("It lacked: {words}")));
        }
        lines
    }

    pub(crate) fn content_of_version(&self, version: VersionId) -> Option<domain::VersionContent> {
        let content: Digest = self
            .ahead
            .version(version)
            .map(|(_, version)| version.content)?;
        self.content(&content)
    }
}

/// Where something has got to that is in the ledger or waits to be.
pub(crate) fn state_of(accepted: bool) -> ReleaseState {
    if accepted {
        ReleaseState::InRegistry
    } else {
        ReleaseState::Waiting
    }
}
