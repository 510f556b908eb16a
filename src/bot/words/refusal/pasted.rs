//! Words for what was pasted where a key of a provider should stand.

use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::speech::voice::Voice;
use crate::model::{KeyGoal, OtherSecret, ProviderId, Scope, Wrapping};

/// The button that opens the form of a key again.
pub const TYPE_AGAIN: &str = "Type the key again";

/// What was pasted is no key of a provider.
pub fn not_a_key(voice: Voice<'_>, what: OtherSecret, wanted: &ProviderId, goal: KeyGoal) -> Card {
    let service = match what {
        OtherSecret::Service(name) => name,
        _ => "",
    };
    let values: &[(&str, &dyn std::fmt::Display)] = &[
        ("provider", &voice.name(wanted)),
        ("page", &voice.key_page(wanted)),
        ("service", &service),
    ];
    let told = voice.lang.say(describe(what), values);
    let text = format!("{told} {}", untouched(voice, goal));
    offer_forms(voice, text, std::slice::from_ref(wanted), goal)
}

/// What was typed can't be a key.
pub fn malformed_key(voice: Voice<'_>, problem: &str, goal: KeyGoal) -> String {
    let sentence = match goal {
        KeyGoal::Stored(_) => {
            "That can't be a key: {subject}. Nothing was stored. Copy the key alone, without what stands around it: press \
             the button and paste it, or run `/keys add`."
        }
        KeyGoal::Once => {
            "That can't be a key: {subject}. Nothing was asked. Copy the key alone, without what stands around it: press \
             the button and paste it, or run `/ask once:True`."
        }
    };
    let subject = voice.lang.words(problem);
    voice.lang.say(sentence, &[("subject", &subject)])
}

/// Several keys were pasted where one is wanted.
pub fn several_keys(voice: Voice<'_>, goal: KeyGoal) -> String {
    let (sentence, word) = match goal {
        KeyGoal::Stored(scope) => (
            "There are several keys in that, and one is wanted. Nothing was stored. `/keys import scope:{word}` takes \
             several at once, each for its own provider; for one, press the button and paste it alone, or run \
             `/keys add`.",
            scope.as_str(),
        ),
        KeyGoal::Once => (
            "There are several keys in that, and one is wanted. Nothing was asked. Copy one alone: press the button \
             and paste it, or run `/ask once:True`.",
            "",
        ),
    };
    voice.lang.say(sentence, &[("word", &word)])
}

/// What was typed beside a key can't be what its field asks for.
pub fn malformed_extra(voice: Voice<'_>, field: &str, is_missing: bool, goal: KeyGoal) -> String {
    let sentence = match (is_missing, goal) {
        (true, KeyGoal::Stored(_)) => {
            "“{subject}” is empty, and the key is of no use without it. Nothing was stored. Press the button and \
             fill it in, or run `/keys add` again."
        }
        (true, KeyGoal::Once) => {
            "“{subject}” is empty, and the key is of no use without it. Nothing was asked. Run `/ask once:True` \
             again."
        }
        (false, KeyGoal::Stored(_)) => {
            "“{subject}” must be a plain name of letters, digits and dashes. Nothing was stored. Press the button and type \
             it again, or run `/keys add`."
        }
        (false, KeyGoal::Once) => {
            "“{subject}” must be a plain name of letters, digits and dashes. Nothing was asked. Run `/ask once:True` \
             again."
        }
    };
    let subject = voice.lang.words(field);
    voice.lang.say(sentence, &[("subject", &subject)])
}

/// What was pasted begins as keys of other providers do.
pub fn looks_like_anothers(
    voice: Voice<'_>,
    of: &[ProviderId],
    wanted: &ProviderId,
    goal: KeyGoal,
) -> Card {
    let names: Vec<String> = of.iter().map(|id| voice.name(id)).collect();
    let owners = voice.lang.either(&names, voice.lang.words(" or "));
    let values: &[(&str, &dyn std::fmt::Display)] =
        &[("owners", &owners), ("provider", &voice.name(wanted))];
    let told = voice.lang.say(
        "That looks like a key of {owners}, not of {provider}, so I sent it to nobody.",
        values,
    );
    let text = format!("{told} {}", untouched(voice, goal));
    offer_forms(voice, text, of, goal)
}

/// What was pasted does not tell whose key it is.
pub fn whose_key(voice: Voice<'_>, of: &[ProviderId]) -> String {
    let sentence = if of.is_empty() {
        "I can't tell whose key that is, so I sent it to nobody. Nothing was stored. Press **{button}** and choose \
         its provider, or run `/keys add provider:…`."
    } else {
        "Keys of {owners} begin so, and I can't tell whose that is, so I sent it to nobody. Nothing was stored. \
         Press **{button}** and choose its provider, or run `/keys add provider:…`."
    };
    let names: Vec<String> = of.iter().map(|id| voice.name(id)).collect();
    let owners = voice.lang.either(&names, voice.lang.words(" or "));
    let button = voice.lang.words(TYPE_AGAIN);
    voice
        .lang
        .say(sentence, &[("owners", &owners), ("button", &button)])
}

/// That nothing came of it, and what to do next.
fn untouched(voice: Voice<'_>, goal: KeyGoal) -> String {
    voice
        .lang
        .words(match goal {
            KeyGoal::Stored(_) => "Nothing was stored.",
            KeyGoal::Once => "Nothing was asked.",
        })
        .to_owned()
}

