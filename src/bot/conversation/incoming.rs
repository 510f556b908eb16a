//! Messages that come in: mentions, replies and direct messages are
//! answered.

use serenity::all::{GuildId, Message, MessageType, MessageUpdateEvent, RoleId};

use crate::app::Error;
use crate::bot::answers::typed_keys::{self, TypedKey};
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::writing::target::{Insistence, Part, Target};
use crate::bot::answers::{last_words, refusals};
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::rest::is_gone;
use crate::bot::connection::wire::card::Card;
use crate::bot::connection::wire::received_message::parse_message;
use crate::bot::conversation::heard_files::HeardFiles;
use crate::bot::conversation::memory::{self, Recalled};
use crate::bot::conversation::message_text::says_nothing;
use crate::bot::conversation::sounds::sounds_asked_about;
use crate::bot::conversation::transcript;
use crate::bot::conversation::turns::Conversation;
use crate::bot::conversation::voice_questions::{Heard, Unheard, listen};
use crate::bot::words::Voice;
use crate::bot::{Bot, explain_error, words};
use crate::model::{Ask, Caller, Choices, LeftOut, PersonId, ServerId};

/// A message, who asks with it, and what they chose.
pub struct MessageQuestion<'a> {
    pub message: &'a Message,
    pub caller: Caller,
    pub choices: Choices,
    /// What was said in its sounds, where it was answered before.
    pub heard: HeardFiles,
    /// It was asked before, and answered.
    pub is_repeated: bool,
}

/// Answers a message, if it is meant for the bot and has not come before.
pub async fn handle_message(bot: &Bot, message: Message) -> anyhow::Result<()> {
    if message.webhook_id.is_some() {
        let (channel, id) = (message.channel_id.get(), message.id.get());
        bot.deletions.note_copy(channel, id, &message.content);
    }
    let is_for_bot = is_for_bot(bot, &message).await;
    if !bot.seen_events.take_first(message.id.get(), is_for_bot) {
        return Ok(());
    }
    answer_incoming(bot, message).await
}

/// Answers a message that was changed by whoever wrote it, if it is meant for
/// the bot now and was not before. Discord tells of other changes in the same
/// way, such as a preview of a link: `docs/discord.md` §6.
pub async fn handle_change(bot: &Bot, event: &MessageUpdateEvent) -> anyhow::Result<()> {
    if event.edited_timestamp.is_none() {
        return Ok(());
    }
    let users = event.mentions.iter().flatten();
    let mut users = users.map(|user| user.id.get());
    let roles = event.mention_roles.as_deref().unwrap_or_default();
    let names_bot =
        users.any(|id| id == bot.user_id()) || names_own_role(bot, event.guild_id, roles).await;
    if !names_bot {
        return Ok(());
    }
    let Some(message) = changed_message(event) else {
        return Ok(());
    };
    if is_for_bot(bot, &message).await && bot.seen_events.take_changed(message.id.get()) {
        return answer_incoming(bot, message).await;
    }
    Ok(())
}

/// The message that an event describes. Discord sends it whole.
fn changed_message(event: &MessageUpdateEvent) -> Option<Message> {
    let mut fields = serde_json::to_value(event).ok()?;
    fields.as_object_mut()?.retain(|_, value| !value.is_null());
    parse_message(fields)
}

async fn answer_incoming(bot: &Bot, message: Message) -> anyhow::Result<()> {
    let caller = bot.complete_caller(RawCaller::from_message(&message)).await;
    let target = Target::Channel {
        channel: message.channel_id.get(),
        reply_to: message.id.get(),
        direct: message.guild_id.is_none(),
    };
    let question = MessageQuestion {
        message: &message,
        caller,
        choices: Choices::default(),
        heard: HeardFiles::default(),
        is_repeated: false,
    };
    answer_message(bot, question, target).await
}

