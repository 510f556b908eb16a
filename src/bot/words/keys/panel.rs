//! The stored keys as a panel: a line for each key, and buttons for what can
//! be done with it. Discord takes 40 components in a message, and 5 keys with
//! their buttons and everything around them are as many: `docs/discord.md`
//! §3.6.

use crate::app::{Listing, ProviderInfo, ServerKeys};
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card, Choice, Select};
use crate::bot::connection::wire::panel::{Panel, Part};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::keys::key_target::{KeyDeed, KeyPlace, KeyTarget, PanelView};
use crate::bot::words::answers::buttons::button;
use crate::bot::words::keys::changes::removal_question;
use crate::bot::words::keys::list::{
    added_by, describe_key, ending, list, no_personal, no_server, of_server, pays_for_nobody,
    standing,
};
use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::{Health, Key, LimitUse, Scope};

/// How many keys one page shows.
const KEYS_ON_A_PAGE: usize = 5;
/// Discord's most options of a menu.
const OPTIONS_MAX: usize = 25;
/// Before the number of the first provider that a menu had no room for. No
/// provider's id has a colon.
pub const MORE_FROM: &str = "more:";

/// The keys of one owner, as the panel shows them.
struct Section<'a> {
    scope: Scope,
    heading: &'a str,
    keys: &'a [Key],
    /// What is said where there are none.
    nothing: String,
    may_add: bool,
    now_ms: i64,
    /// The limit that lets them pay for nobody right now.
    used_up: Option<&'a LimitUse>,
}

/// The stored keys as a panel, below what came of the last press; as text
/// where Discord takes no panel.
pub fn panel(
    voice: Voice<'_>,
    listing: &Listing,
    view: PanelView,
    outcome: Option<String>,
) -> Card {
    let sections = sections(voice, listing);
    let count: usize = sections.iter().map(|it| it.keys.len()).sum();
    let last_page = count.saturating_sub(1) / KEYS_ON_A_PAGE;
    let view = PanelView {
        page: view.page.min(last_page),
        ..view
    };
    let mut parts: Vec<Part> = outcome.into_iter().map(Part::Text).collect();
    let mut before = 0;
    for section in &sections {
        parts.extend(section_parts(voice, section, view, before));
        before += section.keys.len();
    }
    if let Some(ServerKeys::Providers(providers)) = &listing.server
        && view.page == 0
    {
        parts.push(Part::Text(of_server(voice, providers)));
    }
    let addable = sections.iter().filter(|section| section.may_add);
    parts.extend(addable.map(|section| add_menu(voice, section.scope, view)));
    // A page of all keys that fit has no room for more.
    let is_full = count >= KEYS_ON_A_PAGE * (view.page + 1);
    let may_add = voice.own_keys == OwnKeys::Stored && !is_full;
    let page = listing.consent_page.as_ref().filter(|_| may_add);
    parts.extend(page.map(|page| consent_button(voice, page)));
    parts.extend(page_buttons(voice, view, last_page));
    Card {
        panel: Some(Panel { parts }),
        ..list(voice, listing)
    }
}

fn sections<'a>(voice: Voice<'a>, listing: &'a Listing) -> Vec<Section<'a>> {
    let personal = listing.personal.as_ref().map(|keys| Section {
        scope: Scope::User,
        heading: voice.lang.words("**Your keys**"),
        keys,
        nothing: no_personal(voice).to_owned(),
        may_add: voice.own_keys == OwnKeys::Stored,
        now_ms: listing.now_ms,
        used_up: None,
    });
    let server = match &listing.server {
        Some(ServerKeys::Full(keys)) => Some(Section {
            scope: Scope::Guild,
            heading: voice.lang.words("**This server's keys**"),
            keys,
            nothing: no_server(voice).to_owned(),
            may_add: true,
            now_ms: listing.now_ms,
            used_up: listing.used_up.as_ref(),
        }),
        _ => None,
    };
    personal.into_iter().chain(server).collect()
}

/// The keys of a section that stand on this page, its heading above the
/// first of them.
fn section_parts(
    voice: Voice<'_>,
    section: &Section<'_>,
    view: PanelView,
    before: usize,
) -> Vec<Part> {
    if section.keys.is_empty() {
        let nothing = format!("{}\n{}", section.heading, section.nothing);
        let is_shown = view.page == 0;
        return Vec::from_iter(is_shown.then_some(Part::Text(nothing)));
    }
    let is_here = |(at, _): &(usize, &Key)| (before + at) / KEYS_ON_A_PAGE == view.page;
    let here = section.keys.iter().enumerate().filter(is_here);
    let mut heading = format!("{}\n", section.heading);
    let parts = here.flat_map(|(_, key)| {
        let text = std::mem::take(&mut heading) + &key_text(voice, key, section);
        [
            Part::Text(text),
            Part::Buttons(key_buttons(voice, key, view)),
        ]
    });
    parts.collect()
}

/// A key: how it is, where it pays, and when it was used last.
fn key_text(voice: Voice<'_>, key: &Key, section: &Section<'_>) -> String {
    let now_ms = section.now_ms;
    let by = match key.owner.scope() {
        Scope::Guild => added_by(voice, key),
        Scope::User | Scope::System => String::new(),
    };
    format!(
        "{} {}\n-# {} · {}{}{by}",
        dot(key, section),
        describe_key(voice, key),
        where_it_pays(voice, key, section),
        standing(voice, key),
        ending(voice, key, now_ms),
    )
}

