//! Beginning: founding a project on a registry, and joining one by invitation.
//!
//! Both draw nothing and keep no secret: ids and secrets are passed in, so that whoever calls has
//! them in the keychain before anything is sent. What is sent waits in the outbox first, so that
//! the same call again, after a lost answer or a crash, sends the same bytes and is once. Whether
//! the first was taken is asked with the token that it would have issued: that works when the
//! invitation was used up.

use crate::client::{Bearer, Client, ClientError};
use crate::link::Link;
use crate::progress::Task;
use crate::pull::pull;
use crate::push::Signer;
use crate::{SyncError, clock};
use domain::ledger::{Body, Command, KeyHash, NewEnvironment, PublicKey, SignedCommand};
use domain::{CommandId, EnvironmentId, KeyId, Millis, PersonId, ProjectId, Refusal, RefusalCode};
use protocol::ErrorCode;
use protocol::commands::{CommandResult, CommandsResponse};
use protocol::ledger::Me;
use protocol::token::{Invitation, Token};
use store::{
    Answer, Begun, KnownProject, NewCommand, OutboxState, Place, QueueRequest, Store, StoreError,
};

/// Who founds which project.
#[derive(Clone, Debug)]
pub struct Founding {
    /// The project's id, which is that of the command that founds it.
    pub project: ProjectId,
    /// What it is called.
    pub name: String,
    /// What the founder is called.
    pub person: String,
    /// The public half of this computer's key.
    pub device: PublicKey,
    /// What this computer is called.
    pub device_name: String,
    /// The environments, in order.
    pub environments: Vec<NewEnvironment>,
    /// Which of them is the default.
    pub default: EnvironmentId,
    /// The founder's personal token; its id is that of the command that issues it.
    pub token: Token,
    /// The public half of the invitation that it is founded with.
    pub invitation: KeyId,
    /// Where the project will live.
    pub place: Place,
    /// When, by this computer's clock.
    pub at: Millis,
}

/// Who joins.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// What they are called.
    pub name: String,
    /// The public half of this computer's new key.
    pub device: PublicKey,
    /// What this computer is called.
    pub device_name: String,
    /// Their personal token; its id will be that of the command that joins.
    pub token: Token,
}

/// Founds a project on the registry of `founder`, a client with a founding token. Afterwards the
/// project is in the store and in step.
///
/// Until the registry was asked whether it takes the invitation, nothing is kept. From then on the
/// project is in the store as begun: after a lost answer the same call finishes it.
///
/// # Errors
/// See [`SyncError`]; [`SyncError::Refused`] says what the registry has against it.
pub async fn found(
    store: &Store,
    founder: &Client,
    founding: &Founding,
    signer: &Signer,
    task: &Task,
) -> Result<(), SyncError> {
    let link = Link::new(store.clone(), founder.clone(), founding.project);
    let owner = Link::new(
        store.clone(),
        founder.bearing(Bearer::new(founding.token.reveal())),
        founding.project,
    );
    let again = known(&link).await?.is_some();
    if again && finish_at(&owner, founding.device, task).await? {
        return Ok(());
    }
    if !again {
        may_found(&link, task).await?;
    }
    let (wanted, signer) = (founding.clone(), signer.clone());
    let commands = link
        .blocking(move |link| queue_founding(link, &wanted, &signer))
        .await?;
    let sent = task
        .or_cancelled(founder.commands(founding.project, &commands))
        .await;
    match sent {
        Ok(answer) => {
            if let Some((id, refusal)) = refused(answer) {
                return Err(give_up(&link, id, refusal).await?);
            }
        }
        Err(error) => {
            // Used, but for another project: then ours was never made. What was sent for the first
            // time and refused as a whole was not made, either.
            if error.refused_with(ErrorCode::Forbidden) || (!again && error.is_refusal()) {
                forget(&link).await?;
            }
            return Err(error);
        }
    }
    pull(&owner, task).await?;
    settle_in(&owner, PersonId(founding.project.0), founding.device).await
}

