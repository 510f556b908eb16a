//! Pages in a browser: of the demo, of the console, and signing in to it.

mod card_pictures;
mod colours;
mod demo_page;
mod file_pages;
mod form_page;
pub mod page;
mod page_policy;
mod panel_page;
mod profile_pages;
mod sessions;
mod sign_in;
mod sign_in_doctor;
mod sign_in_pages;
mod signed_out_pages;
mod talk_pages;
mod walk;
pub mod walks;
