//! Messages and forms as Discord writes and reads them.

pub mod card;
pub mod form;
pub mod panel;
pub mod received_message;
pub mod sent_form;
pub mod unread_message;
