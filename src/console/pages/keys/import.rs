//! Importing keys: a file is pasted, each key in it is checked, and those that
//! are wanted are stored. Between the two they wait sealed, and none is sent
//! back.

use std::sync::Arc;

use axum::http::StatusCode;
use url::form_urlencoded;

use crate::app::{AddedEnd, ChosenKeys, ImportOutcome, KeyImport, PendingKey, random_id};
use crate::console::checked_once::SentForm;
use crate::console::form::TextTrouble;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::parts::{form, icon, key, money, note};
use crate::console::reply::Page;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::console::words::{Names, describe_wait};
use crate::model::{Caller, Health, Key, KeyId, KeyRefusal, Scope};

use super::{replacing, skipped};

/// The form; or an import that waits, if the address names one.
pub async fn show_form(visit: Visit, person: SignedIn) -> HandlerResult {
    if !visit.app().keys.byok_enabled() {
        return Err(KeyRefusal::ByokDisabled.into());
    }
    if let Some(id) = visit.query("import") {
        let caller = person.caller(&visit).await?;
        let import = visit.app().keys.show_import(&caller, &id).await?;
        return Ok(list_page(&visit, &import).into());
    }
    let once = random_id()?;
    let body = html! {
        (show_head("Names that are no provider’s are left out. You choose what is stored after each key was checked."))
        section.card aria-labelledby="import-h" {
            header { h2 #import-h { "Your file" } }
            form.body method="post" action="/keys/import" enctype="multipart/form-data"
                autocomplete="off"
            {
                (form::token(&visit.form_token))
                input type="hidden" name="once" value=(once);
                div.field {
                    label for="file" { "A .env file" }
                    input #file type="file" name="file" data-drop accept=".env,.txt,text/plain"
                        aria-describedby="file-hint";
                    span.hint #file-hint { "Choose it, or drop it here. What it holds is not shown." }
                }
                div.field {
                    label for="keys" { "Or lines of NAME=key" }
                    textarea.mono #keys name="keys" rows="8" autocomplete="off" spellcheck="false"
                        autocapitalize="off" aria-describedby="keys-hint"
                        placeholder="OPENAI_API_KEY=sk-…\nANTHROPIC_API_KEY=sk-ant-…" {}
                    span.hint #keys-hint {
                        "Each key goes to its own provider alone, with a request that costs \
                         nothing, one of each provider first. Of keys that are not accepted, five \
                         are checked a minute. 64 kB and 40 keys at the most."
                    }
                }
                button.btn.strong { (icon::plain("check")) "Check all" }
            }
        }
    };
    Ok(Page::new(Section::Keys, "Import a .env", body).into())
}

/// Checks every key of the file, and shows what was found. The same form sent
/// again at once shows the same.
pub async fn check_file(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller(&visit).await?;
    let file = visit.form.secret_with_files("keys").map_err(not_read)?;
    let sent = SentForm {
        session: person.session.session.id,
        digest: visit.form.digest(),
    };
    let app = Arc::clone(&visit.console.app);
    let check = async move { app.keys.begin_import(&caller, Scope::User, file).await };
    let checked_once = &visit.console.checked_once;
    let import = checked_once.check(&visit.app().tasks, sent, check).await?;
    Ok(list_page(&visit, &import).into())
}

fn not_read(trouble: TextTrouble) -> Trouble {
    let (title, words) = match trouble {
        TextTrouble::Empty => (
            "Nothing was pasted",
            "No file was chosen and no line typed, so that no key was looked for. A line is \
             NAME=key, such as OPENAI_API_KEY=sk-…"
                .to_owned(),
        ),
        TextTrouble::NotText => (
            "That file was not read",
            "It is no text in UTF-8, so that no key was looked for. Choose the .env itself, or \
             paste the lines that matter."
                .to_owned(),
        ),
        TextTrouble::TooLong(bytes) => (
            "That is too long",
            format!(
                "It has {} kB, and an import takes 64 kB, so that no key was looked for. Paste \
                 the lines that matter.",
                bytes.div_ceil(1024)
            ),
        ),
    };
    Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words)
        .way("/keys/import", "Choose another")
}

