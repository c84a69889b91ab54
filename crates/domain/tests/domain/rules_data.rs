//! The rules of datasets, runs, redaction and epochs.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::dataset::{Case, Dataset};
use domain::ledger::Body;
use domain::{DatasetId, Digest, PromptId, VersionContent, VersionId};
use uuid::Uuid;

fn cases(world: &mut World, texts: &[&str]) -> Digest {
    let case = |(n, text): (usize, &&str)| Case {
        id: format!("{n}"),
        note: (*text).to_owned(),
        ..Case::default()
    };
    let dataset = Dataset {
        cases: texts.iter().enumerate().map(case).collect(),
        ..Dataset::default()
    };
    let (bytes, _) = dataset.encode().expect("a dataset");
    world.bytes(&bytes)
}

fn further(
    dataset: DatasetId,
    name: &str,
    content: Digest,
    cases: u32,
    replaces: Option<Digest>,
) -> Body {
    Body::SaveDataset {
        dataset: Some(dataset),
        name: name.to_owned(),
        content,
        cases,
        replaces,
    }
}

fn redact(content: Digest, reason: Digest) -> Body {
    Body::Redact { content, reason }
}

#[test]
fn datasets_change_by_compare_and_swap() {
    let mut world = World::new();
    let one = cases(&mut world, &["a"]);
    let two = cases(&mut world, &["a", "b"]);
    let three = cases(&mut world, &["a", "b", "c"]);
    let id: DatasetId = world
        .bob()
        .does(dataset(one, "support/real questions", 1))
        .into();
    world
        .carol()
        .does(further(id, "support/Questions", two, 2, Some(one)));
    let now = world
        .bob()
        .cannot(further(id, "mine", three, 3, Some(one)), Code::Conflict);
    assert_eq!(now.details.expect("what is there")["now"], two.to_string());
    let found = world.project().dataset(id).expect("it");
    assert_eq!(found.name, "support/Questions");
    let counts: Vec<_> = found
        .contents
        .iter()
        .map(|c| (c.content, c.cases))
        .collect();
    assert_eq!(counts, [(one, 1), (two, 2)]);
    // Its first name is free again.
    world
        .bob()
        .does(dataset(three, "support/real questions", 3));
}

#[test]
fn what_datasets_and_runs_refuse() {
    let mut world = World::new();
    let one = cases(&mut world, &["a"]);
    let two = cases(&mut world, &["a", "b"]);
    let id: DatasetId = world.bob().does(dataset(one, "questions", 1)).into();
    let prompt = world.bob().creates("p");
    let v1 = world.bob().saves(prompt, &[], "one");
    let results = world.bytes(b"[]");
    let not_one = world.bytes(b"[1,2]");
    let absent = Digest::of(b"absent");
    let nothing = DatasetId(Uuid::nil());
    let bob = Who::Bob;
    world.refuses(vec![
        (
            "name taken",
            bob,
            dataset(two, "QUESTIONS", 2),
            Code::NameTaken,
        ),
        ("bad name", bob, dataset(two, "a//b", 2), Code::Invalid),
        (
            "another count",
            bob,
            dataset(two, "more", 3),
            Code::ContentInvalid,
        ),
        (
            "no dataset",
            bob,
            dataset(not_one, "more", 2),
            Code::ContentInvalid,
        ),
        (
            "not sent",
            bob,
            dataset(absent, "more", 2),
            Code::ContentMissing,
        ),
        ("too many", bob, dataset(two, "more", 50_001), Code::Limit),
        (
            "new, but replacing",
            bob,
            Body::SaveDataset {
                dataset: None,
                name: "more".to_owned(),
                content: two,
                cases: 2,
                replaces: Some(one),
            },
            Code::Conflict,
        ),
        (
            "further, replacing nothing",
            bob,
            further(id, "questions", two, 2, None),
            Code::Conflict,
        ),
        (
            "no such",
            bob,
            further(nothing, "questions", two, 2, Some(one)),
            Code::NotFound,
        ),
        (
            "run: no version",
            bob,
            run(VersionId(Uuid::nil()), one, results),
            Code::NotFound,
        ),
        (
            "run: no dataset",
            bob,
            run(v1, two, results),
            Code::NotFound,
        ),
        (
            "run: no results",
            bob,
            run(v1, one, absent),
            Code::ContentMissing,
        ),
        (
            "a stranger's",
            Who::Mallory,
            run(v1, one, results),
            Code::UnknownDevice,
        ),
    ]);
    world.carol().does(run(v1, one, results));
    let run = world.project().runs().next().expect("shared").clone();
    assert_eq!((run.version, run.dataset, run.by), (v1, one, world.carol));
}

#[test]
fn redaction_names_what_goes_and_stops_it_from_coming_back() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "call Mrs Smith on 555");
    let secret = world.project().version(v1).expect("it").1.content;
    let release = world.bob().releases(PRODUCTION, v1);
    let reason = world.reason("a telephone number");
    let in_use = world.alice().cannot(redact(secret, reason), Code::InUse);
    assert!(in_use.message.contains("production"), "{in_use}");
    let v2 = world.bob().saves(prompt, &[v1], "call nobody");
    world.bob().releases(PRODUCTION, v2);
    let bob = Who::Bob;
    world.refuses(vec![
        (
            "by an author",
            bob,
            redact(secret, reason),
            Code::NotAllowed,
        ),
        (
            "not of this project",
            Who::Alice,
            redact(Digest::of(b"x"), reason),
            Code::NotFound,
        ),
    ]);
    world.alice().does(redact(secret, reason));
    assert!(world.project().is_redacted(&secret));
    assert!(
        world.project().names_content(&secret),
        "history still names it"
    );
    let said = world.reason("again");
    let side = [(v1, 10_000)];
    let served = world
        .project()
        .serving(PRODUCTION, prompt)
        .map(|s| s.release);
    let back = world.revert(PRODUCTION, release, &[prompt]);
    world.refuses(vec![
        ("again", Who::Alice, redact(secret, reason), Code::Invalid),
        (
            "saved again",
            bob,
            save(prompt, &[v2], secret, &[], said),
            Code::ContentInvalid,
        ),
        (
            "released",
            bob,
            super::support::release(&[change(PRODUCTION, prompt, &side, served)], reason),
            Code::InUse,
        ),
        ("gone back to", bob, back, Code::InUse),
    ]);
    // The version stays in history, and others are made from it.
    world.bob().saves(prompt, &[v1], "another");
}

