//! The real program, driven through its real web view, on a display that nobody looks at.
//!
//! * `first_start`: three ways in, and the sample at once.

mod first_start;
