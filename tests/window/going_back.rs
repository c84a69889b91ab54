//! At night: what was released together goes back together, but for the prompt that was mended since.

use super::team::join;
use crate::support::{Desk, Person, Registry, Steps, Window};
use workbench::views::{BundleChange, BundleSide, PersonRole, VersionRow};

async fn releases_together(ana: &Person, versions: [(&str, &VersionRow); 2], why: &str) {
    let mut changes = Vec::new();
    for (prompt, version) in versions {
        changes.push(BundleChange {
            environment: ana.environment("production").await,
            prompt: ana.prompt_id(prompt).await,
            sides: vec![BundleSide {
                version: version.id,
                weight: 100,
            }],
        });
    }
    let plan = ana.bench.plan_release(ana.project, changes).await;
    let plan = plan.expect("both can be released").id;
    let done = ana.bench.carry_out(ana.project, plan, why.to_owned()).await;
    done.expect("an admin may release");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_goes_back_and_what_was_mended_since_is_kept() {
    let mut steps = Steps::new("window/going_back");
    let registry = Registry::start().await;
    let ana = Person::founding("Ana Ferreira", &registry).await;
    let (triage, tone) = ("support/triage", "support/tone");
    let first = [
        ana.writes(triage, "Sort the mail.").await,
        ana.writes(tone, "Be short.").await,
    ];
    ana.syncs().await;
    releases_together(
        &ana,
        [(triage, &first[0]), (tone, &first[1])],
        "To begin with",
    )
    .await;
    let second = [
        ana.rewrites(triage, "Sort the letters.", "Letters").await,
        ana.rewrites(tone, "Be cheerful.", "Cheerful").await,
    ];
    ana.syncs().await;
    releases_together(
        &ana,
        [(triage, &second[0]), (tone, &second[1])],
        "Letters, cheerfully",
    )
    .await;
    let mended = ana.rewrites(tone, "Be kind.", "Kind").await;
    ana.syncs().await;
    ana.releases(tone, &mended, "production").await;
    let invitation = ana
        .bench
        .invite(ana.project, PersonRole::Admin, "Ravi Menon".to_owned())
        .await
        .expect("an admin may invite")
        .secret;

    let desk = Desk::new().await;
    let ravi = Window::open(&desk).await;
    join(&ravi, &registry, invitation.reveal(), "Ravi Menon").await;
    ravi.click_id("go-releases").await;
    ravi.sees_in("release-history", "Letters, cheerfully").await;
    ravi.click("Compare this release: support/triage v2, support/tone v2")
        .await;
    ravi.sees_in("release-summary", "One prompt differs; one is the same")
        .await;
    ravi.sees_in("served-change", "support/tone").await;
    let wrong = ravi.axe().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    steps
        .did(
            &ravi,
            "What the bundle served, compared with what production serves now",
        )
        .await;

    ravi.click("Back to the releases").await;
    ravi.click("Revert this release: support/triage v2, support/tone v2")
        .await;
    ravi.sees_in("undoes", "cheerfully").await;
    steps
        .did(
            &ravi,
            "The bundle goes back as one; what was released since is named",
        )
        .await;
    ravi.click_id("keep-support/tone").await;
    ravi.sees_in("plan-dialog", "is kept").await;
    ravi.fill_id("plan-reason", "Letters were sorted wrongly")
        .await;
    let wrong = ravi.axe().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    ravi.click_id("plan-do").await;
    ravi.gone("plan-dialog").await;
    ravi.sees_in("release-history", "Letters were sorted wrongly")
        .await;
    steps
        .did(&ravi, "Triage is back, and the mended tone is served on")
        .await;
    ravi.close().await;

    let key = ana.makes_a_key("production").await;
    let served = async |prompt| registry.read(prompt, key.reveal()).await.1.to_string();
    assert!(served(triage).await.contains("Sort the mail."));
    assert!(served(tone).await.contains("Be kind."));
}
