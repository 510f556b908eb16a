//! Adding a key: its provider is chosen, and it is typed, checked and stored.

use crate::app::{AddedKey, KeyDraft, ProviderInfo};
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::parts::form::{self, Choice};
use crate::console::parts::{icon, link, note};
use crate::console::reply::Page;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::console::words::Names;
use crate::console::words::pasted::describe_removed;
use crate::model::{Check, Key, KeyRefusal, ProviderKind, Scope};

use super::{KeyRing, fields, replacing};

/// The form, for the provider that the address names.
pub async fn show_form(visit: Visit, person: SignedIn) -> HandlerResult {
    let ring = KeyRing::read(&visit, &person).await?;
    if !ring.is_enabled {
        return Err(KeyRefusal::ByokDisabled.into());
    }
    if !ring.is_in_tier() {
        let body = html! {
            div.head { div { h1 { "Add a key" } } }
            (super::show_tier())
        };
        return Ok(Page::new(Section::Keys, "Add a key", body).into());
    }
    let typed = visit.query("provider");
    let providers = visit.app().providers();
    let known = match typed {
        Some(typed) => {
            let found = providers.find(&typed);
            found.ok_or_else(|| Trouble::from(providers.unknown(&typed)))?
        }
        None => providers.iter().next().ok_or_else(Trouble::nothing_here)?,
    };
    let stored = replacing::find_stored(&ring.keys, known);
    Ok(page(&visit, known, stored, None).into())
}

/// Checks and stores the key that was typed. What is wrong with it is said
/// above the same form.
pub async fn add_key(visit: Visit, person: SignedIn) -> HandlerResult {
    let app = visit.app();
    let typed = visit.form.text("provider");
    let known = app.providers().find(typed);
    let unknown = || Trouble::from(app.providers().unknown(typed)).typed(&visit.form);
    let known = known.ok_or_else(unknown)?;
    let caller = person.caller(&visit).await?;
    let put = async {
        let draft = read_draft(&visit, known)?;
        app.keys.put(&caller, draft).await
    };
    match put.await {
        Ok(added) => {
            let words = describe_added(known.name(), &added);
            person.say_at(&visit, "/keys", &words).await
        }
        Err(error) => {
            let trouble = Trouble::from(error).named(Names::of(app.providers()));
            if trouble.status.is_server_error() {
                return Err(trouble.typed(&visit.form));
            }
            let stored = KeyRing::read(&visit, &person).await?.keys;
            let stored = replacing::find_stored(&stored, known);
            Ok(page(&visit, known, stored, Some(&trouble)).into())
        }
    }
}

fn read_draft(visit: &Visit, known: ProviderInfo<'_>) -> Result<KeyDraft, KeyRefusal> {
    Ok(KeyDraft {
        lifetime: fields::read_lifetime(&visit.form)?,
        keep_refused: visit.form.has(fields::KEEP_REFUSED),
        scope: Scope::User,
        provider: known.id().clone(),
        name: visit.form.typed("name").map(ToOwned::to_owned),
        typed: fields::read(&visit.form, known),
    })
}

/// The page, with what is wrong about what was typed.
fn page(
    visit: &Visit,
    known: ProviderInfo<'_>,
    stored: Option<&Key>,
    trouble: Option<&Trouble>,
) -> Page {
    let status = trouble.map(|trouble| trouble.status);
    let body = html! {
        div.head {
            div {
                h1 { "Add a key" }
                p { "It is checked, sealed, and pays from then on. Nobody sees it again." }
            }
            div.acts { a.btn href="/keys" { "Cancel" } }
        }
        @if let Some(trouble) = trouble { (show_trouble(trouble)) }
        @if let Some(stored) = stored { (replacing::warn(known, stored, "You have")) }
        section.card aria-labelledby="add-h" {
            header {
                h2 #add-h { "Your " (known.name()) " key" }
                (show_choice(visit, known))
            }
            form.body method="post" action="/keys" autocomplete="off" {
                (form::token(&visit.form_token))
                input type="hidden" name="provider" value=(known.id());
                div.fields {
                    (fields::show(known, &visit.form))
                    (form::text("name", "Name (optional)", visit.form.plain_text("name"), "To tell it from others"))
                    (fields::show_lifetime(visit, stored))
                }
                (fields::show_keep_refused(&visit.form))
                div.acts {
                    button.btn.strong {
                        (icon::plain("lock"))
                        @if stored.is_some() { "Check and replace" } @else { "Check and save" }
                    }
                    span.small.dim {
                        "Checked with a request that costs nothing. One that its provider \
                         refuses is stored only where that is ticked."
                    }
                }
            }
        }
        (show_steps(known))
    };
    let page = Page::new(Section::Keys, "Add a key", body);
    match status {
        Some(status) => page.status(status),
        None => page,
    }
}

