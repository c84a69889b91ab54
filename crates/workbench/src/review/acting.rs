//! What is done with requests: asking, verdicts, comments.

use crate::acting::Act;
use crate::releasing::PlannedBody;
use crate::views::{AskedFor, Asking, RequestPart, RequestRow};
use crate::{Error, Workbench};
use domain::ledger::{
    Asked, Body, CommentOn, Note, Quote, ReleaseChange, RequestedChange, VerdictKind,
};
use domain::rules::requests::{renew, standing, steps};
use domain::{CommentId, Digest, PersonId, ProjectId, RequestId};

impl Workbench {
    /// What a request for this plan would meet: its parts, as if it had been opened now. Nothing
    /// is sent.
    ///
    /// # Errors
    /// The plan is not known any more, or is a revert, which is never asked for.
    pub async fn preview_request(
        &self,
        project: ProjectId,
        plan: String,
        asking: Asking,
    ) -> Result<Vec<RequestPart>, Error> {
        let changes = self.plan_to_ask(project, &plan)?;
        let mut act = self.act(project)?;
        let id = act.ask(changes, &asking)?;
        act.parts_of(id, self.now())
    }

    /// Asks for what a plan would change.
    ///
    /// # Errors
    /// The plan is not known any more, the reason is empty, or the rules refuse it; nothing was
    /// changed then.
    pub async fn ask_for_release(
        &self,
        project: ProjectId,
        plan: String,
        asking: Asking,
    ) -> Result<AskedFor, Error> {
        let changes = self.plan_to_ask(project, &plan)?;
        if asking.reason.trim().is_empty() {
            return Err(Error::invalid(
                "a request needs a reason: a few words for whoever reviews it",
            ));
        }
        let mut act = self.act(project)?;
        let request = act.ask(changes, &asking)?;
        let sent = act.send().await?;
        self.forget_plan(&plan);
        let words = match asking.instead {
            None => "Asked. It is in the reviewers' inbox now",
            Some(_) => {
                "Changed. Earlier approvals are void, and it is in the reviewers' inbox again"
            }
        };
        Ok(AskedFor {
            request,
            words: said(sent, words),
        })
    }

    /// The open requests of the person here about what a plan would change: one of them can ask
    /// for this instead.
    ///
    /// # Errors
    /// The plan is not known any more.
    pub async fn requests_to_change(
        &self,
        project: ProjectId,
        plan: String,
    ) -> Result<Vec<RequestRow>, Error> {
        let changes = self.plan_to_ask(project, &plan)?;
        let reading = self.reading(project)?;
        let now = self.now();
        let requests = reading.ahead.requests().into_iter();
        let mine = requests.filter(|request| {
            request.is_open()
                && Some(request.by) == reading.person_here
                && request.asked().changes.iter().any(|asked| {
                    changes.iter().any(|planned| {
                        planned.environment == asked.environment && planned.prompt == asked.prompt
                    })
                })
        });
        mine.map(|request| reading.request_row(request, now))
            .collect()
    }

    /// The open request of the person here that asks for just what a plan would change, at once, if
    /// there is one: one that goes in steps is something else.
    ///
    /// # Errors
    /// The plan is not known any more.
    pub async fn request_like(
        &self,
        project: ProjectId,
        plan: &str,
    ) -> Result<Option<RequestId>, Error> {
        let changes = self.plan_to_ask(project, plan)?;
        let reading = self.reading(project)?;
        let same = |request: &domain::project::Request| {
            let asked = &request.asked().changes;
            asked.len() == changes.len()
                && asked.iter().all(|change| {
                    changes.iter().any(|planned| {
                        planned.environment == change.environment
                            && planned.prompt == change.prompt
                            && change.steps.iter().eq([&planned.sides])
                    })
                })
        };
        let mut requests = reading.ahead.requests().into_iter();
        let found = requests.find(|request| {
            request.is_open() && Some(request.by) == reading.person_here && same(request)
        });
        Ok(found.map(|request| request.id))
    }

