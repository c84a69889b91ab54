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
#[path = "../../../../scripts/bench/row.rs"]
mod row;

use domain::Millis;
use maker::Maker;
use row::{Budget, median, ms_since, row};
use std::time::Instant;
use store::{Options, Store};

const PROMPTS: usize = 10_000;
const RUNS: usize = 21;

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
    let mut slowest: (&str, Vec<f64>) = ("", vec![0.0]);
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
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..RUNS {
            let began = Instant::now();
            found = store.search(maker.project, typed, 50).expect("finds").len();
            times.push(ms_since(began));
        }
        println!("{typed:<18} {found:>3} hits {:>8.1} ms", median(&times));
        if median(&times) > median(&slowest.1) {
            slowest = (typed, times);
        }
    }
    row(
        "search",
        "search as you type over 10,000 prompts",
        &slowest.1,
        "ms",
        Budget::AtMost(30.0),
        &format!("the slowest of the texts typed: {:?}", slowest.0),
    );
    let view = Instant::now();
    store.view(maker.project, Millis(maker.now)).expect("views");
    println!("first view {:.1?}", view.elapsed());
}
