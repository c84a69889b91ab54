//! Reviews that do not go straight: two reviewers, a change under an approval, a way back, a verdict
//! on a train.

use super::team::join;
use crate::support::wait::until;
use crate::support::{Desk, Person, Registry, Steps, Window};
use domain::RequestId;
use workbench::views::{PersonRole, RequestState};

/// Ana leads and Ben writes, each on a laptop without a window; production serves v1 and asks for
/// approvals by people who wrote nothing of it.
struct Team {
    registry: Registry,
    ana: Person,
    ben: Person,
}

impl Team {
    async fn gather(approvals: u32) -> Self {
        let registry = Registry::start().await;
        let ana = Person::founding("Ana Ferreira", &registry).await;
        let first = ana
            .writes("support/triage", "Name the intent of the message.")
            .await;
        ana.syncs().await;
        ana.releases("support/triage", &first, "production").await;
        ana.demands("production", |policy| {
            policy.approvals = approvals;
            policy.independent = true;
            policy.may_override = true;
        })
        .await;
        let ben = Person::invited_by(&ana, "Ben Okafor", &registry).await;
        ben.syncs().await;
        Self { registry, ana, ben }
    }

    /// A reviewer's window, on a computer of their own.
    async fn reviewer(&self, desk: &Desk, name: &str) -> Window {
        let bench = &self.ana.bench;
        let invitation = bench.invite(self.ana.project, PersonRole::Reviewer, name.to_owned());
        let invitation = invitation.await.expect("an admin may invite").secret;
        let window = Window::open(desk).await;
        join(&window, &self.registry, invitation.reveal(), name).await;
        window
    }

    async fn ben_asks(&self, text: &str) -> RequestId {
        let ben = &self.ben;
        let version = ben.rewrites("support/triage", text, "Be brief").await;
        ben.syncs().await;
        ben.asks_for("support/triage", &version, "production").await
    }
}

