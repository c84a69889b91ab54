//! Two applications read what production serves: one with Langfuse's own SDK, one with ours. Their
//! traffic is split, shifted and taken back in the window; then the registry dies.

use crate::support::{Demo, Desk, Model, Registry, Steps, Window, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::ready;
use std::io::Write as _;
use std::time::Instant;

/// How long Langfuse's SDK keeps a prompt before it asks again.
const CACHE_SECONDS: &str = "1";

struct Desks {
    ours: Demo,
    langfuse: Demo,
    units: Vec<String>,
}

impl Desks {
    /// The units that our SDK gives this version.
    fn on(&mut self, version: u64) -> BTreeSet<String> {
        let units = self.units.clone();
        units
            .into_iter()
            .filter(|unit| self.ours.version(Some(unit)) == version)
            .collect()
    }

    /// Waits until both serve it as they must, and says how long that took after the click.
    async fn settle(
        &mut self,
        ours: impl Fn(&BTreeSet<String>) -> bool,
        (new, largest): (u64, u64),
    ) -> String {
        let since = Instant::now();
        until("our SDK to serve it", || {
            let on = self.on(new);
            ready(if ours(&on) {
                Ok(())
            } else {
                Err(format!("{on:?}"))
            })
        })
        .await;
        let first = since.elapsed();
        until("Langfuse's SDK to serve it", || {
            ready(match self.langfuse.version(None) {
                version if version == largest => Ok(()),
                other => Err(format!("v{other}")),
            })
        })
        .await;
        format!(
            "seen by our SDK after {} ms, by Langfuse's after {} ms",
            first.as_millis(),
            since.elapsed().as_millis()
        )
    }
}

/// What the model answered is one of the intents of the prompt's schema.
fn is_an_intent(answer: &Value) {
    let text = answer["answer"].as_str().unwrap_or_default();
    let read: Value = serde_json::from_str(text).unwrap_or_default();
    assert!(
        read["intent"].is_string(),
        "the model answers an intent: {answer}"
    );
}

async fn carries_out(window: &Window, words: &str) {
    window.click_id("plan-do").await;
    window.gone("plan-dialog").await;
    window.sees_in("served-production", words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_is_shifted_and_taken_back_and_the_registry_dies() {
    let mut steps = Steps::new("window/serving");
    let mut registry = Registry::start().await;
    let model = Model::start();
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;

    // The sample, shared with a team.
    super::team::share_sample(&window, &registry).await;

    // A key for production.
    window.click_id("go-settings").await;
    window.click_id("new-key").await;
    window.fill_id("key-name", "support desk").await;
    window.choose_id("key-environment", "production").await;
    window.click_id("key-create").await;
    window.sees_in("key-made", "clipboard").await;
    steps
        .did(&window, "A key for production, copied and shown nowhere")
        .await;
    let key = window.clipboard().await;

    let disk = desk.home().join("prompts.json");
    let address = registry.address();
    let environment = [
        ("GALLEY_URL", address.as_str()),
        ("GALLEY_KEY", key.as_str()),
        ("MODEL_URL", model.address()),
        ("GALLEY_DISK", disk.to_str().expect("a path")),
        ("CACHE_SECONDS", CACHE_SECONDS),
    ];
    let mut desks = Desks {
        ours: Demo::start("galley_desk.py", &environment),
        langfuse: Demo::start("langfuse_desk.py", &environment),
        units: (1..=120).map(|n| format!("customer-{n}")).collect(),
    };
    let message = json!({ "unit": "customer-1", "message": "I think somebody stole my card" });
    for desk in [&mut desks.ours, &mut desks.langfuse] {
        is_an_intent(&desk.asked(&message));
    }
    let old = desks.langfuse.version(None);
    assert_eq!(desks.on(old).len(), desks.units.len());

    // A new version, to the last stage by the usual way, and there to a tenth of the traffic.
    window.click_id("prompt-support/triage").await;
    window.sees_in("prompt-name", "triage").await;
    window
        .write_message(
            0,
            "Sort what customers write to a bank by intent. Answer as JSON.",
        )
        .await;
    window.write_message(17, "{{ message }}").await;
    super::team::save(&window, "A plainer beginning").await;
    let new = old.max(6) + 1;
    window.click_id("release-development").await;
    window.click_id("plan-do").await;
    window
        .sees_in("served-development", &format!("v{new}"))
        .await;
    window.click_id("promote-development").await;
    window.click_id("plan-do").await;
    window.sees_in("served-staging", &format!("v{new}")).await;
    window.click_id("promote-staging").await;
    window.click_id("begin-share").await;
    window.sees_in("split-dialog", &format!("v{old}")).await;
    steps
        .did(&window, "A tenth of the traffic for the new version")
        .await;
    window.click_id("split-next").await;
    window
        .sees_in(
            "moves",
            &format!("10 % of the traffic moves from v{old} to v{new}"),
        )
        .await;
    steps
        .did(&window, "Who would move, before anything does")
        .await;
    carries_out(&window, &format!("v{old} 90 %")).await;
    let told = desks.settle(|on| !on.is_empty(), (new, old)).await;
    let tenth = desks.on(new);
    assert!(
        tenth.len() < desks.units.len() / 2,
        "about a tenth: {tenth:?}"
    );
    say(&format!("10 %: {told}"));

    // Shifted: who was there stays, others come.
    window.click_id("shift-production").await;
    window.fill_id(&format!("split-share-v{new}"), "60").await;
    window.click_id("split-next").await;
    window
        .sees_in(
            "moves",
            &format!("50 % of the traffic moves from v{old} to v{new}"),
        )
        .await;
    carries_out(&window, &format!("v{new} 60 %")).await;
    steps.did(&window, "Shifted to sixty per cent").await;
    let told = desks.settle(|on| on.len() > tenth.len(), (new, new)).await;
    assert!(
        desks.on(new).is_superset(&tenth),
        "who has the new version keeps it"
    );
    say(&format!("60 %: {told}"));
    is_an_intent(&desks.langfuse.asked(&message));

    // Taken back: first the shift, then the split.
    window.click_id("revert-production").await;
    window.sees_in("plan-dialog", "Reason").await;
    carries_out(&window, &format!("v{old} 90 %")).await;
    let told = desks.settle(|on| *on == tenth, (new, old)).await;
    say(&format!("shift reverted: {told}"));
    window.click_id("revert-production").await;
    window.sees_in("plan-dialog", "Reason").await;
    carries_out(&window, &format!("v{old}")).await;
    let told = desks.settle(BTreeSet::is_empty, (new, old)).await;
    say(&format!("split reverted: {told}"));
    steps
        .did(
            &window,
            "Reverted: production serves the old version to everybody",
        )
        .await;
    for desk in [&mut desks.ours, &mut desks.langfuse] {
        let answer = desk.asked(&message);
        assert_eq!(answer["version"], old);
        is_an_intent(&answer);
    }

    // The registry dies. Both go on; ours also after it is started anew.
    registry.vanish();
    until("our SDK to say that nobody vouches for it", || {
        let answer = desks.ours.asked(&json!({ "unit": "customer-1" }));
        ready(if answer["stale"] == true {
            Ok(())
        } else {
            Err(answer.to_string())
        })
    })
    .await;
    for desk in [&mut desks.ours, &mut desks.langfuse] {
        let answer = desk.asked(&message);
        assert_eq!(answer["version"], old);
        is_an_intent(&answer);
    }
    desks.ours = Demo::start("galley_desk.py", &environment);
    let answer = desks.ours.asked(&message);
    assert_eq!(
        (answer["version"].as_u64(), answer["source"].as_str()),
        (Some(old), Some("kept"))
    );
    is_an_intent(&answer);

    // It is back, and so is its word for what is served.
    registry.come_back().await;
    until("our SDK to be vouched for again", || {
        let answer = desks.ours.asked(&json!({ "unit": "customer-1" }));
        ready(
            if answer["stale"] == false && answer["source"] == "registry" {
                Ok(())
            } else {
                Err(answer.to_string())
            },
        )
    })
    .await;
    assert_eq!(desks.langfuse.version(None), old);

    // Another key in place of the one that they have, and who uses which.
    window.click_id("go-settings").await;
    window.sees_in("key-support desk", "gal_env_").await;
    window.click("Replace support desk by a new key").await;
    window.sees_in("rotate-form", "Both work until").await;
    steps
        .did(&window, "Another key in its place; both work for a week")
        .await;
    window.click_id("key-create").await;
    window.sees_in("key-made", "clipboard").await;
    window.sees("replaced").await;
    let wrong = window.axe().await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    let second = window.clipboard().await;
    assert_ne!(second, key);
    for key in [&key, &second] {
        let (status, _) = registry.read("support/triage", key).await;
        assert_eq!(status, 200);
    }
    steps
        .did(&window, "Two keys, and when each was last used")
        .await;
    window.close().await;
}

fn say(words: &str) {
    // A test's output may be captured or gone; the journey goes on.
    let _ = writeln!(std::io::stdout().lock(), "     {words}");
}
