//! Recording services, policies, requests, verdicts and comments.

use super::{Context, Project};
use crate::RequestId;
use crate::ledger::{Asked, Event, Grounds};
use crate::permissions::Role;
use crate::project::request::{Ended, Request, Revision, Step, Verdict, Withdrawn};
use crate::project::{Comment, Key, KeyKind, PolicySet, Service};
use crate::{Digest, EnvironmentId, PersonId, ReleaseId};
use std::sync::Arc;

impl Project {
    pub(super) fn record_review(&mut self, event: &Event, on: &Context) -> Option<()> {
        match event {
            Event::ServiceCreated {
                service,
                name,
                owner,
                rights,
                device,
                token,
                hash,
            } => {
                self.secrets.insert(*hash);
                self.add_person(*service, name, Role::Viewer, *device, name, on.at);
                Arc::make_mut(self.people.get_mut(service)?).service = Some(Service {
                    owner: *owner,
                    by: on.by,
                    rights: rights.clone(),
                });
                let made = Key {
                    id: *token,
                    kind: KeyKind::Personal(*service),
                    name: name.clone(),
                    hash: *hash,
                    by: on.by,
                    at: on.at,
                    expires: None,
                    revoked: None,
                    replaces: None,
                    replaced: None,
                };
                self.keys.insert(*token, Arc::new(made));
            }
            Event::RightsChanged {
                service, rights, ..
            } => {
                let person = Arc::make_mut(self.people.get_mut(service)?);
                person.service.as_mut()?.rights.clone_from(rights);
            }
            Event::PolicySet {
                environment,
                policy,
                ..
            } => {
                let set = PolicySet {
                    digest: policy.digest().ok()?,
                    policy: policy.as_ref().clone(),
                    seq: on.seq,
                    at: on.at,
                    by: on.by,
                };
                self.policies.insert(*environment, Arc::new(set));
            }
            Event::RequestOpened {
                request,
                asked,
                digest,
            } => {
                let made = Request {
                    id: *request,
                    seq: on.seq,
                    at: on.at,
                    by: on.by,
                    revisions: vec![revision(asked, *digest, on)],
                    verdicts: Vec::new(),
                    steps: Vec::new(),
                    withdrawn: None,
                    suite_set: None,
                };
                self.requests.insert(*request, Arc::new(made));
            }
            Event::RequestUpdated {
                request,
                asked,
                digest,
                ..
            } => {
                let made = revision(asked, *digest, on);
                self.request_mut(*request)?.revisions.push(made);
            }
            Event::RequestWithdrawn { request, reason } => {
                self.request_mut(*request)?.withdrawn = Some(Withdrawn {
                    at: on.at,
                    by: on.by,
                    reason: *reason,
                });
            }
            Event::VerdictGiven {
                request,
                person,
                digest,
                verdict,
                evidence,
                comment,
            } => self.request_mut(*request)?.verdicts.push(Verdict {
                person: *person,
                seq: on.seq,
                at: on.at,
                digest: *digest,
                kind: *verdict,
                evidence: evidence.clone(),
                comment: *comment,
                ended: None,
            }),
            Event::VerdictWithdrawn { request, person } => {
                self.end_verdict(*request, *person, None, on)?;
            }
            Event::VerdictDismissed {
                request,
                person,
                reason,
            } => self.end_verdict(*request, *person, Some(*reason), on)?,
            Event::CommentMade {
                comment,
                on: about,
                quote,
                text,
                reply_to,
                ..
            } => {
                let made = Comment {
                    id: *comment,
                    on: *about,
                    quote: *quote,
                    text: *text,
                    reply_to: *reply_to,
                    by: on.by,
                    at: on.at,
                    resolved: None,
                };
                self.comments.insert(*comment, Arc::new(made));
            }
            Event::CommentResolved { comment, .. } => {
                Arc::make_mut(self.comments.get_mut(comment)?).resolved = Some((on.by, on.at));
            }
            _ => return None,
        }
        Some(())
    }

    pub(super) fn request_mut(&mut self, id: RequestId) -> Option<&mut Request> {
        Some(Arc::make_mut(self.requests.get_mut(&id)?))
    }

    fn end_verdict(
        &mut self,
        request: RequestId,
        person: PersonId,
        reason: Option<Digest>,
        on: &Context,
    ) -> Option<()> {
        let request = self.request_mut(request)?;
        let latest = request.verdicts.iter_mut().rfind(|v| v.person == person)?;
        latest.ended = Some(Ended {
            at: on.at,
            by: on.by,
            reason,
        });
        Some(())
    }

    /// Notes which parts of a request a release carried out.
    pub(super) fn note_step(
        &mut self,
        release: ReleaseId,
        grounds: &Grounds,
        environments: &[EnvironmentId],
    ) -> Option<()> {
        let Some(id) = grounds.request else {
            return Some(());
        };
        let request = self.request_mut(id)?;
        let revision = u32::try_from(request.revisions.len() - 1).ok()?;
        for environment in environments {
            request.steps.push(Step {
                revision,
                environment: *environment,
                release,
            });
        }
        Some(())
    }
}

fn revision(asked: &Asked, digest: Digest, on: &Context) -> Arc<Revision> {
    Arc::new(Revision {
        asked: asked.clone(),
        digest,
        seq: on.seq,
        at: on.at,
        by: on.by,
    })
}
