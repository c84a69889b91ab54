//! Bounds for the mean of numbers that lie between two ends: scores, repeats, groups, pass rates.
//!
//! N. Gaffke (2005), *Three test statistics for a nonparametric one-sided hypothesis on the mean of
//! a nonnegative variable*, Mathematical Methods of Statistics 14, 451–467; as a confidence bound
//! E. Learned-Miller and P. S. Thomas (2019), *A new confidence interval for the mean of a bounded
//! random variable*, arXiv 1905.06208. It is the Bayesian bootstrap of D. B. Rubin (1981, Annals of
//! Statistics 9, 130–134) with the unit as what is drawn, and one more value at the far end: the
//! units get weights that are uniform on the simplex, and the bound is the quantile of the weighted
//! mean. For pass and fail it is the bound of Clopper and Pearson (1934). That it holds for every
//! distribution was long a conjecture; N. Vlassis and P. S. Thomas (2026, arXiv 2607.08415) give a
//! proof. Our simulation and the exact counts in the tests don't lean on it.
//!
//! Nothing is resampled. The chance that the weighted mean is at least `h` is the chance that
//! `Σ Eᵢ·(xᵢ − h) ≥ 0` for independent exponential `Eᵢ`, and that is one integral along a line in
//! the complex plane, `1/2πi ∫ Π 1/(1 − (xᵢ − h)·t) dt/t`, through the saddle of what is
//! integrated. The trapezoid rule with `y = σ·sinh u` gives it to ten digits within some dozens of
//! points, from sums and products alone.

use super::pairs::PairedTable;

/// The hundredths of a percent in the whole, signed.
const WHOLE: i32 = 10_000;

/// The step in `u`, and e to its power.
const STEP: f64 = 0.125;
const STEP_POWER: f64 = 1.133_148_453_066_826_3;

/// Numbers with how often each occurs, smallest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    counted: Vec<(f64, u32)>,
    number: u32,
}

impl Values {
    /// Counts equal numbers together. They are finite.
    #[must_use]
    pub fn of(numbers: &[f64]) -> Self {
        let mut numbers = numbers.to_vec();
        numbers.sort_by(f64::total_cmp);
        let mut values = Self::default();
        for number in numbers {
            values.number += 1;
            match values.counted.last_mut() {
                // Also −0 and 0 are one.
                Some((last, times)) if *last == number => *times += 1,
                _ => values.counted.push((number, 1)),
            }
        }
        values
    }

    /// Zeros and ones: how many failed, how many passed.
    #[must_use]
    pub fn passes(failed: u32, passed: u32) -> Self {
        Self::counted([(0.0, failed), (1.0, passed)])
    }

    /// The differences of a table: 1 for a case that is lost, −1 for one that is gained.
    #[must_use]
    pub fn differences(table: &PairedTable) -> Self {
        let same = table.both + table.neither;
        Self::counted([(-1.0, table.gained), (0.0, same), (1.0, table.lost)])
    }

    fn counted(counted: impl IntoIterator<Item = (f64, u32)>) -> Self {
        let counted: Vec<(f64, u32)> = counted
            .into_iter()
            .filter(|(_, times)| *times > 0)
            .collect();
        Self {
            number: counted.iter().map(|(_, times)| times).sum(),
            counted,
        }
    }

    /// The same numbers with their signs turned.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self {
            counted: self
                .counted
                .iter()
                .rev()
                .map(|(x, times)| (-x, *times))
                .collect(),
            number: self.number,
        }
    }

    fn sum(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.counted
            .iter()
            .map(|(x, times)| of(*x) * f64::from(*times))
            .sum()
    }

    /// The mean; 0 of nothing.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum(|x| x) / f64::from(self.number.max(1))
    }

    /// The mean in hundredths of a percent.
    #[must_use]
    pub fn rounded_mean(&self) -> i32 {
        whole_below(self.mean() + 0.5 / f64::from(WHOLE))
    }

    /// The mean of the squares; 0 of nothing.
    #[must_use]
    pub fn mean_square(&self) -> f64 {
        self.sum(|x| x * x) / f64::from(self.number.max(1))
    }

    /// The chance that the weighted mean, with one more value at `top`, is at least `h`: small if
    /// the data speak against a true mean of `h` or more.
    #[must_use]
    pub fn at_least(&self, top: f64, h: f64) -> f64 {
        let mut terms: Vec<(f64, u32)> = self
            .counted
            .iter()
            .map(|(x, times)| (x - h, *times))
            .filter(|(a, _)| *a != 0.0)
            .collect();
        match terms.last_mut() {
            Some((last, times)) if *last == top - h => *times += 1,
            _ if top != h => terms.push((top - h, 1)),
            _ => {}
        }
        let largest = terms.iter().fold(f64::MIN, |most, (a, _)| most.max(*a));
        if terms.iter().all(|(a, _)| *a > 0.0) {
            return 1.0;
        }
        if largest <= 0.0 {
            return 0.0;
        }
        integral(&terms, largest).clamp(0.0, 1.0)
    }

    /// Whether the data speak against a true mean of `h` (hundredths of a percent) or more.
    #[must_use]
    pub fn is_below(&self, h: i32, top: i32, alpha: f64) -> bool {
        let [h_share, end] = [h, top].map(|x| f64::from(x) / f64::from(WHOLE));
        h >= top || (self.number > 0 && self.at_least(end, h_share) <= alpha)
    }

    /// The upper bound of the true mean with error `alpha`: the least hundredth of a percent that
    /// the data speak against.
    #[must_use]
    pub fn upper(&self, top: i32, alpha: f64) -> i32 {
        // Nothing speaks against a mean at or below the one seen. From there the steps double.
        let mut not = whole_below(self.mean());
        let mut step = 64;
        let mut yes = top.min(not + step);
        while !self.is_below(yes, top, alpha) {
            not = yes;
            step *= 2;
            yes = top.min(not + step);
        }
        while yes - not > 1 {
            let middle = (not + yes).div_euclid(2);
            if self.is_below(middle, top, alpha) {
                yes = middle;
            } else {
                not = middle;
            }
        }
        yes
    }

    /// The lower bound of the true mean: the same from the other side.
    #[must_use]
    pub fn lower(&self, bottom: i32, alpha: f64) -> i32 {
        -self.negated().upper(-bottom, alpha)
    }
}

