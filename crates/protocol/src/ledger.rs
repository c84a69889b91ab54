//! Reading and giving ledgers and content.

use domain::ledger::Seen;
use domain::permissions::Role;
use domain::{Digest, PersonId, ProjectId};
use serde::{Deserialize, Serialize};

/// The media type of a ledger: one entry a line, each line the bytes that are hashed.
pub const LEDGER_TYPE: &str = "application/x-ndjson";
/// Response header of `GET …/ledger`: the registry's head as `epoch:seq:digest`.
pub const HEAD_HEADER: &str = "galley-head";
/// The bytes of entries after which a `GET …/ledger` answer ends; the reader asks on from there.
pub const LEDGER_PAGE_BYTES: usize = 16 << 20;
/// Digests at most in one [`ContentRequest`].
pub const MAX_CONTENTS: usize = 1_000;
/// The bytes of content after which a `POST …/content` answer ends; what is left out is asked for again.
pub const CONTENTS_PAGE_BYTES: usize = 16 << 20;

/// The end of a ledger, with the epoch: what clients compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerHead {
    /// How often the registry was restored from an older backup.
    pub epoch: u32,
    /// Entries.
    pub seq: u64,
    /// The digest of the last.
    pub digest: Digest,
}

impl std::fmt::Display for LedgerHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.epoch, self.seq, self.digest)
    }
}

impl std::str::FromStr for LedgerHead {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = "a head is epoch:seq:digest";
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().ok_or(bad);
        Ok(Self {
            epoch: next()?.parse().map_err(|_| bad)?,
            seq: next()?.parse().map_err(|_| bad)?,
            digest: next()?.parse().map_err(|_| bad)?,
        })
    }
}

/// The data of a `change` event on `GET …/changes`; the event's id is `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The new head.
    #[serde(flatten)]
    pub head: LedgerHead,
}

/// The body of `POST …/content`: which contents are wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContentRequest {
    /// At most [`MAX_CONTENTS`].
    pub digests: Vec<Digest>,
}

/// One line of the answer to `POST …/content` (`application/x-ndjson`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContentLine {
    /// Which content.
    pub digest: Digest,
    /// What there is of it.
    #[serde(flatten)]
    pub found: FoundContent,
}

/// What a registry has of a content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum FoundContent {
    /// Its bytes; content is JSON, so they are text.
    Here {
        /// The bytes.
        content: String,
    },
    /// It was redacted.
    Redacted,
    /// It isn't there, or not this project's.
    Missing,
}

/// `GET /v1/me`: who the bearer is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "bearer", rename_all = "snake_case")]
pub enum Me {
    /// A personal token.
    Person {
        /// The project that it opens.
        project: ProjectId,
        /// Its name.
        project_name: String,
        /// Whose it is.
        person: PersonId,
        /// What they are called.
        name: String,
        /// What they may do.
        role: Role,
        /// The registry's head.
        head: LedgerHead,
    },
    /// An invitation into a project.
    Invitation {
        /// The project.
        project: ProjectId,
        /// Its name.
        project_name: String,
        /// What the person will be.
        role: Role,
        /// For whom it was made.
        name: String,
        /// The registry's head.
        head: LedgerHead,
    },
    /// The one-time invitation with which a laptop makes a project, or brings one along.
    Founding,
    /// An environment key.
    Environment {
        /// The project.
        project: ProjectId,
        /// The environment's name.
        environment: String,
    },
}

/// `POST …/ledger`: entries and content that extend the registry's head exactly (rule 12).
///
/// The body is `application/x-ndjson`: content lines as [`ContentLine`] (`found: here`), then
/// entry lines in order. It may be sent in several requests, each extending the head; the first
/// line says from where.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GiveHeader {
    /// The head that the entries extend; zeros for a project that the registry does not have.
    pub extends: Seen,
}

/// The answer to `POST …/ledger`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Given {
    /// The registry's head now.
    pub head: LedgerHead,
}
