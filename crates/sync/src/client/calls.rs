//! The calls themselves, one method for each.

use super::body::{self, Lines};
use super::{Changes, Client, ClientError};
use domain::ledger::{Entry, Seen, SignedCommand};
use domain::{Digest, ProjectId, limits};
use protocol::commands::{CommandsRequest, CommandsResponse, MAX_COMMANDS, WireCommand};
use protocol::ledger::{
    ContentLine, ContentRequest, FoundContent, GiveHeader, Given, HEAD_HEADER, LEDGER_PAGE_BYTES,
    LEDGER_TYPE, LedgerHead, MAX_CONTENTS, Me,
};
use protocol::paths;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Body, Method, RequestBuilder, Response};
use serde::Serialize;
use std::time::Duration;

/// For an answer to a small question: the head and a list of outcomes.
pub(super) const SMALL: Duration = Duration::from_secs(30);
/// For an answer with content in it, on a slow line.
const LARGE: Duration = Duration::from_secs(600);
/// `GET /v1/me` and the head after giving.
pub(super) const SMALL_BYTES: usize = 64 << 10;
/// Outcomes of a whole batch: a refusal lists every problem of a content.
const OUTCOMES_BYTES: usize = 16 << 20;
/// An entry's line: the command, and events that repeat much of it with the slots of splits.
const LINE_BYTES: usize = 4 * limits::COMMAND_BYTES + (1 << 20);

/// Entries after a number, as they come.
#[derive(Debug)]
pub struct LedgerPage {
    /// The registry's head when it began to answer.
    pub head: LedgerHead,
    /// The lines; the page may end before the head, and is then asked for again from there.
    pub lines: Lines,
}

