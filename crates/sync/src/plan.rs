//! What two heads mean: pure, so that the whole of it is one table.
//!
//! [`plan`] compares the end of the replica here with the end of the registry's ledger and says
//! what to do. It never plans to overwrite: where the two disagree it says how, and stops.

use domain::Digest;
use protocol::ledger::LedgerHead;
use serde::{Deserialize, Serialize};

/// What to do about a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: both end in the same entry.
    InStep,
    /// Fetch what comes after this entry.
    Pull {
        /// The last entry here.
        after: u64,
    },
    /// Stop, keep everything and tell the person.
    Stop(Disagreement),
}

/// How a registry's ledger and the replica here can't both be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Disagreement {
    /// The registry ends earlier, in an entry that we have: it was restored from an older backup.
    /// Nothing is lost while one computer has the rest.
    Behind {
        /// The last entry here.
        ours: u64,
        /// The last entry there.
        theirs: u64,
    },
    /// An admin began a new epoch after a restore, and its history differs from ours.
    Restored {
        /// The registry's epoch.
        epoch: u32,
        /// The last entry here.
        ours: u64,
        /// The last entry there.
        theirs: u64,
    },
    /// The registry has other entries where we have ours, and no new epoch explains it.
    OtherHistory {
        /// The last entry here.
        ours: u64,
        /// The last entry there.
        theirs: u64,
    },
    /// The registry states an older epoch than the entries that it shows: its head can't be true.
    FalseHead {
        /// The epoch here.
        ours: u32,
        /// The epoch that it states.
        theirs: u32,
    },
}

impl Disagreement {
    /// What happened and what to do, for the person.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Behind { ours, theirs } => format!(
                "The registry was restored from an older backup: it ends at entry {theirs}, and this \
                 computer has {ours}. Nothing here was changed, and nothing is sent until an admin \
                 has given the missing entries back."
            ),
            Self::Restored { epoch, theirs, .. } => format!(
                "The registry was restored from a backup and goes on from it (epoch {epoch}, entry \
                 {theirs}). This computer has entries that it no longer has. Nothing here was \
                 changed; ask an admin before you go on."
            ),
            Self::OtherHistory { ours, theirs } => format!(
                "The registry shows another history than it showed before (it ends at entry {theirs}, \
                 this computer at {ours}). Nothing here was changed, and nothing is sent. Ask whoever \
                 runs the registry whether it was restored from a backup."
            ),
            Self::FalseHead { ours, theirs } => format!(
                "The registry says that it is in epoch {theirs}, and its own entries say {ours}. \
                 Nothing was taken from it."
            ),
        }
    }
}

/// Compares the end of the replica here with the end of the registry's ledger.
///
/// `same` says whether both have the same entry at the number of the shorter one: the registry's
/// first new entry links to our head, or its head is one of our entries. With an empty side there
/// is nothing to compare, and it is true.
#[must_use]
pub fn plan(ours: &LedgerHead, theirs: &LedgerHead, same: bool) -> Plan {
    let other = || {
        if theirs.epoch > ours.epoch {
            Plan::Stop(Disagreement::Restored {
                epoch: theirs.epoch,
                ours: ours.seq,
                theirs: theirs.seq,
            })
        } else {
            Plan::Stop(Disagreement::OtherHistory {
                ours: ours.seq,
                theirs: theirs.seq,
            })
        }
    };
    if !same {
        return other();
    }
    match theirs.seq.cmp(&ours.seq) {
        std::cmp::Ordering::Less => Plan::Stop(Disagreement::Behind {
            ours: ours.seq,
            theirs: theirs.seq,
        }),
        _ if theirs.epoch < ours.epoch => Plan::Stop(Disagreement::FalseHead {
            ours: ours.epoch,
            theirs: theirs.epoch,
        }),
        std::cmp::Ordering::Equal if theirs.digest != ours.digest => other(),
        std::cmp::Ordering::Equal if theirs.epoch != ours.epoch => {
            Plan::Stop(Disagreement::FalseHead {
                ours: ours.epoch,
                theirs: theirs.epoch,
            })
        }
        std::cmp::Ordering::Equal => Plan::InStep,
        std::cmp::Ordering::Greater => Plan::Pull { after: ours.seq },
    }
}

