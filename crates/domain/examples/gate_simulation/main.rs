//! Does the gate keep its promise? Plays it in worlds where the true loss is known:
//! `cargo run --release -p domain --example gate_simulation -- [--trials 10000] [--threads 1] [--kinds plain,looks]
//! [--units 200,500] [--all]`.
//!
//! Prints how often it passed, failed and could not tell, and exits 1 if an error is more frequent
//! than promised by over three standard errors (0.65 points with 10,000 trials). For each kind of
//! answers and number of units the worst cells are shown, with `--all` every cell before them.

#![allow(clippy::print_stdout, clippy::expect_used)] // It prints its own table.

mod world;

use domain::statistics::verdict::outcome_of_loss;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use world::{Cell, Counts, Kind};

const ALPHA: u32 = 500;
// In the order of their seeds: a number that is added later comes last, and leaves the others' dice alone.
const UNITS: [&[usize]; 2] = [&[20, 50, 100, 200, 1_000], &[500]];
const SHARES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.4];
const ALLOWED: [i32; 3] = [200, 500, 1_000];
const LOSSES: [f64; 4] = [0.0, 0.5, 1.0, 2.0];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: u32| {
        arguments
            .iter()
            .position(|argument| argument == name)
            .and_then(|at| arguments.get(at + 1)?.parse().ok())
            .unwrap_or(otherwise)
    };
    let trials = number("--trials", 10_000).max(1);
    let threads = number("--threads", 1).max(1);
    let every = arguments.iter().any(|argument| argument == "--all");
    let list = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        let words = arguments.get(at + 1)?.split(',');
        Some(words.map(str::to_owned).collect::<Vec<String>>())
    };
    let (kinds, units) = (list("--kinds"), list("--units"));
    let is_wanted = |wanted: &Option<Vec<String>>, name: String| {
        wanted.as_ref().is_none_or(|wanted| wanted.contains(&name))
    };
    let mut cells = grid();
    // Each cell has its own dice, the same whichever others are played.
    cells.retain(|(_, cell)| {
        is_wanted(&kinds, format!("{:?}", cell.kind).to_lowercase())
            && is_wanted(&units, cell.units.to_string())
    });
    let (seeds, cells): (Vec<u64>, Vec<Cell>) = cells.into_iter().unzip();
    println!(
        "{} cells, {trials} trials each, promise {} %",
        cells.len(),
        f64::from(ALPHA) / 100.0
    );
    let results = play(&cells, &seeds, trials, threads);
    let slack = 3.0 * (0.05 * 0.95 / f64::from(trials)).sqrt();
    if every {
        every_cell(&cells, &results);
    }
    worst_cells(&cells, &results);
    let broken: Vec<(&Cell, &Counts)> = cells
        .iter()
        .zip(&results)
        .filter(|(cell, counts)| error(cell, counts).is_some_and(|(_, rate)| rate > 0.05 + slack))
        .collect();
    for (cell, counts) in &broken {
        println!("BROKEN: {cell:?} {counts:?}");
    }
    println!(
        "\n{} of {} cells err more often than 5 % + {:.2} points",
        broken.len(),
        cells.len(),
        100.0 * slack
    );
    ExitCode::from(u8::from(!broken.is_empty()))
}

/// The cells with the seeds of their dice.
fn grid() -> Vec<(u64, Cell)> {
    let mut cells = Vec::new();
    let each = UNITS.iter().flat_map(|units| {
        let kinds = Kind::ALL.into_iter();
        kinds.flat_map(|kind| units.iter().map(move |units| (kind, *units)))
    });
    for (kind, units) in each {
        for share in SHARES {
            for allowed in ALLOWED {
                for times in LOSSES {
                    cells.push(Cell {
                        kind,
                        units,
                        share,
                        loss: times * f64::from(allowed) / 10_000.0,
                        allowed,
                        alpha: ALPHA,
                    });
                }
            }
        }
    }
    // No loss is no loss whatever is allowed: once is enough.
    cells.retain(|cell| cell.possible() && (cell.loss > 0.0 || cell.allowed == 500));
    (1..).zip(cells).collect()
}

