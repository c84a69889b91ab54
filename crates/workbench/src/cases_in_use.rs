//! Datasets that are in use now. A run that goes on and the table that shows it look at the same
//! cases: of 50,000, which take some 50 MB when read, both hold one copy. Who is done lets go of it.

use crate::locked;
use domain::Digest;
use domain::dataset::Dataset;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

/// The datasets that somebody holds, by their digest.
#[derive(Default)]
pub(crate) struct CasesInUse(Mutex<HashMap<Digest, Weak<Dataset>>>);

impl CasesInUse {
    /// The dataset, if somebody holds it; otherwise as `read` gives it, and from now on held.
    pub fn find_or(
        &self,
        digest: &Digest,
        read: impl FnOnce() -> Option<Dataset>,
    ) -> Option<Arc<Dataset>> {
        let held = |known: &HashMap<Digest, Weak<Dataset>>| known.get(digest)?.upgrade();
        if let Some(found) = held(&locked(&self.0)) {
            return Some(found);
        }
        // Read without the lock: another dataset need not wait for this one.
        let found = Arc::new(read()?);
        let mut known = locked(&self.0);
        if let Some(meanwhile) = held(&known) {
            return Some(meanwhile);
        }
        known.retain(|_, dataset| dataset.strong_count() > 0);
        known.insert(*digest, Arc::downgrade(&found));
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_is_held_as_long_as_somebody_uses_it() {
        let known = CasesInUse::default();
        let digest = Digest::of(b"cases");
        let read = || Some(Dataset::default());
        let first = known.find_or(&digest, read).expect("it can be read");
        let second = known.find_or(&digest, || None).expect("it is held");
        assert!(Arc::ptr_eq(&first, &second));
        drop((first, second));
        assert!(known.find_or(&digest, || None).is_none(), "nobody holds it");
        assert!(known.find_or(&digest, read).is_some());
    }
}
