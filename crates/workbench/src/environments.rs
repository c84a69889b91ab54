//! Environments: add, rename, reorder, retire, default; each shows first what follows from it.

use crate::reading::Reading;
use crate::views::Consequences;
use crate::{Error, Workbench, words};
use domain::ledger::Body;
use domain::project::KeyKind;
use domain::{EnvironmentId, ProjectId};

impl Workbench {
    /// Adds an environment after another, or in the first place.
    ///
    /// # Errors
    /// The name is taken or can't be one; only an admin may.
    pub async fn add_environment(
        &self,
        project: ProjectId,
        name: String,
        after: Option<EnvironmentId>,
    ) -> Result<(), Error> {
        self.one(
            project,
            Body::AddEnvironment {
                name: domain::names::tidy(&name),
                after,
            },
        )
        .await
    }

    /// What follows from renaming an environment.
    ///
    /// # Errors
    /// It is not there.
    pub async fn plan_rename_environment(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        name: String,
    ) -> Result<Consequences, Error> {
        let reading = self.reading(project)?;
        let was = reading.environment(environment)?.name.clone();
        let name = domain::names::tidy(&name);
        let mut words = vec![
            format!("{was} is called {name} everywhere from now on, in history too"),
            keys_go_on(&reading, environment),
        ];
        if reading.ahead.default_environment() == Some(environment) {
            words
                .push("it stays the default: commands that name no environment mean it".to_owned());
        }
        words.push(format!(
            "scripts that say --to {was} must say {name}; applications read by their key and notice nothing"
        ));
        Ok(Consequences { words })
    }

    /// Gives an environment another name.
    ///
    /// # Errors
    /// The name is taken or can't be one; only an admin may.
    pub async fn rename_environment(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        name: String,
    ) -> Result<(), Error> {
        let replaces = self
            .reading(project)?
            .environment(environment)?
            .name
            .clone();
        let name = domain::names::tidy(&name);
        self.one(
            project,
            Body::RenameEnvironment {
                environment,
                name,
                replaces,
            },
        )
        .await
    }

    /// Puts the environments in another order.
    ///
    /// # Errors
    /// One was added or retired meanwhile; only an admin may.
    pub async fn reorder_environments(
        &self,
        project: ProjectId,
        order: Vec<EnvironmentId>,
    ) -> Result<(), Error> {
        self.one(project, Body::ReorderEnvironments { order }).await
    }

    /// What follows from retiring an environment.
    ///
    /// # Errors
    /// It is not there.
    pub async fn plan_retire_environment(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
    ) -> Result<Consequences, Error> {
        let reading = self.reading(project)?;
        let name = reading.environment(environment)?.name.clone();
        let served = reading.ahead.served(environment).count();
        let keys = reading.open_keys(environment);
        Ok(Consequences {
            words: vec![
                format!(
                    "{name} serves nothing any more (now: {})",
                    words::count(served, "prompt", "prompts")
                ),
                match keys.len() {
                    0 => "no key reads it".to_owned(),
                    n => format!(
                        "{} at once: {}. Applications that use them get an error",
                        if n == 1 {
                            "one key ends".to_owned()
                        } else {
                            format!("{n} keys end")
                        },
                        words::list(&keys)
                    ),
                },
                "its history stays; it can't be brought back".to_owned(),
            ],
        })
    }

    /// Retires an environment.
    ///
    /// # Errors
    /// It is the default; only an admin may.
    pub async fn retire_environment(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
    ) -> Result<(), Error> {
        self.one(project, Body::RetireEnvironment { environment })
            .await
    }

    /// What follows from making an environment the default.
    ///
    /// # Errors
    /// It is not there.
    pub async fn plan_default_environment(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
    ) -> Result<Consequences, Error> {
        let reading = self.reading(project)?;
        let name = reading.environment(environment)?.name.clone();
        let now = reading
            .ahead
            .default_environment()
            .map(|id| words::environment(&reading.ahead, id));
        let now = now.unwrap_or_else(|| "none".to_owned());
        Ok(Consequences {
            words: vec![
                format!(
                    "commands and snippets that name no environment mean {name} from now on (until now: {now})"
                ),
                "environment keys are bound to their environment and go on as they are".to_owned(),
            ],
        })
    }

    /// Says which environment is meant when none is named.
    ///
    /// # Errors
    /// It was changed meanwhile; only an admin may.
    pub async fn set_default_environment(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
    ) -> Result<(), Error> {
        let replaces = self
            .reading(project)?
            .ahead
            .default_environment()
            .ok_or_else(|| Error::not_found("this project has no default environment"))?;
        self.one(
            project,
            Body::SetDefaultEnvironment {
                environment,
                replaces,
            },
        )
        .await
    }
}

impl Reading {
    pub(crate) fn environment(
        &self,
        id: EnvironmentId,
    ) -> Result<&domain::project::Environment, Error> {
        let found = self.ahead.environment(id);
        found
            .map(AsRef::as_ref)
            .ok_or_else(|| Error::not_found("this environment does not exist"))
    }

    fn open_keys(&self, environment: EnvironmentId) -> Vec<String> {
        self.ahead
            .keys()
            .filter(|key| key.kind == KeyKind::Environment(environment) && key.revoked.is_none())
            .map(|key| key.name.clone())
            .collect()
    }
}

fn keys_go_on(reading: &Reading, environment: EnvironmentId) -> String {
    match reading.open_keys(environment).len() {
        0 => "no key reads it yet".to_owned(),
        1 => "its key goes on: it is bound to the environment, not to the name".to_owned(),
        n => format!("its {n} keys go on: they are bound to the environment, not to the name"),
    }
}
