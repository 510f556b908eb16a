//! What owners of keys read when a provider turned their key down.

use crate::app::Demotion;
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::keys::key_target::{KeyDeed, KeyPlace, KeyTarget};
use crate::bot::words::answers::buttons::button;
use crate::bot::words::keys::list::plain;
use crate::bot::words::offers::with_offers_about;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Health, Owner, Restriction, Scope};

/// That a key of somebody's own stopped working.
fn demoted(voice: Voice<'_>, demotion: &Demotion) -> Card {
    let sentence = match demotion.health {
        Health::OutOfCredit => {
            "Your {provider} key is out of credit, so I stopped using it. \
             Top it up, then run `/keys test provider:{id}`."
        }
        Health::Damaged => {
            "What I stored of your {provider} key can't be opened any more: it was changed or damaged in the database. \
             So I stopped using it. Nobody can read the key from it; \
             add it again with `/keys add provider:{id} scope:user`."
        }
        Health::Restricted => return restricted(voice, demotion),
        _ => {
            "{provider} no longer accepts your key, so I stopped using it. \
             Replace it with `/keys add provider:{id} scope:user`, or try it again with `/keys test provider:{id}`."
        }
    };
    about_demotion(voice, demotion, sentence)
}

/// Tells whoever added a key that it stopped working, and for which server it
/// was, where they may read it elsewhere.
pub fn demoted_directly(voice: Voice<'_>, demotion: &Demotion, server: Option<&str>) -> Card {
    let mut card = what_stopped(voice, demotion);
    if let Some(name) = server {
        let line = voice
            .lang
            .say("The server is **{server}**.", &[("server", &plain(name))]);
        card.text = format!("{}\n{line}", card.text);
    }
    let server = match demotion.owner {
        Owner::Server(server) => Some(server),
        Owner::Person(_) | Owner::Operator => None,
    };
    let card = Card {
        buttons: mending_buttons(voice, demotion),
        ..card
    };
    with_offers_about(voice, card, server)
}

/// What replaces a key that stopped working, or tries it again.
fn mending_buttons(voice: Voice<'_>, demotion: &Demotion) -> Vec<Button> {
    let (scope, place) = match demotion.owner {
        Owner::Operator => return Vec::new(),
        Owner::Person(_) => (Scope::User, KeyPlace::Reply),
        Owner::Server(server) => (Scope::Guild, KeyPlace::About(server)),
    };
    let target = KeyTarget {
        scope,
        place,
        provider: demotion.provider.clone(),
    };
    let test = CustomId::KeyDeed(KeyDeed::Test, target.clone());
    let test = button(voice, "Test again", &test);
    let replace = Button {
        label: voice.lang.say(
            "Replace the {provider} key",
            &[("provider", &voice.name(&demotion.provider))],
        ),
        custom_id: CustomId::KeyForm(target).write(),
        style: ButtonStyle::Secondary,
    };
    match demotion.health {
        // What does not open can't be tested.
        Health::Damaged => vec![replace],
        Health::OutOfCredit | Health::Restricted => vec![test, replace],
        _ => vec![replace, test],
    }
}

fn what_stopped(voice: Voice<'_>, demotion: &Demotion) -> Card {
    match (demotion.owner, demotion.health) {
        (Owner::Person(_), _) | (_, Health::Restricted) => demoted(voice, demotion),
        (Owner::Operator, health) => about_demotion(voice, demotion, of_system_key(health)),
        (Owner::Server(_), Health::OutOfCredit) => about_demotion(
            voice,
            demotion,
            "The {provider} key that you added to a server is out of credit, so I stopped using it. \
             Top it up, then run `/keys test provider:{id} scope:guild` there.",
        ),
        (Owner::Server(_), Health::Damaged) => about_demotion(
            voice,
            demotion,
            "What I stored of the {provider} key that you added to a server can't be opened any more: \
             it was changed or damaged in the database. So I stopped using it. \
             Add it again there with `/keys add provider:{id} scope:guild`.",
        ),
        (Owner::Server(_), _) => about_demotion(
            voice,
            demotion,
            "{provider} no longer accepts the key that you added to a server, so I stopped using it. \
             Replace it there with `/keys add provider:{id} scope:guild`, or try it again with \
             `/keys test provider:{id} scope:guild`.",
        ),
    }
}

/// What the operator's people read of a system key that stopped working.
fn of_system_key(health: Health) -> &'static str {
    match health {
        Health::OutOfCredit => {
            "The system key for {provider} is out of credit, so it pays for nobody any more. \
             Top it up, then check it with `latchkey keys --system test` or `POST /api/v1/system-keys/…/test`. `/admin show` lists all."
        }
        Health::Damaged => {
            "What I stored of the system key for {provider} can't be opened any more: it was changed or damaged in \
             the database. So it pays for nobody. Nobody can read the key from it; add it again with \
             `latchkey keys --system add {id}` or `POST /api/v1/system-keys`."
        }
        _ => {
            "{provider} no longer accepts the system key, so it pays for nobody any more. \
             Replace it with `latchkey keys --system add {id}` or `POST /api/v1/system-keys`; `/admin show` lists all."
        }
    }
}

/// Tells what a provider does not let a key do, and what helps.
fn restricted(voice: Voice<'_>, demotion: &Demotion) -> Card {
    let key = match demotion.owner {
        Owner::Person(_) => "Your {provider} key works only in part: {what} {rest}",
        Owner::Server(_) => {
            "The {provider} key that you added to a server works only in part: {what} {rest}"
        }
        Owner::Operator => "The system key for {provider} works only in part: {what} {rest}",
    };
    let what = match demotion.restriction {
        Some(Restriction::Model) => {
            "it may not use the model that was asked. Allow the model at {page}."
        }
        Some(Restriction::Address) => {
            "it may be used from certain addresses only, and mine is none of them. Lift that at {page}."
        }
        Some(Restriction::Country) => "its provider does not serve the country that I run in.",
        Some(Restriction::Permission) => {
            "it lacks the permission to call models. Give it that at {page}."
        }
        Some(Restriction::Spent) => "its own spending limit is used up. Raise it at {page}.",
        Some(Restriction::Suspended) => {
            "it, its project or its account is suspended. {page} says more."
        }
        Some(Restriction::Unverified) => {
            "its organisation has to be verified before it may use the model that was asked. Verify it at <https://platform.openai.com/settings/organization/general>; that counts after a quarter of an hour."
        }
        Some(Restriction::FreeTier) => {
            "its account is on the free tier, which does not include the model that was asked. Turn billing on at {page}."
        }
        Some(Restriction::Unsaid) | None => {
            "its provider does not let it do what was asked, or not from here. Check its permissions at {page}."
        }
    };
    let page = voice.key_page(&demotion.provider);
    let what = voice.lang.say(what, &[("page", &page)]);
    let rest = voice.lang.words(
        "Whoever names neither provider nor model is answered by the next key. I say this once in a day.",
    );
    let provider = voice.name(&demotion.provider);
    Card::text(voice.lang.say(
        key,
        &[("what", &what), ("rest", &rest), ("provider", &provider)],
    ))
}

fn about_demotion(voice: Voice<'_>, demotion: &Demotion, sentence: &str) -> Card {
    let provider = voice.name(&demotion.provider);
    Card::text(voice.lang.say(
        sentence,
        &[("provider", &provider), ("id", &demotion.provider)],
    ))
}
