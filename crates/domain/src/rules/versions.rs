//! Saving versions: never refused for being late, always checked for what it says.

use super::covered::READING;
use super::{Case, Checking};
use crate::content::{Kind, Message};
use crate::ledger::Event;
use crate::template::{Code, Includes, Problem};
use crate::{
    Digest, PromptId, Refusal, RefusalCode, SaltedText, VersionContent, VersionId, limits,
};
use crate::{canonical, template};
use serde_json::json;
use std::collections::BTreeSet;

impl Case<'_> {
    pub(super) fn save_version(
        &self,
        id: PromptId,
        parents: &[VersionId],
        content: &Digest,
        (includes, reads): (&[Digest], &[PromptId]),
        message: &Digest,
    ) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(id)?;
        if parents.len() > limits::PARENTS {
            return Err(Refusal::invalid(format!(
                "a version has at most {} parents",
                limits::PARENTS
            )));
        }
        let mut seen = BTreeSet::new();
        for parent in parents {
            if !seen.insert(parent) {
                return Err(Refusal::invalid("a version names each parent once"));
            }
            if self
                .project
                .version(*parent)
                .is_none_or(|(of, _)| of.id != prompt.id)
            {
                return Err(Refusal::not_found(
                    "the version that this one was made from",
                ));
            }
        }
        self.check_includes(includes)?;
        self.check_content(content, includes, reads)?;
        self.check_text(message)?;
        Ok(vec![Event::VersionSaved {
            version: VersionId::from(self.id),
            prompt: prompt.id,
            number: u32::try_from(prompt.versions().len() + 1).map_err(|_| {
                Refusal::new(RefusalCode::Limit, "this prompt can hold no more versions")
            })?,
            parents: parents.to_vec(),
            content: *content,
            includes: includes.to_vec(),
            reads: reads.to_vec(),
            message: *message,
        }])
    }

    /// A free text that the command names, where it is here.
    pub(super) fn check_text(&self, digest: &Digest) -> Result<(), Refusal> {
        match self.contents.find(digest) {
            Some(bytes) if SaltedText::decode(&bytes).is_none() => Err(Refusal::new(
                RefusalCode::ContentInvalid,
                format!(
                    "the text is not in a text's form, or over {} bytes",
                    limits::TEXT_BYTES
                ),
            )),
            _ => Ok(()),
        }
    }

    fn check_includes(&self, includes: &[Digest]) -> Result<(), Refusal> {
        if includes.len() > limits::INCLUDES {
            return Err(Refusal::invalid(format!(
                "a version includes at most {} snippets",
                limits::INCLUDES
            )));
        }
        if !includes.is_sorted_by(|one, next| one < next) {
            return Err(Refusal::invalid(
                "the snippets of a version are named once each, in order",
            ));
        }
        let mut level: BTreeSet<Digest> = includes.iter().copied().collect();
        for depth in 0.. {
            if level.is_empty() {
                break;
            }
            // A loop can't be: content names digests of what was saved before it.
            if depth >= limits::INCLUDE_DEPTH {
                return Err(Refusal::invalid(format!(
                    "snippets include each other more than {} deep",
                    limits::INCLUDE_DEPTH
                )));
            }
            let mut next = BTreeSet::new();
            for digest in &level {
                let Some((_, version)) = self.project.version_with(digest) else {
                    return Err(Refusal::not_found("a snippet that this includes"));
                };
                if self.project.is_redacted(digest) {
                    return Err(Refusal::new(
                        RefusalCode::ContentInvalid,
                        "a snippet that this includes was redacted; save it with a newer one",
                    ));
                }
                next.extend(version.includes.iter().copied());
            }
            level = next;
        }
        Ok(())
    }

    fn check_content(
        &self,
        digest: &Digest,
        includes: &[Digest],
        reads: &[PromptId],
    ) -> Result<(), Refusal> {
        let Some(bytes) = self.contents.find(digest) else {
            // Redacted since, or not fetched: what was decided when it was here stands.
            return match self.checking {
                Checking::Again => Ok(()),
                Checking::Arrival => Err(Refusal::new(
                    RefusalCode::ContentMissing,
                    "the content was not sent",
                )),
            };
        };
        let invalid = |message: String| Refusal::new(RefusalCode::ContentInvalid, message);
        if bytes.len() > limits::CONTENT_BYTES {
            return Err(invalid(format!(
                "the version has {} bytes; at most {} fit",
                bytes.len(),
                limits::CONTENT_BYTES
            )));
        }
        canonical::from_canonical(&bytes).map_err(|error| invalid(error.to_string()))?;
        let content = VersionContent::decode(&bytes)
            .map_err(|error| invalid(format!("the content is not a version's: {error}")))?;
        // Equal content has one name only if it has one spelling: what we would write.
        if content.encode().ok().is_none_or(|(_, own)| own != *digest) {
            return Err(invalid(
                "the content is written in a way that Galley would not write it".to_owned(),
            ));
        }
        let stated: BTreeSet<_> = content.includes.values().copied().collect();
        if !stated.iter().eq(includes) {
            return Err(invalid(
                "the snippets that the command names are not those of the content".into(),
            ));
        }
        if self.rules >= READING && content.reads() != reads {
            return Err(invalid(
                "the prompts whose output this reads are not those that the command names; save it again".into(),
            ));
        }
        for (name, digest) in &content.includes {
            if let Some(snippet) = self.contents.find(digest)
                && VersionContent::decode(&snippet).is_ok_and(|s| s.kind != Kind::Text)
            {
                return Err(invalid(format!(
                    "{name} is a conversation; only a text can be included"
                )));
            }
        }
        let snippet = |digest: &Digest| {
            self.contents
                .find(digest)
                .and_then(|bytes| VersionContent::decode(&bytes).ok())
        };
        let mut problems = content_problems(&content, &snippet);
        if self.checking == Checking::Again {
            // A snippet that was redacted since was there when this was decided.
            problems.retain(|problem| problem.code != Code::IncludeMissing);
        }
        let Some(first) = problems.first() else {
            return Ok(());
        };
        let more = match problems.len() - 1 {
            0 => String::new(),
            1 => " (and one more problem)".to_owned(),
            n => format!(" (and {n} more problems)"),
        };
        Err(invalid(format!("{}{more}", first)).with(json!({ "problems": problems })))
    }
}

