//! A registry shows two laptops different histories. Each holds by itself; the two are found out as
//! soon as anybody holds one against the other.

use crate::support::{Line, Person, Registry};
use workbench::views::{PersonRole, SyncKind};

struct Fork {
    honest: Registry,
    _twin: Registry,
    line: Line,
    ana: Person,
    ben: Person,
}

/// Ana and Ben were in step. Since then the registry shows Ben another history: he and Ana wrote
/// something, and neither sees what the other wrote.
async fn fork() -> Fork {
    let honest = Registry::start().await;
    let line = Line::before(&honest).await;
    let ana = Person::founding("Ana", &honest).await;
    let ben = Person::invited_at(line.address(), PersonRole::Reviewer, &ana, "Ben").await;
    for person in [&ana, &ben, &ana] {
        person.syncs().await;
    }
    let twin = honest.twin().await;
    line.leads_to(&twin);
    ana.writes("support/triage", "Name the intent.").await;
    ben.writes("support/tone", "Answer warmly.").await;
    // Each is in step with what it is shown, and all of it holds.
    for person in [&ana, &ben] {
        person.syncs().await;
        let found = person.bench.verify(person.project).await;
        let found = found.expect("the project is here");
        assert!(found.good, "{}", found.words);
    }
    Fork {
        honest,
        _twin: twin,
        line,
        ana,
        ben,
    }
}

async fn head(person: &Person) -> (u64, String) {
    let number = person.library().await.sync.head;
    let digest = person.bench.last_entry(person.project);
    let digest = digest.expect("the project is here");
    (number, digest.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ends_at_one_number_are_one_or_the_registry_lies() {
    let Fork { ana, ben, .. } = &fork().await;
    let (ana_at, ana_has) = head(ana).await;
    let (ben_at, ben_has) = head(ben).await;
    assert_eq!(ana_at, ben_at, "they compare the same number");
    assert_ne!(ana_has, ben_has);
    // Each reads it where the history is checked, to say it to the other.
    for (person, digest) in [(ana, ana_has), (ben, ben_has)] {
        let said = person.bench.verify(person.project).await.unwrap().words;
        assert!(said.contains(&digest), "{said}");
        assert!(said.contains("different histories"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_one_held_against_the_other_names_where_they_part() {
    let Fork { ana, ben, .. } = &fork().await;
    // Ana has gone on since: the numbers need not be the same for this.
    let first = head(ana).await.0 - 1;
    ana.writes("support/greeting", "Say hello.").await;
    ana.syncs().await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("proof");
    ana.bench
        .export_project(ana.project, folder.clone())
        .await
        .unwrap();
    let alone = workbench::verify_folder(&folder).unwrap();
    assert!(alone.good, "by itself it holds: {}", alone.words);
    let mine = ana.bench.verify_export(&folder).unwrap();
    assert!(mine.good, "{}", mine.words);
    assert!(mine.words.contains("the same history"), "{}", mine.words);

    let found = ben.bench.verify_export(&folder).unwrap();
    assert!(!found.good);
    let parted = found.first_bad.expect("the entry is named");
    // Writing is two entries: the prompt, and its first version.
    assert_eq!(parted, first);
    for words in ["Two histories", &format!("entry {parted} is"), "shown"] {
        assert!(found.words.contains(words), "{words} in: {}", found.words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_from_where_the_others_pull_stops_and_keeps_everything() {
    let mut fork = fork().await;
    let ben = &fork.ben;
    ben.writes("support/later", "Not sent yet.").await;
    fork.line.leads_to(&fork.honest);
    let refused = ben.bench.sync_now(ben.project).await.unwrap_err();
    let words = "The registry shows another history than it showed before";
    assert!(refused.to_string().contains(words), "{refused}");
    let state = ben.bench.sync_state(ben.project).await.unwrap();
    assert_eq!(state.kind, SyncKind::Problem);
    assert!(state.words.contains(words), "{}", state.words);
    // What he wrote is his, and nothing of it went where it does not belong.
    for prompt in ["support/tone", "support/later"] {
        ben.prompt_id(prompt).await;
    }
    fork.ana.syncs().await;
    let theirs = fork.ana.library().await;
    assert_eq!(theirs.prompts.len(), 1, "{:?}", theirs.prompts);
    fork.honest.vanish();
    let (holds, said) = fork.honest.verify();
    assert!(holds, "{said}");
}
