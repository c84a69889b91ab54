//! Freeze windows: what the wall clock says, over both of its changes, without a database.

use domain::Millis;
use domain::freeze::{
    self, Calendar, ClockTime, Freeze, Verdict, WeekTime, Weekday, Window, ZoneError,
};
use domain::limits;

/// A moment in UTC, as RFC 3339 writes it.
fn at(text: &str) -> Millis {
    let moment: jiff::Timestamp = text.parse().expect(text);
    Millis(moment.as_millisecond())
}

fn calendar(zone: &str) -> Calendar {
    freeze::transitions(zone, at("2026-01-01T00:00:00Z"), at("2031-01-01T00:00:00Z"))
        .expect("a zone")
}

fn once(zone: &str, from: &str, until: &str) -> Freeze {
    let window = Window::Once {
        from: from.parse().expect(from),
        until: until.parse().expect(until),
    };
    freeze(zone, window)
}

fn weekly(zone: &str, from: (Weekday, &str), until: (Weekday, &str)) -> Freeze {
    let time = |(day, time): (Weekday, &str)| WeekTime {
        day,
        time: time.parse::<ClockTime>().expect(time),
    };
    freeze(
        zone,
        Window::Weekly {
            from: time(from),
            until: time(until),
        },
    )
}

fn freeze(zone: &str, window: Window) -> Freeze {
    Freeze {
        name: "quiet".to_owned(),
        zone: zone.to_owned(),
        window,
    }
}

fn frozen(freezes: &[Freeze], moment: &str) -> Option<Millis> {
    let mut zones: Vec<_> = freezes.iter().map(|f| f.zone.as_str()).collect();
    zones.dedup();
    let calendars: Vec<_> = zones.into_iter().map(calendar).collect();
    match freeze::judge(freezes, &calendars, at(moment)) {
        Verdict::Open => None,
        Verdict::Frozen { until, .. } => Some(until),
        Verdict::NoCalendar { zone, .. } => panic!("no calendar of {zone}"),
    }
}

#[test]
fn a_calendar_holds_the_clock_changes_of_its_years() {
    let berlin = calendar("Europe/Berlin");
    assert_eq!(berlin.offsets.len(), 11, "winter, and ten changes");
    assert_eq!(berlin.offsets[0].seconds, 3_600);
    assert_eq!(berlin.offsets[1].at, at("2026-03-29T01:00:00Z"));
    assert_eq!(berlin.offsets[1].seconds, 7_200);
    assert_eq!(berlin.problem(), None);
    assert_eq!(calendar("UTC").offsets.len(), 1);
    assert_eq!(calendar("Asia/Kolkata").offsets[0].seconds, 19_800);
    assert_eq!(calendar("europe/berlin").zone, "Europe/Berlin");
    let nowhere = freeze::transitions("Europe/Atlantis", Millis(0), Millis(1));
    assert_eq!(
        nowhere,
        Err(ZoneError::Unknown("Europe/Atlantis".to_owned()))
    );
    let ages = freeze::transitions("Europe/Berlin", Millis(0), at("2400-01-01T00:00:00Z"));
    assert_eq!(ages, Err(ZoneError::TooLong));
    // As far as the limit goes, it is one a policy can carry.
    let long = freeze::transitions(
        "Europe/Berlin",
        at("2026-01-01T00:00:00Z"),
        at("2200-01-01T00:00:00Z"),
    )
    .expect("it fits");
    assert!(long.offsets.len() <= limits::OFFSETS && long.problem().is_none());
}

