//! One's own keys: the list with this month's figures, what needs attention,
//! and who pays for what.

mod add;
mod attention;
mod change;
pub mod fields;
mod import;
mod one;
mod openrouter;
mod remove;
pub mod replacing;
mod skipped;
mod used;
mod who_pays;

use crate::app::{Error, ProviderInfo, nobody_else};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::stopped;
use crate::console::parts::key::OwnKeys;
use crate::console::parts::{form, icon, key, money, note, when};
use crate::console::reply::Page;
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::console::words::{self, Names};
use crate::model::{Key, KeyRefusal, Refusal, Scope};

use used::MonthByKey;

pub const ROWS: &[Row] = &[
    row!(GET "/keys" SignedIn show_keys).taking(&["in"]),
    row!(POST "/keys" SignedIn add::add_key),
    row!(GET "/keys/new" SignedIn add::show_form).taking(&["provider"]),
    row!(GET "/keys/import" SignedIn import::show_form).taking(&["import"]),
    row!(POST "/keys/import" SignedIn import::check_file).with_files(),
    row!(POST "/keys/import/store" SignedIn import::store_chosen),
    row!(GET "/keys/openrouter" SignedIn openrouter::begin),
    row!(GET "/keys/openrouter/back/{state}" SignedIn openrouter::come_back).taking_anything(),
    row!(GET "/keys/{key}" SignedIn one::show_key),
    row!(POST "/keys/{key}/check" SignedIn change::check),
    row!(POST "/keys/{key}/pause" SignedIn change::pause),
    row!(POST "/keys/{key}/resume" SignedIn change::resume),
    row!(POST "/keys/{key}/rename" SignedIn change::rename),
    row!(POST "/keys/{key}/replace" SignedIn change::replace),
    row!(GET "/keys/{key}/remove" SignedIn remove::ask_first),
    row!(POST "/keys/{key}/remove" SignedIn remove::remove),
];

/// Whoever looks at their keys, and what they may.
struct KeyRing {
    keys: Vec<Key>,
    /// Whether keys can be stored here at all.
    is_enabled: bool,
    /// Whether they pay for their owner.
    own: OwnKeys,
}

impl KeyRing {
    async fn read(visit: &Visit, person: &SignedIn) -> Result<Self, Trouble> {
        let app = visit.app();
        let is_enabled = app.keys.byok_enabled();
        // Who somebody is in a server changes nothing of what is theirs.
        let caller = nobody_else(person.id());
        let keys = if is_enabled {
            app.keys.list_owned(&caller, Scope::User).await?
        } else {
            Vec::new()
        };
        Ok(Self {
            keys,
            is_enabled,
            own: find_use(visit, person).await,
        })
    }

    fn is_in_tier(&self) -> bool {
        self.own != OwnKeys::NotInTier
    }

    fn may_add(&self) -> bool {
        self.is_enabled && self.is_in_tier()
    }
}

/// Whether somebody's own keys pay for them outside of servers. That hangs on
/// roles, which Discord may not tell right now.
async fn find_use(visit: &Visit, person: &SignedIn) -> OwnKeys {
    let Ok(caller) = person.caller(visit).await else {
        return OwnKeys::Pay;
    };
    let app = visit.app();
    if let Err(Error::Refused(_)) = app.asks.refuse_blocked(&caller).await {
        return OwnKeys::OwnerStopped;
    }
    if app.keys.may_use_own_keys(&caller).await {
        OwnKeys::Pay
    } else {
        OwnKeys::NotInTier
    }
}

async fn show_keys(visit: Visit, person: SignedIn) -> HandlerResult {
    let ring = KeyRing::read(&visit, &person).await?;
    let (month, who_pays) = tokio::join!(
        MonthByKey::read(&visit, &person),
        who_pays::read(&visit, &person),
    );
    let who_pays = who_pays?;
    let body = html! {
        (show_head(&visit, &ring))
        @if !ring.is_enabled { (show_disabled()) }
        @if ring.is_enabled && !ring.is_in_tier() { (show_tier()) }
        (stopped::show(&visit, who_pays.stopped.as_ref()))
        @for key in ring.keys.iter().filter(|key| key.needs_its_owner()) {
            (attention::show(&visit, key, &who_pays))
        }
        @if ring.is_enabled {
            @if ring.keys.is_empty() {
                (show_none(&ring, who_pays.is_blocked()))
            } @else {
                (show_list(&visit, &ring, &month))
            }
        }
        (who_pays::show(&visit, &who_pays).await)
    };
    Ok(Page::new(Section::Keys, "Keys", body).into())
}

