//! What the listener knows of a request that the request itself does not
//! say.

use std::net::IpAddr;

/// Where a request came from, and by which name the log knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestOrigin {
    /// The client's address; a proxy that is trusted names it.
    pub client: IpAddr,
    pub request_id: String,
}
