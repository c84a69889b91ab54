//! How long a comparison takes: `cargo run --release -p domain --example diff_bench`.
//!
//! Prints the median, the fastest and the slowest of some runs for texts of 100,000 characters, and whether the
//! budgets of the design are kept. It measures; it is no test.
#![allow(clippy::print_stdout)]

#[path = "../../../scripts/bench/row.rs"]
mod row;

use domain::VersionContent;
use domain::diff::{ContentDiff, Limits, compare};
use domain::merge::three_way;
use row::{Budget, ms_since, row};
use std::time::{Duration, Instant};

const CHARACTERS: usize = 100_000;
const RUNS: usize = 21;

/// A generator of our own: the same texts on every machine, today and later.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }

    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 24] = [
            "ac", "count", "card", "pay", "ment", "trans", "fer", "re", "fund", "lim", "it", "bal",
            "ance", "cus", "tom", "er", "ver", "i", "fy", "cash", "top", "up", "ex", "change",
        ];
        const SMALL: [&str; 8] = ["the", "of", "and", "to", "a", "in", "is", "you"];
        if self.below(3) == 0 {
            return SMALL[self.below(SMALL.len())].to_owned();
        }
        (0..=1 + self.below(2))
            .map(|_| SYLLABLES[self.below(SYLLABLES.len())])
            .collect()
    }

    fn sentence(&mut self) -> String {
        let words: Vec<String> = (0..8 + self.below(12)).map(|_| self.word()).collect();
        format!("Then {}.", words.join(" "))
    }

    fn text(&mut self) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut length = 0;
        while length < CHARACTERS {
            let sentence = self.sentence();
            length += sentence.len() + 1;
            sentences.push(sentence);
        }
        sentences
    }
}

fn content(sentences: &[String]) -> VersionContent {
    let paragraphs: Vec<String> = sentences.chunks(6).map(|chunk| chunk.join(" ")).collect();
    VersionContent::text(paragraphs.join("\n\n"))
}

