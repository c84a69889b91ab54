//! The results of a run without holding them all: one after the other, or those of some cases. A
//! run of 50,000 cases over four versions has 200,000 of them.

use crate::columns;
use crate::error::Result;
use crate::file::Store;
use crate::runs::RunState;
use domain::{Millis, RunId};
use rusqlite::params;
use serde::de::DeserializeOwned;

impl Store {
    /// When something of a run was last written, and where it stands: cheap to ask again and again.
    /// None: it is not here.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn run_changed(&self, run: RunId) -> Result<Option<(Millis, RunState)>> {
        self.read(|tx| {
            let mut statement =
                tx.prepare_cached("SELECT changed, state FROM runs WHERE id = ?1")?;
            let mut rows = statement.query([run.0.as_bytes()])?;
            rows.next()?
                .map(|row| {
                    let state = RunState::read(&row.get::<_, String>(1)?)?;
                    Ok((Millis(row.get(0)?), state))
                })
                .transpose()
        })
    }

    /// Hands over every result of a run with its side, by place and side.
    ///
    /// # Errors
    /// The file can't be read, or holds what is no result.
    pub fn each_result<T: DeserializeOwned>(
        &self,
        run: RunId,
        mut take: impl FnMut(u32, T),
    ) -> Result<()> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT side, result FROM results WHERE run = ?1 ORDER BY place, side",
            )?;
            let mut rows = statement.query([run.0.as_bytes()])?;
            while let Some(row) = rows.next()? {
                let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                take(row.get(0)?, columns::json("a result", text)?);
            }
            Ok(())
        })
    }

    /// The results at some places with their sides, in the order of the places.
    ///
    /// # Errors
    /// The file can't be read, or holds what is no result.
    pub fn results_at<T: DeserializeOwned>(
        &self,
        run: RunId,
        places: &[u32],
    ) -> Result<Vec<(u32, T)>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT side, result FROM results WHERE run = ?1 AND place = ?2 ORDER BY side",
            )?;
            let mut found = Vec::new();
            for place in places {
                let mut rows = statement.query(params![run.0.as_bytes(), place])?;
                while let Some(row) = rows.next()? {
                    let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                    found.push((row.get(0)?, columns::json("a result", text)?));
                }
            }
            Ok(found)
        })
    }
}
