//! Puts a chat of one dialect into another, and its answer back.

pub mod answer_piece;
mod cache_marks;
pub mod citation;
pub mod foreign_seals;
mod lost_thoughts;
pub mod neutral;
pub mod seal_tag;
pub mod settled_calls;
mod settled_keys;
mod settled_limits;
mod settled_media_types;
pub mod settled_names;
pub mod translation;
pub mod untranslatable;
pub mod web_search;
mod wrapped_answer;
