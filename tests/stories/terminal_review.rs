//! A review on the command line alone: asked for, read, approved, void, approved again, released, taken
//! back and proven; in words and in JSON, with exit codes that a pipeline can trust.

use super::command_line::{done, galley};
use super::terminal::{founded, joined, refused, writes};
use crate::support::{Desk, Registry};
use serde_json::Value;

pub(super) struct Team {
    pub registry: Registry,
    pub ana: Desk,
    pub ben: Desk,
    pub rita: Desk,
}

pub(super) async fn team() -> Team {
    let registry = Registry::start().await;
    let ana = founded(&registry).await;
    let ben = joined(&registry, &ana, "Ben", "author").await;
    let rita = joined(&registry, &ana, "Rita", "reviewer").await;
    Team {
        registry,
        ana,
        ben,
        rita,
    }
}

/// The one JSON document that a command answers with.
pub(super) fn json(desk: &Desk, arguments: &[&str]) -> Value {
    let said = done(desk, &[&["--json"][..], arguments].concat());
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error} in {said}"))
}

/// How a command fails for a program: the code of the failure, and its words.
pub(super) fn fails(desk: &Desk, arguments: &[&str]) -> (String, String) {
    let said = refused(desk, &[&["--json"][..], arguments].concat());
    let failure: Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error} in {said}"));
    let text = |key: &str| failure[key].as_str().unwrap_or_default().to_owned();
    (text("code"), text("message"))
}

pub(super) fn wrong_use(desk: &Desk, arguments: &[&str]) {
    let (code, said) = galley(desk, arguments, "", None);
    assert_eq!(code, Some(2), "galley {}: {said}", arguments.join(" "));
}

/// Writes a version and puts it into staging.
fn stages(desk: &Desk, command: &str, text: &str) {
    writes(desk, command, text);
    done(desk, &["save", "support/triage", "-m", text]);
    let place = ["--to", "staging", "-m", "To try it"];
    done(
        desk,
        &[&["release", "support/triage", "latest"][..], &place].concat(),
    );
}

/// Asks for what staging serves, and gives the beginning of the request's id.
fn asks(desk: &Desk, why: &str) -> String {
    let way = ["--from", "staging", "--to", "production", "-m", why];
    let view = json(
        desk,
        &[&["review", "ask", "support/triage"][..], &way].concat(),
    );
    let id = view["row"]["id"].as_str().expect("it has an id");
    id.chars().take(8).collect()
}

