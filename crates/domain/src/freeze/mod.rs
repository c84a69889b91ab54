//! Freeze windows: times at which an environment takes no release.
//!
//! A window is written as people say it, in the local time of a zone: once, from a date and time
//! until another, or every week. Which moments those are is decided with a [`Calendar`] that the
//! policy carries, never with a time zone database: a decision of today must be the same for
//! whoever checks it in ten years, whatever countries do to their clocks meanwhile.
//!
//! A window begins at the first moment at which the wall clock shows its start, or has jumped past
//! it, and lasts until the wall clock shows its end for good. So a window does not open for an hour
//! when the clock is put back, and one that lies wholly in the hour that a clock skips is no time
//! at all.

mod calendar;
mod local;
mod zone;

pub use calendar::{Calendar, Offset};
pub use local::{ClockTime, LocalTime, NotATime, WeekTime, Weekday};
pub use zone::{ZoneError, transitions};

use crate::Millis;
use serde::{Deserialize, Serialize};

/// A time at which an environment takes no release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// What it is called: "Christmas", "weekends".
    pub name: String,
    /// The IANA zone whose wall clock is meant; the policy carries its calendar.
    pub zone: String,
    /// When.
    pub window: Window,
}

/// When a freeze is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Window {
    /// Once.
    Once {
        /// The first minute.
        from: LocalTime,
        /// The first minute after it.
        until: LocalTime,
    },
    /// Every week.
    Weekly {
        /// The first minute.
        from: WeekTime,
        /// The first minute after it.
        until: WeekTime,
    },
}

/// What the freezes of a policy say of a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Releases may go.
    Open,
    /// None may, until then.
    Frozen {
        /// The freeze's name.
        name: String,
        /// The first moment at which none of the freezes holds.
        until: Millis,
    },
    /// Nobody can say: the calendar of a zone does not reach this moment.
    NoCalendar {
        /// The zone.
        zone: String,
        /// Where its calendar ends.
        until: Millis,
    },
}

/// How far one freeze is followed into the next, so that "until" is when it is really over.
const CHAIN: usize = 64;

/// What the freezes say of this moment.
#[must_use]
pub fn judge(freezes: &[Freeze], calendars: &[Calendar], now: Millis) -> Verdict {
    let mut found: Option<(String, Millis)> = None;
    for freeze in freezes {
        let calendar = calendars.iter().find(|c| c.zone == freeze.zone);
        let weekly = matches!(freeze.window, Window::Weekly { .. });
        let Some(calendar) = calendar.filter(|c| !weekly || c.covers(now)) else {
            return Verdict::NoCalendar {
                zone: freeze.zone.clone(),
                until: calendar.map_or(Millis(0), |c| c.until),
            };
        };
        if let Some(end) = freeze.window.end_around(calendar, now)
            && found.as_ref().is_none_or(|(_, until)| end > *until)
        {
            found = Some((freeze.name.clone(), end));
        }
    }
    let Some((name, mut until)) = found else {
        return Verdict::Open;
    };
    for _ in 0..CHAIN {
        let next = freezes.iter().filter_map(|freeze| {
            let calendar = calendars.iter().find(|c| c.zone == freeze.zone)?;
            freeze.window.end_around(calendar, until)
        });
        match next.max() {
            Some(later) => until = later,
            None => break,
        }
    }
    Verdict::Frozen { name, until }
}

impl Window {
    /// When the window that holds this moment ends; none if none holds it.
    #[must_use]
    pub fn end_around(&self, calendar: &Calendar, now: Millis) -> Option<Millis> {
        match self {
            Self::Once { from, until } => calendar
                .between(*from, *until)
                .filter(|(start, end)| *start <= now && now < *end)
                .map(|(_, end)| end),
            Self::Weekly { from, until } => {
                let today = calendar.local_day(now);
                let length = from.minutes_until(*until);
                // A window is shorter than a week; a day more on each side for the clock's jumps.
                (today - 8..=today + 1)
                    .filter(|day| Weekday::of_day(*day) == from.day)
                    .filter_map(|day| {
                        let start = LocalTime::at(day, from.time);
                        calendar.between(start, start.plus_minutes(length))
                    })
                    .filter(|(start, end)| *start <= now && now < *end)
                    .map(|(_, end)| end)
                    .max()
            }
        }
    }

    /// What keeps this from being a window.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Once { from, until } if until <= from => Some("it ends before it begins"),
            Self::Weekly { from, until } if from == until => {
                Some("it begins and ends at the same minute of the week")
            }
            _ => None,
        }
    }
}
