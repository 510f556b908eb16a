//! Options that several commands share, and what is offered for them while
//! they are typed.

pub mod amounts;
pub mod audience;
pub mod block_target;
pub mod scope;
pub mod seed;
pub mod suggestions;
