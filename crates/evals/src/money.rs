//! What answers cost: prices as a person wrote them down, and sums in each currency.

use crate::Answer;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Stands for every model of a provider.
pub const ANY_MODEL: &str = "*";

/// What a provider asks for a model, as a person wrote it down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Price {
    /// The provider's name on this computer.
    pub provider: String,
    /// The model as versions name it; `*` for every model that has no price of its own.
    pub model: String,
    /// For a million tokens sent.
    pub input: f64,
    /// For a million tokens answered.
    pub output: f64,
    /// In which currency: `USD`.
    pub currency: String,
}

/// Why a price can't be kept.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Nothing says whose price it is.
    #[error("say which provider and model the price is for")]
    Nobody,
    /// A number that no price is.
    #[error("a price is a number from 0 up, for a million tokens")]
    Number,
    /// No currency.
    #[error("say the currency in up to 8 letters, as in USD")]
    Currency,
}

impl Price {
    /// Whether it can be a price.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), PriceError> {
        if self.provider.trim().is_empty() || self.model.trim().is_empty() {
            return Err(PriceError::Nobody);
        }
        let good = |amount: f64| amount.is_finite() && (0.0..1e9).contains(&amount);
        if !good(self.input) || !good(self.output) {
            return Err(PriceError::Number);
        }
        let letters = self.currency.chars().count();
        if !(1..=8).contains(&letters) || !self.currency.chars().all(char::is_alphabetic) {
            return Err(PriceError::Currency);
        }
        Ok(())
    }

    /// The cost of so many tokens.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Tokens are far below 2^53.
    pub fn cost(&self, tokens_in: u64, tokens_out: u64) -> Cost {
        let amount = tokens_in as f64 * self.input + tokens_out as f64 * self.output;
        Cost {
            amount: amount / 1e6,
            currency: self.currency.clone(),
        }
    }
}

/// What one answer cost, or would if it were asked for today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Cost {
    /// How much.
    pub amount: f64,
    /// In which currency.
    pub currency: String,
}

/// The prices that are known on this computer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices(Vec<Price>);

impl Prices {
    /// A table of prices.
    #[must_use]
    pub fn new(prices: Vec<Price>) -> Self {
        Self(prices)
    }

    /// The price of a model: its own, or its provider's for all.
    #[must_use]
    pub fn of(&self, provider: &str, model: &str) -> Option<&Price> {
        let find = |model: &str| {
            let mut own = self.0.iter().filter(|price| price.provider == provider);
            own.find(|price| price.model == model)
        };
        find(model).or_else(|| find(ANY_MODEL))
    }

    /// What an answer cost; none without a price, or where the provider counted no tokens.
    #[must_use]
    pub fn cost(&self, provider: &str, model: &str, answer: &Answer) -> Option<Cost> {
        let price = self.of(provider, model)?;
        let (sent, answered) = (answer.tokens_in?, answer.tokens_out?);
        Some(price.cost(u64::from(sent), u64::from(answered)))
    }
}

/// A sum, in each currency by itself: none is changed into another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum(BTreeMap<String, f64>);

impl Sum {
    /// Adds a cost.
    pub fn add(&mut self, cost: &Cost) {
        *self.0.entry(cost.currency.clone()).or_default() += cost.amount;
    }

    /// Adds another sum.
    pub fn add_all(&mut self, other: &Self) {
        for (currency, amount) in &other.0 {
            *self.0.entry(currency.clone()).or_default() += amount;
        }
    }

    /// The sum, if it is in one currency.
    #[must_use]
    pub fn single(&self) -> Option<Cost> {
        let mut each = self.0.iter();
        let (currency, amount) = each.next()?;
        each.next().is_none().then(|| Cost {
            amount: *amount,
            currency: currency.clone(),
        })
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a Cost> for Sum {
    fn from_iter<T: IntoIterator<Item = &'a Cost>>(costs: T) -> Self {
        let mut sum = Self::default();
        costs.into_iter().for_each(|cost| sum.add(cost));
        sum
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (currency, amount)) in self.0.iter().enumerate() {
            let and = if place == 0 { "" } else { " and " };
            write!(f, "{and}{} {currency}", amount_words(*amount))?;
        }
        Ok(())
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", amount_words(self.amount), self.currency)
    }
}

// Cents from one up; below it as many places as show two digits.
fn amount_words(amount: f64) -> String {
    let places = match amount {
        a if a == 0.0 || a >= 1.0 => 2,
        a if a >= 0.01 => 3,
        a if a >= 0.0001 => 5,
        a if a >= 0.000_001 => 7,
        _ => return "less than 0.000001".to_owned(),
    };
    format!("{amount:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(model: &str, input: f64, output: f64, currency: &str) -> Price {
        Price {
            provider: "p".to_owned(),
            model: model.to_owned(),
            input,
            output,
            currency: currency.to_owned(),
        }
    }

    #[test]
    fn a_million_tokens_cost_the_price() {
        let prices = Prices::new(vec![
            price("*", 1.0, 2.0, "EUR"),
            price("m", 2.5, 10.0, "USD"),
        ]);
        let answer = |sent, answered| Answer {
            tokens_in: sent,
            tokens_out: answered,
            ..Answer::default()
        };
        let cost = |model: &str, answer: &Answer| prices.cost("p", model, answer);
        let full = answer(Some(1_000_000), Some(1_000_000));
        assert_eq!(
            cost("m", &full).map(|cost| cost.to_string()),
            Some("12.50 USD".to_owned())
        );
        assert_eq!(
            cost("other", &full).map(|cost| cost.to_string()),
            Some("3.00 EUR".to_owned())
        );
        assert_eq!(cost("m", &answer(Some(1), None)), None);
        assert_eq!(prices.cost("q", "m", &full), None);
    }

    #[test]
    fn currencies_are_not_mixed() {
        let costs = [
            price("m", 1.0, 0.0, "USD").cost(500_000, 0),
            price("m", 1.0, 0.0, "EUR").cost(12_000, 0),
            price("m", 1.0, 0.0, "USD").cost(1_000_000, 0),
        ];
        let sum: Sum = costs.iter().collect();
        assert_eq!(sum.to_string(), "0.012 EUR and 1.50 USD");
        assert_eq!(Sum::default().to_string(), "");
    }

    #[test]
    fn amounts_show_two_digits() {
        let table = [
            (0.0, "0.00"),
            (12.345, "12.35"),
            (0.0421, "0.042"),
            (0.000_42, "0.00042"),
            (0.000_004_2, "0.0000042"),
            (0.000_000_1, "less than 0.000001"),
        ];
        for (amount, words) in table {
            assert_eq!(amount_words(amount), words);
        }
    }

    #[test]
    fn what_is_no_price() {
        let table = [
            (price("m", 1.0, 0.0, "USD"), Ok(())),
            (price(" ", 1.0, 0.0, "USD"), Err(PriceError::Nobody)),
            (price("m", -1.0, 0.0, "USD"), Err(PriceError::Number)),
            (price("m", 1.0, f64::NAN, "USD"), Err(PriceError::Number)),
            (price("m", 1.0, 1.0, ""), Err(PriceError::Currency)),
            (price("m", 1.0, 1.0, "<b>"), Err(PriceError::Currency)),
        ];
        for (price, expected) in table {
            assert_eq!(price.check(), expected);
        }
    }
}
