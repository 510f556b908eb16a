//! What the bot makes of all that Discord sends, takes and refuses.

mod blocked_words;
mod defects;
mod departures;
mod discord_gateway;
mod discord_rules;
mod emulated;
mod file_addresses;
pub mod greetings;
mod layout;
pub mod length;
mod message_kinds;
mod messages;
mod nothing_twice;
mod offered_buttons;
mod permissions;
mod poll_results;
mod promises;
mod refused_edits;
mod said_truly;
mod twin;
mod unread_events;
mod unseen;
mod who_said_what;
