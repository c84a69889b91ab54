//! The gate: may the proposed version take the place of what is live?
//!
//! It is a test of non-inferiority. *No significant difference* would be none: the fewer the cases,
//! the surer it passed. Here whoever proposes has to show that less is lost than is allowed.
//!
//! Let the loss be what live scores minus what the proposed version scores, over all cases that
//! might come, and `m` what may be lost. *Pass*: the upper bound of the loss is below `m`. *Fail*:
//! it is not, and the lower bound is above 0. *Can't tell*: otherwise. A version that is worse by
//! `m` or more passes with a chance of at most `alpha`, and one that is no worse fails with at most
//! `alpha`, over all looks together.
//!
//! Where nothing is live there is nothing to lose, and the pass rate alone is judged: *pass* if its
//! lower bound reaches the least rate that is asked for, *fail* if its upper bound does not. A
//! version below that rate passes with a chance of at most `alpha`, one at or above it fails with
//! at most `alpha`.

use super::bounded::Values;
use super::pairs::{CaseAnswers, Pairs};
use super::power::{self, FromTo, Rule};
use super::{StatisticsError, looks, tango};
use serde::{Deserialize, Serialize};

/// The whole, signed, as bounds are.
const ALL: i32 = 10_000;

/// How strict a gate is. All in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Strictness {
    /// What may be lost against what is live: above 0, at most half.
    pub allowed_loss: u32,
    /// The share that must pass where nothing is live; 0: any.
    pub least_rate: u32,
    /// The largest chance of either error.
    pub alpha: u32,
}

/// Why a gate can't be so strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooStrict {
    /// Nothing may be lost.
    #[error(
        "a loss of 0 can't be the most that is allowed: no number of cases shows that nothing at all is lost, so nothing could ever pass; allow a small loss, say 2 points"
    )]
    NoLoss,
    /// More than half may be lost.
    #[error("a loss of more than 50 points can't be allowed: it would gate nothing")]
    AnyLoss,
    /// All must pass.
    #[error(
        "a pass rate of 100 % can't be asked for: no number of cases shows that none would ever fail, so nothing could ever pass; ask for a little less"
    )]
    All,
    /// A chance of error beyond what the method was tried with.
    #[error("the chance of an error must lie between 0.1 % and 10 %; 5 % is usual")]
    Alpha,
}

impl Strictness {
    /// Whether it can be kept.
    ///
    /// # Errors
    /// Why not, in words for whoever writes the policy.
    pub const fn check(&self) -> Result<(), TooStrict> {
        match (self.allowed_loss, self.least_rate, self.alpha) {
            (0, ..) => Err(TooStrict::NoLoss),
            (5_001.., ..) => Err(TooStrict::AnyLoss),
            (_, 10_000.., _) => Err(TooStrict::All),
            (_, _, ..10 | 1_001..) => Err(TooStrict::Alpha),
            _ => Ok(()),
        }
    }
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The answers of all announced runs of the version on its suite, as [`looks::pool`] has them.
    pub answers: &'a [CaseAnswers],
    /// How many runs were announced, abandoned ones too: the number of this look.
    pub announced: u32,
    /// How many cases the dataset has. Until all are answered there is no verdict: whoever may
    /// leave cases out can choose.
    pub cases: u32,
    /// Whether the target serves a version to compare with.
    pub live: bool,
    /// Whether repeats could only copy the first answer.
    pub copies: bool,
}

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// It may go on.
    Pass,
    /// It is worse.
    Fail,
    /// The cases don't say. It blocks too.
    CantTell,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum GateMeasure {
    /// The loss against what is live.
    Loss,
    /// The pass rate, as nothing is live.
    Rate,
}

/// How the bounds were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum BoundsMethod {
    /// Tango's score interval with its correction: pass or fail, each case asked once.
    Score,
    /// The bound for means of bounded numbers: scores, repeats, groups, pass rates.
    Bounded,
}