/// Adds how to give the right key to each of these providers: a button where
/// it is to be stored, and the command.
fn offer_forms(voice: Voice<'_>, mut text: String, of: &[ProviderId], goal: KeyGoal) -> Card {
    if let (KeyGoal::Stored(scope), [_, _, ..]) = (goal, of) {
        text.push('\n');
        text += voice
            .lang
            .words("Press the button of the provider that it comes from.");
        let buttons = of.iter().map(|id| form_button(voice, id, scope));
        return Card {
            buttons: buttons.collect(),
            ..Card::text(text)
        };
    }
    let mut buttons = Vec::new();
    for id in of {
        let name = voice.name(id);
        let sentence = match goal {
            KeyGoal::Stored(_) => {
                "For a key of {provider}: press the button, or `/keys add provider:{id} scope:{word}`."
            }
            KeyGoal::Once => "For a key of {provider}: `/ask once:True provider:{id}`.",
        };
        let word = match goal {
            KeyGoal::Stored(scope) => scope.as_str(),
            KeyGoal::Once => "",
        };
        text.push('\n');
        text += &voice.lang.say(
            sentence,
            &[("provider", &name), ("id", id), ("word", &word)],
        );
        if let KeyGoal::Stored(scope) = goal {
            buttons.push(form_button(voice, id, scope));
        }
    }
    Card {
        buttons,
        ..Card::text(text)
    }
}

/// The button that opens the form for a key of a provider.
pub fn form_button(voice: Voice<'_>, id: &ProviderId, scope: Scope) -> Button {
    let label = voice
        .lang
        .say("Add a key for {provider}", &[("provider", &voice.name(id))]);
    Button {
        label,
        custom_id: CustomId::key_form(scope, id).write(),
        style: ButtonStyle::Primary,
    }
}

/// What it is, and what is wanted in its place.
fn describe(what: OtherSecret) -> &'static str {
    match what {
        OtherSecret::ServiceAccount => {
            "That is a service account file of Google Cloud's (JSON), and {provider} wants an API key: one line, \
             which you get at {page}. I sent the file to nobody."
        }
        OtherSecret::OauthClient => {
            "That describes an OAuth client, with which programs let people log in, and {provider} wants an API \
             key, which you get at {page}. I sent it to nobody."
        }
        OtherSecret::PrivateKey => {
            "That is a private key of a certificate or of SSH, and {provider} wants an API key, which you get at \
             {page}. I sent it to nobody."
        }
        OtherSecret::Login => {
            "That is a token of a login (OAuth), which ends soon and belongs to one program, and {provider} wants an \
             API key, which you get at {page}. I sent it to nobody."
        }
        OtherSecret::DiscordToken => {
            "That looks like a Discord token, and whoever has one acts as that bot or person. I sent it to nobody; \
             reset it if you showed it to somebody else. A key of {provider} comes from {page}."
        }
        OtherSecret::GitHub => {
            "That looks like a GitHub token, and {provider} wants an API key, which you get at {page}. I sent it to \
             nobody."
        }
        OtherSecret::Service(_) => {
            "That looks like a key of {service}, and {provider} wants its own, which you get at {page}. I sent it to \
             nobody."
        }
        OtherSecret::AdminKey => {
            "That is an admin key, which manages an organization and asks no model. Make an ordinary API key at \
             {page}. I sent the admin key to nobody."
        }
        OtherSecret::AccountId => {
            "That is the id of an organization or a project, which opens nothing, and {provider} wants an API key, \
             which you get at {page}. I sent it to nobody."
        }
        OtherSecret::WebhookSecret => {
            "That is a secret with which a service signs what it sends, and {provider} wants an API key, which you \
             get at {page}. I sent it to nobody."
        }
        OtherSecret::OurToken => {
            "That is a token of mine, with which programs use your keys, and {provider} wants an API key, which you \
             get at {page}. I sent it to nobody."
        }
        OtherSecret::Address => {
            "That is an address, and {provider} wants the key itself, which you get at {page}."
        }
        OtherSecret::Masked => {
            "That key is hidden in part. Providers show a key as a whole only once, when it is made: make a new one \
             at {page} and copy it there."
        }
        OtherSecret::Placeholder => {
            "That stands in documents where the key goes, and is no key. You get one of {provider} at {page}."
        }
    }
}

/// What was taken out around a key.
pub fn removed(voice: Voice<'_>, removed: &[Wrapping]) -> Option<String> {
    if removed.is_empty() {
        return None;
    }
    let what: Vec<&str> = removed
        .iter()
        .map(|it| voice.lang.words(wrapping(*it)))
        .collect();
    Some(voice.lang.say(
        "I took out what is no part of the key: {what}.",
        &[("what", &voice.lang.list(&what))],
    ))
}

fn wrapping(what: Wrapping) -> &'static str {
    match what {
        Wrapping::Name => "the name before it",
        Wrapping::Scheme => "the word before it (`Bearer`)",
        Wrapping::Quotes => "quotation marks",
        Wrapping::Brackets => "brackets",
        Wrapping::Formatting => "formatting",
        Wrapping::Punctuation => "punctuation",
        Wrapping::LineBreaks => "line breaks",
        Wrapping::Invisible => "invisible characters",
        Wrapping::Dashes => "dashes that were no hyphens",
        Wrapping::Snippet => "the settings around it",
        Wrapping::Words => "the words around it",
    }
}
