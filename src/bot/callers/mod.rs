//! Who is calling: what Discord says of people, with a command, a message
//! or when it is asked.

mod caller;
pub mod entitlements;
pub mod home_roles;
pub mod installed_servers;
pub mod locales;
mod member_directory;
pub mod member_names;
pub mod members;
mod person_ids;
pub mod raw_caller;
pub mod server_facts;
