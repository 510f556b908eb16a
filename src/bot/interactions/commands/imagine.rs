//! `/imagine`.

use serenity::all::{Attachment, CreateAutocompleteResponse};

use crate::app::Error;
use crate::bot::answers::typed_keys::TypedKey;
use crate::bot::answers::writing::target::Target;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::connection::wire::card::CHOICE_CHARACTERS_MAX;
use crate::bot::explain_error;
use crate::bot::interactions::commands::context::{Context, caller_of};
use crate::bot::interactions::commands::options::seed::TypedSeed;
use crate::bot::interactions::commands::options::suggestions::{suggest, suggest_texts};
use crate::bot::pictures::make::{PictureRequest, make_pictures};
use crate::bot::words;
use crate::model::{
    Choices, ImageSpec, PictureAsk, PictureRefusal, ProviderId, Refusal, Size, TypedKinds, Words,
    parse_seed,
};

/// Make a picture
#[poise::command(
    slash_command,
    install_context = "Guild|User",
    interaction_context = "Guild|BotDm|PrivateChannel"
)]
#[expect(clippy::too_many_arguments, reason = "Discord's options")]
pub async fn imagine(
    ctx: Context<'_>,
    #[description = "What the picture should show"]
    #[max_length = 4000]
    prompt: String,
    #[description = "Who should make it; left out, the first that somebody can pay for"]
    #[autocomplete = "complete_provider"]
    provider: Option<String>,
    #[description = "Which model or workflow; left out, the provider's usual one"]
    #[autocomplete = "complete_model"]
    #[max_length = 100]
    model: Option<String>,
    #[description = "Width and height in pixels, such as 1024x768; as near as the model can"]
    #[autocomplete = "complete_size"]
    #[max_length = 20]
    size: Option<String>,
    #[description = "How many pictures"]
    #[min = 1]
    #[max = 4]
    count: Option<u8>,
    #[description = "Where a workflow begins: the same seed makes the same picture; -1 or nothing takes any"]
    #[max_length = 20]
    seed: Option<TypedSeed>,
    #[description = "LoRAs of the host's, which change how a workflow paints: a, or a:0.8, b"]
    #[autocomplete = "complete_lora"]
    #[max_length = 300]
    lora: Option<String>,
    #[description = "What should not be in it"]
    #[max_length = 500]
    negative: Option<String>,
    #[description = "A picture to change"] image: Option<Attachment>,
    #[description = "True: a language model makes more of the prompt first, as an ask of its own"]
    enhance: Option<bool>,
    #[description = "True: nobody sees it before they press on it"] spoiler: Option<bool>,
) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let typed = std::iter::once(&prompt).chain(&negative);
    let typed = typed.filter_map(|it| TypedKey::in_words(it).kinds());
    if let Some(kinds) = typed.reduce(TypedKinds::and) {
        return refuse_key(ctx, kinds).await;
    }
    let caller = caller_of(ctx).await;
    let seed = seed.map(|typed| typed.0).unwrap_or_default();
    let (size, seed) = match read_numbers(size.as_deref(), &seed) {
        Ok(read) => read,
        Err(refusal) => return refuse(ctx, refusal).await,
    };
    let imagine = PictureAsk {
        age_restricted: bot.is_age_restricted(&caller).await,
        caller,
        choices: choose(provider.as_deref(), model),
        spec: ImageSpec {
            prompt: Words(prompt),
            negative: Words(negative.unwrap_or_default()),
            size,
            count: count.unwrap_or(1),
            lora: lora.as_deref().and_then(name_lora),
            seed,
            previews: bot.app.pictures.previews(),
            ..ImageSpec::default()
        },
        request_key: None,
    };
    let request = PictureRequest {
        imagine,
        file: image,
        enhance: enhance == Some(true),
        is_spoiler: spoiler == Some(true),
        confirmed_in: None,
        target: Target::Interaction(InteractionHandle::from(ctx.interaction)),
        locale: &ctx.interaction.locale,
    };
    // On the heap: it is a large future, and poise keeps it in its own.
    Box::pin(make_pictures(bot, request)).await
}

