//! What a run says, in words for whoever writes prompts: which column is better and by how much,
//! what stands out by tag, which cases waver, and what so many cases can see.
//!
//! Intervals are rounded outwards to tenths of a point: none is told narrower than it is.

use super::compare::{ERROR, PairedDifference, Rate, WISH, plan};
use super::flaky::{FlakyCase, Noise};
use super::tags::TagDifference;
use super::words::{bare, cases, grouped, points, sight};
use std::collections::BTreeSet;

/// Tags that a sentence names.
const NAMED: usize = 3;

/// Which of two columns is better, in two or three sentences; `before` and `after` are their names.
#[must_use]
pub fn difference(comparison: &PairedDifference, before: &str, after: &str) -> String {
    let (lower, upper) = (floor(comparison.lower), ceiling(comparison.upper));
    let seen = nearest(comparison.difference);
    let head = if comparison.lower > 0 {
        format!(
            "{after} is better than {before}, by {} to {} ({} as seen).",
            bare(lower),
            points(upper),
            bare(seen)
        )
    } else if comparison.upper < 0 {
        format!(
            "{after} is worse than {before}, by {} to {} ({} as seen).",
            bare(upper),
            points(lower),
            bare(seen)
        )
    } else {
        let worse = match lower {
            0 => "no worse".to_owned(),
            _ => format!("{} worse", points(lower)),
        };
        let better = match upper {
            0 => "no better".to_owned(),
            _ => format!("{} better", points(upper)),
        };
        format!(
            "These cases show no difference between {before} and {after} that could not be chance: {after} may be anything from {worse} to {better}."
        )
    };
    let mut words = format!(
        "{head} Of {}, {} got better, {} got worse and {} stayed the same.",
        cases(comparison.cases),
        number(comparison.better),
        number(comparison.worse),
        number(comparison.same),
    );
    if comparison.units < comparison.cases {
        words.push_str(&format!(
            " They count as {}, since near-duplicates stand for one.",
            grouped(comparison.units)
        ));
    }
    if comparison.unanswered > 0 {
        words.push_str(&format!(
            " {} not been answered and judged on both sides.",
            match comparison.unanswered {
                1 => "1 case has".to_owned(),
                more => format!("{} cases have", grouped(more)),
            }
        ));
    }
    words
}

/// What these cases can see, after a comparison.
#[must_use]
pub fn seeing(comparison: &PairedDifference) -> String {
    sight(&comparison.sight, WISH, comparison.wish, true)
}

/// What so many cases can see, before anything was compared.
#[must_use]
pub fn foreseeing(units: u32) -> String {
    if units == 0 {
        return String::new();
    }
    let (seen, wish) = plan(units);
    sight(&seen, WISH, wish, false)
}

/// A pass rate with its interval.
#[must_use]
pub fn rate(rate: &Rate) -> String {
    format!(
        "{} %, and between {} and {} % of all cases like these",
        bare(nearest(rate.mean)),
        bare(floor(rate.lower)),
        bare(ceiling(rate.upper))
    )
}

/// What stands out by tag, after the correction for looking at many; nothing without tags.
#[must_use]
pub fn by_tag(tags: &[TagDifference]) -> String {
    if tags.is_empty() {
        return String::new();
    }
    let mut out: Vec<&TagDifference> = tags.iter().filter(|tag| tag.corrected <= ERROR).collect();
    out.sort_by_key(|tag| (tag.corrected, -tag.estimate.abs()));
    let looked = match tags.len() {
        1 => "the only tag".to_owned(),
        many => format!("{many} tags"),
    };
    if out.is_empty() {
        return format!("By tag nothing stands out, corrected for looking at {looked}.");
    }
    let named: Vec<String> = out
        .iter()
        .take(NAMED)
        .map(|tag| {
            format!(
                "{} is {} by {} ({})",
                tag.tag,
                if tag.estimate > 0 { "worse" } else { "better" },
                points(nearest(tag.estimate)),
                cases(tag.units)
            )
        })
        .collect();
    let more = match out.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; {more} more stand out"),
    };
    format!(
        "By tag, corrected for looking at {looked}: {}{more}.",
        named.join(", ")
    )
}

/// Which of the cases that were `asked` more than once waver, and how much of the doubt that makes,
/// where that is known of both sides; nothing where nothing was asked twice.
#[must_use]
pub fn wavering(flaky: &[FlakyCase], asked: u32, noise: Option<&Noise>) -> String {
    if asked == 0 {
        return String::new();
    }
    let wavering: BTreeSet<&str> = flaky.iter().map(|one| one.case.as_str()).collect();
    let mut words = match wavering.len() {
        0 => format!("Asked again, {} scored the same each time.", all(asked)),
        1 => format!(
            "1 of {} is flaky: asked again, it scores differently.",
            cases(asked)
        ),
        some => format!(
            "{some} of {} are flaky: asked again, they score differently.",
            cases(asked)
        ),
    };
    if let Some(noise) = noise.filter(|noise| noise.seen > 0.0 && noise.repeats > 0.0) {
        let share = (100.0 * noise.repeats / noise.seen)
            .clamp(0.0, 100.0)
            .round();
        words.push_str(&format!(
            " About {share:.0} % of the scatter between cases comes from that: asking each case more often takes it away, the rest only more cases."
        ));
    }
    words
}

fn all(number: u32) -> String {
    match number {
        1 => "the case".to_owned(),
        many => format!("all {} cases", grouped(many)),
    }
}

fn number(many: u32) -> String {
    match many {
        0 => "none".to_owned(),
        many => grouped(many),
    }
}

// Tenths of a point: down, up, and whichever is nearer.
fn floor(hundredths: i32) -> i32 {
    hundredths.div_euclid(10) * 10
}

fn ceiling(hundredths: i32) -> i32 {
    -floor(-hundredths)
}

fn nearest(hundredths: i32) -> i32 {
    floor(hundredths + 5)
}
