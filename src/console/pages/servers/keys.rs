//! A server's keys: added, checked, renamed, paused, replaced and removed by
//! whoever manages the server.

use crate::app::{AddedKey, KeyDraft, KnownProviders, ProviderInfo};
use crate::console::markup::{Markup, html};
use crate::console::pages::keys::{fields, replacing, show_disabled};
use crate::console::pages::servers::{Tab, show_page};
use crate::console::parts::form::{self, Choice};
use crate::console::parts::key::{RESTRICTED, ending, health, provider_name};
use crate::console::parts::{note, when};
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, Managing, Visit};
use crate::model::{Health, Key, KeyRefusal, Refusal, Scope};

pub const ROWS: &[Row] = &[
    row!(GET "/servers/{server}/keys" Managing show_keys).taking(&["provider"]),
    row!(POST "/servers/{server}/keys" Managing add_key),
    row!(GET "/servers/{server}/keys/{key}/remove" Managing ask_removal),
    row!(POST "/servers/{server}/keys/{key}/remove" Managing remove_key),
    row!(POST "/servers/{server}/keys/{key}/check" Managing check_key),
    row!(POST "/servers/{server}/keys/{key}/pause" Managing pause_key),
    row!(POST "/servers/{server}/keys/{key}/resume" Managing resume_key),
    row!(POST "/servers/{server}/keys/{key}/rename" Managing rename_key),
];

/// The keys, and the form that adds one.
async fn show_keys(visit: Visit, managing: Managing) -> HandlerResult {
    let listed = visit.app().keys.list_owned(&managing.caller, Scope::Guild);
    let address = format!("/servers/{}/keys", managing.server);
    let known = chosen_provider(&visit, visit.app().providers())?;
    let body = match listed.await {
        Ok(keys) => html! {
            section.card aria-labelledby="keys-h" {
                header { h2 #keys-h { "Keys" } p { "They pay for members here who have no key of their own" } }
                @if keys.is_empty() {
                    div.body { (note::empty(
                        "key",
                        "No key yet. Members pay themselves.",
                        html! { a.btn href="#add-h" { "Add one" } },
                    )) }
                } @else {
                    (show_table(&visit, &address, &keys))
                }
            }
            (show_add_form(&visit, &address, known, replacing::find_stored(&keys, known)))
        },
        Err(error) if is_byok_off(&error) => html! {
            (show_disabled())
        },
        Err(error) => return Err(error.into()),
    };
    show_page(&visit, &managing, Tab::Keys, body).await
}

fn is_byok_off(error: &crate::app::Error) -> bool {
    let off = Refusal::Key(KeyRefusal::ByokDisabled);
    matches!(error, crate::app::Error::Refused(refusal) if *refusal == off)
}

fn show_table(visit: &Visit, address: &str, keys: &[Key]) -> Markup {
    let now_ms = visit.app().now_ms();
    html! {
        table.table.folds {
            caption.hidden { "The server’s keys" }
            thead {
                tr {
                    th scope="col" { "Key" }
                    th scope="col" { "Health" }
                    th scope="col" { "Last use" }
                    th { span.hidden { "Actions" } }
                }
            }
            tbody {
                @for key in keys {
                    tr {
                        th scope="row" { (name(visit, key)) span.sub { (describe_key(key)) } (ending(key, now_ms)) }
                        td.two data-label="Health" { (health(key)) }
                        td data-label="Last use" { (when::relative_or_never(key.last_used_at_ms, now_ms)) }
                        td { (show_actions(visit, address, key)) }
                    }
                }
            }
        }
    }
}

fn show_actions(visit: &Visit, address: &str, key: &Key) -> Markup {
    let own = format!("{address}/{}", key.id);
    let button = |verb: &str, label: &str| {
        form::button(
            &visit.form_token,
            &format!("{own}/{verb}"),
            label,
            &name(visit, key),
        )
    };
    let name_id = format!("name-{}", key.id);
    html! {
        div.acts {
            (button("check", "Check"))
            @if key.paused { (button("resume", "Resume")) } @else { (button("pause", "Pause")) }
            a.btn.plain.s href={ (own) "/remove" } { "Remove" span.hidden { " " (name(visit, key)) } }
        }
        details {
            summary { "Rename" }
            form.acts method="post" action={ (own) "/rename" } {
                (form::token(&visit.form_token))
                label.hidden for=(name_id) { "Name of the " (name(visit, key)) " key" }
                input id=(name_id) name="name" autocomplete="off"
                    value=(key.name.as_deref().unwrap_or_default());
                button.btn.s { "Save the name" }
            }
        }
    }
}

/// What a key's provider is called.
fn name(visit: &Visit, key: &Key) -> String {
    provider_name(visit.app().providers(), &key.provider)
}

/// A key by its name and its last characters.
pub fn describe_key(key: &Key) -> String {
    let hint = key.hint.as_ref().map(|hint| format!("ends in {hint}"));
    let words: Vec<String> = [key.name.clone(), hint].into_iter().flatten().collect();
    words.join(", ")
}

/// How a key is, in words.
pub fn health_words(key: &Key) -> &'static str {
    if key.paused {
        return "Paused";
    }
    match key.health {
        Health::Unverified => "Not checked: its provider did not answer",
        Health::Valid => "Works",
        Health::Unguarded => "Reachable; this server checks no keys",
        Health::Refused => "Refused by its provider",
        Health::OutOfCredit => "Out of credit",
        Health::Restricted => RESTRICTED,
        Health::Damaged => "Damaged: add it again",
    }
}

