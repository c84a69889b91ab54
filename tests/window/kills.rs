//! `kill -9` of the real window at random moments, while somebody types and saves in it.
//!
//! What the window had said to be saved is there when it is opened again, and what it had said to
//! be accepted is there once. `GALLEY_SOAK=10` kills ten times as often.

#![allow(clippy::print_stdout, reason = "a test says what its kills met")]

use super::team::{begin_prompt, found, save};
use crate::support::program::built;
use crate::support::wait::until;
use crate::support::{Desk, Registry, Window};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

const KILLS: u64 = 20;

/// What is known of the prompt whatever happens to the window.
#[derive(Default)]
struct Book {
    /// The last text that was typed, and the last that the window said to be saved.
    typed: u64,
    kept: u64,
    /// Versions that were asked for, and those that the window said to be saved.
    asked: BTreeSet<u64>,
    accepted: BTreeSet<u64>,
    /// Kills after which something typed or asked for was without an answer.
    unanswered: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_somebody_types_and_saves() {
    let factor: Option<u64> = std::env::var("GALLEY_SOAK")
        .ok()
        .and_then(|factor| factor.parse().ok());
    let kills = KILLS * factor.unwrap_or(1);
    let seed: Option<u64> = std::env::var("GALLEY_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let mut chance = Chance::new(seed);
    let mut registry = Registry::start().await;
    let desk = Desk::new().await;
    let window = Window::open(&desk).await;
    found(&window, &registry, "Ana Ferreira").await;
    begin_prompt(&window, "support/tone", &text(0)).await;
    save(&window, &message(0)).await;
    window.sees("Saved as v1").await;
    window.kill().await;

    let mut book = Book::default();
    book.asked.insert(0);
    book.accepted.insert(0);
    let mut there = true;
    for _ in 0..kills {
        let wanted = chance.below(4) > 0;
        match (there, wanted) {
            (true, false) => registry.vanish(),
            (false, true) => registry.come_back().await,
            _ => {}
        }
        there = wanted;
        book.round(&desk, &mut chance).await;
    }

    if !there {
        registry.come_back().await;
    }
    let window = Window::open(&desk).await;
    book.find(&window).await;
    window.click_id("sync-now").await;
    window.sees_in("sync", "In step").await;
    window.kill().await;
    book.verify(&desk);
    registry.vanish();
    let (good, report) = registry.verify();
    assert!(good, "{report}");
    println!(
        "{kills} kills of the window: {} while something was without its answer; {} texts, {} versions",
        book.unanswered,
        book.typed,
        book.accepted.len()
    );
}

impl Book {
    /// Opens the window, types, perhaps saves a version, and kills it.
    async fn round(&mut self, desk: &Desk, chance: &mut Chance) {
        let window = Window::open(desk).await;
        self.find(&window).await;
        for _ in 0..=chance.below(2) {
            self.typed += 1;
            window.write_message(0, &text(self.typed)).await;
        }
        let saving = chance.below(2) == 0;
        if saving {
            window.sees_in("draft-state", "saved on this laptop").await;
            self.kept = self.typed;
            self.asked.insert(self.typed);
            save(&window, &message(self.typed)).await;
        }
        // Looks on until the moment comes; it is random, and nothing waits for it to be enough.
        let moment = Instant::now() + Duration::from_millis(chance.below(900));
        let mut answered = false;
        loop {
            answered |= self.look(&window, saving).await;
            if Instant::now() >= moment {
                break;
            }
        }
        window.kill().await;
        self.unanswered += u64::from(!answered);
    }

    /// Takes note of what the window says; whether everything so far has its answer.
    async fn look(&mut self, window: &Window, saving: bool) -> bool {
        let script = "const text = (id) => document.querySelector(`[data-testid=\"${id}\"]`)?.innerText ?? '';\
                      return [text('draft-state'), text('message-0'), document.body.innerText]";
        let seen = window.run(script, vec![]).await;
        let part = |place: usize| seen[place].as_str().unwrap_or_default();
        if part(0).contains("saved on this laptop") && part(1).contains(&text(self.typed)) {
            self.kept = self.typed;
        }
        if saving && part(2).contains("Saved as ") {
            self.accepted.insert(self.typed);
        }
        if saving {
            self.accepted.contains(&self.typed)
        } else {
            self.kept == self.typed
        }
    }

    /// The prompt holds what was kept, or something that was typed after it.
    async fn find(&mut self, window: &Window) {
        window.click_id("prompt-support/tone").await;
        window.sees_in("prompt-name", "tone").await;
        let script = "return document.querySelector('[data-testid=message-0] .cm-content')?.innerText ?? null";
        let found = until("the first message", async || {
            match window.run(script, vec![]).await {
                Value::String(found) if !found.trim().is_empty() => Ok(found.trim().to_owned()),
                instead => Err(instead.to_string()),
            }
        })
        .await;
        let whole = (self.kept..=self.typed).find(|number| text(*number) == found);
        // A pause while it was typed.
        let part = (self.kept + 1..=self.typed).find(|number| text(*number).starts_with(&found));
        match (whole, part) {
            (Some(number), _) => self.kept = number,
            (None, Some(_)) => {}
            (None, None) => panic!(
                "{found:?} is there; {:?} was kept and {:?} typed",
                text(self.kept),
                text(self.typed)
            ),
        }
    }

    /// Every accepted version is there once, and the ledger verifies.
    fn verify(&self, desk: &Desk) {
        let versions: Value =
            serde_json::from_str(&galley(desk, &["log", "support/tone"])).expect("JSON");
        let versions = versions.as_array().expect("a list of versions");
        let numbers: Vec<u64> = versions
            .iter()
            .map(|row| {
                let message = row["message"].as_str().expect("a message");
                let number = message.strip_prefix("Save ").expect("our own words");
                number.parse().expect("a number")
            })
            .collect();
        assert!(
            numbers.windows(2).all(|pair| pair[0] > pair[1]),
            "each once and in order: {numbers:?}"
        );
        let there: BTreeSet<_> = numbers.into_iter().collect();
        assert!(
            there.is_superset(&self.accepted),
            "{there:?}: {:?}",
            self.accepted
        );
        assert!(there.is_subset(&self.asked), "{there:?}: {:?}", self.asked);
        let accepted = versions.iter().all(|row| row["number"].is_number());
        assert!(accepted, "all have a number: {versions:#?}");
        let verified: Value = serde_json::from_str(&galley(desk, &["verify"])).expect("JSON");
        assert_eq!(verified["good"], Value::Bool(true), "{verified}");
    }
}

fn text(number: u64) -> String {
    format!("Draft {number}!")
}

fn message(number: u64) -> String {
    format!("Save {number}")
}

/// What `galley` answers on this desk, as JSON.
fn galley(desk: &Desk, arguments: &[&str]) -> String {
    let output = desk
        .command(built("galley"))
        .arg("--json")
        .args(arguments)
        .output()
        .expect("galley runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Numbers without a pattern, the same for the same seed.
struct Chance(u64);

impl Chance {
    /// From this seed or the clock. A test that fails says which.
    fn new(seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.map_or(1, |now| u64::from(now.subsec_nanos()))
        });
        println!("GALLEY_SEED={seed}");
        Self(seed | 1)
    }

    /// One of `0..end`.
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }
}