/// Why one can't tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum GateDoubt {
    /// Cases lack an answer.
    Unanswered,
    /// There are too few cases for how close it is.
    TooClose,
    /// A run that was announced is not recorded yet: until it is, whoever made it could choose
    /// which runs count.
    Unfinished,
}

/// A verdict: the same on every machine, from the same evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct GateVerdict {
    /// What it is.
    pub outcome: GateOutcome,
    /// Why one can't tell.
    pub doubt: Option<GateDoubt>,
    /// What was measured.
    pub measure: GateMeasure,
    /// How.
    pub method: BoundsMethod,
    /// The number of this look.
    pub look: u32,
    /// The chance of either error that this look may spend, in millionths.
    pub error: u32,
    /// How many units there are: cases, or groups of near-duplicates.
    pub units: u32,
    /// How many cases they stand for.
    pub answered: u32,
    /// How many cases lack an answer.
    pub unanswered: u32,
    /// The loss, or the rate, as seen; in hundredths of a percent, as all that follows.
    pub estimate: i32,
    /// It is above this.
    pub lower: i32,
    /// It is below this.
    pub upper: i32,
    /// The loss that is allowed, or the rate that is asked for.
    pub bound: u32,
    /// How many units more would settle it in four of five runs, if the versions are what they look
    /// like now: for the share of differing cases that was seen, and for the largest plausible one.
    /// None where it is settled, and where a dataset can't hold so many.
    pub more: Option<FromTo>,
}

/// The verdict.
///
/// # Errors
/// Answers that are none; see [`StatisticsError`].
pub fn judge(
    strictness: &Strictness,
    evidence: &Evidence<'_>,
) -> Result<GateVerdict, StatisticsError> {
    let look = evidence.announced.max(1);
    let error = looks::error_at(strictness.alpha, look);
    let pairs = if evidence.live {
        Pairs::of(evidence.answers, evidence.copies)?
    } else {
        Pairs::alone(evidence.answers, evidence.copies)?
    };
    let answered = number(pairs.answered())?;
    // Cases that the runs never reached are not even among the answers.
    let unanswered = evidence
        .cases
        .saturating_sub(answered)
        .max(number(pairs.unanswered())?);
    let mut verdict = GateVerdict {
        outcome: GateOutcome::CantTell,
        doubt: None,
        measure: GateMeasure::Loss,
        method: BoundsMethod::Bounded,
        look,
        error: millionths(error),
        units: number(pairs.units().len())?,
        answered,
        unanswered,
        estimate: 0,
        lower: -ALL,
        upper: ALL,
        bound: strictness.allowed_loss,
        more: None,
    };
    let bounds = if evidence.live {
        let bounds = Bounds::of_loss(&pairs, error);
        verdict.outcome = bounds.against_loss(signed(verdict.bound));
        bounds
    } else {
        verdict.measure = GateMeasure::Rate;
        verdict.bound = strictness.least_rate;
        let bounds = Bounds::of_rate(&pairs, error);
        verdict.outcome = bounds.against_rate(signed(verdict.bound));
        bounds
    };
    verdict.method = bounds.method;
    (verdict.estimate, verdict.lower, verdict.upper) =
        (bounds.estimate, bounds.lower, bounds.upper);
    if verdict.outcome == GateOutcome::CantTell {
        verdict.more = more(&verdict, &pairs, error);
    }
    if verdict.unanswered > 0 || verdict.units == 0 {
        verdict.outcome = GateOutcome::CantTell;
        verdict.doubt = Some(GateDoubt::Unanswered);
        verdict.more = None;
    } else if verdict.outcome == GateOutcome::CantTell {
        verdict.doubt = Some(GateDoubt::TooClose);
    }
    Ok(verdict)
}

