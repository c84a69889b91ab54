//! split (being written).
