//! The page of one key: how it is, what it did, and what can be done with it.

use crate::app::{ProviderInfo, nobody_else};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::stopped;
use crate::console::parts::{form, icon, key, money, when};
use crate::console::reply::Page;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{Key, Scope};

use super::used::MonthByKey;
use super::{add, fields, find_use};

/// The key that the address names, if it is the reader's own.
pub async fn find(visit: &Visit, person: &SignedIn) -> Result<Key, Trouble> {
    let caller = nobody_else(person.id());
    let keys = &visit.app().keys;
    let found = keys.find(&caller, Scope::User, visit.path_value(0)).await;
    Ok(found?)
}

/// Shows one key of somebody's.
pub async fn show_key(visit: Visit, person: SignedIn) -> HandlerResult {
    let one = find(&visit, &person).await?;
    Ok(page(&visit, &person, &one, None).await.into())
}

/// The page, with what is wrong about a key that was to replace this one.
pub async fn page(visit: &Visit, person: &SignedIn, one: &Key, trouble: Option<Trouble>) -> Page {
    let providers = visit.app().providers();
    let name = key::provider_name(providers, &one.provider);
    let month = MonthByKey::read(visit, person).await;
    let own = find_use(visit, person).await;
    let stop = stopped::show_outside(visit, person)
        .await
        .unwrap_or_default();
    let status = trouble.as_ref().map(|trouble| trouble.status);
    let body = html! {
        div.head {
            div {
                h1 { (name) }
                p { (key::label(one)) }
            }
            div.acts { a.btn href="/keys" { "All keys" } }
        }
        (stop)
        @if let Some(trouble) = &trouble { (add::show_trouble(trouble)) }
        div.columns.two {
            (show_facts(visit, one, own, &month))
            (show_name(visit, one))
        }
        (show_replace(visit, one, &name))
        (show_remove(one, &name))
    };
    let page = Page::new(Section::Keys, name, body);
    match status {
        Some(status) => page.status(status),
        None => page,
    }
}

fn show_facts(visit: &Visit, one: &Key, own: key::OwnKeys, month: &MonthByKey) -> Markup {
    let now_ms = visit.app().now_ms();
    let kind = visit.app().providers().get(&one.provider);
    let kind = kind.map(ProviderInfo::kind);
    let at = |verb: &str| format!("/keys/{}/{verb}", one.id);
    let (verb, label) = if one.paused {
        ("resume", "Resume")
    } else {
        ("pause", "Pause")
    };
    html! {
        section.card aria-labelledby="facts-h" {
            header { h2 #facts-h { "How it is" } }
            div.body {
                dl.pairs {
                    dt { "Health" } dd { (key::health(one)) }
                    dt { "Checked" } dd { (when::relative_or_never(one.checked_at_ms, now_ms)) }
                    dt { "Pays" } dd { (key::describe_place(one, kind, own, now_ms)) }
                    dt { "Added" } dd { (when::day(one.added_at_ms)) }
                    @if let Some(at_ms) = one.expires_at_ms {
                        dt { @if one.has_ended(now_ms) { "Ended" } @else { "Ends" } }
                        dd { (when::day_and_time(at_ms)) }
                    }
                    dt { "Last use" } dd { (when::relative_or_never(one.last_used_at_ms, now_ms)) }
                    @if let Some(total) = month.of(one.id) {
                        dt { "Requests this month" } dd { (money::grouped(total.requests)) }
                        dt { "Tokens this month" } dd { (key::total_tokens(&total)) }
                        dt { "Cost this month" } dd { (key::total_cost(&total)) }
                    }
                }
            }
            div.foot.acts {
                @for (verb, label) in [("check", "Check"), (verb, label)] {
                    form method="post" action=(at(verb)) {
                        (form::token(&visit.form_token))
                        input type="hidden" name="from" value="key";
                        button.btn.s { (label) }
                    }
                }
            }
        }
    }
}

fn show_name(visit: &Visit, one: &Key) -> Markup {
    let name = one.name.as_deref().unwrap_or_default();
    html! {
        section.card aria-labelledby="name-h" {
            header { h2 #name-h { "Name" } }
            form.body method="post" action={ "/keys/" (one.id) "/rename" } autocomplete="off" {
                (form::token(&visit.form_token))
                (form::text("name", "What you call it", name, "Up to 40 characters; leave it empty for none"))
                button.btn { "Rename" }
            }
        }
    }
}

fn show_replace(visit: &Visit, one: &Key, name: &str) -> Markup {
    let known = visit.app().providers().get(&one.provider);
    html! {
        @if let Some(known) = known {
            section.card #replace aria-labelledby="replace-h" {
                header {
                    h2 #replace-h { "Replace it" }
                    p { "The old one stays until " (name) " accepts the new one." }
                }
                form.body method="post" action={ "/keys/" (one.id) "/replace" } autocomplete="off" {
                    (form::token(&visit.form_token))
                    div.fields {
                        (fields::show(known, &visit.form))
                        (fields::show_lifetime(visit, Some(one)))
                    }
                    (fields::show_keep_refused(&visit.form))
                    button.btn.strong { (icon::plain("lock")) "Check and replace" }
                }
            }
        }
    }
}

fn show_remove(one: &Key, name: &str) -> Markup {
    html! {
        section.card aria-labelledby="remove-h" {
            header {
                h2 #remove-h { "Remove it" }
                a.btn.danger href={ "/keys/" (one.id) "/remove" } { "Remove…" }
            }
            p.body.dim {
                "Before anything is removed, a page says what stops. A key can’t be brought \
                 back; " (name) " can make another."
            }
        }
    }
}
