//! The house stays as it was drawn: who may lean on whom, who may touch what, and that every room
//! says what it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crate may lean on which. `desktop` is the package at the top, whose sources are in
/// `src-tauri`; the words of `domain` may be spoken everywhere.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("store", &["domain"]),
    ("evals", &["domain"]),
    ("registry", &["protocol", "domain"]),
    ("sync", &["store", "protocol", "domain"]),
    (
        "workbench",
        &["evals", "sync", "store", "registry", "protocol", "domain"],
    ),
    ("cli", &["workbench", "domain"]),
    ("galley-desktop", &["workbench", "domain"]),
    // An application leans on nothing of ours but the contract on paper.
    ("galley-sdk", &[]),
];

/// Libraries that only some may use, and why.
const KEPT: &[(&str, &[&str], &str)] = &[
    (
        "tauri",
        &["galley-desktop"],
        "nothing but src-tauri knows Tauri",
    ),
    (
        "tauri-specta",
        &["galley-desktop"],
        "nothing but src-tauri knows Tauri",
    ),
    (
        "rusqlite",
        &["store", "registry"],
        "nothing but store and registry knows SQL",
    ),
    (
        "reqwest",
        &["sync", "evals", "registry", "galley-sdk"],
        "on a laptop nothing but sync and evals opens a connection; a team's registry sends webhooks; applications read with the SDK",
    ),
    ("axum", &["registry"], "only the registry listens"),
    (
        "hyper",
        &["registry", "evals", "sync"],
        "only the registry listens; sync and evals ask",
    ),
    (
        "keyring",
        &["workbench"],
        "nothing but workbench::secrets touches the keychain",
    ),
];

/// The most lines a source file may have: about 500, with room for the one that just crossed it.
const LONGEST: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What every package of the workspace leans on when it is built (not when it is tested), as cargo sees it.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        told.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&told.stderr)
    );
    let metadata: serde_json::Value =
        serde_json::from_slice(&told.stdout).expect("cargo speaks JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    packages
        .iter()
        .map(|package| {
            let needed = package["dependencies"]
                .as_array()
                .expect("a list of dependencies");
            let needed = needed
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().expect("a name").to_owned());
            (
                package["name"].as_str().expect("a name").to_owned(),
                needed.collect(),
            )
        })
        .collect()
}

/// Every file under these folders with one of these endings. What others made is left out.
fn files(folders: &[&str], endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if [
                "node_modules",
                "target",
                "dist",
                "dist-looks",
                "gen",
                "build",
                ".git",
            ]
            .contains(&name)
            {
                continue;
            }
            let inside = std::fs::read_dir(&path).expect("a folder can be read");
            waiting.extend(inside.map(|entry| entry.expect("an entry").path()));
        } else if endings
            .iter()
            .any(|ending| path.extension().is_some_and(|found| found == *ending))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// Fails with one line for each thing that is wrong.
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn crates_lean_only_where_the_arrows_point() {
    let dependencies = dependencies();
    let drawn: BTreeMap<_, BTreeSet<_>> = ARROWS
        .iter()
        .map(|(from, to)| (*from, to.iter().copied().collect()))
        .collect();
    let mut wrong = Vec::new();
    for (name, needed) in &dependencies {
        let Some(allowed) = drawn.get(name.as_str()) else {
            wrong.push(format!(
                "{name} is in no arrow: draw it in tests/tidy.rs and docs/architecture.md"
            ));
            continue;
        };
        for other in needed
            .iter()
            .filter(|other| drawn.contains_key(other.as_str()))
        {
            if !allowed.contains(other.as_str()) {
                wrong.push(format!(
                    "{name} → {other} is no arrow of docs/architecture.md"
                ));
            }
        }
    }
    for name in drawn
        .keys()
        .filter(|name| !dependencies.contains_key(**name))
    {
        wrong.push(format!("{name} has arrows but is no package"));
    }
    none(&wrong);
}

#[test]
fn only_those_who_may_touch_what_is_kept() {
    let dependencies = dependencies();
    let mut wrong = Vec::new();
    for (library, may, why) in KEPT {
        assert!(
            dependencies
                .values()
                .any(|needed| needed.contains(*library)),
            "{library} is used by nobody: the rule about it holds nothing"
        );
        for (name, _) in dependencies
            .iter()
            .filter(|(_, needed)| needed.contains(*library))
        {
            if !may.contains(&name.as_str()) {
                wrong.push(format!("{name} uses {library}, but {why}"));
            }
        }
    }
    // Inside the workbench one module alone speaks to the keychain.
    for path in files(&["crates/workbench/src"], &["rs"]) {
        if !path.ends_with("secrets.rs") && read(&path).contains("keyring::") {
            wrong.push(format!(
                "{} touches the keychain; secrets.rs does that",
                shown(&path)
            ));
        }
    }
    none(&wrong);
}