/// A number from −1 to 1 in hundredths of a percent, rounded down.
fn whole_below(x: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "it lies within ±10,000")]
    let whole = (x * f64::from(WHOLE)).floor() as i32;
    whole
}

/// The integral, for terms of which one is above 0 and one is not.
fn integral(terms: &[(f64, u32)], largest: f64) -> f64 {
    let at = saddle(terms, largest);
    let mut curve = 1.0 / (at * at);
    let mut front = Scaled::ONE;
    let mut ratios = Vec::with_capacity(terms.len());
    for (a, times) in terms {
        let left = 1.0 - a * at;
        let ratio = a / left;
        curve += f64::from(*times) * ratio * ratio;
        front = front.times(Scaled::of(left).power(*times));
        ratios.push((ratio, *times));
    }
    let width = 1.0 / curve.sqrt();
    let mut sum = 0.5;
    let mut power = 1.0;
    loop {
        power *= STEP_POWER;
        let (sinh, cosh) = (0.5 * (power - 1.0 / power), 0.5 * (power + 1.0 / power));
        let y = width * sinh;
        let mut product = (1.0, y / at);
        for (ratio, times) in &ratios {
            product = multiply(product, raise((1.0, -y * ratio), *times));
        }
        let size = product.0 * product.0 + product.1 * product.1;
        // It only grows from here. Beyond what can be written it is no number: that is the end too.
        if size.is_nan() || size > 1e48 {
            break;
        }
        sum += cosh * product.0 / size;
    }
    // ÷ Π(1 − aᵢτ), which may be too large or small to write by itself.
    front.divide(sum * STEP * width / (at * core::f64::consts::PI))
}

/// Where what is integrated is least on the real axis: `Σ aᵢ/(1 − aᵢt) = 1/t`, between 0 and the
/// nearest pole. Any place in between gives the same integral; this one gives it with fewest points.
fn saddle(terms: &[(f64, u32)], largest: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0 / largest);
    for _ in 0..30 {
        let t = 0.5 * (low + high);
        let slope: f64 = terms
            .iter()
            .map(|(a, times)| f64::from(*times) * a / (1.0 - a * t))
            .sum();
        if slope * t > 1.0 {
            high = t;
        } else {
            low = t;
        }
    }
    0.5 * (low + high)
}

fn multiply(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn raise(base: (f64, f64), times: u32) -> (f64, f64) {
    let (mut base, mut left, mut result) = (base, times, (1.0, 0.0));
    while left > 0 {
        if left & 1 == 1 {
            result = multiply(result, base);
        }
        base = multiply(base, base);
        left >>= 1;
    }
    result
}

/// A positive number too large or small for `f64` alone: `part · 2^(512·steps)`.
#[derive(Clone, Copy)]
struct Scaled {
    part: f64,
    steps: i64,
}

/// 2⁵¹² and 2²⁵⁶: powers of two change no digit.
const UP: f64 = 1.340_780_792_994_259_7e154;
const HALFWAY: f64 = 1.157_920_892_373_162e77;

impl Scaled {
    const ONE: Self = Self {
        part: 1.0,
        steps: 0,
    };

    fn of(part: f64) -> Self {
        Self { part, steps: 0 }.settled()
    }

    fn settled(mut self) -> Self {
        while self.part > HALFWAY {
            self.part /= UP;
            self.steps += 1;
        }
        while self.part < 1.0 / HALFWAY && self.part > 0.0 {
            self.part *= UP;
            self.steps -= 1;
        }
        self
    }

    fn times(self, other: Self) -> Self {
        Self {
            part: self.part * other.part,
            steps: self.steps + other.steps,
        }
        .settled()
    }

    fn power(self, times: u32) -> Self {
        let (mut base, mut left, mut result) = (self, times, Self::ONE);
        while left > 0 {
            if left & 1 == 1 {
                result = result.times(base);
            }
            base = base.times(base);
            left >>= 1;
        }
        result
    }

    /// `number ÷ self`, 0 where it is too small to write.
    fn divide(self, number: f64) -> f64 {
        match self.steps {
            0 => number / self.part,
            1 => number / self.part / UP,
            -1 => number / self.part * UP,
            steps if steps > 0 => 0.0,
            _ => f64::MAX,
        }
    }
}