/// Asks whether the invitation still makes a project.
async fn may_found(link: &Link, task: &Task) -> Result<(), SyncError> {
    match task.or_cancelled(link.client.me()).await {
        Ok(Me::Founding) => Ok(()),
        Ok(_) => Err(SyncError::WrongProject(
            "the registry takes this invitation for something else than a new project; ask for a new one",
        )),
        Err(error) if error.refused_with(ErrorCode::Forbidden) => Err(Refusal::new(
            RefusalCode::NotAllowed,
            "this invitation was used already; ask whoever runs the registry for a new one",
        )
        .into()),
        Err(error) if error.refused_with(ErrorCode::Unauthorized) => Err(unknown_invitation(link)),
        Err(error) => Err(error),
    }
}

fn unknown_invitation(link: &Link) -> SyncError {
    Refusal::new(
        RefusalCode::NotAllowed,
        format!(
            "the registry at {} does not know this invitation, or it has ended; check that all of it \
             was copied and that this is the registry that it is for, or ask for a new one",
            link.client.address()
        ),
    )
    .into()
}

/// Finishes a founding or a joining whose answer never came. `member` is a client with the token
/// that was to be issued, `device` this computer's key. `false` if the registry does not know that
/// token: it never took the project, or the person, in.
///
/// # Errors
/// See [`SyncError`].
pub async fn finish(
    store: &Store,
    member: &Client,
    project: ProjectId,
    device: PublicKey,
    task: &Task,
) -> Result<bool, SyncError> {
    let link = Link::new(store.clone(), member.clone(), project);
    finish_at(&link, device, task).await
}

pub(crate) async fn finish_at(
    member: &Link,
    device: PublicKey,
    task: &Task,
) -> Result<bool, SyncError> {
    let person = match task.or_cancelled(member.client.me()).await {
        Ok(Me::Person {
            project, person, ..
        }) if project == member.project => person,
        Ok(_) => {
            return Err(SyncError::WrongProject(
                "the registry shows something else under this computer's key than the project that was begun",
            ));
        }
        Err(error) if error.refused_with(ErrorCode::Unauthorized) => return Ok(false),
        Err(error) => return Err(error),
    };
    pull(member, task).await?;
    settle_in(member, person, device).await?;
    Ok(true)
}

/// Whether the registry answers that it does not know the token of `member`.
pub async fn is_locked_out(member: &Client) -> bool {
    let answer = member.me().await;
    answer.is_err_and(|error| error.code() == Some(ErrorCode::Unauthorized))
}

pub(crate) async fn known(link: &Link) -> Result<Option<KnownProject>, SyncError> {
    link.blocking(|link| {
        let projects = link.store.projects()?;
        Ok(projects.into_iter().find(|known| known.id == link.project))
    })
    .await
}

fn refused(answer: CommandsResponse) -> Option<(CommandId, Refusal)> {
    answer
        .outcomes
        .into_iter()
        .find_map(|outcome| match outcome.result {
            CommandResult::Refused { refusal } => Some((outcome.id, refusal)),
            CommandResult::Accepted { .. } => None,
        })
}

fn queue_founding(
    link: &Link,
    founding: &Founding,
    signer: &Signer,
) -> Result<Vec<SignedCommand>, SyncError> {
    let mut known = KnownProject::new(
        founding.project,
        founding.name.clone(),
        founding.place.clone(),
    );
    known.device = Some(founding.device);
    known.sync.begun = Some(Begun::Founding {
        invitation: founding.invitation,
    });
    match link.store.add_project(&known) {
        Ok(()) => {}
        // Begun before: what waits is sent again. Nothing waits if it was broken off before that.
        Err(StoreError::Moved { .. }) => {
            let waiting = link.store.to_send(link.project, 2)?;
            if !waiting.is_empty() {
                return Ok(waiting);
            }
        }
        Err(error) => return Err(error.into()),
    }
    let command = |id, body| Command {
        id,
        project: founding.project,
        device: founding.device,
        seen: domain::ledger::Seen::default(),
        at: founding.at,
        body,
    };
    let found = command(
        CommandId(founding.project.0),
        Body::CreateProject {
            name: founding.name.clone(),
            person: founding.person.clone(),
            device_name: founding.device_name.clone(),
            environments: founding.environments.clone(),
            default: founding.default,
        },
    );
    let issue = command(
        CommandId(founding.token.id.0),
        Body::IssueToken {
            name: founding.device_name.clone(),
            hash: founding.token.hash(),
            expires: None,
        },
    );
    let mut commands = Vec::with_capacity(2);
    for command in [found, issue] {
        commands.push(signer(&command).ok_or(SyncError::NoSigner)?);
    }
    queue(link, &commands)?;
    Ok(commands)
}

