//! The one place that asks a time zone database: when a policy is written, never when one is
//! decided on.

use super::{Calendar, Offset};
use crate::{Millis, limits};
use jiff::{Timestamp, tz::TimeZoneDatabase};

/// Why there is no calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// No such zone.
    #[error("there is no time zone named {0}; zones have names like Europe/Berlin")]
    Unknown(String),
    /// The time can't be reckoned with, or is too long.
    #[error("a calendar has at most {max} clock changes; choose fewer years", max = limits::OFFSETS)]
    TooLong,
}

/// The calendar of an IANA zone between two moments, from the database that is built in.
///
/// # Errors
/// The zone is not known, or the time is too long.
pub fn transitions(zone: &str, from: Millis, until: Millis) -> Result<Calendar, ZoneError> {
    let unknown = || ZoneError::Unknown(zone.to_owned());
    let found = TimeZoneDatabase::bundled()
        .get(zone)
        .map_err(|_| unknown())?;
    let name = found.iana_name().ok_or_else(unknown)?.to_owned();
    let moment = |at: Millis| Timestamp::from_millisecond(at.0).map_err(|_| ZoneError::TooLong);
    let (start, end) = (moment(from)?, moment(until)?);
    let mut offsets = vec![Offset {
        at: from,
        seconds: found.to_offset(start).seconds(),
    }];
    for change in found.following(start).take_while(|c| c.timestamp() < end) {
        let seconds = change.offset().seconds();
        if offsets.last().is_some_and(|last| last.seconds == seconds) {
            continue;
        }
        if offsets.len() == limits::OFFSETS {
            return Err(ZoneError::TooLong);
        }
        let at = Millis(change.timestamp().as_millisecond());
        offsets.push(Offset { at, seconds });
    }
    Ok(Calendar {
        zone: name,
        from,
        until,
        offsets,
    })
}
