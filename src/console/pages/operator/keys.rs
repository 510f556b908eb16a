//! System keys: listed, added, checked, paused and removed.

use axum::http::StatusCode;

use crate::app::{Error, KeyDraft, ProviderInfo, SystemKey, SystemUses, TypedKey};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::keys::{fields, replacing};
use crate::console::pages::operator::operator;
use crate::console::pages::operator::refusals::explain;
use crate::console::pages::sign_in::require_fresh;
use crate::console::parts::key::{RESTRICTED, ending};
use crate::console::parts::{form, icon, money, note, when};
use crate::console::reply::Page;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::model::{Caller, Check, Health, Key, NanoDollars, ProviderId, Scope};

const PATH: &str = "/operator/keys";
const FORM: &str = "/operator/keys/new";

/// System keys on a page of their own.
pub async fn show(visit: Visit, person: SignedIn) -> HandlerResult {
    let body = html! {
        div.head {
            div {
                h1 { "System keys" }
                p { "They pay for whoever has no other key, within their tier." }
            }
            div.acts { a.btn href="/operator" { "Back to Operator" } }
        }
        (show_list(&visit, &operator(&person)).await?)
    };
    Ok(Page::new(Section::Operator, "System keys", body).into())
}

/// All keys that the operator pays with.
pub async fn show_list(visit: &Visit, caller: &Caller) -> Result<Markup, Trouble> {
    let stored = &visit.app().keys;
    let (keys, used) = tokio::try_join!(stored.list_system(caller), stored.system_use(caller))?;
    let adds = stored.byok_enabled();
    Ok(html! {
        section.card aria-labelledby="keys-h" {
            header {
                h2 #keys-h { "System keys" }
                @if adds { a.btn.s href=(FORM) { (icon::small("plus")) "Add a key" } }
            }
            @if keys.is_empty() {
                (note::empty(
                    "key",
                    "None. Only people’s own keys and servers’ keys pay.",
                    html! {
                        @if adds { a.btn href=(FORM) { "Add one" } }
                    },
                ))
            } @else {
                table.table.folds {
                    caption.hidden { "Keys that this service pays with" }
                    thead {
                        tr {
                            th scope="col" { "Key" }
                            th scope="col" { "From" }
                            th scope="col" { "Health" }
                            th.num scope="col" { "Today" }
                            th.num scope="col" { "30 days" }
                            th { span.hidden { "Actions" } }
                        }
                    }
                    tbody { @for key in &keys { (show_row(visit, key, &used)) } }
                }
            }
            p.foot {
                @if adds {
                    "A key from the environment wins over one that is sealed here, and is changed where it stands."
                } @else {
                    "BYOK is not enabled: keys can be added here once BYOK_MASTER_KEY is set."
                }
            }
        }
    })
}

fn show_row(visit: &Visit, key: &SystemKey, used: &SystemUses) -> Markup {
    let name = provider_name(visit, key.provider());
    let used = key.used(used);
    let (id, token) = (key.id(), &visit.form_token);
    let act = |verb: &str| format!("{PATH}/{id}/{verb}");
    let hint = match key {
        SystemKey::Environment(key) => &key.hint,
        SystemKey::Stored { key, .. } => &key.hint,
    };
    html! {
        tr {
            th scope="row" {
                (name)
                @if let SystemKey::Stored { key: Key { name: Some(name), .. }, .. } = key { " “" (name) "”" }
                @if let Some(hint) = hint { span.sub { code { "…" (hint) } } }
                @if let SystemKey::Stored { key, .. } = key { (ending(key, visit.app().now_ms())) }
            }
            td data-label="From" { (show_origin(key)) }
            td.two data-label="Health" { (show_health(key)) }
            td.num data-label="Today" { (NanoDollars(used.today.cost_nano)) }
            td.num data-label="30 days" {
                (NanoDollars(used.month.cost_nano))
                span.sub { (money::count(used.month.requests, "request")) }
            }
            td {
                div.acts {
                    (form::button(token, &act("check"), "Check", &name))
                    @if let SystemKey::Stored { key, .. } = key {
                        @if key.paused {
                            (form::button(token, &act("resume"), "Resume", &name))
                        } @else {
                            (form::button(token, &act("pause"), "Pause", &name))
                        }
                        a.btn.plain.s href=(act("remove")) { "Remove" span.hidden { " " (name) } }
                    }
                }
            }
        }
    }
}

fn show_origin(key: &SystemKey) -> Markup {
    match key {
        SystemKey::Environment(key) => html! {
            "Environment"
            span.sub {
                @match &key.variable {
                    Some(variable) => code { (variable) },
                    None => "no key needed",
                }
            }
        },
        SystemKey::Stored { key, overridden_by } => html! {
            "Sealed here"
            span.sub {
                @match overridden_by {
                    Some(variable) => { "not used: " code { (variable) } " wins" },
                    None => (when::day(key.added_at_ms)),
                }
            }
        },
    }
}