/// Joins the project of an invitation. Afterwards the project is in the store and in step with
/// what the newcomer may read; `stranger` is a client of the registry with whatever key.
///
/// Once the joining was sent the project is in the store as begun: after a lost answer the same
/// call finishes it. One that ends before leaves nothing behind.
///
/// # Errors
/// See [`SyncError`]. [`SyncError::WrongProject`] if the registry shows another project than the
/// invitation names.
pub async fn join(
    store: &Store,
    stranger: &Client,
    invitation: &Invitation,
    newcomer: &Newcomer,
    task: &Task,
) -> Result<PersonId, SyncError> {
    let project = invitation.project;
    let person = PersonId(newcomer.token.id.0);
    let invited = Link::new(
        store.clone(),
        stranger.bearing(Bearer::new(invitation.bearer())),
        project,
    );
    let member = Link::new(
        store.clone(),
        stranger.bearing(Bearer::new(newcomer.token.reveal())),
        project,
    );
    let before = known(&invited).await?.and_then(|known| known.sync.begun);
    if before.is_some() && finish_at(&member, newcomer.device, task).await? {
        return Ok(person);
    }
    let with = Begun::Joining {
        invitation: invitation.key().public(),
    };
    if before.is_some_and(|before| before != with) {
        // It was begun with another invitation, and the registry did not take it.
        forget(&invited).await?;
    }
    let signed = match waiting(&invited).await? {
        Some(signed) => signed,
        None => match prepare(&invited, invitation, newcomer, task).await {
            Ok(signed) => signed,
            Err(error) => {
                forget(&invited).await?;
                return Err(error);
            }
        },
    };
    let sent = invited
        .client
        .commands(project, std::slice::from_ref(&signed));
    let answer = match task.or_cancelled(sent).await {
        Ok(answer) => answer,
        Err(error) => {
            if before != Some(with) && error.is_refusal() {
                forget(&invited).await?;
            }
            return Err(if error.refused_with(ErrorCode::Unauthorized) {
                unknown_invitation(&invited)
            } else {
                error
            });
        }
    };
    if let Some((id, refusal)) = refused(answer) {
        return Err(give_up(&invited, id, refusal).await?);
    }
    pull(&member, task).await?;
    settle_in(&member, person, newcomer.device).await?;
    Ok(person)
}

/// Everything before the joining is sent: reading the ledger, and writing the command down.
async fn prepare(
    invited: &Link,
    invitation: &Invitation,
    newcomer: &Newcomer,
    task: &Task,
) -> Result<SignedCommand, SyncError> {
    let name = look(invited, invitation, task).await?;
    read_along(invited, invitation, &name, task).await?;
    let (invitation, newcomer) = (invitation.clone(), newcomer.clone());
    invited
        .blocking(move |link| queue_join(link, &invitation, &newcomer))
        .await
}

/// Asks where the invitation leads.
async fn look(invited: &Link, invitation: &Invitation, task: &Task) -> Result<String, SyncError> {
    match task.or_cancelled(invited.client.me()).await {
        Ok(Me::Invitation {
            project,
            project_name,
            ..
        }) if project == invitation.project => Ok(project_name),
        Ok(_) => Err(SyncError::WrongProject(
            "the registry leads somewhere else than the invitation says; ask for a new invitation",
        )),
        Err(error) if error.refused_with(ErrorCode::Forbidden) => Err(Refusal::new(
            RefusalCode::NotAllowed,
            "this invitation was used already; ask an admin for a new one",
        )
        .into()),
        Err(error) if error.refused_with(ErrorCode::Unauthorized) => {
            Err(unknown_invitation(invited))
        }
        Err(error) => Err(error),
    }
}

/// The joining that was begun before.
async fn waiting(link: &Link) -> Result<Option<SignedCommand>, SyncError> {
    link.blocking(|link| {
        let known = link
            .store
            .projects()?
            .into_iter()
            .any(|p| p.id == link.project);
        if !known {
            return Ok(None);
        }
        let outbox = link.store.outbox(link.project)?;
        Ok(outbox
            .into_iter()
            .filter(|queued| queued.state == OutboxState::Waiting)
            .find(|queued| matches!(queued.command.body, Body::Join { .. }))
            .and_then(|queued| queued.signed))
    })
    .await
}

