//! One version as it is sent: in our own form, and in the one that Langfuse's SDKs read.

use super::{Answer, langfuse};
use domain::{Millis, ProjectId};
use std::sync::OnceLock;

/// One version of a prompt, ready to be sent in every form.
#[derive(Debug)]
pub struct Ready {
    answer: Answer,
    /// Made when first asked for, like the next: most applications never do.
    flat: OnceLock<Result<Answer, String>>,
    row: OnceLock<Option<Row>>,
}

/// One line of the list in Langfuse's form.
#[derive(Debug)]
pub struct Row {
    /// The prompt's name.
    pub name: String,
    /// Since when it is served.
    pub since: Millis,
    /// The line.
    pub json: String,
}

impl Ready {
    /// Ready by this answer.
    #[must_use]
    pub fn of(answer: Answer) -> Self {
        Self {
            answer,
            flat: OnceLock::new(),
            row: OnceLock::new(),
        }
    }

    /// In our own form.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// As Langfuse's SDKs read it.
    ///
    /// # Errors
    /// Words for whoever asked: it can't be said in that form.
    pub fn flat(&self, project: ProjectId) -> Result<&Answer, &str> {
        let made = self
            .flat
            .get_or_init(|| langfuse::answer(project, &self.answer));
        made.as_ref().map_err(String::as_str)
    }

    /// Its line in the list as Langfuse's SDKs read it.
    #[must_use]
    pub fn row(&self) -> Option<&Row> {
        let make = || {
            let served = langfuse::read(&self.answer)?;
            let json = langfuse::row(&served).to_string();
            let (name, since) = (served.name, served.since);
            Some(Row { name, since, json })
        };
        self.row.get_or_init(make).as_ref()
    }
}
