//! Who is calling, and what Discord says of them.

pub mod caller;
pub mod entitlements;
pub mod home_roles;
pub mod members;
mod memo;
