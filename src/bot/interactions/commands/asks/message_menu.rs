//! Commands on a message: right-click, Apps.

use serenity::all::Message;

use crate::app::Error;
use crate::bot::connection::calls::interaction_calls::{InteractionHandle, ORIGINAL};
use crate::bot::conversation::heard_files::HeardFiles;
use crate::bot::conversation::memory::whole_message;
use crate::bot::conversation::message_text::is_words;
use crate::bot::conversation::sounds::{Sound, sounds_of};
use crate::bot::conversation::transcript;
use crate::bot::conversation::turns::{Conversation, indent_lines};
use crate::bot::conversation::utterance::{Utterance, Utterances, read_utterances};
use crate::bot::conversation::voice_questions::{Heard, Unheard};
use crate::bot::interactions::commands::asks::private_ask::ask_privately;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::{Bot, explain_error};
use crate::model::{Turn, UnreadFile, is_blank};

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
    let mut message = whole_message(bot, message).await;
    message.guild_id = ctx.interaction.guild_id;
    let locale = &ctx.interaction.locale;
    let heard = match hear_message(ctx, &message).await {
        Ok(heard) => heard,
        Err(error) => {
            let card = explain_error(bot.voice(locale), &error);
            return bot.rest.edit(&handle, ORIGINAL, &card).await.map(drop);
        }
    };
    let (subject, all_unread) = read_subject(bot, &message, heard.files).await;
    let words = task.words.replace("{locale}", locale);
    let about = Conversation {
        all_unread,
        ..conversation_about(&words, subject)
    };
    ask_privately(ctx, task.persona, about, heard.sounds).await
}

/// Has the sounds of a message written down, unless it says something without them
/// and nobody may.
async fn hear_message(ctx: Context<'_>, message: &Message) -> Result<Heard, Error> {
    let bot = ctx.framework.user_data;
    let sounds: Vec<Sound<'_>> = sounds_of(message).collect();
    if sounds.is_empty() || message.author.id.get() == bot.user_id() {
        return Ok(Heard::default());
    }
    let caller = caller_of(ctx).await;
    let place = (&caller, message.channel_id.get());
    let mut heard = Heard::default();
    let refused = heard.hear_sounds(bot, place, &sounds).await.err();
    let says_more = !heard.sounds.is_empty() || !is_blank(&message.content);
    let unheard = heard.unheard.take_if(|_| !says_more);
    match refused.or(unheard) {
        Some(Unheard::Refused(error)) => Err(error),
        _ => Ok(heard),
    }
}

/// Reads the message that a command was chosen on. Discord shows it, whoever
/// wrote it; also a notice of the bot's own. Files that could not be read
/// come beside it, where they are all there is.
async fn read_subject(
    bot: &Bot,
    message: &Message,
    heard: HeardFiles,
) -> (Utterances, Vec<UnreadFile>) {
    let mut subject = read_utterances(bot, std::slice::from_ref(message), heard).await;
    let all_unread = subject.all_unread();
    subject.said.retain(|utterance| !utterance.is_unread);
    let is_own = message.author.id.get() == bot.user_id();
    if subject.said.is_empty() && is_own && is_words(message) {
        let (text, _) = transcript::take_notice_mark(&message.content);
        if !text.is_empty() {
            subject.said.push(Utterance {
                message: message.id.get(),
                speaker: message.author.name.clone(),
                turn: Turn::model(text),
                is_unread: false,
                unread: Vec::new(),
            });
        }
    }
    (subject, all_unread)
}

/// One turn: what is wanted, and the message with its pictures.
fn conversation_about(words: &str, subject: Utterances) -> Conversation {
    let mut about = Turn::person("");
    for Utterance {
        speaker, mut turn, ..
    } in subject.said
    {
        let text = indent_lines(&turn.text.0);
        about.text.0.extend(["\n", &speaker, ": ", &text]);
        about.pictures.append(&mut turn.pictures);
    }
    if !about.is_empty() {
        about.text.0 = format!("{words}\n{}", about.text.0);
    }
    Conversation {
        turns: vec![about],
        left_out: subject.left_out,
        ..Conversation::default()
    }
}