impl Client {
    /// Who the key belongs to, and the registry's head.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn me(&self) -> Result<Me, ClientError> {
        let response = self.send(self.request(Method::GET, paths::ME)?).await?;
        body::json(response, SMALL_BYTES, SMALL).await
    }

    /// Entries after `seq`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ledger(&self, project: ProjectId, after: u64) -> Result<LedgerPage, ClientError> {
        let request = self
            .request(Method::GET, &paths::ledger(project, after))?
            .header(ACCEPT, LEDGER_TYPE);
        let response = self.send(request).await?;
        let head = response
            .headers()
            .get(HEAD_HEADER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .ok_or_else(|| ClientError::broken("it does not say where the ledger ends"))?;
        // The page ends after the entry that crosses its size.
        let lines = Lines::new(response, LINE_BYTES, LEDGER_PAGE_BYTES + 2 * LINE_BYTES);
        Ok(LedgerPage { head, lines })
    }

    /// One entry, with the registry's head.
    ///
    /// # Errors
    /// See [`ClientError`]; an entry that can't be read is a broken answer here, because nothing
    /// more than its digest is asked of it.
    pub async fn entry_digest(
        &self,
        project: ProjectId,
        seq: u64,
    ) -> Result<(LedgerHead, Option<Digest>), ClientError> {
        let mut page = self.ledger(project, seq.saturating_sub(1)).await?;
        // The rest of the page is dropped unread.
        let lines = page.lines.next(1).await?;
        let digest = lines.and_then(|lines| Some(Digest::of(lines.first()?.as_bytes())));
        Ok((page.head, digest))
    }

    /// Contents by digest, each checked against its name. The answer may hold fewer than were
    /// asked for; those are asked for again.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn contents(
        &self,
        project: ProjectId,
        digests: &[Digest],
        mut each: impl FnMut(Digest, FoundContent),
    ) -> Result<(), ClientError> {
        debug_assert!(digests.len() <= MAX_CONTENTS);
        let request =
            self.request(Method::POST, &paths::contents(project))?
                .json(&ContentRequest {
                    digests: digests.to_vec(),
                });
        let response = self.send(request).await?;
        // A content in JSON in JSON: every byte of it may need escaping.
        let line_limit = 6 * limits::DATASET_BYTES;
        let mut lines = Lines::new(response, line_limit, usize::MAX);
        while let Some(batch) = lines.next(1 << 20).await? {
            for line in batch {
                let line: ContentLine = serde_json::from_str(&line)
                    .map_err(|error| ClientError::broken(error.to_string()))?;
                if let FoundContent::Here { content } = &line.found
                    && Digest::of(content.as_bytes()) != line.digest
                {
                    return Err(ClientError::broken(format!(
                        "the content sent as {} is another one",
                        line.digest.short()
                    )));
                }
                each(line.digest, line.found);
            }
        }
        Ok(())
    }

    /// Gives the registry a content. Giving it twice is once.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put_content(
        &self,
        project: ProjectId,
        digest: &Digest,
        content: impl Into<Body>,
    ) -> Result<(), ClientError> {
        let request = self
            .request(Method::PUT, &paths::content(project, digest))?
            .header(CONTENT_TYPE, "application/json")
            .timeout(LARGE)
            .body(content);
        self.send(request).await.map(drop)
    }

    /// Asks for commands to be decided, at most [`MAX_COMMANDS`], in this order.
    ///
    /// # Errors
    /// See [`ClientError`]. An answer that does not speak of exactly these commands is broken.
    pub async fn commands(
        &self,
        project: ProjectId,
        commands: &[SignedCommand],
    ) -> Result<CommandsResponse, ClientError> {
        debug_assert!(commands.len() <= MAX_COMMANDS);
        let request = CommandsRequest {
            commands: commands.iter().map(WireCommand::from).collect(),
        };
        let request = self
            .request(Method::POST, &paths::commands(project))?
            .timeout(LARGE)
            .json(&request);
        let response = self.send(request).await?;
        let answer: CommandsResponse = body::json(response, OUTCOMES_BYTES, LARGE).await?;
        let asked = commands.iter().map(SignedCommand::id);
        if asked.eq(answer.outcomes.iter().map(|outcome| outcome.id)) {
            Ok(answer)
        } else {
            Err(ClientError::broken("it speaks of other commands"))
        }
    }

    /// Gives content and entries that extend the registry's head exactly.
    ///
    /// # Errors
    /// See [`ClientError`]; `conflict` if the head is another.
    pub async fn give(
        &self,
        project: ProjectId,
        extends: Seen,
        contents: &[(Digest, String)],
        entries: &[Entry],
    ) -> Result<Given, ClientError> {
        let mut text = String::new();
        line(&mut text, &GiveHeader { extends })?;
        for (digest, content) in contents {
            let found = FoundContent::Here {
                content: content.clone(),
            };
            line(
                &mut text,
                &ContentLine {
                    digest: *digest,
                    found,
                },
            )?;
        }
        for entry in entries {
            text.push_str(entry.line());
            text.push('\n');
        }
        let request = self
            .request(Method::POST, &paths::give_ledger(project))?
            .header(CONTENT_TYPE, LEDGER_TYPE)
            .timeout(LARGE)
            .body(text);
        body::json(self.send(request).await?, SMALL_BYTES, SMALL).await
    }

    /// The ledger's growth as it happens, from the head `after` on.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn changes(&self, project: ProjectId, after: u64) -> Result<Changes, ClientError> {
        let request = self
            .request(Method::GET, &paths::changes(project))?
            .header(ACCEPT, "text/event-stream")
            .header("last-event-id", after);
        self.send(request).await.map(Changes::new)
    }

    pub(super) fn request(
        &self,
        method: Method,
        path: &str,
    ) -> Result<RequestBuilder, ClientError> {
        let bearer = (self.bearer)().ok_or(ClientError::NoKey)?;
        // `bearer_auth` marks the header as sensitive: it stays out of debug output.
        Ok(self
            .http
            .request(method, self.address.at(path))
            .bearer_auth(bearer.0))
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request
            .send()
            .await
            .map_err(|error| ClientError::offline(&error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(body::refusal(response).await)
        }
    }
}

fn line(text: &mut String, value: &impl Serialize) -> Result<(), ClientError> {
    let json = serde_json::to_string(value)
        .map_err(|error| ClientError::broken(format!("the request can't be written: {error}")))?;
    text.push_str(&json);
    text.push('\n');
    Ok(())
}
