//! What environments demand before a release.

use super::At;
use super::look::settled;
use super::write::text_of;
use crate::review_arguments::{Policies, SetPolicy};
use crate::say::{answer, when};
use crate::{Failure, find};
use domain::names::folded;
use std::process::ExitCode;
use workbench::views::{PolicyDraft, PolicyView};

pub async fn policy(at: &At<'_>, what: Option<&Policies>) -> Result<ExitCode, Failure> {
    let policies = at.bench.policies(at.project).await?;
    let named = |name: &str| {
        let found = policies
            .iter()
            .find(|policy| folded(&policy.name) == folded(name));
        found.ok_or_else(|| Failure::other(format!("there is no environment named {name}")))
    };
    match what {
        None | Some(Policies::List) => {
            answer(at.arguments, &policies, || {
                policies
                    .iter()
                    .map(policy_told)
                    .collect::<Vec<_>>()
                    .join("\n\n")
            });
        }
        Some(Policies::Show { environment }) => {
            let policy = named(environment)?;
            answer(at.arguments, policy, || {
                serde_norway::to_string(&policy.draft).unwrap_or_default()
            });
        }
        Some(Policies::Set(set)) => {
            let policy = named(&set.environment)?;
            let draft = changed(at, policy, set).await?;
            let now = at
                .bench
                .set_policy(at.project, policy.environment, draft, policy.digest)
                .await?;
            answer(at.arguments, &now, || policy_told(&now));
            settled(at).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn policy_told(policy: &PolicyView) -> String {
    let mut lines = vec![policy.name.clone()];
    lines.extend(policy.words.iter().map(|line| format!("  {line}")));
    if let Some(at) = policy.at {
        lines.push(format!("  (set by {} on {})", policy.set_by, when(at)));
    }
    lines.join("\n")
}

async fn changed(
    at: &At<'_>,
    policy: &PolicyView,
    set: &SetPolicy,
) -> Result<PolicyDraft, Failure> {
    if let Some(path) = &set.from {
        let text = text_of(path)?;
        return serde_norway::from_str(&text)
            .map_err(|error| Failure::other(format!("{}: {error}", path.display())));
    }
    let library = at.bench.library(at.project).await?;
    let mut draft = policy.draft.clone();
    if let Some(approvals) = set.approvals {
        draft.approvals = approvals;
    }
    if let Some(independent) = set.independent {
        draft.independent = independent;
    }
    if let Some(may_override) = set.may_override {
        draft.may_override = may_override;
    }
    if !set.after.is_empty() {
        let path = set
            .after
            .iter()
            .map(|name| find::environment(&library, Some(name)));
        draft.path = path.collect::<Result<_, _>>()?;
    }
    Ok(draft)
}
