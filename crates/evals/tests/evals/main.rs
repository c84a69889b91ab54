//! Asking models and reading datasets, over real HTTP and against a real model.

#![allow(clippy::unwrap_used)] // A test that can't go on stops there.

mod faults;
mod google;
mod import;
mod keeping;
mod ollama;
mod paths;
mod promptfoo;
mod providers;
mod real_model;
mod runs;
mod sample;
mod sample_files;
mod sent;
mod support;
mod tools;
