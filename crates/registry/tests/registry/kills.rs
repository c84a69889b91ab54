//! `kill -9` at any moment: nothing accepted is lost, nothing is there twice.
//!
//! Writers send commands without a pause, so that a kill meets writes that are under way; a kill
//! counts as proven when at least one writer was left without an answer by it. Between the runs
//! snapshots of the fold are thrown away, or damaged, at random. `GALLEY_SOAK=10` kills ten times
//! as often.

use crate::process::{Process, init, run};
use crate::team::{Member, Team, bits};
use domain::ledger::{Body, SignedCommand};
use domain::{CommandId, Digest};
use protocol::commands::{CommandResult, CommandsRequest, CommandsResponse};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

const WRITERS: usize = 4;
const KILLS: usize = 200;

/// What one writer was told, and what it does not know.
#[derive(Default)]
struct Told {
    accepted: HashMap<CommandId, (u64, Digest)>,
    /// Sent without an answer; sent again after the restart, until there is one.
    open: Option<SignedCommand>,
}

/// `None`: no answer came.
async fn send(who: &Member, command: &SignedCommand) -> Option<CommandResult> {
    let request = CommandsRequest {
        commands: vec![command.into()],
    };
    let response = who
        .http
        .post(format!(
            "{}{}",
            who.url,
            protocol::paths::commands(who.project)
        ))
        .bearer_auth(&who.bearer)
        .json(&request)
        .send()
        .await
        .ok()?;
    let mut answer: CommandsResponse = response.json().await.ok()?;
    Some(answer.outcomes.remove(0).result)
}

async fn write(
    mut who: Member,
    number: usize,
    mut url: watch::Receiver<Option<String>>,
    left: Arc<AtomicUsize>,
) -> Told {
    let mut told = Told::default();
    let mut count = 0_u32;
    loop {
        // Waits while the registry is down; ends when the last round is over.
        let address = match url.wait_for(Option::is_some).await {
            Ok(address) => address.clone().unwrap_or_default(),
            Err(_) => return told,
        };
        if who.url != address {
            who = Member {
                url: address.clone(),
                http: crate::team::client(),
                ..who
            };
        }
        let command = told.open.take().unwrap_or_else(|| {
            count += 1;
            who.command(Body::CreatePrompt {
                name: format!("{number} {count}"),
            })
        });
        match send(&who, &command).await {
            Some(CommandResult::Accepted { seq, digest }) => {
                let before = told.accepted.insert(command.id(), (seq, digest));
                assert!(before.is_none_or(|before| before == (seq, digest)));
            }
            Some(CommandResult::Refused { refusal }) => panic!("{refusal}"),
            None => {
                told.open = Some(command);
                left.fetch_add(1, Ordering::SeqCst);
                // Until it is up again, at another address.
                if url
                    .wait_for(|up| up.as_ref() != Some(&address))
                    .await
                    .is_err()
                {
                    return told;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_while_commands_are_under_way() {
    let factor: Option<usize> = std::env::var("GALLEY_SOAK")
        .ok()
        .and_then(|n| n.parse().ok());
    let rounds = KILLS * factor.unwrap_or(1);
    let home = TempDir::new().unwrap();
    let invitation = init(home.path());
    let mut process = Process::start(home.path(), &["--log", "warn"]);
    let team = Team::found(&process.url, &invitation).await;
    let (up, address) = watch::channel(Some(process.url.clone()));
    let left = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            tokio::spawn(write(
                team.ada.clone(),
                number,
                address.clone(),
                Arc::clone(&left),
            ))
        })
        .collect();
    drop(address);
    let (mut proven, mut thrown_away) = (0, 0);
    for _ in 0..rounds {
        let before = left.load(Ordering::SeqCst);
        // The moment is random; nothing waits for this time to be enough for anything.
        let pause = u64::from(bits()[0]) / 4;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        process.kill();
        let address = up.borrow().clone();
        // Whoever was left without an answer says so before the next start.
        let counted = async {
            while left.load(Ordering::SeqCst) == before {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(5), counted)
            .await
            .is_ok()
        {
            proven += 1;
        }
        thrown_away += throw_away_snapshots(home.path());
        process = Process::start(home.path(), &["--log", "warn"]);
        assert_ne!(
            address.as_ref(),
            Some(&process.url),
            "another port each time"
        );
        up.send_replace(Some(process.url.clone()));
    }
    assert!(
        proven * 2 >= rounds,
        "only {proven} of {rounds} kills met a write under way"
    );

    // Every writer settles what it does not know, then ends.
    up.send_replace(None);
    drop(up);
    let mut told = Vec::new();
    for writer in writers {
        told.push(writer.await.unwrap());
    }
    let ada = Member {
        url: process.url.clone(),
        ..team.ada.clone()
    };
    for told in &mut told {
        if let Some(open) = told.open.take()
            && let CommandResult::Accepted { seq, digest } = send(&ada, &open).await.unwrap()
        {
            told.accepted.insert(open.id(), (seq, digest));
        }
    }
    let lines = {
        let (mut lines, mut after) = (Vec::new(), 0);
        loop {
            let page = ada.gets(&protocol::paths::ledger(ada.project, after)).await;
            let page = page.text().await.unwrap();
            if page.is_empty() {
                break lines;
            }
            lines.extend(
                page.lines()
                    .map(|line| domain::ledger::Entry::read(line).unwrap()),
            );
            after = lines.len() as u64;
        }
    };
    let there: HashMap<_, _> = lines
        .iter()
        .map(|e| (e.command().id(), (e.seq(), e.digest())))
        .collect();
    assert_eq!(there.len(), lines.len(), "a command is there twice");
    let accepted: usize = told.iter().map(|told| told.accepted.len()).sum();
    assert_eq!(
        accepted + 2,
        lines.len(),
        "what is there is what was accepted, and the founding"
    );
    for (id, place) in told.iter().flat_map(|told| &told.accepted) {
        assert_eq!(there.get(id), Some(place), "{id}");
    }
    assert!(process.stop().success());
    let verified = run(home.path(), &["verify"]);
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
    println!(
        "{rounds} kills of the registry: {proven} left a command without its answer; \
         {thrown_away} snapshots thrown away; {accepted} commands accepted"
    );
}

/// Sometimes throws the snapshots away, sometimes leaves them damaged; how many there were.
fn throw_away_snapshots(home: &Path) -> usize {
    let damage = match bits()[0] % 4 {
        0 => "DELETE FROM snapshots",
        1 => "UPDATE snapshots SET bytes = substr(bytes, 1, length(bytes) / 2)",
        _ => return 0,
    };
    let file = rusqlite::Connection::open(home.join("data.sqlite")).unwrap();
    file.execute(damage, []).unwrap()
}
