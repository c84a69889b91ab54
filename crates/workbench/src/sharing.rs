//! Sharing: moving a project from this computer to a team's registry (rule 12 of the design).

use crate::secrets::Secret;
use crate::views::ProjectCard;
use crate::{Error, Workbench};
use domain::ProjectId;
use protocol::token::{Kind, Token};
use sync::{Address, Bearer, Client, SyncError, Task};

impl Workbench {
    /// Moves a project from this computer to a team's registry, with its whole history.
    ///
    /// Every step can be repeated: what the registry has already is not sent again.
    ///
    /// # Errors
    /// The invitation makes no project there, or the registry can't be reached. The project stays
    /// as it is then.
    pub async fn share_project(
        &self,
        project: ProjectId,
        address: String,
        invitation: Secret,
    ) -> Result<ProjectCard, Error> {
        let address = Address::read(&address).map_err(|error| Error::invalid(error.to_string()))?;
        let founding =
            Token::read(invitation.reveal()).filter(|token| token.kind == Kind::Founding);
        let Some(founding) = founding else {
            return Err(Error::invalid(
                "this is not an invitation for a new project; whoever runs the registry gets one from \
                 `galley-registry invite` (it begins with gal_new_)",
            ));
        };
        let options = self.client_options();
        let founder =
            Client::with_bearer(address.clone(), Bearer::new(founding.reveal()), &options)
                .map_err(SyncError::from)?;
        let member =
            Client::new(address, self.bearer(project), &options).map_err(SyncError::from)?;
        let here = self.session(project).await?.engine.link().clone();
        sync::share(&here, &founder, &member, &Task::unwatched()).await?;
        self.end_session(project);
        self.keep_in_step(project).await?;
        self.say_changed(project);
        self.card(project)
    }
}
