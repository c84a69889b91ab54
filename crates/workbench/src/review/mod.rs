//! Review: requests as screens show them, and what is done with them.
//!
//! What stands in the way of a request is [`domain::rules::requests::standing`]; here it is put
//! into words and laid beside the texts that would change.

mod acting;
mod answers;
mod letting_go;
mod news;
mod orders;
mod policies;
mod rows;

pub(crate) use acting::said;

use crate::reading::Reading;
use crate::views::{
    CommentRow, QuotedWords, RequestCan, RequestView, ReviewInbox, ReviewerChoice, VerdictRow,
};
use crate::{Error, Workbench, words};
use domain::content::Message;
use domain::ledger::{Body, CommentOn, Quote, Reviewer, VerdictKind};
use domain::permissions::Role;
use domain::project::{Comment, Person, Request};
use domain::rules::requests::{Standing, VerdictStanding};
use domain::{Millis, ProjectId, RequestId};
use std::collections::BTreeSet;

/// How many requests that are over a list shows.
const ENDED: usize = 100;

impl Workbench {
    /// The requests: what waits for the person here, what they asked, and the rest.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn review_inbox(&self, project: ProjectId) -> Result<ReviewInbox, Error> {
        let reading = self.reading(project)?;
        let now = self.now();
        let waiting: BTreeSet<_> = reading
            .person_here
            .map(|person| reading.ahead.waiting_for(person))
            .unwrap_or_default()
            .iter()
            .map(|request| request.id)
            .collect();
        let mut inbox = ReviewInbox {
            waiting: Vec::new(),
            mine: Vec::new(),
            others: Vec::new(),
            ended: Vec::new(),
        };
        for request in reading.ahead.requests() {
            let list = if !request.is_open() {
                &mut inbox.ended
            } else if waiting.contains(&request.id) {
                &mut inbox.waiting
            } else if Some(request.by) == reading.person_here {
                &mut inbox.mine
            } else {
                &mut inbox.others
            };
            if request.is_open() || list.len() < ENDED {
                list.push(reading.request_row(request, now)?);
            }
        }
        Ok(inbox)
    }

    /// One request with all its evidence.
    ///
    /// # Errors
    /// There is no such request on this computer.
    pub async fn request(
        &self,
        project: ProjectId,
        request: RequestId,
    ) -> Result<RequestView, Error> {
        let reading = self.reading(project)?;
        let now = self.now();
        let found = reading.find_request(request)?;
        let standing = reading.standing(request, now)?;
        let can = reading.request_can(found, &standing);
        // What is looked at now can be looked at on the train, too.
        if !standing.parts.iter().all(|part| part.evidence.is_empty()) {
            let this = self.clone();
            tokio::spawn(async move { this.keep_evidence(project, request).await });
        }
        let suite = self.suite_asked(&reading, found).await;
        let mut verdicts: Vec<_> = found
            .verdicts()
            .zip(&standing.verdicts)
            .map(|(given, stands)| reading.verdict_row(found, given, stands))
            .collect();
        verdicts.reverse();
        Ok(RequestView {
            row: reading.request_row_as(found, Some(&standing)),
            digest: found.digest(),
            mine: Some(found.by) == reading.person_here,
            parts: standing
                .parts
                .iter()
                .map(|part| reading.request_part(found, part, now))
                .collect(),
            suite,
            reviewers: found
                .asked()
                .reviewers
                .iter()
                .map(|reviewer| reading.reviewer_words(*reviewer))
                .collect(),
            verdicts,
            comments: reading.comments_of(found),
            history: reading.request_history(found),
            authors: standing
                .authors
                .iter()
                .map(|(person, version)| {
                    format!(
                        "{} ({})",
                        reading.person(*person),
                        domain::rules::requests::words::version(&reading.ahead, *version)
                    )
                })
                .collect(),
            can,
            offline_words: self.waits_words(project),
            ordered: self.is_ordered(project, request),
        })
    }

    /// Who can be asked for a verdict on a request, with what to know of each.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn reviewer_choices(&self, project: ProjectId) -> Result<Vec<ReviewerChoice>, Error> {
        let reading = self.reading(project)?;
        let roles = [
            (Role::Reviewer, "Every reviewer and admin"),
            (Role::Admin, "Every admin"),
        ];
        let mut choices: Vec<_> = roles
            .into_iter()
            .map(|(role, name)| ReviewerChoice {
                reviewer: Reviewer::Role(role),
                name: name.to_owned(),
                note: String::new(),
            })
            .collect();
        let people = reading
            .ahead
            .people()
            .filter(|person| person.gives_verdicts());
        choices.extend(people.map(|person| ReviewerChoice {
            reviewer: Reviewer::Person(person.id),
            name: person.name.clone(),
            note: if Some(person.id) == reading.person_here {
                "you".to_owned()
            } else {
                person.role.as_str().to_owned()
            },
        }));
        Ok(choices)
    }

    /// What a verdict or comment waits for while the registry can't be reached; none when it can.
    pub(crate) fn waits_words(&self, project: ProjectId) -> Option<String> {
        let note = self.store().known_project(project).ok()?.sync;
        note.offline_since?;
        Some(
            "The registry can't be reached: what you say here waits in the outbox. A verdict counts \
             when it arrives, if the request still asks exactly this."
                .to_owned(),
        )
    }
}

