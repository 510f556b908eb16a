//! Pages on the same listener. The gateway knows only the first segments of
//! their paths, and what comes over the connection.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use foldhash::HashSet;
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::model::RequestOrigin;

/// A service of pages, and which paths are its own.
pub struct Pages {
    segments: HashSet<&'static str>,
    is_way_back: fn(&str) -> bool,
    service: axum::Router,
}

impl Pages {
    /// Pages whose paths begin with one of these segments; "" is the front
    /// page alone. `is_way_back` tells the paths to which other sites send
    /// browsers back.
    pub fn new(
        segments: impl IntoIterator<Item = &'static str>,
        is_way_back: fn(&str) -> bool,
        service: axum::Router,
    ) -> Self {
        Self {
            segments: segments.into_iter().collect(),
            is_way_back,
            service,
        }
    }

    /// Whether other sites send browsers back to a path.
    pub fn are_come_back_to(&self, path: &str) -> bool {
        (self.is_way_back)(path)
    }

    /// Whether a path is theirs.
    pub fn own(&self, path: &str) -> bool {
        let rest = path.strip_prefix('/').unwrap_or(path);
        let segment = rest.split('/').next().unwrap_or_default();
        self.segments.contains(segment) && (!segment.is_empty() || rest.is_empty())
    }

    /// Responds to a request for one of them.
    pub async fn respond(
        &self,
        client: IpAddr,
        id: &HeaderValue,
        request: Request<Incoming>,
    ) -> Response {
        let origin = RequestOrigin {
            client,
            request_id: id.to_str().unwrap_or_default().to_owned(),
        };
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(origin);
        let Ok(response) = self.service.clone().oneshot(request).await;
        response
    }
}
