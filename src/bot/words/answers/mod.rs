//! Words around an answer: what stands under it, and in its place.

pub mod buttons;
mod details;
pub mod footer;
mod places;
mod receipt;

pub use buttons::{ended_buttons, ended_by_restart, growing_buttons, once_buttons};
pub use details::details;
pub use footer::{
    broken_off_footer, continued_directly, continued_in_file, continued_nowhere, demo_footer,
    footer, heard_line,
};
pub use places::{
    about_question, answer_file, blocked_by_discord, deleted_subject, demo_text, discord_was_away,
    empty_answer, file_of_question, forgotten, heard_no_words, hidden_question, hidden_subject,
    how_to_ask, may_not_write, nobody_hears, nothing_more, nothing_to_forget, refused_directly,
    refused_privately, said_directly, said_without_links, waiting_in_line, went_directly,
    whole_answer_directly,
};
