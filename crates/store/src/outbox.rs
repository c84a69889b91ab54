//! The outbox: commands that the registry has not accepted yet, in order.
//!
//! A command waits until its entry has arrived. What the registry refused stays with the reason
//! and its content until the person settles it; what they drop can be picked up again. Without a
//! key a command waits unsigned.

use crate::changes::Area;
use crate::columns::{self, number};
use crate::content::{self, NewContent};
use crate::drafts::{self, AfterSaving};
use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use crate::replica;
use domain::ledger::{Command, Entry, Seen, Signature, SignedCommand};
use domain::{CommandId, Digest, Millis, ProjectId, Refusal, RefusalCode, to_canonical};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A command to queue.
#[derive(Clone, Debug)]
pub enum NewCommand {
    /// Ready to be sent.
    Signed(SignedCommand),
    /// There is no key at the moment.
    Unsigned(Command),
}

impl NewCommand {
    fn command(&self) -> &Command {
        match self {
            Self::Signed(signed) => signed.command(),
            Self::Unsigned(command) => command,
        }
    }
}

/// Where a command in the outbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// To be sent, or to be sent again: sending twice is once.
    Waiting,
    /// Its person must say again that it is meant.
    NeedsAsking,
    /// The registry refused it.
    Refused,
    /// The registry accepted it; its entry is on its way here.
    Accepted,
    /// The person dropped it.
    Dropped,
}

impl OutboxState {
    fn code(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::NeedsAsking => 1,
            Self::Refused => 2,
            Self::Accepted => 3,
            Self::Dropped => 4,
        }
    }

    fn read(code: i64) -> Result<Self> {
        [
            Self::Waiting,
            Self::NeedsAsking,
            Self::Refused,
            Self::Accepted,
            Self::Dropped,
        ]
        .into_iter()
        .find(|state| state.code() == code)
        .ok_or_else(|| StoreError::broken("the state of a command", format!("state {code}")))
    }
}

/// One command in the outbox.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its place: later commands have larger ones.
    pub place: i64,
    /// What is asked.
    pub command: Command,
    /// The same as it is signed and sent; none while it waits for a key.
    pub signed: Option<SignedCommand>,
    /// Where it stands.
    pub state: OutboxState,
    /// Why the registry refused it.
    pub refusal: Option<Refusal>,
    /// The entry that accepted it.
    pub seq: Option<u64>,
    /// When it was queued.
    pub created: Millis,
    /// When its state last changed.
    pub changed: Millis,
}

/// How far a project was read: what a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The replica's head.
    pub seen: Seen,
    /// The last change of the outbox.
    pub outbox: i64,
}

/// What is queued in one transaction.
#[derive(Clone, Debug, Default)]
pub struct QueueRequest<'a> {
    /// What the commands were decided on; none to queue them whatever happened since.
    pub on: Option<Mark>,
    /// The commands, in order.
    pub commands: Vec<NewCommand>,
    /// The content that they name.
    pub contents: Vec<NewContent<'a>>,
    /// What becomes of the draft that they came from.
    pub draft: Option<AfterSaving>,
}

/// How a person settles a command that was refused or needs asking.
#[derive(Clone, Debug)]
pub enum Settle {
    /// Send the same again.
    Again,
    /// Send this in its place: the same wish, decided anew, under its own id.
    Instead(Box<NewCommand>),
    /// Leave it. It can be picked up again.
    Drop,
}

/// What the registry said about a command.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is this entry.
    Accepted(u64),
    /// It was refused.
    Refused(Refusal),
    /// It was not sent: its person must be asked again.
    NeedsAsking,
}

const COLUMNS: &str = "place, command, signature, state, refusal, seq, created, changed";

