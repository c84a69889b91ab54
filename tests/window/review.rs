//! A review in two windows: an author asks, a reviewer reads all of it and approves, and it goes.

use super::team::join;
use crate::support::{Desk, Person, Registry, Steps, Window};
use workbench::views::PersonRole;

#[tokio::test(flavor = "multi_thread")]
async fn an_author_asks_a_reviewer_approves_and_it_goes() {
    let mut steps = Steps::new("window/review");
    let registry = Registry::start().await;
    // Ana leads from her own computer; she has made production ask for an approval.
    let ana = Person::founding("Ana Ferreira", &registry).await;
    ana.demands("production", |policy| {
        policy.approvals = 1;
        policy.independent = true;
    })
    .await;
    let first = ana
        .writes("support/triage", "Name the intent of the message.")
        .await;
    ana.syncs().await;
    ana.releases("support/triage", &first, "staging").await;
    let invite = async |role, name: &str| {
        let invitation = ana.bench.invite(ana.project, role, name.to_owned()).await;
        invitation.expect("an admin may invite").secret
    };
    let ben_invitation = invite(PersonRole::Author, "Ben Okafor").await;
    let rita_invitation = invite(PersonRole::Reviewer, "Rita Lindqvist").await;

    let (ben_desk, rita_desk) = (Desk::new().await, Desk::new().await);
    let ben = Window::open(&ben_desk).await;
    join(&ben, &registry, ben_invitation.reveal(), "Ben Okafor").await;
    let rita = Window::open(&rita_desk).await;
    join(&rita, &registry, rita_invitation.reveal(), "Rita Lindqvist").await;

    ben.click_id("prompt-support/triage").await;
    ben.click_for("promote-staging", "ask-reason").await;
    ben.fill_id("ask-reason", "It names the intent of real messages")
        .await;
    ben.sees_in("ask-preview", "needs 1 approval").await;
    steps
        .did(&ben, "Production asks for a review: promoting becomes asking, and says what will still be needed")
        .await;
    ben.click_id("ask-review").await;
    ben.sees_in("request-state", "waits").await;

    // It comes to Rita by itself.
    rita.sees_in("go-review", "1").await;
    rita.click_id("go-review").await;
    rita.click_id("request-0").await;
    rita.sees_in("request-reason", "It names the intent of real messages")
        .await;
    rita.sees("Name the intent of the message.").await;
    rita.sees_in("missing", "approval").await;
    steps
        .did(
            &rita,
            "The reviewer's screen: everything that will run, and what is missing",
        )
        .await;
    let wrong = rita.axe().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    rita.fill_id("comment-text", "Short and clear.").await;
    rita.click_id("comment-send").await;
    rita.sees_in("comments", "Short and clear.").await;
    rita.click_id("approve").await;
    rita.sees_in("verdicts", "Rita Lindqvist").await;
    steps
        .did(&rita, "Approved: exactly what was on the screen")
        .await;

    ben.click_id("go-review").await;
    ben.click_id("request-0").await;
    ben.sees_in("comments", "Short and clear.").await;
    ben.click_for("release-part-production", "question-do")
        .await;
    ben.click_id("question-do").await;
    ben.gone("release-part-production").await;
    steps.did(&ben, "Released by the author who asked").await;
    ben.close().await;
    rita.close().await;

    let key = ana.makes_a_key("production").await;
    let (_, served) = registry.read("support/triage", key.reveal()).await;
    assert!(
        served
            .to_string()
            .contains("Name the intent of the message."),
        "{served}"
    );
}
