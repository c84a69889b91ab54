//! Memory for bodies on their way in: counted as it is used, for everybody and for each key.
//!
//! A body takes room as it arrives, not when it is announced: whoever sends slowly, or announces
//! much and sends little, holds no more than what came. Answers have places of their own
//! ([`crate::Limits::large_at_once`]), so that no upload, however slow, keeps others from reading.

use domain::KeyId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// How much room there is, and who holds what.
#[derive(Debug)]
pub struct Rooms {
    held: Arc<Mutex<Held>>,
    most: u64,
}

#[derive(Debug, Default)]
struct Held {
    all: u64,
    by_key: HashMap<KeyId, u64>,
}

/// The room that one body holds; given back when it is dropped.
#[derive(Debug)]
pub struct Room {
    held: Arc<Mutex<Held>>,
    key: KeyId,
    bytes: u64,
    most: u64,
}

/// There is no room now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Rooms {
    /// Room for so many bytes; one key may hold half of it.
    #[must_use]
    pub fn new(most: u64) -> Self {
        Self {
            held: Arc::default(),
            most,
        }
    }

    /// Room for one body of this key's holder: none yet.
    #[must_use]
    pub fn room(&self, key: KeyId) -> Room {
        Room {
            held: Arc::clone(&self.held),
            key,
            bytes: 0,
            most: self.most,
        }
    }
}

impl Room {
    /// Takes room for more bytes.
    ///
    /// # Errors
    /// There is none now; what is held is held on.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let bytes = bytes as u64;
        let mut held = self.held.lock();
        let mine = held.by_key.get(&self.key).copied().unwrap_or(0);
        if held.all + bytes > self.most || mine + bytes > self.most / 2 {
            return Err(Full);
        }
        held.all += bytes;
        held.by_key.insert(self.key, mine + bytes);
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        held.all -= self.bytes;
        if let Some(mine) = held.by_key.get_mut(&self.key) {
            *mine -= self.bytes;
            if *mine == 0 {
                held.by_key.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Rooms};
    use domain::KeyId;

    #[test]
    fn one_key_holds_half_and_what_is_dropped_is_free_again() {
        let rooms = Rooms::new(100);
        let [ada, ben, cleo] = [1, 2, 3].map(|n| KeyId(uuid::Uuid::from_u128(n)));
        let mut first = rooms.room(ada);
        first.grow(30).unwrap();
        let mut second = rooms.room(ada);
        second.grow(20).unwrap();
        assert_eq!(second.grow(1), Err(Full), "ada holds half of all");
        let mut third = rooms.room(ben);
        third.grow(50).unwrap();
        let mut fourth = rooms.room(cleo);
        assert_eq!(fourth.grow(1), Err(Full), "all is taken");
        drop(first);
        fourth.grow(30).unwrap();
        assert_eq!(fourth.grow(1), Err(Full), "ada gave back 30 and no more");
        drop((second, third, fourth));
        assert!(rooms.held.lock().by_key.is_empty(), "nobody is remembered");
        assert_eq!(rooms.held.lock().all, 0);
    }
}