async fn opens_the_request(window: &Window) {
    window.sees_in("go-review", "1").await;
    window.click_id("go-review").await;
    window.click_for("request-0", "request-panel").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_voids_what_two_reviewers_approved_and_says_what_changed() {
    let mut steps = Steps::new("window/review-void");
    let team = Team::gather(2).await;
    let (rita_desk, sven_desk) = (Desk::new().await, Desk::new().await);
    let rita = team.reviewer(&rita_desk, "Rita Lindqvist").await;
    let sven = team.reviewer(&sven_desk, "Sven Adler").await;
    let request = team.ben_asks("Name the intent in one word.").await;

    opens_the_request(&rita).await;
    rita.click_id("approve").await;
    rita.sees_in("approvals", "1 of 2 approvals: Rita Lindqvist")
        .await;
    opens_the_request(&sven).await;
    sven.sees_in("approvals", "1 of 2 approvals: Rita Lindqvist")
        .await;
    sven.sees_in("missing", "needs 2 approvals and has 1").await;
    // Asking for changes needs words; with them, everybody sees what holds it.
    sven.click_id("ask-changes").await;
    sven.sees_in("verdict-missing", "Say what is to change")
        .await;
    sven.fill_id("verdict-comment", "What about two intents?")
        .await;
    sven.click_id("ask-changes").await;
    sven.sees_in("request-state", "changes asked for").await;
    rita.sees_in("verdicts", "What about two intents?").await;
    rita.sees_in("missing", "Sven Adler asks for changes").await;
    steps
        .did(
            &rita,
            "Two reviewers: one approves, the other holds it back and says why",
        )
        .await;
    sven.click_id("approve").await;
    rita.sees_in("approvals", "2 of 2 approvals").await;
    rita.sees_in("request-state", "may be released").await;
    steps
        .did(
            &rita,
            "Both are content, and the second verdict took the place of the first",
        )
        .await;

    // Production is given something else meanwhile, past the policy and with a reason.
    let ana = &team.ana;
    ana.syncs().await;
    let urgent = ana
        .rewrites("support/triage", "The bank's line is down.", "Urgent")
        .await;
    ana.syncs().await;
    let other = ana.asks_for("support/triage", &urgent, "production").await;
    ana.releases_request_over(other, "production", Some("The bank's line is down"))
        .await
        .expect("the policy lets an admin");
    rita.sees_in("request-state", "must be renewed").await;
    rita.sees_in("verdicts", "production moved from v1 to v3")
        .await;
    rita.sees_in("verdicts", "does not count").await;
    rita.gone("release-part-production").await;
    steps
        .did(
            &rita,
            "What it replaces has moved: both approvals are void, and the page says why",
        )
        .await;

    // Ben asks for the same on top of it. Whoever is reading is told, and sees it when they say so.
    let ben = &team.ben;
    ben.syncs().await;
    ben.bench.renew_request(ben.project, request).await.unwrap();
    rita.sees_in("request-changed", "This request changed while you read it")
        .await;
    steps
        .did(
            &rita,
            "It changes under the reader's eyes: nothing can be decided before looking again",
        )
        .await;
    let wrong = rita.axe().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    rita.click_id("look-again").await;
    rita.sees_in(
        "verdicts",
        "void: the request changed (support/triage in production)",
    )
    .await;
    rita.sees_in("approvals", "0 of 2 approvals").await;
    rita.sees_in("change-support/triage", "v3").await;
    rita.click_id("approve").await;
    sven.click_id("look-again").await;
    sven.click_id("approve").await;
    rita.sees_in("approvals", "2 of 2 approvals").await;
    steps
        .did(
            &rita,
            "Approved anew, each by themselves; the void verdicts stay in sight",
        )
        .await;

    // Released by a reviewer, and taken back by the same person, who needs nobody's leave for that.
    rita.click_for("release-part-production", "question-do")
        .await;
    rita.click_id("question-do").await;
    rita.sees_in("actions", "This request is over").await;
    let key = ana.makes_a_key("production").await;
    let serves = async |text: &str| {
        // The window shows what it asked for before the registry has answered.
        until("an application to read it", async || {
            let (_, served) = team.registry.read("support/triage", key.reveal()).await;
            match served.to_string() {
                found if found.contains(text) => Ok(()),
                instead => Err(instead),
            }
        })
        .await;
    };
    serves("Name the intent in one word.").await;
    rita.click_id("prompt-support/triage").await;
    rita.sees_in("served-production", "v2").await;
    rita.click_for("revert-production", "plan-do").await;
    rita.fill_id("plan-reason", "The line is still down").await;
    steps
        .did(
            &rita,
            "Going back: what production will serve again, and why",
        )
        .await;
    rita.click_id("plan-do").await;
    rita.sees_in("served-production", "v3").await;
    serves("The bank's line is down.").await;
    rita.click_id("go-activity").await;
    rita.sees("The line is still down").await;
    steps
        .did(
            &rita,
            "Activity tells all of it: the verdicts, the override, the way back",
        )
        .await;
    rita.close().await;
    sven.close().await;
    let (holds, said) = team.registry.verify();
    assert!(holds, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_given_on_a_train_counts_when_it_arrives() {
    let mut steps = Steps::new("window/review-train");
    let mut team = Team::gather(1).await;
    let desk = Desk::new().await;
    let rita = team.reviewer(&desk, "Rita Lindqvist").await;
    let request = team.ben_asks("Name the intent in one word.").await;
    opens_the_request(&rita).await;
    rita.sees_in("missing", "approval").await;

    team.registry.vanish();
    rita.click_id("sync-now").await;
    rita.sees_in("sync", "Offline").await;
    steps
        .did(&rita, "No network: everything is still there to read")
        .await;
    rita.fill_id("verdict-comment", "Short and clear.").await;
    rita.click_id("approve").await;
    rita.sees_in("verdicts", "in the outbox").await;
    rita.sees_in("verdicts", "Short and clear.").await;
    steps
        .did(&rita, "Approved without a network: it says that it waits")
        .await;
    // The train is long, and the battery short.
    rita.kill().await;
    let rita = Window::open(&desk).await;
    rita.click_id("go-review").await;
    // She has decided: it is not among what waits for her any more.
    rita.click_for("request-0", "request-panel").await;
    rita.sees_in("verdicts", "in the outbox").await;

    team.registry.come_back().await;
    rita.click_id("sync-now").await;
    rita.sees_in("sync", "In step").await;
    rita.sees_in("request-state", "may be released").await;
    rita.sees_in("approvals", "1 of 1 approval: Rita Lindqvist")
        .await;
    steps.did(&rita, "It arrived, and it counts").await;
    let ben = &team.ben;
    ben.syncs().await;
    let seen = ben.looks_at(request).await;
    assert_eq!(seen.row.state, RequestState::Ready);
    assert_eq!(seen.verdicts[0].comment, "Short and clear.");
    ben.releases_request(request, "production").await.unwrap();
    rita.sees_in("actions", "This request is over").await;
    steps.did(&rita, "And it went on its way").await;
    rita.close().await;
    let (holds, said) = team.registry.verify();
    assert!(holds, "{said}");
}
