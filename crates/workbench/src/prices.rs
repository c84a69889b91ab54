//! Prices: what models cost, as a person wrote it down on this computer. None comes with Galley: they
//! change, and differ from contract to contract.

use crate::trying::day;
use crate::{Error, Workbench, words};
use domain::Millis;
use evals::{Foreseen, Price, Prices, Sum};

/// Where they are kept.
const PRICES: &str = "prices";

impl Workbench {
    /// The prices that are known here, by provider and model.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub async fn prices(&self) -> Result<Vec<Price>, Error> {
        self.price_rows()
    }

    /// Writes a price down; the earlier one of this model goes.
    ///
    /// # Errors
    /// It is no price: the words say why.
    pub async fn set_price(&self, price: Price) -> Result<Vec<Price>, Error> {
        let price = Price {
            provider: price.provider.trim().to_owned(),
            model: price.model.trim().to_owned(),
            currency: price.currency.trim().to_uppercase(),
            ..price
        };
        price
            .check()
            .map_err(|error| Error::invalid(error.to_string()))?;
        let mut rows = self.price_rows()?;
        rows.retain(|row| (&row.provider, &row.model) != (&price.provider, &price.model));
        rows.push(price);
        rows.sort_by(|a, b| (&a.provider, &a.model).cmp(&(&b.provider, &b.model)));
        self.store().set_setting(PRICES, &rows)?;
        Ok(rows)
    }

    /// Strikes a price out.
    ///
    /// # Errors
    /// There is none for this model.
    pub async fn remove_price(&self, provider: String, model: String) -> Result<Vec<Price>, Error> {
        let mut rows = self.price_rows()?;
        let before = rows.len();
        rows.retain(|row| (row.provider.as_str(), row.model.as_str()) != (&*provider, &*model));
        if rows.len() == before {
            return Err(Error::not_found(format!(
                "no price is written down for {model} of {provider}"
            )));
        }
        self.store().set_setting(PRICES, &rows)?;
        Ok(rows)
    }

    pub(crate) fn price_table(&self) -> Result<Prices, Error> {
        Ok(Prices::new(self.price_rows()?))
    }

    fn price_rows(&self) -> Result<Vec<Price>, Error> {
        Ok(self.store().setting(PRICES)?.unwrap_or_default())
    }
}

/// What a run is likely to cost, and on what that guess rests.
pub(crate) fn foreseen_words(foreseen: &Foreseen) -> String {
    if foreseen.estimate.calls == 0 {
        return String::new();
    }
    let mut said = Vec::new();
    if !foreseen.cost.is_empty() {
        let rests = match foreseen.from_answers {
            0 => format!("{} tokens an answer, a mere guess", foreseen.answered_each),
            1 => format!(
                "{} tokens an answer, as in the one that is here",
                foreseen.answered_each
            ),
            n => format!(
                "{} tokens an answer, the mean of {} that are here",
                foreseen.answered_each,
                words::count(n, "answer", "answers")
            ),
        };
        said.push(format!(
            "About {}: a guess from the questions' length (four letters a token) and {rests}.",
            foreseen.cost
        ));
    }
    if !foreseen.unpriced.is_empty() {
        let models: Vec<String> = foreseen.unpriced.iter().cloned().collect();
        said.push(format!(
            "What {} costs isn't known: write its price down under Settings, Prices.",
            words::list(&models)
        ));
    }
    said.join(" ")
}

/// Who answered a column, how much of it came from the cache, and what was paid; empty where nothing
/// was answered.
pub(crate) fn paid_words<Count: PartialEq + std::fmt::Display>(
    models: &str,
    (cells, cached): (Count, Count),
    newest: Option<Millis>,
    paid: &Sum,
    now: Millis,
) -> String {
    if models.is_empty() {
        return String::new();
    }
    if cached == cells {
        let when = newest.map(|at| format!(" of {}", day(at, now)));
        let when = when.unwrap_or_default();
        return format!("all from the cache, answers{when} by {models}: cost nothing");
    }
    let paid = match paid.is_empty() {
        true => String::new(),
        false => format!("; cost {paid}"),
    };
    format!("{models}{paid}; {cached} from the cache")
}
