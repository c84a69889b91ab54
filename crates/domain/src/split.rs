//! Splits: which version a caller's unit gets (rule 5 of the design).
//!
//! The traffic of a prompt is cut into 10,000 slots. A unit's slot is
//! `SHA-256(salt "\n" unit)`, its first eight bytes as a big-endian number, modulo 10,000; the
//! salt is the id of a release, written with hyphens. Which slots a version has is recorded in
//! the release, so reading it is a look-up and nothing else.
//!
//! Slots are recorded rather than recomputed from the weights, because for three or more sides no
//! function of weights alone moves as few units as possible. [`assign`] takes slots only from
//! sides that shrink and gives them only to sides that grow: growing a side never takes a unit
//! from it, and the units that move are exactly the change of weight.

use crate::ledger::Side;
use crate::{ReleaseId, VersionId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// How many slots there are: a weight is in hundredths of a percent.
pub const SLOTS: u32 = 10_000;

/// A run of slots that one version has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Run {
    /// The first slot.
    pub from: u32,
    /// One past the last.
    pub to: u32,
    /// Who has them.
    pub version: VersionId,
}

/// The slot of a unit under a salt.
#[must_use]
pub fn slot(salt: ReleaseId, unit: &str) -> u32 {
    let hash = Sha256::digest(format!("{salt}\n{unit}").as_bytes());
    let first = hash
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    u32::try_from(first % u64::from(SLOTS)).unwrap_or(0)
}

/// Who has a slot.
#[must_use]
pub fn version_at(runs: &[Run], slot: u32) -> Option<VersionId> {
    runs.iter()
        .find(|run| (run.from..run.to).contains(&slot))
        .map(|run| run.version)
}

/// The version that a unit gets.
#[must_use]
pub fn choose(runs: &[Run], salt: ReleaseId, unit: &str) -> Option<VersionId> {
    match runs {
        [only] => Some(only.version),
        _ => version_at(runs, slot(salt, unit)),
    }
}

/// Gives every side its slots, moving as few as possible from `before`.
///
/// `sides` sum to [`SLOTS`]; the rules see to that.
#[must_use]
pub fn assign(before: &[Run], sides: &[Side]) -> Vec<Run> {
    // Nearly every release serves one version, or stops: no slot has to be looked at.
    match sides {
        [] => return Vec::new(),
        [Side { version, .. }] => {
            return vec![Run {
                from: 0,
                to: SLOTS,
                version: *version,
            }];
        }
        _ => {}
    }
    let mut need: Vec<(VersionId, u32)> = sides.iter().map(|s| (s.version, s.weight)).collect();
    let mut owners: Vec<Option<VersionId>> =
        (0..SLOTS).map(|slot| version_at(before, slot)).collect();
    // A side keeps its first slots; what exceeds its weight becomes free.
    for owner in &mut owners {
        let Some(version) = *owner else { continue };
        match need.iter_mut().find(|(v, left)| *v == version && *left > 0) {
            Some((_, left)) => *left -= 1,
            None => *owner = None,
        }
    }
    let mut waiting = need.into_iter().filter(|(_, left)| *left > 0);
    let mut next = waiting.next();
    for owner in owners.iter_mut().filter(|owner| owner.is_none()) {
        let Some((version, left)) = &mut next else {
            break;
        };
        *owner = Some(*version);
        *left -= 1;
        if *left == 0 {
            next = waiting.next();
        }
    }
    let mut runs: Vec<Run> = Vec::new();
    for (place, owner) in (0..SLOTS).zip(owners) {
        let Some(version) = owner else { continue };
        match runs.last_mut() {
            Some(run) if run.version == version && run.to == place => run.to = place + 1,
            _ => runs.push(Run {
                from: place,
                to: place + 1,
                version,
            }),
        }
    }
    runs
}

/// Who would move if other sides were served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shift {
    /// These slots move from one version to another; all others stay with theirs.
    Moves(Vec<Move>),
    /// The versions are others, so that the traffic is dealt out anew.
    Anew,
}

/// Slots that go from one version to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Who has them now.
    pub from: VersionId,
    /// Who would.
    pub to: VersionId,
    /// How many: hundredths of a percent.
    pub slots: u32,
}