fn play(cells: &[Cell], seeds: &[u64], trials: u32, threads: u32) -> Vec<Counts> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Counts::default(); cells.len()]);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(cell) = cells.get(at) else { break };
                    let counts = cell.run(trials, seeds[at], outcome_of_loss);
                    results.lock().expect("nobody panicked")[at] = counts;
                }
            });
        }
    });
    results.into_inner().expect("nobody panicked")
}

/// How a kind is written in the table.
const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => "pass or fail, once",
        Kind::Repeats => "repeats",
        Kind::Scores => "scores",
        Kind::Skewed => "scores, skewed",
        Kind::Groups => "groups",
        Kind::Looks => "five looks",
        Kind::Abandoned => "runs abandoned",
    }
}

fn rate(count: u32, counts: &Counts) -> f64 {
    f64::from(count) / f64::from(counts.trials)
}

/// Which error is possible in this cell, and how often it was made.
fn error(cell: &Cell, counts: &Counts) -> Option<(&'static str, f64)> {
    if cell.loss == 0.0 {
        Some(("failed", rate(counts.failed, counts)))
    } else if cell.loss * 10_000.0 >= f64::from(cell.allowed) - 1e-9 {
        Some(("passed", rate(counts.passed, counts)))
    } else {
        None
    }
}

fn every_cell(cells: &[Cell], results: &[Counts]) {
    println!("| answers | units | differing | allowed | loss | pass | fail | can't tell | error |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (cell, counts) in cells.iter().zip(results) {
        // With several looks a world can both pass and fail.
        let told = rate(counts.passed, counts) + rate(counts.failed, counts);
        println!(
            "| {} | {} | {} % | {} | {} | {:.2} % | {:.2} % | {:.2} % | {} |",
            name(cell.kind),
            cell.units,
            100.0 * cell.share,
            f64::from(cell.allowed) / 100.0,
            100.0 * cell.loss,
            100.0 * rate(counts.passed, counts),
            100.0 * rate(counts.failed, counts),
            100.0 * (1.0 - told).max(0.0),
            error(cell, counts)
                .map_or_else(|| "–".to_owned(), |(_, e)| format!("{:.2} %", 100.0 * e)),
        );
    }
}

/// For each kind and number of units: the largest errors, and how often a version that is no worse
/// passes with 5 points allowed, one with twice that loss fails, both with 20 % of the units differing.
fn worst_cells(cells: &[Cell], results: &[Counts]) {
    #[derive(Default)]
    struct Worst {
        wrongly_passed: f64,
        wrongly_failed: f64,
        passes: Option<f64>,
        caught: Option<f64>,
    }
    let mut rows: BTreeMap<(Kind, usize), Worst> = BTreeMap::new();
    for (cell, counts) in cells.iter().zip(results) {
        let row = rows.entry((cell.kind, cell.units)).or_default();
        match error(cell, counts) {
            Some(("failed", rate)) => row.wrongly_failed = row.wrongly_failed.max(rate),
            Some((_, rate)) => row.wrongly_passed = row.wrongly_passed.max(rate),
            None => {}
        }
        if cell.allowed == 500 && (cell.share - 0.2).abs() < 1e-9 {
            if cell.loss == 0.0 {
                row.passes = Some(rate(counts.passed, counts));
            } else if (cell.loss - 0.1).abs() < 1e-9 {
                row.caught = Some(rate(counts.failed, counts));
            }
        }
    }
    println!(
        "| answers | units | worst: passed though worse by m or more | worst: failed though no worse | passes: no worse, 5 allowed | fails: 10 lost, 5 allowed |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let shown =
        |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), |r| format!("{:.0} %", 100.0 * r));
    for ((kind, units), row) in rows {
        println!(
            "| {} | {units} | {:.2} % | {:.2} % | {} | {} |",
            name(kind),
            100.0 * row.wrongly_passed,
            100.0 * row.wrongly_failed,
            shown(row.passes),
            shown(row.caught),
        );
    }
}
