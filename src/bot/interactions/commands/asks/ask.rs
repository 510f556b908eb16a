//! `/ask`.

use serenity::all::{Attachment, CreateAutocompleteResponse};

use crate::app::{Error, FileContent, MessageFile, tell_files};
use crate::bot::answers::refusals;
use crate::bot::answers::running::promise::find_before_form;
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::streaming::{AnswerRequest, answer_request};
use crate::bot::answers::writing::target::Target;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::wire::form::INPUT_CHARACTERS_MAX;
use crate::bot::conversation::files::{FileReader, may_be_sound};
use crate::bot::conversation::sounds::Sound;
use crate::bot::conversation::transcript;
use crate::bot::conversation::voice_questions::{Heard, Unheard};
use crate::bot::interactions::commands::asks::model::complete_model;
use crate::bot::interactions::commands::asks::persona::complete_persona;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::commands::options::suggestions::suggest;
use crate::bot::{Bot, explain_error, words};
use crate::model::{Ask, Caller, Choices, KeyRefusal, LeftOut, ProviderId, ProviderKind};

/// Ask a language model.
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
pub async fn ask(
    ctx: Context<'_>,
    #[description = "What to ask"]
    #[max_length = 6000]
    prompt: String,
    #[description = "Who should answer; left out, the first that somebody can pay for"]
    #[autocomplete = "complete_provider"]
    provider: Option<String>,
    #[description = "Which model; left out, the provider's default"]
    #[autocomplete = "complete_model"]
    #[max_length = 100]
    model: Option<String>,
    #[description = "As what the model answers"]
    #[autocomplete = "complete_persona"]
    #[max_length = 40]
    persona: Option<String>,
    #[description = "True: with a key that you type for this once, and that is never stored"]
    once: Option<bool>,
    #[description = "A text file, or a picture for a model that sees"] file: Option<Attachment>,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let caller = caller_of(ctx).await;
    let choices = Choices {
        provider: provider.as_deref().map(ProviderId::from),
        model,
        persona,
    };
    let handle = InteractionHandle::from(ctx.interaction);
    if once == Some(true) {
        if file.is_some() {
            let refusal = KeyRefusal::FileForAForm.into();
            let voice = bot.voice_for(&caller, &ctx.interaction.locale).await;
            let card = explain_error(voice, &refusal);
            return bot.rest.reply(&handle, &card).await;
        }
        return open_once_form(ctx, &caller, prompt, &choices).await;
    }
    let mut request = AnswerRequest {
        ask: Ask::of(caller, &prompt, choices),
        quoted: Some(prompt),
        heard: Vec::new(),
        is_promised: false,
        target: Target::Interaction(handle),
        locale: &ctx.interaction.locale,
    };
    if let Some(file) = &file {
        // Reading it may take longer than Discord waits.
        request.target.promise_answer(&bot.rest).await?;
        request.is_promised = true;
        if let Err(error) = add_file(bot, &mut request, file).await {
            return refuse(bot, &request, &error).await;
        }
    }
    // On the heap: it is a large future, and poise keeps it in its own.
    Box::pin(answer_request(bot, request)).await
}

/// Adds a file to a question. Discord does not keep files of commands, so what
/// a text file holds stands above the answer with the question.
async fn add_file(
    bot: &Bot,
    request: &mut AnswerRequest<'_>,
    file: &Attachment,
) -> Result<(), Error> {
    let read = read_file(bot, request, file).await?;
    let ask = &mut request.ask;
    let unread = read.unread();
    ask.left_out.extend(unread.map(LeftOut::File));
    let is_words = matches!(read.content, FileContent::Text(_) | FileContent::Said(_));
    let name = read.name.clone();
    let Some(turn) = ask.turns.last_mut() else {
        return Ok(());
    };
    request.quoted = Some(transcript::question_with_file(&turn.text.0, &name));
    tell_files(turn, vec![read]);
    if is_words {
        request.quoted = Some(turn.text.0.clone());
    }
    Ok(())
}

/// Reads a file, or has written down what is said in it. An error where that is
/// refused: without it the question misses what it is about.
async fn read_file(
    bot: &Bot,
    request: &mut AnswerRequest<'_>,
    file: &Attachment,
) -> Result<MessageFile, Error> {
    if may_be_sound(file) {
        let place = (&request.ask.caller, request.target.channel());
        let mut heard = Heard::default();
        let sounds = [Sound::of_file(file)];
        let refused = heard.hear_sounds(bot, place, &sounds).await.err();
        if let Some(Unheard::Refused(error)) = refused.or(heard.unheard) {
            return Err(error);
        }
        request.heard = heard.sounds;
        if let Some(read) = heard.files.find(file) {
            return Ok(read);
        }
    }
    let mut reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    Ok(reader.read_file(file).await)
}

/// Says why a question that was promised an answer gets none.
async fn refuse(bot: &Bot, request: &AnswerRequest<'_>, error: &Error) -> anyhow::Result<()> {
    let caller = &request.ask.caller;
    let voice = bot.voice_for(caller, request.locale).await;
    let mut renderer = MessageRenderer::new(bot, voice, &request.target, caller.person);
    renderer.set_server(caller.place.server());
    if let Some(question) = &request.quoted {
        renderer.quote_question(question);
    }
    renderer.mark_promised();
    refusals::refuse(&mut renderer, error).await
}

/// Opens the form of a key for one ask. What comes back is in
/// `bot/interactions/forms.rs`.
async fn open_once_form(
    ctx: Context<'_>,
    caller: &Caller,
    prompt: String,
    choices: &Choices,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let handle = InteractionHandle::from(ctx.interaction);
    let voice = bot.voice_for(caller, &ctx.interaction.locale).await;
    let begun = if prompt.chars().count() > usize::from(INPUT_CHARACTERS_MAX) {
        Err(KeyRefusal::TooLongForAForm.into())
    } else {
        find_before_form(bot.app.asks.begin_once(caller, choices)).await
    };
    match begun {
        Ok(form) => {
            let modal = words::keys::once_form(voice, &form, prompt);
            bot.rest.open_modal(&handle, &modal).await
        }
        Err(error) => {
            let card = explain_error(voice, &error);
            bot.rest.reply(&handle, &card).await
        }
    }
}

#[expect(clippy::unused_async, reason = "poise awaits it")]
async fn complete_provider(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let providers = ctx.framework.user_data.app.providers();
    let chat = providers
        .iter()
        .filter(|provider| provider.kind() == ProviderKind::Chat);
    suggest(
        chat.map(|provider| (provider.name().to_owned(), provider.id().to_string())),
        typed,
    )
}
