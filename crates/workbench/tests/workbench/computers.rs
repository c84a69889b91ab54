//! One person on two computers: a link that works once, and a computer that was lost.

use crate::main_job::{first_version, writes};
use crate::support::{Laptop, Team};
use domain::ProjectId;
use workbench::Secret;
use workbench::views::DeviceRow;

async fn ana_at(team: &Team) -> (Laptop, ProjectId) {
    let ana = Laptop::new();
    let name = Some("Support desk".to_owned());
    let card = ana
        .bench
        .join_team(team.url(), team.founding(), "Ana".to_owned(), name);
    let project = card.await.unwrap().id;
    (ana, project)
}

async fn devices(laptop: &Laptop, project: ProjectId) -> Vec<DeviceRow> {
    let settings = laptop.bench.settings(project).await.unwrap();
    assert_eq!(settings.people.len(), 1, "it is one person");
    settings.people[0].devices.clone()
}

async fn enters(laptop: &Laptop, team: &Team, link: &str) -> Result<ProjectId, String> {
    let link = Secret::new(link);
    let entered = laptop
        .bench
        .join_team(team.url(), link, String::new(), None);
    let card = entered.await.map_err(|error| error.to_string())?;
    Ok(card.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_works_on_two_computers_and_loses_one() {
    let team = Team::start().await;
    let (old, project) = ana_at(&team).await;
    let prompt = first_version(&old.bench, project, "triage", "Sort the mail.").await;
    let link = old.bench.add_computer(project).await.unwrap();
    assert_eq!(link.not_yet, None);

    let new = Laptop::new();
    assert_eq!(
        enters(&new, &team, link.secret.reveal()).await.unwrap(),
        project
    );
    let card = new.bench.projects().unwrap().remove(0);
    assert_eq!(
        (card.name.as_str(), card.person.as_str()),
        ("Support desk", "Ana")
    );
    writes(&new.bench, project, prompt, "Sort the letters.", "Letters").await;
    new.bench.sync_now(project).await.unwrap();
    let view = new.bench.prompt(project, prompt).await.unwrap();
    assert_eq!(
        (view.versions[0].number, view.versions[0].by.as_str()),
        (Some(2), "Ana")
    );

    // The first, the link, which has ended, and the new one's own.
    let rows = devices(&new, project).await;
    let told: Vec<_> = rows.iter().map(|row| (row.revoked, row.this)).collect();
    assert_eq!(told, [(false, false), (true, false), (false, true)]);

    // Whoever finds the link later gets nowhere, with its token or with its key.
    let thief = Laptop::new();
    let refused = enters(&thief, &team, link.secret.reveal())
        .await
        .unwrap_err();
    assert!(refused.contains("it was used or has ended"), "{refused}");
    assert!(thief.bench.projects().unwrap().is_empty());

    // The old computer is lost: it is ended from the new one, which works on.
    new.bench
        .revoke_device(project, rows[0].id.clone())
        .await
        .unwrap();
    old.bench.sync_now(project).await.ok();
    let draft = old.bench.open_draft(project, prompt, None).await.unwrap();
    let saved = old
        .bench
        .save_version(project, draft.id, "From a thief".to_owned())
        .await;
    new.bench.sync_now(project).await.unwrap();
    let view = new.bench.prompt(project, prompt).await.unwrap();
    assert_eq!(view.versions.len(), 2, "{saved:?}");
    writes(&new.bench, project, prompt, "Sort the parcels.", "Parcels").await;
    let view = new.bench.prompt(project, prompt).await.unwrap();
    assert_eq!(view.versions[0].number, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_met_no_registry_is_good_still() {
    let mut team = Team::start().await;
    let (old, project) = ana_at(&team).await;
    let link = old.bench.add_computer(project).await.unwrap();
    team.goes_away().await;
    let new = Laptop::new();
    enters(&new, &team, link.secret.reveal()).await.unwrap_err();
    team.comes_back().await;
    assert_eq!(
        enters(&new, &team, link.secret.reveal()).await.unwrap(),
        project
    );
    let rows = devices(&new, project).await;
    assert!(rows.iter().any(|row| row.this && !row.revoked));
    let again = enters(&new, &team, link.secret.reveal()).await.unwrap_err();
    assert_eq!(again, "this project is on this computer already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_ones_own_stays_on_its_computer() {
    let laptop = Laptop::new();
    let card = laptop
        .bench
        .create_project("Mine".to_owned(), "Ana".to_owned());
    let project = card.await.unwrap().id;
    let refused = laptop.bench.add_computer(project).await.unwrap_err();
    assert!(
        refused.to_string().contains("on this computer alone"),
        "{refused}"
    );
}
