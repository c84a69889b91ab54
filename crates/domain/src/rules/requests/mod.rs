//! Requests: asking for a release, and what is said to it.
//!
//! A request names exactly what it would change. An approval covers the [`digest()`] of that, and
//! nothing else; what still stands in the way of each part is its [`standing()`].

mod authors;
mod digest;
mod renew;
pub(crate) mod standing;
mod suites;
mod verdicts;
mod voids;
pub mod words;

pub use authors::authors;
pub use digest::{digest, steps};
pub use renew::renew;
pub use standing::{Part, Standing, VerdictStanding, Why, standing};
pub use suites::{SuitePart, suite_part};

pub(crate) use suites::asks_for_suite;
pub(crate) use verdicts::own_work;

use super::Case;
use super::releases::{count, same_sides};
use crate::ledger::{Asked, Event, RequestedChange, Reviewer};
use crate::permissions::Role;
use crate::project::Request;
use crate::{Digest, Refusal, RefusalCode, RequestId, limits};
use std::collections::BTreeSet;

impl Case<'_> {
    pub(super) fn open_request(&self, asked: &Asked) -> Result<Vec<Event>, Refusal> {
        let asked = self.checked(asked, None)?;
        let digest = digest(self.project, &asked)?;
        Ok(vec![Event::RequestOpened {
            request: RequestId::from(self.id),
            asked: Box::new(asked),
            digest,
        }])
    }

    pub(super) fn update_request(
        &self,
        id: RequestId,
        replaces: Digest,
        asked: &Asked,
    ) -> Result<Vec<Event>, Refusal> {
        let request = self.waiting_request(id)?;
        if request.digest() != replaces {
            return Err(Refusal::conflict(
                "this request was changed meanwhile; look at what it asks now",
                &request.digest(),
            ));
        }
        let asked = self.checked(asked, Some(request))?;
        if asked == *request.asked() {
            return Err(Refusal::invalid(
                "the request asks for exactly this already",
            ));
        }
        let digest = digest(self.project, &asked)?;
        Ok(vec![Event::RequestUpdated {
            request: id,
            asked: Box::new(asked),
            digest,
            before: replaces,
        }])
    }

    pub(super) fn withdraw_request(
        &self,
        id: RequestId,
        reason: Option<Digest>,
    ) -> Result<Vec<Event>, Refusal> {
        self.waiting_request(id)?;
        if let Some(reason) = &reason {
            self.check_text(reason)?;
        }
        Ok(vec![Event::RequestWithdrawn {
            request: id,
            reason,
        }])
    }

    /// A request of which something can still become.
    pub(super) fn waiting_request(&self, id: RequestId) -> Result<&Request, Refusal> {
        let found = self
            .project
            .request(id)
            .ok_or_else(|| Refusal::not_found("the request"))?;
        if found.withdrawn.is_some() {
            return Err(Refusal::invalid(
                "this request was taken back; open a new one",
            ));
        }
        if !found.is_open() {
            return Err(Refusal::invalid(
                "all that this request asked for is released; open a new one",
            ));
        }
        Ok(found)
    }

    // What is asked, with every prompt under the id that it has now.
    fn checked(&self, asked: &Asked, now: Option<&Request>) -> Result<Asked, Refusal> {
        let mut asked = asked.clone();
        self.checked_suite(&mut asked, now)?;
        if asked.suite.is_none() {
            count("changes", asked.changes.len())?;
        }
        self.check_text(&asked.reason)?;
        let mut pairs = BTreeSet::new();
        for change in &mut asked.changes {
            change.prompt = self.prompt(change.prompt)?.id;
            if !pairs.insert((change.environment, change.prompt)) {
                return Err(Refusal::invalid(
                    "a request changes each prompt in an environment once",
                ));
            }
            self.check_change(change)?;
        }
        self.check_reviewers(&asked.reviewers, now)?;
        let mut notes = BTreeSet::new();
        for note in &mut asked.notes {
            note.prompt = self.project.meant(note.prompt);
            self.check_text(&note.text)?;
            let about = (note.environment, note.prompt);
            if !pairs.contains(&about) || !notes.insert((about, note.input.clone(), note.kind)) {
                return Err(Refusal::invalid(
                    "a note says once why one change of this request is safe",
                ));
            }
        }
        if asked.notes.len() > limits::CHANGES {
            return Err(Refusal::new(
                RefusalCode::Limit,
                format!("a request has at most {} notes", limits::CHANGES),
            ));
        }
        Ok(asked)
    }

    fn check_change(&self, change: &RequestedChange) -> Result<(), Refusal> {
        let environment = self.active_environment(change.environment)?;
        let prompt = self.prompt(change.prompt)?;
        if prompt.archived {
            return Err(Refusal::invalid(format!(
                "{} is archived; restore it first",
                prompt.name
            )));
        }
        if change.steps.is_empty() || change.steps.len() > limits::STEPS {
            return Err(Refusal::invalid(format!(
                "a change has 1 to {} steps",
                limits::STEPS
            )));
        }
        let last = self.project.last_served(change.environment, prompt.id);
        if last.map(|serving| serving.release) != change.replaces {
            return Err(self.moved(&environment.name, change.environment, prompt.id));
        }
        let mut before = last.map_or(&[][..], |serving| &serving.sides);
        for sides in &change.steps {
            self.check_sides(prompt.id, &prompt.name, sides)?;
            if same_sides(before, sides) {
                return Err(Refusal::invalid(format!(
                    "a step of {} in {} changes nothing; leave it out",
                    prompt.name, environment.name
                )));
            }
            before = sides;
        }
        Ok(())
    }

    // Whoever was asked before may stay named, whatever became of them.
    fn check_reviewers(
        &self,
        reviewers: &[Reviewer],
        now: Option<&Request>,
    ) -> Result<(), Refusal> {
        if reviewers.len() > limits::NAMED {
            return Err(Refusal::new(
                RefusalCode::Limit,
                format!("a request names at most {} reviewers", limits::NAMED),
            ));
        }
        let mut seen = BTreeSet::new();
        for reviewer in reviewers {
            if !seen.insert(reviewer) {
                return Err(Refusal::invalid("a request asks each reviewer once"));
            }
            if now.is_some_and(|request| request.asked().reviewers.contains(reviewer)) {
                continue;
            }
            match reviewer {
                Reviewer::Person(id) => {
                    let person = self.member(*id)?;
                    if !person.gives_verdicts() {
                        return Err(Refusal::invalid(format!(
                            "{} gives no verdicts; ask a reviewer or an admin",
                            person.name
                        )));
                    }
                }
                Reviewer::Role(role) if *role < Role::Reviewer => {
                    return Err(Refusal::invalid(
                        "only reviewers and admins give verdicts; ask those",
                    ));
                }
                Reviewer::Role(_) => {}
            }
        }
        Ok(())
    }
}
