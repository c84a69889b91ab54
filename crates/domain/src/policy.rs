//! What an environment demands before a release.

use crate::freeze::{Calendar, Freeze, Window};
use crate::gate::{Gate, WHOLE};
use crate::permissions::Role;
use crate::statistics::verdict::Strictness;
use crate::{
    CanonicalError, Digest, EnvironmentId, PersonId, PromptId, limits, names, to_canonical,
};
use serde::{Deserialize, Serialize};

/// The policy of one environment.
///
/// [`Policy::default`] is what an environment has where none was ever set: whoever may save may
/// release, and nothing else is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How many people must have approved, 0 to [`limits::APPROVALS`].
    pub approvals: u32,
    /// Whether an approval counts only from whoever wrote nothing of it.
    pub independent: bool,
    /// Where exactly this content must have been served before.
    pub path: Vec<EnvironmentId>,
    /// What is asked of the latest runs over a dataset: shares, without regard to chance.
    pub gates: Vec<Gate>,
    /// What is asked of announced runs over a prompt's suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suite_gates: Vec<SuiteGate>,
    /// When nothing is released.
    pub freezes: Vec<Freeze>,
    /// The clocks of the zones that the freezes name.
    pub calendars: Vec<Calendar>,
    /// Who may release and revert.
    pub releasers: Releasers,
    /// Whether an admin may set the policy aside, with a reason that is kept for ever.
    pub may_override: bool,
}

/// Who may release and revert in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Releasers {
    /// Whoever has this role or a higher one, and services whose rights name the environment.
    Role(Role),
    /// These people and services (a service needs the right as well), and admins.
    Named(Vec<PersonId>),
}

/// What a policy demands of announced runs over a prompt's suite: see [`crate::statistics`].
/// Shares are in hundredths of a percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct SuiteGate {
    /// For which prompts; none named: for all.
    #[serde(default)]
    pub prompts: Vec<PromptId>,
    /// What may be lost against what is served now: above 0.
    pub allowed_loss: u32,
    /// The share that must pass where nothing is served yet; 0: any.
    #[serde(default)]
    pub least_rate: u32,
    /// The largest chance of either error.
    #[serde(default = "five_percent")]
    pub alpha: u32,
    /// How often each case must have been asked.
    #[serde(default = "once")]
    pub repeats: u32,
    /// Whose runs count.
    #[serde(default)]
    pub runs_by: RunsBy,
    /// How many days old evidence may be, by the registry's clock.
    #[serde(default = "a_week")]
    pub oldest_days: u32,
    /// What becomes of a prompt that has no suite.
    #[serde(default)]
    pub without_suite: WithoutSuite,
    /// What is asked of the prompts that hold a part which changes.
    #[serde(default, skip_serializing_if = "OfDependents::is_usual")]
    pub dependents: OfDependents,
}

const fn five_percent() -> u32 {
    500
}

const fn once() -> u32 {
    1
}

const fn a_week() -> u32 {
    7
}

/// Whose runs count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum RunsBy {
    /// Everybody's who may run.
    #[default]
    Anyone,
    /// Those of service accounts only.
    Services,
}

/// What a prompt without a suite may do where a gate asks for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum WithoutSuite {
    /// Nothing: it is not released.
    #[default]
    Nothing,
    /// It is released as though there were no such gate.
    Release,
}

/// What a gate asks of the prompts that it judges, where something changes that they include.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum OfDependents {
    /// Each must have a version with the new part that passes.
    #[default]
    Pass,
    /// Nothing: they are named to whoever looks.
    BeNamed,
}

impl OfDependents {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl SuiteGate {
    /// How strict it is.
    #[must_use]
    pub const fn strictness(&self) -> Strictness {
        Strictness {
            allowed_loss: self.allowed_loss,
            least_rate: self.least_rate,
            alpha: self.alpha,
        }
    }

