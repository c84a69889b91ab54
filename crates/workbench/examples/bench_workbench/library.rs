//! A laptop with a large project, without a network: from nothing to its library.

use crate::large::{ENTRIES, VERSIONS, ledger};
use crate::row::{Budget, median, ms_since, row};
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::{KnownProject, Place, Store};
use tempfile::TempDir;
use workbench::{Options, Secrets, Workbench};

const RUNS: usize = 9;

/// A laptop with the large project, for what else is measured of it.
pub struct Laptop {
    pub home: PathBuf,
    pub project: domain::ProjectId,
    _rooms: TempDir,
}

/// Opens it again and again.
pub fn measure() -> Laptop {
    let rooms = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("GALLEY_BENCH_LARGE").map(PathBuf::from);
    let home = kept.as_deref().unwrap_or(rooms.path()).to_owned();
    std::fs::create_dir_all(&home).unwrap();
    let project = make(&home);
    let (mut times, mut opened) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // What the first one began in the background ends with its runtime.
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = Options {
            home: home.clone(),
            secrets: Secrets::in_memory(),
        };
        let began = Instant::now();
        let bench = Workbench::open(options).unwrap();
        let start = runtime.block_on(bench.start()).unwrap();
        opened.push(ms_since(began));
        assert_eq!(start.last, Some(project));
        let library = runtime.block_on(bench.open_project(project)).unwrap();
        times.push(ms_since(began));
        assert_eq!(library.prompts.len(), VERSIONS / 10);
    }
    row(
        "open",
        "open 10,000 versions and 100,000 entries, to the library",
        &times,
        "ms",
        Budget::AtMost(300.0),
        &format!(
            "file, fold and all that the window asks for before it draws; {:.0} ms of it to the list of projects",
            median(&opened)
        ),
    );
    Laptop {
        home,
        project,
        _rooms: rooms,
    }
}

/// A laptop that has pulled everything, and whose registry can't be reached now.
fn make(home: &Path) -> domain::ProjectId {
    let maker = ledger();
    let store = Store::open(home.join("galley.sqlite"), &store::Options::default()).unwrap();
    let place = Place::Registry {
        address: "http://127.0.0.1:9".to_owned(),
    };
    let known = KnownProject {
        person: maker.state().people().next().map(|person| person.id),
        device: Some(maker.key.public()),
        opened: Some(domain::Millis(maker.now)),
        ..KnownProject::new(maker.project, "Bank", place)
    };
    store.add_project(&known).unwrap();
    for page in maker.entries.chunks(20_000) {
        let head = store.head(maker.project).unwrap();
        store
            .append(maker.project, head, page, &[], domain::Millis(maker.now))
            .unwrap();
    }
    for page in maker.new_contents().chunks(1_000) {
        store
            .keep_contents(maker.project, page, domain::Millis(maker.now))
            .unwrap();
    }
    store.write_snapshot(maker.project).unwrap();
    assert_eq!(maker.entries.len(), ENTRIES);
    maker.project
}
