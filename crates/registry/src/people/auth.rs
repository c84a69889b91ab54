//! The one place where a call is authorised.
//!
//! A route declares the [`Scope`] it needs; [`Registry::authorise`] reads the bearer, finds out
//! who it is ([`Principal`]), and asks [`Scope::admits`]: a table from which everything that is
//! not written down is refused. An unknown key and a wrong one get the same answer after the same
//! work.

use crate::http::Limited;
use crate::projects::Loaded;
use crate::{Error, Registry, clock};
use domain::ledger::KeyHash;
use domain::permissions::{self, Role};
use domain::project::KeyKind;
use domain::{EnvironmentId, InvitationId, KeyId, Millis, PersonId, ProjectId};
use protocol::token::{Invitation, Kind, Token};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Who calls.
#[derive(Clone, Debug)]
pub enum Principal {
    /// A member, by a personal token.
    Person {
        /// Their project.
        project: Arc<Loaded>,
        /// Who.
        person: PersonId,
        /// What they may do.
        role: Role,
        /// The token.
        key: KeyId,
    },
    /// Somebody invited.
    Invitation {
        /// Into which project.
        project: Arc<Loaded>,
        /// By which invitation.
        invitation: InvitationId,
        /// Whether it can still be used. One that was used only learns what became of its joining.
        open: bool,
    },
    /// Somebody with a one-time invitation to make a project.
    Founding {
        /// The hash of its secret.
        hash: KeyHash,
        /// The project for which it was used, and when.
        used: Option<(ProjectId, Millis)>,
    },
    /// An application.
    Environment {
        /// Its project.
        project: Arc<Loaded>,
        /// The environment that it reads.
        environment: EnvironmentId,
        /// The key.
        key: KeyId,
    },
}

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Nothing: whether the process lives, the contract, counts.
    Open,
    /// Any good bearer: who am I?
    Me,
    /// Reading what an environment serves.
    Served,
    /// Reading a project's ledger and content.
    Read,
    /// Following a project's changes.
    Follow,
    /// Putting content.
    Put,
    /// Sending commands.
    Commands,
    /// Giving a ledger.
    Give,
    /// Reading what a project's keys were used for.
    Keys,
    /// Looking after a project's webhooks.
    Webhooks,
}

/// Why a call is not let through.
#[derive(Debug)]
pub enum Denied {
    /// No bearer, or none that opens anything.
    Unknown,
    /// A good bearer, but not for this.
    NotForThis(&'static str),
    /// Too many calls; when to come again, in seconds.
    TooMany(u64),
    /// The registry can't tell.
    Failed(Error),
}

/// A call that was let through.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who calls.
    pub principal: Principal,
    /// The project in the path, where there is one.
    pub project: Option<ProjectId>,
}