    fn problem(&self) -> Option<String> {
        if let Err(error) = self.strictness().check() {
            return Some(error.to_string());
        }
        if self.repeats == 0 || self.repeats > limits::REPEATS {
            return Some(format!(
                "a gate asks for 1 to {} answers for each case",
                limits::REPEATS
            ));
        }
        if self.oldest_days == 0 || self.oldest_days > limits::EVIDENCE_DAYS {
            return Some(format!(
                "evidence may be 1 to {} days old",
                limits::EVIDENCE_DAYS
            ));
        }
        if self.prompts.len() > limits::CHANGES {
            return Some("a gate names too many prompts; leave them out to mean all".to_owned());
        }
        None
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            approvals: 0,
            independent: false,
            path: Vec::new(),
            gates: Vec::new(),
            suite_gates: Vec::new(),
            freezes: Vec::new(),
            calendars: Vec::new(),
            releasers: Releasers::Role(Role::Author),
            may_override: false,
        }
    }
}

impl Policy {
    /// The digest by which "the policy when I acted" is named.
    ///
    /// # Errors
    /// A number in it that JSON can't hold exactly.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&to_canonical(self)?))
    }

    /// Whether a release needs a request: approvals and gates are judged on one.
    #[must_use]
    pub fn needs_request(&self) -> bool {
        self.approvals > 0 || !self.gates.is_empty() || !self.suite_gates.is_empty()
    }

    /// What keeps this from being a policy, by itself: whether what it names exists is asked by
    /// the rules.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.approvals > limits::APPROVALS {
            return Some(format!(
                "a policy asks for at most {} approvals",
                limits::APPROVALS
            ));
        }
        if self.independent && self.approvals == 0 {
            return Some(
                "where no approval is needed, none can be independent; ask for one at least"
                    .to_owned(),
            );
        }
        let most = limits::DEMANDS;
        let gates = self.gates.len() + self.suite_gates.len();
        let counts = [self.path.len(), gates, self.freezes.len()];
        if counts.iter().any(|count| *count > most) {
            return Some(format!(
                "a policy has at most {most} gates, {most} freezes and {most} environments on its path"
            ));
        }
        let mut path = self.path.clone();
        path.sort();
        path.dedup();
        if path.len() != self.path.len() {
            return Some("the path names each environment once".to_owned());
        }
        if let Some(problem) = self.gates.iter().find_map(gate_problem) {
            return Some(problem.to_owned());
        }
        if let Some(problem) = self.suite_gates.iter().find_map(SuiteGate::problem) {
            return Some(problem);
        }
        if self.releasers == Releasers::Role(Role::Viewer) {
            return Some("a viewer releases nothing; name authors or above".to_owned());
        }
        self.freeze_problem()
    }

    fn freeze_problem(&self) -> Option<String> {
        for calendar in &self.calendars {
            if let Some(problem) = calendar.problem() {
                return Some(problem);
            }
            let same = |other: &&Calendar| other.zone == calendar.zone;
            let used = self.freezes.iter().any(|f| f.zone == calendar.zone);
            if !used || self.calendars.iter().filter(same).count() > 1 {
                return Some(format!(
                    "the policy carries one calendar for each zone that its freezes name; look at {}",
                    calendar.zone
                ));
            }
        }
        for freeze in &self.freezes {
            let name = &freeze.name;
            if let Err(error) = names::check_flat(name) {
                return Some(format!("a freeze can't be called that: {error}"));
            }
            if let Some(problem) = freeze.window.problem() {
                return Some(format!("the freeze {name} is no time: {problem}"));
            }
            let Some(calendar) = self.calendars.iter().find(|c| c.zone == freeze.zone) else {
                return Some(format!(
                    "the policy lacks the calendar of {}, which the freeze {name} needs",
                    freeze.zone
                ));
            };
            if let Window::Once { from, until } = freeze.window {
                // So that what it means can be said for ever.
                let told = calendar.between(from, until);
                if told.is_some_and(|(_, end)| end > calendar.until) {
                    return Some(format!(
                        "the freeze {name} reaches beyond the calendar of {}",
                        freeze.zone
                    ));
                }
            }
        }
        None
    }
}

fn gate_problem(gate: &Gate) -> Option<&'static str> {
    if gate.least_passed > WHOLE || gate.largest_loss.is_some_and(|loss| loss > WHOLE) {
        return Some("the shares of a gate lie between 0 and 100 %");
    }
    if gate.prompts.len() > limits::CHANGES {
        return Some("a gate names too many prompts; leave them out to mean all");
    }
    None
}
