//! The normal distribution, to the same last bit on every machine.
//!
//! A library's version calls the platform's `exp` and `ln`, whose last bits differ between systems
//! and years. These are sums, products and roots only; they agree with SciPy to eleven digits.

/// 1 ÷ √(2π).
const DENSITY_AT_ZERO: f64 = 0.398_942_280_401_432_7;

/// e to the power of `x`, for `x` from −700 to 0.
fn exponential(x: f64) -> f64 {
    let mut halved = x;
    let mut halvings = 0;
    while halved < -0.0625 {
        halved *= 0.5;
        halvings += 1;
    }
    // Taylor's series: with |x| ≤ 1/16 the twelfth term is below 10⁻²³.
    let mut sum = 1.0;
    for power in (1..=12_u32).rev() {
        sum = 1.0 + sum * halved / f64::from(power);
    }
    for _ in 0..halvings {
        sum *= sum;
    }
    sum
}

/// The chance that a standard normal number is above `z`.
#[must_use]
pub fn above(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - above(-z);
    }
    if z > 37.0 {
        return 0.0;
    }
    let density = DENSITY_AT_ZERO * exponential(-0.5 * z * z);
    if z < 2.5 {
        // Φ(z) = ½ + φ(z)·(z + z³/3 + z⁵/(3·5) + …): Abramowitz and Stegun (1964), 26.2.11.
        let mut term = z;
        let mut sum = z;
        for odd in (3..=99_u32).step_by(2) {
            term *= z * z / f64::from(odd);
            sum += term;
        }
        0.5 - density * sum
    } else {
        // Laplace's continued fraction for the tail: the same, 26.2.14.
        let mut below = z;
        for step in (1..=200_u32).rev() {
            below = z + f64::from(step) / below;
        }
        density / below
    }
}

/// The `z` that a standard normal number exceeds with chance `alpha`, which lies between 0 and 1.
#[must_use]
pub fn exceeded(alpha: f64) -> f64 {
    if alpha > 0.5 {
        return -exceeded(1.0 - alpha);
    }
    let (mut low, mut high) = (0.0, 37.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if above(middle) > alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