impl Reading {
    pub(crate) fn find_request(&self, id: RequestId) -> Result<&Request, Error> {
        let found = self.ahead.request(id);
        found
            .map(|request| &**request)
            .ok_or_else(|| Error::not_found("this request is not on this computer"))
    }

    pub(crate) fn standing(&self, id: RequestId, now: Millis) -> Result<Standing, Error> {
        let contents = self.store.contents();
        let standing = domain::rules::requests::standing(&self.ahead, id, &contents, now);
        contents.finish()?;
        standing.ok_or_else(|| Error::not_found("this request is not on this computer"))
    }

    pub(crate) fn person_record(&self) -> Option<&Person> {
        self.ahead.person(self.person_here?).map(|person| &**person)
    }

    fn reviewer_words(&self, reviewer: Reviewer) -> String {
        match reviewer {
            Reviewer::Person(id) => self.person(id),
            Reviewer::Role(Role::Admin) => "every admin".to_owned(),
            Reviewer::Role(_) => "every reviewer and admin".to_owned(),
        }
    }

    fn request_can(&self, request: &Request, standing: &Standing) -> RequestCan {
        let Some(me) = self.person_record() else {
            return RequestCan::default();
        };
        let may = |body: &Body| self.ahead.may(me, body).is_ok();
        let open = request.is_open();
        let verdict = Body::GiveVerdict {
            request: request.id,
            digest: request.digest(),
            verdict: VerdictKind::Approve,
            evidence: Vec::new(),
            comment: None,
        };
        let no_verdict = if open {
            let why = self.ahead.may(me, &verdict).err();
            why.map(|refusal| refusal.message)
        } else {
            Some("This request is over.".to_owned())
        };
        let independent = standing.parts.iter().filter(|part| {
            let policy = self.ahead.policy(part.environment);
            part.done < part.steps && policy.independent
        });
        let wrote = standing.authors.get(&me.id);
        let places: Vec<_> = independent
            .map(|part| words::environment(&self.ahead, part.environment))
            .collect();
        let verdict_note = wrote
            .filter(|_| no_verdict.is_none() && !places.is_empty())
            .map(|version| {
                format!(
                    "You wrote {}. {} asks for independent approvals, so yours does not count there.",
                    domain::rules::requests::words::version(&self.ahead, *version),
                    words::list(&places)
                )
            });
        let withdraw = Body::WithdrawRequest {
            request: request.id,
            reason: None,
        };
        let update = Body::UpdateRequest {
            request: request.id,
            replaces: request.digest(),
            asked: Box::new(request.asked().clone()),
        };
        let stale = standing
            .parts
            .iter()
            .flat_map(|part| &part.missing)
            .chain(standing.suite.iter().flat_map(|part| &part.missing))
            .any(|missing| {
                use domain::ledger::Missing::{Stale, SuiteMoved};
                matches!(missing, Stale { .. } | SuiteMoved { .. })
            });
        let releasable = |environment| self.ahead.may_release_in(me, environment);
        let release = standing
            .parts
            .iter()
            .filter(|part| part.may_go() && releasable(part.environment))
            .map(|part| part.environment)
            .collect();
        let override_in = standing.parts.iter().filter(|part| {
            let policy = self.ahead.policy(part.environment);
            me.role == Role::Admin
                && policy.may_override
                && part.done < part.steps
                && !part.missing.is_empty()
                && part.missing.iter().all(domain::ledger::Missing::is_policy)
        });
        RequestCan {
            no_verdict,
            verdict_note,
            take_back: open && request.verdict_of(me.id).is_some(),
            withdraw: open && may(&withdraw),
            renew: open && stale && may(&update),
            set_suite: standing.suite.as_ref().is_some_and(|part| part.may_go())
                && me.role >= Role::Author,
            release,
            order: standing.parts.iter().any(|part| {
                !part.may_go() && part.done < part.steps && releasable(part.environment)
            }),
            override_in: override_in.map(|part| part.environment).collect(),
        }
    }

