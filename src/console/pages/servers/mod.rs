//! What a server's managers settle for it, page by page: keys, budgets, who may
//! ask, and what was used. The guard has looked at their rights before each
//! handler: right now for whatever changes something.

pub mod budgets;
pub mod keys;
pub mod models;
pub mod overview;
pub mod rules;
pub mod usage;

use futures_util::future::join_all;

use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::parts::{icon, note};
use crate::console::reply::Page;
use crate::console::routes::{Row, row};
use crate::console::visit::{HandlerResult, Managing, SignedIn, Visit};
use crate::model::ServerId;

pub const ROWS: &[Row] = &[row!(GET "/servers" SignedIn show_servers)];

/// A page of a server's: which, and what it is called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Usage,
    Keys,
    Budgets,
    Rules,
    Models,
}

impl Tab {
    const ALL: [Self; 6] = [
        Self::Overview,
        Self::Usage,
        Self::Keys,
        Self::Budgets,
        Self::Rules,
        Self::Models,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Usage => "Usage",
            Self::Keys => "Keys",
            Self::Budgets => "Budgets",
            Self::Rules => "Who may ask",
            Self::Models => "Models",
        }
    }

    fn address(self, server: ServerId) -> String {
        let ending = match self {
            Self::Overview => "",
            Self::Usage => "/usage",
            Self::Keys => "/keys",
            Self::Budgets => "/budgets",
            Self::Rules => "/rules",
            Self::Models => "/models",
        };
        format!("/servers/{server}{ending}")
    }
}

/// The servers that somebody manages.
async fn show_servers(visit: Visit, person: SignedIn) -> HandlerResult {
    let listed = &person.session.session.servers;
    let invite = visit.app().people.invite_address();
    let found = listed.iter().map(|server| async {
        let name = visit.app().people.find_server_name(*server).await;
        (*server, name)
    });
    let (with_bot, without): (Vec<_>, Vec<_>) = join_all(found)
        .await
        .into_iter()
        .partition(|(_, name)| name.is_some());
    let body = html! {
        div.head {
            div {
                h1 { "Servers" }
                p { "Those that you could manage when you signed in. What you may do there is asked of Discord each time." }
            }
        }
        section.card aria-labelledby="with-h" {
            header { h2 #with-h { "With the bot" } }
            div.body {
                @if with_bot.is_empty() {
                    (note::empty("server", "None of your servers has the bot yet.", html! {}))
                }
                ul.stack {
                    @for (server, name) in &with_bot {
                        li {
                            a href={ "/servers/" (server) } {
                                (icon::plain("server")) " " (name.as_deref().unwrap_or_default())
                            }
                        }
                    }
                }
            }
            @if !without.is_empty() {
                p.foot {
                    (without.len())
                    " more that you could manage, where the bot is not. "
                    @match &invite {
                        Some(invite) => a href=(invite) rel="noreferrer" { "Add it to a server" },
                        None => "In Discord, open the bot’s profile and add it to a server.",
                    }
                }
            }
        }
    };
    Ok(Page::new(Section::Servers, "Servers", body).into())
}

/// What a server is called.
pub(super) async fn name_of(visit: &Visit, server: ServerId) -> String {
    let found = visit.app().people.find_server_name(server).await;
    found.unwrap_or_else(|| format!("Server {server}"))
}

/// A page of a server's, below its name and the way to its other pages.
pub(super) async fn show_page(
    visit: &Visit,
    managing: &Managing,
    tab: Tab,
    body: Markup,
) -> HandlerResult {
    let server = managing.server;
    let name = name_of(visit, server).await;
    let title = match tab {
        Tab::Overview => name.clone(),
        tab => format!("{}, {name}", tab.words()),
    };
    let page = html! {
        div.head {
            div { h1 { (name) } p { "Its members may use its keys here, and nowhere else." } }
        }
        nav.acts aria-label="This server" {
            @for other in Tab::ALL {
                a.btn.s.plain[other != tab] href=(other.address(server))
                    aria-current=[(other == tab).then_some("page")] { (other.words()) }
            }
        }
        (body)
    };
    Ok(Page::new(Section::Server(server), title, page).into())
}
