//! What bounds a rendering: bytes, counted while they are written, and steps.

use super::tree::Span;
use super::{Code, Fault};
use crate::limits;

/// The budget of one rendering, shared by all its messages and snippets.
pub(super) struct Budget {
    bytes: usize,
    steps: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            bytes: limits::RENDERED_BYTES,
            steps: limits::RENDER_STEPS,
        }
    }

    /// One piece of work; `bytes` that are read or compared on the way cost too.
    pub(super) fn step(&mut self, bytes: usize, span: &Span) -> Result<(), Fault> {
        let cost = 1 + bytes / 64;
        match self.steps.checked_sub(cost) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(Fault::new(
                Code::TooLong,
                "this template repeats too much: shorten its lists or its loops",
                span.clone(),
            )),
        }
    }

    /// Room for `bytes` more of output.
    pub(super) fn write(&mut self, bytes: usize, span: &Span) -> Result<(), Fault> {
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => Err(too_large(span)),
        }
    }

    /// A value made on the way (joined, in capitals) is held to the same size as the whole.
    pub(super) fn fits(bytes: usize, span: &Span) -> Result<(), Fault> {
        if bytes > limits::RENDERED_BYTES {
            Err(too_large(span))
        } else {
            Ok(())
        }
    }
}

fn too_large(span: &Span) -> Fault {
    Fault::new(
        Code::TooLarge,
        format!(
            "the finished text is larger than {} KiB",
            limits::RENDERED_BYTES >> 10
        ),
        span.clone(),
    )
}
