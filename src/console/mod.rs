//! The only module that speaks HTML: pages where people do in a browser
//! what the bot does for them in Discord.
//!
//! The table in [`routes`] says what each page requires. [`guard`] looks at
//! a request by it, finds out who is there, and hands a [`visit`] to the
//! row's handler. The handler asks `app`, and answers with a [`reply`];
//! [`frame`] puts pages into the layout that all share. Nothing is kept in
//! the browser but a cookie, and every page works without script.

mod assets;
mod changed_account;
mod checked_once;
mod cookies;
mod form;
mod form_body;
mod frame;
mod guard;
mod markup;
mod nearby;
mod pages;
mod parts;
mod reply;
mod routes;
mod sent_once;
mod trouble;
mod trouble_format;
mod typed_fields;
mod visit;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;

use crate::app::{App, FileLimits};
use crate::model::AddressPace;

use checked_once::CheckedOnce;
#[cfg(test)]
pub use form::FILES_BYTES_MAX;
pub use nearby::is_way_back;
use pages::PlaygroundLimits;
pub use routes::first_segments;
#[cfg(test)]
pub use routes::{Handler, Row, all_routes};
use sent_once::SentOnce;

/// How many sign-ins begin at one address within a minute.
const SIGN_INS_PER_MINUTE: u32 = 10;

/// The operator's settings of the console.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What browsers name where the console is: a scheme, a host and a port.
    /// Every form must come from one of them; the first is the one that links
    /// name.
    pub origins: Vec<String>,
    /// How much of the files is read that come with a question.
    pub file_limits: FileLimits,
}

impl Settings {
    /// The origins of a console: that of the public address, or, where there
    /// is none, this machine's names for itself.
    pub fn at(public_url: &str, listen: SocketAddr) -> Self {
        let public = url::Url::parse(public_url).ok();
        let origins = match public.map(|url| url.origin()) {
            Some(origin) if origin.is_tuple() => vec![origin.ascii_serialization()],
            _ => {
                let port = listen.port();
                let names = ["127.0.0.1", "localhost", "[::1]"];
                names.map(|name| format!("http://{name}:{port}")).into()
            }
        };
        Self {
            origins,
            ..Self::default()
        }
    }
}

/// What all visits share.
pub struct Console {
    pub app: Arc<App>,
    pub settings: Settings,
    /// How often people begin to sign in.
    pub sign_in_pace: AddressPace,
    pub sent_once: SentOnce,
    pub checked_once: CheckedOnce,
    /// How much goes on at once in the playground.
    pub playground: PlaygroundLimits,
}

/// The pages as a service, which the listener of the gateway hands requests
/// to.
pub fn service(app: &Arc<App>, settings: Settings) -> Router {
    let console = Console {
        app: Arc::clone(app),
        settings,
        sign_in_pace: AddressPace::new(SIGN_INS_PER_MINUTE),
        sent_once: SentOnce::default(),
        checked_once: CheckedOnce::default(),
        playground: PlaygroundLimits::default(),
    };
    routes::router(Arc::new(console))
}
