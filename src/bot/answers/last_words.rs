//! The last word about what was asked, where its own place does not take it:
//! it is said elsewhere in the channel, or directly, or at least counted.

use std::sync::LazyLock;

use metrics::counter;
use regex::{Captures, Regex};

use crate::app::Error;
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::target::Target;
use crate::bot::answers::{refusals, split};
use crate::bot::connection::calls::channel_calls::count_left;
use crate::bot::connection::calls::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::connection::calls::patience::Patience;
use crate::bot::connection::calls::promises::PromiseState;
use crate::bot::connection::calls::rest::{
    ALREADY_ACKNOWLEDGED, HARMFUL_LINK, MESSAGE_GONE, code_of, refuses_content, refuses_edit,
};
use crate::bot::connection::channel_access::Obstacle;
use crate::bot::connection::wire::card::Card;
use crate::bot::{Bot, explain_error, words};
use crate::model::PersonId;

/// A link, up to the end of its host.
static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bhttp(s?)://([^/\s?#]*)").expect("the pattern is a regex"));

/// Says elsewhere what could not be shown in its place, for the reason that
/// comes along. Says whether somebody can see it.
pub async fn say_elsewhere(renderer: &mut MessageRenderer<'_>, error: anyhow::Error) -> bool {
    let (bot, voice, target) = (renderer.bot, renderer.voice, renderer.target);
    let reason = format!("{error:#}");
    let was_taken_away = code_of(&error) == Some(MESSAGE_GONE);
    let code = code_of(&error);
    let blocked = code.filter(|_| refuses_content(&error));
    let is_interaction = matches!(target, Target::Interaction(_));
    if renderer.intended().is_empty() && !(is_interaction && was_taken_away) {
        // Something of ours failed before there was anything to show.
        let card = explain_error(voice, &Error::from(error));
        if say_in_place(renderer, card).await.is_ok() {
            return true;
        }
    }
    if was_taken_away {
        tracing::info!("what was asked for was deleted while it was made: {reason}");
        return true;
    }
    tracing::warn!("could not show what was asked for in its place: {reason}");
    if let Some(code) = blocked {
        return say_blocked(renderer, code).await;
    }
    let is_promised = renderer.is_promised();
    if let Target::Interaction(handle) = target
        && is_promised
        && say_in_channel(renderer).await.is_ok()
    {
        bot.rest.promises.note_answered(handle.interaction);
        return true;
    }
    // Where Discord was not answered in time, it says so by itself.
    if is_promised {
        let announcement = words::answers::said_directly(voice, target.channel());
        let cards = cards_directly(&announcement, renderer.intended());
        if say_directly(bot, renderer.asker.0, &cards).await.is_ok() {
            leave_note(renderer, code.filter(|code| *code != 0)).await;
            return true;
        }
    }
    renderer.clear_unfinished().await;
    count_unsaid("a question");
    false
}

/// Says in its place that Discord does not take the words of an answer and
/// why, so that no half of it stays; whoever asked gets it directly, with its
/// links taken apart where it is a link that is blocked.
async fn say_blocked(renderer: &mut MessageRenderer<'_>, code: u64) -> bool {
    let (bot, voice, channel) = (renderer.bot, renderer.voice, renderer.target.channel());
    let intended = renderer.intended();
    let cards = if code == HARMFUL_LINK {
        let apart: Vec<Card> = intended.iter().map(take_links_apart).collect();
        cards_directly(&words::answers::said_without_links(voice, channel), &apart)
    } else {
        cards_directly(&words::answers::said_directly(voice, channel), intended)
    };
    let told = say_directly(bot, renderer.asker.0, &cards).await;
    let card = words::answers::blocked_by_discord(voice, code, told.is_ok());
    let mut shown = say_instead(renderer, &card).await;
    // What Discord does not take may stand in the question.
    if shown.as_ref().is_err_and(refuses_content) && renderer.drop_heading() {
        shown = say_instead(renderer, &card).await;
    }
    if let Err(error) = &shown {
        tracing::warn!("could not say that Discord blocks an answer: {error:#}");
        renderer.clear_unfinished().await;
    }
    let was_said = told.is_ok() || shown.is_ok();
    if !was_said {
        count_unsaid("a question");
    }
    was_said
}

/// Puts a card in the place of what grew there.
async fn say_instead(renderer: &mut MessageRenderer<'_>, card: &Card) -> anyhow::Result<()> {
    if renderer.reply_unpromised(card).await? {
        return Ok(());
    }
    renderer.replace_growing(card).await
}

/// Says where an answer was promised or grew that it went to whoever asked, if
/// Discord takes that; else nothing stays there that looks unfinished.
async fn leave_note(renderer: &mut MessageRenderer<'_>, code: Option<u64>) {
    let is_message = matches!(renderer.target, Target::Channel { .. });
    if is_message && !renderer.has_shown() {
        return;
    }
    let card = words::answers::went_directly(renderer.voice, code);
    if let Err(error) = renderer.replace_growing(&card).await {
        tracing::info!("could not say where an answer went: {error:#}");
        renderer.clear_unfinished().await;
    }
    let (Target::Interaction(handle) | Target::Private(handle)) = renderer.target else {
        return;
    };
    let promises = &renderer.bot.rest.promises;
    promises.note_answered(handle.interaction);
}

