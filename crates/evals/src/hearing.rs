//! Answers of a run while they are being written: for whoever watches it. Nothing rests on them.

use std::sync::Arc;

/// Which answer of a run is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The case's place in the dataset, from 0.
    pub case: u32,
    /// The column.
    pub column: u32,
    /// Which of several askings, from 0.
    pub repeat: u32,
}

/// What is heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A call begins. What was heard of an earlier attempt is void.
    Begins,
    /// A piece of its text.
    Text(&'a str),
    /// Nothing more comes.
    Ends,
}

/// Who listens to a run.
#[derive(Clone)]
pub struct Listener(Arc<dyn Fn(Place, Heard<'_>) + Send + Sync>);

impl Listener {
    /// Somebody who is told quickly and never holds the run up.
    #[must_use]
    pub fn new(hear: impl Fn(Place, Heard<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(crate) fn tell(&self, place: Place, heard: Heard<'_>) {
        (self.0)(place, heard);
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}
