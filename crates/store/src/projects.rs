//! The projects that this computer knows: where each lives, who we are in it, how far syncing is.
//!
//! Secrets are not here. [`KeyNames`] says under which names the keychain has them.

use crate::changes::Area;
use crate::columns;
use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use domain::ledger::{PublicKey, Seen};
use domain::{Digest, KeyId, Millis, PersonId, ProjectId};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a project's ledger is kept by an authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Place {
    /// The embedded registry.
    ThisComputer,
    /// A team's registry.
    Registry {
        /// Its address.
        address: String,
    },
}

/// Under which names the keychain has this project's secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNames {
    /// This machine's signing key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The personal token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// How a project comes to be on this computer, while it is not known whether the registry took it,
/// or us, in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Begun {
    /// It is being founded.
    Founding {
        /// The public half of the invitation.
        invitation: KeyId,
    },
    /// It is being joined.
    Joining {
        /// The key of the invitation, which signs the joining.
        invitation: PublicKey,
    },
}

/// How far this computer and the registry agree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncNote {
    /// The epoch of the replica's head.
    pub epoch: u32,
    /// The last entry whose signature and decision were checked here.
    pub verified_to: u64,
    /// Its digest: a changed history makes the number worthless.
    pub verified_digest: Digest,
    /// Where the registry's head was when it last answered.
    pub registry: Option<Seen>,
    /// Since when the registry has not answered.
    pub offline_since: Option<Millis>,
    /// When it last answered.
    pub last_contact: Option<Millis>,
    /// What keeps the two from agreeing, in words.
    pub problem: Option<String>,
    /// Set until founding or joining it is finished.
    pub begun: Option<Begun>,
    /// What syncing wants to remember beside that.
    pub rest: BTreeMap<String, Value>,
}

/// One project as this computer knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownProject {
    /// Its id.
    pub id: ProjectId,
    /// Its name, as last heard.
    pub name: String,
    /// Where it lives.
    pub place: Place,
    /// Who we are in it.
    pub person: Option<PersonId>,
    /// The public half of this machine's key.
    pub device: Option<PublicKey>,
    /// Where the secrets are.
    pub keys: KeyNames,
    /// When it was last opened.
    pub opened: Option<Millis>,
    /// Settings of this computer for it.
    pub settings: Value,
    /// How far syncing is.
    pub sync: SyncNote,
}

impl KnownProject {
    /// A project that was never opened.
    #[must_use]
    pub fn new(id: ProjectId, name: impl Into<String>, place: Place) -> Self {
        Self {
            id,
            name: name.into(),
            place,
            person: None,
            device: None,
            keys: KeyNames::default(),
            opened: None,
            settings: Value::Object(serde_json::Map::new()),
            sync: SyncNote::default(),
        }
    }
}

const COLUMNS: &str = "id, name, address, person, device, keys, opened, settings, sync";

fn read(row: &Row<'_>) -> Result<KnownProject> {
    let text = |column| row.get::<_, String>(column);
    Ok(KnownProject {
        id: ProjectId(columns::id(row, 0)?),
        name: text(1)?,
        place: match row.get(2)? {
            Some(address) => Place::Registry { address },
            None => Place::ThisComputer,
        },
        person: columns::maybe_id(row, 3)?.map(PersonId),
        device: row.get::<_, Option<[u8; 32]>>(4)?.map(PublicKey),
        keys: columns::json("the names of a project's keys", &text(5)?)?,
        opened: row.get::<_, Option<i64>>(6)?.map(Millis),
        settings: columns::json("the settings of a project", &text(7)?)?,
        sync: columns::json("the sync state of a project", &text(8)?)?,
    })
}

fn find(tx: &Transaction<'_>, id: ProjectId) -> Result<KnownProject> {
    let mut statement =
        tx.prepare_cached(&format!("SELECT {COLUMNS} FROM projects WHERE id = ?1"))?;
    let mut rows = statement.query([id.0.as_bytes()])?;
    match rows.next()? {
        Some(row) => read(row),
        None => Err(StoreError::Unknown("this project")),
    }
}