/// Reads the ledger with the invitation, and insists that it is the one that the invitation names.
async fn read_along(
    invited: &Link,
    invitation: &Invitation,
    name: &str,
    task: &Task,
) -> Result<(), SyncError> {
    let wrong = SyncError::WrongProject(
        "the registry shows another project than the one that the invitation names; do not join, and tell whoever invited you",
    );
    let (_, first) = invited.client.entry_digest(invitation.project, 1).await?;
    if first != Some(invitation.first) {
        return Err(wrong);
    }
    let place = Place::Registry {
        address: invited.client.address().to_string(),
    };
    let mut known = KnownProject::new(invitation.project, name, place);
    known.sync.begun = Some(Begun::Joining {
        invitation: invitation.key().public(),
    });
    invited
        .blocking(move |link| match link.store.add_project(&known) {
            Ok(()) | Err(StoreError::Moved { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        })
        .await?;
    pull(invited, task).await?;
    // What was kept is what counts, whatever was shown before.
    let first = invited
        .blocking(|link| Ok(link.store.entry_digest(link.project, 1)?))
        .await?;
    if first == Some(invitation.first) {
        Ok(())
    } else {
        Err(wrong)
    }
}

fn queue_join(
    link: &Link,
    invitation: &Invitation,
    newcomer: &Newcomer,
) -> Result<SignedCommand, SyncError> {
    let state = link.store.project(link.project)?;
    let key = invitation.key();
    let found = state
        .invitations()
        .find(|found| found.key == key.public())
        .ok_or_else(|| Refusal::not_found("the invitation"))?;
    let token: KeyHash = newcomer.token.hash();
    let command = Command {
        id: CommandId(newcomer.token.id.0),
        project: link.project,
        device: key.public(),
        seen: state.seen(),
        at: clock::now(),
        body: Body::Join {
            invitation: found.id,
            name: newcomer.name.clone(),
            device: newcomer.device,
            device_name: newcomer.device_name.clone(),
            token,
        },
    };
    let signed = SignedCommand::sign(command, &key)?;
    queue(link, std::slice::from_ref(&signed))?;
    Ok(signed)
}

fn queue(link: &Link, commands: &[SignedCommand]) -> Result<(), SyncError> {
    let request = QueueRequest {
        commands: commands.iter().cloned().map(NewCommand::Signed).collect(),
        ..QueueRequest::default()
    };
    link.store.queue(link.project, &request, clock::now())?;
    Ok(())
}

/// What was refused is no project of ours. A project that was here before stays as it was.
async fn give_up(
    link: &Link,
    command: CommandId,
    refusal: Refusal,
) -> Result<SyncError, SyncError> {
    let answer = [(command, Answer::Refused(refusal.clone()))];
    link.blocking(move |link| {
        link.store.answered(link.project, &answer, clock::now())?;
        Ok(())
    })
    .await?;
    forget(link).await?;
    Ok(SyncError::Refused(refusal))
}

/// Leaves nothing of what was begun. A project whose person is known here stays, as it was.
async fn forget(link: &Link) -> Result<(), SyncError> {
    let person = known(link).await?.map(|known| known.person);
    link.blocking(move |link| {
        match person {
            None => {}
            Some(None) => link.store.forget_project(link.project)?,
            Some(Some(_)) => {
                link.store
                    .update_sync(link.project, |note| note.begun = None)?;
            }
        }
        Ok(())
    })
    .await
}

async fn settle_in(link: &Link, person: PersonId, device: PublicKey) -> Result<(), SyncError> {
    link.blocking(move |link| {
        let state = link.store.project(link.project)?;
        if state.person(person).is_none() {
            return Err(ClientError::Broken(
                "it says that you are a member, and its ledger does not show it".to_owned(),
            )
            .into());
        }
        link.store.update_project(link.project, |known| {
            state.name().clone_into(&mut known.name);
            known.person = Some(person);
            known.device = Some(device);
            known.sync.begun = None;
        })?;
        Ok(())
    })
    .await
}
