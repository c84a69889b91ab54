//! The cases that every SDK runs, where they are about rules of this crate: whose side a unit gets.

use domain::split::{Run, choose, slot};
use domain::{ReleaseId, VersionId};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    salt: ReleaseId,
    unit: Option<String>,
    slots: Vec<Run>,
    /// The largest side: what callers without a unit get.
    main: VersionId,
    slot: Option<u32>,
    version: VersionId,
}

#[test]
fn every_split_gives_what_it_says() {
    let json = include_str!("../../../../sdks/conformance/splits.json");
    let cases: Vec<Case> = serde_json::from_str(json).expect("cases");
    assert!(cases.len() > 40, "{} cases", cases.len());
    for case in cases {
        let given = case.unit.as_deref();
        assert_eq!(
            given.map(|unit| slot(case.salt, unit)),
            case.slot,
            "{}",
            case.name
        );
        let chosen = given.map_or(Some(case.main), |unit| choose(&case.slots, case.salt, unit));
        assert_eq!(chosen, Some(case.version), "{}", case.name);
    }
}
