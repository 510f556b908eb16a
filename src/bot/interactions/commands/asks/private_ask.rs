//! Asks about messages that were read, answered for one person's eyes.

use crate::bot::answers::writing::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::writing::target::Target;
use crate::bot::connection::calls::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::conversation::turns::Conversation;
use crate::bot::conversation::voice_questions::HeardSound;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::{explain_error, words};
use crate::model::{Ask, Choices, ConversationRefusal, Turn};

/// Asks about a conversation that was read, for the eyes of whoever asks;
/// an answer has been promised already. Of sounds, it is said who wrote them down.
pub async fn ask_privately(
    ctx: Context<'_>,
    persona: &str,
    conversation: Conversation,
    heard: Vec<HeardSound>,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let Conversation {
        turns,
        left_out,
        all_unread,
    } = conversation;
    let handle = InteractionHandle::from(ctx.interaction);
    if turns.iter().all(Turn::is_empty) {
        let voice = bot.voice(&ctx.interaction.locale);
        let card = match all_unread.as_slice() {
            [] => explain_error(voice, &ConversationRefusal::NothingToRead.into()),
            unread => words::files::unread_files(voice, unread),
        };
        return bot.rest.edit(&handle, ORIGINAL, &card).await.map(drop);
    }
    let choices = Choices {
        persona: Some(persona.to_owned()),
        ..Choices::default()
    };
    let ask = Ask {
        turns,
        left_out,
        max_output_tokens: None,
        ..Ask::of(caller_of(ctx).await, "", choices)
    };
    let request = AnswerRequest {
        ask,
        quoted: None,
        heard,
        is_promised: true,
        target: Target::Private(handle),
        locale: &ctx.interaction.locale,
    };
    Box::pin(answer_request(bot, request)).await
}
