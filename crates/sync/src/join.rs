//! Beginning: founding a project on a registry, and joining one by invitation.
//!
//! Both draw nothing and keep no secret: ids and secrets are passed in, so that whoever calls has
//! them in the keychain before anything is sent. What is sent waits in the outbox first, so that
//! the same call again, after a lost answer or a crash, sends the same bytes and is once.

use crate::client::{Bearer, Client, ClientError};
use crate::link::Link;
use crate::progress::Task;
use crate::pull::pull;
use crate::push::Signer;
use crate::{SyncError, clock};
use domain::ledger::{Body, Command, KeyHash, NewEnvironment, PublicKey, SignedCommand};
use domain::{CommandId, EnvironmentId, Millis, PersonId, ProjectId, Refusal, RefusalCode};
use protocol::ErrorCode;
use protocol::commands::CommandResult;
use protocol::ledger::Me;
use protocol::token::{Invitation, Token};
use store::{
    Answer, KnownProject, NewCommand, OutboxState, Place, QueueRequest, Store, StoreError,
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
    let (wanted, signer) = (founding.clone(), signer.clone());
    let commands = link
        .blocking(move |link| queue_founding(link, &wanted, &signer))
        .await?;
    if !commands.is_empty() {
        let sent = task
            .or_cancelled(founder.commands(founding.project, &commands))
            .await;
        match sent {
            Ok(answer) => {
                let refused =
                    answer
                        .outcomes
                        .into_iter()
                        .find_map(|outcome| match outcome.result {
                            CommandResult::Refused { refusal } => Some((outcome.id, refusal)),
                            CommandResult::Accepted { .. } => None,
                        });
                if let Some((id, refusal)) = refused {
                    return Err(give_up(&link, id, refusal).await?);
                }
            }
            Err(error) => return Err(error),
        }
    }
    let owner = Link::new(
        store.clone(),
        founder.bearing(Bearer::new(founding.token.reveal())),
        founding.project,
    );
    pull(&owner, task).await?;
    let person = PersonId(founding.project.0);
    settle_in(&owner, &founding.name, person, founding.device).await
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
    match link.store.add_project(&known) {
        Ok(()) => {}
        // Begun before: what waits is sent again.
        Err(StoreError::Moved { .. }) => {
            return Ok(link.store.to_send(link.project, 2)?);
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
    let name = look(&invited, invitation).await?;
    let signed = match waiting(&invited).await? {
        Some(signed) => signed,
        None => {
            read_along(&invited, invitation, name.as_deref(), task).await?;
            let (invitation, newcomer) = (invitation.clone(), newcomer.clone());
            invited
                .blocking(move |link| queue_join(link, &invitation, &newcomer))
                .await?
        }
    };
    let sent = invited
        .client
        .commands(project, std::slice::from_ref(&signed));
    let answer = task.or_cancelled(sent).await?;
    let refused = answer
        .outcomes
        .into_iter()
        .find_map(|outcome| match outcome.result {
            CommandResult::Refused { refusal } => Some(refusal),
            CommandResult::Accepted { .. } => None,
        });
    if let Some(refusal) = refused {
        return Err(give_up(&invited, signed.id(), refusal).await?);
    }
    pull(&member, task).await?;
    let name = member
        .blocking(|link| Ok(link.store.project(link.project)?.name().to_owned()))
        .await?;
    settle_in(&member, &name, person, newcomer.device).await?;
    Ok(person)
}

/// Asks where the invitation leads. Nothing, if it was used: perhaps by us.
async fn look(invited: &Link, invitation: &Invitation) -> Result<Option<String>, SyncError> {
    match invited.client.me().await {
        Ok(Me::Invitation {
            project,
            project_name,
            ..
        }) if project == invitation.project => Ok(Some(project_name)),
        Ok(_) => Err(SyncError::WrongProject(
            "the registry leads somewhere else than the invitation says; ask for a new invitation",
        )),
        Err(error) if error.code() == Some(ErrorCode::Forbidden) => Ok(None),
        Err(error) => Err(error.into()),
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
    name: Option<&str>,
    task: &Task,
) -> Result<(), SyncError> {
    let Some(name) = name else {
        return Err(Refusal::new(
            RefusalCode::NotAllowed,
            "this invitation was used already; ask an admin for a new one",
        )
        .into());
    };
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
    let known = KnownProject::new(invitation.project, name, place);
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
        return Ok(());
    }
    forget(invited).await?;
    Err(wrong)
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
    let told = refusal.clone();
    link.blocking(move |link| {
        let known = link.store.known_project(link.project)?;
        if known.person.is_none() {
            link.store.forget_project(link.project)?;
        } else {
            let answer = [(command, Answer::Refused(told))];
            link.store.answered(link.project, &answer, clock::now())?;
        }
        Ok(())
    })
    .await?;
    Ok(SyncError::Refused(refusal))
}

async fn forget(link: &Link) -> Result<(), SyncError> {
    link.blocking(|link| Ok(link.store.forget_project(link.project)?))
        .await
}

async fn settle_in(
    link: &Link,
    name: &str,
    person: PersonId,
    device: PublicKey,
) -> Result<(), SyncError> {
    let name = name.to_owned();
    link.blocking(move |link| {
        let state = link.store.project(link.project)?;
        if state.person(person).is_none() {
            return Err(ClientError::Broken(
                "it says that you are a member, and its ledger does not show it".to_owned(),
            )
            .into());
        }
        link.store.update_project(link.project, |known| {
            known.name = name;
            known.person = Some(person);
            known.device = Some(device);
        })?;
        Ok(())
    })
    .await
}