/// The form for a key of one provider, and the choice of another.
fn show_add_form(
    visit: &Visit,
    address: &str,
    known: ProviderInfo<'_>,
    stored: Option<&Key>,
) -> Markup {
    let providers = visit.app().providers();
    let listed: Vec<(String, String)> = providers
        .iter()
        .map(|provider| (provider.id().to_string(), provider.name().to_owned()))
        .collect();
    let choices: Vec<Choice<'_>> = listed
        .iter()
        .map(|(value, words)| Choice { value, words })
        .collect();
    html! {
        section.card aria-labelledby="add-h" {
            header {
                h2 #add-h { "Add or replace a key" }
                form.acts method="get" action=(address) {
                    (form::place("provider", "Provider", &choices, known.id().as_str()))
                }
            }
            @if let Some(stored) = stored { div.body { (replacing::warn(known, stored, "The server has")) } }
            form.body method="post" action=(address) autocomplete="off" {
                (form::token(&visit.form_token))
                input type="hidden" name="provider" value=(known.id());
                div.fields {
                    (fields::show(known, &visit.form))
                    (form::text("name", "Name", visit.form.plain_text("name"), "To tell it from others; may stay empty"))
                    (fields::show_lifetime(visit, stored))
                }
                (fields::show_keep_refused(&visit.form))
                div.acts {
                    button.btn.strong { @if stored.is_some() { "Check and replace" } @else { "Check and save" } }
                    span.small.dim { "One " (known.name()) " key for the server: a new one takes the place of the old one." }
                }
            }
        }
    }
}

/// The provider that is chosen in the address, or the first.
fn chosen_provider<'a>(
    visit: &Visit,
    providers: KnownProviders<'a>,
) -> Result<ProviderInfo<'a>, Trouble> {
    match visit.query("provider") {
        Some(typed) => find_provider(providers, &typed),
        None => providers.iter().next().ok_or_else(Trouble::nothing_here),
    }
}

fn find_provider<'a>(
    providers: KnownProviders<'a>,
    typed: &str,
) -> Result<ProviderInfo<'a>, Trouble> {
    let found = providers.find(typed);
    found.ok_or_else(|| providers.unknown(typed).into())
}

async fn add_key(visit: Visit, managing: Managing) -> HandlerResult {
    let form = &visit.form;
    let known = find_provider(visit.app().providers(), form.text("provider"));
    let known = known.map_err(|trouble| trouble.typed(form))?;
    let lifetime = fields::read_lifetime(form).map_err(|no| Trouble::from(no).typed(form))?;
    let draft = KeyDraft {
        lifetime,
        keep_refused: form.has(fields::KEEP_REFUSED),
        scope: Scope::Guild,
        provider: known.id().clone(),
        name: form.typed("name").map(str::to_owned),
        typed: fields::read(form, known),
    };
    let added = visit.app().keys.put(&managing.caller, draft).await;
    let added: AddedKey = added.map_err(|error| Trouble::from(error).typed(form))?;
    let name = known.name();
    let done = match &added.replaced {
        Some(_) if added.is_same => {
            format!("That {name} key was stored already. It was checked again.")
        }
        Some(old) => format!("The {name} key is replaced{}", replacing::describe_old(old)),
        None => format!("The {name} key is added."),
    };
    let mut words = vec![done];
    words.extend(added.kept_name().map(replacing::describe_kept));
    words.extend(added.end().map(replacing::describe_end));
    words.push(format!("{}.", health_words(&added.key)));
    let words = words.join(" ");
    say(&visit, &managing, &words).await
}