/// Cards as they are sent to somebody, with the first under what announces
/// them: nothing is announced that does not come.
fn cards_directly(announcement: &Card, cards: &[Card]) -> Vec<Card> {
    let without_buttons = |card: &Card| Card {
        // They work only where they were meant to stand.
        buttons: Vec::new(),
        ..card.clone()
    };
    let Some((first, others)) = cards.split_first() else {
        return vec![announcement.clone()];
    };
    let text = format!("{}\n{}", announcement.text, first.text);
    let mut texts = if split::units(&text) <= split::LIMIT {
        vec![text]
    } else {
        split::split(&text, split::LIMIT)
    };
    let last = Card {
        text: texts.pop().unwrap_or_default(),
        ..without_buttons(first)
    };
    let mut all: Vec<Card> = texts.into_iter().map(Card::text).collect();
    all.push(last);
    all.extend(others.iter().map(without_buttons));
    all
}

/// Spells the links of a card so that they lead nowhere.
fn take_links_apart(card: &Card) -> Card {
    let text = LINK.replace_all(&card.text, |found: &Captures<'_>| {
        format!("hxxp{}://{}", &found[1], found[2].replace('.', "[.]"))
    });
    Card {
        text: text.into_owned(),
        ..card.clone()
    }
}

/// Tells whoever asked, directly, that the channel takes no answer.
pub async fn say_place_is_closed(renderer: &MessageRenderer<'_>, reason: &anyhow::Error) -> bool {
    tracing::info!("was asked where the bot may not write: {reason:#}");
    let target = renderer.target;
    tell_place_is_closed(renderer.bot, renderer.asker.0, target).await
}

/// Tells somebody directly that a channel takes no answer, where nothing was
/// asked of a model yet.
pub async fn tell_place_is_closed(bot: &Bot, person: u64, target: &Target) -> bool {
    let voice = bot.voice_to(PersonId(person), None);
    let channel = target.channel();
    let obstacle = match target {
        Target::Channel { direct: true, .. } => Obstacle::Gone,
        _ => bot.channel_access.obstacle(channel),
    };
    let card = words::answers::may_not_write(voice, channel, obstacle);
    let told = say_directly(bot, person, &[card]).await.is_ok();
    if !told {
        count_unsaid("a question");
    }
    told
}

/// Says what is wrong where the answer would be.
async fn say_in_place(renderer: &mut MessageRenderer<'_>, card: Card) -> anyhow::Result<()> {
    if renderer.reply_unpromised(&card).await? {
        return Ok(());
    }
    if let Target::Interaction(_) = renderer.target {
        let told = refusals::tell_asker_alone(renderer, card.clone()).await;
        return told.inspect_err(|_| renderer.intend(card));
    }
    renderer.show_instead(card).await
}

/// Changes the messages of an interaction with the bot's own token, and adds
/// what is missing: the interaction is over, and the bot may be in the
/// channel.
async fn say_in_channel(renderer: &MessageRenderer<'_>) -> anyhow::Result<()> {
    let (rest, channel) = (&renderer.bot.rest, renderer.target.channel());
    let mut standing = renderer.standing_ids().into_iter();
    let mut last = None;
    for card in renderer.intended() {
        let card = Card {
            reply_to: last,
            ..card.clone()
        };
        last = Some(match standing.next() {
            Some(id) => rest.edit_or_replace(channel, id, &card).await?,
            None => rest.post(channel, &card, Patience::last_post()).await?.id,
        });
    }
    Ok(())
}

async fn say_directly(bot: &Bot, person: u64, cards: &[Card]) -> anyhow::Result<()> {
    let told = bot.rest.direct_messages(person, cards).await;
    told.inspect_err(|error| tracing::info!("could not write to somebody: {error:#}"))
}

/// Counts that nobody could be told something.
pub fn count_unsaid(what: &'static str) {
    counter!("latchkey_bot_unsaid_total", "what" => what).increment(1);
    tracing::error!("nobody could be told what came of {what}");
}

/// Looks whether an interaction that was handled has an answer, and gives it
/// this one if it has none: no way out leaves "thinking" behind. `has_failed`
/// says that handling it ended in an error.
pub async fn keep_promise(bot: &Bot, handle: &InteractionHandle, card: Card, has_failed: bool) {
    let rest = &bot.rest;
    let told = match rest.promises.end(handle.interaction) {
        Some(PromiseState::Unanswered | PromiseState::Attempted) => {
            match rest.reply(handle, &card).await {
                // Discord heard an acknowledgement whose responses were all lost.
                Err(error) if code_of(&error) == Some(ALREADY_ACKNOWLEDGED) => {
                    rest.edit(handle, ORIGINAL, &card).await.map(drop)
                }
                replied => replied,
            }
        }
        Some(PromiseState::Promised) => fill_promise(bot, handle, &card).await,
        Some(PromiseState::Acknowledged) if has_failed => {
            rest.follow_up_ephemeral(handle, &card).await.map(drop)
        }
        Some(PromiseState::Acknowledged | PromiseState::Answered) | None => return,
    };
    if let Err(error) = told {
        tracing::warn!("could not answer an interaction: {error:#}");
        count_unsaid("an interaction");
    }
}

/// Puts a card where an answer was promised; the first that follows fills it
/// too, and where Discord takes neither, nothing stays that looks unfinished.
async fn fill_promise(bot: &Bot, handle: &InteractionHandle, card: &Card) -> anyhow::Result<()> {
    let rest = &bot.rest;
    match rest.edit(handle, ORIGINAL, card).await {
        Err(error) if refuses_edit(&error) && code_of(&error) != Some(MESSAGE_GONE) => {}
        edited => return edited.map(drop),
    }
    let told = rest.follow_up_ephemeral(handle, card).await;
    if told.is_err()
        && let Err(error) = rest.delete_original(handle).await
    {
        count_left(&error);
    }
    told.map(drop)
}
