//! The engine: what one does, the other sees, without anybody asking.

use crate::desk::Desk;
use crate::proxy::Proxy;
use crate::server::Server;
use domain::permissions::Role;
use std::time::Duration;
use sync::{Engine, Pace, SyncKind, SyncState};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// In more of a hurry than a laptop; the polls are so rare that only events can explain what comes.
fn pace() -> Pace {
    Pace {
        poll_behind_events: Duration::from_secs(600),
        poll: Duration::from_millis(50),
        retry_first: Duration::from_millis(20),
        retry_most: Duration::from_millis(100),
        problem: Duration::from_millis(100),
    }
}

struct Live {
    state: watch::Receiver<SyncState>,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Live {
    fn begin(desk: &Desk) -> Self {
        let engine = Engine::new(desk.link.clone(), desk.signer(), pace()).unwrap();
        let stop = CancellationToken::new();
        let state = engine.state();
        let running = tokio::spawn({
            let stop = stop.clone();
            async move { engine.run(stop).await }
        });
        Self {
            state,
            stop,
            running,
        }
    }

    async fn until(&mut self, what: impl FnMut(&SyncState) -> bool) -> SyncState {
        let found = tokio::time::timeout(Duration::from_secs(60), self.state.wait_for(what)).await;
        found.expect("it never came to that").unwrap().clone()
    }

    async fn ends(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_saves_the_other_has_through_outages_and_restarts() {
    let mut server = Server::start();
    let proxy = Proxy::before(server.address()).await;
    let ada = Desk::founds(&proxy.url(), &server.founding_token()).await;
    let invitation = ada.invites(Role::Author).await;
    let ben = Desk::joins(&proxy.url(), &invitation, "Ben").await;
    let (mut of_ada, mut of_ben) = (Live::begin(&ada), Live::begin(&ben));
    of_ada
        .until(|state| state.kind == SyncKind::InStep && state.head == 4)
        .await;
    of_ben
        .until(|state| state.kind == SyncKind::InStep && state.head == 4)
        .await;

    let prompt = ada.creates("support/triage");
    let told = of_ben
        .until(|state| state.kind == SyncKind::InStep && state.head == 5)
        .await;
    assert_eq!(told.verified_to, 5);
    assert!(ben.state().prompt(prompt).is_some());

    server.kill();
    ada.saves(prompt, Vec::new(), "written offline");
    let told = of_ada
        .until(|state| state.kind == SyncKind::Offline && state.outbox == 1)
        .await;
    assert!(told.since.is_some());
    assert!(told.words.contains("can't be reached"), "{}", told.words);
    of_ben.until(|state| state.kind == SyncKind::Offline).await;

    server.open();
    proxy.lead_to(server.address());
    of_ada
        .until(|state| state.kind == SyncKind::InStep && state.outbox == 0)
        .await;
    of_ben
        .until(|state| state.kind == SyncKind::InStep && state.head == 6)
        .await;

    ben.creates("no//name");
    let told = of_ben
        .until(|state| state.refused == 1 && state.kind == SyncKind::InStep)
        .await;
    assert_eq!(told.outbox, 0);
    of_ada.ends().await;
    of_ben.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_registry_is_a_problem_in_words_until_it_is_itself_again() {
    let mut server = Server::start();
    let proxy = Proxy::before(server.address()).await;
    let ada = Desk::founds(&proxy.url(), &server.founding_token()).await;
    let old = server.backup("old.db");
    ada.creates("support/triage");
    let mut of_ada = Live::begin(&ada);
    of_ada
        .until(|state| state.kind == SyncKind::InStep && state.head == 3)
        .await;
    let newer = server.backup("newer.db");
    server.restore(&old);
    proxy.lead_to(server.address());
    let told = of_ada.until(|state| state.kind == SyncKind::Problem).await;
    assert!(
        told.words.contains("restored from an older backup"),
        "{}",
        told.words
    );
    server.restore(&newer);
    proxy.lead_to(server.address());
    of_ada.until(|state| state.kind == SyncKind::InStep).await;
    of_ada.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_of_this_computer_queues_and_the_engine_sends() {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let mut of_ada = Live::begin(&ada);
    of_ada.until(|state| state.kind == SyncKind::InStep).await;
    // The same file, opened by itself: what the command line does beside the window.
    let other = store::Store::open(ada.store.path(), &store::Options::default()).unwrap();
    let command = domain::ledger::Command {
        id: domain::CommandId(uuid::Uuid::from_u128(crate::desk::draw())),
        project: ada.project,
        device: ada.key.public(),
        seen: other.head(ada.project).unwrap(),
        at: crate::desk::now(),
        body: domain::ledger::Body::CreatePrompt {
            name: "from elsewhere".to_owned(),
        },
    };
    let signed = domain::ledger::SignedCommand::sign(command, &ada.key).unwrap();
    let request = store::QueueRequest {
        commands: vec![store::NewCommand::Signed(signed)],
        ..Default::default()
    };
    other
        .queue(ada.project, &request, crate::desk::now())
        .unwrap();
    of_ada
        .until(|state| state.head == 3 && state.outbox == 0)
        .await;
    assert!(ada.state().prompt_named("from elsewhere").is_some());
    of_ada.ends().await;
}
