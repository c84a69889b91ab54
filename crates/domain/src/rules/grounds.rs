//! On what grounds a release goes: what each environment's policy asks, held against what is there.

use super::demands::{self, Proposed};
use super::releases::same_sides;
use super::requests::{standing, words};
use super::{Case, Checking};
use crate::ledger::{Approval, Grounds, Missing, Overridden, RecordedChange};
use crate::permissions::Role;
use crate::project::Request;
use crate::{Digest, EnvironmentId, Refusal, RefusalCode, RequestId};
use serde_json::json;

/// What a release leans on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Under {
    /// The request that asked for it.
    pub request: Option<RequestId>,
    /// Which step of it, counted from 1.
    pub step: Option<u32>,
    /// Why an admin sets the policy aside.
    pub override_reason: Option<Digest>,
}

impl Case<'_> {
    /// Whether the release may go, and on what grounds; none where neither a policy nor a request
    /// had a say.
    pub(super) fn grounds(
        &self,
        recorded: &[RecordedChange],
        under: Under,
    ) -> Result<Option<Grounds>, Refusal> {
        let request = match under.request {
            Some(id) => Some(self.waiting_request(id)?),
            None if under.step.is_some() => {
                return Err(Refusal::invalid(
                    "only a request has steps; name the request",
                ));
            }
            None => None,
        };
        let mut environments: Vec<EnvironmentId> = Vec::new();
        for change in recorded {
            if !environments.contains(&change.environment) {
                environments.push(change.environment);
            }
        }
        let (mut missing, mut approvals, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
        let mut step = None;
        for environment in environments {
            let changes: Vec<_> = recorded
                .iter()
                .filter(|change| change.environment == environment)
                .collect();
            let proposed: Vec<_> = changes
                .iter()
                .map(|change| Proposed {
                    prompt: change.prompt,
                    sides: &change.sides,
                })
                .collect();
            let Some(request) = request else {
                let (asked, _) = {
                    let at = (self.now, self.rules);
                    demands::judge(self.project, environment, &proposed, at)
                };
                if self.project.policy(environment).needs_request() {
                    missing.push(Missing::Request { environment });
                }
                missing.extend(asked);
                continue;
            };
            let next = self.is_next_step(request, environment, &changes)?;
            if under.step.is_some_and(|step| step != next) || step.is_some_and(|s| s != next) {
                return Err(Refusal::invalid(format!(
                    "step {next} comes next there; parts at different steps are released one by one"
                )));
            }
            step = Some(next);
            let part = standing::part(self.project, request, environment, (self.now, self.rules));
            missing.extend(part.missing);
            missing.extend(self.breaks_without_note(request, environment, &proposed)?);
            if !part.approvals.is_empty() {
                approvals.push(Approval {
                    environment,
                    by: part.approvals,
                });
            }
            evidence.extend(part.evidence);
        }
        evidence.sort();
        evidence.dedup();
        let overridden = self.override_or_refuse(missing, under.override_reason)?;
        if request.is_none() && overridden.is_none() {
            return Ok(None);
        }
        Ok(Some(Grounds {
            request: under.request,
            step,
            approvals,
            evidence,
            overridden,
        }))
    }

    // The release is the whole next step of that part, and nothing else.
    fn is_next_step(
        &self,
        request: &Request,
        environment: EnvironmentId,
        changes: &[&RecordedChange],
    ) -> Result<u32, Refusal> {
        let done = request.done(environment);
        let asked: Vec<_> = request
            .asked()
            .part(environment)
            .filter_map(|change| Some((change, change.steps.get(done)?)))
            .collect();
        let name = &self.active_environment(environment)?.name;
        if asked.is_empty() {
            return Err(Refusal::invalid(format!(
                "the request asks for nothing more in {name}"
            )));
        }
        let same = asked.len() == changes.len()
            && asked.iter().all(|(change, sides)| {
                changes.iter().any(|recorded| {
                    recorded.prompt == self.project.meant(change.prompt)
                        && recorded.before == request.replaces(change)
                        && same_sides(&recorded.sides, sides)
                })
            });
        if !same {
            return Err(Refusal::new(
                RefusalCode::Conflict,
                format!(
                    "this is not what the request asks for in {name}, or something moved there; \
                     look at the request again"
                ),
            )
            .with(json!({ "digest": request.digest() })));
        }
        u32::try_from(done + 1).map_err(|_| Refusal::invalid("too many steps"))
    }

    fn breaks_without_note(
        &self,
        request: &Request,
        environment: EnvironmentId,
        proposed: &[Proposed<'_>],
    ) -> Result<Vec<Missing>, Refusal> {
        let mut missing = Vec::new();
        for change in proposed {
            let (breaks, absent) =
                demands::breaks(self.project, self.contents, environment, change);
            // What was decided when it was here stands.
            if self.checking == Checking::Arrival && !absent.is_empty() {
                return Err(Refusal::new(
                    RefusalCode::ContentMissing,
                    "a version that this compares is not here; sync and try again",
                )
                .with(json!({ "missing": absent })));
            }
            missing.extend(standing::without_note(
                self.project,
                request,
                environment,
                change.prompt,
                breaks,
            ));
        }
        Ok(missing)
    }

    fn override_or_refuse(
        &self,
        missing: Vec<Missing>,
        reason: Option<Digest>,
    ) -> Result<Option<Overridden>, Refusal> {
        let Some(reason) = reason else {
            return match missing.is_empty() {
                true => Ok(None),
                false => Err(self.unmet(&missing, "")),
            };
        };
        self.check_text(&reason)?;
        if missing.is_empty() {
            return Err(Refusal::invalid(
                "nothing stands in the way; release it without setting the policy aside",
            ));
        }
        let actor = self.actor()?;
        if actor.service.is_some() || actor.role < Role::Admin {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                "only an admin may set a policy aside; ask one, or get what is missing",
            ));
        }
        if !missing.iter().all(Missing::is_policy) {
            return Err(self.unmet(&missing, "; no override reaches that"));
        }
        let allowed = |m: &Missing| self.project.policy(m.environment()).may_override;
        if !missing.iter().all(allowed) {
            return Err(self.unmet(&missing, "; this policy can't be set aside"));
        }
        Ok(Some(Overridden { reason, missing }))
    }

    pub(super) fn unmet(&self, missing: &[Missing], more: &str) -> Refusal {
        let sentences: Vec<_> = missing
            .iter()
            .map(|m| words::missing(self.project, m))
            .collect();
        let first = sentences.first().cloned().unwrap_or_default();
        let rest = match sentences.len().saturating_sub(1) {
            0 => String::new(),
            1 => " (and one more thing is missing)".to_owned(),
            n => format!(" (and {n} more things are missing)"),
        };
        Refusal::new(RefusalCode::PolicyUnmet, format!("{first}{rest}{more}"))
            .with(json!({ "missing": missing, "sentences": sentences }))
    }
}
