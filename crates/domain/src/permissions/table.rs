//! The table itself: command by command, who may give it.

use super::{Rights, Role};
use crate::ledger::Body;

/// The least that is asked of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    /// This role or a higher one.
    Role(Role),
    /// Nobody may.
    Nobody,
    /// Something other than a role decides: founding a project, joining by invitation.
    Otherwise,
}

/// The right that a service account needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceMay {
    /// It never may.
    Never,
    /// [`Rights::save`].
    Save,
    /// [`Rights::run`].
    Run,
    /// [`Rights::ask`].
    Ask,
    /// [`Rights::ask`], and what it asked itself.
    AskOwn,
    /// [`Rights::release`] for each environment that the command names.
    Release,
}

/// Who may give one kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kind, as the ledger writes it.
    pub command: &'static str,
    /// For what is the person's own: their device, token, request, verdict, comment.
    pub own: Least,
    /// For what is somebody else's, or nobody's in particular.
    pub other: Least,
    /// For service accounts.
    pub service: ServiceMay,
}

impl ServiceMay {
    /// Whether rights hold what is needed. Which environments is asked further by the rules of
    /// releases.
    #[must_use]
    pub fn within(self, rights: &Rights, own: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Save => rights.save,
            Self::Run => rights.run,
            Self::Ask => rights.ask,
            Self::AskOwn => rights.ask && own,
            Self::Release => !rights.release.is_empty(),
        }
    }
}

const fn all(command: &'static str, least: Role, service: ServiceMay) -> Row {
    Row {
        command,
        own: Least::Role(least),
        other: Least::Role(least),
        service,
    }
}

const fn split(command: &'static str, own: Role, other: Least, service: ServiceMay) -> Row {
    Row {
        command,
        own: Least::Role(own),
        other,
        service,
    }
}

const fn otherwise(command: &'static str) -> Row {
    Row {
        command,
        own: Least::Otherwise,
        other: Least::Otherwise,
        service: ServiceMay::Never,
    }
}

use Role::{Admin, Author, Reviewer, Viewer};
use ServiceMay::{Ask, AskOwn, Never, Release, Run, Save};

/// Every kind of command, in the order of `docs/permissions.md`.
pub const COMMANDS: &[Row] = &[
    otherwise("create_project"),
    otherwise("join"),
    all("comment", Viewer, Ask),
    split("resolve_comment", Viewer, Least::Role(Author), AskOwn),
    split("revoke_key", Viewer, Least::Role(Admin), Never),
    all("issue_token", Viewer, Never),
    split("enrol_device", Viewer, Least::Role(Admin), Never),
    split("revoke_device", Viewer, Least::Role(Admin), Never),
    all("create_prompt", Author, Save),
    all("rename_prompt", Author, Never),
    all("archive_prompt", Author, Never),
    all("restore_prompt", Author, Never),
    all("save_version", Author, Save),
    all("set_label", Author, Never),
    all("remove_label", Author, Never),
    all("save_dataset", Author, Save),
    all("record_run", Author, Run),
    all("announce_run", Author, Run),
    all("set_suite", Author, Save),
    all("open_request", Author, Ask),
    split("update_request", Author, Least::Role(Admin), AskOwn),
    split("withdraw_request", Author, Least::Role(Admin), AskOwn),
    all("release", Author, Release),
    all("revert", Author, Release),
    all("give_verdict", Reviewer, Never),
    split("withdraw_verdict", Reviewer, Least::Nobody, Never),
    all("dismiss_verdict", Admin, Never),
    all("set_policy", Admin, Never),
    all("rename_project", Admin, Never),
    all("add_environment", Admin, Never),
    all("rename_environment", Admin, Never),
    all("reorder_environments", Admin, Never),
    all("retire_environment", Admin, Never),
    all("set_default_environment", Admin, Never),
    all("issue_environment_key", Admin, Never),
    all("rotate_environment_key", Admin, Never),
    all("invite", Admin, Never),
    all("withdraw_invitation", Admin, Never),
    all("set_role", Admin, Never),
    all("create_service", Admin, Never),
    all("set_rights", Admin, Never),
    all("remove_person", Admin, Never),
    all("redact", Admin, Never),
    all("begin_epoch", Admin, Never),
];

/// The row of a command; none for one that is not known here.
#[must_use]
pub fn row(body: &Body) -> Option<&'static Row> {
    let kind = body.kind();
    COMMANDS.iter().find(|row| row.command == kind)
}
