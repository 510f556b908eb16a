//! Commands on a message: right-click, Apps.

use serenity::all::Message;

use crate::bot::answers::streaming::{self, Question};
use crate::bot::answers::target::Target;
use crate::bot::connection::interaction_calls::InteractionHandle;
use crate::bot::connection::interaction_calls::ORIGINAL;
use crate::bot::conversation;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::{Bot, explain};
use crate::model::{Ask, Choices, ConversationRefusal, LeftOut, Turn};

/// What is wanted of a message.
struct Wish {
    /// The persona that does it.
    persona: &'static str,
    /// What stands before the message.
    words: &'static str,
}

/// Sums a message up, for whoever wants to know.
#[poise::command(
    context_menu_command = "Summarize",
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn summarize_message(ctx: Context<'_>, message: Message) -> anyhow::Result<()> {
    let wish = Wish {
        persona: "summarizer",
        words: "Summarize this message:",
    };
    answer(ctx, message, wish).await
}

/// Explains a message.
#[poise::command(
    context_menu_command = "Explain",
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn explain_message(ctx: Context<'_>, message: Message) -> anyhow::Result<()> {
    let wish = Wish {
        persona: "explain",
        words: "Explain this message:",
    };
    answer(ctx, message, wish).await
}

/// Translates a message into the language of whoever asks.
#[poise::command(
    context_menu_command = "Translate",
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn translate_message(ctx: Context<'_>, message: Message) -> anyhow::Result<()> {
    let wish = Wish {
        persona: "translator",
        words: "Translate this message into the language of the locale {locale}:",
    };
    answer(ctx, message, wish).await
}

/// Drafts a reply that nobody else sees.
#[poise::command(
    context_menu_command = "Reply for me",
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn reply_for_me(ctx: Context<'_>, message: Message) -> anyhow::Result<()> {
    let wish = Wish {
        persona: "reply",
        words: "Draft a reply to this message:",
    };
    answer(ctx, message, wish).await
}

/// Only whoever asks sees the answer.
async fn answer(ctx: Context<'_>, message: Message, wish: Wish) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    // Files may take longer to read than Discord waits.
    let handle = InteractionHandle::from(ctx.interaction);
    bot.rest.defer_ephemeral(&handle).await?;
    let subject = conversation::conversation(bot, std::slice::from_ref(&message)).await;
    let locale = &ctx.interaction.locale;
    let words = wish.words.replace("{locale}", locale);
    let turns = vec![about(&words, &conversation::name(&message), subject.turns)];
    let asked = (turns, subject.left_out);
    ask(bot, ctx, wish.persona, asked).await
}

/// Asks about what was read, for one person's eyes; an answer has been
/// promised already.
pub async fn ask(
    bot: &Bot,
    ctx: Context<'_>,
    persona: &str,
    (turns, left_out): (Vec<Turn>, Vec<LeftOut>),
) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(ctx.interaction);
    if turns.iter().all(Turn::is_empty) {
        let nothing = ConversationRefusal::NothingToRead.into();
        let card = explain(bot.voice(&ctx.interaction.locale), &nothing);
        return bot.rest.edit(&handle, ORIGINAL, &card).await;
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
    let question = Question {
        ask,
        asked: None,
        promised: true,
        target: Target::Private(handle),
        locale: &ctx.interaction.locale,
    };
    Box::pin(streaming::answer(bot, question)).await
}

/// One turn: what is wanted, and the message with its pictures.
fn about(words: &str, author: &str, said: Vec<Turn>) -> Turn {
    let mut all = Turn::person("");
    for mut turn in said {
        all.text.0.push_str(&turn.text.0);
        all.pictures.append(&mut turn.pictures);
    }
    if !all.is_empty() {
        all.text.0 = format!("{words}\n\n{author}: {}", all.text.0);
    }
    all
}
