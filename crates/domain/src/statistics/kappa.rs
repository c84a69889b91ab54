//! How far two who marked the same answers agree, beyond what chance would give: for showing only.
//!
//! J. Cohen (1960), *A coefficient of agreement for nominal scales*, Educational and Psychological
//! Measurement 20, 37–46; the large-sample standard error is that of J. L. Fleiss, J. Cohen and
//! B. S. Everitt (1969), *Large sample standard errors of kappa and weighted kappa*, Psychological
//! Bulletin 72, 323–327, in the form for kappa itself (not for the test of kappa = 0).

use super::normal;

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
    /// Cohen's kappa: 1 is full agreement, 0 what chance would give; none where both gave all
    /// answers the same one mark, so that chance alone explains everything.
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
        let kappa = (chance < 1.0).then(|| {
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

fn sq(value: f64) -> f64 {
    value * value
}