fn write(tx: &Write<'_>, project: &KnownProject) -> Result<()> {
    let address = match &project.place {
        Place::ThisComputer => None,
        Place::Registry { address } => Some(address),
    };
    tx.prepare_cached(
        "INSERT INTO projects (id, name, address, person, device, keys, opened, settings, sync)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address,
             person = excluded.person, device = excluded.device, keys = excluded.keys,
             opened = excluded.opened, settings = excluded.settings, sync = excluded.sync",
    )?
    .execute(params![
        project.id.0.as_bytes(),
        project.name,
        address,
        project.person.map(|p| *p.0.as_bytes()),
        project.device.map(|d| d.0),
        serde_json::to_string(&project.keys)?,
        project.opened.map(|at| at.0),
        project.settings.to_string(),
        serde_json::to_string(&project.sync)?,
    ])?;
    Ok(())
}

impl Store {
    /// All projects, last opened first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn projects(&self) -> Result<Vec<KnownProject>> {
        self.read(|tx| {
            let sql = format!("SELECT {COLUMNS} FROM projects ORDER BY opened DESC, name, id");
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
    }

    /// One project.
    ///
    /// # Errors
    /// It is not on this computer, or the file can't be read.
    pub fn known_project(&self, id: ProjectId) -> Result<KnownProject> {
        self.read(|tx| find(tx, id))
    }

    /// Adds a project.
    ///
    /// # Errors
    /// It is here already ([`StoreError::Moved`] with its head), or the file can't be written.
    pub fn add_project(&self, project: &KnownProject) -> Result<()> {
        self.write(|tx| {
            let there: Option<i64> = tx
                .query_row(
                    "SELECT 1 FROM projects WHERE id = ?1",
                    [project.id.0.as_bytes()],
                    |row| row.get(0),
                )
                .optional()?;
            if there.is_some() {
                return Err(StoreError::Moved {
                    now: crate::replica::head(tx, project.id)?.seen(),
                });
            }
            write(tx, project)?;
            tx.changes(Some(project.id), Area::Projects);
            Ok(())
        })
    }

    /// Changes what this computer knows of a project; `change` gets what is there now, whoever
    /// wrote it.
    ///
    /// # Errors
    /// The project is not here, or the file can't be written.
    pub fn update_project(
        &self,
        id: ProjectId,
        change: impl FnOnce(&mut KnownProject),
    ) -> Result<KnownProject> {
        self.write(|tx| {
            let before = find(tx, id)?;
            let mut after = before.clone();
            change(&mut after);
            after.id = id;
            if after == before {
                return Ok(after);
            }
            write(tx, &after)?;
            if after.sync != before.sync {
                tx.changes(Some(id), Area::Sync);
            }
            let unchanged_but_sync = KnownProject {
                sync: after.sync.clone(),
                ..before
            };
            if after != unchanged_but_sync {
                tx.changes(Some(id), Area::Projects);
            }
            Ok(after)
        })
    }

    /// Changes only how far syncing is.
    ///
    /// # Errors
    /// The project is not here, or the file can't be written.
    pub fn update_sync(
        &self,
        id: ProjectId,
        change: impl FnOnce(&mut SyncNote),
    ) -> Result<SyncNote> {
        Ok(self
            .update_project(id, |project| change(&mut project.sync))?
            .sync)
    }

    /// Removes a project with everything that this computer has of it: replica, drafts, outbox.
    /// There is no way back; whoever calls has asked.
    ///
    /// # Errors
    /// The project is not here, or the file can't be written.
    pub fn forget_project(&self, id: ProjectId) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM findable WHERE project = ?1", [id.0.as_bytes()])?;
            let gone = tx.execute("DELETE FROM projects WHERE id = ?1", [id.0.as_bytes()])?;
            if gone == 0 {
                return Err(StoreError::Unknown("this project"));
            }
            tx.execute(
                "DELETE FROM moved WHERE project = ?1 AND tick < (SELECT max(tick) FROM moved)",
                [id.0.as_bytes()],
            )?;
            tx.changes(Some(id), Area::Projects);
            tx.changes(Some(id), Area::Replica);
            Ok(())
        })?;
        self.inner.projects.forget(id);
        self.inner.views.forget(id);
        Ok(())
    }
}