/// One word of every hundred is another.
fn edited(dice: &mut Dice, sentences: &[String]) -> Vec<String> {
    sentences
        .iter()
        .map(|sentence| {
            sentence
                .split(' ')
                .map(|word| {
                    if dice.below(100) == 0 {
                        dice.word()
                    } else {
                        word.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

fn measure(id: &str, name: &str, budget: Duration, mut run: impl FnMut() -> String) {
    let mut times = Vec::with_capacity(RUNS);
    let mut said = String::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        said = run();
        times.push(ms_since(start));
    }
    let what = format!("diff of 100,000 characters: {name}");
    let budget = Budget::AtMost(budget.as_secs_f64() * 1e3);
    row(id, &what, &times, "ms", budget, &said);
}

fn told(diff: &ContentDiff) -> String {
    format!("{:?}; {}", diff.detail, diff.summary)
}

fn main() {
    let mut dice = Dice(7);
    let base = dice.text();
    let other = dice.text();
    let one_percent = edited(&mut dice, &base);
    let mut swapped = base.clone();
    swapped.rotate_left(base.len() / 3);
    let every: Vec<String> = base
        .iter()
        .map(|sentence| sentence.replace("Then", "Now"))
        .collect();
    let chinese: String =
        "请用礼貌的语气回答客户的问题,不要询问密码。如果客户很生气,请先道歉。".repeat(2_900);
    let chinese_edit = chinese.replacen("生气", "高兴", 900);
    let unbroken = base.join(" ").replace('.', "");
    let unbroken_edit = one_percent.join(" ").replace('.', "");
    let fast = Duration::from_millis(50);
    let slow = Duration::from_millis(200);
    let pairs = [
        ("diff_equal", "equal", fast, content(&base), content(&base)),
        (
            "diff_1_percent",
            "1 % of the words changed",
            fast,
            content(&base),
            content(&one_percent),
        ),
        (
            "diff_moved",
            "a third moved to the end",
            fast,
            content(&base),
            content(&swapped),
        ),
        (
            "diff_every",
            "a word in every sentence",
            slow,
            content(&base),
            content(&every),
        ),
        (
            "diff_unrelated",
            "unrelated texts",
            slow,
            content(&base),
            content(&other),
        ),
        (
            "diff_removed",
            "everything removed",
            slow,
            content(&base),
            VersionContent::text(""),
        ),
        (
            "diff_unbroken",
            "no full stops, 1 % changed",
            slow,
            VersionContent::text(unbroken),
            VersionContent::text(unbroken_edit),
        ),
        (
            "diff_chinese",
            "Chinese, 900 words changed",
            slow,
            VersionContent::text(chinese),
            VersionContent::text(chinese_edit),
        ),
    ];
    for (id, name, budget, old, new) in &pairs {
        measure(id, name, *budget, || {
            told(&compare(old, new, Limits::default()))
        });
    }
    let theirs = content(&edited(&mut dice, &base));
    let (base, ours) = (content(&base), content(&one_percent));
    measure("merge", "merge of two 1 % edits", slow, || {
        let merge = three_way(Some(&base), &ours, &theirs);
        format!("{} conflicts", merge.conflicts.len())
    });
    hostile();
}

/// Contents that nobody writes and somebody may send: as large as content may be. They end, in
/// bounded time; seconds are accepted.
fn hostile() {
    const SIZE: usize = 4 << 20;
    let budget = Duration::from_secs(10);
    let fill = |piece: &str| piece.repeat(SIZE / piece.len());
    let texts = [
        ("4 MiB: one letter", fill("a"), fill("b")),
        (
            "4 MiB: one word again and again",
            fill("card "),
            fill("account "),
        ),
        (
            "4 MiB: opened and never closed",
            fill("{{ \""),
            fill("{% '"),
        ),
        (
            "4 MiB: one sentence again and again",
            fill("Be kind. "),
            fill("Be kind. Be brief. "),
        ),
        ("4 MiB: points", fill("."), fill("..,")),
        ("4 MiB: line feeds", fill("a\n"), fill("\nb\n")),
    ];
    for (name, old, new) in texts {
        let (old, new) = (VersionContent::text(old), VersionContent::text(new));
        let start = Instant::now();
        let said = told(&compare(&old, &new, Limits::default()));
        report(name, start.elapsed(), budget, &said);
        let start = Instant::now();
        let conflicts = three_way(None, &old, &new).conflicts.len();
        report(
            "  merged without a common version",
            start.elapsed(),
            budget,
            &format!("{conflicts} conflicts"),
        );
    }
    let many = |count: usize, from: usize| {
        let inputs: Vec<_> = (from..from + count)
            .map(|n| serde_json::json!({ "name": format!("n{n}"), "type": "text", "required": true }))
            .collect();
        let messages: Vec<_> = (from..from + count)
            .map(|n| serde_json::json!({ "type": "message", "role": "user", "text": format!("say {n}") }))
            .collect();
        let fields = serde_json::json!({ "kind": "chat", "inputs": inputs, "messages": messages });
        serde_json::from_value::<VersionContent>(fields)
            .unwrap_or_else(|_| VersionContent::empty_chat())
    };
    let (old, new) = (many(30_000, 0), many(30_000, 15_000));
    let start = Instant::now();
    let said = told(&compare(&old, &new, Limits::default()));
    report("30,000 messages and inputs", start.elapsed(), budget, &said);
    let start = Instant::now();
    let conflicts = three_way(Some(&old), &new, &many(30_000, 20_000))
        .conflicts
        .len();
    report(
        "  merged",
        start.elapsed(),
        budget,
        &format!("{conflicts} conflicts"),
    );
}

fn report(name: &str, time: Duration, budget: Duration, said: &str) {
    let verdict = if time <= budget { "kept" } else { "MISSED" };
    println!("{name:<44} once {time:>9.2?}  budget {budget:>7.0?}  {verdict}  | {said}");
}