/// What is wrong about a key, above the form in which it was typed.
pub fn show_trouble(trouble: &Trouble) -> Markup {
    let outside = trouble
        .ways
        .iter()
        .filter(|(address, _)| !address.starts_with('/'));
    note::urgent(
        &format!("{}.", trouble.title),
        &trouble.words,
        html! { @for (address, label) in outside { (link::button(address, label)) } },
    )
}

/// The list of providers, as a form of its own.
fn show_choice(visit: &Visit, known: ProviderInfo<'_>) -> Markup {
    let all: Vec<(String, &str)> = visit
        .app()
        .providers()
        .iter()
        .map(|provider| (provider.id().to_string(), provider.name()))
        .collect();
    let choices: Vec<Choice<'_>> = all
        .iter()
        .map(|(value, words)| Choice { value, words })
        .collect();
    html! {
        form.acts method="get" action="/keys/new" {
            (form::place("provider", "Provider", &choices, known.id().as_str()))
        }
    }
}

/// Where to get a key, step by step.
fn show_steps(known: ProviderInfo<'_>) -> Markup {
    let name = known.name();
    if !known.is_built_in() {
        return html! {
            section.card aria-labelledby="get-h" {
                header { h2 #get-h { "Where to get one" } }
                p.body {
                    (name) " is a server of the operator’s. Whoever runs this service knows who \
                     makes keys for it, and what they may spend."
                }
            }
        };
    }
    html! {
        section.card aria-labelledby="get-h" {
            header { h2 #get-h { "Where to get one" } }
            div.body {
                ol.facts {
                    li {
                        h3 { "1. Open the keys" }
                        p { (link::plain(known.key_page(), &format!("Keys at {name}"))) }
                    }
                    li {
                        h3 { "2. Make a new key" }
                        p { "Copy it whole: " (name) " shows it once." }
                    }
                    li {
                        h3 { "3. Paste it here" }
                        p {
                            "What it may spend is set at " (name)
                            @if let Some(page) = known.billing_page() {
                                "; " (link::plain(page, "its billing page")) " tells"
                            }
                            "."
                        }
                    }
                }
            }
        }
    }
}

/// What was stored, what was taken out around it, and what its provider says.
pub fn describe_added(name: &str, added: &AddedKey) -> String {
    let done = match &added.replaced {
        Some(_) if added.is_same => {
            format!("That {name} key was stored already. It was checked again.")
        }
        Some(old) => format!("Replaced your {name} key{}", replacing::describe_old(old)),
        None => format!("Stored your {name} key."),
    };
    let mut words = vec![done];
    words.extend(added.kept_name().map(replacing::describe_kept));
    words.extend(added.end().map(replacing::describe_end));
    words.extend(describe_removed(&added.removed));
    words.push(describe_check(name, &added.check));
    if !added.looks_right {
        words.push(format!(
            "It does not look like other {name} keys, so check that you copied the right one."
        ));
    }
    let is_for_pictures = added.kind == ProviderKind::Image;
    if is_for_pictures && matches!(added.check, Check::Valid | Check::Unguarded) {
        words.push("It pays for pictures.".to_owned());
    }
    words.join(" ")
}

/// What a provider says of a key.
pub fn describe_check(name: &str, check: &Check) -> String {
    match check {
        Check::Valid => format!("{name} accepts it."),
        Check::Unguarded => format!(
            "{name} is reachable, and answers without a key too: this server checks no keys. The \
             operator’s limits hold with this key as without."
        ),
        Check::Invalid => format!("Key is invalid: {name} refuses it, so it is not used."),
        Check::OutOfCredit => format!(
            "{name} knows it, but its account is out of credit, so it is not used yet. Top it \
             up, then check it again."
        ),
        Check::Restricted => {
            format!("{name} accepts it. Its rights, plan or region may stop some questions.")
        }
        Check::WrongExtra => format!(
            "{name} accepts the key, but finds nothing under what you typed beside it. Replace \
             it with the right ones."
        ),
        Check::Unknown(_) => {
            format!("{name} could not be asked about it right now. Check it again in a minute.")
        }
    }
}
