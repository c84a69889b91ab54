//! Finding what a person named: projects, prompts, versions, environments.

use crate::{Arguments, Failure};
use domain::names::folded;
use domain::{EnvironmentId, PromptId};
use workbench::Workbench;
use workbench::views::{Library, ProjectCard, PromptView, Ref};

/// The project that is meant.
pub fn project(bench: &Workbench, arguments: &Arguments) -> Result<ProjectCard, Failure> {
    let projects = bench.projects()?;
    if let Some(wanted) = &arguments.project {
        return project_named(&projects, wanted);
    }
    let set_up = projects.iter().find(|card| card.setting_up.is_none());
    set_up.or(projects.first()).cloned().ok_or_else(|| {
        Failure::other("there is no project on this computer yet; begin with `galley login --help`")
    })
}

/// The project of a name or id. One that is still being set up is meant only if no other has the
/// name.
pub fn project_named(projects: &[ProjectCard], wanted: &str) -> Result<ProjectCard, Failure> {
    let named = |card: &&ProjectCard| folded(&card.name) == folded(wanted);
    let (set_up, begun): (Vec<_>, Vec<_>) = projects
        .iter()
        .filter(named)
        .partition(|card| card.setting_up.is_none());
    if let Some(one) = projects.iter().find(|card| card.id.to_string() == wanted) {
        return Ok(one.clone());
    }
    match (set_up.as_slice(), begun.as_slice()) {
        ([one], _) | ([], [one]) => Ok((*one).clone()),
        ([], []) => Err(Failure::other(format!(
            "there is no project {wanted} on this computer; `galley project list` shows all"
        ))),
        _ => {
            let ids = set_up.iter().chain(&begun).map(|card| card.id.to_string());
            Err(Failure::other(format!(
                "several projects are named {wanted}; say which by its id: {} (`galley project list` tells them apart)",
                ids.collect::<Vec<_>>().join(", ")
            )))
        }
    }
}

/// The prompt of a name.
pub fn prompt(library: &Library, name: &str) -> Result<PromptId, Failure> {
    let found = library
        .prompts
        .iter()
        .find(|row| folded(&row.name) == folded(name));
    if let Some(row) = found {
        return Ok(row.id);
    }
    let draft = library
        .new_drafts
        .iter()
        .any(|draft| folded(&draft.name) == folded(name));
    Err(Failure::other(if draft {
        format!("{name} is a draft so far; save it first: galley save {name} -m \"…\"")
    } else {
        format!("there is no prompt named {name}; `galley list` shows all")
    }))
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

/// The one of a name or an id. Of several with one name, none is meant: their ids tell them apart.
pub fn only<'a, T>(
    what: &str,
    wanted: &str,
    rows: impl Iterator<Item = &'a T>,
    name: impl Fn(&T) -> &str,
    id: impl Fn(&T) -> String,
) -> Result<&'a T, Failure> {
    let rows: Vec<&T> = rows.collect();
    if let Some(one) = rows.iter().find(|row| id(row) == wanted) {
        return Ok(one);
    }
    let named: Vec<&&T> = rows
        .iter()
        .filter(|row| folded(name(row)) == folded(wanted))
        .collect();
    match named.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::other(format!(
            "there is no {what} called {wanted}"
        ))),
        several => {
            let ids: Vec<_> = several.iter().map(|row| id(row)).collect();
            Err(Failure::other(format!(
                "more than one {what} is called {wanted}; say which by its id: {}",
                ids.join(", ")
            )))
        }
    }
}
