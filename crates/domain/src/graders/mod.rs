//! graders (being written).
