//! Service accounts: programs that act for the project, with rights that an admin chose.

use crate::reading::Reading;
use crate::secrets::{Secret, Secrets, random_32};
use crate::views::{ProjectCard, ServiceRow};
use crate::{Error, Workbench, device_key_name, token_name, words};
use domain::ledger::Body;
use domain::permissions::Rights;
use domain::{KeyId, PersonId, ProjectId};
use protocol::membership::{Membership, MembershipKind};
use sync::{Address, Bearer, Client, SyncError, Task};

/// The setting that marks the folder of a service account.
const MARK: &str = "a service account works here";

/// A service account that was just made, with its secret. Whoever holds it copies it once and
/// drops it.
#[derive(Debug)]
pub struct NewService {
    /// Which.
    pub id: PersonId,
    /// The secret for the pipeline.
    pub secret: Secret,
    /// While the registry does not have it: that it opens nothing yet.
    pub not_yet: Option<String>,
}

impl Workbench {
    /// Makes a service account. Nobody named: the person here answers for it.
    ///
    /// # Errors
    /// Only an admin may; it may do nothing; a name can't be one; there is no keychain to sign with.
    pub async fn create_service(
        &self,
        project: ProjectId,
        name: String,
        owner: Option<PersonId>,
        rights: Rights,
    ) -> Result<NewService, Error> {
        let mut act = self.act(project)?;
        let first = self.store().entry_digest(project, 1)?.ok_or_else(|| {
            Error::not_found(
                "the project's first entry is not on this computer yet; sync and try again",
            )
        })?;
        let owner = owner
            .or(act.reading.person_here)
            .ok_or_else(|| Error::invalid("say who answers for the service account"))?;
        let id = act.next_id()?;
        let secret = Membership::new(
            MembershipKind::Service,
            project,
            KeyId::from(id),
            first,
            random_32()?,
        );
        act.command_with(
            id,
            Body::CreateService {
                name: domain::names::tidy(&name),
                owner,
                rights,
                device: secret.device().public(),
                token: secret.bearer().hash(),
            },
        )?;
        let accepted = act.send().await?;
        Ok(NewService {
            id: PersonId::from(id),
            secret: Secret::new(secret.reveal()),
            not_yet: self.not_yet(project, accepted),
        })
    }

    /// Changes what a service account may do.
    ///
    /// # Errors
    /// Only an admin may; there is no such service account.
    pub async fn set_service_rights(
        &self,
        project: ProjectId,
        service: PersonId,
        rights: Rights,
    ) -> Result<(), Error> {
        let reading = self.reading(project)?;
        let found = reading.ahead.person(service);
        let replaces = found
            .and_then(|person| person.service.as_ref())
            .map(|service| service.rights.clone())
            .ok_or_else(|| Error::not_found("there is no such service account"))?;
        let body = Body::SetRights {
            service,
            rights,
            replaces,
        };
        self.one(project, body).await
    }

    /// Acts as a service account from now on: its project is brought here, and its secret is kept
    /// in memory alone. Again is the same, and fetches what is new.
    ///
    /// # Errors
    /// The text is no such secret, the registry can't be reached or does not know it, or this
    /// workbench has a keychain: a service account works in a folder and a memory of its own.
    pub async fn enter_as_service(
        &self,
        address: &str,
        secret: &Secret,
    ) -> Result<ProjectCard, Error> {
        let secret = Membership::read(MembershipKind::Service, secret.reveal()).ok_or_else(|| {
            Error::invalid(
                "this is not a service account's secret; it begins with gal_svc_ and is made with galley service new",
            )
        })?;
        if !self.secrets().is_memory() {
            return Err(Error::invalid(
                "a service account acts where no person's keys are: in a folder of its own",
            ));
        }
        let address = Address::read(address).map_err(|error| Error::invalid(error.to_string()))?;
        self.hold(&secret)?;
        let bearer = Bearer::new(secret.bearer().reveal());
        let client = Client::with_bearer(address, bearer, &self.client_options())
            .map_err(SyncError::from)?;
        sync::enter(self.store(), &client, &secret, &Task::unwatched()).await?;
        self.store().set_setting(MARK, &true)?;
        let now = self.now();
        self.store()
            .update_project(secret.project, |known| known.opened = Some(now))?;
        self.card(secret.project)
    }

    /// Whether a service account works in this folder: nobody else acts in it.
    ///
    /// # Errors
    /// The folder's file can't be read.
    pub fn belongs_to_a_service(&self) -> Result<bool, Error> {
        Ok(self.store().setting(MARK)?.unwrap_or(false))
    }

    fn hold(&self, secret: &Membership) -> Result<(), Error> {
        let secrets: &Secrets = self.secrets();
        let seed = Secret::new(hex::encode(*secret.device_seed()));
        secrets.keep(&device_key_name(secret.project), &seed)?;
        secrets.keep(
            &token_name(secret.project),
            &Secret::new(secret.bearer().reveal()),
        )?;
        Ok(())
    }
}

impl Reading {
    /// The service accounts as screens show them, those that are gone last.
    pub(crate) fn service_rows(&self) -> Vec<ServiceRow> {
        let mut rows: Vec<_> = self
            .ahead
            .people()
            .filter_map(|person| {
                let service = person.service.as_ref()?;
                Some(ServiceRow {
                    id: person.id,
                    name: person.name.clone(),
                    owner: self.person(service.owner),
                    owner_left: self
                        .ahead
                        .person(service.owner)
                        .is_none_or(|owner| owner.removed.is_some()),
                    by: self.person(service.by),
                    since: person.since,
                    rights: service.rights.clone(),
                    words: self.rights_words(&service.rights),
                    removed: person.removed.is_some(),
                    unsent: self.accepted.person(person.id).is_none(),
                })
            })
            .collect();
        rows.sort_by_key(|row| (row.removed, std::cmp::Reverse(row.since)));
        rows
    }

    fn rights_words(&self, rights: &Rights) -> String {
        let mut may: Vec<String> = [
            (rights.save, "save versions and datasets"),
            (rights.run, "record runs"),
            (rights.ask, "ask for reviews"),
        ]
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, words)| words.to_owned())
        .collect();
        if !rights.release.is_empty() {
            let places: Vec<_> = rights
                .release
                .iter()
                .map(|environment| words::environment(&self.ahead, *environment))
                .collect();
            may.push(format!("release in {}", words::list(&places)));
        }
        format!("may {}", words::list(&may))
    }
}
