//! Who may give a command: the table of [`crate::permissions`], held against a person.

use super::Case;
use crate::ledger::Body;
use crate::permissions::{Least, Role, row};
use crate::policy::Releasers;
use crate::project::{KeyKind, Person};
use crate::{EnvironmentId, Project, Refusal, RefusalCode};

impl Project {
    /// Whether a person or service may give this command at all. What it does may still be
    /// refused: a release also asks the environment's policy.
    ///
    /// # Errors
    /// Who may, in plain words.
    pub fn may(&self, person: &Person, body: &Body) -> Result<(), Refusal> {
        let refused = |words: String| Err(Refusal::new(RefusalCode::NotAllowed, words));
        let Some(row) = row(body) else {
            return refused("this command is not known here; update Galley".to_owned());
        };
        let own = self.is_own(person, body);
        if let Some(service) = &person.service {
            if row.service.within(&service.rights, own) {
                return Ok(());
            }
            return refused(format!(
                "{} is a service that may not do this; an admin chooses what it may",
                person.name
            ));
        }
        let least = if own { row.own } else { row.other };
        match least {
            Least::Otherwise => Ok(()),
            Least::Role(least) if person.role >= least => Ok(()),
            Least::Role(least) if row.own == row.other => refused(format!(
                "only {} may do this, and {} is {}; ask an admin",
                least.and_above(),
                person.name,
                person.role.with_article()
            )),
            Least::Role(least) if !own => refused(format!(
                "only they themselves or {} may do this; ask one",
                least.and_above()
            )),
            Least::Role(least) => refused(format!(
                "{} may do this, and {} is only {}; ask an admin",
                least.and_above(),
                person.name,
                person.role.with_article()
            )),
            Least::Nobody => refused("only they themselves may do this".to_owned()),
        }
    }

    // What does not exist is nobody's: the rule itself says that it does not.
    fn is_own(&self, person: &Person, body: &Body) -> bool {
        match body {
            Body::RevokeKey { key } => self
                .key(*key)
                .is_none_or(|key| key.kind == KeyKind::Personal(person.id)),
            Body::EnrolDevice { person: whose, .. } => *whose == person.id,
            Body::RevokeDevice { device } => self
                .person_of(device)
                .is_none_or(|owner| owner.id == person.id),
            Body::UpdateRequest { request, .. } | Body::WithdrawRequest { request, .. } => self
                .request(*request)
                .is_none_or(|request| request.by == person.id),
            Body::ResolveComment { comment } => self
                .comment(*comment)
                .is_none_or(|comment| comment.by == person.id),
            _ => true,
        }
    }

    /// Whether a person or service may release and revert in an environment.
    #[must_use]
    pub fn may_release_in(&self, person: &Person, environment: EnvironmentId) -> bool {
        let releasers = &self.policy(environment).releasers;
        if let Some(service) = &person.service {
            let named = match releasers {
                Releasers::Role(_) => true,
                Releasers::Named(names) => names.contains(&person.id),
            };
            return named && service.rights.release.contains(&environment);
        }
        match releasers {
            Releasers::Role(least) => person.role >= *least,
            Releasers::Named(names) => {
                let author = person.role >= Role::Author;
                author && names.contains(&person.id) || person.role == Role::Admin
            }
        }
    }
}

impl Case<'_> {
    pub(super) fn may_release(&self, environment: EnvironmentId) -> Result<(), Refusal> {
        let actor = self.actor()?;
        if self.project.may_release_in(actor, environment) {
            return Ok(());
        }
        let place = self.active_environment(environment)?;
        let who = match &self.project.policy(environment).releasers {
            Releasers::Role(least) => least.and_above().to_owned(),
            Releasers::Named(names) => {
                let names = names.iter().filter_map(|id| self.project.person(*id));
                let mut names: Vec<_> = names.map(|person| person.name.as_str()).collect();
                names.push("an admin");
                names.join(" or ")
            }
        };
        let what = match &actor.service {
            Some(_) => format!(
                "{} has no right to; an admin can give it one for this environment",
                actor.name
            ),
            None => "ask one of them".to_owned(),
        };
        Err(Refusal::new(
            RefusalCode::NotAllowed,
            format!(
                "in {} only {who} may release and revert; {what}",
                place.name
            ),
        ))
    }
}