#[test]
fn the_domain_has_no_clock_no_chance_and_no_world() {
    let outside = [
        "SystemTime",
        "Instant::now",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "getrandom",
        "rand::",
        "tokio",
    ];
    let mut wrong = Vec::new();
    for path in files(&["crates/domain/src"], &["rs"]) {
        for (line, text) in read(&path)
            .lines()
            .enumerate()
            .filter(|(_, text)| !text.trim_start().starts_with("//"))
        {
            for word in outside.iter().filter(|word| text.contains(**word)) {
                wrong.push(format!("{}:{}: {word}", shown(&path), line + 1));
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let sources = files(
        &["crates", "src-tauri", "tests", "ui/src", "sdks"],
        &["rs", "ts", "svelte", "py"],
    );
    let generated = root().join("ui/src/bindings.ts");
    let wrong: Vec<String> = sources
        .iter()
        .filter(|path| **path != generated)
        .map(|path| (path, read(path).lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| {
            format!(
                "{} has {lines} lines; two ideas may live in it",
                shown(path)
            )
        })
        .collect();
    none(&wrong);
}

#[test]
fn every_module_says_what_it_is_for() {
    let wrong: Vec<String> = files(&["crates", "src-tauri", "tests", "sdks/rust"], &["rs"])
        .iter()
        .filter(|path| {
            let text = read(path);
            let first = text.lines().next().unwrap_or_default();
            // A word or two say nothing.
            !first.starts_with("//! ") || first.len() < 12
        })
        .map(|path| {
            format!(
                "{} does not open with `//!` and what it is for",
                shown(path)
            )
        })
        .collect();
    none(&wrong);
}

#[test]
fn every_rust_file_is_listed_by_its_parent() {
    let mut wrong = Vec::new();
    for path in files(&["crates", "src-tauri/src", "tests", "sdks/rust"], &["rs"]) {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name");
        let folder = path.parent().expect("a folder");
        let is_a_root = ["main", "lib", "build"].contains(&stem)
            || path == root().join("tests/tour.rs")
            || ["examples", "benches", "fuzz_targets", "bin"]
                .iter()
                .any(|kind| {
                    folder.ends_with(kind) || folder.parent().is_some_and(|up| up.ends_with(kind))
                });
        if is_a_root {
            continue;
        }
        let (module, up) = if stem == "mod" {
            (
                folder
                    .file_name()
                    .and_then(|name| name.to_str())
                    .expect("a name"),
                folder.parent().expect("a folder"),
            )
        } else {
            (stem, folder)
        };
        let parents = [
            up.join("mod.rs"),
            up.join("main.rs"),
            up.join("lib.rs"),
            up.with_extension("rs"),
        ];
        let line = format!("mod {module};");
        if !parents
            .iter()
            .filter(|parent| parent.exists())
            .any(|parent| read(parent).contains(&line))
        {
            wrong.push(format!(
                "{} is in no module: it is never compiled, or its tests never run",
                shown(&path)
            ));
        }
    }
    none(&wrong);
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let mut folders: BTreeMap<PathBuf, Vec<u32>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let all = files(&["crates"], &["sql"]);
    for path in all.iter().filter(|path| shown(path).contains("/src/")) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        match digits.parse() {
            Ok(number) => folders
                .entry(path.parent().expect("a folder").to_owned())
                .or_default()
                .push(number),
            Err(_) => wrong.push(format!("{} has no number", shown(path))),
        }
    }
    assert!(
        !folders.is_empty(),
        "there are no migrations: this test looks in the wrong place"
    );
    for (folder, mut numbers) in folders {
        numbers.sort_unstable();
        let expected: Vec<u32> = (1..).take(numbers.len()).collect();
        if numbers != expected {
            wrong.push(format!("{} holds {numbers:?}", shown(&folder)));
        }
    }
    none(&wrong);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    // Spelled so that this file does not name them either.
    let traces = [
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
    ];
    let endings = [
        "rs", "ts", "svelte", "toml", "json", "md", "sh", "yml", "yaml", "sql", "css", "html", "py",
    ];
    let mut wrong = Vec::new();
    let folders = [
        "crates",
        "src-tauri",
        "tests",
        "ui",
        "docs",
        "scripts",
        "sdks",
        "README.md",
        "CONTRIBUTING.md",
        "Cargo.toml",
    ];
    for path in files(&folders, &endings) {
        for (line, text) in read(&path).lines().enumerate() {
            if traces.iter().any(|trace| text.contains(trace)) {
                wrong.push(format!("{}:{}: {}", shown(&path), line + 1, text.trim()));
            }
        }
    }
    none(&wrong);
}
