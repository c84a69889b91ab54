//! Settings: the registry and its people, environments, keys, providers, the keychain.

use crate::reading::Reading;
use crate::views::{
    DeviceRow, InvitationRow, KeyKind, KeyRow, KeyStanding, Keychain, Me, PersonRole, PersonRow,
    Place, RegistryCard, Settings, State,
};
use crate::{Error, Workbench, words};
use domain::permissions::Role;
use domain::{Millis, ProjectId, limits};
use protocol::token::{Kind, Token};

/// After this many days a key is marked as old.
const OLD_DAYS: i64 = 90;
const DAY: i64 = 24 * 60 * 60 * 1000;

impl Workbench {
    /// Everything that the Settings screen shows.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn settings(&self, project: ProjectId) -> Result<Settings, Error> {
        let reading = self.reading(project)?;
        let now = self.now();
        let device = self.device_key(project).ok().map(|key| key.public());
        let card = self.card(project)?;
        let address = self.address(project);
        let sync = self.sync_state_of(&reading)?;
        let people = reading
            .ahead
            .people()
            .filter(|person| person.service.is_none());
        let people = people.map(|person| PersonRow {
            id: person.id,
            name: person.name.clone(),
            role: role(person.role),
            devices: person
                .devices
                .iter()
                .map(|row| DeviceRow {
                    id: row.key.to_string(),
                    name: row.name.clone(),
                    this: Some(row.key) == device,
                    since: row.since,
                    revoked: row.revoked.is_some(),
                })
                .collect(),
            removed: person.removed.is_some(),
        });
        let invitations = reading
            .ahead
            .invitations()
            .filter(|i| i.is_open(now))
            .map(|i| InvitationRow {
                id: i.id,
                name: i.name.clone(),
                role: role(i.role),
                by: reading.person(i.by),
                at: i.at,
                expires: Some(i.expires),
                state: if reading.accepted.invitation(i.id).is_some() {
                    reading.kept()
                } else {
                    State::Outbox
                },
            });
        let providers = self.store().providers()?;
        Ok(Settings {
            registry: RegistryCard {
                place: card.place,
                address,
                state: sync.words,
            },
            me: reading.me(),
            people: people.collect(),
            services: reading.service_rows(),
            invitations: invitations.collect(),
            environments: reading.environments(),
            keys: reading.key_rows(now),
            providers: providers
                .iter()
                .map(|row| self.provider_card(row, reading.users_of(&row.name)))
                .collect(),
            keychain: self.keychain(),
            limits: limit_words(),
        })
    }

    /// Whether secrets can be kept on this computer.
    #[must_use]
    pub fn keychain(&self) -> Keychain {
        match self.secrets().state() {
            Ok(()) => Keychain {
                available: true,
                message: String::new(),
            },
            Err(error) => Keychain {
                available: false,
                message: error.to_string(),
            },
        }
    }
}

impl Reading {
    /// Who acts on this computer. Whoever took an export in is no member: they look on.
    pub(crate) fn me(&self) -> Me {
        let person = self.person_here.and_then(|id| self.ahead.person(id));
        person.map_or_else(
            || Me {
                person: domain::PersonId(uuid::Uuid::nil()),
                name: "Looking on".to_owned(),
                role: PersonRole::Viewer,
            },
            |person| Me {
                person: person.id,
                name: person.name.clone(),
                role: role(person.role),
            },
        )
    }

    pub(crate) fn key_rows(&self, now: Millis) -> Vec<KeyRow> {
        let mut rows: Vec<_> = self
            .ahead
            .keys()
            .map(|key| {
                let (kind, environment) = match key.kind {
                    domain::project::KeyKind::Environment(environment) => {
                        (KeyKind::Environment, Some(environment))
                    }
                    domain::project::KeyKind::Personal(person) => {
                        let holder = self.ahead.person(person);
                        let service = holder.is_some_and(|holder| holder.service.is_some());
                        let kind = if service {
                            KeyKind::Service
                        } else {
                            KeyKind::Personal
                        };
                        (kind, None)
                    }
                };
                KeyRow {
                    id: key.id,
                    kind,
                    name: key.name.clone(),
                    environment,
                    environment_name: environment.map(|id| words::environment(&self.ahead, id)),
                    by: self.person(key.by),
                    at: key.at,
                    expires: key.expires,
                    revoked: !key.is_open(now),
                    waiting: self.accepted.key(key.id).is_none_or(|accepted| {
                        (accepted.revoked.is_some(), accepted.replaced)
                            != (key.revoked.is_some(), key.replaced)
                    }),
                    state: match (key.revoked, key.is_open(now), key.replaced) {
                        (Some(_), _, _) => KeyStanding::Revoked,
                        (None, false, _) => KeyStanding::Ended,
                        (None, true, Some(_)) => KeyStanding::Replaced,
                        (None, true, None) => KeyStanding::Open,
                    },
                    begins: Token::begins(
                        match kind {
                            KeyKind::Environment => Kind::Environment,
                            KeyKind::Personal | KeyKind::Service => Kind::Personal,
                        },
                        key.id,
                    ),
                    old: key.is_open(now)
                        && key.replaced.is_none()
                        && key.at.plus(OLD_DAYS * DAY) < now,
                }
            })
            .collect();
        rows.sort_by_key(|row| (row.revoked, std::cmp::Reverse(row.at)));
        rows
    }

    // How many prompts' newest versions name this provider.
    fn users_of(&self, provider: &str) -> usize {
        self.ahead
            .prompts()
            .filter(|prompt| !prompt.archived)
            .filter_map(|prompt| prompt.latest())
            .filter_map(|version| self.content(&version.content)?.model)
            .filter(|model| model.provider == provider)
            .count()
    }
}

pub(crate) fn role(role: Role) -> PersonRole {
    match role {
        Role::Viewer => PersonRole::Viewer,
        Role::Author => PersonRole::Author,
        Role::Reviewer => PersonRole::Reviewer,
        Role::Admin => PersonRole::Admin,
    }
}

/// Whether a project lives on this computer.
pub(crate) fn place(address: Option<&str>) -> Place {
    match address {
        None => Place::ThisComputer,
        Some(address) => Place::Registry {
            address: address.to_owned(),
        },
    }
}

fn limit_words() -> Vec<String> {
    vec![
        format!(
            "a version: {} MiB, {} messages, {} inputs",
            limits::CONTENT_BYTES >> 20,
            limits::MESSAGES,
            limits::INPUTS
        ),
        format!(
            "a dataset: {} cases, {} MiB",
            limits::CASES,
            limits::DATASET_BYTES >> 20
        ),
        format!(
            "a name: {} characters; a message or reason: {} KiB",
            limits::NAME_CHARS,
            limits::TEXT_BYTES >> 10
        ),
        format!(
            "a release: {} changes, {} sides of a split",
            limits::CHANGES,
            limits::SIDES
        ),
        format!("a rendered text: {} MiB", limits::RENDERED_BYTES >> 20),
    ]
}
