//! Finding what a person named: projects, prompts, versions, environments.

use crate::{Arguments, Failure};
use domain::names::folded;
use domain::{EnvironmentId, ProjectId, PromptId};
use workbench::Workbench;
use workbench::views::{Library, PromptView, Ref};

/// The project that is meant.
pub fn project(bench: &Workbench, arguments: &Arguments) -> Result<ProjectId, Failure> {
    let projects = bench.projects()?;
    let Some(wanted) = &arguments.project else {
        return projects.first().map(|card| card.id).ok_or_else(|| {
            Failure::other(
                "there is no project on this computer yet; begin with `galley login --help`",
            )
        });
    };
    let named = |card: &&workbench::views::ProjectCard| {
        folded(&card.name) == folded(wanted) || card.id.to_string() == *wanted
    };
    let found: Vec<_> = projects.iter().filter(named).collect();
    match found.as_slice() {
        [one] => Ok(one.id),
        [] => Err(Failure::other(format!(
            "there is no project {wanted} on this computer"
        ))),
        _ => Err(Failure::other(format!(
            "several projects are named {wanted}; say the id (`galley status --json`)"
        ))),
    }
}

/// The prompt of a name.
pub fn prompt(library: &Library, name: &str) -> Result<PromptId, Failure> {
    let found = library
        .prompts
        .iter()
        .find(|row| folded(&row.name) == folded(name));
    found
        .map(|row| row.id)
        .ok_or_else(|| Failure::other(format!("there is no prompt named {name}")))
}

/// The environment of a name, or the default one.
pub fn environment(library: &Library, name: Option<&str>) -> Result<EnvironmentId, Failure> {
    let found = match name {
        Some(name) => library
            .environments
            .iter()
            .find(|e| !e.retired && folded(&e.name) == folded(name)),
        None => library.environments.iter().find(|e| e.is_default),
    };
    found.map(|environment| environment.id).ok_or_else(|| {
        Failure::other(match name {
            Some(name) => format!("there is no environment named {name}"),
            None => "this project has no default environment".to_owned(),
        })
    })
}

/// What is meant by `v7`, `7`, a short id, `latest`, a label, an environment, `draft` or `base`.
pub fn version(library: &Library, view: &PromptView, text: &str) -> Result<Ref, Failure> {
    let wanted = folded(text);
    let number = wanted
        .strip_prefix('v')
        .unwrap_or(&wanted)
        .parse::<u32>()
        .ok();
    let unknown = || {
        Failure::other(format!(
            "{} has no version, label or environment {text}",
            view.name
        ))
    };
    if wanted == "draft" {
        let draft = view
            .draft
            .as_ref()
            .ok_or_else(|| Failure::other(format!("{} has no draft", view.name)))?;
        return Ok(Ref::Draft {
            draft: draft.id.clone(),
        });
    }
    if wanted == "base" {
        let base = view.draft.as_ref().and_then(|draft| draft.base);
        let base = base.or_else(|| view.versions.get(1).map(|row| row.id));
        return base
            .map(|version| Ref::Version { version })
            .ok_or_else(unknown);
    }
    let by_version = view.versions.iter().find(|row| {
        (number.is_some() && row.number == number)
            || row.short == wanted
            || row.labels.iter().any(|label| folded(label) == wanted)
    });
    if let Some(row) = by_version {
        return Ok(Ref::Version { version: row.id });
    }
    let environment = environment(library, Some(text)).map_err(|_| unknown())?;
    Ok(Ref::Environment {
        environment,
        prompt: view.id,
    })
}