/// Stores the keys that are ticked, and forgets the others. The same form sent
/// again does nothing, and one with nothing ticked leaves all keys there. Storing
/// goes on though its browser leaves.
pub async fn store_chosen(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller: Caller = person.caller(&visit).await?;
    let id = visit.form.text("import").to_owned();
    let waiting = address_of(&id);
    let chosen = ChosenKeys {
        ids: visit.form.all("chosen").filter_map(KeyId::parse).collect(),
        without_check: visit.form.has("without_check"),
    };
    if chosen.ids.is_empty() {
        let words = "Nothing was ticked, so nothing was stored, and all of it is still here. Tick \
                     what you want to keep.";
        return person.say_at(&visit, waiting, words).await;
    }
    let once = (person.session.session.id, id.clone());
    let console = Arc::clone(&visit.console);
    if !console.sent_once.take(&once, visit.app().now_ms()) {
        let words = "That form came before, and was carried out once. What is stored stands below.";
        return person.say_at(&visit, "/keys", words).await;
    }
    let storing = visit.app().tasks.spawn(async move {
        let stored = console.app.keys.finish_import(&caller, &id, &chosen).await;
        if !stored.as_ref().is_ok_and(|all| !any_waits(all)) {
            console.sent_once.give_back(&once);
        }
        stored
    });
    let outcomes = storing.await.map_err(anyhow::Error::from)??;
    let names = Names::of(visit.app().providers());
    let words = outcomes.iter().map(|it| describe_outcome(names, it));
    let words: Vec<String> = words.collect();
    let address = if any_waits(&outcomes) {
        waiting.as_str()
    } else {
        "/keys"
    };
    person.say_at(&visit, address, &words.join(" ")).await
}

/// Where an import waits.
fn address_of(id: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("import", id);
    format!("/keys/import?{}", query.finish())
}

/// Whether a key must wait for its check.
fn any_waits(outcomes: &[ImportOutcome]) -> bool {
    let mut outcomes = outcomes.iter();
    outcomes.any(|outcome| matches!(outcome, ImportOutcome::Later { .. }))
}

fn describe_outcome(names: Names<'_>, outcome: &ImportOutcome) -> String {
    match outcome {
        ImportOutcome::Stored { key, replaced } => {
            let done = if *replaced { "Replaced" } else { "Stored" };
            let kept = key.name.as_ref().filter(|_| *replaced);
            let kept =
                kept.map_or_else(String::new, |name| format!(" It keeps the name “{name}”."));
            let unchecked = if key.health == Health::Unverified {
                " It is not checked; its page checks it."
            } else {
                ""
            };
            let ends = key.expires_at_ms.filter(|_| *replaced);
            let ends = ends.map_or_else(String::new, |at_ms| {
                let end = replacing::describe_end(AddedEnd::Kept(at_ms));
                format!(" {end}")
            });
            format!(
                "{done} your {} key.{kept}{ends}{unchecked}",
                names.name(&key.provider)
            )
        }
        ImportOutcome::StoredBefore(provider) => format!(
            "Your {} key is stored already, so nothing changed.",
            names.name(provider)
        ),
        ImportOutcome::Refused(provider) => format!(
            "Key is invalid: {} refused it, so it was not stored.",
            names.name(provider)
        ),
        ImportOutcome::KeptWorking(provider) => format!(
            "{} says that the new key can’t pay, so the one that works was kept. Import it again \
             and tick it to replace that all the same.",
            names.name(provider)
        ),
        ImportOutcome::KeptUnasked(provider) => format!(
            "{} could not be asked about the new key right now, so the one that works was kept. \
             Import it again later.",
            names.name(provider)
        ),
        ImportOutcome::Later {
            provider,
            retry_after_s,
        } => format!(
            "The {} key must be checked first, which may be done in {}. It waits here until then.",
            names.name(provider),
            describe_wait(*retry_after_s)
        ),
        ImportOutcome::OneOfTwo(provider) => format!(
            "Two keys of {} were ticked, and there is one for each provider: the first was taken.",
            names.name(provider)
        ),
        ImportOutcome::Gone => {
            "One of them was stored before or has waited too long. Import it again.".to_owned()
        }
    }
}

fn show_head(words: &str) -> Markup {
    html! {
        div.head {
            div {
                h1 { "Import a .env" }
                p { (words) }
            }
            div.acts { a.btn href="/keys" { "Cancel" } }
        }
    }
}

