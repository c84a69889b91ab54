//! `kill -9` of a workbench at random moments, again and again on one folder.
//!
//! Whoever opens it next finds every accepted version, release and prompt once, and every draft as
//! it was last kept. One runs with its registry inside, one with a team's registry in a process of
//! its own, which is killed now and then, too. Snapshots of the fold are thrown away at random.
//!
//! `GALLEY_SOAK=10` kills ten times as often, `GALLEY_SEED` repeats the moments of an earlier run.

use crate::chance::Chance;
use crate::child::{Child, Here, Order, PROMPTS, TYPED};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::Store;

/// Kills of each of the two workbenches.
const KILLS: usize = 100;

#[test]
fn with_its_registry_inside() {
    let folder = tempfile::tempdir().unwrap();
    let chance = Chance::new();
    let here = founded(folder.path(), None);
    Trial::new(here, chance, None).run(KILLS * crate::chance::soak());
}

#[test]
fn with_a_teams_registry() {
    let folder = tempfile::tempdir().unwrap();
    let chance = Chance::new();
    let mut team = Team::new(folder.path().join("team.sqlite"));
    let invitation = team.start();
    let url = format!("http://{}", team.at);
    let here = founded(folder.path(), Some((url, invitation)));
    Trial::new(here, chance, Some(team)).run(KILLS * crate::chance::soak());
}

fn founded(folder: &Path, team: Option<(String, String)>) -> Here {
    let home = folder.join("home");
    let said = Child::start(&Order::Found { home, team }).ends();
    let founded = said.iter().find_map(|line| line.strip_prefix("founded "));
    serde_json::from_str(founded.unwrap()).unwrap()
}

/// A team's registry in a process of its own.
struct Team {
    file: PathBuf,
    at: SocketAddr,
    running: Option<Child>,
}

impl Team {
    fn new(file: PathBuf) -> Self {
        Self {
            file,
            // Chosen at the first start, and kept.
            at: ([127, 0, 0, 1], 0).into(),
            running: None,
        }
    }

    /// Starts it, and gives an invitation to make a project.
    fn start(&mut self) -> String {
        let mut child = Child::start(&Order::Registry {
            file: self.file.clone(),
            at: self.at,
        });
        let mut invitation = String::new();
        loop {
            let line = child.hears().expect("the registry starts");
            if let Some(found) = line.strip_prefix("invitation ") {
                found.clone_into(&mut invitation);
            }
            if let Some(at) = line.strip_prefix("listening ") {
                self.at = at.parse().unwrap();
                break;
            }
        }
        self.running = Some(child);
        invitation
    }

    fn kill(&mut self) -> bool {
        self.running.take().is_some_and(|mut child| {
            child.kill();
            true
        })
    }
}

/// What was promised, and what is known to be under way.
#[derive(Default)]
struct Book {
    /// By kind, what was accepted or found after a restart: it must be there from then on.
    there: BTreeMap<String, BTreeSet<u64>>,
    /// By kind, what was ever asked for: nothing else may be there.
    asked: BTreeMap<String, BTreeSet<u64>>,
    /// Asked for in this round, without an answer so far.
    open: BTreeSet<String>,
    /// By prompt, what its draft held at least, and at most.
    drafts: BTreeMap<String, (u64, u64)>,
}

struct Trial {
    here: Here,
    chance: Chance,
    team: Option<Team>,
    book: Book,
    next: u64,
    // What the kills met.
    in_a_write: usize,
    while_typing: usize,
    of_the_team: usize,
    thrown_away: usize,
}

impl Trial {
    fn new(here: Here, chance: Chance, team: Option<Team>) -> Self {
        Self {
            here,
            chance,
            team,
            book: Book::default(),
            next: 1,
            in_a_write: 0,
            while_typing: 0,
            of_the_team: 0,
            thrown_away: 0,
        }
    }

    fn run(mut self, kills: usize) {
        for number in 0..kills {
            self.before_a_round();
            self.round(number % 10 == 0);
        }
        self.settle();
        let proven = self.in_a_write + self.while_typing;
        println!(
            "{kills} kills: {proven} left a write without its answer, {} of them a save, a release or a new \
             prompt; {} kills of the team's registry; snapshots thrown away {} times; {} accepted",
            self.in_a_write,
            self.of_the_team,
            self.thrown_away,
            self.book.there.values().map(BTreeSet::len).sum::<usize>(),
        );
        assert!(
            proven * 2 >= kills,
            "only {proven} of {kills} kills met a write under way"
        );
    }

