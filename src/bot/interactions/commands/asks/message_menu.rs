//! Commands on a message: right-click, Apps.

use serenity::all::Message;

use crate::bot::connection::interaction_calls::InteractionHandle;
use crate::bot::conversation::transcript;
use crate::bot::conversation::turns::read_conversation;
use crate::bot::interactions::commands::asks::private_ask::ask_privately;
use crate::bot::interactions::commands::context::Context;
use crate::model::Turn;

/// What is wanted of a message.
struct Task {
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
    let task = Task {
        persona: "summarizer",
        words: "Summarize this message:",
    };
    answer_about(ctx, message, task).await
}

/// Explains a message.
#[poise::command(
    context_menu_command = "Explain",
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn explain_message(ctx: Context<'_>, message: Message) -> anyhow::Result<()> {
    let task = Task {
        persona: "explain",
        words: "Explain this message:",
    };
    answer_about(ctx, message, task).await
}

/// Translates a message into the language of whoever asks.
#[poise::command(
    context_menu_command = "Translate",
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn translate_message(ctx: Context<'_>, message: Message) -> anyhow::Result<()> {
    let task = Task {
        persona: "translator",
        words: "Translate this message into the language of the locale {locale}:",
    };
    answer_about(ctx, message, task).await
}

/// Drafts a reply that nobody else sees.
#[poise::command(
    context_menu_command = "Reply for me",
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn reply_for_me(ctx: Context<'_>, message: Message) -> anyhow::Result<()> {
    let task = Task {
        persona: "reply",
        words: "Draft a reply to this message:",
    };
    answer_about(ctx, message, task).await
}

/// Answers what is wanted of a message, for the eyes of whoever asks.
async fn answer_about(ctx: Context<'_>, message: Message, task: Task) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    // Files may take longer to read than Discord waits.
    let handle = InteractionHandle::from(ctx.interaction);
    bot.rest.defer_ephemeral(&handle).await?;
    let mut subject = read_conversation(bot, std::slice::from_ref(&message)).await;
    let locale = &ctx.interaction.locale;
    let words = task.words.replace("{locale}", locale);
    let author = transcript::author_name(&message);
    subject.turns = vec![turn_about(&words, &author, subject.turns)];
    ask_privately(ctx, task.persona, subject).await
}

/// One turn: what is wanted, and the message with its pictures.
fn turn_about(words: &str, author: &str, message: Vec<Turn>) -> Turn {
    let mut all = Turn::person("");
    for mut turn in message {
        all.text.0.push_str(&turn.text.0);
        all.pictures.append(&mut turn.pictures);
    }
    if !all.is_empty() {
        all.text.0 = format!("{words}\n\n{author}: {}", all.text.0);
    }
    all
}
