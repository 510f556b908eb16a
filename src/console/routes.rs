//! The table of pages. Each row states an address, who may ask for it, and
//! its handler. The router, the segments that the listener knows, and the
//! tests of who may do what are made from this table.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use axum::routing::{MethodFilter, on};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use super::reply::NotCompressed;
use super::visit::{HandlerFuture, Managing, SignedIn, Visit};
use super::{Console, assets, guard, pages};

/// One row of the table.
pub struct Row {
    pub method: MethodFilter,
    pub path: &'static str,
    pub handler: Handler,
    /// Whether its body is a form's. Others read their bodies themselves.
    pub takes_form: bool,
    /// Whether that form may have files.
    pub takes_files: bool,
    /// Whether pages ask for it again and again by themselves.
    pub is_polled: bool,
    /// What its address may say behind a question mark; none where whatever
    /// stands there is let be, since others lead there.
    pub parameters: Option<&'static [&'static str]>,
}

/// A handler, by whom it answers.
#[derive(Clone, Copy)]
pub enum Handler {
    Visitor(fn(Visit) -> HandlerFuture),
    SignedIn(fn(Visit, SignedIn) -> HandlerFuture),
    /// Whoever manages the server whose id is the path's first parameter.
    Managing(fn(Visit, Managing) -> HandlerFuture),
    /// The operator's people.
    Operator(fn(Visit, SignedIn) -> HandlerFuture),
}

impl Row {
    /// The same row, whose form may have files.
    pub const fn with_files(self) -> Self {
        Self {
            takes_files: true,
            ..self
        }
    }

    /// The same row, whose address may say this behind a question mark.
    pub const fn taking(self, parameters: &'static [&'static str]) -> Self {
        Self {
            parameters: Some(parameters),
            ..self
        }
    }

    /// The same row, whose address may say anything behind a question mark.
    pub const fn taking_anything(self) -> Self {
        Self {
            parameters: None,
            ..self
        }
    }

    /// The same row, which pages ask for again and again by themselves.
    pub const fn polled(self) -> Self {
        Self {
            is_polled: true,
            ..self
        }
    }
}

/// A row: a method, a path, who may ask, and the handler.
macro_rules! row {
    ($method:ident $path:literal Visitor $handler:path) => {
        row!(@ $method $path, crate::console::routes::Handler::Visitor(|visit| Box::pin($handler(visit))))
    };
    ($method:ident $path:literal $who:ident $handler:path) => {
        row!(@ $method $path, crate::console::routes::Handler::$who(|visit, person| Box::pin($handler(visit, person))))
    };
    (@ $method:ident $path:literal, $handler:expr) => {
        crate::console::routes::Row {
            method: axum::routing::MethodFilter::$method,
            path: $path,
            handler: $handler,
            takes_form: true,
            takes_files: false,
            is_polled: false,
            parameters: Some(&[]),
        }
    };
}
pub(in crate::console) use row;

/// All rows.
pub fn all_routes() -> impl Iterator<Item = &'static Row> {
    pages::ROWS.iter().copied().flatten()
}

/// The first segments of all paths, which belong to the console.
pub fn first_segments() -> BTreeSet<&'static str> {
    let paths = all_routes().map(|row| row.path);
    let segments = paths.filter_map(|path| path.split('/').nth(1));
    segments.chain(["assets"]).collect()
}

/// What pages may load and send: our own files and nothing else. No script
/// or style stands in a page.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'",
);
/// Nothing is sent to other sites, and `Origin` stays with forms: without any
/// referrer browsers name the origin `null`.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
/// How long a handler may take until it begins to answer.
const PATIENCE: Duration = Duration::from_mins(10);

/// Builds the service of all pages.
pub fn router(console: Arc<Console>) -> Router {
    let mut pages = Router::new();
    for row in all_routes() {
        let respond = move |State(console): State<Arc<Console>>,
                            values: Result<RawPathParams, RawPathParamsRejection>,
                            request: Request| async move {
            // What is no UTF-8 names nothing.
            let Ok(values) = values else {
                return guard::respond_nothing(console, request).await;
            };
            let values = values.iter().map(|(_, value)| value.to_owned()).collect();
            guard::respond(row, console, values, request).await
        };
        pages = pages.route(row.path, on(row.method, respond));
    }
    let is_public = console.settings.origins.first();
    let is_https = is_public.is_some_and(|origin| origin.starts_with("https:"));
    let pages = pages
        .fallback(|State(console): State<Arc<Console>>, request: Request| {
            guard::respond_nothing(console, request)
        })
        .method_not_allowed_fallback(|State(console): State<Arc<Console>>, request: Request| {
            guard::respond_wrong_method(console, request)
        })
        .layer(
            ServiceBuilder::new()
                .layer(set(CONTENT_SECURITY_POLICY, POLICY))
                .layer(set(CACHE_CONTROL, NO_STORE))
                .layer(set(VARY, HeaderValue::from_static("Cookie"))),
        );
    let assets = Router::new()
        .route(
            "/assets/{version}/{name}",
            axum::routing::get(assets::respond),
        )
        .layer(set(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'"),
        ))
        .layer(set(CACHE_CONTROL, FOR_EVER));
    let all = pages.merge(assets).layer(
        ServiceBuilder::new()
            .layer(set(REFERRER_POLICY, REFERRER))
            .layer(set(named("cross-origin-opener-policy"), SAME_ORIGIN))
            .layer(set(named("cross-origin-resource-policy"), SAME_ORIGIN))
            .layer(set(
                named("cross-origin-embedder-policy"),
                HeaderValue::from_static("require-corp"),
            ))
            .layer(set(
                named("permissions-policy"),
                HeaderValue::from_static(
                    "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
                ),
            ))
            .option_layer(is_https.then(|| set(STRICT_TRANSPORT_SECURITY, ONE_YEAR)))
            .layer(CompressionLayer::new().compress_when(may_be_compressed))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                PATIENCE,
            ))
            .layer(CatchPanicLayer::new()),
    );
    all.with_state(console)
}

const fn named(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

/// Sets a header where the handler did not.
fn set(name: HeaderName, value: HeaderValue) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, value)
}

/// Whether a response may be compressed: no stream, and nothing that shows a
/// secret.
fn may_be_compressed(
    _: StatusCode,
    _: Version,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> bool {
    use axum::http::header::CONTENT_TYPE;
    let media_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let is_text = media_type.is_some_and(|it| {
        let streams = it.starts_with("text/event-stream");
        let is_text = it.starts_with("text/") || it.contains("json") || it.contains("svg");
        is_text && !streams
    });
    is_text && extensions.get::<NotCompressed>().is_none()
}