/// What the gate decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How they were found.
    pub method: BoundsMethod,
    /// As seen, in hundredths of a percent.
    pub estimate: i32,
    /// The truth is above this, but for the error.
    pub lower: i32,
    /// The truth is below this, but for the error.
    pub upper: i32,
}

impl Bounds {
    /// The bounds of the loss, each wrong with a chance of at most `error`.
    #[must_use]
    pub fn of_loss(pairs: &Pairs<'_>, error: f64) -> Self {
        let losses = Values::of(&pairs.differences());
        let estimate = losses.rounded_mean();
        let (method, (lower, upper)) = match pairs.table() {
            Some(table) => (BoundsMethod::Score, tango::bounds(&table, error)),
            None => (
                BoundsMethod::Bounded,
                (losses.lower(-ALL, error), losses.upper(ALL, error)),
            ),
        };
        Self {
            method,
            estimate,
            lower,
            upper,
        }
    }

    /// The bounds of the pass rate of what is proposed.
    #[must_use]
    pub fn of_rate(pairs: &Pairs<'_>, error: f64) -> Self {
        let rates = Values::of(&pairs.proposed());
        Self {
            method: BoundsMethod::Bounded,
            estimate: rates.rounded_mean(),
            lower: rates.lower(0, error),
            upper: rates.upper(ALL, error),
        }
    }

    /// The decision where a loss below `allowed` may be.
    #[must_use]
    pub const fn against_loss(&self, allowed: i32) -> GateOutcome {
        decided(self.lower > 0, self.upper < allowed)
    }

    /// The decision where a pass rate of `least` must be.
    #[must_use]
    pub const fn against_rate(&self, least: i32) -> GateOutcome {
        decided(self.upper <= least, self.lower >= least)
    }
}

/// The outcome alone, without looking for the bounds: what [`Bounds::of_loss`] against the same
/// loss says, in an eighth of the time.
#[must_use]
pub fn outcome_of_loss(pairs: &Pairs<'_>, error: f64, allowed: i32) -> GateOutcome {
    if let Some(table) = pairs.table() {
        let (lower, upper) = tango::bounds(&table, error);
        return decided(lower > 0, upper < allowed);
    }
    let losses = Values::of(&pairs.differences());
    let below = losses.is_below(allowed - 1, ALL, error);
    decided(!below && losses.negated().is_below(-1, ALL, error), below)
}

const fn decided(above_nothing: bool, below_allowed: bool) -> GateOutcome {
    match (below_allowed, above_nothing) {
        (true, _) => GateOutcome::Pass,
        (false, true) => GateOutcome::Fail,
        (false, false) => GateOutcome::CantTell,
    }
}

fn more(verdict: &GateVerdict, pairs: &Pairs<'_>, error: f64) -> Option<FromTo> {
    let needed = match verdict.measure {
        GateMeasure::Loss => {
            let rule = Rule::of(error, verdict.method == BoundsMethod::Score);
            let needed = |share| rule.units_to_settle(verdict.estimate, share, verdict.bound);
            [
                needed(power::seen(pairs))?,
                needed(power::differing(pairs).high)?,
            ]
        }
        GateMeasure::Rate => {
            let seen = verdict.estimate.unsigned_abs();
            [power::units_to_settle_rate(seen, verdict.bound, error)?; 2]
        }
    };
    // For scores the plan is rougher than the bound: it may think that there are enough by now.
    let least = verdict.units.div_ceil(10);
    let more = needed.map(|units| units.saturating_sub(verdict.units).max(least));
    Some(FromTo {
        low: more[0].min(more[1]),
        high: more[0].max(more[1]),
    })
}

fn number(length: usize) -> Result<u32, StatisticsError> {
    u32::try_from(length).map_err(|_| StatisticsError::TooMany)
}

fn signed(hundredths: u32) -> i32 {
    i32::try_from(hundredths).unwrap_or(i32::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between 0 and 1"
)]
fn millionths(share: f64) -> u32 {
    (share * 1_000_000.0).round() as u32
}
