//! Founding and joining while requests and answers are lost: the same call again finishes it, once.

use crate::desk::{Desk, client, founding, newcomer, open_store, signer};
use crate::proxy::{Fault, Proxy};
use crate::server::Server;
use domain::permissions::Role;
use domain::{PersonId, ProjectId};
use store::Store;
use sync::Task;

const FAULTS: [Fault; 7] = [
    Fault::DropRequest,
    Fault::DropAnswer,
    Fault::Double,
    Fault::Late,
    Fault::Cut(0),
    Fault::Cut(500),
    Fault::BadGateway,
];

fn is_settled(store: &Store, project: ProjectId, person: PersonId, when: &str) {
    let known = store.known_project(project).unwrap();
    assert_eq!(known.person, Some(person), "{when}");
    assert_eq!(known.sync.begun, None, "{when}");
    assert!(store.outbox(project).unwrap().is_empty(), "{when}");
    assert_eq!(store.projects().unwrap().len(), 1, "{when}");
}

#[tokio::test]
async fn a_founding_is_finished_whatever_was_lost() {
    let mut met = 0;
    for fault in FAULTS {
        // Asking, founding and pulling are three requests.
        for place in 0..3 {
            let when = format!("{fault:?} at {place}");
            let server = Server::start();
            let proxy = Proxy::before(server.address()).await;
            let invitation = server.founding_token();
            let (_dir, store) = open_store();
            let (wanted, key) = founding(&proxy.url(), &invitation);
            let founder = client(&proxy.url(), &invitation.reveal());
            let signer = signer(&key);
            let task = Task::unwatched();
            proxy.plan(std::iter::repeat_n(Fault::Pass, place).chain([fault]));
            let first = sync::found(&store, &founder, &wanted, &signer, &task).await;
            proxy.heal();
            met += proxy.met().len();
            if let Err(error) = first {
                assert!(error.is_passing(), "{when}: {error}");
                sync::found(&store, &founder, &wanted, &signer, &task)
                    .await
                    .unwrap_or_else(|error| panic!("{when}: {error}"));
            }
            is_settled(&store, wanted.project, PersonId(wanted.project.0), &when);
            let head = store.head(wanted.project).unwrap();
            assert_eq!(head.seq, 2, "{when}: the project and one token");
        }
    }
    assert_eq!(met, FAULTS.len() * 3, "every fault was met");
}

#[tokio::test]
async fn a_joining_is_finished_whatever_was_lost() {
    let server = Server::start();
    let ada = Desk::founds(&server.url(), &server.founding_token()).await;
    let mut members = 1;
    for fault in FAULTS {
        for place in 0..6 {
            let when = format!("{fault:?} at {place}");
            let proxy = Proxy::before(server.address()).await;
            let invitation = ada.invites(Role::Author).await;
            let (_dir, store) = open_store();
            let (ben, _key) = newcomer(&format!("Ben {members}"));
            let stranger = client(&proxy.url(), "none");
            let task = Task::unwatched();
            proxy.plan(std::iter::repeat_n(Fault::Pass, place).chain([fault]));
            let first = sync::join(&store, &stranger, &invitation, &ben, &task).await;
            proxy.heal();
            if let Err(error) = first {
                assert!(error.is_passing(), "{when}: {error}");
                sync::join(&store, &stranger, &invitation, &ben, &task)
                    .await
                    .unwrap_or_else(|error| panic!("{when}: {error}"));
            }
            is_settled(&store, ada.project, PersonId(ben.token.id.0), &when);
            members += 1;
            ada.syncs().await.unwrap();
            assert_eq!(ada.state().people().count(), members, "{when}");
        }
    }
}

#[tokio::test]
async fn what_the_registry_never_took_is_not_finished() {
    let server = Server::start();
    let proxy = Proxy::before(server.address()).await;
    let invitation = server.founding_token();
    let (_dir, store) = open_store();
    let (wanted, key) = founding(&proxy.url(), &invitation);
    let founder = client(&proxy.url(), &invitation.reveal());
    let task = Task::unwatched();
    proxy.plan([Fault::Pass, Fault::DropRequest]);
    sync::found(&store, &founder, &wanted, &signer(&key), &task)
        .await
        .unwrap_err();
    proxy.heal();
    let member = client(&proxy.url(), &wanted.token.reveal());
    let finish = || sync::finish(&store, &member, wanted.project, wanted.device, &task);
    assert!(!finish().await.unwrap());
    assert!(
        store
            .known_project(wanted.project)
            .unwrap()
            .sync
            .begun
            .is_some()
    );
    sync::found(&store, &founder, &wanted, &signer(&key), &task)
        .await
        .unwrap();
    assert!(finish().await.unwrap(), "what is there is there");
}