/// All that keeps a content from being saved, in the order of the text: its form first, then its
/// templates.
#[must_use]
pub fn content_problems(content: &VersionContent, includes: Includes<'_>) -> Vec<Problem> {
    let form = |message: String| {
        vec![Problem {
            code: Code::Declaration,
            message,
            place: None,
            input: None,
        }]
    };
    let over = |what: &str, count: usize, max: usize| {
        (count > max).then(|| form(format!("there are {count} {what}; at most {max} fit")))
    };
    if let Some(problem) = over("messages", content.messages.len(), limits::MESSAGES)
        .or_else(|| over("inputs", content.inputs.len(), limits::INPUTS))
        .or_else(|| over("tools", content.tools.len(), limits::TOOLS))
    {
        return problem;
    }
    if content.kind == Kind::Text
        && !matches!(content.messages.as_slice(), [Message::Message { .. }])
    {
        return form("a text has exactly one message".to_owned());
    }
    if content.messages.is_empty() {
        return form("there is no message yet".to_owned());
    }
    let mut names = BTreeSet::new();
    for input in &content.inputs {
        if !is_identifier(&input.name) {
            return form(format!(
                "the input {:?} needs a name of letters, digits and _ that does not begin with a digit",
                input.name
            ));
        }
        if !names.insert(&input.name) {
            return form(format!("there are two inputs named {}", input.name));
        }
    }
    let mut tools = BTreeSet::new();
    for tool in &content.tools {
        if tool.name.is_empty() || !tools.insert(&tool.name) {
            return form(format!(
                "each tool needs a name of its own ({:?})",
                tool.name
            ));
        }
    }
    template::check(content, includes)
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
