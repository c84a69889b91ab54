//! What a command leans on: ids, content, and the rules that first knew it.

use super::Body;
use crate::Digest;
use uuid::Uuid;

impl Body {
    /// The ids that must exist for this to make sense: a command that needs a refused one is
    /// refused as depending on it.
    #[must_use]
    pub fn needs(&self) -> Vec<Uuid> {
        match self {
            Self::RenamePrompt { prompt, .. }
            | Self::ArchivePrompt { prompt }
            | Self::RestorePrompt { prompt } => vec![prompt.0],
            Self::SaveVersion {
                prompt, parents, ..
            } => std::iter::once(prompt.0)
                .chain(parents.iter().map(|v| v.0))
                .collect(),
            Self::SetLabel {
                prompt,
                version,
                replaces,
                ..
            } => [Some(prompt.0), Some(version.0), replaces.map(|v| v.0)]
                .into_iter()
                .flatten()
                .collect(),
            Self::RemoveLabel {
                prompt, replaces, ..
            } => vec![prompt.0, replaces.0],
            Self::AddEnvironment { after, .. } => after.iter().map(|e| e.0).collect(),
            Self::RenameEnvironment { environment, .. }
            | Self::RetireEnvironment { environment }
            | Self::IssueEnvironmentKey { environment, .. } => vec![environment.0],
            Self::SetDefaultEnvironment {
                environment,
                replaces,
            } => vec![environment.0, replaces.0],
            Self::ReorderEnvironments { order } => order.iter().map(|e| e.0).collect(),
            Self::Release {
                changes,
                promoted_from,
                request,
                ..
            } => changes
                .iter()
                .flat_map(|c| {
                    [c.environment.0, c.prompt.0]
                        .into_iter()
                        .chain(c.replaces.map(|r| r.0))
                        .chain(c.sides.iter().map(|s| s.version.0))
                })
                .chain(promoted_from.map(|e| e.0))
                .chain(request.map(|r| r.0))
                .collect(),
            Self::Revert {
                environment,
                to,
                prompts,
                ..
            } => [environment.0, to.0]
                .into_iter()
                .chain(prompts.iter().flat_map(|p| [p.prompt.0, p.replaces.0]))
                .collect(),
            Self::RevokeKey { key } | Self::RotateEnvironmentKey { key, .. } => vec![key.0],
            Self::WithdrawInvitation { invitation } | Self::Join { invitation, .. } => {
                vec![invitation.0]
            }
            Self::SetRights { service, .. } => vec![service.0],
            Self::CreateService { owner, rights, .. } => std::iter::once(owner.0)
                .chain(rights.release.iter().map(|e| e.0))
                .collect(),
            Self::SetPolicy {
                environment,
                policy,
                ..
            } => std::iter::once(environment.0)
                .chain(policy.path.iter().map(|e| e.0))
                .chain(policy.gates.iter().map(|g| g.dataset.0))
                .chain(
                    policy
                        .suite_gates
                        .iter()
                        .flat_map(|g| g.prompts.iter().map(|p| p.0)),
                )
                .collect(),
            Self::OpenRequest { asked } => asked.needs().collect(),
            Self::UpdateRequest { request, asked, .. } => {
                std::iter::once(request.0).chain(asked.needs()).collect()
            }
            Self::WithdrawRequest { request, .. } | Self::WithdrawVerdict { request } => {
                vec![request.0]
            }
            Self::GiveVerdict {
                request, evidence, ..
            } => std::iter::once(request.0)
                .chain(evidence.iter().map(|r| r.0))
                .collect(),
            Self::DismissVerdict {
                request, person, ..
            } => vec![request.0, person.0],
            Self::Comment { on, reply_to, .. } => std::iter::once(on.id())
                .chain(reply_to.map(|c| c.0))
                .collect(),
            Self::ResolveComment { comment } => vec![comment.0],
            Self::EnrolDevice { person, .. }
            | Self::SetRole { person, .. }
            | Self::RemovePerson { person } => vec![person.0],
            Self::SaveDataset { dataset, .. } => dataset.iter().map(|d| d.0).collect(),
            Self::RecordRun {
                version, counts, ..
            } => std::iter::once(version.0)
                .chain(counts.iter().map(|counts| counts.announced.0))
                .collect(),
            Self::SetSuite {
                prompt,
                suite,
                request,
                ..
            } => [prompt.0, suite.dataset.0]
                .into_iter()
                .chain(request.map(|r| r.0))
                .collect(),
            Self::AnnounceRun {
                prompt,
                environment,
                proposed,
                live,
                upstream,
                ..
            } => [prompt.0, environment.0, proposed.0]
                .into_iter()
                .chain(live.map(|v| v.0))
                .chain(upstream.live.iter().map(|v| v.0))
                .chain(upstream.proposed.iter().map(|v| v.0))
                .collect(),
            Self::CreateProject { .. }
            | Self::RenameProject { .. }
            | Self::CreatePrompt { .. }
            | Self::IssueToken { .. }
            | Self::Invite { .. }
            | Self::RevokeDevice { .. }
            | Self::Redact { .. }
            | Self::BeginEpoch { .. }
            | Self::Newer => Vec::new(),
        }
    }

