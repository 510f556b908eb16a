//! What the benchmarks set up and measure of the program's inside.

mod gateway;
mod keys;
mod ledger;
mod release;
mod world;

pub use gateway::GatewaySetup;
pub use keys::KeyBench;
pub use ledger::{LedgerBench, time_bare_commits};
pub use release::{build_program, program_before, rss_kb};
pub use world::EmulatedWorld;