/// Each text is somewhere in what was said.
pub(super) fn says(said: &str, texts: &[&str]) {
    for text in texts {
        assert!(said.contains(text), "{text:?} in: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_asked_for_approved_taken_back_and_proven() {
    let mut team = team().await;
    let (ana, ben, rita) = (&team.ana, &team.ben, &team.rita);
    let strict = [
        "--approvals",
        "1",
        "--independent",
        "true",
        "--after",
        "staging",
    ];
    let set = [&["policy", "set", "production"][..], &strict].concat();
    let said = done(ana, &set);
    let lines = [
        "One approval, by somebody who wrote nothing of it",
        "Served in staging before",
    ];
    says(&said, &lines);
    says(&done(ben, &["policy"]), &lines);

    stages(ben, "new", "Name the intent.");
    let promote = [
        "promote",
        "support/triage",
        "--from",
        "staging",
        "--to",
        "production",
    ];
    says(
        &refused(ben, &promote),
        &["this needs a review", "galley review ask"],
    );
    let request = asks(ben, "It names the intent better");
    let request = request.as_str();

    // It waits for Rita, and for nobody else; Ben can neither approve it nor let it go.
    says(
        &done(rita, &["review"]),
        &["Waits for your verdict", request, "Ben"],
    );
    let inbox = json(rita, &["review", "list"]);
    assert_eq!(
        inbox["waiting"][0]["title"],
        "support/triage v1 to production"
    );
    assert_eq!(inbox["waiting"][0]["state"], "waiting");
    assert_eq!(
        json(ben, &["review"])["mine"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(json(ben, &["review"])["waiting"], Value::Array(Vec::new()));
    says(
        &done(rita, &["status"]),
        &["1 request waits for your verdict"],
    );
    let (code, words) = fails(ben, &["review", "approve", request]);
    assert_eq!(code, "not_allowed", "{words}");
    says(&words, &["reviewer"]);
    let (_, words) = fails(ben, &["review", "release", request]);
    says(
        &words,
        &["nothing of this request may go yet", "needs 1 approval"],
    );
    let shown = done(rita, &["review", "show", request]);
    let parts = [
        "asked by Ben",
        "It names the intent better",
        "digest ",
        "production: waits",
    ];
    says(&shown, &parts);
    says(
        &shown,
        &[
            "missing: production needs 1 approval and has 0",
            "nothing → v1",
        ],
    );

    // Changes are asked for, in words; then she is content.
    wrong_use(rita, &["review", "changes", request]);
    done(
        rita,
        &[
            "review",
            "changes",
            request,
            "-m",
            "What about two intents?",
        ],
    );
    done(ben, &["review", "comment", request, "The first one wins."]);
    let shown = done(ben, &["review", "show", request]);
    says(
        &shown,
        &[
            "Rita asked for changes on",
            "What about two intents?",
            "The first one wins.",
        ],
    );
    done(rita, &["review", "take-back", request]);
    says(
        &done(rita, &["review", "show", request]),
        &["does not count: taken back"],
    );
    done(rita, &["review", "approve", request, "-m", "Good"]);
    let view = json(ben, &["review", "show", request]);
    assert_eq!(view["row"]["state"], "ready");
    assert_eq!(view["parts"][0]["may_go"], true);
    assert_eq!(view["parts"][0]["approvals"][0], "Rita");
    let counts = |row: &Value| (row["kind"].clone(), row["counts"] == true);
    let verdicts = view["verdicts"].as_array().expect("two verdicts");
    let verdicts: Vec<_> = verdicts.iter().map(counts).collect();
    assert!(verdicts.contains(&("approve".into(), true)), "{view}");
    assert!(
        verdicts.contains(&("ask_for_changes".into(), false)),
        "{view}"
    );

    // Something else goes there first: her approval of this is void, and it says why.
    stages(ana, "edit", "Name the intent in one word.");
    let other = asks(ana, "Shorter");
    done(rita, &["review", "approve", &other]);
    done(ana, &["review", "release", &other]);
    let (_, words) = fails(ben, &["review", "release", request]);
    says(&words, &["moved from nothing to v2", "update the request"]);
    let said = done(ben, &["review", "show", request]);
    says(
        &said,
        &["does not count: void: production moved from nothing to v2"],
    );
    done(ben, &["review", "renew", request]);
    let said = done(rita, &["review", "show", request]);
    says(
        &said,
        &["does not count: void: the request changed (support/triage in production)"],
    );
    says(&said, &["v2 → v1", "needs 1 approval and has 0"]);
    done(rita, &["review", "approve", request, "-m", "Still good"]);
    let released = json(ben, &["review", "release", request, "--in", "production"]);
    assert_eq!(
        released["releases"][0]["state"], "in_registry",
        "{released}"
    );
    let made = done(ana, &["key", "new", "Backend", "--env", "production"]);
    let key = made
        .split_whitespace()
        .find(|word| word.starts_with("gal_env_"))
        .expect("the key is written once");
    let (_, served) = team.registry.read("support/triage", key).await;
    assert!(served.to_string().contains("Name the intent."), "{served}");

    // Back needs a reason and nobody's leave.
    let revert = ["revert", "support/triage", "--in", "production"];
    wrong_use(ben, &revert);
    done(ben, &[&revert[..], &["-m", "It was too long"]].concat());
    let (_, served) = team.registry.read("support/triage", key).await;
    assert!(served.to_string().contains("in one word"), "{served}");
    says(&done(rita, &["review"]), &["No request is open"]);
    says(
        &done(rita, &["review", "list", "--all"]),
        &["Over", request, other.as_str()],
    );

    // And all of it is proven from an export, by whoever has it.
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("proof");
    let path = folder.to_str().expect("a path");
    done(rita, &["export", path]);
    let stranger = Desk::without_keychain();
    says(
        &done(&stranger, &["verify", path]),
        &["In order", "every command is signed"],
    );
    let found = json(ben, &["verify", path]);
    assert_eq!(found["good"], true);
    says(
        found["words"].as_str().expect("words"),
        &["the same history"],
    );
    let ledger = folder.join("ledger.jsonl");
    let whole = std::fs::read_to_string(&ledger).expect("the ledger");
    let approval = whole
        .lines()
        .position(|line| line.contains(r#""verdict":"approve""#));
    let approval = approval.expect("she approved") + 1;
    let forged = whole.replacen(
        r#""verdict":"approve""#,
        r#""verdict":"ask_for_changes""#,
        1,
    );
    std::fs::write(&ledger, forged).expect("it is changed");
    let (code, said) = galley(&stranger, &["--json", "verify", path], "", None);
    assert_eq!(code, Some(1), "{said}");
    let found: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(found["good"], false);
    assert_eq!(
        found["first_bad"].as_u64(),
        Some(approval as u64),
        "{found}"
    );
    team.registry.vanish();
    let (good, report) = team.registry.verify();
    assert!(good, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_done_with_a_request_is_said_in_words_and_codes() {
    let team = team().await;
    let (ana, ben, rita) = (&team.ana, &team.ben, &team.rita);
    done(ana, &["policy", "set", "production", "--approvals", "1"]);
    stages(ben, "new", "Name the intent.");
    let ask = |more: &[&str]| {
        [&["review", "ask", "support/triage"][..], more]
            .concat()
            .join(" ")
    };
    for wrong in [
        "review frobnicate".to_owned(),
        "review show".to_owned(),
        "review ask".to_owned(),
        ask(&["--to", "production"]),
        ask(&["-m", "Why"]),
        ask(&[
            "--from",
            "staging",
            "--version-of",
            "v1",
            "--to",
            "production",
            "-m",
            "Why",
        ]),
        ask(&["--to", "production", "-m", "Why", "--steps", "ten"]),
    ] {
        wrong_use(ben, &wrong.split(' ').collect::<Vec<_>>());
    }
    let way = |more: &[&str]| ask(&[&["--to", "production", "-m", "Why"][..], more].concat());
    for (refused, words) in [
        (
            "review show 00000000".to_owned(),
            "there is no request 00000000",
        ),
        (
            way(&["--reviewer", "Ben"]),
            "Ben gives no verdicts here; these do",
        ),
        (
            way(&["--from", "development"]),
            "development serves nothing",
        ),
        (way(&["--version-of", "v9"]), "v9"),
        (
            way(&["--note", "message=Unsent"]),
            "nothing breaks for the input message",
        ),
    ] {
        let (_, said) = fails(ben, &refused.split(' ').collect::<Vec<_>>());
        says(&said, &[words]);
    }

    // Only who is entitled to decides; whatever was decided twice is said.
    let request = asks(ben, "It names the intent");
    let request = request.as_str();
    done(rita, &["review", "changes", request, "-m", "Say how"]);
    let twice = ["review", "changes", request, "-m", "Say how"];
    says(
        &fails(rita, &twice).1,
        &["asked for changes to exactly this already"],
    );
    done(ana, &["review", "approve", request]);
    says(
        &fails(ana, &["review", "approve", request]).1,
        &["approved exactly this already"],
    );
    says(
        &fails(ben, &["review", "release", request]).1,
        &["Rita asks for changes"],
    );
    let dismiss = [
        "review",
        "dismiss",
        request,
        "--whose",
        "Rita",
        "-m",
        "She is away",
    ];
    let (code, said) = fails(ben, &dismiss);
    assert_eq!(code, "not_allowed", "{said}");
    let nobody = [
        "review",
        "dismiss",
        request,
        "--whose",
        "Eve",
        "-m",
        "She is away",
    ];
    says(&fails(ana, &nobody).1, &["Eve has given no verdict"]);
    done(ana, &dismiss);
    says(
        &done(rita, &["review", "show", request]),
        &["does not count: dismissed by Ana Ferreira"],
    );
    // Nothing stands in the way, and the policy knows no setting aside.
    let aside = ["review", "release", request, "--override", "Hurry"];
    refused(ana, &aside);
    let elsewhere = ["review", "release", request, "--in", "staging"];
    says(&fails(ben, &elsewhere).1, &["asks nothing of staging"]);
    let refusal = fails(rita, &["review", "withdraw", request]);
    assert_eq!(refusal.0, "not_allowed", "{}", refusal.1);
    done(ben, &["review", "withdraw", request, "-m", "Not yet"]);
    says(
        &fails(rita, &["review", "approve", request]).1,
        &["taken back"],
    );

    // In steps: one approval, three releases, each asked for by the same words.
    let request = asks(ben, "It names the intent");
    done(rita, &["review", "approve", &request]);
    done(ben, &["review", "release", &request]);
    writes(ben, "edit", "Name the intent in one word.");
    done(ben, &["save", "support/triage", "-m", "Shorter"]);
    let steps = ask(&["--to", "production", "-m", "Shorter", "--steps", "10,50"]);
    let view = json(ben, &steps.split(' ').collect::<Vec<_>>());
    assert_eq!(view["parts"][0]["steps"], 3, "{view}");
    let id: String = view["row"]["id"]
        .as_str()
        .expect("an id")
        .chars()
        .take(8)
        .collect();
    done(rita, &["review", "approve", &id]);
    for (step, shown) in [(1, "10%"), (2, "50%"), (3, "v2")] {
        done(ben, &["review", "release", &id]);
        let view = json(rita, &["review", "show", &id]);
        assert_eq!(view["parts"][0]["done"], step, "{view}");
        says(&done(rita, &["list"]), &[shown]);
    }
    refused(ben, &["review", "release", &id]);
    done(ana, &["verify"]);
}
