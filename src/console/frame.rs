//! The layout that all pages share: the head, the navigation, and what was
//! done a moment ago.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Uri};
use axum::response::{Html, IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};

use crate::app::{OwnSession, form_token, nobody_else};
use crate::model::{PersonId, RequestOrigin, Scope, ServerId};

use super::markup::{DOCTYPE, Markup, PreEscaped, html};
use super::parts::{form, icon, note};
use super::reply::{NotCompressed, Page, Reply, send_now};
use super::trouble_format::TroubleFormat;
use super::{Console, assets, cookies};

/// How many servers stand in the navigation.
const SERVERS_SHOWN_MAX: usize = 8;

/// Where in the navigation a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// A page for visitors, without navigation where nobody is signed in.
    Front,
    Keys,
    Models,
    Playground,
    Usage,
    Tokens,
    Profile,
    Servers,
    Server(ServerId),
    Operator,
    /// Nowhere.
    None,
}

/// Whoever is shown a page.
pub struct Reader {
    pub console: Arc<Console>,
    pub session: Option<Arc<OwnSession>>,
    /// The cookie that forms are proved by.
    form_cookie: SecretString,
    pub request_id: String,
    pub trouble_format: TroubleFormat,
    /// What was asked for, and whether a form was sent there.
    pub uri: Uri,
    pub sent_form: bool,
    headers: HeaderMap,
    /// "light" or "dark", if they chose.
    look: Option<&'static str>,
}

/// What the navigation shows of somebody.
struct Navigation<'a> {
    session: &'a OwnSession,
    /// How many of their keys need them.
    attention: usize,
    /// The servers that they could manage when they signed in.
    servers: Vec<(ServerId, String)>,
    /// Whether there are others, which they could not manage or have no room.
    more_servers: bool,
    is_operator: bool,
}

impl Reader {
    /// Somebody of whom nothing is known yet.
    pub fn visitor(console: Arc<Console>, request: &Request<Body>) -> Self {
        let origin = request.extensions().get::<RequestOrigin>();
        Self {
            console,
            session: None,
            form_cookie: SecretString::default(),
            request_id: origin.map_or_else(String::new, |origin| origin.request_id.clone()),
            trouble_format: TroubleFormat::for_request(request.uri().path(), request.headers()),
            uri: request.uri().clone(),
            sent_form: *request.method() == Method::POST,
            headers: request.headers().clone(),
            look: find_look(request.headers()),
        }
    }

    /// Makes known who it is, and the cookie that their forms are proved by.
    pub fn recognise(&mut self, session: Option<Arc<OwnSession>>, form_cookie: SecretString) {
        self.session = session;
        self.form_cookie = form_cookie;
    }

    /// What a form carries that was made for an account, and is shown again;
    /// one that was made for nobody is for whoever is there now.
    pub fn form_token(&self, owner: Option<PersonId>) -> SecretString {
        let now = self.session.as_ref().map(|own| own.session.person);
        let owner = owner.filter(|owner| *owner != PersonId::UNKNOWN).or(now);
        form_token(&self.form_cookie, owner.unwrap_or(PersonId::UNKNOWN))
    }
}

fn find_look(headers: &HeaderMap) -> Option<&'static str> {
    let chosen = cookies::find(headers, cookies::LOOK)?;
    let looks = ["light", "dark"];
    looks
        .into_iter()
        .find(|look| *look == chosen.expose_secret())
}

/// Makes the response of a reply.
pub async fn finish(reply: Reply, reader: &Reader) -> Response {
    match reply {
        Reply::Page(page) => finish_page(page, reader).await,
        Reply::Now(now) => send_now(&now, &reader.headers),
        Reply::Redirection(elsewhere) => elsewhere.into_response(),
        Reply::File(file) => file.into_response(),
        Reply::Raw(response) => response,
    }
}

async fn finish_page(page: Page, reader: &Reader) -> Response {
    let html = match &reader.session {
        Some(session) if page.section != Section::Front => {
            let navigation = find_navigation(session, reader).await;
            let said = reader
                .console
                .app
                .people
                .take_flashes(&session.session)
                .await;
            let body = html! {
                @for words in said.unwrap_or_default() { (note::done(&words)) }
                (page.body)
            };
            show_framed(&page, &body, &navigation, reader)
        }
        _ => show_front(&page, reader),
    };
    let mut response = Html(html.0).into_response();
    *response.status_mut() = page.status;
    response.headers_mut().extend(page.headers);
    if page.shows_secret {
        response.extensions_mut().insert(NotCompressed);
    }
    response
}

async fn find_navigation<'a>(session: &'a OwnSession, reader: &Reader) -> Navigation<'a> {
    let app = &reader.console.app;
    let caller = nobody_else(session.session.person);
    // A page is shown without what can't be read now.
    let keys = app
        .keys
        .list_owned(&caller, Scope::User)
        .await
        .unwrap_or_default();
    let managed = &session.session.servers;
    let servers = app.people.find_shared_servers(managed).await;
    Navigation {
        session,
        attention: keys.iter().filter(|key| key.needs_its_owner()).count(),
        more_servers: servers.len() > SERVERS_SHOWN_MAX || !session.session.joined.is_empty(),
        servers: servers.into_iter().take(SERVERS_SHOWN_MAX).collect(),
        is_operator: app.people.require_operator(&caller).is_ok(),
    }
}

