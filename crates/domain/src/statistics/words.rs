//! Verdicts and plans in words for whoever writes prompts.

use super::power::{FromTo, Sight};
use super::verdict::{GateDoubt, GateMeasure, GateOutcome, GateVerdict};

/// A verdict in one to three sentences.
#[must_use]
pub fn verdict(verdict: &GateVerdict) -> String {
    let mut words = match (verdict.measure, verdict.outcome) {
        _ if verdict.doubt == Some(GateDoubt::Unanswered) => unanswered(verdict),
        _ if verdict.doubt == Some(GateDoubt::Unfinished) => {
            "Can't tell. A run that was announced is not recorded yet, and nothing passes before it is: let it come to its end, or go on with it.".to_owned()
        }
        (GateMeasure::Loss, GateOutcome::Pass) => format!(
            "Pass. {} that {}; a loss below {} is allowed.",
            cases_show(verdict.units),
            if verdict.upper > 0 {
                format!("less than {} is lost", points(verdict.upper))
            } else {
                format!("more than {} is gained", points(verdict.upper))
            },
            points(signed(verdict.bound)),
        ),
        (GateMeasure::Loss, GateOutcome::Fail) => format!(
            "Fail. {} that the new version is worse, by between {} and {}; a loss below {} would be allowed.",
            cases_show(verdict.units),
            bare(verdict.lower),
            points(verdict.upper),
            points(signed(verdict.bound)),
        ),
        (GateMeasure::Loss, GateOutcome::CantTell) => format!(
            "Can't tell. From {} the new version may be anything from {} better to {} worse, and a loss below {} is allowed.",
            cases(verdict.units).to_lowercase(),
            points(verdict.lower),
            points(verdict.upper),
            points(signed(verdict.bound)),
        ),
        (GateMeasure::Rate, GateOutcome::Pass) => format!(
            "Pass. {} that at least {} % pass; {} % are asked for. Nothing is live yet, so there is nothing to lose.",
            cases_show(verdict.units),
            bare(verdict.lower),
            bare(signed(verdict.bound)),
        ),
        (GateMeasure::Rate, GateOutcome::Fail) => format!(
            "Fail. {} that fewer than {} % pass; {} % are asked for.",
            cases_show(verdict.units),
            bare(verdict.upper),
            bare(signed(verdict.bound)),
        ),
        (GateMeasure::Rate, GateOutcome::CantTell) => format!(
            "Can't tell. From {}, between {} and {} % pass, and {} % are asked for.",
            cases(verdict.units).to_lowercase(),
            bare(verdict.lower),
            bare(verdict.upper),
            bare(signed(verdict.bound)),
        ),
    };
    if verdict.doubt == Some(GateDoubt::TooClose) {
        words.push(' ');
        words.push_str(&match verdict.more {
            Some(more) => format!(
                "If it is what it looks like now, {} more would settle it, four times in five.",
                about(more)
            ),
            None => "It is so close that no dataset of a size that Galley holds would settle it."
                .to_owned(),
        });
    }
    if verdict.look > 1 {
        words.push_str(&format!(
            " This is look {}: each look asks for more certainty than the one before, so that asking again can't wear the gate down.",
            verdict.look
        ));
    }
    words
}

fn unanswered(verdict: &GateVerdict) -> String {
    if verdict.answered == 0 {
        return "Can't tell. No case has been answered yet, or none as often as the gate asks for."
            .to_owned();
    }
    format!(
        "Can't tell. {} not been answered yet, or not as often as the gate asks for; a gate judges whole datasets only.",
        if verdict.unanswered == 1 {
            "1 case has".to_owned()
        } else {
            format!("{} cases have", grouped(verdict.unanswered))
        }
    )
}

