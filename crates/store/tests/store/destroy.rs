//! Redaction: what must go is gone from the file, byte by byte.

use crate::maker::{self, Maker, NOON};
use crate::marks;
use domain::ledger::Body;
use domain::{Digest, Millis, RunId, VersionContent};
use serde_json::json;
use store::{
    CaseResult, DraftId, DraftSave, Exchange, GivenMark, KeptAnswer, NewDraft, Playground,
};
use uuid::Uuid;

const SECRET: &str = "Mrs Olufemi lives in 12 Quince Lane";

fn contains(haystack: &[u8], needle: &str) -> bool {
    let needle = needle.as_bytes();
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[test]
fn redacted_content_is_nowhere_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let prompt = maker.prompt("Triage");
    let first = maker.version(prompt, &[], &format!("Answer. {SECRET}."), "first");
    let second = maker.version(prompt, &[first], "Answer kindly.", "second");
    maker.release(prompt, second, 0);
    maker.fill(&store);
    let secret = maker.state().version(first).expect("is there").1.content;
    let now = Millis(NOON);

    // A draft that said it once and says something else now.
    let content = |text: &str| VersionContent::text(text.to_owned());
    let draft = DraftId(Uuid::from_u128(5));
    let new = NewDraft {
        id: draft,
        prompt: Some(prompt),
        name: "Triage".to_owned(),
        base: Some(first),
        content: content(&format!("Answer. {SECRET}.")),
    };
    store.open_draft(maker.project, new, now).expect("opens");
    let mine = content("Something else of mine.");
    let save = DraftSave {
        revision: None,
        content: &mine,
        name: None,
        message: None,
    };
    store.save_draft(draft, &save, now).expect("saves");

    // An answer, and a run, that repeat it; and others that have nothing to do with it.
    let answer = |text: &str| KeptAnswer {
        answer: json!({ "text": text }),
        provider: "local".to_owned(),
        model: "small".to_owned(),
        at: now,
        exchange: Some(Exchange {
            sent: text.to_owned(),
            ..Exchange::default()
        }),
    };
    let (told, other) = (Digest::of(b"told"), Digest::of(b"other"));
    store
        .keep_answer(&told, &answer(SECRET), &[secret], now)
        .expect("keeps");
    store
        .keep_answer(&other, &answer("fine"), &[Digest::of(b"x")], now)
        .expect("keeps");
    let run = RunId(Uuid::from_u128(9));
    store
        .begin_run(maker.project, run, &json!({}), &[secret], now)
        .expect("begins");
    let result = CaseResult {
        place: 0,
        side: 0,
        result: json!(SECRET),
    };
    store.keep_results(run, &[result], now).expect("keeps");

    // A conversation with its prompt.
    let conversation = Playground {
        id: Uuid::from_u128(11),
        project: maker.project,
        prompt: prompt.0.to_string(),
        title: SECRET.to_owned(),
        body: json!({ "turns": [SECRET] }),
        typed: String::new(),
        revision: 0,
        created: now,
        updated: now,
    };
    store.keep_playground(&conversation, now).expect("keeps");
    // What a person wrote to an answer to it, and to another.
    let marks = [(told, secret), (other, Digest::of(b"x"))];
    let marks = marks.map(|(question, source)| marks::given(question, source, 1, NOON, SECRET));
    let [about, elsewhere] = marks;
    let elsewhere = GivenMark {
        mark: domain::graders::PersonMark {
            note: "fine".to_owned(),
            ..elsewhere.mark
        },
        ..elsewhere
    };
    store
        .keep_marks(maker.project, &[about, elsewhere], now)
        .expect("keeps");

    let bytes_of = |name: &str| std::fs::read(folder.path().join(name)).unwrap_or_default();
    let everything = || [bytes_of("galley.db"), bytes_of("galley.db-wal")].concat();
    assert!(contains(&everything(), SECRET), "it is there before");

    let reason = maker.message("personal data");
    maker.accept(Body::Redact {
        content: secret,
        reason,
    });
    maker.pull(&store);

    let after = everything();
    assert!(!contains(&after, SECRET), "it is in the file still");
    // The words of it are in no index either.
    assert!(!contains(&after, "olufemi") && !contains(&after, "quince"));
    assert_eq!(store.content(&secret).expect("reads"), None);
    assert_eq!(store.answer(&told, now).expect("reads"), None);
    assert!(store.answer(&other, now).expect("reads").is_some());
    assert_eq!(store.exchange(&told).expect("reads"), None);
    assert!(store.exchange(&other).expect("reads").is_some());
    assert!(store.playground(conversation.id).is_err());
    assert!(store.run(run).is_err());
    let marks = store.marks(maker.project).expect("reads");
    assert_eq!(marks.keys().collect::<Vec<_>>(), [&other]);
    let hits = store.search(maker.project, "olufemi", 9).expect("finds");
    assert_eq!(hits, []);
    // The author's own words stay.
    let draft = store.draft(draft).expect("stays");
    assert_eq!(draft.content, mine);
    assert_eq!(store.draft_history(draft.id).expect("reads").len(), 1);
    // And it does not come back.
    let missing = store.missing(maker.project).expect("reads");
    assert_eq!(missing, []);
    store
        .keep_contents(maker.project, &maker.new_contents(), now)
        .expect("keeps the rest");
    assert_eq!(store.content(&secret).expect("reads"), None);
    store.check().expect("the file is whole");
}

#[test]
fn a_draft_that_is_the_redacted_text_goes_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = maker::open(&folder);
    let mut maker = Maker::new(1);
    let prompt = maker.prompt("Triage");
    let version = maker.version(prompt, &[], SECRET, "first");
    maker.fill(&store);
    let new = NewDraft {
        id: DraftId(Uuid::from_u128(5)),
        prompt: Some(prompt),
        name: "Triage".to_owned(),
        base: Some(version),
        content: VersionContent::text(SECRET),
    };
    let draft = store
        .open_draft(maker.project, new, Millis(NOON))
        .expect("opens");
    let content = maker.state().version(version).expect("is there").1.content;
    let reason = maker.message("personal data");
    maker.accept(Body::Redact { content, reason });
    maker.pull(&store);
    assert!(store.draft(draft.id).is_err());
    assert_eq!(store.drafts(maker.project).expect("reads"), []);
}
