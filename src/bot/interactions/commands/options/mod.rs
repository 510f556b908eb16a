//! Options that several commands share.

pub mod amounts;
pub mod audience;
pub mod block_target;
pub mod duration;
