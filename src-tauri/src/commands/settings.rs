//! People, environments, keys and providers. Secrets made here go to the clipboard; none comes back.

use super::passed_on;
use crate::clipboard::Clipboard;
use crate::desk::Desk;
use crate::error::IpcError;
use domain::permissions::Rights;
use domain::{EnvironmentId, InvitationId, KeyId, PersonId, ProjectId};
use tauri::State;
use workbench::views::{
    CacheView, Consequences, Invited, KeyMade, KeyUsesView, PersonRole, Price, ProviderCard,
    ProviderSettings, ServiceMade, Settings,
};

passed_on! {
    /// The Settings screen.
    settings(project: ProjectId) -> Settings;
    /// Adds an environment.
    add_environment(project: ProjectId, name: String, after: Option<EnvironmentId>) -> ();
    /// What follows from another name.
    plan_rename_environment(project: ProjectId, environment: EnvironmentId, name: String) -> Consequences;
    /// Gives an environment another name.
    rename_environment(project: ProjectId, environment: EnvironmentId, name: String) -> ();
    /// Puts the environments in another order.
    reorder_environments(project: ProjectId, environments: Vec<EnvironmentId>) -> ();
    /// What follows from retiring an environment.
    plan_retire_environment(project: ProjectId, environment: EnvironmentId) -> Consequences;
    /// Retires an environment.
    retire_environment(project: ProjectId, environment: EnvironmentId) -> ();
    /// What follows from another default.
    plan_default_environment(project: ProjectId, environment: EnvironmentId) -> Consequences;
    /// Makes an environment the one that is meant when none is named.
    set_default_environment(project: ProjectId, environment: EnvironmentId) -> ();
    /// What keys were used for.
    key_uses(project: ProjectId) -> KeyUsesView;
    /// Ends a key or token.
    revoke_key(project: ProjectId, key: KeyId) -> ();
    /// Takes an invitation back.
    withdraw_invitation(project: ProjectId, invitation: InvitationId) -> ();
    /// Changes what a person may do.
    set_role(project: ProjectId, person: PersonId, role: PersonRole) -> ();
    /// Removes a person.
    remove_person(project: ProjectId, person: PersonId) -> ();
    /// Changes what a service account may do.
    set_service_rights(project: ProjectId, service: PersonId, rights: Rights) -> ();
    /// Ends a device's right to sign.
    revoke_device(project: ProjectId, device: String) -> ();
    /// Keeps how a provider is reached from this machine.
    save_provider(provider: ProviderSettings) -> ProviderCard;
    /// Forgets a provider and its key.
    remove_provider(name: String) -> ();
    /// Asks a provider for a word, to see whether it answers.
    test_provider(name: String) -> String;
    /// What models cost, as a person wrote it down.
    prices() -> Vec<Price>;
    /// Writes a price down.
    set_price(price: Price) -> Vec<Price>;
    /// Strikes a price out.
    remove_price(provider: String, model: String) -> Vec<Price>;
    /// The answers that are kept.
    cache() -> CacheView;
    /// Sets how many answers are kept.
    limit_cache(mebibytes: Option<u32>, days: Option<u32>) -> CacheView;
    /// Sends the kept answers away.
    clear_cache() -> CacheView;
}

/// Makes an environment key and copies it.
///
/// # Errors
/// What the workbench refuses or fails at; or the clipboard can't be used, and then the words say
/// what to do about the key that nobody has seen.
#[tauri::command]
#[specta::specta]
pub async fn create_key(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    project: ProjectId,
    environment: EnvironmentId,
    name: String,
    expires_days: Option<u32>,
) -> Result<KeyMade, IpcError> {
    let key = desk
        .workbench()?
        .create_key(project, environment, name, expires_days)
        .await?;
    clipboard.copy(&key.secret)?;
    let words =
        "The key is on the clipboard. It is shown nowhere else: paste it now where it is needed.";
    Ok(KeyMade {
        id: key.id,
        words: with(words, key.not_yet),
    })
}

/// Makes an environment key in place of another and copies it.
///
/// # Errors
/// As for [`create_key`].
#[tauri::command]
#[specta::specta]
pub async fn rotate_key(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    project: ProjectId,
    key: KeyId,
    overlap_days: u32,
    expires_days: Option<u32>,
) -> Result<KeyMade, IpcError> {
    let key = desk
        .workbench()?
        .rotate_key(project, key, overlap_days, expires_days)
        .await?;
    clipboard.copy(&key.secret)?;
    let words = "The new key is on the clipboard. It is shown nowhere else: paste it now where the old one is used.";
    Ok(KeyMade {
        id: key.id,
        words: with(words, key.not_yet),
    })
}

fn with(words: &str, not_yet: Option<String>) -> String {
    let lines: Vec<_> = std::iter::once(words.to_owned()).chain(not_yet).collect();
    lines.join(" ")
}

/// Invites a person and copies the invitation.
///
/// # Errors
/// As for [`create_key`].
#[tauri::command]
#[specta::specta]
pub async fn invite(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    project: ProjectId,
    role: PersonRole,
    name: String,
) -> Result<Invited, IpcError> {
    let invitation = desk.workbench()?.invite(project, role, name).await?;
    clipboard.copy(&invitation.secret)?;
    let words = "The invitation is on the clipboard. Send it to them with the registry's address: \
                 they choose Join a team and paste it. It works once.";
    Ok(Invited {
        id: invitation.id,
        words: with(words, invitation.not_yet),
    })
}

/// Makes a link for a further computer of the person here and copies it.
///
/// # Errors
/// As for [`create_key`].
#[tauri::command]
#[specta::specta]
pub async fn add_computer(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    project: ProjectId,
) -> Result<String, IpcError> {
    let link = desk.workbench()?.add_computer(project).await?;
    clipboard.copy(&link.secret)?;
    let words = "The link is on the clipboard. On your other computer choose Join a team and paste it. It works \
                 once, for a day; until then whoever has it is you, so hand it to nobody.";
    Ok(with(words, link.not_yet))
}

/// Makes a service account and copies its secret.
///
/// # Errors
/// As for [`create_key`].
#[tauri::command]
#[specta::specta]
pub async fn create_service(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    project: ProjectId,
    name: String,
    owner: Option<PersonId>,
    rights: Rights,
) -> Result<ServiceMade, IpcError> {
    let service = desk
        .workbench()?
        .create_service(project, name, owner, rights)
        .await?;
    clipboard.copy(&service.secret)?;
    let words = "Its secret is on the clipboard. It is shown nowhere else: paste it now where your pipeline \
                 keeps its secrets, as GALLEY_SECRET.";
    Ok(ServiceMade {
        id: service.id,
        words: with(words, service.not_yet),
    })
}

/// Takes a provider's key from the clipboard to the keychain, past the web view, and empties the
/// clipboard. The answer says where the key is now.
///
/// # Errors
/// What the workbench refuses or fails at, in words, or there is no text on the clipboard.
#[tauri::command]
#[specta::specta]
pub async fn paste_provider_key(
    desk: State<'_, Desk>,
    clipboard: State<'_, Clipboard>,
    name: String,
) -> Result<String, IpcError> {
    let key = clipboard.paste()?;
    let kept = format!("The key of {name} is in this computer's keychain.");
    desk.workbench()?
        .set_provider_key(name, key.clone())
        .await?;
    Ok(if clipboard.forget(&key) {
        format!("{kept} The clipboard was emptied.")
    } else {
        format!("{kept} The clipboard still holds it: copy something else over it.")
    })
}