/// Who would move from what is served now, `before` with its `slots`, to `sides`.
#[must_use]
pub fn shift(before: &[Side], slots: &[Run], sides: &[Side]) -> Shift {
    let versions = |sides: &[Side]| sides.iter().map(|s| s.version).collect::<BTreeSet<_>>();
    let same = versions(before) == versions(sides);
    // Where one version has everything it does not matter how slots are dealt out.
    if !same && before.len() > 1 && sides.len() > 1 {
        return Shift::Anew;
    }
    let after = assign(if same { slots } else { &[] }, sides);
    let mut moves: Vec<Move> = Vec::new();
    for slot in 0..SLOTS {
        let (Some(from), Some(to)) = (version_at(slots, slot), version_at(&after, slot)) else {
            continue;
        };
        if from == to {
            continue;
        }
        match moves.iter_mut().find(|m| m.from == from && m.to == to) {
            Some(found) => found.slots += 1,
            None => moves.push(Move { from, to, slots: 1 }),
        }
    }
    Shift::Moves(moves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn version(n: u128) -> VersionId {
        VersionId(Uuid::from_u128(n))
    }

    fn sides(weights: &[u32]) -> Vec<Side> {
        (1..)
            .zip(weights)
            .filter(|(_, w)| **w > 0)
            .map(|(n, weight)| Side {
                version: version(n),
                weight: *weight,
            })
            .collect()
    }

    fn count(runs: &[Run], of: VersionId) -> u32 {
        runs.iter()
            .filter(|r| r.version == of)
            .map(|r| r.to - r.from)
            .sum()
    }

    fn weights() -> impl Strategy<Value = Vec<u32>> {
        (0..=SLOTS, 0..=SLOTS).prop_map(|(a, b)| {
            let (low, high) = (a.min(b), a.max(b));
            vec![low, high - low, SLOTS - high]
        })
    }

    proptest! {
        #[test]
        fn moves_exactly_the_change_of_weight(first in weights(), second in weights()) {
            let before = assign(&[], &sides(&first));
            let after = assign(&before, &sides(&second));
            let mut moved = 0;
            for slot in 0..SLOTS {
                let (was, is) = (version_at(&before, slot), version_at(&after, slot));
                if was != is {
                    moved += 1;
                    let place = (1..=3).position(|n| Some(version(n)) == was).unwrap();
                    prop_assert!(second[place] < first[place], "only a side that shrinks loses slots");
                }
            }
            let growth: u32 = first.iter().zip(&second).map(|(a, b)| b.saturating_sub(*a)).sum();
            prop_assert_eq!(moved, growth);
            for (n, weight) in (1..).zip(&second) {
                prop_assert_eq!(count(&after, version(n)), *weight);
            }
        }
    }

    #[test]
    fn who_would_move() {
        let [all_one, split, more] = [&[SLOTS][..], &[9_000, 1_000], &[7_500, 2_500]].map(sides);
        let other = vec![
            Side {
                version: version(1),
                weight: 5_000,
            },
            Side {
                version: version(3),
                weight: 5_000,
            },
        ];
        let moved = |from, to, slots| {
            let (from, to) = (version(from), version(to));
            Shift::Moves(vec![Move { from, to, slots }])
        };
        for (before, after, expected) in [
            (&all_one, &split, moved(1, 2, 1_000)),
            (&split, &more, moved(1, 2, 1_500)),
            (&more, &split, moved(2, 1, 1_500)),
            (&split, &all_one, moved(2, 1, 1_000)),
            (&split, &split, Shift::Moves(vec![])),
            (&split, &other, Shift::Anew),
            (&vec![], &split, Shift::Moves(vec![])),
        ] {
            let found = shift(before, &assign(&[], before), after);
            assert_eq!(found, expected, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn one_version_has_every_slot_whatever_was_there() {
        let mixed = assign(&[], &sides(&[2_500, 5_000, 2_500]));
        for before in [&[][..], &mixed] {
            let all = [Run {
                from: 0,
                to: SLOTS,
                version: version(2),
            }];
            assert_eq!(assign(before, &sides(&[0, SLOTS])), all);
            assert_eq!(assign(before, &[]), []);
        }
    }

    #[test]
    fn a_unit_stays_where_it_is() {
        let salt = ReleaseId(Uuid::from_u128(7));
        // Worked out with `printf '00000000-0000-0000-0000-000000000007\ncustomer-1' | sha256sum`.
        assert_eq!(slot(salt, "customer-1"), {
            let hash = Sha256::digest(b"00000000-0000-0000-0000-000000000007\ncustomer-1");
            let mut first = [0; 8];
            first.copy_from_slice(&hash[..8]);
            u32::try_from(u64::from_be_bytes(first) % 10_000).unwrap()
        });
        let runs = assign(&[], &sides(&[9_000, 1_000]));
        assert_eq!(
            choose(&runs, salt, "customer-1"),
            choose(&runs, salt, "customer-1")
        );
        assert_eq!(choose(&runs[..1], salt, "anyone"), Some(version(1)));
    }
}
