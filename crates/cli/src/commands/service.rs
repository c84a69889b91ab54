//! Service accounts.

use super::At;
use super::look::settled;
use crate::say::{answer, table, when};
use crate::service_arguments::{May, RightsOptions, Service};
use crate::{Failure, find, say};
use domain::PersonId;
use domain::names::folded;
use domain::permissions::Rights;
use std::process::ExitCode;

pub async fn service(at: &At<'_>, service: &Service) -> Result<ExitCode, Failure> {
    match service {
        Service::List => {}
        Service::New {
            name,
            owner,
            rights,
        } => {
            let known = at.bench.settings(at.project).await?.services;
            if known
                .iter()
                .any(|row| !row.removed && folded(&row.name) == folded(name))
            {
                return Err(Failure::other(format!(
                    "there is a service account {name} already; remove it first, or choose another name"
                )));
            }
            let owner = match owner {
                None => None,
                Some(owner) => Some(person(at, owner).await?),
            };
            let rights = rights_of(at, rights).await?;
            let made = at
                .bench
                .create_service(at.project, name.clone(), owner, rights)
                .await?;
            say::hint(
                "This is shown once; keep it where the pipeline reads its secrets, as GALLEY_SECRET.",
            );
            if let Some(words) = &made.not_yet {
                say::hint(words);
            }
            if at.arguments.json {
                let json = serde_json::json!({ "id": made.id, "secret": made.secret.reveal() });
                say::line(&json.to_string());
            } else {
                say::line(made.secret.reveal());
            }
            return Ok(ExitCode::SUCCESS);
        }
        Service::Rights { name, rights } => {
            let rights = rights_of(at, rights).await?;
            at.bench
                .set_service_rights(at.project, named(at, name).await?, rights)
                .await?;
        }
        Service::Remove { name } => {
            let service = named(at, name).await?;
            at.bench.remove_person(at.project, service).await?;
        }
    }
    if !matches!(service, Service::List) {
        settled(at).await?;
    }
    let settings = at.bench.settings(at.project).await?;
    answer(at.arguments, &settings.services, || {
        if settings.services.is_empty() {
            return "No service account yet. Make one for a pipeline: galley service new ci --may run,ask".to_owned();
        }
        let rows: Vec<Vec<String>> = settings
            .services
            .iter()
            .map(|row| {
                let owner = match row.owner_left {
                    true => format!("{} (has left)", row.owner),
                    false => row.owner.clone(),
                };
                let may = match (row.removed, row.unsent) {
                    (true, _) => "removed".to_owned(),
                    (_, true) => format!("{} (in the outbox)", row.words),
                    _ => row.words.clone(),
                };
                vec![row.name.clone(), owner, when(row.since), may]
            })
            .collect();
        table(&["SERVICE", "ANSWERS FOR IT", "SINCE", "MAY"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}

async fn named(at: &At<'_>, name: &str) -> Result<PersonId, Failure> {
    let settings = at.bench.settings(at.project).await?;
    let open = settings.services.iter().filter(|row| !row.removed);
    let found = find::only(
        "service account",
        name,
        open,
        |row| &row.name,
        |row| row.id.to_string(),
    );
    Ok(found?.id)
}

async fn person(at: &At<'_>, name: &str) -> Result<PersonId, Failure> {
    let settings = at.bench.settings(at.project).await?;
    let people = settings.people.iter().filter(|row| !row.removed);
    let found = find::only(
        "person",
        name,
        people,
        |row| &row.name,
        |row| row.id.to_string(),
    );
    Ok(found?.id)
}

async fn rights_of(at: &At<'_>, options: &RightsOptions) -> Result<Rights, Failure> {
    let library = at.bench.library(at.project).await?;
    let release = options
        .release_in
        .iter()
        .map(|place| find::environment(&library, Some(place)))
        .collect::<Result<_, _>>()?;
    Ok(Rights {
        save: options.may.contains(&May::Save),
        run: options.may.contains(&May::Run),
        ask: options.may.contains(&May::Ask),
        release,
    })
}