    /// The registry may be up or down, and a snapshot there or not.
    fn before_a_round(&mut self) {
        if let Some(team) = &mut self.team
            && team.running.is_none()
            && self.chance.below(3) > 0
        {
            team.start();
        }
        match self.chance.below(4) {
            0 => self.store().write_snapshot(self.here.project).unwrap(),
            1 => {
                let store = self.store();
                let with = store.project(self.here.project).unwrap();
                store.drop_snapshots().unwrap();
                let without = store.project(self.here.project).unwrap();
                assert_eq!(format!("{with:?}"), format!("{without:?}"));
                self.thrown_away += 1;
            }
            _ => {}
        }
    }

    fn store(&self) -> Store {
        let file = self.here.home.join("galley.sqlite");
        Store::open(file, &store::Options::default()).unwrap()
    }

    fn round(&mut self, all: bool) {
        let mut child = Child::start(&Order::Work {
            here: self.here.clone(),
            from: self.next,
            all,
        });
        self.book.open.clear();
        if self.chance.below(16) == 0 {
            // While it opens.
            self.chance.pause(100_000);
        } else {
            self.hear_until(&mut child, "ready");
            let lines = self.chance.below(20);
            let registry_dies_after = self.chance.below(60);
            for line in 0..lines {
                if line == registry_dies_after
                    && let Some(team) = &mut self.team
                {
                    self.of_the_team += usize::from(team.kill());
                }
                let words = child.hears().expect("it works until it is killed");
                self.note(&words);
            }
            self.chance.pause(20_000);
        }
        for words in child.kill() {
            self.note(&words);
        }
        let typing = |open: &&String| open.starts_with("typed") || open.starts_with("draft");
        let (autosaves, others): (Vec<_>, Vec<_>) = self.book.open.iter().partition(typing);
        if !others.is_empty() {
            self.in_a_write += 1;
        } else if !autosaves.is_empty() {
            self.while_typing += 1;
        }
    }

    fn hear_until(&mut self, child: &mut Child, last: &str) {
        loop {
            let words = child.hears().expect("it opens");
            if words == last {
                return;
            }
            self.note(&words);
        }
    }

    fn settle(&mut self) {
        if let Some(team) = &mut self.team
            && team.running.is_none()
        {
            team.start();
        }
        let said = Child::start(&Order::Settle {
            here: self.here.clone(),
        })
        .ends();
        for words in &said {
            self.note(words);
            if let Some((name, versions)) = versions_of(words) {
                let numbers: Vec<_> = versions.iter().map(|(_, number)| *number).collect();
                let expected: Vec<_> = (1..=versions.len() as u64).rev().map(Some).collect();
                assert_eq!(numbers, expected, "the numbers of {name}");
            }
        }
        let prompts: BTreeSet<_> = said.iter().filter_map(|line| begun(line)).collect();
        assert_eq!(prompts, self.book.of("prompt"), "prompts");
        // The registry says the same, and everything in it verifies.
        let file = match &mut self.team {
            Some(team) => {
                team.kill();
                team.file.clone()
            }
            None => self.here.home.join("registry.sqlite"),
        };
        let registry = registry::Registry::open(file, registry::Options::default()).unwrap();
        let report = registry.verify().unwrap();
        assert!(report.holds(), "{report}");
        let entries = said.iter().find_map(|line| line.strip_prefix("entries: "));
        assert_eq!(report.projects[0].entries.to_string(), entries.unwrap());
        let store = self.store();
        store.check().unwrap();
    }

