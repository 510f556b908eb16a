//! The servers that somebody is in, and what a server's managers settle for
//! it, page by page: keys, budgets, who may ask, and what was used. The guard
//! has looked at their rights before each handler: right now for whatever
//! changes something.

pub mod budgets;
pub mod clearing;
pub mod keys;
pub mod models;
pub mod overview;
pub mod rules;
pub mod usage;

use futures_util::future::join_all;

use crate::app::Error;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::stopped;
use crate::console::parts::{icon, note, payer};
use crate::console::reply::Page;
use crate::console::routes::{Row, row};
use crate::console::visit::{HandlerResult, Managing, SignedIn, Visit};
use crate::model::{AccessRefusal, Refusal, ServerId, Source};

/// Of how many servers it is looked at who pays there.
const LOOKED_AT_MAX: usize = 20;

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

/// The servers that somebody manages, and those that they are in.
async fn show_servers(visit: Visit, person: SignedIn) -> HandlerResult {
    let session = &person.session.session;
    let people = &visit.app().people;
    let invite = people.invite_address();
    let with_bot = people.find_shared_servers(&session.servers).await;
    let without = session.servers.len() - with_bot.len();
    let member_of = find_memberships(&visit, &person).await;
    let body = html! {
        div.head {
            div {
                h1 { "Servers" }
                p { "Those that you were in when you signed in. What you may do there is asked of Discord each time." }
            }
        }
        @if !session.servers.is_empty() {
            section.card aria-labelledby="with-h" {
                header { h2 #with-h { "That you manage" } }
                div.body {
                    @if with_bot.is_empty() {
                        (note::empty("server", "None of the servers that you manage has the bot yet.", html! {}))
                    }
                    ul.stack {
                        @for (server, name) in &with_bot {
                            li {
                                a href={ "/servers/" (server) } {
                                    (icon::plain("server")) " " (name)
                                }
                            }
                        }
                    }
                }
                @if without > 0 {
                    p.foot {
                        (without)
                        " more that you could manage, where the bot is not. "
                        @match &invite {
                            Some(invite) => a href=(invite) rel="noreferrer" { "Add it to a server" },
                            None => "In Discord, open the bot’s profile and add it to a server.",
                        }
                    }
                }
            }
        }
        @if !member_of.is_empty() {
            (show_memberships(&member_of))
        } @else if session.servers.is_empty() {
            (note::empty(
                "server",
                "You are in no server that has the bot. Whoever manages one can add it.",
                html! {
                    @match &invite {
                        Some(invite) => a.btn href=(invite) rel="noreferrer" { "Add it to a server" },
                        None => a.btn href="/playground" { "Ask here" },
                    }
                },
            ))
        }
    };
    Ok(Page::new(Section::Servers, "Servers", body).into())
}

/// A server that somebody is in with the bot, and who pays there if they ask
/// without naming a provider.
struct Membership {
    server: ServerId,
    name: String,
    pays: MemberPayer,
}

enum MemberPayer {
    Somebody(Source),
    Nobody,
    /// It was not looked at, or Discord does not say who they are there.
    Unknown,
}

/// The servers that somebody does not manage and shares with the bot.
async fn find_memberships(visit: &Visit, person: &SignedIn) -> Vec<Membership> {
    let joined = &person.session.session.joined;
    let shared = visit.app().people.find_shared_servers(joined).await;
    let found = shared
        .into_iter()
        .enumerate()
        .map(|(at, (server, name))| async move {
            let pays = if at < LOOKED_AT_MAX {
                find_payer(visit, person, server).await?
            } else {
                MemberPayer::Unknown
            };
            Some(Membership { server, name, pays })
        });
    join_all(found).await.into_iter().flatten().collect()
}

/// Who pays in a server; none where they are no longer in it.
async fn find_payer(visit: &Visit, person: &SignedIn, server: ServerId) -> Option<MemberPayer> {
    let caller = match visit.app().people.find_member(person.id(), server).await {
        Ok(caller) => caller,
        Err(Error::Refused(Refusal::Access(AccessRefusal::NotAMember))) => return None,
        Err(_) => return Some(MemberPayer::Unknown),
    };
    let Ok(status) = visit.app().asks.read_status(&caller, None).await else {
        return Some(MemberPayer::Unknown);
    };
    let answers = status.unnamed.as_ref().map(|it| &it.provider);
    let answers = answers.and_then(|id| status.providers.iter().find(|it| it.provider == *id));
    let taken = answers.and_then(|it| it.trace.taken());
    Some(taken.map_or(MemberPayer::Nobody, |step| {
        MemberPayer::Somebody(step.source)
    }))
}

fn show_memberships(all: &[Membership]) -> Markup {
    html! {
        section.card aria-labelledby="member-h" {
            header { h2 #member-h { "That you are a member of" } }
            table.table.tight.folds {
                caption.hidden { "Servers with the bot, and who pays for you there" }
                thead {
                    tr {
                        th scope="col" { "Server" }
                        th scope="col" { "If you name no provider, it is paid by" }
                    }
                }
                tbody {
                    @for one in all {
                        tr {
                            th scope="row" {
                                a href={ "/keys?in=" (one.server) "#who" } { (one.name) }
                            }
                            td data-label="Paid by" {
                                @match one.pays {
                                    MemberPayer::Somebody(source) => (payer::badge(source)),
                                    MemberPayer::Nobody => (payer::nobody()),
                                    MemberPayer::Unknown => span.dim { "Open it to see" },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
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
    let stop = stopped::find_block(visit, &managing.caller).await?;
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
        (stopped::show(visit, stop.as_ref()))
        (body)
    };
    Ok(Page::new(Section::Server(server), title, page).into())
}