#[test]
fn every_kind_of_content_can_be_redacted_and_none_comes_back() {
    let mut world = World::new();
    let prompt = world.bob().creates("p");
    let message = world.reason("Mrs Smith complained");
    let content = world.text("one");
    let v1: VersionId = world
        .bob()
        .does(save(prompt, &[], content, &[], message))
        .into();
    let why = world.reason("Mr Jones agreed");
    world.bob().does(release(
        &[change(STAGING, prompt, &[(v1, 10_000)], None)],
        why,
    ));
    let questions = cases(&mut world, &["a"]);
    world.bob().does(dataset(questions, "questions", 1));
    let results = world.bytes(b"[]");
    world.bob().does(run(v1, questions, results));
    let reason = world.reason("personal data");
    for gone in [message, why, questions, results] {
        assert!(world.project().names_content(&gone));
        world.alice().does(redact(gone, reason));
    }
    world.alice().does(redact(reason, reason));
    let other = world.text("two");
    let fresh = world.reason("fresh");
    let to_production = change(PRODUCTION, prompt, &[(v1, 10_000)], None);
    let bob = Who::Bob;
    world.refuses(vec![
        (
            "a message",
            bob,
            save(prompt, &[], other, &[], message),
            Code::ContentInvalid,
        ),
        (
            "a reason",
            bob,
            release(&[to_production], why),
            Code::ContentInvalid,
        ),
        (
            "a dataset",
            bob,
            dataset(questions, "again", 1),
            Code::ContentInvalid,
        ),
        (
            "results",
            bob,
            run(v1, questions, results),
            Code::ContentInvalid,
        ),
        (
            "a reason to redact",
            Who::Alice,
            redact(other, reason),
            Code::ContentInvalid,
        ),
    ]);
    world.bob().does(save(prompt, &[], other, &[], fresh));
}

#[test]
fn what_includes_something_redacted_is_neither_served_nor_saved() {
    let mut world = World::new();
    let tone = world.bob().creates("tone");
    let middle = world.bob().creates("middle");
    let reply = world.bob().creates("reply");
    let said = world.reason("why");
    let include = |world: &mut World, name: &str, digest| {
        let mut content = VersionContent::text(format!("{{% include \"{name}\" %}}"));
        content.includes.insert(name.to_owned(), digest);
        world.content(&content)
    };
    let bottom = world.text("Mrs Smith likes it kind.");
    world.bob().does(save(tone, &[], bottom, &[], said));
    let between = include(&mut world, "tone", bottom);
    world
        .bob()
        .does(save(middle, &[], between, &[bottom], said));
    let top = include(&mut world, "middle", between);
    let v1: VersionId = world
        .bob()
        .does(save(reply, &[], top, &[between], said))
        .into();
    world.bob().releases(PRODUCTION, v1);
    world.alice().cannot(redact(bottom, said), Code::InUse);
    world.alice().cannot(redact(between, said), Code::InUse);
    world.bob().stops(PRODUCTION, reply);
    world.alice().does(redact(bottom, said));
    let now = world
        .project()
        .last_served(PRODUCTION, reply)
        .map(|s| s.release);
    let again = release(&[change(PRODUCTION, reply, &[(v1, 10_000)], now)], said);
    world.bob().cannot(again, Code::InUse);
    let direct = include(&mut world, "tone", bottom);
    world.bob().cannot(
        save(reply, &[], direct, &[bottom], said),
        Code::ContentInvalid,
    );
    world.bob().cannot(
        save(reply, &[], top, &[between], said),
        Code::ContentInvalid,
    );
}

#[test]
fn epochs_grow_by_one() {
    let mut world = World::new();
    let reason = world.reason("restored from Tuesday");
    let unsalted = world.text("no reason");
    let begin = |epoch, reason| Body::BeginEpoch { epoch, reason };
    world.refuses(vec![
        (
            "the one that is",
            Who::Alice,
            begin(0, reason),
            Code::Conflict,
        ),
        ("two at once", Who::Alice, begin(2, reason), Code::Conflict),
        ("by an author", Who::Bob, begin(1, reason), Code::NotAllowed),
        (
            "without a reason",
            Who::Alice,
            begin(1, Digest::of(b"x")),
            Code::ContentMissing,
        ),
        (
            "with a content for a reason",
            Who::Alice,
            begin(1, unsalted),
            Code::ContentInvalid,
        ),
    ]);
    world.alice().does(begin(1, reason));
    assert_eq!(world.project().epoch(), 1);
    world.alice().does(begin(2, reason));
}

#[test]
fn content_is_named_by_the_project_only_once_an_entry_names_it() {
    let mut world = World::new();
    let content = world.text("one");
    let message = world.reason("first");
    let prompt: PromptId = world.bob().creates("p");
    assert!(!world.project().names_content(&content));
    world.bob().does(save(prompt, &[], content, &[], message));
    assert!(world.project().names_content(&content));
    assert!(world.project().names_content(&message));
    assert!(!world.project().names_content(&Digest::of(b"other")));
}
