//! State that many calls share, and that never grows without bounds.

pub mod bounded_map;
pub mod lock;
pub mod memory;
pub mod ttl_cache;
