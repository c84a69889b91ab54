//! Recording releases: what environments serve from then on.

use super::Project;
use crate::ReleaseId;
use crate::ledger::RecordedChange;
use crate::project::{Change, Release, ReleaseKind, Serving};
use std::sync::Arc;

impl Project {
    pub(super) fn add_release(
        &mut self,
        mut record: Release,
        changes: &[RecordedChange],
    ) -> Option<()> {
        let id = record.id;
        if let ReleaseKind::Revert(to) = record.kind {
            for change in changes {
                self.mark_reverted(to, change)?;
            }
        }
        let mut environments = Vec::new();
        for change in changes {
            let (environment, prompt) = (change.environment, change.prompt);
            for side in &change.sides {
                let content = self.version(side.version).map(|(_, v)| v.content);
                if let Some(content) = content {
                    self.served_contents.insert((environment, prompt, content));
                }
            }
            let serving = Serving {
                release: id,
                sides: change.sides.clone(),
                slots: change.slots.clone(),
                salt: change.salt,
                since: record.at,
                by: record.by,
            };
            self.serving
                .insert((environment, prompt), Arc::new(serving));
            if !environments.contains(&environment) {
                environments.push(environment);
            }
        }
        record.changes = changes
            .iter()
            .map(|change| Change {
                environment: change.environment,
                prompt: change.prompt,
                sides: change.sides.clone(),
                slots: change.slots.clone(),
                salt: change.salt,
                before: change.before,
                reverted: false,
            })
            .collect();
        if let Some(grounds) = &record.grounds {
            self.note_step(id, grounds, &environments)?;
        }
        self.release_places
            .insert(id, u32::try_from(self.releases.len()).ok()?);
        self.releases.push_back(Arc::new(record));
        Some(())
    }

    // Walks back from what is served now, by `before`, to what the revert goes back to.
    fn mark_reverted(&mut self, to: ReleaseId, change: &RecordedChange) -> Option<()> {
        let last = *self.release_places.get(&to)?;
        let mut next = change.before;
        while let Some(id) = next {
            let place = *self.release_places.get(&id)?;
            if place <= last {
                break;
            }
            let release = Arc::make_mut(self.releases.get_mut(usize::try_from(place).ok()?)?);
            let past = release
                .changes
                .iter_mut()
                .find(|c| c.environment == change.environment && c.prompt == change.prompt)?;
            past.reverted = true;
            next = past.before;
        }
        Some(())
    }
}
