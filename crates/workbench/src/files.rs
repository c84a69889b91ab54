//! files (next).
