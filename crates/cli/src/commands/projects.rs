//! The projects on this computer: all of them, and taking one off it.

use crate::arguments::{Arguments, Project};
use crate::say::{answer, table};
use crate::{Failure, find, say};
use std::process::ExitCode;
use workbench::Workbench;
use workbench::views::{ProjectCard, ProjectPlace};

pub async fn project(
    bench: &Workbench,
    arguments: &Arguments,
    project: &Project,
) -> Result<ExitCode, Failure> {
    if let Project::Remove { name, anyway } = project {
        let card = find::project_named(&bench.projects()?, name)?;
        let lost = bench.plan_remove_project(card.id).await?.words;
        if !lost.is_empty() && !anyway {
            say::hint(&format!("With {} this computer would lose:", card.name));
            if !say::agreed(&lost, "--anyway")? {
                return Ok(ExitCode::from(1));
            }
        }
        bench.remove_project(card.id).await?;
        say::hint(&format!("{} is no longer on this computer.", card.name));
    }
    let projects = bench.projects()?;
    answer(arguments, &projects, || {
        if projects.is_empty() {
            return "There is no project on this computer.".to_owned();
        }
        let rows: Vec<Vec<String>> = projects.iter().map(row).collect();
        table(&["PROJECT", "WHERE", "YOU", "STATE", "ID"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}

fn row(card: &ProjectCard) -> Vec<String> {
    let place = match &card.place {
        ProjectPlace::ThisComputer => "this computer".to_owned(),
        ProjectPlace::Registry { address } => address.clone(),
    };
    let state = match (&card.setting_up, card.unsent) {
        (Some(_), _) => "being set up".to_owned(),
        (None, 0) => String::new(),
        (None, 1) => "one change waits".to_owned(),
        (None, n) => format!("{n} changes wait"),
    };
    vec![
        card.name.clone(),
        place,
        card.person.clone(),
        state,
        card.id.to_string(),
    ]
}

/// What to say of a project that is not set up yet.
pub fn being_set_up(card: &ProjectCard, words: &str) -> Failure {
    Failure::other(format!(
        "{} is {words}: `galley login team ADDRESS --as NAME` asks for the invitation, and \
         `galley project remove {}` takes it off",
        card.name, card.id
    ))
}