    /// The content that commands before this one must have brought: what it includes, was run
    /// over, or replaces.
    #[must_use]
    pub fn needs_contents(&self) -> Vec<Digest> {
        match self {
            Self::SaveVersion { includes, .. } => includes.clone(),
            Self::RecordRun { dataset, .. } => vec![*dataset],
            Self::SaveDataset { replaces, .. } => replaces.iter().copied().collect(),
            Self::SetSuite { suite, .. } => vec![suite.content],
            Self::OpenRequest { asked } | Self::UpdateRequest { asked, .. } => {
                let suite = asked.suite.iter();
                suite.map(|asked| asked.suite.content).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The content that must be at the registry before this is decided.
    #[must_use]
    pub fn contents(&self) -> Vec<Digest> {
        match self {
            Self::SaveVersion {
                content, message, ..
            } => vec![*content, *message],
            Self::Release {
                reason,
                override_reason,
                ..
            } => std::iter::once(*reason).chain(*override_reason).collect(),
            Self::OpenRequest { asked } | Self::UpdateRequest { asked, .. } => asked.contents(),
            Self::WithdrawRequest { reason, .. } => reason.iter().copied().collect(),
            Self::GiveVerdict { comment, .. } => comment.iter().copied().collect(),
            Self::Comment { text, .. } => vec![*text],
            Self::DismissVerdict { reason, .. }
            | Self::Revert { reason, .. }
            | Self::Redact { reason, .. }
            | Self::BeginEpoch { reason, .. } => vec![*reason],
            Self::SaveDataset { content, .. } => vec![*content],
            Self::RecordRun { results, .. } => vec![*results],
            Self::SetSuite { suite, .. } => vec![suite.graders],
            _ => Vec::new(),
        }
    }

    /// The number of the rules that first knew this: an entry under older ones can't hold it.
    #[must_use]
    pub fn since(&self) -> u32 {
        use crate::permissions::Role::{Admin, Author};
        match self {
            Self::SaveVersion { reads, .. } if !reads.is_empty() => 5,
            Self::AnnounceRun { upstream, .. } if !upstream.is_empty() => 5,
            Self::SetSuite { request, .. } if request.is_some() => 4,
            Self::OpenRequest { asked } | Self::UpdateRequest { asked, .. }
                if asked.suite.is_some() =>
            {
                4
            }
            Self::SetPolicy { policy, .. }
                if policy
                    .suite_gates
                    .iter()
                    .any(|gate| gate.dependents != crate::policy::OfDependents::default()) =>
            {
                4
            }
            Self::SetSuite { .. }
            | Self::AnnounceRun { .. }
            | Self::RotateEnvironmentKey { .. } => 3,
            Self::RecordRun { counts, .. } if counts.is_some() => 3,
            Self::SetPolicy { policy, .. } if !policy.suite_gates.is_empty() => 3,
            Self::CreateService { .. }
            | Self::SetRights { .. }
            | Self::SetPolicy { .. }
            | Self::OpenRequest { .. }
            | Self::UpdateRequest { .. }
            | Self::WithdrawRequest { .. }
            | Self::GiveVerdict { .. }
            | Self::WithdrawVerdict { .. }
            | Self::DismissVerdict { .. }
            | Self::Comment { .. }
            | Self::ResolveComment { .. } => 2,
            Self::Release {
                request,
                step,
                override_reason,
                ..
            } if request.is_some() || step.is_some() || override_reason.is_some() => 2,
            Self::Invite { role, .. } | Self::SetRole { role, .. }
                if !matches!(role, Author | Admin) =>
            {
                2
            }
            _ => 1,
        }
    }

    /// The kind of command, as the ledger writes it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CreateProject { .. } => "create_project",
            Self::RenameProject { .. } => "rename_project",
            Self::CreatePrompt { .. } => "create_prompt",
            Self::RenamePrompt { .. } => "rename_prompt",
            Self::ArchivePrompt { .. } => "archive_prompt",
            Self::RestorePrompt { .. } => "restore_prompt",
            Self::SaveVersion { .. } => "save_version",
            Self::SetLabel { .. } => "set_label",
            Self::RemoveLabel { .. } => "remove_label",
            Self::AddEnvironment { .. } => "add_environment",
            Self::RenameEnvironment { .. } => "rename_environment",
            Self::ReorderEnvironments { .. } => "reorder_environments",
            Self::RetireEnvironment { .. } => "retire_environment",
            Self::SetDefaultEnvironment { .. } => "set_default_environment",
            Self::Release { .. } => "release",
            Self::Revert { .. } => "revert",
            Self::IssueEnvironmentKey { .. } => "issue_environment_key",
            Self::RotateEnvironmentKey { .. } => "rotate_environment_key",
            Self::IssueToken { .. } => "issue_token",
            Self::RevokeKey { .. } => "revoke_key",
            Self::Invite { .. } => "invite",
            Self::WithdrawInvitation { .. } => "withdraw_invitation",
            Self::Join { .. } => "join",
            Self::EnrolDevice { .. } => "enrol_device",
            Self::RevokeDevice { .. } => "revoke_device",
            Self::SetRole { .. } => "set_role",
            Self::RemovePerson { .. } => "remove_person",
            Self::SaveDataset { .. } => "save_dataset",
            Self::RecordRun { .. } => "record_run",
            Self::SetSuite { .. } => "set_suite",
            Self::AnnounceRun { .. } => "announce_run",
            Self::Redact { .. } => "redact",
            Self::BeginEpoch { .. } => "begin_epoch",
            Self::CreateService { .. } => "create_service",
            Self::SetRights { .. } => "set_rights",
            Self::SetPolicy { .. } => "set_policy",
            Self::OpenRequest { .. } => "open_request",
            Self::UpdateRequest { .. } => "update_request",
            Self::WithdrawRequest { .. } => "withdraw_request",
            Self::GiveVerdict { .. } => "give_verdict",
            Self::WithdrawVerdict { .. } => "withdraw_verdict",
            Self::DismissVerdict { .. } => "dismiss_verdict",
            Self::Comment { .. } => "comment",
            Self::ResolveComment { .. } => "resolve_comment",
            Self::Newer => "newer",
        }
    }
}
