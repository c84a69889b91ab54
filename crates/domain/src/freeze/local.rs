//! Times as a wall clock shows them, without a zone.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A date and time to the minute: `2026-12-24T18:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// Minutes since 1970-01-01T00:00 of the same wall clock.
    minutes: i64,
}

/// A time of day to the minute: `18:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    minutes: u16,
}

/// A day of the week.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days of the week")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A time in every week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(deny_unknown_fields)]
pub struct WeekTime {
    /// The day.
    pub day: Weekday,
    /// The time on it.
    pub time: ClockTime,
}

/// A text that is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written like 18:00, a date and time like 2026-12-24T18:00")]
pub struct NotATime;

const DAY: i64 = 1_440;
const WEEK: i64 = 7 * DAY;

impl LocalTime {
    /// A time on a day counted from 1970-01-01.
    #[must_use]
    pub fn at(day: i64, time: ClockTime) -> Self {
        Self {
            minutes: day * DAY + i64::from(time.minutes),
        }
    }

    /// So many minutes later on the wall clock.
    #[must_use]
    pub fn plus_minutes(self, minutes: i64) -> Self {
        Self {
            minutes: self.minutes + minutes,
        }
    }

    /// Milliseconds since 1970-01-01T00:00 of the same wall clock.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.minutes * 60_000
    }
}

impl Weekday {
    /// The weekday of a day counted from 1970-01-01, a Thursday.
    #[must_use]
    pub fn of_day(day: i64) -> Self {
        match (day + 3).rem_euclid(7) {
            0 => Self::Monday,
            1 => Self::Tuesday,
            2 => Self::Wednesday,
            3 => Self::Thursday,
            4 => Self::Friday,
            5 => Self::Saturday,
            _ => Self::Sunday,
        }
    }

    fn place(self) -> i64 {
        match self {
            Self::Monday => 0,
            Self::Tuesday => 1,
            Self::Wednesday => 2,
            Self::Thursday => 3,
            Self::Friday => 4,
            Self::Saturday => 5,
            Self::Sunday => 6,
        }
    }
}

impl WeekTime {
    /// Minutes from this to the next time that it is `until`.
    #[must_use]
    pub fn minutes_until(self, until: Self) -> i64 {
        let place = |at: Self| at.day.place() * DAY + i64::from(at.time.minutes);
        (place(until) - place(self)).rem_euclid(WEEK)
    }
}

impl FromStr for ClockTime {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let (hour, minute) = text.split_once(':').ok_or(NotATime)?;
        let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
        if hour > 23 || minute > 59 {
            return Err(NotATime);
        }
        let minutes = u16::try_from(hour * 60 + minute).map_err(|_| NotATime)?;
        Ok(Self { minutes })
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

impl FromStr for LocalTime {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let (date, time) = text.split_once('T').ok_or(NotATime)?;
        let mut parts = date.split('-');
        let mut next = |digits| parts.next().ok_or(NotATime).and_then(|t| number(t, digits));
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        let found = days(year, month, day);
        // A day that no month has would be another day's.
        if parts.next().is_some() || civil(found) != (year, month, day) {
            return Err(NotATime);
        }
        Ok(Self::at(found, time.parse()?))
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.minutes.div_euclid(DAY));
        let minute = self.minutes.rem_euclid(DAY);
        let (hour, minute) = (minute / 60, minute % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}")
    }
}

fn number(text: &str, digits: usize) -> Result<i64, NotATime> {
    if text.len() != digits || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotATime);
    }
    text.parse().map_err(|_| NotATime)
}

// Howard Hinnant's days_from_civil and civil_from_days, for the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
        impl specta::Type for $name {
            fn definition(types: &mut specta::Types) -> specta::datatype::DataType {
                <String as specta::Type>::definition(types)
            }
        }
    )*};
}

as_text! { LocalTime ClockTime }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written_alike() {
        for text in ["1970-01-01T00:00", "2000-02-29T23:59", "2026-12-24T18:00"] {
            let time: LocalTime = text.parse().expect(text);
            assert_eq!(time.to_string(), text);
        }
        for text in [
            "2026-02-29T00:00",
            "2026-13-01T00:00",
            "2026-12-24T24:00",
            "2026-12-24",
            "26-12-24T10:00",
            "2026-12-24T1:00",
            "2026-12-24T10:00Z",
        ] {
            assert_eq!(text.parse::<LocalTime>(), Err(NotATime), "{text}");
        }
        assert_eq!(Weekday::of_day(0), Weekday::Thursday);
        let mut last = None;
        for day in -800_000..800_000 {
            let date = civil(day);
            assert_eq!(days(date.0, date.1, date.2), day);
            assert!(last < Some(date));
            last = Some(date);
        }
    }
}
