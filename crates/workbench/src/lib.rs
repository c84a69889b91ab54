//! Everything a person can do, without a window: the use cases.

pub mod views;
