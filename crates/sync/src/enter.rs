//! Entering a project that one is in already, on a machine that may be new: with a membership in
//! hand there is nothing to ask for and nothing to wait for.

use crate::SyncError;
use crate::client::{Bearer, Client};
use crate::join::{finish_at, known};
use crate::link::Link;
use crate::progress::Task;
use domain::{PersonId, Refusal, RefusalCode};
use protocol::membership::{Membership, MembershipKind};
use store::{Begun, KnownProject, Place, Store, StoreError};

/// Brings the project of a membership into the store, in step, with its holder as the one who
/// acts. Again is the same, and costs what changed since.
///
/// # Errors
/// See [`SyncError`]. [`SyncError::WrongProject`] if the registry shows another project than the
/// secret names, or the folder holds this project as somebody else's.
pub async fn enter(
    store: &Store,
    stranger: &Client,
    secret: &Membership,
    task: &Task,
) -> Result<PersonId, SyncError> {
    let client = stranger.bearing(Bearer::new(secret.bearer().reveal()));
    let link = Link::new(store.clone(), client, secret.project);
    let device = secret.device().public();
    let here = known(&link).await?;
    if here
        .as_ref()
        .is_some_and(|known| known.device.is_some_and(|kept| kept != device))
    {
        return Err(SyncError::WrongProject(match secret.kind {
            MembershipKind::Service => {
                "this folder holds the project for somebody else; give the service account a folder of its own"
            }
            MembershipKind::Device => "this project is on this computer already",
        }));
    }
    if here.is_none() {
        let (_, first) = task
            .or_cancelled(link.client.entry_digest(secret.project, 1))
            .await
            .map_err(|error| unknown(error, &link, secret.kind))?;
        if first != Some(secret.first) {
            return Err(SyncError::WrongProject(
                "the registry shows another project than the one that the secret was made in; do not use it, and tell an admin",
            ));
        }
        let place = Place::Registry {
            address: link.client.address().to_string(),
        };
        let mut known = KnownProject::new(secret.project, String::new(), place);
        known.sync.begun = Some(Begun::Joining { invitation: device });
        link.blocking(move |link| match link.store.add_project(&known) {
            Ok(()) | Err(StoreError::Moved { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        })
        .await?;
    }
    if !finish_at(&link, device, task).await? {
        return Err(refused(&link, secret.kind));
    }
    // What was kept is what counts, whatever was shown before.
    let (first, person) = link
        .blocking(|link| {
            let known = link.store.known_project(link.project)?;
            Ok((link.store.entry_digest(link.project, 1)?, known.person))
        })
        .await?;
    if first != Some(secret.first) {
        return Err(SyncError::WrongProject(
            "what is kept here of the project is not the one that the secret was made in",
        ));
    }
    person.ok_or_else(|| refused(&link, secret.kind))
}

fn unknown(error: SyncError, link: &Link, kind: MembershipKind) -> SyncError {
    if error.refused_with(protocol::ErrorCode::Unauthorized) {
        refused(link, kind)
    } else {
        error
    }
}

fn refused(link: &Link, kind: MembershipKind) -> SyncError {
    let what = match kind {
        MembershipKind::Service => {
            "this service account, or it was removed; an admin can make a new one"
        }
        MembershipKind::Device => {
            "this link, or it was used or has ended; make a new one on a computer that you work on"
        }
    };
    Refusal::new(
        RefusalCode::NotAllowed,
        format!(
            "the registry at {} does not know {what}",
            link.client.address()
        ),
    )
    .into()
}
