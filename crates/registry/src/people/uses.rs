//! When keys were last used, and where they had no business. Noted in memory on the way of a read,
//! written to the file every few seconds: a read never waits for the disk.

use domain::{EnvironmentId, KeyId, Millis, ProjectId};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

/// A key of a project. Never the key's id alone: another project could hold the same.
pub type KeyOf = (ProjectId, KeyId);

/// What was noted since the file was last told.
#[derive(Debug, Default)]
pub struct Uses {
    used: RwLock<HashMap<KeyOf, AtomicI64>>,
    strayed: Mutex<HashMap<(KeyOf, EnvironmentId), (u64, Millis)>>,
}

/// What is to be written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Keys, and when they were last let in.
    pub used: Vec<(KeyOf, Millis)>,
    /// Keys with the environment that they named and is not theirs, how often, and the last time.
    pub strayed: Vec<(KeyOf, EnvironmentId, u64, Millis)>,
}

impl Uses {
    /// A call with this key was let in.
    pub fn used(&self, key: KeyOf, now: Millis) {
        if let Some(last) = self.used.read().get(&key) {
            last.store(now.0, Ordering::Relaxed);
            return;
        }
        self.used
            .write()
            .entry(key)
            .or_default()
            .store(now.0, Ordering::Relaxed);
    }

    /// A call with this key named an environment that is not its own.
    pub fn strayed(&self, key: KeyOf, environment: EnvironmentId, now: Millis) {
        let mut strayed = self.strayed.lock();
        let (times, last) = strayed.entry((key, environment)).or_insert((0, now));
        *times += 1;
        *last = now;
    }

    /// Takes what was noted. What can't be written goes [back](Self::put_back).
    #[must_use]
    pub fn take(&self) -> Noted {
        let used = std::mem::take(&mut *self.used.write());
        let strayed = std::mem::take(&mut *self.strayed.lock());
        Noted {
            used: used
                .into_iter()
                .map(|(key, last)| (key, Millis(last.into_inner())))
                .collect(),
            strayed: strayed
                .into_iter()
                .map(|((key, environment), (times, last))| (key, environment, times, last))
                .collect(),
        }
    }

    /// Notes again what could not be written down.
    pub fn put_back(&self, noted: Noted) {
        let mut used = self.used.write();
        for (key, last) in noted.used {
            used.entry(key)
                .or_default()
                .fetch_max(last.0, Ordering::Relaxed);
        }
        drop(used);
        let mut strayed = self.strayed.lock();
        for (key, environment, times, last) in noted.strayed {
            let found = strayed.entry((key, environment)).or_insert((0, last));
            found.0 += times;
            found.1 = found.1.max(last);
        }
    }
}

impl Noted {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.used.is_empty() && self.strayed.is_empty()
    }
}
