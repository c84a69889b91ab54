//! People and invitations.

use super::At;
use super::look::settled;
use crate::arguments::{People, Role};
use crate::say::{answer, table};
use crate::{Failure, find, say};
use domain::names::folded;
use std::process::ExitCode;
use workbench::views::{PersonRole, PersonRow};

pub async fn people(at: &At<'_>, people: &People) -> Result<ExitCode, Failure> {
    match people {
        People::List => {}
        People::Invite { name, role } => {
            let role = role_of(*role);
            let made = at.bench.invite(at.project, role, name.clone()).await?;
            say::hint(&format!(
                "{name} will be {} in this project. Hand this over on a way you trust; it works once, for 14 days.",
                match role {
                    PersonRole::Author | PersonRole::Admin => format!("an {}", say::role(role)),
                    _ => format!("a {}", say::role(role)),
                }
            ));
            if let Some(words) = &made.not_yet {
                say::hint(words);
            }
            if at.arguments.json {
                let json = serde_json::json!({
                    "id": made.id, "role": role, "invitation": made.secret.reveal(),
                });
                say::line(&json.to_string());
            } else {
                say::line(made.secret.reveal());
            }
            return Ok(ExitCode::SUCCESS);
        }
        People::AddComputer => {
            let made = at.bench.add_computer(at.project).await?;
            say::hint(
                "On the other computer: galley login computer ADDRESS, or Join a team in the window. It works once, for a day; until then it is you, so hand it to nobody.",
            );
            if let Some(words) = &made.not_yet {
                say::hint(words);
            }
            if at.arguments.json {
                let json = serde_json::json!({ "link": made.secret.reveal() });
                say::line(&json.to_string());
            } else {
                say::line(made.secret.reveal());
            }
            return Ok(ExitCode::SUCCESS);
        }
        People::Role { name, role } => {
            let person = named(at, name).await?;
            at.bench
                .set_role(at.project, person.id, role_of(*role))
                .await?;
        }
        People::Remove { name } => {
            let person = named(at, name).await?;
            at.bench.remove_person(at.project, person.id).await?;
        }
        People::RevokeDevice { name, device } => {
            let person = named(at, name).await?;
            let open: Vec<_> = person
                .devices
                .iter()
                .filter(|row| !row.revoked)
                .filter(|row| folded(&row.name) == folded(device) || row.id == *device)
                .collect();
            let [one] = open.as_slice() else {
                return Err(Failure::other(match open.len() {
                    0 => format!("{name} has no open device {device}"),
                    _ => format!(
                        "{name} has several devices called {device}; say the id: galley people list --json"
                    ),
                }));
            };
            at.bench.revoke_device(at.project, one.id.clone()).await?;
            say::hint(
                "Nothing signed with it counts from now on. If it is lost, end the tokens on it too, or it can still \
                 read: galley key list, and galley key revoke ID",
            );
        }
    }
    if !matches!(people, People::List) {
        settled(at).await?;
    }
    let settings = at.bench.settings(at.project).await?;
    answer(at.arguments, &settings.people, || {
        let rows: Vec<Vec<String>> = settings
            .people
            .iter()
            .map(|row| {
                let devices: Vec<_> = row
                    .devices
                    .iter()
                    .filter(|device| !device.revoked)
                    .map(|device| device.name.clone())
                    .collect();
                let role = if row.removed {
                    "removed".to_owned()
                } else {
                    say::role(row.role).to_owned()
                };
                let twice = settings
                    .people
                    .iter()
                    .filter(|other| !other.removed && folded(&other.name) == folded(&row.name))
                    .count()
                    > 1;
                let name = match twice {
                    true => format!("{} ({})", row.name, row.id),
                    false => row.name.clone(),
                };
                vec![name, role, devices.join(", ")]
            })
            .collect();
        table(&["PERSON", "ROLE", "DEVICES"], &rows)
    });
    Ok(ExitCode::SUCCESS)
}

async fn named(at: &At<'_>, name: &str) -> Result<PersonRow, Failure> {
    let settings = at.bench.settings(at.project).await?;
    let people = settings.people.iter().filter(|row| !row.removed);
    find::only(
        "person",
        name,
        people,
        |row| &row.name,
        |row| row.id.to_string(),
    )
    .cloned()
}

fn role_of(role: Role) -> PersonRole {
    match role {
        Role::Viewer => PersonRole::Viewer,
        Role::Author => PersonRole::Author,
        Role::Reviewer => PersonRole::Reviewer,
        Role::Admin => PersonRole::Admin,
    }
}