/// The head of a ledger without entries.
#[must_use]
pub fn nothing() -> LedgerHead {
    LedgerHead {
        epoch: 0,
        seq: 0,
        digest: Digest::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Disagreement::{Behind, FalseHead, OtherHistory, Restored};

    fn head(epoch: u32, seq: u64, digest: u8) -> LedgerHead {
        let digest = Digest([digest; 32]);
        LedgerHead { epoch, seq, digest }
    }

    #[test]
    fn every_pair_of_heads_has_one_answer() {
        let stop = Plan::Stop;
        let table = [
            ("both empty", nothing(), nothing(), true, Plan::InStep),
            (
                "a first pull",
                nothing(),
                head(0, 9, 9),
                true,
                Plan::Pull { after: 0 },
            ),
            ("the same", head(0, 9, 9), head(0, 9, 9), true, Plan::InStep),
            (
                "more there",
                head(0, 9, 9),
                head(0, 12, 1),
                true,
                Plan::Pull { after: 9 },
            ),
            (
                "more there, with an epoch",
                head(0, 9, 9),
                head(1, 12, 1),
                true,
                Plan::Pull { after: 9 },
            ),
            (
                "less there",
                head(0, 9, 9),
                head(0, 4, 4),
                true,
                stop(Behind { ours: 9, theirs: 4 }),
            ),
            (
                "nothing there any more",
                head(0, 9, 9),
                nothing(),
                true,
                stop(Behind { ours: 9, theirs: 0 }),
            ),
            (
                "less there, older epoch",
                head(2, 9, 9),
                head(1, 4, 4),
                true,
                stop(Behind { ours: 9, theirs: 4 }),
            ),
            (
                "the same number, another entry",
                head(0, 9, 9),
                head(0, 9, 1),
                true,
                stop(OtherHistory { ours: 9, theirs: 9 }),
            ),
            (
                "the same number, another epoch's entry",
                head(0, 9, 9),
                head(1, 9, 1),
                true,
                stop(Restored {
                    epoch: 1,
                    ours: 9,
                    theirs: 9,
                }),
            ),
            (
                "more there that does not link",
                head(0, 9, 9),
                head(0, 12, 1),
                false,
                stop(OtherHistory {
                    ours: 9,
                    theirs: 12,
                }),
            ),
            (
                "restored and gone on",
                head(0, 9, 9),
                head(1, 12, 1),
                false,
                stop(Restored {
                    epoch: 1,
                    ours: 9,
                    theirs: 12,
                }),
            ),
            (
                "restored, gone on, still shorter",
                head(0, 9, 9),
                head(1, 5, 1),
                false,
                stop(Restored {
                    epoch: 1,
                    ours: 9,
                    theirs: 5,
                }),
            ),
            (
                "shorter and other",
                head(1, 9, 9),
                head(1, 5, 1),
                false,
                stop(OtherHistory { ours: 9, theirs: 5 }),
            ),
            (
                "the same entry under another epoch",
                head(0, 9, 9),
                head(1, 9, 9),
                true,
                stop(FalseHead { ours: 0, theirs: 1 }),
            ),
            (
                "longer, but an older epoch",
                head(2, 9, 9),
                head(1, 12, 1),
                true,
                stop(FalseHead { ours: 2, theirs: 1 }),
            ),
        ];
        for (what, ours, theirs, same, expected) in table {
            assert_eq!(plan(&ours, &theirs, same), expected, "{what}");
        }
    }

    #[test]
    fn words_name_both_ends() {
        let words = Behind {
            ours: 90,
            theirs: 41,
        }
        .words();
        assert!(
            words.contains("entry 41") && words.contains("has 90"),
            "{words}"
        );
    }
}