fn show_health(key: &SystemKey) -> Markup {
    if let SystemKey::Stored { key, .. } = key
        && key.paused
    {
        return html! { span.health { (icon::small("pause")) "Paused" } };
    }
    let needs_no_key = matches!(key, SystemKey::Environment(it) if it.variable.is_none());
    let (image, words, is_bad) = match key.health() {
        Health::Valid | Health::Unguarded if needs_no_key => ("check", "Answers", false),
        Health::Unverified if needs_no_key => ("minus", "Not asked yet", false),
        Health::Valid => ("check", "Works", false),
        Health::Unguarded => ("check", "Reachable; it checks no keys", false),
        Health::Unverified => ("minus", "Not checked yet", false),
        Health::Restricted => ("check", RESTRICTED, false),
        Health::Refused => ("alert", "Refused", true),
        Health::OutOfCredit => ("alert", "Out of credit", true),
        Health::Damaged => ("alert", "Damaged", true),
    };
    html! { span.health.bad[is_bad] { (icon::small(image)) (words) } }
}

/// Asks for a provider first, then for its key.
pub async fn show_form(visit: Visit, person: SignedIn) -> HandlerResult {
    let (caller, provider) = (operator(&person), visit.query("provider"));
    let page = form_page(&visit, &caller, provider.as_deref(), None);
    Ok(page.await?.into())
}

async fn form_page(
    visit: &Visit,
    caller: &Caller,
    provider: Option<&str>,
    refused: Option<&Trouble>,
) -> Result<Page, Trouble> {
    let providers = visit.app().providers();
    let chosen = provider.and_then(|typed| providers.find(typed));
    let keys = visit.app().keys.list_system(caller).await?;
    let is_chosen = |id: &ProviderId| chosen.is_some_and(|it| it.id() == id);
    let stored = keys.iter().find_map(|key| match key {
        SystemKey::Stored { key, .. } if is_chosen(&key.provider) => Some(key),
        SystemKey::Stored { .. } | SystemKey::Environment(_) => None,
    });
    let status = refused.map_or(StatusCode::OK, |it| it.status);
    let choices: Vec<form::Choice<'_>> = providers
        .iter()
        .map(|provider| form::Choice {
            value: provider.id().as_str(),
            words: provider.name(),
        })
        .collect();
    let body = html! {
        div.head { div { h1 { "Add a system key" } p { "It is checked free of charge, then sealed. Nobody sees it again." } } }
        @if let Some(trouble) = refused { (note::urgent(&trouble.title, &trouble.words, html! {})) }
        section.card aria-label="Add a system key" {
            @match chosen {
                None => form.body.stack method="get" action=(FORM) {
                    (form::select("provider", "Provider", &choices, "openai"))
                    button.btn.strong { "Go on" }
                },
                Some(chosen) => form.body.stack method="post" action=(PATH) autocomplete="off" {
                    (form::token(&visit.form_token))
                    input type="hidden" name="provider" value=(chosen.id());
                    @let prefixes: Vec<&str> = chosen.key_prefixes().collect();
                    @let hint = format!("{} You get one at {}.", fields::describe_shape(&prefixes), chosen.key_page());
                    (form::key("key", &format!("{} key", chosen.name()), &fields::placeholder(&prefixes), &hint))
                    @for extra in chosen.extras() {
                        (form::text(extra.field, extra.label, visit.form.plain_text(extra.field), extra.placeholder))
                    }
                    (form::text("name", "Name", visit.form.plain_text("name"), "What you call it; may be left out."))
                    (fields::show_lifetime(visit, stored))
                    (fields::show_keep_refused(&visit.form))
                    div.acts { a.btn href="/operator" { "Back" } button.btn.strong { "Check and seal" } }
                },
            }
        }
    };
    Ok(Page::new(Section::Operator, "Add a system key", body).status(status))
}

