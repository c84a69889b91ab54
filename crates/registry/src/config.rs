//! Settings of `galley-registry`.