    fn verdict_row(
        &self,
        request: &Request,
        given: &domain::project::Verdict,
        stands: &VerdictStanding,
    ) -> VerdictRow {
        let accepted = self
            .accepted
            .request(request.id)
            .is_some_and(|known| known.verdicts().any(|v| v.seq == given.seq));
        let latest = request
            .verdict_of(given.person)
            .is_some_and(|latest| latest.seq == given.seq);
        let may_dismiss = self.person_record().is_some_and(|me| {
            let body = Body::DismissVerdict {
                request: request.id,
                person: given.person,
                reason: given.digest,
            };
            self.ahead.may(me, &body).is_ok()
        });
        VerdictRow {
            person: given.person,
            by: self.person(given.person),
            at: given.at,
            kind: given.kind,
            comment: given
                .comment
                .map(|digest| self.text(&digest))
                .unwrap_or_default(),
            counts: latest && stands.void.is_empty(),
            void: stands.void.iter().map(|(_, words)| words.clone()).collect(),
            can_dismiss: may_dismiss
                && latest
                && request.is_open()
                && given.kind == VerdictKind::AskForChanges
                && Some(given.person) != self.person_here,
            state: crate::release_views::state_of(accepted),
        }
    }

    // What was said to the request, and to the versions that it names.
    fn comments_of(&self, request: &Request) -> Vec<CommentRow> {
        let mut found = self.ahead.comments(CommentOn::Request(request.id));
        let versions: BTreeSet<_> = request
            .revisions()
            .flat_map(|revision| &revision.asked.changes)
            .flat_map(|change| change.steps.iter().flatten())
            .map(|side| side.version)
            .collect();
        for version in versions {
            found.extend(self.ahead.comments(CommentOn::Version(version)));
        }
        found.sort_by_key(|comment| (comment.at, comment.id));
        found.into_iter().map(|c| self.comment_row(c)).collect()
    }

    /// A comment as screens show it.
    pub(crate) fn comment_row(&self, comment: &Comment) -> CommentRow {
        let resolve = Body::ResolveComment {
            comment: comment.id,
        };
        CommentRow {
            id: comment.id,
            on: comment.on,
            by: self.person(comment.by),
            at: comment.at,
            text: self.text(&comment.text),
            quote: comment.quote.map(|quote| self.quoted(quote)),
            reply_to: comment.reply_to,
            resolved_by: comment.resolved.map(|(person, _)| self.person(person)),
            can_resolve: comment.resolved.is_none()
                && self
                    .person_record()
                    .is_some_and(|me| self.ahead.may(me, &resolve).is_ok()),
            unsent: self.accepted.comment(comment.id).is_none(),
        }
    }

    fn quoted(&self, quote: Quote) -> QuotedWords {
        let content = self
            .ahead
            .version(quote.version)
            .and_then(|(_, version)| self.content(&version.content));
        let message = usize::try_from(quote.message).unwrap_or(usize::MAX);
        let text = content
            .as_ref()
            .and_then(|content| content.messages.get(message))
            .and_then(|message| match message {
                Message::Message { text, .. } => Some(text.as_str()),
                Message::Placeholder { .. } => None,
            })
            .unwrap_or_default();
        let from = usize::try_from(quote.from).unwrap_or(usize::MAX);
        let until = usize::try_from(quote.until).unwrap_or(usize::MAX);
        let several = content
            .as_ref()
            .is_some_and(|content| content.messages.len() > 1);
        let version = domain::rules::requests::words::version(&self.ahead, quote.version);
        QuotedWords {
            place: quote,
            from: if several {
                format!("{version}, message {}", quote.message + 1)
            } else {
                version
            },
            words: text
                .chars()
                .skip(from)
                .take(until.saturating_sub(from))
                .collect(),
        }
    }

    fn request_history(&self, request: &Request) -> Vec<String> {
        let mut lines = Vec::new();
        let mut before: Option<&domain::ledger::Asked> = None;
        for revision in request.revisions() {
            let by = self.person(revision.by);
            match before {
                None => lines.push(format!("{by} asked for it")),
                Some(before) => {
                    let changed =
                        revision.asked.changes.iter().filter(|change| {
                            !before.changes.iter().any(|earlier| earlier == *change)
                        });
                    let changed: Vec<_> = changed
                        .map(|change| {
                            format!(
                                "{} in {}",
                                words::prompt(&self.ahead, change.prompt),
                                words::environment(&self.ahead, change.environment)
                            )
                        })
                        .collect();
                    lines.push(if changed.is_empty() {
                        format!("{by} changed what it says or leaves out")
                    } else {
                        format!(
                            "{by} changed {}; earlier approvals are void",
                            words::list(&changed)
                        )
                    });
                }
            }
            before = Some(&revision.asked);
        }
        if let Some(withdrawn) = &request.withdrawn {
            let why = withdrawn.reason.map(|reason| self.text(&reason));
            let why = why.filter(|why| !why.is_empty());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            lines.push(format!("{} took it back{why}", self.person(withdrawn.by)));
        }
        lines
    }
}
