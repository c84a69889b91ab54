//! An author alone on a laptop: no registry to configure, nothing lost.

use crate::support::Person;
use crate::support::person::first_text;
use workbench::views::State;

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_saved_on_this_computer_and_has_its_number() {
    let ana = Person::alone("Ana").await;
    let first = ana.writes("support/triage", "Name the intent.").await;
    assert_eq!(first.number, Some(1));
    let second = ana
        .rewrites("support/triage", "Name the intent in one word.", "Be brief")
        .await;
    assert_eq!(second.number, Some(2));
    assert_eq!(second.parents, [first.id]);

    let seen = ana.sees("support/triage").await;
    assert_eq!(seen.state, State::Saved);
    assert!(!seen.diverged);
    let messages: Vec<_> = seen
        .versions
        .iter()
        .map(|row| row.message.as_str())
        .collect();
    assert_eq!(
        messages,
        ["Be brief", "The first version"],
        "the newest first"
    );
    assert_eq!(
        ana.text(&first).await,
        "Name the intent.",
        "an earlier version stays as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_goes_back_to_an_earlier_moment() {
    let ana = Person::alone("Ana").await;
    ana.writes("support/triage", "Name the intent.").await;
    let prompt = ana.prompt_id("support/triage").await;
    let draft = ana
        .bench
        .open_draft(ana.project, prompt, None)
        .await
        .unwrap();
    for text in ["One.", "Two.", "Three."] {
        let mut content = draft.content.clone();
        let domain::content::Message::Message { text: first, .. } = &mut content.messages[0] else {
            panic!()
        };
        text.clone_into(first);
        ana.bench
            .save_draft(ana.project, draft.id.clone(), content, None, None)
            .await
            .unwrap();
    }
    let moments = ana
        .bench
        .draft_history(ana.project, draft.id.clone())
        .await
        .unwrap();
    let mut texts = Vec::new();
    for moment in &moments {
        let back = ana
            .bench
            .restore_draft(ana.project, draft.id.clone(), moment.id)
            .await
            .unwrap();
        texts.push(first_text(&back.content));
    }
    assert!(
        texts.contains(&"One.".to_owned()) && texts.contains(&"Two.".to_owned()),
        "{texts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_template_may_not_do_is_said_with_its_place() {
    let ana = Person::alone("Ana").await;
    let draft = ana
        .bench
        .new_draft(
            ana.project,
            "broken".to_owned(),
            domain::content::Kind::Text,
        )
        .await
        .unwrap();
    let mut content = draft.content.clone();
    content.messages = vec![domain::content::Message::Message {
        role: domain::content::Role::User,
        text: "Fine.\n{% set x = 1 %}".to_owned(),
        other: Default::default(),
    }];
    let check = ana.bench.check(ana.project, content).await.unwrap();
    assert_eq!(check.problems.len(), 1, "{:?}", check.problems);
    assert_eq!(check.problems[0].line, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_project_is_taken_in_and_looked_at_elsewhere() {
    let ana = Person::alone("Ana").await;
    ana.writes("support/triage", "Name the intent.").await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("desk");
    ana.bench
        .export_project(ana.project, folder.clone())
        .await
        .unwrap();

    let (elsewhere, _home) = crate::support::person::workbench();
    let card = elsewhere.import_project(folder).await.unwrap();
    let library = elsewhere.library(card.id).await.unwrap();
    assert_eq!(library.prompts[0].name, "support/triage");
    assert_eq!(library.me.role, workbench::views::PersonRole::Viewer);
    let prompt = elsewhere
        .prompt(card.id, library.prompts[0].id)
        .await
        .unwrap();
    let version = elsewhere
        .version(card.id, prompt.versions[0].id)
        .await
        .unwrap();
    assert_eq!(first_text(&version.content), "Name the intent.");
    assert!(elsewhere.verify(card.id).await.unwrap().good);
    elsewhere.settings(card.id).await.unwrap();
    // It is looked at, and not added to.
    let refused = elsewhere
        .set_label(card.id, prompt.id, "mine".to_owned(), version.row.id)
        .await
        .unwrap_err();
    assert!(!refused.to_string().is_empty(), "{refused}");
}
