//! Answers that are in the making: how many there may be, and what stops
//! them.

pub mod admission;
pub mod deletions;
pub mod promise;
pub mod running_answers;
pub mod unfinished;
