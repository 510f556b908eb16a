//! People: who they are, whom operators and managers stop, and what is
//! stored of them.

mod blocks;
mod directory;
mod operators;
mod privacy;

pub use directory::{Doorman, Waiting, nobody_else};
pub use operators::{OperatorsView, Whom};
pub use privacy::Stored;
