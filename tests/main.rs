//! The product from outside.
//!
//! * `stories`: what people do, without a window: two or three workbenches and a registry, and the
//!   command line alone against a registry in another process.
//! * `window`: the real program, driven through its real web view, with a real keychain and a
//!   registry in a process of its own.
//! * `bindings`: the TypeScript that the window is written against is what the code says now.
//! * `tidy`: the house stays as it was drawn.
//!
//! `support` holds what they stand on. A test that lacks what it needs fails and says what is
//! missing; none is skipped.

mod bindings;
mod stories;
mod support;
mod tidy;
mod window;
