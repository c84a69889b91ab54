//! What a project's keys were used for.

use super::{App, Failure};
use crate::people::{Access, Principal};
use axum::extract::State;
use axum::{Extension, Json};
use domain::permissions::Role;
use http::{HeaderName, header};
use protocol::ErrorCode;
use protocol::keys::KeyUses;

/// When each key was last used. Admins are also told where one named an environment that is not its
/// own: it may be in the wrong hands, or in the wrong file.
pub async fn uses(
    State(app): State<App>,
    Extension(access): Extension<Access>,
) -> Result<([(HeaderName, &'static str); 1], Json<KeyUses>), Failure> {
    let Principal::Person { project, role, .. } = &access.principal else {
        return Err(Failure::new(
            ErrorCode::Forbidden,
            "this is for members of the project",
        ));
    };
    let mut uses = app.registry.key_uses(project.id).await?;
    if *role != Role::Admin {
        for one in &mut uses.keys {
            one.strayed.clear();
        }
        uses.keys.retain(|one| one.last_used.is_some());
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(uses)))
}