impl Scope {
    /// Whether this route is for this caller. Whatever is not named here is refused.
    ///
    /// # Errors
    /// The words for whoever holds the key.
    pub fn admits(self, who: &Principal, project: Option<ProjectId>) -> Result<(), &'static str> {
        let own = |loaded: &Loaded| project.is_none_or(|asked| asked == loaded.id);
        match (self, who) {
            (Self::Open, _) => Ok(()),
            (Self::Me, Principal::Invitation { open: false, .. }) => {
                Err("this invitation was used already")
            }
            (Self::Me, Principal::Founding { used: Some(_), .. }) => {
                Err("this invitation was used already")
            }
            (Self::Me, _) | (Self::Served, Principal::Environment { .. }) => Ok(()),
            (
                Self::Read | Self::Follow | Self::Put | Self::Commands | Self::Keys,
                Principal::Person {
                    project: loaded, ..
                },
            ) if own(loaded) => Ok(()),
            (
                Self::Give,
                Principal::Person {
                    project: loaded,
                    role: Role::Admin,
                    ..
                },
            ) if own(loaded) => Ok(()),
            (
                Self::Give,
                Principal::Person {
                    project: loaded, ..
                },
            ) if own(loaded) => Err("only an admin may give a ledger"),
            (
                Self::Webhooks,
                Principal::Person {
                    project: loaded,
                    person,
                    role,
                    ..
                },
            ) if own(loaded) => {
                let service = loaded.glance(|state| {
                    state
                        .person(*person)
                        .is_none_or(|found| found.service.is_some())
                });
                match permissions::may_manage_webhooks(*role, service) {
                    true => Ok(()),
                    false => Err("only an admin may look after webhooks"),
                }
            }
            (
                Self::Read,
                Principal::Invitation {
                    project: loaded,
                    open: true,
                    ..
                },
            )
            | (
                Self::Commands,
                Principal::Invitation {
                    project: loaded, ..
                },
            ) if own(loaded) => Ok(()),
            (Self::Commands | Self::Give, Principal::Founding { used: None, .. }) => Ok(()),
            (
                Self::Commands,
                Principal::Founding {
                    used: Some((used, _)),
                    ..
                },
            ) if project == Some(*used) => Ok(()),
            // Sharing a project may take several requests.
            (
                Self::Give,
                Principal::Founding {
                    used: Some((used, at)),
                    ..
                },
            ) if project == Some(*used) && clock::now() < at.plus(crate::limits::GIVING_MILLIS) => {
                Ok(())
            }
            (_, Principal::Founding { used: Some(_), .. }) => {
                Err("this invitation was used already, for another project")
            }
            (
                _,
                Principal::Person {
                    project: loaded, ..
                }
                | Principal::Invitation {
                    project: loaded, ..
                },
            ) if !own(loaded) => Err("this key is for another project"),
            (_, Principal::Environment { .. }) => {
                Err("an environment key reads what its environment serves, and nothing else")
            }
            (_, Principal::Founding { .. }) => {
                Err("this invitation is for founding a project, and nothing else")
            }
            (_, Principal::Invitation { .. }) => {
                Err("an invitation is for reading the project and joining it, and nothing else")
            }
            (_, Principal::Person { .. }) => {
                Err("this is for applications, which have environment keys")
            }
        }
    }
}

/// Compared with when there is nothing to compare with, so that an unknown id takes as long.
const NOBODYS: KeyHash = KeyHash([0; 32]);

impl Registry {
    /// Lets a call through, or says why not. `bearer` is what stands after `Bearer` in the
    /// `Authorization` header.
    ///
    /// # Errors
    /// Why not.
    pub async fn authorise(
        &self,
        scope: Scope,
        bearer: Option<&str>,
        project: Option<ProjectId>,
    ) -> Result<Access, Denied> {
        let bearer = bearer.ok_or(Denied::Unknown)?;
        let principal = self.principal(bearer).await?;
        let rates = &self.inner.rates;
        let key = principal.counts_as();
        let (counted, limit) = match &principal {
            Principal::Environment { .. } => (rates.environment(key), Limited::EnvironmentRequests),
            _ => (rates.person(key), Limited::PersonRequests),
        };
        counted.map_err(|seconds| {
            self.inner.counts.limited(limit);
            // The public half of the key: who runs the registry has to know which one it is.
            tracing::info!(%key, "a key sends too many requests");
            Denied::TooMany(seconds)
        })?;
        scope
            .admits(&principal, project)
            .map_err(Denied::NotForThis)?;
        if let Principal::Person { project, key, .. }
        | Principal::Environment { project, key, .. } = &principal
        {
            self.inner.uses.used((project.id, *key), clock::now());
        }
        Ok(Access { principal, project })
    }

    async fn principal(&self, bearer: &str) -> Result<Principal, Denied> {
        if let Some((project, hash)) = Invitation::read_bearer(bearer) {
            return self.invited(project, hash).await;
        }
        let token = Token::read(bearer).ok_or(Denied::Unknown)?;
        match token.kind {
            Kind::Founding => {
                let hash = token.hash();
                let found = self
                    .blocking(move |projects| projects.ledger().founding(&hash))
                    .await
                    .map_err(Denied::Failed)?;
                let used = found.ok_or(Denied::Unknown)?.used;
                Ok(Principal::Founding { hash, used })
            }
            Kind::Personal | Kind::Environment => self.keyed(&token).await,
        }
    }

