//! The connection to Discord: its gateway, its REST calls and their limits.

pub mod card;
pub mod channel_access;
pub mod channel_calls;
pub mod command_links;
pub mod connect;
pub mod form;
pub mod go_between;
pub mod interaction_calls;
mod limiter;
pub mod panel;
pub mod patience;
pub mod promises;
pub mod received_message;
mod register;
pub mod renewals;
pub mod rest;
pub mod sent_form;
pub mod settings;
pub mod shards;
pub mod unread_message;