#[test]
fn a_window_is_what_the_wall_clock_shows() {
    let christmas = [once(
        "Europe/Berlin",
        "2026-12-24T12:00",
        "2027-01-02T08:00",
    )];
    let end = at("2027-01-02T07:00:00Z");
    let rows = [
        ("2026-12-24T10:59:59.999Z", None),
        ("2026-12-24T11:00:00Z", Some(end)),
        ("2027-01-02T06:59:59.999Z", Some(end)),
        ("2027-01-02T07:00:00Z", None),
    ];
    for (moment, until) in rows {
        assert_eq!(frozen(&christmas, moment), until, "{moment}");
    }
    // Friday evening until Monday morning, in summer and in winter.
    let weekend = [weekly(
        "Europe/Berlin",
        (Weekday::Friday, "16:00"),
        (Weekday::Monday, "08:00"),
    )];
    let rows = [
        ("2026-07-03T13:59:59Z", None),
        ("2026-07-03T14:00:00Z", Some(at("2026-07-06T06:00:00Z"))),
        ("2026-07-05T12:00:00Z", Some(at("2026-07-06T06:00:00Z"))),
        ("2026-07-06T06:00:00Z", None),
        ("2026-12-04T14:59:59Z", None),
        ("2026-12-04T15:00:00Z", Some(at("2026-12-07T07:00:00Z"))),
        // Over the night in which the clock changes, both ways.
        ("2026-03-29T12:00:00Z", Some(at("2026-03-30T06:00:00Z"))),
        ("2026-10-25T12:00:00Z", Some(at("2026-10-26T07:00:00Z"))),
    ];
    for (moment, until) in rows {
        assert_eq!(frozen(&weekend, moment), until, "{moment}");
    }
}

#[test]
fn a_local_time_that_does_not_exist() {
    // On 29 March 2026 Berlin's clock jumps at 01:00Z from 02:00 to 03:00.
    let jump = "2026-03-29T01:00:00Z";
    let begins = [once(
        "Europe/Berlin",
        "2026-03-29T02:30",
        "2026-03-29T04:00",
    )];
    assert_eq!(frozen(&begins, "2026-03-29T00:59:59.999Z"), None);
    assert_eq!(frozen(&begins, jump), Some(at("2026-03-29T02:00:00Z")));
    assert_eq!(frozen(&begins, "2026-03-29T02:00:00Z"), None);
    let ends = [once(
        "Europe/Berlin",
        "2026-03-29T01:30",
        "2026-03-29T02:30",
    )];
    assert_eq!(frozen(&ends, "2026-03-29T00:29:59Z"), None);
    assert_eq!(frozen(&ends, "2026-03-29T00:30:00Z"), Some(at(jump)));
    assert_eq!(frozen(&ends, jump), None);
    // Wholly in the hour that is skipped: no time at all.
    let inside = [once(
        "Europe/Berlin",
        "2026-03-29T02:15",
        "2026-03-29T02:45",
    )];
    for moment in ["2026-03-29T00:59:59.999Z", jump, "2026-03-29T01:20:00Z"] {
        assert_eq!(frozen(&inside, moment), None, "{moment}");
    }
    // The same every week, in the week in which it falls out and in the next.
    let sundays = [weekly(
        "Europe/Berlin",
        (Weekday::Sunday, "02:15"),
        (Weekday::Sunday, "02:45"),
    )];
    assert_eq!(frozen(&sundays, "2026-03-29T01:20:00Z"), None);
    assert_eq!(
        frozen(&sundays, "2026-04-05T00:20:00Z"),
        Some(at("2026-04-05T00:45:00Z"))
    );
}