    async fn keyed(&self, token: &Token) -> Result<Principal, Denied> {
        let hash = token.hash();
        let mut found = None;
        if let Some(id) = self.inner.projects.owner_of_key(token.id)
            && let Some(project) = self.project(id).await.map_err(Denied::Failed)?
        {
            found = holder(&project, token, hash);
        }
        if found.is_none() {
            let _ = equal(hash, NOBODYS);
        }
        found.ok_or(Denied::Unknown)
    }

    async fn invited(&self, id: ProjectId, hash: KeyHash) -> Result<Principal, Denied> {
        let project = self.project(id).await.map_err(Denied::Failed)?;
        let found = project.and_then(|project| {
            let state = project.state();
            let now = clock::now().max(state.head().at);
            let invitation = state.invitations().find(|i| equal(i.hash, hash))?;
            let open = invitation.is_open(now);
            (open || invitation.joined.is_some()).then(|| Principal::Invitation {
                invitation: invitation.id,
                open,
                project: Arc::clone(&project),
            })
        });
        found.ok_or(Denied::Unknown)
    }
}

/// Who holds a key in one project, if the secret is right and the key still opens something.
fn holder(project: &Arc<Loaded>, token: &Token, hash: KeyHash) -> Option<Principal> {
    project.glance(|state| {
        let key = state.key(token.id);
        let right = equal(hash, key.map_or(NOBODYS, |key| key.hash));
        let key = key.filter(|_| right)?;
        if !key.is_open(clock::now().max(state.head().at)) {
            return None;
        }
        match (key.kind, token.kind) {
            (KeyKind::Personal(person), Kind::Personal) => {
                let member = state
                    .person(person)
                    .filter(|person| person.removed.is_none())?;
                Some(Principal::Person {
                    project: Arc::clone(project),
                    person,
                    role: member.role,
                    key: key.id,
                })
            }
            (KeyKind::Environment(environment), Kind::Environment) => {
                state
                    .environment(environment)
                    .filter(|found| found.retired.is_none())?;
                Some(Principal::Environment {
                    project: Arc::clone(project),
                    environment,
                    key: key.id,
                })
            }
            // A personal token's secret under an environment key's prefix opens nothing.
            _ => None,
        }
    })
}

fn equal(one: KeyHash, other: KeyHash) -> bool {
    one.0.ct_eq(&other.0).into()
}

/// A name for counting, that is not the secret's hash.
fn short(hash: &KeyHash) -> KeyId {
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    KeyId(uuid::Uuid::from_bytes(id))
}

impl Principal {
    /// The name under which its calls, streams and bodies are counted.
    #[must_use]
    pub fn counts_as(&self) -> KeyId {
        match self {
            Self::Person { key, .. } | Self::Environment { key, .. } => *key,
            Self::Invitation { invitation, .. } => KeyId(invitation.0),
            Self::Founding { hash, .. } => short(hash),
        }
    }

    /// How long its key still opens by itself; none if it has no end.
    #[must_use]
    pub fn ends_in(&self) -> Option<Duration> {
        let (Self::Person { project, key, .. } | Self::Environment { project, key, .. }) = self
        else {
            return None;
        };
        let end = project.glance(|state| state.key(*key).and_then(|key| key.expires))?;
        let left = end.0.saturating_sub(clock::now().0);
        Some(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }

    /// Whether it would still be let in: streams ask this whenever something changes.
    #[must_use]
    pub fn still_good(&self) -> bool {
        let open = |project: &Loaded, key: KeyId| {
            project.glance(|state| {
                state
                    .key(key)
                    .is_some_and(|k| k.is_open(clock::now().max(state.head().at)))
            })
        };
        match self {
            Self::Person {
                project,
                person,
                key,
                ..
            } => {
                open(project, *key)
                    && project.glance(|s| s.person(*person).is_some_and(|p| p.removed.is_none()))
            }
            Self::Environment { project, key, .. } => open(project, *key),
            Self::Invitation { .. } | Self::Founding { .. } => true,
        }
    }
}
