//! A further computer of the same person.
//!
//! The computer that one works on makes a link: a device key and a token, both in the ledger. The
//! new computer enters with it, puts keys of its own in their place and ends those of the link, so
//! that the link opens nothing once it was used.

use crate::secrets::{Secret, random_32};
use crate::views::ProjectCard;
use crate::{Error, Workbench};
use domain::ledger::{Body, DeviceKey};
use domain::{KeyId, ProjectId};
use protocol::membership::{Membership, MembershipKind};
use protocol::token::{Kind, Token};
use store::{Begun, Place};
use sync::{Address, Bearer, Client, SyncError, Task};

/// How long a link can be used, in milliseconds: it is made when the other computer is at hand.
const LINK_LASTS: i64 = 24 * 60 * 60 * 1000;
/// What a link is called where devices and tokens are listed.
const LINK_NAME: &str = "Link for a further computer";

/// A link for a further computer. Whoever holds it copies it once and drops it.
#[derive(Debug)]
pub struct NewComputer {
    /// The secret to paste there.
    pub secret: Secret,
    /// While the registry does not have it: that it opens nothing yet.
    pub not_yet: Option<String>,
}

impl Workbench {
    /// Makes a link with which the person here begins on a further computer of theirs.
    ///
    /// # Errors
    /// The project is on this computer alone, or there is no keychain to sign with.
    pub async fn add_computer(&self, project: ProjectId) -> Result<NewComputer, Error> {
        if self.store().known_project(project)?.place == Place::ThisComputer {
            return Err(Error::invalid(
                "this project is on this computer alone; share it with a team's registry first, then other computers of yours can be added",
            ));
        }
        let mut act = self.act(project)?;
        let person = act
            .reading
            .person_here
            .ok_or_else(|| Error::not_found("nobody here is in this project"))?;
        let first = self.store().entry_digest(project, 1)?.ok_or_else(|| {
            Error::not_found(
                "the project's first entry is not on this computer yet; sync and try again",
            )
        })?;
        let id = act.next_id()?;
        let kind = MembershipKind::Device;
        let link = Membership::new(kind, project, KeyId::from(id), first, random_32()?);
        act.command(Body::EnrolDevice {
            person,
            device: link.device().public(),
            name: LINK_NAME.to_owned(),
        })?;
        act.command_with(
            id,
            Body::IssueToken {
                name: LINK_NAME.to_owned(),
                hash: link.bearer().hash(),
                expires: Some(self.now().plus(LINK_LASTS)),
            },
        )?;
        let accepted = act.send().await?;
        Ok(NewComputer {
            secret: Secret::new(link.reveal()),
            not_yet: self.not_yet(project, accepted),
        })
    }

    /// Begins on this computer with a link that was made on another. Again is the same, until this
    /// computer has keys of its own.
    ///
    /// # Errors
    /// The registry can't be reached or does not know the link; the project is here already.
    pub(crate) async fn enter_on_this_computer(
        &self,
        address: Address,
        link: &Membership,
    ) -> Result<ProjectCard, Error> {
        let project = link.project;
        let here = link.device().public();
        let begun = Begun::Joining { invitation: here };
        match self.store().known_project(project) {
            // Entered with this link before, and interrupted.
            Ok(known) if known.device == Some(here) || known.sync.begun == Some(begun) => {}
            // Its keys are in the keychain, and nowhere else.
            Ok(known) if known.sync.begun.is_some() => {
                return Err(Error::invalid(
                    "this project is being set up here with an invitation: finish that with the same invitation, or take the project off this computer first",
                ));
            }
            Ok(_) => return Err(Error::invalid("this project is on this computer already")),
            Err(_) => {}
        }
        let seed = Secret::new(hex::encode(*link.device_seed()));
        self.keep_keys(project, &seed, &link.bearer())?;
        let bearer = Bearer::new(link.bearer().reveal());
        let client = Client::with_bearer(address, bearer, &self.client_options())
            .map_err(SyncError::from)?;
        let entered = sync::enter(self.store(), &client, link, &Task::unwatched()).await;
        self.kept_or_dropped(project, entered.map(drop).map_err(Error::from))?;
        self.settle_in(project).await?;
        self.take_own_keys(project, link).await?;
        self.settle_in(project).await
    }

    // Keys that were made here take the place of the link's.
    async fn take_own_keys(&self, project: ProjectId, link: &Membership) -> Result<(), Error> {
        let mut act = self.act(project)?;
        let person = act
            .reading
            .person_here
            .ok_or_else(|| Error::not_found("nobody here is in this project"))?;
        let id = act.next_id()?;
        let seed = random_32()?;
        let own = DeviceKey::from_seed(&seed);
        let token = Token::new(Kind::Personal, KeyId::from(id), random_32()?);
        let name = crate::beginning::device_name();
        act.command(Body::EnrolDevice {
            person,
            device: own.public(),
            name: name.clone(),
        })?;
        act.command_with(
            id,
            Body::IssueToken {
                name,
                hash: token.hash(),
                expires: None,
            },
        )?;
        if !act.send().await? {
            return Err(Error::invalid(
                "the registry did not answer in time, so this computer has no keys of its own yet; paste the same link again",
            ));
        }
        self.end_session(project);
        self.keep_keys(project, &Secret::new(hex::encode(seed)), &token)?;
        self.store()
            .update_project(project, |known| known.device = Some(own.public()))?;
        // From now on the link opens nothing. If that can't be said now, it waits in the outbox.
        let mut act = self.act(project)?;
        act.command(Body::RevokeDevice {
            device: link.device().public(),
        })?;
        act.command(Body::RevokeKey { key: link.token })?;
        act.send().await?;
        Ok(())
    }
}