/// What a dataset can see, and what it would take to see a loss of `loss`: `units` for the
/// smaller and the larger share of differing cases, none where no dataset holds so many. Whether
/// that share was `seen` in a comparison, or is assumed before one.
#[must_use]
pub fn sight(sight: &Sight, loss: u32, units: Option<FromTo>, seen: bool) -> String {
    let measured = seen;
    let seen = if sight.smallest.low >= 10_000 {
        format!("{} can't see any loss", cases(sight.units))
    } else {
        let up_to = if sight.smallest.high >= 10_000 {
            "any".to_owned()
        } else {
            points(roughly(sight.smallest.high))
        };
        format!(
            "{} can't see a loss under {}",
            cases(sight.units),
            if roughly(sight.smallest.low) == roughly(sight.smallest.high) {
                up_to
            } else {
                format!("{} to {up_to}", bare(roughly(sight.smallest.low)))
            }
        )
    };
    let rests = format!(
        ", if the versions differ on {} to {} % of the cases",
        bare(signed(sight.differing.low)),
        bare(signed(sight.differing.high)),
    );
    // Nothing loses more cases than differ: where it takes more of them to be seen than differ, the
    // sentence is about that.
    let out_of_sight = sight.smallest.low > sight.differing.high;
    let told = if out_of_sight && sight.smallest.low >= 10_000 {
        seen
    } else if out_of_sight && !measured {
        format!(
            "In {} a loss stands out from {} on",
            cases(sight.units),
            points(roughly(sight.smallest.low)),
        )
    } else if out_of_sight {
        format!(
            "The versions differ on {} to {} % of the cases, so that a larger loss is not to be expected; in {} a loss stands out from {} on",
            bare(signed(sight.differing.low)),
            bare(signed(sight.differing.high)),
            cases(sight.units),
            points(roughly(sight.smallest.low)),
        )
    } else {
        format!("{seen}{rests}")
    };
    let wish = points(signed(loss));
    let more = match units {
        _ if sight.smallest.high <= loss => format!("A loss of {wish} is seen."),
        Some(units) => format!(
            "{} more would see {wish}.",
            capital(&about(FromTo {
                low: units.low.saturating_sub(sight.units).max(1),
                high: units.high.saturating_sub(sight.units).max(1),
            }))
        ),
        None => format!("No dataset of a size that Galley holds would see {wish}."),
    };
    format!("{told}. {more}")
}

// A plan is no measurement: whole points, and tenths below two.
fn roughly(hundredths: u32) -> i32 {
    let step = if hundredths < 200 { 10 } else { 100 };
    signed(hundredths.div_ceil(step) * step)
}

// "About 200 to 300 cases", in two digits.
fn about(range: FromTo) -> String {
    let (low, high) = (rounded(range.low), rounded(range.high));
    match (low, high) {
        (1, 1) => "1 case".to_owned(),
        _ if low == high => format!("about {} cases", grouped(low)),
        _ => format!("about {} to {} cases", grouped(low), grouped(high)),
    }
}

// Up to two digits that count.
fn rounded(number: u32) -> u32 {
    let mut step = 1;
    while number / step >= 100 {
        step *= 10;
    }
    number.div_ceil(step) * step
}

fn cases_show(number: u32) -> String {
    let show = if number == 1 { "shows" } else { "show" };
    format!("{} {show}", cases(number))
}

pub(super) fn cases(number: u32) -> String {
    match number {
        1 => "1 case".to_owned(),
        _ => format!("{} cases", grouped(number)),
    }
}

pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Hundredths of a percent as points, without sign: 1,250 is “12.5 points”.
#[must_use]
pub fn points(hundredths: i32) -> String {
    let number = bare(hundredths);
    if number == "1" {
        format!("{number} point")
    } else {
        format!("{number} points")
    }
}

pub(super) fn bare(hundredths: i32) -> String {
    let all = hundredths.unsigned_abs();
    let (whole, rest) = (all / 100, all % 100);
    match rest {
        0 => whole.to_string(),
        _ if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        _ => format!("{whole}.{rest:02}"),
    }
}

fn signed(hundredths: u32) -> i32 {
    i32::try_from(hundredths).unwrap_or(i32::MAX)
}
