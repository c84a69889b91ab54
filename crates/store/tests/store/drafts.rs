//! Drafts: every save is kept, nothing that counts is thinned out, everything can come back.

use crate::maker::{self, Maker, NOON};
use domain::{Millis, PromptId, VersionContent, VersionId};
use store::{DraftId, DraftSave, NewDraft, Store, StoreError};
use uuid::Uuid;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn new(n: u128, prompt: Option<PromptId>) -> NewDraft {
    NewDraft {
        id: DraftId(Uuid::from_u128(n)),
        prompt,
        name: format!("draft {n}"),
        base: None,
        content: VersionContent::text("begun"),
    }
}

fn save(store: &Store, id: DraftId, text: &str, at: i64) {
    let content = VersionContent::text(text);
    let save = DraftSave {
        revision: None,
        content: &content,
        name: None,
        message: None,
    };
    store.save_draft(id, &save, Millis(at)).expect("saves");
}

fn texts(store: &Store, id: DraftId) -> Vec<String> {
    let history = store.draft_history(id).expect("reads");
    history.iter().map(|a| text(&a.content)).collect()
}

fn text(content: &VersionContent) -> String {
    content.templates().map(|(_, text)| text).collect()
}

fn begin() -> (tempfile::TempDir, Store, Maker, PromptId) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let prompt = maker.prompt("Triage");
    maker.fill(&store);
    (folder, store, maker, prompt)
}

#[test]
fn a_prompt_has_one_open_draft() {
    let (_folder, store, maker, prompt) = begin();
    let open = |n| {
        store
            .open_draft(maker.project, new(n, Some(prompt)), Millis(NOON))
            .expect("opens")
    };
    let first = open(1);
    assert_eq!(open(2), first);
    store
        .discard_draft(first.id, Millis(NOON))
        .expect("discards");
    let second = open(3);
    assert_ne!(second.id, first.id);
    // Bringing the first back puts the second away, and loses neither.
    store
        .bring_back_draft(first.id, Millis(NOON))
        .expect("comes back");
    let ids = |drafts: Vec<store::Draft>| drafts.iter().map(|d| d.id).collect::<Vec<_>>();
    assert_eq!(ids(store.drafts(maker.project).expect("reads")), [first.id]);
    let discarded = store.discarded_drafts(maker.project).expect("reads");
    assert_eq!(ids(discarded), [second.id]);
    let found = store.draft_of(maker.project, prompt).expect("reads");
    assert_eq!(found.map(|d| d.id), Some(first.id));
}

#[test]
fn a_save_on_an_older_state_is_refused() {
    let (_folder, store, maker, _) = begin();
    let draft = store
        .open_draft(maker.project, new(1, None), Millis(NOON))
        .expect("opens");
    save(&store, draft.id, "from elsewhere", NOON + 1);
    let content = VersionContent::text("from here");
    let late = DraftSave {
        revision: Some(draft.revision),
        content: &content,
        name: None,
        message: None,
    };
    let error = store
        .save_draft(draft.id, &late, Millis(NOON + 2))
        .expect_err("moved");
    assert!(matches!(error, StoreError::DraftMoved { revision: 2 }));
    let there = store.draft(draft.id).expect("reads");
    assert_eq!(text(&there.content), "from elsewhere");
}

#[test]
fn history_is_thinned_by_age() {
    let (_folder, store, maker, _) = begin();
    // Begins at a whole day so that slots are plain to see.
    let day = NOON - NOON % DAY;
    let id = store
        .open_draft(maker.project, new(1, None), Millis(day))
        .expect("opens")
        .id;
    for minute in 1..40 {
        save(
            &store,
            id,
            &format!("day 0 minute {minute}"),
            day + minute * MINUTE,
        );
    }
    assert_eq!(texts(&store, id).len(), 40, "all of the last hour");
    // Two hours on, one in ten minutes is left: 0–9, 10–19, 20–29, 30–39.
    save(&store, id, "two hours on", day + 2 * HOUR);
    assert_eq!(
        texts(&store, id),
        [
            "two hours on",
            "day 0 minute 39",
            "day 0 minute 29",
            "day 0 minute 19",
            "day 0 minute 9"
        ]
    );
    // Two days on, one is left of the whole day.
    save(&store, id, "two days on", day + 2 * DAY);
    assert_eq!(texts(&store, id), ["two days on", "two hours on"]);
    // The same text again is no further state.
    save(&store, id, "two days on", day + 2 * DAY + 1);
    assert_eq!(texts(&store, id).len(), 2);
}

