//! From a command to the rule that decides it.

use super::{Case, Under};
use crate::Refusal;
use crate::ledger::{Body, Event};

impl Case<'_> {
    pub(super) fn dispatch(&self, body: &Body) -> Result<Vec<Event>, Refusal> {
        match body {
            Body::RenameProject { name } => self.rename_project(name),
            Body::CreatePrompt { name } => self.create_prompt(name),
            Body::RenamePrompt {
                prompt,
                name,
                replaces,
            } => self.rename_prompt(*prompt, name, replaces),
            Body::ArchivePrompt { prompt } => self.archive_prompt(*prompt),
            Body::RestorePrompt { prompt } => self.restore_prompt(*prompt),
            Body::SaveVersion {
                prompt,
                parents,
                content,
                includes,
                reads,
                message,
            } => self.save_version(*prompt, parents, content, (includes, reads), message),
            Body::SetLabel {
                prompt,
                label,
                version,
                replaces,
            } => self.set_label(*prompt, label, *version, *replaces),
            Body::RemoveLabel {
                prompt,
                label,
                replaces,
            } => self.remove_label(*prompt, label, *replaces),
            Body::AddEnvironment { name, after } => self.add_environment(name, *after),
            Body::RenameEnvironment {
                environment,
                name,
                replaces,
            } => self.rename_environment(*environment, name, replaces),
            Body::ReorderEnvironments { order } => self.reorder_environments(order),
            Body::RetireEnvironment { environment } => self.retire_environment(*environment),
            Body::SetDefaultEnvironment {
                environment,
                replaces,
            } => self.set_default_environment(*environment, *replaces),
            Body::Release {
                changes,
                reason,
                promoted_from,
                request,
                step,
                override_reason,
            } => {
                let under = Under {
                    request: *request,
                    step: *step,
                    override_reason: *override_reason,
                };
                self.release(changes, *reason, *promoted_from, under)
            }
            Body::Revert {
                environment,
                to,
                prompts,
                reason,
            } => self.revert(*environment, *to, prompts, *reason),
            Body::IssueEnvironmentKey {
                environment,
                name,
                hash,
                expires,
            } => self.issue_environment_key(*environment, name, *hash, *expires),
            Body::RotateEnvironmentKey {
                key,
                hash,
                expires,
                overlap,
            } => self.rotate_environment_key(*key, *hash, *expires, *overlap),
            Body::IssueToken {
                name,
                hash,
                expires,
            } => self.issue_token(name, *hash, *expires),
            Body::RevokeKey { key } => self.revoke_key(*key),
            Body::Invite {
                key,
                hash,
                role,
                name,
                expires,
            } => self.invite(*key, *hash, *role, name, *expires),
            Body::WithdrawInvitation { invitation } => self.withdraw_invitation(*invitation),
            Body::EnrolDevice {
                person,
                device,
                name,
            } => self.enrol_device(*person, *device, name),
            Body::RevokeDevice { device } => self.revoke_device(*device),
            Body::SetRole {
                person,
                role,
                replaces,
            } => self.set_role(*person, *role, *replaces),
            Body::RemovePerson { person } => self.remove_person(*person),
            Body::SaveDataset {
                dataset,
                name,
                content,
                cases,
                replaces,
            } => self.save_dataset(*dataset, name, content, *cases, *replaces),
            Body::RecordRun {
                version,
                dataset,
                results,
                summary,
                counts,
            } => self.record_run(*version, *dataset, *results, summary, counts.as_deref()),
            Body::SetSuite {
                prompt,
                suite,
                replaces,
                request,
            } => self.set_suite(*prompt, suite, *replaces, *request),
            Body::AnnounceRun {
                prompt,
                suite,
                environment,
                proposed,
                live,
                repeats,
                upstream,
            } => {
                let versions = (*proposed, *live, upstream);
                self.announce_run(*prompt, *suite, *environment, versions, *repeats)
            }
            Body::Redact { content, reason } => self.redact(*content, *reason),
            Body::BeginEpoch { epoch, reason } => self.begin_epoch(*epoch, *reason),
            Body::CreateService {
                name,
                owner,
                rights,
                device,
                token,
            } => self.create_service(name, *owner, rights, *device, *token),
            Body::SetRights {
                service,
                rights,
                replaces,
            } => self.set_rights(*service, rights, replaces),
            Body::SetPolicy {
                environment,
                policy,
                replaces,
            } => self.set_policy(*environment, policy, *replaces),
            Body::OpenRequest { asked } => self.open_request(asked),
            Body::UpdateRequest {
                request,
                replaces,
                asked,
            } => self.update_request(*request, *replaces, asked),
            Body::WithdrawRequest { request, reason } => self.withdraw_request(*request, *reason),
            Body::GiveVerdict {
                request,
                digest,
                verdict,
                evidence,
                comment,
            } => self.give_verdict(*request, *digest, *verdict, evidence, *comment),
            Body::WithdrawVerdict { request } => self.withdraw_verdict(*request),
            Body::DismissVerdict {
                request,
                person,
                reason,
            } => self.dismiss_verdict(*request, *person, *reason),
            Body::Comment {
                on,
                quote,
                text,
                reply_to,
            } => self.comment(*on, *quote, *text, *reply_to),
            Body::ResolveComment { comment } => self.resolve_comment(*comment),
            Body::CreateProject { .. } | Body::Join { .. } => {
                Err(Refusal::invalid("this was decided before"))
            }
            Body::Newer => Err(Refusal::invalid(
                "this command is not known here; update Galley",
            )),
        }
    }
}
