//! Words for what was pasted where a key of a provider should stand.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::{KeyGoal, OtherSecret, ProviderId, Scope, Wrapping};

use super::key::untouched;
use super::{Names, add_address, either};

/// What was pasted is no key of a provider.
pub fn describe_other(
    names: Names<'_>,
    what: OtherSecret,
    wanted: &ProviderId,
    goal: KeyGoal,
) -> Trouble {
    let name = names.name(wanted);
    let words = format!(
        "{} {name} wants an API key: one line, which its own page for keys hands out. {} It was \
         sent to nobody.",
        tell_apart(what),
        untouched(goal)
    );
    let title = match goal {
        KeyGoal::Stored(_) => format!("That is no key of {name}"),
        KeyGoal::Once => "Key is invalid".to_owned(),
    };
    let mut trouble = Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words);
    if let Some(page) = names.key_page(wanted) {
        trouble = trouble.way(page, format!("Keys at {name}"));
    }
    lead_back(trouble, names, wanted, goal)
}

/// What was pasted begins as keys of other providers do.
pub fn describe_anothers(
    names: Names<'_>,
    of: &[ProviderId],
    wanted: &ProviderId,
    goal: KeyGoal,
) -> Trouble {
    let owners: Vec<String> = of.iter().map(|id| names.name(id)).collect();
    let words = format!(
        "It begins as keys of {} do, and {} was chosen, so it was sent to nobody. {} Choose the \
         provider that gave it to you.",
        either(&owners),
        names.name(wanted),
        untouched(goal)
    );
    let title = match goal {
        KeyGoal::Stored(_) => "That looks like another provider’s key",
        KeyGoal::Once => "Key is invalid",
    };
    let trouble = Trouble::new(StatusCode::UNPROCESSABLE_ENTITY, title, words);
    of.iter()
        .fold(trouble, |trouble, id| lead_back(trouble, names, id, goal))
}

/// Leads to where a key of this provider is typed.
fn lead_back(trouble: Trouble, names: Names<'_>, id: &ProviderId, goal: KeyGoal) -> Trouble {
    match goal {
        KeyGoal::Stored(Scope::User) => {
            trouble.way(add_address(id), format!("Add a key for {}", names.name(id)))
        }
        KeyGoal::Stored(Scope::Guild) => trouble.way("/servers", "Servers that you manage"),
        KeyGoal::Stored(Scope::System) => trouble.way("/operator/keys", "System keys"),
        KeyGoal::Once => trouble,
    }
}

/// What it is in truth.
fn tell_apart(what: OtherSecret) -> String {
    let known = match what {
        OtherSecret::ServiceAccount => "That is a service account file of Google Cloud’s.",
        OtherSecret::OauthClient => {
            "That describes an OAuth client, with which programs let people log in."
        }
        OtherSecret::PrivateKey => "That is a private key of a certificate or of SSH.",
        OtherSecret::Login => {
            "That is a token of a login (OAuth), which ends soon and belongs to one program."
        }
        OtherSecret::DiscordToken => {
            "That looks like a Discord token, and whoever has one acts as that bot or person: \
             reset it if you showed it to somebody else."
        }
        OtherSecret::GitHub => "That looks like a GitHub token.",
        OtherSecret::Service(name) => return format!("That looks like a key of {name}."),
        OtherSecret::AdminKey => {
            "That is an admin key, which manages an organization and asks no model."
        }
        OtherSecret::AccountId => {
            "That is the id of an organization or a project, which opens nothing."
        }
        OtherSecret::WebhookSecret => "That is a secret with which a service signs what it sends.",
        OtherSecret::OurToken => {
            "That is a token of this service, with which programs use your keys."
        }
        OtherSecret::Address => "That is an address.",
        OtherSecret::Masked => {
            "That key is hidden in part: providers show one as a whole only once, when it is made."
        }
        OtherSecret::Placeholder => "That stands in documents where the key goes.",
    };
    known.to_owned()
}

/// What was taken out around a key.
pub fn describe_removed(removed: &[Wrapping]) -> Option<String> {
    if removed.is_empty() {
        return None;
    }
    let what: Vec<&str> = removed.iter().map(|it| name_wrapping(*it)).collect();
    let what = what.join(", ");
    Some(format!("What is no part of the key was taken out: {what}."))
}

fn name_wrapping(what: Wrapping) -> &'static str {
    match what {
        Wrapping::Name => "the name before it",
        Wrapping::Scheme => "the word before it (“Bearer”)",
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
