//! `GET /v1/me`: who the bearer is, and what they may reach.

use crate::people::{Access, Principal};
use axum::{Extension, Json};
use protocol::ledger::Me;

/// Who calls.
pub async fn me(Extension(access): Extension<Access>) -> Json<Me> {
    Json(match &access.principal {
        Principal::Person {
            project,
            person,
            role,
            ..
        } => {
            let state = project.state();
            Me::Person {
                project: project.id,
                project_name: state.name().to_owned(),
                person: *person,
                name: state
                    .person(*person)
                    .map(|p| p.name.clone())
                    .unwrap_or_default(),
                role: *role,
                head: crate::projects::head_of(&state),
            }
        }
        Principal::Invitation {
            project,
            invitation,
            ..
        } => {
            let state = project.state();
            let found = state.invitation(*invitation);
            Me::Invitation {
                project: project.id,
                project_name: state.name().to_owned(),
                role: found.map_or(domain::permissions::Role::Author, |i| i.role),
                name: found.map(|i| i.name.clone()).unwrap_or_default(),
                head: crate::projects::head_of(&state),
            }
        }
        Principal::Founding { .. } => Me::Founding,
        Principal::Environment {
            project,
            environment,
            ..
        } => Me::Environment {
            project: project.id,
            environment: project.glance(|state| {
                state
                    .environment(*environment)
                    .map(|e| e.name.clone())
                    .unwrap_or_default()
            }),
        },
    })
}
