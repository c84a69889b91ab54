//! Measures search as one types over 10,000 prompts.
//!
//! `cargo run --release -p store --example bench_search`
#![allow(clippy::print_stdout, reason = "it prints its table")]
#![allow(
    clippy::expect_used,
    reason = "a benchmark stops where something fails"
)]

#[path = "../../tests/store/maker.rs"]
mod maker;

use domain::Millis;
use maker::Maker;
use std::time::Instant;
use store::{Options, Store};

const PROMPTS: usize = 10_000;
const BUDGET: f64 = 30.0;

// Words of a support desk; every text is another mix of them.
const WORDS: &str = "account answer amount apply bank balance beneficiary card cash charge \
    confirm country currency customer declined delivery deposit dispute document exchange fee \
    fraud identity intent kind limit lost message money name number order passcode payment \
    pending phone please policy question reason receive refund reply request reverse salary \
    secure send statement support tone top transaction transfer triage understand update \
    urgent verify virtual wait withdraw wrong";

fn main() {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut maker = Maker::new(7);
    let mut chance = 99_u32;
    let mut word = || {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        words[(chance >> 16) as usize % words.len()]
    };
    for n in 0..PROMPTS {
        let name = format!("{}/{} {n}", word(), word());
        let prompt = maker.prompt(&name);
        let text: Vec<_> = (0..200).map(|_| word()).collect();
        let message = format!("{} {} and {}", word(), word(), word());
        maker.version(prompt, &[], &text.join(" "), &message);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("galley.db");
    let store = Store::open(&path, &Options::default()).expect("opens");
    maker.fill(&store);
    drop(store);
    let store = Store::open(&path, &Options::default()).expect("opens");
    println!("{PROMPTS} prompts of 200 words each");
    for typed in [
        "r",
        "re",
        "ref",
        "refund",
        "refund ",
        "refund card",
        "refund card de",
        "zebra",
        "17",
        "t",
        "the customer",
    ] {
        let (mut worst, mut found) = (0.0_f64, 0);
        for _ in 0..5 {
            let began = Instant::now();
            found = store.search(maker.project, typed, 50).expect("finds").len();
            worst = worst.max(began.elapsed().as_secs_f64() * 1e3);
        }
        let verdict = if worst <= BUDGET { "within" } else { "OVER" };
        println!(
            "{typed:<18} {found:>3} hits {worst:>8.1} ms at worst of 5  {verdict} {BUDGET} ms"
        );
    }
    let view = Instant::now();
    store.view(maker.project, Millis(maker.now)).expect("views");
    println!("first view {:.1?}", view.elapsed());
}
