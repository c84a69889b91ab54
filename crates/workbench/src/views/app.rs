//! The first start and the projects on this computer.

use domain::ProjectId;
use serde::{Deserialize, Serialize};

/// What the window needs before it shows anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct Start {
    /// The projects that this computer holds, the last used first. Empty on the first start.
    pub projects: Vec<ProjectCard>,
    /// The project to open at once; none while every one of them is still being set up.
    pub last: Option<ProjectId>,
    /// Whether secrets can be kept here.
    pub keychain: Keychain,
    /// The version of the app.
    pub app_version: String,
    /// Whether the sample project can be opened on this computer.
    pub sample_available: bool,
}

/// One project on this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, specta::Type)]
pub struct ProjectCard {
    /// The project.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Where its ledger is kept.
    pub place: ProjectPlace,
    /// Who this computer's person is in it.
    pub person: String,
    /// Commands that the registry has not accepted yet.
    pub unsent: u32,
    /// Whether it is the one that the CLI means when none is named.
    pub default: bool,
    /// Whether it is the sample.
    pub sample: bool,
    /// While its founding or joining is not finished: that, and what to do.
    pub setting_up: Option<String>,
}

/// Where a project's ledger is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProjectPlace {
    /// An embedded registry on this computer.
    ThisComputer,
    /// A team's registry.
    Registry {
        /// Its address, without any secret.
        address: String,
    },
}

/// The same, by its short name on this side. (TypeScript has one room for names, and a merge has places too.)
pub type Place = ProjectPlace;

/// Whether the system's keychain can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Keychain {
    /// Whether secrets can be kept.
    pub available: bool,
    /// When not: what follows from it and what to do.
    pub message: String,
}