    /// Gives a verdict on exactly what the person saw: `digest` is that of the view.
    ///
    /// # Errors
    /// The request asks for something else by now, or the person gives no verdicts.
    pub async fn give_verdict(
        &self,
        project: ProjectId,
        request: RequestId,
        digest: Digest,
        verdict: VerdictKind,
        comment: String,
    ) -> Result<AskedFor, Error> {
        let mut act = self.act(project)?;
        let comment = match comment.trim() {
            "" if verdict == VerdictKind::AskForChanges => {
                return Err(Error::invalid("say what is to change, in a few words"));
            }
            "" => None,
            words => Some(act.text(words)?),
        };
        let found = act.reading.find_request(request)?;
        let evidence = {
            let standing = act.reading.standing(request, self.now())?;
            let runs = standing.parts.iter().flat_map(|part| part.evidence.clone());
            let mut runs: Vec<_> = runs.collect();
            runs.sort_unstable();
            runs.dedup();
            runs
        };
        if found.digest() != digest {
            return Err(Error::invalid(
                "this request asks for something else by now; look at it again before you decide",
            ));
        }
        act.command(Body::GiveVerdict {
            request,
            digest,
            verdict,
            evidence,
            comment,
        })?;
        let set = verdict == VerdictKind::Approve && act.set_if_ready(request)?;
        let sent = act.send().await?;
        let words = match verdict {
            VerdictKind::Approve if set => {
                "Approved: exactly what you saw. Nothing is missing any more, so the suite is set"
            }
            VerdictKind::Approve => "Approved: exactly what you saw",
            VerdictKind::AskForChanges => {
                "Asked for changes; nothing of it goes until you decide again"
            }
        };
        Ok(AskedFor {
            request,
            words: said(sent, words),
        })
    }

    /// Takes the own verdict back.
    ///
    /// # Errors
    /// There is none.
    pub async fn take_back_verdict(
        &self,
        project: ProjectId,
        request: RequestId,
    ) -> Result<(), Error> {
        self.one(project, Body::WithdrawVerdict { request }).await
    }

    /// Ends somebody's "ask for changes", with a reason that everybody sees.
    ///
    /// # Errors
    /// Only an admin may; there is no such verdict.
    pub async fn dismiss_verdict(
        &self,
        project: ProjectId,
        request: RequestId,
        person: PersonId,
        reason: String,
    ) -> Result<(), Error> {
        let mut act = self.act(project)?;
        let reason = needed(&mut act, &reason, "say why this verdict is dismissed")?;
        act.command(Body::DismissVerdict {
            request,
            person,
            reason,
        })?;
        act.send().await?;
        Ok(())
    }

    /// Takes a request back.
    ///
    /// # Errors
    /// It is over, or somebody else's and this is no admin.
    pub async fn withdraw_request(
        &self,
        project: ProjectId,
        request: RequestId,
        reason: String,
    ) -> Result<(), Error> {
        let mut act = self.act(project)?;
        let reason = match reason.trim() {
            "" => None,
            words => Some(act.text(words)?),
        };
        act.command(Body::WithdrawRequest { request, reason })?;
        act.send().await?;
        Ok(())
    }

    /// Brings a request up to what its environments serve now. Approvals must be given anew.
    ///
    /// # Errors
    /// Nothing is left to ask for, or it is somebody else's.
    pub async fn renew_request(
        &self,
        project: ProjectId,
        request: RequestId,
    ) -> Result<AskedFor, Error> {
        let mut act = self.act(project)?;
        let (replaces, asked) = {
            let found = act.reading.find_request(request)?;
            (found.digest(), renew(&act.reading.ahead, found))
        };
        if asked.changes.is_empty() && asked.suite.is_none() {
            return Err(Error::invalid(
                "all that it asks for is served already; take the request back",
            ));
        }
        act.command(Body::UpdateRequest {
            request,
            replaces,
            asked: Box::new(asked),
        })?;
        let sent = act.send().await?;
        Ok(AskedFor {
            request,
            words: said(
                sent,
                "It asks for the same on top of what is served now; approvals are needed anew",
            ),
        })
    }

