//! Keys: added, pasted, imported, checked, kept and removed.

mod add_keys;
mod checks;
mod damaged_keys;
mod environment_keys;
mod imports;
mod kept_keys;
mod key_ends;
mod key_forms;
mod key_panel;
pub mod key_refusals;
mod manage_keys;
mod pasted_again;
mod pasted_keys;
mod restricted_keys;
mod system_keys;
mod typed_keys;