/// Checks what was typed, seals it and stores it.
pub async fn add(visit: Visit, person: SignedIn) -> HandlerResult {
    let provider = visit.form.text("provider").to_owned();
    let providers = visit.app().providers();
    let extras = providers.find(&provider).map(ProviderInfo::extras);
    let typed = extras.into_iter().flatten().filter_map(|extra| {
        let value = visit.form.secret(extra.field)?;
        Some((extra.field.to_owned(), value))
    });
    let caller = operator(&person);
    let put = async {
        let draft = KeyDraft {
            lifetime: fields::read_lifetime(&visit.form)?,
            keep_refused: visit.form.has(fields::KEEP_REFUSED),
            scope: Scope::System,
            provider: ProviderId::from(provider.as_str()),
            name: visit.form.typed("name").map(str::to_owned),
            typed: TypedKey {
                secret: visit.form.secret("key").unwrap_or_default(),
                extras: typed.collect(),
            },
        };
        visit.app().keys.put_system(&caller, draft).await
    };
    match put.await {
        Ok(added) => {
            let name = provider_name(&visit, &added.key.provider);
            let mut words = vec![match &added.replaced {
                Some(_) if added.is_same => {
                    format!("That {name} key was sealed already. It was checked again.")
                }
                Some(old) => format!("The {name} key is replaced{}", replacing::describe_old(old)),
                None => format!("The {name} key is sealed."),
            }];
            words.extend(added.kept_name().map(replacing::describe_kept));
            words.extend(added.end().map(replacing::describe_end));
            words.push(describe_check(&added.check).to_owned());
            person.say_at(&visit, PATH, &words.join(" ")).await
        }
        Err(error @ Error::Refused(_)) => {
            let mut trouble = explain(&visit, error);
            "The key was not stored.".clone_into(&mut trouble.title);
            let page = form_page(&visit, &caller, Some(&provider), Some(&trouble));
            Ok(page.await?.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks a key's provider about it.
pub async fn check(visit: Visit, person: SignedIn) -> HandlerResult {
    let (keys, caller) = (&visit.app().keys, operator(&person));
    let tested = keys.test_system(&caller, visit.path_value(0)).await;
    let (key, check) = tested.map_err(|error| explain(&visit, error))?;
    let name = provider_name(&visit, key.provider());
    let words = format!("{name}: {}", describe_check(&check));
    person.say_at(&visit, PATH, &words).await
}

/// Sets a key aside.
pub async fn pause(visit: Visit, person: SignedIn) -> HandlerResult {
    set_paused(&visit, &person, true).await
}

/// Uses it again.
pub async fn resume(visit: Visit, person: SignedIn) -> HandlerResult {
    set_paused(&visit, &person, false).await
}

async fn set_paused(visit: &Visit, person: &SignedIn, paused: bool) -> HandlerResult {
    let (keys, caller) = (&visit.app().keys, operator(person));
    let changed = keys.change_system(&caller, visit.path_value(0), None, Some(paused));
    let key = changed.await.map_err(|error| explain(visit, error))?;
    let name = provider_name(visit, key.provider());
    let words = if paused {
        format!("The {name} key is paused: it pays for nobody until it is resumed.")
    } else {
        format!("The {name} key is used again.")
    };
    person.say_at(visit, PATH, &words).await
}

/// Asks before a key is removed, and says what stops.
pub async fn show_removal(visit: Visit, person: SignedIn) -> HandlerResult {
    let (path, caller) = (visit.uri.path().to_owned(), operator(&person));
    require_fresh(&visit, &person, &path)?;
    let keys = &visit.app().keys;
    let found = keys.find_system(&caller, visit.path_value(0)).await;
    let key = found.map_err(|error| explain(&visit, error))?;
    let used = keys.system_use(&caller).await?;
    let (name, month) = (provider_name(&visit, key.provider()), key.used(&used).month);
    let body = html! {
        div.head { div { h1 { "Remove the " (name) " key" } } }
        section.card aria-label="Remove the key" {
            form.body.stack method="post" action=(path) {
                (form::token(&visit.form_token))
                p.dim {
                    "In the last 30 days it paid for " (money::count(month.requests, "request")) ", "
                    (NanoDollars(month.cost_nano)) ". Whoever has no other key for " (name)
                    " is answered by the next provider, or not at all. It cannot be brought back; revoke it at "
                    (name) " too."
                }
                div.acts { a.btn href=(PATH) { "Keep it" } button.btn.danger { "Remove" } }
            }
        }
    };
    Ok(Page::new(Section::Operator, "Remove a system key", body).into())
}

/// Removes a key.
pub async fn remove(visit: Visit, person: SignedIn) -> HandlerResult {
    require_fresh(&visit, &person, visit.uri.path())?;
    let (keys, caller) = (&visit.app().keys, operator(&person));
    let removed = keys.remove_system(&caller, visit.path_value(0)).await;
    let removed = removed.map_err(|error| explain(&visit, error))?;
    let name = provider_name(&visit, &removed.provider);
    let words = format!("The {name} key is removed. To be thorough, revoke it at {name} too.");
    person.say_at(&visit, PATH, &words).await
}

fn provider_name(visit: &Visit, id: &ProviderId) -> String {
    let known = visit.app().providers().get(id);
    known.map_or_else(|| id.to_string(), |known| known.name().to_owned())
}

/// What a provider says of a key.
fn describe_check(check: &Check) -> &'static str {
    match check {
        Check::Valid => "Its provider accepts it.",
        Check::Unguarded => "Its server is reachable, and checks no keys.",
        Check::Invalid => "Its provider refuses it, so it pays for nobody.",
        Check::OutOfCredit => "Its account is out of credit, so it pays for nobody yet.",
        Check::Restricted => {
            "Its provider accepts it. Its rights, plan or region may stop some questions."
        }
        Check::WrongExtra => "Its provider knows the key, but not the ids that go with it.",
        Check::Unknown(_) => "Its provider could not be asked right now; it is used as it is.",
    }
}