fn read(row: &Row<'_>) -> Result<Queued> {
    let text: String = row.get(1)?;
    let signature: Option<[u8; 64]> = row.get(2)?;
    let signed = signature
        .map(|bytes| SignedCommand::read(&text, Signature(bytes)))
        .transpose()
        .map_err(|error| StoreError::broken("a command in the outbox", error))?;
    let command = match &signed {
        Some(signed) => signed.command().clone(),
        None => columns::json("a command in the outbox", &text)?,
    };
    Ok(Queued {
        place: row.get(0)?,
        command,
        signed,
        state: OutboxState::read(row.get(3)?)?,
        refusal: row
            .get::<_, Option<String>>(4)?
            .map(|text| columns::json("a refusal", &text))
            .transpose()?,
        seq: row
            .get::<_, Option<i64>>(5)?
            .and_then(|seq| u64::try_from(seq).ok()),
        created: Millis(row.get(6)?),
        changed: Millis(row.get(7)?),
    })
}

/// All that is not dropped, in order.
pub(crate) fn all(tx: &Connection, project: ProjectId) -> Result<Vec<Queued>> {
    select(tx, project, "state <> 4")
}

fn select(tx: &Connection, project: ProjectId, filter: &str) -> Result<Vec<Queued>> {
    let sql =
        format!("SELECT {COLUMNS} FROM outbox WHERE project = ?1 AND {filter} ORDER BY place");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([project.0.as_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn find(tx: &Connection, project: ProjectId, id: CommandId) -> Result<Queued> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE project = ?1 AND id = ?2");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query(params![project.0.as_bytes(), id.0.as_bytes()])?;
    match rows.next()? {
        Some(row) => read(row),
        None => Err(StoreError::Unknown("this change")),
    }
}

/// How far a project is inside a transaction.
pub(crate) fn mark(tx: &rusqlite::Transaction<'_>, project: ProjectId) -> Result<Mark> {
    Ok(Mark {
        seen: replica::head(tx, project)?.seen(),
        outbox: crate::changes::tick(tx, project, Area::Outbox)?,
    })
}

fn insert(tx: &Write<'_>, project: ProjectId, new: &NewCommand, now: Millis) -> Result<()> {
    let command = new.command();
    if command.project != project {
        return Err(StoreError::Unknown("the project of this change"));
    }
    let (text, signature) = match new {
        NewCommand::Signed(signed) => (signed.bytes().to_owned(), Some(signed.signature().0)),
        NewCommand::Unsigned(command) => {
            let bytes = to_canonical(command).map_err(domain::ledger::CommandError::from)?;
            (String::from_utf8_lossy(&bytes).into_owned(), None)
        }
    };
    let there: Option<String> = tx
        .prepare_cached("SELECT command FROM outbox WHERE id = ?1")?
        .query_row([command.id.0.as_bytes()], |row| row.get(0))
        .optional()?;
    match there {
        // Queuing the same again, after a failure that wasn't one, is once.
        Some(there) if there == text => return Ok(()),
        Some(_) => return Err(StoreError::OutboxMoved),
        None => {}
    }
    tx.prepare_cached(
        "INSERT INTO outbox (project, id, command, signature, state, created, changed)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5)",
    )?
    .execute(params![
        project.0.as_bytes(),
        command.id.0.as_bytes(),
        text,
        signature,
        now.0
    ])?;
    for digest in command.body.contents() {
        tx.prepare_cached("INSERT OR IGNORE INTO outbox_names (command, digest) VALUES (?1, ?2)")?
            .execute(params![command.id.0.as_bytes(), digest.0])?;
    }
    Ok(())
}

/// Whether there is anything that an entry could concern.
pub(crate) fn holds_any(tx: &Connection, project: ProjectId) -> Result<bool> {
    Ok(tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox WHERE project = ?1)")?
        .query_row([project.0.as_bytes()], |row| row.get(0))?)
}

/// The entry of a command has arrived: it leaves the outbox. Another command under the same id
/// is no longer sendable, and says so.
pub(crate) fn arrived(tx: &Write<'_>, entry: &Entry, now: Millis) -> Result<()> {
    let signed = entry.command();
    let id = signed.id();
    let project = signed.command().project;
    let there: Option<String> = tx
        .prepare_cached("SELECT command FROM outbox WHERE id = ?1 AND project = ?2")?
        .query_row(params![id.0.as_bytes(), project.0.as_bytes()], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(there) = there else {
        return Ok(());
    };
    if there == signed.bytes() {
        tx.execute("DELETE FROM outbox WHERE id = ?1", [id.0.as_bytes()])?;
    } else {
        let refusal = Refusal::new(
            RefusalCode::IdReused,
            "another change with the same id was accepted before; make this one again",
        );
        set_state(tx, id, OutboxState::Refused, Some(&refusal), None, now)?;
    }
    tx.changes(Some(project), Area::Outbox);
    Ok(())
}

/// After the registry's history was exchanged: what it had accepted waits again.
pub(crate) fn wait_again(tx: &Write<'_>, project: ProjectId, now: Millis) -> Result<()> {
    let changed = tx.execute(
        "UPDATE outbox SET state = 0, seq = NULL, changed = ?2 WHERE project = ?1 AND state = 3",
        params![project.0.as_bytes(), now.0],
    )?;
    if changed > 0 {
        tx.changes(Some(project), Area::Outbox);
    }
    Ok(())
}

fn set_state(
    tx: &Write<'_>,
    id: CommandId,
    state: OutboxState,
    refusal: Option<&Refusal>,
    seq: Option<u64>,
    now: Millis,
) -> Result<()> {
    let refusal = refusal.map(serde_json::to_string).transpose()?;
    tx.prepare_cached(
        "UPDATE outbox SET state = ?2, refusal = ?3, seq = ?4, changed = ?5 WHERE id = ?1",
    )?
    .execute(params![
        id.0.as_bytes(),
        state.code(),
        refusal,
        seq.map(number),
        now.0
    ])?;
    Ok(())
}

impl Store {
    /// Queues commands with their content, and settles their draft, in one transaction; returns
    /// when it is on disk.
    ///
    /// # Errors
    /// [`StoreError::Moved`] if the replica or the outbox moved since `on` was read: decide again.
    /// Or the file can't be written. Then nothing was queued.
    pub fn queue(
        &self,
        project: ProjectId,
        request: &QueueRequest<'_>,
        now: Millis,
    ) -> Result<Mark> {
        self.write(|tx| {
            let before = mark(tx, project)?;
            if request.on.is_some_and(|on| on != before) {
                return Err(StoreError::Moved { now: before.seen });
            }
            for new in &request.contents {
                content::put(tx, project, new, now)?;
            }
            for new in &request.commands {
                insert(tx, project, new, now)?;
            }
            if let Some(after) = &request.draft {
                drafts::after_saving(tx, after, now)?;
            }
            tx.changes(Some(project), Area::Outbox);
            Ok(())
        })?;
        self.mark(project)
    }

    /// How far the project is.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn mark(&self, project: ProjectId) -> Result<Mark> {
        self.read(|tx| mark(tx, project))
    }

    /// The commands that are not accepted yet, in order, refused ones too.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn outbox(&self, project: ProjectId) -> Result<Vec<Queued>> {
        self.read(|tx| all(tx, project))
    }

    /// One command of the outbox, whatever its state.
    ///
    /// # Errors
    /// It is not here, or the file can't be read.
    pub fn queued(&self, project: ProjectId, id: CommandId) -> Result<Queued> {
        self.read(|tx| find(tx, project, id))
    }

    /// The commands to send now, in order: waiting and signed. Those after a first unsigned one
    /// that may need it wait with it.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn to_send(&self, project: ProjectId, limit: usize) -> Result<Vec<SignedCommand>> {
        self.read(|tx| {
            let waiting = select(tx, project, "state = 0")?;
            Ok(waiting
                .into_iter()
                .map_while(|queued| queued.signed)
                .take(limit)
                .collect())
        })
    }

    /// The commands that wait for a key, in order.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn unsigned(&self, project: ProjectId) -> Result<Vec<Command>> {
        self.read(|tx| {
            let found = select(tx, project, "state <> 4 AND signature IS NULL")?;
            Ok(found.into_iter().map(|queued| queued.command).collect())
        })
    }

    /// Puts the signed form in the place of an unsigned command of the same id and body.
    ///
    /// # Errors
    /// [`StoreError::OutboxMoved`] if it was signed or settled meanwhile, or asks for something
    /// else; or the file can't be written.
    pub fn sign_queued(
        &self,
        project: ProjectId,
        signed: &SignedCommand,
        now: Millis,
    ) -> Result<()> {
        self.write(|tx| {
            let there = find(tx, project, signed.id())?;
            if there.signed.is_some() || there.command.body != signed.command().body {
                return Err(StoreError::OutboxMoved);
            }
            tx.execute(
                "UPDATE outbox SET command = ?2, signature = ?3, changed = ?4 WHERE id = ?1",
                params![
                    signed.id().0.as_bytes(),
                    signed.bytes(),
                    signed.signature().0,
                    now.0
                ],
            )?;
            tx.changes(Some(project), Area::Outbox);
            Ok(())
        })
    }

    /// Records what the registry said. Commands that are no longer waiting are passed over: their
    /// entry has arrived, or the person settled them meanwhile.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn answered(
        &self,
        project: ProjectId,
        answers: &[(CommandId, Answer)],
        now: Millis,
    ) -> Result<()> {
        self.write(|tx| {
            let mut any = false;
            for (id, answer) in answers {
                let waiting = match find(tx, project, *id) {
                    Ok(queued) => queued.state == OutboxState::Waiting,
                    Err(StoreError::Unknown(_)) => false,
                    Err(error) => return Err(error),
                };
                if !waiting {
                    continue;
                }
                any = true;
                match answer {
                    Answer::Accepted(seq) => {
                        set_state(tx, *id, OutboxState::Accepted, None, Some(*seq), now)?;
                    }
                    Answer::Refused(refusal) => {
                        set_state(tx, *id, OutboxState::Refused, Some(refusal), None, now)?;
                    }
                    Answer::NeedsAsking => {
                        set_state(tx, *id, OutboxState::NeedsAsking, None, None, now)?;
                    }
                }
            }
            if any {
                tx.changes(Some(project), Area::Outbox);
            }
            Ok(())
        })
    }

    /// Settles a command that was refused, needs asking, or still waits.
    ///
    /// # Errors
    /// [`StoreError::OutboxMoved`] if the registry accepted it meanwhile; or it is not here; or
    /// the file can't be written.
    pub fn settle(
        &self,
        project: ProjectId,
        id: CommandId,
        how: &Settle,
        now: Millis,
    ) -> Result<()> {
        self.write(|tx| {
            let there = find(tx, project, id)?;
            if there.state == OutboxState::Accepted {
                return Err(StoreError::OutboxMoved);
            }
            match how {
                Settle::Again => set_state(tx, id, OutboxState::Waiting, None, None, now)?,
                Settle::Drop => {
                    let refusal = there.refusal.as_ref();
                    set_state(tx, id, OutboxState::Dropped, refusal, None, now)?;
                }
                Settle::Instead(new) => {
                    let refusal = there.refusal.as_ref();
                    set_state(tx, id, OutboxState::Dropped, refusal, None, now)?;
                    insert(tx, project, new, now)?;
                }
            }
            tx.changes(Some(project), Area::Outbox);
            Ok(())
        })
    }

    /// Commands that their person dropped, in order. [`Settle::Again`] picks one up.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn dropped(&self, project: ProjectId) -> Result<Vec<Queued>> {
        self.read(|tx| select(tx, project, "state = 4"))
    }

    /// The content that the outbox needs, with the bytes: kept until it was accepted or swept
    /// after being dropped.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn outbox_contents(&self, project: ProjectId) -> Result<BTreeMap<Digest, Arc<[u8]>>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT DISTINCT c.digest, c.bytes FROM outbox o
                 JOIN outbox_names n ON n.command = o.id
                 JOIN content c ON c.digest = n.digest
                 WHERE o.project = ?1 AND o.state <> 4",
            )?;
            let mut rows = statement.query([project.0.as_bytes()])?;
            let mut found = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                found.insert(columns::digest(row, 0)?, Arc::from(bytes));
            }
            Ok(found)
        })
    }
}
