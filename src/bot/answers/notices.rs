//! Tells owners of keys and budgets what they should know.

use crate::app::{Demotion, MemberDirectory, Notice, OvershootNotice};
use crate::bot::Bot;
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::words;
use crate::model::{Owner, PersonId};

/// Tells the owner of each key that it stopped working: beside the answer,
/// if the owner is who asked, or else directly.
pub async fn tell_key_owners(renderer: &MessageRenderer<'_>, demoted: &[Demotion]) {
    let MessageRenderer {
        bot, voice, asker, ..
    } = renderer;
    for demotion in demoted {
        for person in &demotion.tell {
            if person != asker {
                tell_directly(bot, demotion, *person).await;
                continue;
            }
            let server = server_name(bot, demotion).await;
            let card = words::keys::demoted_directly(*voice, demotion, server.as_deref());
            let target = renderer.target;
            let told = target.tell_privately(&bot.rest, asker.0, &card).await;
            note_untold(told, "a key");
        }
    }
}

/// Tells the owner of a key in a direct message that it stopped working.
pub async fn tell_key_owner_directly(bot: &Bot, demotion: &Demotion) {
    for person in &demotion.tell {
        tell_directly(bot, demotion, *person).await;
    }
}

async fn tell_directly(bot: &Bot, demotion: &Demotion, person: PersonId) {
    let voice = bot.voice_to(person, None);
    let server = server_name(bot, demotion).await;
    let card = words::keys::demoted_directly(voice, demotion, server.as_deref());
    let told = bot.rest.direct_message(person.0, &card).await;
    note_untold(told, "a key");
}

/// What the server is called whose key stopped working, if it is one's.
async fn server_name(bot: &Bot, demotion: &Demotion) -> Option<String> {
    match demotion.owner {
        Owner::Server(server) => MemberDirectory::server_name(bot, server).await,
        Owner::Person(_) | Owner::Operator => None,
    }
}

/// Tells the owner of each budget that most of it is used.
pub async fn tell_budget_owners(bot: &Bot, notices: &[Notice]) {
    for notice in notices {
        let voice = bot.voice_to(notice.tell, notice.server);
        let card = words::quotas::notice(voice, notice);
        let told = bot.rest.direct_message(notice.tell.0, &card).await;
        note_untold(told, "a budget");
    }
}

/// Tells the operator's people that calls used more than was held for them.
pub async fn tell_operators(bot: &Bot, operators: &[PersonId], overshoots: &OvershootNotice) {
    for operator in operators {
        let voice = bot.voice_to(*operator, None);
        let card = words::quotas::overshoots(voice, overshoots);
        let told = bot.rest.direct_message(operator.0, &card).await;
        note_untold(told, "the bot default");
    }
}

/// Notes that somebody was not told. `/keys list` and `/quota status` still
/// show it.
fn note_untold(told: anyhow::Result<()>, owned: &str) {
    if let Err(error) = told {
        tracing::info!("could not tell the owner of {owned}: {error:#}");
    }
}
