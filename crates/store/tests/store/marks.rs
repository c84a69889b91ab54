//! What people gave answers: one mark for each person and question, the newest.

use crate::maker::{self, Maker, NOON};
use domain::graders::PersonMark;
use domain::{Digest, Millis, PersonId};
use store::GivenMark;
use uuid::Uuid;

pub fn given(question: Digest, source: Digest, person: u128, at: i64, note: &str) -> GivenMark {
    GivenMark {
        question,
        source,
        mark: PersonMark {
            person: PersonId(Uuid::from_u128(person)),
            name: format!("Person {person}"),
            at: Millis(at),
            value: Some(1),
            note: note.to_owned(),
        },
    }
}

#[test]
fn of_two_marks_by_one_person_the_newer_stands_in_whatever_order_they_came() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    maker.prompt("Triage");
    maker.fill(&store);
    let project = maker.project;
    let (question, source) = (Digest::of(b"asked"), Digest::of(b"cases"));
    let now = Millis(NOON);
    let keep = |mark: GivenMark, at: i64| {
        store
            .keep_marks(project, &[mark], Millis(at))
            .expect("keeps")
    };
    assert!(!store.marked_since(project, None).expect("reads"));
    assert_eq!(keep(given(question, source, 1, NOON, "first"), NOON), 1);
    assert_eq!(keep(given(question, source, 2, NOON - 9, "other"), NOON), 1);
    // Older, and the same once more: no news.
    assert_eq!(
        keep(given(question, source, 1, NOON - 1, "old"), NOON + 5),
        0
    );
    assert_eq!(keep(given(question, source, 1, NOON, "again"), NOON + 5), 0);
    let news = Millis(NOON + 1);
    assert!(!store.marked_since(project, Some(news)).expect("reads"));
    // Taken back: kept as such, so that what is older does not return.
    let mut gone = given(question, source, 1, NOON + 2, "");
    gone.mark.value = None;
    assert_eq!(keep(gone.clone(), NOON + 6), 1);
    assert_eq!(
        keep(given(question, source, 1, NOON + 1, "late"), NOON + 7),
        0
    );
    assert!(store.marked_since(project, Some(news)).expect("reads"));
    assert!(store.marked_since(project, Some(now)).expect("reads"));
    let found = store.marks(project).expect("reads");
    let other = given(question, source, 2, NOON - 9, "other").mark;
    assert_eq!(found.get(&question), Some(&vec![other, gone.mark]));
    // Of another project nothing is said.
    let elsewhere = Maker::new(2).project;
    assert!(store.marks(elsewhere).expect("reads").is_empty());
}
