//! Addresses: the table of routes, what each needs, and whose API it is.

pub mod api_dialect;
pub mod requirement;
pub mod router;
pub mod routes;
pub mod vendors;