    /// Says something to a request or a version, on the whole or on quoted words.
    ///
    /// # Errors
    /// There is nothing in it, or what it is about is not there.
    pub async fn comment(
        &self,
        project: ProjectId,
        on: CommentOn,
        quote: Option<Quote>,
        text: String,
        reply_to: Option<CommentId>,
    ) -> Result<(), Error> {
        let mut act = self.act(project)?;
        let text = needed(&mut act, &text, "there is nothing in this comment yet")?;
        act.command(Body::Comment {
            on,
            quote,
            text,
            reply_to,
        })?;
        act.send().await?;
        Ok(())
    }

    /// Marks a comment as settled.
    ///
    /// # Errors
    /// It is settled already, or somebody else's and this is no reviewer.
    pub async fn resolve_comment(
        &self,
        project: ProjectId,
        comment: CommentId,
    ) -> Result<(), Error> {
        self.one(project, Body::ResolveComment { comment }).await
    }

    fn plan_to_ask(&self, project: ProjectId, plan: &str) -> Result<Vec<ReleaseChange>, Error> {
        let waiting = self
            .plan(plan)
            .filter(|waiting| waiting.project == project)
            .ok_or_else(|| {
                Error::invalid("this plan is too old; look at what would change and decide again")
            })?;
        match waiting.body {
            PlannedBody::Release { changes, .. } => Ok(changes),
            PlannedBody::Revert { .. } => Err(Error::invalid(
                "going back needs no request; revert with a reason",
            )),
        }
    }
}

impl Act<'_> {
    fn ask(&mut self, changes: Vec<ReleaseChange>, asking: &Asking) -> Result<RequestId, Error> {
        // A preview is made before there is a reason.
        let reason = match asking.reason.trim() {
            "" => self.text("…")?,
            words => self.text(words)?,
        };
        let grow = asking
            .shares
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a < b));
        if !grow || asking.shares.iter().any(|share| !(1..=100).contains(share)) {
            return Err(Error::invalid(
                "the steps are shares of the traffic that grow, in whole percents from 1 to 100: 10,50",
            ));
        }
        let shares: Vec<u32> = asking
            .shares
            .iter()
            .map(|share| share.saturating_mul(100))
            .collect();
        let changes = changes
            .into_iter()
            .map(|change| {
                let now = self
                    .reading
                    .ahead
                    .serving(change.environment, change.prompt)
                    .map(|serving| serving.sides.clone())
                    .unwrap_or_default();
                RequestedChange {
                    environment: change.environment,
                    prompt: change.prompt,
                    steps: steps(&now, &change.sides, &shares),
                    replaces: change.replaces,
                }
            })
            .collect();
        let mut notes = Vec::new();
        for note in asking.notes.iter().filter(|n| !n.text.trim().is_empty()) {
            notes.push(Note {
                environment: note.environment,
                prompt: note.prompt,
                input: note.input.clone(),
                kind: note.kind,
                text: self.text(note.text.trim())?,
            });
        }
        let asked = Asked {
            changes,
            reason,
            reviewers: asking.reviewers.clone(),
            notes,
            suite: None,
        };
        let asked = Box::new(asked);
        let Some(request) = asking.instead else {
            return Ok(RequestId::from(self.command(Body::OpenRequest { asked })?));
        };
        let replaces = self.reading.find_request(request)?.digest();
        self.command(Body::UpdateRequest {
            request,
            replaces,
            asked,
        })?;
        Ok(request)
    }

    fn parts_of(&self, id: RequestId, now: domain::Millis) -> Result<Vec<RequestPart>, Error> {
        let stored = self.reading.store.contents();
        let standing = standing(self.ahead(), id, &stored, now);
        stored.finish()?;
        let lost = || Error::not_found("the request could not be looked at");
        let request = self.ahead().request(id).ok_or_else(lost)?;
        let parts = standing.ok_or_else(lost)?.parts;
        let rows = parts
            .iter()
            .map(|part| self.reading.request_part(request, part, now));
        Ok(rows.collect())
    }
}

fn needed(act: &mut Act<'_>, text: &str, what: &str) -> Result<Digest, Error> {
    match text.trim() {
        "" => Err(Error::invalid(what)),
        words => act.text(words),
    }
}

pub(crate) fn said(sent: bool, words: &str) -> String {
    if sent {
        format!("{words}.")
    } else {
        format!("{words}. It waits in the outbox until the registry can be reached.")
    }
}