/// What was found in a file, to choose from.
fn list_page(visit: &Visit, import: &KeyImport) -> Page {
    let names = Names::of(visit.app().providers());
    let can_store = import.keys.iter().any(|one| one.id.is_some());
    let stored = import.keys.iter().filter(|one| one.is_stored).count();
    let head = if can_store {
        "None of what is ticked is stored yet. Tick what you want to keep."
    } else if stored > 0 && stored == import.keys.len() {
        "All of it is stored already, so there is nothing to do."
    } else {
        "There is nothing to store."
    };
    let body = html! {
        (show_head(head))
        (show_unchecked(import))
        @if import.keys.is_empty() {
            (note::empty(
                "key",
                "No key was found in what you pasted. A line is NAME=key, such as OPENAI_API_KEY=sk-…",
                html! { a.btn href="/keys/import" { "Paste again" } },
            ))
        } @else {
            section.card aria-label="What was found" {
                form method="post" action="/keys/import/store" {
                    (form::token(&visit.form_token))
                    input type="hidden" name="import" value=(import.id);
                    table.table.folds {
                        caption.hidden { "Keys that were found" }
                        thead {
                            tr {
                                th scope="col" { "Key" }
                                th scope="col" { "Health" }
                                th scope="col" { "If stored" }
                            }
                        }
                        tbody { @for one in &import.keys { (show_found(names, one)) } }
                    }
                    div.foot.acts {
                        @if can_store {
                            button.btn.strong { (icon::plain("lock")) "Store what is ticked" }
                            @if count_unchecked(import) > 0 {
                                button.btn name="without_check" value="1" {
                                    "Store it, the rest unchecked"
                                }
                            }
                        } @else {
                            a.btn href="/keys" { "Go to your keys" }
                        }
                    }
                }
            }
        }
        @if !import.skipped.is_empty() { (skipped::show(names, &import.skipped)) }
    };
    Page::new(Section::Keys, "Import a .env", body)
}

fn count_unchecked(import: &KeyImport) -> usize {
    let keys = import.keys.iter();
    keys.filter(|one| one.health.is_none()).count()
}

/// What was not checked, and what can be done with it.
fn show_unchecked(import: &KeyImport) -> Markup {
    let count = count_unchecked(import);
    if count == 0 {
        return html! {};
    }
    let [it, are, them, pages, were] = if count == 1 {
        ["it", "is", "it", "its page", "was"]
    } else {
        ["they", "are", "them", "their pages", "were"]
    };
    let title = format!("{} {were} not checked.", money::count(count as u64, "key"));
    let when = match import.checkable_in_s {
        Some(seconds) => format!(
            "Stored here in {} or later, {it} {are} checked first.",
            describe_wait(seconds)
        ),
        None => format!("Stored here, {it} {are} checked first, once there is room."),
    };
    let words = format!(
        "Of keys that are not accepted, five are checked a minute and twenty an hour; one of \
         each provider comes first. {when} Or store {them} unchecked now, and check {them} on \
         {pages} later. What has to wait stays here.",
    );
    note::plain(&format!("{title} {words}"), html! {})
}

fn show_found(names: Names<'_>, one: &PendingKey) -> Markup {
    let name = names.name(&one.provider);
    let (image, health) = match one.health {
        Some(health) => key::describe_health(health),
        None => ("minus", "Not checked"),
    };
    html! {
        tr {
            th scope="row" {
                @match one.id {
                    Some(id) => label.check {
                        input type="checkbox" name="chosen" value=(id) checked[one.replaces.is_none() && !one.is_second];
                        span { (name) span.sub { (show_origin(one)) } }
                    },
                    None => { (name) span.sub { (show_origin(one)) } }
                }
            }
            td data-label="Health" {
                span.health.bad[one.id.is_none() && !one.is_stored] { (icon::small(image)) (health) }
            }
            td data-label="If stored" {
                @if one.is_stored { "Is stored already" }
                @else if one.is_second { "There is one key for each provider; another stands above" }
                @else if one.id.is_none() { "Can’t be stored: " (name) " refused it" }
                @else if let Some(old) = &one.replaces {
                    "Replaces the one that you have"
                    @if is_loss(one, old) { ", which works, with one that can’t pay" }
                    @if old.name.is_some() || old.hint.is_some() { ": " (key::label(old)) }
                }
                @else { "New" }
            }
        }
    }
}

/// Whether a key that works would make way for one that can't pay.
fn is_loss(one: &PendingKey, old: &Key) -> bool {
    old.seems_to_work() && one.health == Some(Health::OutOfCredit)
}

fn show_origin(one: &PendingKey) -> Markup {
    html! {
        @if let Some(variable) = &one.variable { code { (variable) } }
        @if one.variable.is_some() && one.hint.is_some() { " · " }
        @if let Some(hint) = &one.hint { code { "…" (hint) } }
    }
}