/// Tells whoever asks, and nobody else, that a key stands in what they typed, for
/// which no picture is made.
async fn refuse_key(ctx: Context<'_>, kinds: TypedKinds) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let handle = InteractionHandle::from(ctx.interaction);
    let voice = bot.voice(&ctx.interaction.locale);
    let card = words::with_offers(voice, words::keys::key_in_question(voice, kinds));
    bot.rest.reply(&handle, &card).await
}

/// Tells whoever asks, and nobody else, why no picture is made.
async fn refuse(ctx: Context<'_>, refusal: PictureRefusal) -> anyhow::Result<()> {
    let bot = ctx.framework.user_data;
    let handle = InteractionHandle::from(ctx.interaction);
    let voice = bot.voice(&ctx.interaction.locale);
    let card = explain_error(voice, &Error::Refused(Refusal::Picture(refusal)));
    bot.rest.reply(&handle, &card).await
}

/// What a person chose of whom and what makes the picture; no persona does.
fn choose(provider: Option<&str>, model: Option<String>) -> Choices {
    Choices {
        provider: provider.map(ProviderId::from),
        model,
        persona: None,
    }
}

/// The LoRA that somebody named; none where the field holds nothing to see.
fn name_lora(typed: &str) -> Option<String> {
    let name = typed.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Reads a size and a seed, either of which may be left out. Discord's own
/// numbers are too small for seeds, so that they are typed as text.
fn read_numbers(
    size: Option<&str>,
    seed: &str,
) -> Result<(Option<Size>, Option<u64>), PictureRefusal> {
    let size = size.map(|size| Size::parse(size).ok_or(PictureRefusal::BadSize));
    let seed = parse_seed(seed)?;
    Ok((size.transpose()?, seed))
}

#[expect(clippy::unused_async, reason = "poise awaits it")]
async fn complete_provider(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let providers = ctx.framework.user_data.app.providers();
    let paints = providers.iter().filter(|it| it.makes_pictures());
    suggest(
        paints.map(|provider| (provider.name().to_owned(), provider.id().to_string())),
        typed,
    )
}

async fn complete_model(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = ctx.framework.user_data;
    let caller = caller_of(ctx).await;
    // Nothing to offer is no reason to fail.
    let models = bot
        .app
        .pictures
        .list_models(&caller)
        .await
        .unwrap_or_default();
    let voice = bot.voice(&ctx.interaction.locale);
    let all = models.iter().map(|model| {
        (
            words::choices::model_name(voice, model),
            voice.providers.full_name(model),
        )
    });
    suggest(all, typed)
}

async fn complete_lora(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = ctx.framework.user_data;
    let caller = caller_of(ctx).await;
    // Nothing to offer is no reason to fail.
    let loras = bot.app.pictures.list_loras(&caller).await;
    let loras = loras.unwrap_or_default();
    // Those before the last comma stay.
    let (before, last) = match typed.rsplit_once(',') {
        Some((before, last)) => (format!("{}, ", before.trim()), last.trim_start()),
        None => (String::new(), typed),
    };
    let last = last.to_lowercase();
    let fitting = loras
        .iter()
        .filter(|name| name.to_lowercase().contains(&last));
    let whole = fitting.map(|name| format!("{before}{name}"));
    // A name that is cut off is another name.
    let whole = whole.filter(|name| name.chars().count() <= CHOICE_CHARACTERS_MAX);
    suggest(whole.map(|name| (name.clone(), name)), &before)
}

#[expect(clippy::unused_async, reason = "poise awaits it")]
async fn complete_size(_: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let usual = [
        "1024x1024",
        "1536x1024",
        "1024x1536",
        "1344x768",
        "768x1344",
    ];
    suggest_texts(usual, typed)
}
