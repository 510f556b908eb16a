//! What is pressed and sent about stored keys.

pub(super) mod key_imports;
pub(super) mod key_panel;
pub(super) mod key_presses;
pub mod key_target;