/// The key that the address names, or nothing: also where it is another
/// owner's.
async fn find_key(visit: &Visit, managing: &Managing) -> Result<Key, Trouble> {
    let keys = &visit.app().keys;
    let found = keys
        .find(&managing.caller, Scope::Guild, visit.path_value(1))
        .await;
    found.map_err(|error| match error {
        crate::app::Error::Refused(Refusal::Key(KeyRefusal::UnknownKey)) => Trouble::nothing_here(),
        other => other.into(),
    })
}

/// Asks whether a key is to be removed, and says what stops then.
async fn ask_removal(visit: Visit, managing: Managing) -> HandlerResult {
    let key = find_key(&visit, &managing).await?;
    let address = format!("/servers/{}/keys", managing.server);
    let body = html! {
        section.card aria-labelledby="remove-h" {
            header { h2 #remove-h { "Remove the " (name(&visit, &key)) " key" } }
            div.body {
                p { (describe_key(&key)) }
                p {
                    "Members whom it paid for are then paid for by the bot default, or by nobody. "
                    "What was used stays in the usage. The key itself is deleted and cannot be had back."
                }
                form.acts method="post" action={ (address) "/" (key.id) "/remove" } {
                    (form::token(&visit.form_token))
                    a.btn href=(address) { "Keep it" }
                    button.btn.danger { "Remove it" }
                }
            }
        }
    };
    show_page(&visit, &managing, Tab::Keys, body).await
}

async fn remove_key(visit: Visit, managing: Managing) -> HandlerResult {
    let key = find_key(&visit, &managing).await?;
    visit.app().keys.delete(&managing.caller, &key).await?;
    let words = format!("The {} key is removed.", name(&visit, &key));
    say(&visit, &managing, &words).await
}

async fn check_key(visit: Visit, managing: Managing) -> HandlerResult {
    let key = find_key(&visit, &managing).await?;
    let keys = &visit.app().keys;
    keys.test(&managing.caller, key.provider.as_str(), Scope::Guild)
        .await?;
    // What is stored now, since the check may have changed it.
    let key = find_key(&visit, &managing).await?;
    let words = format!(
        "The {} key was checked. {}.",
        name(&visit, &key),
        health_words(&key)
    );
    say(&visit, &managing, &words).await
}

async fn pause_key(visit: Visit, managing: Managing) -> HandlerResult {
    let key = find_key(&visit, &managing).await?;
    let keys = &visit.app().keys;
    keys.change(&managing.caller, &key, None, Some(true))
        .await?;
    let words = format!(
        "The {} key is paused. It pays for nobody until it is resumed.",
        name(&visit, &key)
    );
    say(&visit, &managing, &words).await
}

async fn resume_key(visit: Visit, managing: Managing) -> HandlerResult {
    let key = find_key(&visit, &managing).await?;
    let keys = &visit.app().keys;
    keys.change(&managing.caller, &key, None, Some(false))
        .await?;
    let words = format!("The {} key pays again.", name(&visit, &key));
    say(&visit, &managing, &words).await
}

async fn rename_key(visit: Visit, managing: Managing) -> HandlerResult {
    let key = find_key(&visit, &managing).await?;
    let typed = visit.form.text("name").to_owned();
    let changing = visit
        .app()
        .keys
        .change(&managing.caller, &key, Some(typed), None);
    changing
        .await
        .map_err(|error| Trouble::from(error).typed(&visit.form))?;
    say(&visit, &managing, "The name is saved.").await
}

async fn say(visit: &Visit, managing: &Managing, words: &str) -> HandlerResult {
    let address = format!("/servers/{}/keys", managing.server);
    managing.person.say_at(visit, address, words).await
}