/// How a key is, at one glance; words beside it say the same.
fn dot(key: &Key, section: &Section<'_>) -> char {
    match key.health {
        _ if key.paused || key.has_ended(section.now_ms) => '⚪',
        _ if section.used_up.is_some() && !key.needs_its_owner() => '⚪',
        Health::Valid | Health::Unguarded => '🟢',
        Health::Unverified | Health::Restricted => '🟡',
        Health::Refused | Health::OutOfCredit | Health::Damaged => '🔴',
    }
}

fn where_it_pays(voice: Voice<'_>, key: &Key, section: &Section<'_>) -> String {
    let is_idle = key.paused || key.needs_its_owner() || key.has_ended(section.now_ms);
    if let (false, Some(used_up)) = (is_idle, section.used_up) {
        return pays_for_nobody(voice, used_up);
    }
    let words = match key.owner.scope() {
        _ if is_idle => "pays for nothing",
        Scope::User => "pays for you everywhere",
        Scope::Guild => "pays for everybody in this server",
        Scope::System => "pays for whoever has no other key",
    };
    voice.lang.words(words).to_owned()
}

fn key_buttons(voice: Voice<'_>, key: &Key, view: PanelView) -> Vec<Button> {
    let target = KeyTarget {
        scope: key.owner.scope(),
        place: KeyPlace::Panel(view),
        provider: key.provider.clone(),
    };
    let deed = |label, deed| button(voice, label, &CustomId::KeyDeed(deed, target.clone()));
    let sleep = if key.paused {
        deed("Resume", KeyDeed::Resume)
    } else {
        deed("Pause", KeyDeed::Pause)
    };
    let replace = button(voice, "Replace", &CustomId::KeyForm(target.clone()));
    vec![
        deed("Test", KeyDeed::Test),
        sleep,
        replace,
        deed("Remove", KeyDeed::Remove),
    ]
}

/// Leads to where OpenRouter makes a key.
fn consent_button(voice: Voice<'_>, page: &str) -> Part {
    Part::Buttons(vec![Button {
        label: voice.lang.words("Sign in with OpenRouter").to_owned(),
        custom_id: page.to_owned(),
        style: ButtonStyle::Link,
    }])
}

/// The menu of providers to add a key for.
fn add_menu(voice: Voice<'_>, scope: Scope, view: PanelView) -> Part {
    Part::Menu(provider_menu(voice, (scope, KeyPlace::Panel(view)), 0))
}

/// The providers that a menu had no room for, from this one on.
pub fn more_providers(voice: Voice<'_>, (scope, place): (Scope, KeyPlace), from: usize) -> Card {
    // What is added below a menu of its own is said there, and not in the panel.
    let place = match place {
        KeyPlace::Panel(_) => KeyPlace::Reply,
        place => place,
    };
    let words =
        "Whose key is it? These are the other providers; `/keys add provider:…` takes any of them.";
    Card {
        select: Some(provider_menu(voice, (scope, place), from)),
        ..Card::text(voice.lang.words(words))
    }
}

/// A menu of providers from one on. Where there is no room for all, its last
/// choice leads to the others.
fn provider_menu(voice: Voice<'_>, (scope, place): (Scope, KeyPlace), from: usize) -> Select {
    let choice = |provider: ProviderInfo<'_>| Choice {
        label: provider.name().to_owned(),
        value: provider.id().to_string(),
    };
    let mut choices: Vec<Choice> = voice.providers.iter().skip(from).map(choice).collect();
    if choices.len() > OPTIONS_MAX {
        choices.truncate(OPTIONS_MAX - 1);
        choices.push(Choice {
            label: voice.lang.words("Another provider…").to_owned(),
            value: format!("{MORE_FROM}{}", from + OPTIONS_MAX - 1),
        });
    }
    let placeholder = match scope {
        Scope::User | Scope::System => "Add a key of your own",
        Scope::Guild => "Add a key for this server",
    };
    Select {
        custom_id: CustomId::ProviderMenu(scope, place).write(),
        placeholder: voice.lang.words(placeholder).to_owned(),
        choices,
    }
}

/// The buttons to the pages before and after this one.
fn page_buttons(voice: Voice<'_>, view: PanelView, last_page: usize) -> Option<Part> {
    let turn = |label, page| {
        button(
            voice,
            label,
            &CustomId::TurnPanel(PanelView { page, ..view }),
        )
    };
    let before = view.page.checked_sub(1);
    let before = before.map(|page| turn("Previous page", page));
    let after = (view.page < last_page).then(|| turn("Next page", view.page + 1));
    let buttons: Vec<Button> = before.into_iter().chain(after).collect();
    (!buttons.is_empty()).then_some(Part::Buttons(buttons))
}

/// The panel is for whoever asked for it, and somebody else pressed.
pub fn panel_of_another(voice: Voice<'_>) -> Card {
    Card::text(
        voice
            .lang
            .words("That list is for the person who asked for it. `/keys list` shows yours."),
    )
}

/// Asks in the panel's place whether a key should be removed.
pub fn confirm_removal_in_panel(voice: Voice<'_>, id: String, key: &Key, view: PanelView) -> Card {
    let remove = Button {
        style: ButtonStyle::Danger,
        ..button(voice, "Remove", &CustomId::RemoveInPanel(id, view))
    };
    let keep = button(voice, "Keep", &CustomId::TurnPanel(view));
    let question = removal_question(voice, key);
    Card {
        panel: Some(Panel {
            parts: vec![
                Part::Text(question.clone()),
                Part::Buttons(vec![remove, keep]),
            ],
        }),
        ..Card::text(question)
    }
}
