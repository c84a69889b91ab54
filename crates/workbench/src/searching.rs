//! Search as you type.

use crate::views::{Hit, HitPlace, SnippetPart};
use crate::{Error, Workbench, words};
use domain::ProjectId;

/// Hits in one answer.
const HITS: usize = 60;

impl Workbench {
    /// Where a text is found: names, texts of the newest versions, messages and drafts.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn search(&self, project: ProjectId, text: String) -> Result<Vec<Hit>, Error> {
        let reading = self.reading(project)?;
        let found = self.store().search(project, &text, HITS)?;
        Ok(found
            .into_iter()
            .map(|hit| Hit {
                name: match (hit.prompt, hit.draft) {
                    (Some(prompt), _) => words::prompt(&reading.ahead, prompt),
                    (None, Some(draft)) => self
                        .store()
                        .draft(draft)
                        .map(|draft| draft.name)
                        .unwrap_or_default(),
                    (None, None) => String::new(),
                },
                prompt: hit.prompt.map(|prompt| reading.ahead.meant(prompt)),
                draft: hit.draft.map(|draft| draft.0.to_string()),
                version: hit.version,
                number: hit
                    .version
                    .and_then(|version| reading.both().number(version)),
                place: match hit.found_in {
                    store::FoundIn::Name => HitPlace::Name,
                    store::FoundIn::Text => HitPlace::Text,
                    store::FoundIn::Message => HitPlace::Message,
                    store::FoundIn::Draft => HitPlace::Draft,
                },
                snippet: hit
                    .snippet
                    .into_iter()
                    .map(|part| SnippetPart {
                        text: part.text,
                        hit: part.hit,
                    })
                    .collect(),
            })
            .collect())
    }
}
