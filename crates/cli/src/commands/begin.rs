//! Beginning: the sample, a project of one's own, a team's; and sharing.

use super::At;
use crate::arguments::{Arguments, Login};
use crate::{Failure, say};
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::ProjectPlace;

pub async fn login(
    bench: &Workbench,
    arguments: &Arguments,
    login: &Login,
) -> Result<ExitCode, Failure> {
    let card = match login {
        Login::Sample => bench.open_sample().await?,
        Login::Own { name, person } => bench.create_project(name.clone(), person.clone()).await?,
        Login::Computer { address } => {
            let link = say::secret("Link: ")?;
            let entered = bench.join_team(address.clone(), link, String::new(), None);
            entered
                .await
                .map_err(|error| begun_at(bench, address, error))?
        }
        Login::Team {
            address,
            person,
            project_name,
        } => {
            let invitation = say::secret("Invitation: ")?;
            let joined = bench.join_team(
                address.clone(),
                invitation,
                person.clone(),
                project_name.clone(),
            );
            joined
                .await
                .map_err(|error| begun_at(bench, address, error))?
        }
    };
    say::answer(arguments, &card, || {
        format!(
            "{} is on this computer; you are {} in it",
            card.name, card.person
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// The failure of a login, and what became of the project if that was begun.
fn begun_at(bench: &Workbench, address: &str, error: workbench::Error) -> Failure {
    let mut failure = Failure::from(error);
    let projects = bench.projects().unwrap_or_default();
    let begun = projects.iter().find_map(|card| match &card.place {
        ProjectPlace::Registry { address: there } if there == address.trim_end_matches('/') => {
            Some((&card.name, card.setting_up.as_ref()?))
        }
        _ => None,
    });
    if let Some((name, words)) = begun {
        failure.message = format!("{}. {name} is {words}", failure.message);
    }
    failure
}

pub async fn share(at: &At<'_>, address: &str, anyway: bool) -> Result<ExitCode, Failure> {
    let warnings = at.bench.check_before_sharing(at.project).await?;
    for warning in warnings.iter().filter(|_| !anyway) {
        let places = say::count(warning.places.into(), "place", "places");
        say::hint(&format!("Dataset {}, {places}:", warning.name));
        for words in &warning.words {
            say::hint(&format!("  {words}"));
        }
    }
    if !warnings.is_empty() && !anyway {
        return Err(Failure::other(
            "everybody in the team would see this; take it out, or say --anyway".to_owned(),
        ));
    }
    let invitation = say::secret("Invitation for a new project there: ")?;
    let card = at
        .bench
        .share_project(at.project, address.to_owned(), invitation)
        .await?;
    say::answer(at.arguments, &card, || {
        format!("{} is at {address} now, with its whole history", card.name)
    });
    Ok(ExitCode::SUCCESS)
}
