//! The first start, the projects on this computer, the library.

use super::passed_on;
use crate::desk::Desk;
use crate::error::IpcError;
use domain::ProjectId;
use tauri::State;
use workbench::Secret;
use workbench::views::{Hit, Library, ProjectCard, Start};

passed_on! {
    /// What the window needs before it shows anything.
    start() -> Start;
    /// Opens the sample project, on this computer.
    open_sample() -> ProjectCard;
    /// Founds a project on this computer.
    create_project(name: String, person: String) -> ProjectCard;
    /// Opens a project: from now on it syncs in the background.
    open_project(project: ProjectId) -> Library;
    /// The prompts of a project.
    library(project: ProjectId) -> Library;
    /// Finds a text in names, prompts and messages.
    search(project: ProjectId, text: String) -> Vec<Hit>;
}

/// Joins a team's registry with an invitation.
///
/// # Errors
/// What the workbench refuses or fails at, in words.
#[tauri::command]
#[specta::specta]
pub async fn join_team(
    desk: State<'_, Desk>,
    address: String,
    invitation: String,
    person: String,
    project_name: Option<String>,
) -> Result<ProjectCard, IpcError> {
    let invitation = Secret::new(invitation);
    Ok(desk
        .workbench()?
        .join_team(address, invitation, person, project_name)
        .await?)
}

/// Moves a project from this computer to a team's registry.
///
/// # Errors
/// What the workbench refuses or fails at, in words.
#[tauri::command]
#[specta::specta]
pub async fn share_project(
    desk: State<'_, Desk>,
    project: ProjectId,
    address: String,
    invitation: String,
) -> Result<ProjectCard, IpcError> {
    Ok(desk
        .workbench()?
        .share_project(project, address, Secret::new(invitation))
        .await?)
}
