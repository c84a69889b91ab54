//! Review: nothing reaches production that nobody vouched for, and going back is always possible.

use crate::support::{Person, Registry};
use domain::Digest;
use domain::ledger::{Entry, Event, NewEntry, VerdictKind};
use workbench::ErrorCode;
use workbench::views::{Asking, BundleChange, BundleSide, PersonRole, RequestState};

/// Ana leads, Ben writes, Rita reviews; production asks for an approval by somebody who wrote
/// nothing of it.
struct Team {
    registry: Registry,
    ana: Person,
    ben: Person,
    rita: Person,
}

async fn team() -> Team {
    let registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let ben = Person::invited_by(&ana, "Ben", &registry).await;
    let rita = Person::invited_as(PersonRole::Reviewer, &ana, "Rita", &registry).await;
    ana.demands("production", |policy| {
        policy.approvals = 1;
        policy.independent = true;
        policy.may_override = true;
    })
    .await;
    ana.syncs().await;
    for person in [&ben, &rita] {
        person.syncs().await;
    }
    Team {
        registry,
        ana,
        ben,
        rita,
    }
}

impl Team {
    async fn in_step(&self) {
        // Twice: what the last one sends, the first one has not seen yet.
        for person in [&self.ana, &self.ben, &self.rita].repeat(2) {
            person.syncs().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_approved_is_asked_for_approved_and_released() {
    let team = team().await;
    let (ana, ben, rita) = (&team.ana, &team.ben, &team.rita);
    let version = ben.writes("support/triage", "Name the intent.").await;
    ben.syncs().await;
    ben.releases("support/triage", &version, "staging").await;
    // The short way is closed, and says what to do.
    let refused = ben
        .promotes("support/triage", "staging", "production")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Refused, "{refused}");
    assert!(refused.to_string().contains("request"), "{refused}");

    let request = ben.asks_for("support/triage", &version, "production").await;
    team.in_step().await;
    let seen = ben.looks_at(request).await;
    assert_eq!(seen.row.state, RequestState::Waiting);
    assert!(seen.mine);
    assert!(
        seen.can.no_verdict.is_some(),
        "an author gives no verdicts: {:?}",
        seen.can
    );
    assert!(ben.approves(request).await.is_err());
    let refused = ben.releases_request(request, "production").await;
    assert!(refused.is_err(), "nobody has approved");

    // It waits for Rita, with all that she needs.
    let inbox = rita.bench.review_inbox(rita.project).await.unwrap();
    assert_eq!(inbox.waiting.len(), 1);
    assert_eq!(inbox.waiting[0].title, "support/triage v1 to production");
    assert_eq!(rita.library().await.reviews, 1);
    let seen = rita.looks_at(request).await;
    assert_eq!(seen.row.reason, "It names the intent better");
    assert_eq!(seen.authors, ["Ben (support/triage v1)"]);
    let part = &seen.parts[0];
    assert_eq!((part.approvals_needed, part.approvals.len()), (1, 0));
    assert_eq!(part.changes[0].after, "v1");
    rita.approves(request).await.unwrap();
    team.in_step().await;

    let seen = ben.looks_at(request).await;
    assert_eq!(seen.row.state, RequestState::Ready);
    assert_eq!(seen.parts[0].approvals, ["Rita"]);
    ben.releases_request(request, "production").await.unwrap();
    let key = ana.makes_a_key("production").await;
    let (_, served) = team.registry.read("support/triage", key.reveal()).await;
    assert!(served.to_string().contains("Name the intent."), "{served}");
    team.in_step().await;
    let seen = ben.looks_at(request).await;
    assert_eq!(seen.row.state, RequestState::Released);
    assert_eq!(
        seen.parts[0].approvals,
        ["Rita"],
        "it says on whose word it went"
    );
    assert_eq!(rita.library().await.reviews, 0);
    let (holds, said) = team.registry.verify();
    assert!(holds, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_covers_what_was_seen_and_nothing_else() {
    let team = team().await;
    let (ana, ben, rita) = (&team.ana, &team.ben, &team.rita);
    let first = ben.writes("support/triage", "Name the intent.").await;
    ben.syncs().await;
    let request = ben.asks_for("support/triage", &first, "production").await;
    team.in_step().await;
    let seen = rita.looks_at(request).await;
    rita.approves(request).await.unwrap();
    team.in_step().await;

    // Meanwhile production is given something else, past the policy and visibly so.
    let second = ana
        .rewrites("support/triage", "Name the intent in one word.", "Be brief")
        .await;
    ana.syncs().await;
    let other = ana.asks_for("support/triage", &second, "production").await;
    let without_words = ana
        .releases_request_over(other, "production", Some("  "))
        .await;
    assert!(without_words.is_err(), "an override needs its reason");
    ana.releases_request_over(other, "production", Some("The bank's line is down"))
        .await
        .unwrap();
    team.in_step().await;

    let stale = ben.looks_at(request).await;
    assert_eq!(stale.row.state, RequestState::Stale);
    assert!(stale.can.renew);
    assert!(
        stale.verdicts.iter().all(|verdict| !verdict.counts),
        "{:?}",
        stale.verdicts
    );
    assert!(ben.releases_request(request, "production").await.is_err());

    // Asked anew it has another digest, and Rita's word on the old one is not taken for it.
    ben.bench.renew_request(ben.project, request).await.unwrap();
    team.in_step().await;
    let renewed = rita.looks_at(request).await;
    assert_ne!(renewed.digest, seen.digest);
    assert_eq!(renewed.parts[0].changes[0].before, "v2");
    let old = rita
        .bench
        .give_verdict(
            rita.project,
            request,
            seen.digest,
            VerdictKind::Approve,
            String::new(),
        )
        .await;
    assert!(old.is_err(), "she saw something else");
    rita.approves(request).await.unwrap();
    team.in_step().await;
    ben.releases_request(request, "production").await.unwrap();

    // The override is in the history for everybody.
    let activity = rita
        .bench
        .activity(rita.project, Default::default(), None, 50)
        .await
        .unwrap();
    let told = activity.entries.iter().any(|row| {
        row.words.contains("setting the policy aside")
            && row
                .reason
                .as_deref()
                .is_some_and(|why| why.contains("The bank's line is down"))
    });
    assert!(told, "{:?}", activity.entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_given_on_the_train_counts_when_it_arrives() {
    let mut team = team().await;
    let version = team.ben.writes("support/triage", "Name the intent.").await;
    team.ben.syncs().await;
    let request = team
        .ben
        .asks_for("support/triage", &version, "production")
        .await;
    team.in_step().await;
    team.registry.vanish();
    let rita = &team.rita;
    let said = rita.approves(request).await.unwrap();
    assert!(said.words.contains("outbox"), "{}", said.words);
    rita.bench
        .comment(
            rita.project,
            domain::ledger::CommentOn::Request(request),
            None,
            "Short and clear.".to_owned(),
            None,
        )
        .await
        .unwrap();
    let seen = rita.looks_at(request).await;
    assert!(seen.row.unsent);
    assert!(seen.comments[0].unsent);
    team.registry.come_back().await;
    team.in_step().await;
    let seen = team.ben.looks_at(request).await;
    assert_eq!(seen.row.state, RequestState::Ready);
    assert_eq!(seen.comments[0].text, "Short and clear.");
    assert_eq!(seen.comments[0].by, "Rita");
    team.ben
        .releases_request(request, "production")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_were_asked_for_hold_it_back_until_the_reviewer_or_an_admin_lets_go() {
    let team = team().await;
    let (ana, ben, rita) = (&team.ana, &team.ben, &team.rita);
    let version = ben.writes("support/triage", "Name the intent.").await;
    ben.syncs().await;
    let request = ben.asks_for("support/triage", &version, "production").await;
    team.in_step().await;
    let digest = rita.looks_at(request).await.digest;
    let ask = |words: &str| {
        rita.bench.give_verdict(
            rita.project,
            request,
            digest,
            VerdictKind::AskForChanges,
            words.to_owned(),
        )
    };
    assert!(ask("").await.is_err(), "changes are asked for in words");
    ask("Say what to do with two intents.").await.unwrap();
    team.in_step().await;
    let seen = ben.looks_at(request).await;
    assert_eq!(seen.row.state, RequestState::ChangesAsked);
    assert_eq!(seen.verdicts[0].comment, "Say what to do with two intents.");
    // Ana may approve as an admin; it does not go while Rita holds it.
    ana.approves(request).await.unwrap();
    assert!(ana.releases_request(request, "production").await.is_err());
    let rita_id = seen.verdicts[0].person;
    ana.bench
        .dismiss_verdict(ana.project, request, rita_id, "Rita is away".to_owned())
        .await
        .unwrap();
    ana.releases_request(request, "production").await.unwrap();

    // Going back needs a reason and nothing else; there is nothing before the first release, so a
    // second one is made first.
    let second = ben
        .rewrites("support/triage", "Name the intents.", "Several at once")
        .await;
    ben.syncs().await;
    let request = ben.asks_for("support/triage", &second, "production").await;
    team.in_step().await;
    rita.approves(request).await.unwrap();
    team.in_step().await;
    ben.releases_request(request, "production").await.unwrap();
    ben.reverts("support/triage", "production").await.unwrap();
    let key = ana.makes_a_key("production").await;
    let (_, served) = team.registry.read("support/triage", key.reveal()).await;
    assert!(served.to_string().contains("Name the intent."), "{served}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_alone_proves_what_happened() {
    let team = team().await;
    let version = team.ben.writes("support/triage", "Name the intent.").await;
    team.ben.syncs().await;
    let request = team
        .ben
        .asks_for("support/triage", &version, "production")
        .await;
    team.in_step().await;
    team.rita.approves(request).await.unwrap();
    team.in_step().await;
    team.ben
        .releases_request(request, "production")
        .await
        .unwrap();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("proof");
    team.ana.syncs().await;
    let exported = team
        .ana
        .bench
        .export_project(team.ana.project, folder.clone())
        .await
        .unwrap();
    let found = workbench::verify_folder(&folder).unwrap();
    assert!(found.good, "{}", found.words);
    assert_eq!(found.checked, exported.entries);

    // Rita's approval is taken out of the story, or put into another's mouth, or the text is changed.
    let ledger = folder.join("ledger.jsonl");
    let whole = std::fs::read_to_string(&ledger).unwrap();
    let approval = whole
        .lines()
        .position(|line| line.contains(r#""type":"give_verdict""#))
        .unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let without: Vec<&str> = lines
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != approval)
        .map(|(_, line)| *line)
        .collect();
    let forged =
        lines[approval].replace(r#""verdict":"approve""#, r#""verdict":"ask_for_changes""#);
    let mut other = lines.clone();
    other[approval] = &forged;
    for changed in [without, other] {
        std::fs::write(&ledger, changed.join("\n")).unwrap();
        let found = workbench::verify_folder(&folder).unwrap();
        assert!(!found.good);
        let bad = found.first_bad.unwrap();
        let place = approval as u64 + 1;
        assert!(
            (place..=place + 1).contains(&bad),
            "entry {bad} is named, the approval is {place}: {}",
            found.words
        );
    }
    std::fs::write(&ledger, &whole).unwrap();
    let text = folder.join("prompts/support/triage/v1.yaml");
    let yaml = std::fs::read_to_string(&text).unwrap();
    std::fs::write(&text, yaml.replace("Name the intent.", "Name nothing.")).unwrap();
    let found = workbench::verify_folder(&folder).unwrap();
    assert!(!found.good);
    assert!(found.words.contains("v1.yaml"), "{}", found.words);
}

/// The next piece of news that a laptop tells.
async fn next_news(said: &mut tokio::sync::broadcast::Receiver<workbench::Event>) -> String {
    let listening = async {
        loop {
            if let Ok(workbench::Event::News(news)) = said.recv().await {
                return news.words;
            }
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, listening)
        .await
        .expect("there is news")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_and_who_asked_are_told_when_something_happens() {
    let team = team().await;
    let (ben, rita) = (&team.ben, &team.rita);
    let mut to_ben = ben.bench.events();
    let mut to_rita = rita.bench.events();
    ben.bench.open_project(ben.project).await.unwrap();
    rita.bench.open_project(rita.project).await.unwrap();
    let version = ben.writes("support/triage", "Name the intent.").await;
    ben.syncs().await;

    let request = ben.asks_for("support/triage", &version, "production").await;
    assert_eq!(
        next_news(&mut to_rita).await,
        "Ben asks for your review: support/triage v1 to production"
    );
    rita.asks_for_changes(request, "Say what two intents mean")
        .await;
    assert_eq!(
        next_news(&mut to_ben).await,
        "Rita asks for changes to support/triage v1 to production"
    );
    rita.approves(request).await.unwrap();
    assert_eq!(
        next_news(&mut to_ben).await,
        "Rita approved support/triage v1 to production"
    );
    // Rita has said something to it, so she hears what became of it; Ben knows what he did.
    crate::support::wait::until("Ben to see that it may go", async || {
        match ben.looks_at(request).await.row.state {
            RequestState::Ready => Ok(()),
            state => Err(format!("{state:?}")),
        }
    })
    .await;
    ben.releases_request(request, "production").await.unwrap();
    assert_eq!(
        next_news(&mut to_rita).await,
        "Ben released support/triage v1 to production"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_was_tampered_with_leads_to_no_file_outside_its_folder() {
    let ana = Person::alone("Ana").await;
    ana.writes("support/triage", "Name the intent.").await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("proof");
    ana.bench
        .export_project(ana.project, folder.clone())
        .await
        .unwrap();
    // A prompt whose name leads out of the folder, in a chain that holds, and a file where it leads.
    let ledger = folder.join("ledger.jsonl");
    let mut before = Digest::ZERO;
    let mut lines = String::new();
    for line in std::fs::read_to_string(&ledger).unwrap().lines() {
        let read = Entry::read(line).unwrap();
        let mut events = read.events().to_vec();
        for event in &mut events {
            if let Event::PromptCreated { name, .. } = event {
                *name = "../../outside".to_owned();
            }
        }
        let new = NewEntry {
            seq: read.seq(),
            at: read.at(),
            prev: before,
            command: read.command().clone(),
            events,
        };
        let written = Entry::write(new).unwrap();
        before = written.digest();
        lines.push_str(written.line());
        lines.push('\n');
    }
    std::fs::write(&ledger, lines).unwrap();
    let about = folder.join("galley.json");
    let mut said: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&about).unwrap()).unwrap();
    said["head"] = before.to_string().into();
    std::fs::write(&about, said.to_string()).unwrap();
    let outside = home.path().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("v1.yaml"), "a secret of somebody else").unwrap();

    let refused = ana.bench.import_project(folder.clone()).await.unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("can't stand in a name"), "{refused}");
    let found = workbench::verify_folder(&folder).unwrap();
    assert!(!found.good);
    for said in [refused, found.words] {
        assert!(
            !said.contains("v1.yaml") && !said.contains("secret"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reviewers_asked_for_is_made_in_the_same_request() {
    let team = team().await;
    let (ben, rita) = (&team.ben, &team.rita);
    let first = ben.writes("support/triage", "Name the intent.").await;
    ben.syncs().await;
    let request = ben.asks_for("support/triage", &first, "production").await;
    team.in_step().await;
    rita.asks_for_changes(request, "Say what two intents mean")
        .await;
    team.in_step().await;

    let second = ben
        .rewrites(
            "support/triage",
            "Name one intent, the first.",
            "One intent",
        )
        .await;
    ben.syncs().await;
    let change = BundleChange {
        environment: ben.environment("production").await,
        prompt: ben.prompt_id("support/triage").await,
        sides: vec![BundleSide {
            version: second.id,
            weight: 100,
        }],
    };
    let plan = ben.bench.plan_release(ben.project, vec![change]).await;
    let plan = plan.unwrap().id;
    let open = ben
        .bench
        .requests_to_change(ben.project, plan.clone())
        .await;
    let open = open.unwrap();
    assert_eq!(open.iter().map(|row| row.id).collect::<Vec<_>>(), [request]);
    let asking = Asking {
        reason: "It names one intent now".to_owned(),
        instead: Some(request),
        ..Asking::default()
    };
    // Only whoever asked it, or an admin, may change it.
    let rights = rita.bench.plan_release(
        rita.project,
        vec![BundleChange {
            environment: rita.environment("production").await,
            prompt: rita.prompt_id("support/triage").await,
            sides: vec![BundleSide {
                version: first.id,
                weight: 100,
            }],
        }],
    );
    let others = rights.await.unwrap().id;
    let refused = rita
        .bench
        .ask_for_release(rita.project, others, asking.clone())
        .await;
    assert!(refused.is_err(), "it is Ben's request");
    let asked = ben.bench.ask_for_release(ben.project, plan, asking).await;
    assert_eq!(asked.unwrap().request, request, "no second request");
    team.in_step().await;

    let seen = rita.looks_at(request).await;
    assert!(seen.row.title.contains("v2"), "{}", seen.row.title);
    assert!(
        seen.history.iter().any(|line| line.contains("changed")),
        "{:?}",
        seen.history
    );
    // What she asked for holds it back until she decides again.
    assert_eq!(seen.row.state, RequestState::ChangesAsked);
    rita.approves(request).await.unwrap();
    team.in_step().await;
    ben.releases_request(request, "production").await.unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_stranger_is_plain_files_and_nothing_that_the_ledger_does_not_name() {
    let ana = Person::alone("Ana").await;
    ana.writes("support/triage", "Name the intent.").await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("proof");
    ana.bench
        .export_project(ana.project, folder.clone())
        .await
        .unwrap();
    assert!(workbench::verify_folder(&folder).unwrap().good);
    let place = folder.join("prompts/support/triage");

    // Something that nobody saved, beside what was.
    std::fs::write(place.join("v9.yaml"), "hi").unwrap();
    let found = workbench::verify_folder(&folder).unwrap();
    assert!(
        !found.good && found.words.contains("v9.yaml"),
        "{}",
        found.words
    );
    std::fs::remove_file(place.join("v9.yaml")).unwrap();

    // What is missing is not passed over in silence.
    let version = std::fs::read(place.join("v1.yaml")).unwrap();
    std::fs::remove_file(place.join("v1.yaml")).unwrap();
    let found = workbench::verify_folder(&folder).unwrap();
    assert!(
        found.words.contains("Not in the folder: one content"),
        "{}",
        found.words
    );

    // A link leads to somebody's secret: it is named, and nothing of it is read.
    let secret = home.path().join("secret");
    std::fs::write(&secret, "a secret of somebody else").unwrap();
    std::os::unix::fs::symlink(&secret, place.join("v1.yaml")).unwrap();
    for refused in [
        workbench::verify_folder(&folder).unwrap_err().to_string(),
        ana.bench
            .import_project(folder.clone())
            .await
            .unwrap_err()
            .to_string(),
    ] {
        assert!(refused.contains("no plain file"), "{refused}");
        assert!(!refused.contains("secret of"), "{refused}");
    }
    std::fs::remove_file(place.join("v1.yaml")).unwrap();
    std::fs::write(place.join("v1.yaml"), version).unwrap();

    // Another name over the same history.
    let about = folder.join("galley.json");
    let said = std::fs::read_to_string(&about).unwrap();
    std::fs::write(&about, said.replace("Support desk", "Somebody's desk")).unwrap();
    let found = workbench::verify_folder(&folder).unwrap();
    assert!(
        !found.good && found.words.contains("Somebody's desk"),
        "{}",
        found.words
    );
}