/// Answers what a message asks.
pub async fn answer_message(
    bot: &Bot,
    question: MessageQuestion<'_>,
    target: Target,
) -> anyhow::Result<()> {
    let (person, channel) = (question.caller.person, target.channel());
    // Where the bot may not write, nobody is asked or pays.
    if !bot.channel_access.may_write(question.message) {
        last_words::tell_place_is_closed(bot, person.0, &target).await;
        return Ok(());
    }
    let id = question.message.id.get();
    let text = &question.message.content;
    let watched = bot.deletions.watch_text(channel, Some(id), text);
    watched.set_server(question.caller.place.server());
    let locale = bot.locales.find(person, question.caller.place.server());
    let voice = bot.voice(locale);
    let typed = tell_of_key(bot, &question, &target).await;
    if matches!(typed, TypedKey::Alone(_)) {
        return Ok(());
    }
    let recalled = Box::pin(promise_and_recall(bot, &question, &target)).await;
    let recalled = match recalled {
        Ok(_) if bot.rest.is_banned() => Err(Unheard::DiscordAway),
        recalled => recalled,
    };
    let (conversation, heard) = match recalled {
        Ok(recalled) => recalled,
        Err(unheard) => return refuse_unheard(bot, &question, &target, &unheard).await,
    };
    let Conversation {
        turns,
        left_out,
        all_unread,
    } = conversation;
    if watched.gone().is_cancelled() {
        return Ok(());
    }
    if turns.is_empty() {
        if let Some(unheard) = &heard.unheard {
            return refuse_unheard(bot, &question, &target, unheard).await;
        }
        let card = match all_unread.as_slice() {
            [] => explain_no_question(voice, question.message, &left_out),
            unread => words::files::unread_files(voice, unread),
        };
        return say_instead(bot, &target, person, card).await;
    }
    if let Some(Unheard::Refused(error)) = &heard.unheard {
        tell_unheard(bot, &question, &target, error).await;
    }
    let ask = Ask {
        caller: question.caller,
        choices: question.choices,
        turns,
        left_out,
        max_output_tokens: None,
        request_key: None,
    };
    let request = AnswerRequest {
        ask,
        quoted: heard.quoted(),
        heard: heard.sounds,
        is_promised: true,
        target,
        locale,
    };
    Box::pin(answer_request(bot, request)).await
}

/// Tells whoever wrote a message that a key stands in it, if one does. Where
/// nothing else does, there is nothing to ask.
async fn tell_of_key(bot: &Bot, question: &MessageQuestion<'_>, target: &Target) -> TypedKey {
    let message = question.message;
    let typed = match TypedKey::in_words(&message.content) {
        TypedKey::Alone(kinds) if !message.attachments.is_empty() => TypedKey::AmongWords(kinds),
        typed => typed,
    };
    // Whoever presses a button was told when they asked.
    if let Some(kinds) = typed.kinds().filter(|_| !question.is_repeated) {
        let (person, server) = (question.caller.person, question.caller.place.server());
        let locale = bot.locales.find(person, server);
        let voice = bot.voice_for(&question.caller, locale).await;
        let mut renderer = MessageRenderer::new(bot, voice, target, person);
        renderer.set_server(server);
        typed_keys::tell_writer(&mut renderer, kinds).await;
    }
    typed
}

/// Says why nothing is asked.
async fn refuse_unheard(
    bot: &Bot,
    question: &MessageQuestion<'_>,
    target: &Target,
    unheard: &Unheard,
) -> anyhow::Result<()> {
    let (person, server) = (question.caller.person, question.caller.place.server());
    let voice = bot.voice(bot.locales.find(person, server));
    if let Unheard::Refused(error) = unheard {
        let mut renderer = MessageRenderer::new(bot, voice, target, person);
        renderer.set_server(server);
        renderer.mark_promised();
        return refusals::refuse(&mut renderer, error).await;
    }
    let Some(card) = unheard.card(voice) else {
        last_words::tell_place_is_closed(bot, person.0, target).await;
        return Ok(());
    };
    say_instead(bot, target, person, card).await
}

/// Tells whoever asked about a sound why it was refused, where the rest of the
/// question is asked all the same: what is about their key or their limits is
/// nobody else's business.
async fn tell_unheard(bot: &Bot, question: &MessageQuestion<'_>, target: &Target, error: &Error) {
    if !refusals::is_private(error) {
        return;
    }
    let (person, server) = (question.caller.person, question.caller.place.server());
    let voice = bot.voice(bot.locales.find(person, server));
    let mut renderer = MessageRenderer::new(bot, voice, target, person);
    renderer.set_server(server);
    let voice = match target {
        Target::Channel { .. } => voice.elsewhere(),
        Target::Interaction(_) | Target::Private(_) => voice,
    };
    let card = explain_error(voice, error);
    let card = match renderer.question_link() {
        Some(link) => words::answers::about_question(voice, &link, card),
        None => card,
    };
    if let Err(error) = target.tell_privately(&bot.rest, person.0, &card).await {
        tracing::info!("could not tell somebody why a sound was not heard: {error:#}");
    }
}

