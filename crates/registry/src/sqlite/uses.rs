//! What keys were used for. It does not wait for the disk: a power cut may take the last seconds.

use super::{Sqlite, int, uint};
use crate::Error;
use crate::people::Noted;
use domain::{EnvironmentId, KeyId, Millis, ProjectId};
use protocol::keys::{KeyUse, KeyUses, Strayed};
use rusqlite::{TransactionBehavior, params};
use std::collections::BTreeMap;
use uuid::Uuid;

impl Sqlite {
    /// Writes down what was noted of keys.
    ///
    /// # Errors
    /// The file can't be written; nothing of it was.
    pub fn note_uses(&self, noted: &Noted) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        let transaction = writer
            .loose
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for ((project, key), last) in &noted.used {
            transaction
                .prepare_cached(
                    "INSERT INTO key_uses (project, key, last) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
                )?
                .execute(params![project.0.as_bytes(), key.0.as_bytes(), last.0])?;
        }
        for ((project, key), environment, times, last) in &noted.strayed {
            transaction
                .prepare_cached(
                    "INSERT INTO strayed_keys (project, key, environment, times, last) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET times = times + excluded.times, last = max(last, excluded.last)",
                )?
                .execute(params![
                    project.0.as_bytes(),
                    key.0.as_bytes(),
                    environment.0.as_bytes(),
                    int(*times),
                    last.0
                ])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// What a project's keys were used for.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn key_uses(&self, project: ProjectId) -> Result<KeyUses, Error> {
        let mut keys: BTreeMap<KeyId, KeyUse> = BTreeMap::new();
        let project = project.0.as_bytes();
        let used: Vec<(KeyId, Millis)> = self.reading(|db| {
            db.prepare_cached("SELECT key, last FROM key_uses WHERE project = ?1")?
                .query_map([project], |row| Ok((key(row.get(0)?), Millis(row.get(1)?))))?
                .collect()
        })?;
        for (key, last) in used {
            at(&mut keys, key).last_used = Some(last);
        }
        let strayed: Vec<(KeyId, Strayed)> = self.reading(|db| {
            db.prepare_cached(
                "SELECT key, environment, times, last FROM strayed_keys WHERE project = ?1 ORDER BY last DESC",
            )?
            .query_map([project], |row| {
                let strayed = Strayed {
                    environment: EnvironmentId(Uuid::from_bytes(row.get(1)?)),
                    times: uint(row.get(2)?),
                    last: Millis(row.get(3)?),
                };
                Ok((key(row.get(0)?), strayed))
            })?
            .collect()
        })?;
        for (key, strayed) in strayed {
            at(&mut keys, key).strayed.push(strayed);
        }
        Ok(KeyUses {
            keys: keys.into_values().collect(),
        })
    }
}

fn at(keys: &mut BTreeMap<KeyId, KeyUse>, key: KeyId) -> &mut KeyUse {
    keys.entry(key).or_insert(KeyUse {
        key,
        last_used: None,
        strayed: Vec::new(),
    })
}

fn key(bytes: [u8; 16]) -> KeyId {
    KeyId(Uuid::from_bytes(bytes))
}
