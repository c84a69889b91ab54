//! Founding and joining when what was sent is lost: an invitation is good once, and yet nobody is
//! shut out.

use crate::support::person::workbench;
use crate::support::{Line, Person, Registry};
use workbench::views::{PersonRole, ProjectCard};
use workbench::{Error, ErrorCode, Secret, Workbench};

async fn founds(
    bench: &Workbench,
    address: String,
    invitation: &str,
) -> Result<ProjectCard, Error> {
    let name = Some("Support desk".to_owned());
    let invitation = Secret::new(invitation);
    bench
        .join_team(address, invitation, "Ana".to_owned(), name)
        .await
}

async fn joins(
    bench: &Workbench,
    address: String,
    invitation: &Secret,
) -> Result<ProjectCard, Error> {
    let invitation = invitation.clone();
    bench
        .join_team(address, invitation, "Ben".to_owned(), None)
        .await
}

async fn is_in_step(bench: &Workbench, card: &ProjectCard) {
    assert_eq!(card.setting_up, None);
    let projects = bench.projects().expect("its projects");
    assert_eq!(projects.len(), 1, "{projects:?}");
    // Another round may have begun in the background: that this one was done is what counts.
    let state = bench.sync_now(card.id).await.expect("it syncs");
    assert_eq!(state.outbox, 0, "{state:?}");
    bench.library(card.id).await.expect("its library opens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founding_whose_answer_was_lost_is_finished_by_the_same_invitation() {
    let registry = Registry::start().await;
    let line = Line::before(&registry).await;
    let (bench, _home) = workbench();
    line.loses_the_next_answer();
    let lost = founds(&bench, line.address(), registry.invitation())
        .await
        .unwrap_err();
    assert_eq!(lost.code(), ErrorCode::Offline, "{lost}");
    let begun = bench.projects().unwrap();
    let words = begun[0]
        .setting_up
        .clone()
        .expect("it says that it is being set up");
    assert!(words.contains("same invitation"), "{words}");
    let start = bench.start().await.unwrap();
    assert_eq!(start.last, None, "it is not opened as if it were there");

    let card = founds(&bench, line.address(), registry.invitation())
        .await
        .expect("the same invitation finishes it");
    assert_eq!(card.id, begun[0].id, "it is the project that was begun");
    is_in_step(&bench, &card).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founding_that_never_arrived_is_sent_again() {
    let registry = Registry::start().await;
    let line = Line::before(&registry).await;
    let (bench, _home) = workbench();
    line.loses_the_next_request();
    founds(&bench, line.address(), registry.invitation())
        .await
        .unwrap_err();
    let begun = bench.projects().unwrap().remove(0).id;
    let not_there = bench.open_project(begun).await.unwrap_err().to_string();
    assert!(
        not_there.contains("has not made Support desk"),
        "{not_there}"
    );
    let card = founds(&bench, line.address(), registry.invitation())
        .await
        .expect("the same invitation makes it");
    assert_eq!(card.id, begun);
    is_in_step(&bench, &card).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registry_took_is_finished_without_the_invitation() {
    let registry = Registry::start().await;
    let line = Line::before(&registry).await;
    let (bench, _home) = workbench();
    line.loses_the_next_answer();
    founds(&bench, line.address(), registry.invitation())
        .await
        .unwrap_err();
    let begun = bench.projects().unwrap().remove(0).id;
    bench
        .open_project(begun)
        .await
        .expect("opening it finishes it");
    is_in_step(&bench, &bench.card(begun).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joining_whose_answer_was_lost_is_finished_by_the_same_invitation() {
    let registry = Registry::start().await;
    let line = Line::before(&registry).await;
    let ana = Person::founding("Ana", &registry).await;
    let invite = async || {
        let made = ana
            .bench
            .invite(ana.project, PersonRole::Author, "Ben".to_owned());
        made.await.expect("an admin may invite")
    };
    let (bench, _home) = workbench();
    let invitation = invite().await.secret;
    line.loses_the_next_answer();
    let lost = joins(&bench, line.address(), &invitation)
        .await
        .unwrap_err();
    assert_eq!(lost.code(), ErrorCode::Offline, "{lost}");
    let card = joins(&bench, line.address(), &invitation)
        .await
        .expect("the same invitation finishes it");
    assert_eq!(card.person, "Ben");
    is_in_step(&bench, &card).await;
    ana.syncs().await;
    let settings = ana.bench.settings(ana.project).await.unwrap();
    let bens = settings.people.iter().filter(|row| row.name == "Ben");
    assert_eq!(bens.count(), 1, "he joined once");

    // One that never arrived, whose invitation was taken back, goes on with another one.
    let (other, _other_home) = workbench();
    let first = invite().await;
    line.loses_the_next_request();
    joins(&other, line.address(), &first.secret)
        .await
        .unwrap_err();
    ana.bench
        .withdraw_invitation(ana.project, first.id)
        .await
        .unwrap();
    let ended = joins(&other, line.address(), &first.secret)
        .await
        .unwrap_err()
        .to_string();
    assert!(ended.contains("ask for a new one"), "{ended}");
    let second = invite().await.secret;
    let card = joins(&other, line.address(), &second)
        .await
        .expect("a new invitation opens");
    is_in_step(&other, &card).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_accepted_leaves_nothing_behind() {
    let mut registry = Registry::start().await;
    let ana = Person::founding("Ana", &registry).await;
    let (bench, _home) = workbench();
    let used = founds(&bench, registry.address(), registry.invitation())
        .await
        .unwrap_err();
    assert!(used.to_string().contains("used already"), "{used}");
    let strangers = Registry::start().await;
    let unknown = founds(&bench, registry.address(), strangers.invitation())
        .await
        .unwrap_err();
    assert!(
        unknown
            .to_string()
            .contains("does not know this invitation"),
        "{unknown}"
    );

    let made = ana
        .bench
        .invite(ana.project, PersonRole::Author, "Ben".to_owned());
    let made = made.await.unwrap();
    ana.bench
        .withdraw_invitation(ana.project, made.id)
        .await
        .unwrap();
    joins(&bench, registry.address(), &made.secret)
        .await
        .unwrap_err();
    registry.vanish();
    founds(&bench, registry.address(), strangers.invitation())
        .await
        .unwrap_err();
    joins(&bench, registry.address(), &made.secret)
        .await
        .unwrap_err();
    assert_eq!(bench.projects().unwrap(), []);
}