#[test]
fn what_stood_before_a_restore_is_kept_for_ever() {
    let (_folder, store, maker, _) = begin();
    let id = store
        .open_draft(maker.project, new(1, None), Millis(NOON))
        .expect("opens")
        .id;
    save(&store, id, "hours of work", NOON + 1);
    let history = store.draft_history(id).expect("reads");
    let first = history.last().expect("has a beginning").id;
    let restored = store
        .restore_draft(id, first, Millis(NOON + 2))
        .expect("restores");
    assert_eq!(text(&restored.content), "begun");
    // In the same ten minutes as much else, and long ago.
    for n in 3..50 {
        save(&store, id, &format!("later {n}"), NOON + n);
    }
    save(&store, id, "a year on", NOON + 365 * DAY);
    assert!(texts(&store, id).contains(&"hours of work".to_owned()));
    let error = store
        .restore_draft(id, 999_999, Millis(NOON))
        .expect_err("unknown");
    assert!(matches!(error, StoreError::Unknown(_)));
}

#[test]
fn a_saved_version_and_its_draft_are_one_write() {
    let (_folder, store, mut maker, prompt) = begin();
    let id = store
        .open_draft(maker.project, new(1, Some(prompt)), Millis(NOON))
        .expect("opens")
        .id;
    let body = maker.version_body(prompt, &[], "begun", "first");
    let signed = maker.sign(body);
    let version = VersionId(signed.id().0);
    let contents = maker.new_contents();
    let request = store::QueueRequest {
        commands: vec![store::NewCommand::Signed(signed)],
        contents,
        draft: Some(store::AfterSaving::Rebase {
            draft: id,
            prompt,
            base: version,
        }),
        on: None,
    };
    store
        .queue(maker.project, &request, Millis(NOON + 5))
        .expect("queues");
    let draft = store.draft(id).expect("reads");
    assert_eq!((draft.base, draft.prompt), (Some(version), Some(prompt)));
    // An unknown draft undoes the whole.
    let body = maker.version_body(prompt, &[version], "more", "second");
    let request = store::QueueRequest {
        commands: vec![store::NewCommand::Signed(maker.sign(body))],
        draft: Some(store::AfterSaving::Discard {
            draft: DraftId(Uuid::from_u128(999)),
        }),
        ..store::QueueRequest::default()
    };
    store
        .queue(maker.project, &request, Millis(NOON + 6))
        .expect_err("no such draft");
    assert_eq!(store.outbox(maker.project).expect("reads").len(), 1);
}

#[test]
fn a_prompt_that_was_never_saved_has_one_open_draft_too() {
    let (_folder, store, maker, _) = begin();
    let begin = |n, name: &str| {
        let new = NewDraft {
            name: name.to_owned(),
            ..new(n, None)
        };
        store
            .open_draft(maker.project, new, Millis(NOON))
            .expect("opens")
    };
    let open = || {
        let drafts = store.drafts(maker.project).expect("reads");
        drafts.iter().map(|draft| draft.id).collect::<Vec<_>>()
    };
    let first = begin(1, "Support/Reply");
    assert_eq!(begin(2, "support/reply"), first, "case makes no other name");
    assert_ne!(begin(3, "support/other").id, first.id);
    store
        .discard_draft(first.id, Millis(NOON))
        .expect("discards");
    let second = begin(4, "support/reply");
    assert_ne!(second.id, first.id);
    store
        .bring_back_draft(first.id, Millis(NOON))
        .expect("brings back");
    assert!(open().contains(&first.id));
    assert!(!open().contains(&second.id), "one of a name is open");
    let aside = store.draft(second.id).expect("reads");
    assert!(aside.discarded.is_some(), "and nothing is lost");
}
