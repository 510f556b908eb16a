//! Who may do something, and by which secret.

pub mod key;
pub mod lifetime;
pub mod pasted;
pub mod redact;
pub mod session;
pub mod token;
pub mod typed_keys;
