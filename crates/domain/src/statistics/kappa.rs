//! How far two who marked the same answers agree, beyond what chance would give: for showing only.
//!
//! J. Cohen (1960), *A coefficient of agreement for nominal scales*, Educational and Psychological
//! Measurement 20, 37–46; the large-sample standard error is that of J. L. Fleiss, J. Cohen and
//! B. S. Everitt (1969), *Large sample standard errors of kappa and weighted kappa*, Psychological
//! Bulletin 72, 323–327, in the form for kappa itself (not for the test of kappa = 0).

use super::normal;
use super::words::grouped;

/// Answers below which an agreement is told as not enough yet. Our own choice: with 30 the interval
/// of a good kappa is still about half a point wide.
pub const ENOUGH: u32 = 30;

/// Two who marked the same answers as good or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Both said good.
    pub both: u32,
    /// Only the first did.
    pub first: u32,
    /// Only the second did.
    pub second: u32,
    /// Neither did.
    pub neither: u32,
}

/// How far they agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// How many answers both marked.
    pub answers: u32,
    /// The share on which they say the same, from 0 to 1.
    pub agreed: f64,
    /// Cohen's kappa: 1 is full agreement, 0 what chance would give; none where one of the two gave all
    /// answers the same mark: chance alone explains that, and the large-sample error would be 0.
    pub kappa: Option<Kappa>,
}

/// Cohen's kappa with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kappa {
    /// The estimate.
    pub value: f64,
    /// The lower end of its 95 % interval, by the normal approximation, not below −1.
    pub lower: f64,
    /// The upper end, not above 1.
    pub upper: f64,
}

impl Marked {
    /// Counts one answer.
    pub fn add(&mut self, first: bool, second: bool) {
        let count = match (first, second) {
            (true, true) => &mut self.both,
            (true, false) => &mut self.first,
            (false, true) => &mut self.second,
            (false, false) => &mut self.neither,
        };
        *count = count.saturating_add(1);
    }

    /// How far they agree; none where nothing was marked by both.
    #[must_use]
    pub fn agreement(&self) -> Option<Agreement> {
        let all = [self.both, self.first, self.second, self.neither];
        let answers = all.iter().fold(0_u32, |sum, n| sum.saturating_add(*n));
        if answers == 0 {
            return None;
        }
        let n = f64::from(answers);
        let [a, b, c, d] = all.map(|count| f64::from(count) / n);
        let agreed = a + d;
        // The share that each gave as good, and what both would agree on by chance.
        let (first, second) = (a + b, a + c);
        let chance = first * second + (1.0 - first) * (1.0 - second);
        let varies = |marked: u32| marked > 0 && marked < answers;
        let vary = varies(self.both.saturating_add(self.first))
            && varies(self.both.saturating_add(self.second));
        let kappa = vary.then(|| {
            let value = (agreed - chance) / (1.0 - chance);
            let rest = 1.0 - value;
            // On the diagonal and beside it, then the correction: formula 13 of Fleiss and others.
            let on =
                a * sq(1.0 - (first + second) * rest) + d * sq(1.0 - (2.0 - first - second) * rest);
            let beside = sq(rest) * (b * sq(second + 1.0 - first) + c * sq(first + 1.0 - second));
            let minus = sq(value - chance * rest);
            let variance = ((on + beside - minus) / (n * sq(1.0 - chance))).max(0.0);
            let wide = normal::exceeded(0.025) * variance.sqrt();
            Kappa {
                value,
                lower: (value - wide).max(-1.0),
                upper: (value + wide).min(1.0),
            }
        });
        Some(Agreement {
            answers,
            agreed,
            kappa,
        })
    }
}

/// How far a judge agrees with people, in a sentence or two; nothing where no answer has both.
#[must_use]
pub fn words(judge: &str, marked: &Marked) -> String {
    let Some(found) = marked.agreement() else {
        return String::new();
    };
    let same = marked.both.saturating_add(marked.neither);
    let mut said = format!(
        "The judge {judge} agrees with people on {} of {} {} ({:.0} %)",
        grouped(same),
        grouped(found.answers),
        if found.answers == 1 {
            "answer"
        } else {
            "answers"
        },
        found.agreed * 100.0,
    );
    match found.kappa {
        Some(kappa) => said.push_str(&format!(
            "; beyond chance: kappa {}, {} to {} (1 is full agreement, 0 is chance).",
            short(kappa.value),
            short(kappa.lower),
            short(kappa.upper)
        )),
        None => said.push_str(
            "; one of the two gave all of them the same mark, so that nothing can be said beyond chance.",
        ),
    }
    if found.answers < ENOUGH {
        said.push_str(&format!(
            " That is few: mark {} more before you rely on it.",
            grouped(ENOUGH - found.answers)
        ));
    }
    said
}

fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    match text.as_str() {
        "-0.00" => "0.00".to_owned(),
        _ => text,
    }
}

fn sq(value: f64) -> f64 {
    value * value
}
