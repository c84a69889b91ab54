//! Whatever a ledger holds and however it arrives, the store's fold is the ledger's.

use crate::maker::{self, Maker};
use crate::replica::form;
use domain::{Millis, PromptId, VersionId};
use proptest::prelude::*;
use std::collections::BTreeMap;
use store::{KnownProject, Place};

#[derive(Clone, Debug)]
enum Step {
    Prompt,
    Version(usize, bool),
    Release(usize, usize),
    Archive(usize),
}

#[derive(Clone, Debug)]
enum Arrival {
    Page(usize, bool),
    Snapshot,
    DropSnapshots,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Prompt),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(n, f)| Step::Version(n, f)),
        3 => (any::<usize>(), 0..3_usize).prop_map(|(n, e)| Step::Release(n, e)),
        1 => any::<usize>().prop_map(Step::Archive),
    ]
}

fn arrival() -> impl Strategy<Value = Arrival> {
    prop_oneof![
        5 => (1..8_usize, any::<bool>()).prop_map(|(n, c)| Arrival::Page(n, c)),
        1 => Just(Arrival::Snapshot),
        1 => Just(Arrival::DropSnapshots),
        2 => Just(Arrival::Reopen),
    ]
}

fn ledger(steps: &[Step]) -> Maker {
    let mut maker = Maker::new(3);
    let mut prompts: Vec<PromptId> = vec![maker.prompt("prompt 0")];
    let mut versions: BTreeMap<PromptId, Vec<VersionId>> = BTreeMap::new();
    let mut archived = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        match step {
            Step::Prompt => prompts.push(maker.prompt(&format!("prompt {}", prompts.len()))),
            Step::Version(n, fork) => {
                let prompt = prompts[n % prompts.len()];
                if archived.contains(&prompt) {
                    continue;
                }
                let of = versions.entry(prompt).or_default();
                let parent = if *fork { of.first() } else { of.last() };
                let parents: Vec<_> = parent.copied().into_iter().collect();
                let text = format!("words{place}x for everybody");
                let version = maker.version(prompt, &parents, &text, &format!("note{place}x"));
                versions.entry(prompt).or_default().push(version);
            }
            Step::Release(n, environment) => {
                let prompt = prompts[n % prompts.len()];
                if let Some(version) = versions.get(&prompt).and_then(|of| of.last())
                    && !archived.contains(&prompt)
                    && !serves(&maker, *environment, prompt, *version)
                {
                    maker.release(prompt, *version, *environment);
                }
            }
            Step::Archive(n) => {
                let prompt = prompts[n % prompts.len()];
                let served = maker
                    .environments
                    .iter()
                    .any(|e| maker.state().serving(*e, prompt).is_some());
                if prompts.len() > 1 && !archived.contains(&prompt) && !served {
                    maker.accept(domain::ledger::Body::ArchivePrompt { prompt });
                    archived.push(prompt);
                }
            }
        }
    }
    maker
}

fn serves(maker: &Maker, environment: usize, prompt: PromptId, version: VersionId) -> bool {
    maker
        .state()
        .serving(maker.environments[environment], prompt)
        .is_some_and(|serving| serving.sides[0].version == version)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fold_is_the_ledgers_however_it_arrives(
        steps in prop::collection::vec(step(), 0..30),
        arrivals in prop::collection::vec(arrival(), 0..12),
    ) {
        let maker = ledger(&steps);
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = maker::open(&folder);
        let known = KnownProject::new(maker.project, "Bank", Place::ThisComputer);
        store.add_project(&known).expect("adds");
        let now = Millis(maker.now);
        for arrival in arrivals {
            match arrival {
                Arrival::Page(size, with_content) => {
                    let head = store.head(maker.project).expect("reads");
                    let from = usize::try_from(head.seq).expect("small");
                    let to = (from + size).min(maker.entries.len());
                    let contents = maker.new_contents();
                    let contents = if with_content { &contents[..] } else { &[] };
                    let entries = &maker.entries[from..to];
                    store.append(maker.project, head, entries, contents, now).expect("appends");
                }
                Arrival::Snapshot => store.write_snapshot(maker.project).expect("writes"),
                Arrival::DropSnapshots => store.drop_snapshots().expect("drops"),
                Arrival::Reopen => store = maker::open(&folder),
            }
            let head = store.head(maker.project).expect("reads");
            let project = store.project(maker.project).expect("loads");
            prop_assert_eq!(project.seen(), head);
        }
        maker.pull(&store);
        let project = store.project(maker.project).expect("loads");
        prop_assert_eq!(form(&project), form(maker.state()));
        let fresh = maker::open(&folder).project(maker.project).expect("loads");
        prop_assert_eq!(form(&fresh), form(maker.state()));
        prop_assert_eq!(store.missing(maker.project).expect("reads"), vec![]);
        // The latest text of each prompt, and every message, is found once.
        for prompt in maker.state().prompts() {
            for version in prompt.versions() {
                let message = store.content(&version.message).expect("reads").expect("is here");
                let message = domain::SaltedText::decode(&message).expect("a text").text;
                let hits = store.search(maker.project, &message, 9).expect("finds");
                prop_assert_eq!(hits.len(), 1);
                prop_assert_eq!(hits[0].version, Some(version.id));
                let latest = prompt.latest().map(|v| v.id) == Some(version.id);
                let words = message.replace("note", "words");
                let hits = store.search(maker.project, &words, 9).expect("finds");
                prop_assert_eq!(hits.len(), usize::from(latest));
            }
        }
    }
}
