//! Comments: said by anybody who reads, to a request or a version, and never in the way of a rule.

use super::Case;
use crate::ledger::{CommentOn, Event, Quote, Skip};
use crate::{CommentId, Digest, Refusal};

impl Case<'_> {
    pub(super) fn comment(
        &self,
        on: CommentOn,
        quote: Option<Quote>,
        text: Digest,
        reply_to: Option<CommentId>,
    ) -> Result<Vec<Event>, Refusal> {
        match on {
            CommentOn::Request(id) if self.project.request(id).is_none() => {
                return Err(Refusal::not_found("the request"));
            }
            CommentOn::Version(id) if self.project.version(id).is_none() => {
                return Err(Refusal::not_found("the version"));
            }
            _ => {}
        }
        if let Some(quote) = quote {
            if self.project.version(quote.version).is_none() {
                return Err(Refusal::not_found("the version that is quoted"));
            }
            if matches!(on, CommentOn::Version(id) if id != quote.version) {
                return Err(Refusal::invalid(
                    "a comment on a version quotes that version; say it there instead",
                ));
            }
            if quote.until <= quote.from {
                return Err(Refusal::invalid(
                    "no words are quoted; quote some, or comment on the whole",
                ));
            }
        }
        if let Some(first) = reply_to {
            let found = self
                .project
                .comment(first)
                .ok_or_else(|| Refusal::not_found("the comment that this answers"))?;
            if found.on != on {
                return Err(Refusal::invalid(
                    "the comment that this answers was said elsewhere; answer it there",
                ));
            }
        }
        self.check_text(&text)?;
        Ok(vec![Event::CommentMade {
            comment: CommentId::from(self.id),
            on,
            quote,
            text,
            reply_to,
            skip: Skip,
        }])
    }

    pub(super) fn resolve_comment(&self, id: CommentId) -> Result<Vec<Event>, Refusal> {
        let comment = self
            .project
            .comment(id)
            .ok_or_else(|| Refusal::not_found("the comment"))?;
        if comment.resolved.is_some() {
            return Err(Refusal::invalid("this comment is settled already"));
        }
        Ok(vec![Event::CommentResolved {
            comment: id,
            skip: Skip,
        }])
    }
}
