//! Buttons for the commands that a reply names, so that nobody has to type
//! them. They are read from the reply itself, in which commands stand the same
//! in every language, so that no reply can name one and lack its button.

use crate::bot::connection::wire::card::{Button, ButtonStyle, Card, ROW_BUTTONS_MAX};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::interactions::keys::key_target::{KeyDeed, KeyPlace, KeyTarget, PanelView};
use crate::bot::interactions::named_commands::{NamedCommand, NamedKey, named_commands};
use crate::bot::words::answers::buttons::button;
use crate::bot::words::speech::voice::Voice;
use crate::model::{Scope, ServerId};

/// A reply, with a button for each command in it that one can stand for.
pub fn with_offers(voice: Voice<'_>, card: Card) -> Card {
    offer(voice, card, None)
}

/// A message about a server, which is read anywhere, with a button for each
/// command in it that one can stand for.
pub fn with_offers_about(voice: Voice<'_>, card: Card, server: Option<ServerId>) -> Card {
    offer(voice, card, server)
}

fn offer(voice: Voice<'_>, mut card: Card, server: Option<ServerId>) -> Card {
    if card.select.is_some() || card.panel.is_some() {
        return card;
    }
    let named: Vec<NamedCommand> = named_commands(&card.text).collect();
    let own: Vec<String> = card.buttons.iter().map(|it| it.label.clone()).collect();
    for command in &named {
        let Some(mut offered) = button_for(voice, command, (&named, server)) else {
            continue;
        };
        // The reply's own button of that name does more: it opens what was typed
        // before.
        let stands = |it: &Button| it.custom_id == offered.custom_id;
        if card.buttons.iter().any(stands) || own.contains(&offered.label) {
            continue;
        }
        let reads_the_same = |it: &Button| it.label == offered.label;
        if card.buttons.iter().any(reads_the_same)
            && let Some(scope) = scope_of(command)
        {
            offered.label = format!("{} · {}", offered.label, voice.scope(scope));
        }
        if card.buttons.len() < ROW_BUTTONS_MAX {
            card.buttons.push(offered);
        }
    }
    card
}

/// The button that stands for a command; none where it names no provider that
/// there is.
fn button_for(
    voice: Voice<'_>,
    command: &NamedCommand,
    (all, server): (&[NamedCommand], Option<ServerId>),
) -> Option<Button> {
    let target = |key: &NamedKey| target_of(voice, key, server);
    let (label, id) = match command {
        NamedCommand::AddKey(key) => {
            let is_tested = all.contains(&NamedCommand::TestKey(key.clone()));
            return Some(form_button(voice, target(key)?, is_tested));
        }
        NamedCommand::TestKey(key) => {
            let id = CustomId::KeyDeed(KeyDeed::Test, target(key)?);
            ("Test again", id)
        }
        NamedCommand::ResumeKey(key) => {
            let id = CustomId::KeyDeed(KeyDeed::Resume, target(key)?);
            ("Resume", id)
        }
        NamedCommand::AddAnyKey(view) => ("Add a key", CustomId::OpenPanel(*view)),
        NamedCommand::ImportKeys(scope) => ("Add several keys", CustomId::OpenImport(*scope)),
        NamedCommand::ListKeys => ("Show my keys", CustomId::OpenPanel(PanelView::default())),
        NamedCommand::ShowPayers => ("Who pays here", CustomId::ShowPayers),
        NamedCommand::ShowLimits => ("Show my limits", CustomId::ShowLimits),
        NamedCommand::ChooseModel => ("Choose another model", CustomId::OfferModels),
    };
    Some(button(voice, label, &id))
}

/// Whose keys a command is about.
fn scope_of(command: &NamedCommand) -> Option<Scope> {
    match command {
        NamedCommand::AddKey(key) | NamedCommand::TestKey(key) | NamedCommand::ResumeKey(key) => {
            Some(key.scope)
        }
        NamedCommand::AddAnyKey(view) => view.scope,
        NamedCommand::ImportKeys(scope) => Some(*scope),
        _ => None,
    }
}

/// The key that a command names: of the server that a message is about, if it
/// is about one and the key is a server's.
fn target_of(voice: Voice<'_>, key: &NamedKey, server: Option<ServerId>) -> Option<KeyTarget> {
    voice.providers.get(&key.provider)?;
    let target = KeyTarget::in_reply(key.scope, &key.provider);
    let place = match (key.scope, server) {
        (Scope::Guild, Some(server)) => KeyPlace::About(server),
        _ => target.place,
    };
    Some(KeyTarget { place, ..target })
}

/// The button that opens a form. A key that can be tested is there, and is
/// replaced.
fn form_button(voice: Voice<'_>, target: KeyTarget, is_there: bool) -> Button {
    let label = if is_there {
        "Replace the {provider} key"
    } else {
        "Add a key for {provider}"
    };
    let name = voice.name(&target.provider);
    Button {
        label: voice.lang.say(label, &[("provider", &name)]),
        custom_id: CustomId::KeyForm(target).write(),
        style: ButtonStyle::Secondary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::KnownProviders;
    use crate::bot::words::DEFAULT_LOCALE;
    use crate::providers::Catalogue;

    /// The labels and ids of what is offered for a text.
    fn offered(text: &str, server: Option<ServerId>) -> Vec<String> {
        let catalogue = Catalogue::new(&[]).unwrap();
        let voice = Voice::to_a_member(DEFAULT_LOCALE, KnownProviders::new(&catalogue));
        let card = offer(voice, Card::text(text), server);
        let shown = |it: &Button| format!("{} {}", it.label, it.custom_id);
        card.buttons.iter().map(shown).collect()
    }

    #[test]
    fn each_command_that_a_reply_names_has_its_button_once() {
        let text = "`/keys add provider:openai scope:user` or `/keys test provider:openai`, \
                    `/keys test provider:openai scope:user`, then \
                    `/keys resume provider:google scope:guild`. `/keys test provider:nobody`, `/keys list`";
        insta::assert_snapshot!(offered(text, None).join("\n"), @"
        Replace the OpenAI key form:user::openai
        Test again key:test:user::openai
        Resume key:resume:guild::google
        Show my keys keys:a0
        ");
        let text = "`/keys add`, `/keys add scope:guild`, `/keys status`, `/quota status`, `/model set model:x/y`";
        insta::assert_snapshot!(offered(text, None).join("\n"), @"
        Add a key keys:u0
        Add a key · server key keys:g0
        Who pays here payers
        Show my limits limits
        Choose another model models
        ");
    }

    #[test]
    fn a_message_about_a_server_names_it_in_the_buttons_of_its_keys() {
        let text =
            "`/keys add provider:openai scope:guild`, `/keys add provider:openai scope:user`";
        insta::assert_snapshot!(offered(text, Some(ServerId(7))).join("\n"), @"
        Add a key for OpenAI form:guild:s7:openai
        Add a key for OpenAI · personal key form:user::openai
        ");
    }
}