/// Shows that an answer will come, and reads what was said before meanwhile:
/// files take their time. Nobody pays for a sound before it is known that the
/// place is open.
async fn promise_and_recall(
    bot: &Bot,
    question: &MessageQuestion<'_>,
    target: &Target,
) -> Result<(Conversation, Heard), Unheard> {
    let promise = target.promise_answer(&bot.rest);
    if sounds_asked_about(question.message).next().is_some() {
        refuse_closed(promise.await)?;
        return listen_and_recall(bot, question).await;
    }
    let recall = memory::recall_conversation(bot, question.message);
    let (promised, conversation) = tokio::join!(promise, recall);
    refuse_closed(promised)?;
    Ok((conversation, Heard::default()))
}

fn refuse_closed<T>(promised: anyhow::Result<T>) -> Result<(), Unheard> {
    let is_closed = promised.is_err_and(|error| is_gone(&error));
    if is_closed {
        return Err(Unheard::PlaceClosed);
    }
    Ok(())
}

/// Reads what was said before a message, and listens to those of its sounds that
/// nobody has heard yet.
async fn listen_and_recall(
    bot: &Bot,
    question: &MessageQuestion<'_>,
) -> Result<(Conversation, Heard), Unheard> {
    let recalled = Recalled::read(bot, question.message).await;
    if bot.rest.is_banned() {
        return Err(Unheard::DiscordAway);
    }
    let mut known = question.heard.clone();
    recalled.note_heard(bot, &mut known).await;
    let mut heard = listen(bot, (&question.caller, &recalled.message), known).await?;
    let files = std::mem::take(&mut heard.files);
    Ok((recalled.tell(bot, files).await, heard))
}

/// Says why a message was not answered: it asks nothing that can be read.
fn explain_no_question(voice: Voice<'_>, message: &Message, left_out: &[LeftOut]) -> Card {
    // Nobody can send a message that says nothing: Discord hid it, as it does
    // with replies to answers to commands (`docs/discord.md` §6).
    if message.guild_id.is_some() && says_nothing(message) {
        return words::answers::hidden_question(voice);
    }
    if left_out.contains(&LeftOut::Hidden) {
        return words::answers::hidden_subject(voice);
    }
    if left_out.contains(&LeftOut::Deleted) {
        return words::answers::deleted_subject(voice);
    }
    words::answers::how_to_ask(voice, message.guild_id.is_none())
}

/// Says something in the place of an answer, without asking anybody.
async fn say_instead(
    bot: &Bot,
    target: &Target,
    person: PersonId,
    card: Card,
) -> anyhow::Result<()> {
    let card = Card {
        text: transcript::mark_notice(&card.text),
        ..card
    };
    let part = Part {
        card: &card,
        insistence: Insistence::Last,
    };
    match target.send_first(&bot.rest, part).await {
        Ok(_) => Ok(()),
        Err(error) if is_gone(&error) => {
            last_words::tell_place_is_closed(bot, person.0, target).await;
            Ok(())
        }
        Err(error) => {
            last_words::count_unsaid("a question");
            Err(error)
        }
    }
}

/// Whether a message is a mention, a reply to one of the bot's messages, or
/// a direct message; from a person, and with something in it that the bot
/// may read.
async fn is_for_bot(bot: &Bot, message: &Message) -> bool {
    let bot_user = bot.user_id();
    let from_a_person = !message.author.bot && message.webhook_id.is_none();
    let spoken = matches!(
        message.kind,
        MessageType::Regular | MessageType::InlineReply
    );
    if !from_a_person || !spoken {
        return false;
    }
    let direct = message.guild_id.is_none();
    let mentioned = message
        .mentions
        .iter()
        .any(|user| user.id.get() == bot_user)
        || names_own_role(bot, message.guild_id, &message.mention_roles).await;
    let replies_to_bot = message
        .referenced_message
        .as_ref()
        .is_some_and(|answered| answered.author.id.get() == bot_user);
    // Where it should be readable and is not, it is said how to ask.
    let readable = !says_nothing(message) || bot.reads_messages;
    direct || mentioned || (replies_to_bot && readable)
}

/// Whether the bot's own role is among those that a message names.
async fn names_own_role(bot: &Bot, server: Option<GuildId>, roles: &[RoleId]) -> bool {
    let Some(server) = server else {
        return false;
    };
    let server = ServerId(server.get());
    bot.server_names.is_own_role_among(bot, server, roles).await
}
