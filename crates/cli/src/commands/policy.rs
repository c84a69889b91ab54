//! What environments demand before a release.

use super::At;
use super::look::settled;
use super::write::text_of;
use crate::review_arguments::{Policies, SetPolicy};
use crate::say::{answer, when};
use crate::{Failure, find};
use domain::PromptId;
use domain::names::folded;
use serde_json::Value;
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
        let failed = |error: String| Failure::other(format!("{}: {error}", path.display()));
        if let Ok(draft) = serde_norway::from_str(&text) {
            return Ok(draft);
        }
        let mut value: Value =
            serde_norway::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let library = at.bench.library(at.project).await?;
        by_name(&mut value, "prompts", &|name| {
            Ok(serde_json::json!(find::prompt(&library, name)?))
        })?;
        by_name(&mut value, "path", &|name| {
            Ok(serde_json::json!(find::environment(&library, Some(name))?))
        })?;
        let draft: Result<PolicyDraft, _> = serde_json::from_value(value);
        // What is wrong is told with its line, where that is known.
        return draft.map_err(|error| match serde_norway::from_str::<PolicyDraft>(&text) {
            Err(with_line) if !with_line.to_string().contains("UUID") => {
                failed(with_line.to_string())
            }
            _ => failed(error.to_string()),
        });
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

/// Puts ids in the place of names, in every list under a key.
fn by_name(
    value: &mut Value,
    key: &str,
    id: &dyn Fn(&str) -> Result<Value, Failure>,
) -> Result<(), Failure> {
    match value {
        Value::Object(fields) => {
            for (field, inner) in fields {
                match inner {
                    Value::Array(list) if field == key => {
                        for one in list {
                            // Every id looks alike.
                            let is_id = serde_json::from_value::<PromptId>(one.clone()).is_ok();
                            if let (Value::String(name), false) = (&*one, is_id) {
                                *one = id(name)?;
                            }
                        }
                    }
                    inner => by_name(inner, key, id)?,
                }
            }
        }
        Value::Array(list) => {
            for one in list {
                by_name(one, key, id)?;
            }
        }
        _ => {}
    }
    Ok(())
}
