//! Comments: said by anybody who reads, in the way of nothing.

use crate::support::*;
use domain::RefusalCode as Code;
use domain::ledger::{Body, CommentOn, Entry, Quote, RULES};
use domain::permissions::Role;
use domain::project::Replay;
use domain::{CommentId, Digest, VersionId};
use uuid::Uuid;

fn say(on: CommentOn, text: Digest) -> Body {
    Body::Comment {
        on,
        quote: None,
        text,
        reply_to: None,
    }
}

#[test]
fn said_answered_settled() {
    let mut world = World::new();
    let vera = world.alice().invites_and_joins("Vera", 30, Role::Viewer);
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let text = world.reason("why this word?");
    let on = CommentOn::Version(v1);
    let quoted = |from, until, version| Body::Comment {
        on,
        quote: Some(Quote {
            version,
            message: 0,
            from,
            until,
        }),
        text,
        reply_to: None,
    };
    let first: CommentId = world.device(key(30)).does(quoted(0, 3, v1)).into();
    let answer = |on, first| Body::Comment {
        on,
        quote: None,
        text,
        reply_to: Some(first),
    };
    world.bob().does(answer(on, first));
    let said = world.project().comments(on);
    assert_eq!(said.len(), 2);
    assert_eq!((said[0].by, said[1].reply_to), (vera, Some(first)));
    assert!(world.project().names_content(&text));
    let other = world.bob().saves(prompt, &[v1], "two");
    let request = world.bob().opens(&[(STAGING, other)]);
    let nothing = CommentId(Uuid::nil());
    let nowhere = VersionId(Uuid::nil());
    let settle = |comment| Body::ResolveComment { comment };
    world.refuses(vec![
        (
            "on nothing",
            Who::Bob,
            say(CommentOn::Version(nowhere), text),
            Code::NotFound,
        ),
        ("quoting nothing", Who::Bob, quoted(3, 3, v1), Code::Invalid),
        (
            "quoting elsewhere",
            Who::Bob,
            quoted(0, 3, other),
            Code::Invalid,
        ),
        (
            "quoting what is not there",
            Who::Bob,
            quoted(0, 3, nowhere),
            Code::NotFound,
        ),
        (
            "answering nothing",
            Who::Bob,
            answer(on, nothing),
            Code::NotFound,
        ),
        (
            "answering elsewhere",
            Who::Bob,
            answer(CommentOn::Request(request), first),
            Code::Invalid,
        ),
        (
            "settling nothing",
            Who::Bob,
            settle(nothing),
            Code::NotFound,
        ),
    ]);
    world.device(key(30)).does(settle(first));
    world.bob().cannot(settle(first), Code::Invalid);
    assert_eq!(
        world
            .project()
            .comment(first)
            .expect("kept")
            .resolved
            .expect("settled")
            .0,
        vera
    );
}

#[test]
fn a_reader_who_does_not_know_comments_goes_on() {
    let mut world = World::new();
    let prompt = world.bob().creates("support/triage");
    let v1 = world.bob().saves(prompt, &[], "one");
    let text = world.reason("hm");
    world.carol().does(say(CommentOn::Version(v1), text));
    let line = world.entries.last().expect("it").line();
    assert!(line.contains(r#""skip":true"#), "{line}");
    // What a reader sees who has never heard of comments: an event of another name, marked.
    let renamed = line
        .replace("comment_made", "remark_made")
        .replace(r#""type":"comment""#, r#""type":"remark""#)
        .replace(&format!(r#""rules":{RULES}"#), r#""rules":9"#);
    let strange = Entry::read(&renamed).expect("passed over");
    assert!(strange.is_passed_over());
    assert_eq!((strange.skipped(), strange.events().len()), (1, 0));
    let mut replay = Replay::from(domain::Project::new());
    for entry in &world.entries[..world.entries.len() - 1] {
        replay.push(entry, &world.contents).expect("honest");
    }
    replay.push(&strange, &world.contents).expect("it goes on");
}
