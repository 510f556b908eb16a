//! Adding keys: one by its form, or several that are imported.

pub mod add;
pub mod credential;
pub mod form;
pub mod found_keys;
pub mod import;
mod import_checks;
pub mod import_form;
pub mod kept_extras;
pub mod made_key;
mod replace;
pub mod sent_form;
