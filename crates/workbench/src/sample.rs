//! sample (next).
