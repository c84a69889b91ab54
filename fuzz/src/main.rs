//! Runs targets over bent seeds; see `README.md`.

mod bend;
mod seeds;
mod targets;

use bend::Random;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A single input may not take longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The process may not need more.
const MEMORY: u64 = 1 << 30;
/// Inputs do not grow beyond this: reading costs, and large shapes have tests of their own.
const LONGEST: usize = 256 << 10;

struct Wish {
    targets: Vec<&'static targets::Target>,
    seconds: u64,
    seed: u64,
    files: Vec<PathBuf>,
}

fn wish() -> Result<Wish, String> {
    let mut wish = Wish {
        targets: Vec::new(),
        seconds: 10,
        seed: 1,
        files: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let next = words.next().and_then(|n| n.parse().ok());
            next.ok_or_else(|| format!("{word} wants a number"))
        };
        match word.as_str() {
            "--seconds" => wish.seconds = number()?,
            "--seed" => wish.seed = number()?,
            "all" => wish.targets.extend(targets::ALL),
            name => match targets::ALL.iter().find(|t| t.name == name) {
                Some(target) => wish.targets.push(target),
                None => wish.files.push(PathBuf::from(name)),
            },
        }
    }
    if wish.targets.is_empty() {
        let names: Vec<_> = targets::ALL.iter().map(|t| t.name).collect();
        return Err(format!("say which: {}, or all", names.join(", ")));
    }
    Ok(wish)
}

/// What is being read at this moment, and since when: for whoever watches the time.
type Now = Arc<Mutex<(Instant, &'static str, Vec<u8>)>>;

fn keep(target: &str, input: &[u8]) -> PathBuf {
    let name = format!("{target}-{}", domain::Digest::of(input).short());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("found")
        .join(name);
    if let Err(error) = std::fs::write(&path, input) {
        eprintln!("{}: {error}", path.display());
    }
    path
}

// A hang can't be ended from outside its thread; the process can.
fn watch(now: Now) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let Ok(now) = now.lock() else { return };
            let (since, target, input) = &*now;
            if since.elapsed() > PATIENCE && !target.is_empty() {
                let path = keep(target, input);
                eprintln!("{target}: over {PATIENCE:?}: {}", path.display());
                std::process::exit(1);
            }
        }
    });
}

/// The most memory that the process ever had, where the system tells.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line
        .and_then(|l| l.split_whitespace().next())
        .and_then(|n| n.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn once(target: &'static targets::Target, input: &[u8], now: &Now) -> bool {
    if let Ok(mut now) = now.lock() {
        *now = (Instant::now(), target.name, input.to_vec());
    }
    let fine = std::panic::catch_unwind(|| (target.run)(input)).is_ok();
    if let Ok(mut now) = now.lock() {
        now.1 = "";
    }
    if !fine {
        eprintln!(
            "{}: panicked: {}",
            target.name,
            keep(target.name, input).display()
        );
    }
    fine
}

fn fuzz(target: &'static targets::Target, seconds: u64, seed: u64, now: &Now) -> bool {
    let seeds = (target.seeds)();
    let mut random = Random::new(seed);
    let mut pool = seeds.clone();
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut input = pool[random.below(pool.len())].clone();
        for _ in 0..=random.below(6) {
            let other = &pool[random.below(pool.len())];
            bend::bend(&mut input, other, &mut random);
        }
        input.truncate(LONGEST);
        if !once(target, &input, now) {
            return false;
        }
        count += 1;
        // What was bent once is bent further, now and then.
        if random.below(50) == 0 {
            if pool.len() < seeds.len() + 200 {
                pool.push(input.clone());
            } else {
                let place = seeds.len() + random.below(200);
                pool[place] = input.clone();
            }
        }
        if count % 256 == 0 && peak_memory() > MEMORY {
            eprintln!(
                "{}: over {MEMORY} bytes: {}",
                target.name,
                keep(target.name, &input).display()
            );
            return false;
        }
    }
    println!(
        "{}: {count} inputs in {:?}, seed {seed}, at most {} MB",
        target.name,
        start.elapsed(),
        peak_memory() >> 20
    );
    true
}

fn main() -> ExitCode {
    let wish = match wish() {
        Ok(wish) => wish,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let now: Now = Arc::new(Mutex::new((Instant::now(), "", Vec::new())));
    watch(now.clone());
    let mut fine = true;
    for target in wish.targets {
        if wish.files.is_empty() {
            fine &= fuzz(target, wish.seconds, wish.seed, &now);
            continue;
        }
        for file in &wish.files {
            match std::fs::read(file) {
                Ok(input) => fine &= once(target, &input, &now),
                Err(error) => {
                    eprintln!("{}: {error}", file.display());
                    return ExitCode::from(2);
                }
            }
        }
    }
    if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