fn show_head(visit: &Visit, ring: &KeyRing) -> Markup {
    html! {
        div.head {
            div {
                h1 { "Keys" }
                p {
                    "Yours alone. They pay before a server’s key does, in every server and for \
                     your programs."
                }
            }
            @if ring.may_add() {
                div.acts {
                    (openrouter::link(visit))
                    a.btn href="/keys/import" { "Import .env" }
                    a.btn.strong href="/keys/new" { (icon::plain("plus")) "Add a key" }
                }
            }
        }
    }
}

/// Nobody can store keys here.
pub fn show_disabled() -> Markup {
    let refusal = Refusal::from(KeyRefusal::ByokDisabled);
    let trouble = words::describe_refusal(Names::unknown(), &refusal);
    note::urgent(
        &format!("{}.", trouble.title),
        &trouble.words,
        html! { a.btn.s href="/playground" { "Ask with a key for this once" } },
    )
}

fn show_tier() -> Markup {
    note::plain(
        "Your tier does not include keys of your own. Those that you have stay stored, and are \
         used again when your tier allows it.",
        html! { a.btn.s href="/usage" { "See your limits" } },
    )
}

/// What stands in the place of keys.
fn show_none(ring: &KeyRing, is_blocked: bool) -> Markup {
    let words = if is_blocked {
        "No API key configured. One that you add pays once you may ask again."
    } else {
        "No API key configured. Add one and it pays first, everywhere."
    };
    note::empty(
        "key",
        words,
        html! {
            @if ring.may_add() { a.btn href="/keys/new" { "Add a key" } }
        },
    )
}

fn show_list(visit: &Visit, ring: &KeyRing, month: &MonthByKey) -> Markup {
    html! {
        section.card aria-label="Your keys" {
            table.table.folds {
                caption.hidden { "Your keys and what they did this month" }
                thead {
                    tr {
                        th scope="col" { "Key" }
                        th scope="col" { "Health" }
                        th scope="col" { "Pays" }
                        th.num scope="col" { "Requests" }
                        th.num scope="col" { "Tokens" }
                        th.num scope="col" { "Cost" }
                        th scope="col" { "Last use" }
                        th { span.hidden { "Actions" } }
                    }
                }
                tbody { @for key in &ring.keys { (show_row(visit, key, ring.own, month)) } }
            }
            p.foot { (month.describe()) }
        }
    }
}

fn show_row(visit: &Visit, one: &Key, own: OwnKeys, month: &MonthByKey) -> Markup {
    let providers = visit.app().providers();
    let name = key::provider_name(providers, &one.provider);
    let kind = providers.get(&one.provider).map(ProviderInfo::kind);
    let total = month.of(one.id);
    let now_ms = visit.app().now_ms();
    html! {
        tr {
            th scope="row" {
                a href={ "/keys/" (one.id) } { (name) }
                span.sub { (key::label(one)) }
                (key::ending(one, now_ms))
            }
            td data-label="Health" { (key::health(one)) }
            td data-label="Pays" { (key::describe_place(one, kind, own, now_ms)) }
            @match total {
                Some(total) => {
                    td.num data-label="Requests" { (money::grouped(total.requests)) }
                    td.num data-label="Tokens" { (key::total_tokens(&total)) }
                    td.num data-label="Cost" { (key::show_cost(&total)) }
                }
                None => {
                    td.num data-label="Requests" { "not read" }
                    td.num data-label="Tokens" { "not read" }
                    td.num data-label="Cost" { "not read" }
                }
            }
            td.nowrap data-label="Last use" {
                (when::relative_or_never(one.last_used_at_ms, now_ms))
            }
            td { div.acts { (show_actions(visit, one, &name)) } }
        }
    }
}

/// What can be done with a key at once.
fn show_actions(visit: &Visit, key: &Key, about: &str) -> Markup {
    let token = &visit.form_token;
    let at = |verb: &str| format!("/keys/{}/{verb}", key.id);
    html! {
        (form::button(token, &at("check"), "Check", about))
        @if key.paused {
            (form::button(token, &at("resume"), "Resume", about))
        } @else {
            (form::button(token, &at("pause"), "Pause", about))
        }
    }
}