#[test]
fn a_local_time_that_occurs_twice() {
    // On 25 October 2026 Berlin's clock goes at 01:00Z from 03:00 back to 02:00: 02:30 is at
    // 00:30Z and again at 01:30Z.
    let begins = [once(
        "Europe/Berlin",
        "2026-10-25T02:30",
        "2026-10-25T04:00",
    )];
    let end = Some(at("2026-10-25T03:00:00Z"));
    let rows = [
        ("2026-10-25T00:29:59Z", None),
        ("2026-10-25T00:30:00Z", end),
        // 02:10 for the second time: the window does not open for it.
        ("2026-10-25T01:10:00Z", end),
        ("2026-10-25T02:59:59Z", end),
        ("2026-10-25T03:00:00Z", None),
    ];
    for (moment, until) in rows {
        assert_eq!(frozen(&begins, moment), until, "{moment}");
    }
    // It lasts until the wall clock shows its end for good.
    let ends = [once(
        "Europe/Berlin",
        "2026-10-25T01:00",
        "2026-10-25T02:30",
    )];
    let end = Some(at("2026-10-25T01:30:00Z"));
    assert_eq!(frozen(&ends, "2026-10-25T00:40:00Z"), end);
    assert_eq!(frozen(&ends, "2026-10-25T01:29:59Z"), end);
    assert_eq!(frozen(&ends, "2026-10-25T01:30:00Z"), None);
    let sundays = [weekly(
        "Europe/Berlin",
        (Weekday::Sunday, "02:15"),
        (Weekday::Sunday, "02:45"),
    )];
    let end = Some(at("2026-10-25T01:45:00Z"));
    assert_eq!(frozen(&sundays, "2026-10-25T00:15:00Z"), end);
    assert_eq!(frozen(&sundays, "2026-10-25T01:05:00Z"), end);
    assert_eq!(frozen(&sundays, "2026-10-25T01:45:00Z"), None);
}

#[test]
fn freezes_that_follow_each_other_end_together() {
    let both = [
        once("Europe/Berlin", "2026-12-24T12:00", "2026-12-27T00:00"),
        weekly(
            "America/New_York",
            (Weekday::Saturday, "00:00"),
            (Weekday::Monday, "00:00"),
        ),
    ];
    // 27 December is a Sunday: Berlin's ends in New York's.
    assert_eq!(
        frozen(&both, "2026-12-25T12:00:00Z"),
        Some(at("2026-12-28T05:00:00Z"))
    );
}

#[test]
fn beyond_the_calendar_nobody_can_say() {
    let calendars = [calendar("Europe/Berlin")];
    let weekend = [weekly(
        "Europe/Berlin",
        (Weekday::Friday, "16:00"),
        (Weekday::Monday, "08:00"),
    )];
    let end = at("2031-01-01T00:00:00Z");
    let ended = Verdict::NoCalendar {
        zone: "Europe/Berlin".to_owned(),
        until: end,
    };
    assert_eq!(freeze::judge(&weekend, &calendars, end), ended);
    assert_eq!(
        freeze::judge(&weekend, &calendars, end.plus(-1)),
        Verdict::Open,
        "a Tuesday"
    );
    // A window that is over is over.
    let past = [once(
        "Europe/Berlin",
        "2026-12-24T12:00",
        "2027-01-02T08:00",
    )];
    assert_eq!(freeze::judge(&past, &calendars, end), Verdict::Open);
    assert!(matches!(
        freeze::judge(&past, &[], end),
        Verdict::NoCalendar { .. }
    ));
}

/// Minute by minute through a year, held against the wall clock of the database itself: the table
/// says the same, but for the hour that the clock goes back.
#[test]
fn the_table_says_what_the_wall_clock_says() {
    for zone in [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
    ] {
        let calendars = [calendar(zone)];
        let weekend = [weekly(
            zone,
            (Weekday::Friday, "16:30"),
            (Weekday::Monday, "07:45"),
        )];
        let tz = jiff::tz::TimeZoneDatabase::bundled().get(zone).expect("it");
        let start = at("2026-01-01T12:00:00Z");
        for step in 0..(365 * 24 * 4) {
            let moment = start.plus(step * 900_000);
            let wall = jiff::Timestamp::from_millisecond(moment.0)
                .expect("a time")
                .to_zoned(tz.clone());
            let (day, minute) = (
                i32::from(wall.weekday().to_monday_zero_offset()),
                i32::from(wall.hour()) * 60 + i32::from(wall.minute()),
            );
            let of_week = day * 1_440 + minute;
            let shown = !(7 * 60 + 45..4 * 1_440 + 16 * 60 + 30).contains(&of_week);
            let told = freeze::judge(&weekend, &calendars, moment) != Verdict::Open;
            assert_eq!(told, shown, "{wall}");
        }
    }
}