/// The document around a page.
fn document(page: &Page, reader: &Reader, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[reader.look] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title) " · Latchkey" }
                link rel="stylesheet" href=(assets::address("console.css"));
                link rel="preload" href=(assets::address("inter.woff2")) as="font"
                    type="font/woff2" crossorigin;
                link rel="icon" href="data:,";
                // Nothing is shown before all of it is there, so that nothing moves.
                link rel="expect" href="#status" blocking="render";
                script src=(assets::address("console.js")) defer blocking="render" {}
            }
            body {
                (PreEscaped(assets::ICONS))
                a.skip href="#main" { "Skip to the page" }
                (body)
                div #status.hidden role="status" {}
            }
        }
    }
}

fn show_framed(page: &Page, body: &Markup, navigation: &Navigation<'_>, reader: &Reader) -> Markup {
    let frame = html! {
        div.frame {
            header.bar {
                (brand())
                button.btn.s popovertarget="nav" { (icon::plain("menu")) "Menu" }
            }
            nav.side #nav popover aria-label="Console" {
                (brand())
                button.btn.s.close popovertarget="nav" popovertargetaction="hide" {
                    (icon::plain("x")) "Close"
                }
                (show_navigation(page.section, navigation))
                (show_person(page.section, navigation.session))
            }
            main #main tabindex="-1" { (body) }
        }
    };
    document(page, reader, &frame)
}

fn brand() -> Markup {
    html! { a.brand href="/" { (icon::brand()) "Latchkey" } }
}

fn show_navigation(at: Section, navigation: &Navigation<'_>) -> Markup {
    let yours = [
        (Section::Keys, "/keys", "key", "Keys"),
        (Section::Models, "/models", "models", "Models"),
        (Section::Playground, "/playground", "chat", "Playground"),
        (Section::Usage, "/usage", "usage", "Usage"),
        (Section::Tokens, "/tokens", "token", "Tokens"),
    ];
    html! {
        div {
            h2 { "You" }
            ul {
                @for (section, address, image, label) in yours {
                    li {
                        a href=(address) aria-current=[current(section, at)] {
                            (icon::plain(image)) (label)
                            @if section == Section::Keys && navigation.attention > 0 {
                                span.pays.bad.count {
                                    span.hidden { "needs you:" } " " (navigation.attention)
                                }
                            }
                        }
                    }
                }
            }
        }
        @if !navigation.servers.is_empty() || navigation.more_servers {
            div {
                h2 { @if navigation.servers.is_empty() { "Servers" } @else { "Servers you manage" } }
                ul {
                    @for (server, name) in &navigation.servers {
                        li {
                            a href={ "/servers/" (server.0) }
                                aria-current=[current(Section::Server(*server), at)] {
                                (icon::plain("server")) (name)
                            }
                        }
                    }
                    @if navigation.more_servers {
                        li {
                            a href="/servers" aria-current=[current(Section::Servers, at)] {
                                (icon::plain("menu")) "All servers"
                            }
                        }
                    }
                }
            }
        }
        @if navigation.is_operator {
            div {
                h2 { "This service" }
                ul {
                    li {
                        a href="/operator" aria-current=[current(Section::Operator, at)] {
                            (icon::plain("gauge")) "Operator"
                        }
                    }
                }
            }
        }
    }
}

fn current(section: Section, at: Section) -> Option<&'static str> {
    (section == at).then_some("page")
}

fn show_person(at: Section, session: &OwnSession) -> Markup {
    let name = &session.session.name;
    let letter = name.chars().next().unwrap_or('?').to_uppercase();
    html! {
        div.me {
            span.face aria-hidden="true" { (letter) }
            div {
                a href="/profile" aria-current=[current(Section::Profile, at)] { (name) }
                span.sub { "Profile" }
            }
            form method="post" action="/sign-out" {
                (form::token(&session.form_token))
                button.btn.plain.s aria-label="Sign out" { (icon::plain("out")) }
            }
        }
    }
}

/// The layout for visitors, and for the front page.
fn show_front(page: &Page, reader: &Reader) -> Markup {
    let version = env!("CARGO_PKG_VERSION");
    let frame = html! {
        div.front {
            header {
                (brand())
                nav aria-label="Latchkey" {
                    a.away href="/#how" { "How it works" }
                    a.away href="/#security" { "Security" }
                    a href="/playground" { "Playground" }
                    @if reader.session.is_some() {
                        a.btn.s href="/keys" { "Your keys" }
                    } @else {
                        a.btn.s href="/sign-in" { "Sign in" }
                    }
                }
            }
            main #main tabindex="-1" { (page.body) }
            footer {
                span { "Latchkey " (version) }
                a href="/#security" { "What happens to a key" }
                a href="/openapi.json" { "API" }
            }
        }
    };
    document(page, reader, &frame)
}