    /// Takes note of a line that a child said, and holds it against what was promised.
    fn note(&mut self, words: &str) {
        if let Some(what) = words.strip_prefix("asking ") {
            let (kind, number) = kind_and_number(what);
            self.next = number + 1;
            self.book.ask(kind, number);
            self.book.open.insert(what.to_owned());
        } else if let Some(what) = words.strip_prefix("accepted ") {
            let (kind, number) = kind_and_number(what);
            assert!(self.book.open.remove(what), "{what} was not asked for");
            self.book.accept(kind, number);
        } else if let Some((name, versions)) = versions_of(words) {
            let numbers: Vec<_> = versions.iter().map(|(message, _)| *message).collect();
            match begun(words) {
                Some(number) => {
                    assert_eq!(numbers, [number], "the versions of {name}");
                    self.book
                        .found("prompt", BTreeSet::from([number]), &|_| false);
                }
                None => self.versions(name, &numbers),
            }
        } else if let Some((name, number)) = drafts_of(words) {
            let (least, most) = self.book.drafts.entry(name.to_owned()).or_default();
            assert!(
                (*least..=*most).contains(&number),
                "the draft of {name} holds {number}; it was kept at {least}, and {most} was tried"
            );
            (*least, *most) = (number, number);
        } else if let Some(reasons) = words.strip_prefix("releases: ") {
            let all: Vec<u64> = reasons.split(' ').filter_map(|n| n.parse().ok()).collect();
            let once: BTreeSet<_> = all.iter().copied().collect();
            assert_eq!(once.len(), all.len(), "a release is there twice: {all:?}");
            self.book.found("release", once, &|_| true);
        }
    }

    fn versions(&mut self, name: &str, numbers: &[u64]) {
        assert!(
            numbers.windows(2).all(|pair| pair[0] > pair[1]),
            "the versions of {name} are not there once and in their order: {numbers:?}"
        );
        assert_eq!(numbers.last(), Some(&0), "the first version of {name}");
        if let Some(place) = name.strip_prefix("prompt ") {
            let place: u64 = place.parse().unwrap();
            let later = numbers.iter().copied().filter(|number| *number > 0);
            self.book.found("version", later.collect(), &|number| {
                number % PROMPTS == place
            });
        }
    }
}

impl Book {
    fn of(&self, kind: &str) -> BTreeSet<u64> {
        self.there.get(kind).cloned().unwrap_or_default()
    }

    fn draft(&mut self, kind: &str, number: u64) -> Option<&mut (u64, u64)> {
        let name = match kind {
            "typed" => TYPED.to_owned(),
            "draft" => format!("prompt {}", number % PROMPTS),
            _ => return None,
        };
        Some(self.drafts.entry(name).or_default())
    }

    fn ask(&mut self, kind: &str, number: u64) {
        self.asked
            .entry(kind.to_owned())
            .or_default()
            .insert(number);
        if let Some((_, most)) = self.draft(kind, number) {
            *most = number;
        }
    }

    fn accept(&mut self, kind: &str, number: u64) {
        self.there
            .entry(kind.to_owned())
            .or_default()
            .insert(number);
        if let Some((least, _)) = self.draft(kind, number) {
            *least = number;
        }
    }

    /// What a restart found of a kind, where `here` says which of them it looked at.
    fn found(&mut self, kind: &str, found: BTreeSet<u64>, here: &dyn Fn(u64) -> bool) {
        let there = self.there.entry(kind.to_owned()).or_default();
        let expected = there.iter().copied().filter(|number| here(*number));
        let lost: Vec<_> = expected.filter(|number| !found.contains(number)).collect();
        assert!(lost.is_empty(), "accepted and lost: {kind} {lost:?}");
        let asked = self.asked.entry(kind.to_owned()).or_default();
        let strange: Vec<_> = found.difference(asked).collect();
        assert!(strange.is_empty(), "nobody asked for: {kind} {strange:?}");
        there.extend(found);
    }
}

fn kind_and_number(what: &str) -> (&str, u64) {
    let (kind, number) = what.split_once(' ').unwrap();
    (kind, number.parse().unwrap())
}

/// A version as a child says it: its message, and the number that the registry gave it.
type Saved = (u64, Option<u64>);

/// `versions of prompt 1: 4@2 0@1`: the message and the number of each.
fn versions_of(words: &str) -> Option<(&str, Vec<Saved>)> {
    let (name, versions) = words.strip_prefix("versions of ")?.split_once(": ")?;
    let versions = versions.split(' ').map(|version| {
        let (message, number) = version.split_once('@').unwrap();
        (message.parse().unwrap(), number.parse().ok())
    });
    Some((name, versions.collect()))
}

fn drafts_of(words: &str) -> Option<(&str, u64)> {
    let (name, number) = words.strip_prefix("draft of ")?.split_once(": ")?;
    Some((name, number.parse().unwrap()))
}

/// The number of a prompt that was begun while kills went on.
fn begun(words: &str) -> Option<u64> {
    let (name, _) = versions_of(words)?;
    name.strip_prefix("new ")?.parse().ok()
}
