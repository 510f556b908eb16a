//! Words about stored keys. All of it is ephemeral.

pub mod advice;
mod changes;
mod demotion;
mod forms;
mod import;
mod in_words;
mod list;
mod panel;
pub mod skip_reason;
mod status;
mod system;

pub use changes::{added, confirm_removal, kept, key_removed, paused, resumed, tested};
pub use demotion::demoted_directly;
pub use forms::{
    DAYS_FIELD, KEY_FIELD, NAME_FIELD, PROMPT_FIELD, PROVIDER_FIELD, SCOPE_FIELD, add_form,
    offer_form_again, offer_once_again, once_form, quoted_prompt,
};
pub use import::{
    FILE_FIELD, LINES_FIELD, file_unread, forgotten, found, import_form, imported, nothing_pasted,
};
pub use in_words::{key_in_message, key_in_question, with_advice};
pub use list::{describe_key, plain};
pub use panel::{MORE_FROM, confirm_removal_in_panel, more_providers, panel, panel_of_another};
pub use status::status;
pub use system::system_keys;
