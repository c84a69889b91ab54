//! `galley-registry`: the registry as a program.
fn main() {}
