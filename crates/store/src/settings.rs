//! Settings of this computer, and the providers that it knows. No key is among them.

use crate::changes::Area;
use crate::columns;
use crate::error::Result;
use crate::file::Store;
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// A provider as this computer reaches it.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// The name that versions use.
    pub name: String,
    /// What it speaks.
    pub kind: String,
    /// Where it is.
    pub address: String,
    /// The model for new prompts.
    pub model: String,
    /// What its key is for: trying, CI or production.
    pub purpose: String,
    /// What else whoever uses it wants to remember.
    pub rest: BTreeMap<String, Value>,
}

impl Store {
    /// A setting.
    ///
    /// # Errors
    /// It has another form, or the file can't be read.
    pub fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let text: Option<String> = self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?)
        })?;
        text.map(|text| columns::json("a setting", &text).map_err(|error| error.at(self.path())))
            .transpose()
    }

    /// Keeps a setting.
    ///
    /// # Errors
    /// A value that JSON can't hold, or the file can't be written.
    pub fn set_setting(&self, key: &str, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(value)?;
        self.write(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)",
                params![key, text],
            )?;
            tx.changes(None, Area::Settings);
            Ok(())
        })
    }

    /// Removes a setting.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn remove_setting(&self, key: &str) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM settings WHERE key = ?1", [key])?;
            tx.changes(None, Area::Settings);
            Ok(())
        })
    }

    /// The providers, by name.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn providers(&self) -> Result<Vec<Provider>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT name, kind, address, model, purpose, rest FROM providers ORDER BY name",
            )?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(Provider {
                    name: row.get(0)?,
                    kind: row.get(1)?,
                    address: row.get(2)?,
                    model: row.get(3)?,
                    purpose: row.get(4)?,
                    rest: columns::json("a provider", &row.get::<_, String>(5)?)?,
                });
            }
            Ok(found)
        })
    }

    /// Keeps a provider under its name.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn save_provider(&self, provider: &Provider) -> Result<()> {
        let rest = serde_json::to_string(&provider.rest)?;
        self.write(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO providers (name, kind, address, model, purpose, rest)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    provider.name,
                    provider.kind,
                    provider.address,
                    provider.model,
                    provider.purpose,
                    rest
                ],
            )?;
            tx.changes(None, Area::Settings);
            Ok(())
        })
    }

    /// Removes a provider.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn remove_provider(&self, name: &str) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM providers WHERE name = ?1", [name])?;
            tx.changes(None, Area::Settings);
            Ok(())
        })
    }
}
