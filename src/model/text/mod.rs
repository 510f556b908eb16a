//! Texts and numbers as people write and read them.

pub mod invisible;
pub mod nearest;
pub mod numbers;
