//! The gate: what a policy demands of runs, and the verdict on what was recorded.
//!
//! Pure and in whole numbers, so that everybody comes to the same verdict for ever. Rates are in
//! hundredths of a percent, as the weights of a split are.

use crate::{DatasetId, PromptId, RunId};
use serde::{Deserialize, Serialize};

/// The whole of a rate: 100 %.
pub const WHOLE: u32 = 10_000;

/// What a policy demands of runs over one dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Over which dataset; its latest content is meant.
    pub dataset: DatasetId,
    /// For which prompts; none named: for all.
    pub prompts: Vec<PromptId>,
    /// The least share of cases that must pass, in hundredths of a percent.
    pub least_passed: u32,
    /// How much smaller than that of what is served now the share may be, in hundredths of a
    /// percent; none: that is not looked at.
    pub largest_loss: Option<u32>,
}

/// A run as the gate sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Which.
    pub run: RunId,
    /// Cases that were asked.
    pub cases: u32,
    /// Cases that every grader passed.
    pub passed: u32,
}

/// What the proposed version is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The environment serves nothing of this prompt: there is nothing to lose.
    Nothing,
    /// What it serves was never run over the dataset.
    NoRun,
    /// The run of what it serves.
    Run(Sample),
}

/// What the verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How many cases the dataset has.
    pub cases: u32,
    /// The latest run of what is proposed.
    pub proposed: Option<Sample>,
    /// The latest run of what is served now.
    pub baseline: Baseline,
}

/// Why a gate does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fault {
    /// What is proposed was never run over the dataset as it is now.
    NoRun,
    /// The run left cases out.
    Partial {
        /// Cases that it asked.
        ran: u32,
        /// Cases that there are.
        cases: u32,
    },
    /// Too few cases passed.
    Rate {
        /// The share that passed, in hundredths of a percent.
        passed: u32,
        /// The share that must.
        least: u32,
    },
    /// What is served now was never run over the dataset, so nobody can say what would be lost.
    NoBaseline,
    /// Too many fewer cases passed than with what is served now.
    Loss {
        /// How much smaller the share is, in hundredths of a percent.
        loss: u32,
        /// How much smaller it may be.
        largest: u32,
    },
}

/// The verdict of a gate: every fault, none if it opens.
#[must_use]
pub fn judge(gate: &Gate, evidence: &Evidence) -> Vec<Fault> {
    let Some(proposed) = evidence.proposed else {
        return vec![Fault::NoRun];
    };
    let mut faults = Vec::new();
    if proposed.cases < evidence.cases.max(1) {
        faults.push(Fault::Partial {
            ran: proposed.cases,
            cases: evidence.cases,
        });
    }
    // Compared as fractions: a rate that is rounded could open a gate that the cases do not.
    let (passed, of) = proposed.fraction();
    if passed * u128::from(WHOLE) < u128::from(gate.least_passed) * of {
        faults.push(Fault::Rate {
            passed: proposed.rate(),
            least: gate.least_passed,
        });
    }
    if let Some(largest) = gate.largest_loss {
        match evidence.baseline {
            Baseline::Nothing => {}
            Baseline::NoRun => faults.push(Fault::NoBaseline),
            Baseline::Run(before) => {
                let (had, had_of) = before.fraction();
                let whole = u128::from(WHOLE);
                // had/had_of − passed/of > largest/WHOLE, without dividing.
                let lost = had * of * whole;
                let kept = passed * had_of * whole + u128::from(largest) * of * had_of;
                if lost > kept {
                    faults.push(Fault::Loss {
                        loss: before.rate().saturating_sub(proposed.rate()),
                        largest,
                    });
                }
            }
        }
    }
    faults
}

impl Sample {
    // Never nothing below the line: a run of no case passed none.
    fn fraction(&self) -> (u128, u128) {
        let cases = u128::from(self.cases);
        (u128::from(self.passed).min(cases), cases.max(1))
    }

    /// The share of cases that passed, in hundredths of a percent, rounded down.
    #[must_use]
    pub fn rate(&self) -> u32 {
        let (passed, of) = self.fraction();
        u32::try_from(passed * u128::from(WHOLE) / of).unwrap_or(WHOLE)
    }
}
