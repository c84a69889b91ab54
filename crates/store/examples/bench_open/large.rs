//! A large project: 10,000 versions of 1,000 prompts, released and labelled, 100,000 entries.
#![allow(
    clippy::expect_used,
    reason = "a benchmark stops where something fails"
)]

use super::maker::Maker;
use domain::ledger::Body;

const PROMPTS: usize = 1_000;
/// How many versions it has.
pub const VERSIONS: usize = 10_000;
/// How many entries it has.
pub const ENTRIES: usize = 100_000;

/// Its ledger.
pub fn ledger() -> Maker {
    let mut maker = Maker::new(7);
    let mut prompts = Vec::new();
    for n in 0..PROMPTS {
        prompts.push(maker.prompt(&format!("team {}/prompt {n}", n % 25)));
    }
    let mut latest = vec![None; PROMPTS];
    for n in 0..VERSIONS {
        let place = n % PROMPTS;
        let parents: Vec<_> = latest[place].into_iter().collect();
        let text = format!(
            "You help customers of a bank. Answer in {n} words. {}",
            "Be kind and exact. ".repeat(30)
        );
        let version = maker.version(prompts[place], &parents, &text, &format!("try {n}"));
        latest[place] = Some(version);
        for environment in 0..3 {
            maker.release(prompts[place], version, environment);
        }
    }
    let mut label = vec![None; PROMPTS];
    let mut n = 0;
    while maker.entries.len() < ENTRIES {
        let place = n % PROMPTS;
        n += 1;
        let version = latest[place].expect("has versions");
        // On and off in turn: a label that is there already can't be put there again.
        let body = match label[place].take() {
            Some(replaces) => Body::RemoveLabel {
                prompt: prompts[place],
                label: "candidate".to_owned(),
                replaces,
            },
            None => {
                label[place] = Some(version);
                Body::SetLabel {
                    prompt: prompts[place],
                    label: "candidate".to_owned(),
                    version,
                    replaces: None,
                }
            }
        };
        maker.accept(body);
    }
    maker
}
