//! A zone's clock, as a table: from which moment on it is how far from UTC.

use super::LocalTime;
use crate::{Millis, limits};
use serde::{Deserialize, Serialize};

/// How far a zone is from UTC, from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// From when on.
    pub at: Millis,
    /// Seconds that its wall clock is ahead of UTC.
    pub seconds: i32,
}

/// The clock of one zone for some years.
///
/// Filled in by the device that sets a policy, see [`super::transitions`]; rules only read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The zone's IANA name.
    pub zone: String,
    /// The first moment that it speaks of.
    pub from: Millis,
    /// The first moment that it does not speak of any more.
    pub until: Millis,
    /// The offsets in order of time; the first is that at `from`.
    pub offsets: Vec<Offset>,
}

/// No zone is further from UTC than this.
const FURTHEST: i32 = 26 * 3600;

impl Calendar {
    /// Whether it speaks of a moment.
    #[must_use]
    pub fn covers(&self, moment: Millis) -> bool {
        self.from <= moment && moment < self.until
    }

    /// The day, counted from 1970-01-01, that the wall clock shows.
    #[must_use]
    pub fn local_day(&self, moment: Millis) -> i64 {
        let known = self.offsets.partition_point(|offset| offset.at <= moment);
        let offset = self.offsets.get(known.saturating_sub(1));
        (moment.0 + millis(offset.map_or(0, |o| o.seconds))).div_euclid(86_400_000)
    }

    /// The moments between two local times: from the first at which the wall clock shows `from`
    /// or has jumped past it, to when it shows `until` for good. None if that is no time at all.
    #[must_use]
    pub fn between(&self, from: LocalTime, until: LocalTime) -> Option<(Millis, Millis)> {
        let (start, end) = (self.first(from)?, self.last(until)?);
        (start < end).then_some((start, end))
    }

    // Stretches of one offset: when each begins (never, for the first) and ends.
    fn stretches(&self) -> impl DoubleEndedIterator<Item = (i64, i64, i64)> {
        let count = self.offsets.len();
        (0..count).map(move |place| {
            let begins = match place {
                0 => i64::MIN / 2,
                _ => self.offsets[place].at.0,
            };
            let ends = self
                .offsets
                .get(place + 1)
                .map_or(i64::MAX / 2, |next| next.at.0);
            (begins, ends, millis(self.offsets[place].seconds))
        })
    }

    fn first(&self, local: LocalTime) -> Option<Millis> {
        let local = local.millis();
        self.stretches()
            .find(|(_, ends, ahead)| ends + ahead > local)
            .map(|(begins, _, ahead)| Millis(begins.max(local - ahead)))
    }

    fn last(&self, local: LocalTime) -> Option<Millis> {
        let local = local.millis();
        self.stretches()
            .rfind(|(begins, _, ahead)| begins + ahead < local)
            .map(|(_, ends, ahead)| Millis(ends.min(local - ahead)))
    }

    /// What keeps this from being a calendar.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let zone = &self.zone;
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        if zone.is_empty() || zone.len() > 64 || !zone.chars().all(known) {
            return Some("a zone has a name like Europe/Berlin".to_owned());
        }
        if self.from >= self.until {
            return Some(format!("the calendar of {zone} ends before it begins"));
        }
        if self.offsets.is_empty() || self.offsets.len() > limits::OFFSETS {
            return Some(format!(
                "the calendar of {zone} has {} clock changes; it needs 1 to {}",
                self.offsets.len(),
                limits::OFFSETS
            ));
        }
        let ordered = self.offsets.is_sorted_by(|one, next| one.at < next.at);
        let first = self.offsets.first().is_some_and(|o| o.at <= self.from);
        let near = self.offsets.iter().all(|o| o.seconds.abs() <= FURTHEST);
        (!ordered || !first || !near)
            .then(|| format!("the clock changes in the calendar of {zone} make no sense"))
    }
}

fn millis(seconds: i32) -> i64 {
    i64::from(seconds) * 1_000
}
