//! What holds of either database: statements, values, trouble, upkeep.

pub mod change;
pub mod pulse;
pub mod retention;
pub mod trouble;
pub mod value;
