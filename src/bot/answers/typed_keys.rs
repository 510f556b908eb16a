//! Keys that somebody typed where a question belongs: no model is told them,
//! and whoever typed one is told so alone.

use crate::bot::answers::last_words::count_unsaid;
use crate::bot::answers::refusals;
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::streaming::AnswerRequest;
use crate::bot::answers::writing::target::Target;
use crate::bot::words;
use crate::model::{TypedKinds, without_keys};

/// What keys stood in, and of which kinds they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypedKey {
    /// There was none.
    Nowhere,
    AmongWords(TypedKinds),
    /// Nothing else was asked.
    Alone(TypedKinds),
}

impl TypedKey {
    /// Whether a key stands in what somebody wrote.
    pub fn in_words(words: &str) -> Self {
        match without_keys(words) {
            None => Self::Nowhere,
            Some(rest) if rest.says_no_more() => Self::Alone(rest.kinds),
            Some(rest) => Self::AmongWords(rest.kinds),
        }
    }

    /// What kinds there were, if there were any.
    pub fn kinds(self) -> Option<TypedKinds> {
        match self {
            Self::Nowhere => None,
            Self::AmongWords(kinds) | Self::Alone(kinds) => Some(kinds),
        }
    }
}

/// Takes keys out of all that a model would be told, whoever said it, and out
/// of what is quoted. Says whether one stood in the question of a command.
pub fn take_keys_out(request: &mut AnswerRequest<'_>) -> TypedKey {
    for turn in &mut request.ask.turns {
        if let Some(rest) = without_keys(&turn.text.0) {
            turn.text.0 = rest.text;
        }
    }
    let Some(quoted) = &mut request.quoted else {
        return TypedKey::Nowhere;
    };
    let typed = TypedKey::in_words(quoted);
    if let Some(rest) = without_keys(quoted) {
        *quoted = rest.text;
    }
    typed
}

/// Tells whoever used a command with nothing but a key that nobody was asked.
pub async fn refuse_key_alone(
    renderer: &mut MessageRenderer<'_>,
    kinds: TypedKinds,
) -> anyhow::Result<()> {
    let voice = renderer.voice;
    let card = words::with_offers(voice, words::keys::key_in_question(voice, kinds));
    if renderer.reply_unpromised(&card).await? {
        return Ok(());
    }
    refusals::tell_asker_alone(renderer, card).await
}

/// Tells whoever used a command, beside its answer, that a key stood in what
/// they asked.
pub async fn tell_asker(renderer: &MessageRenderer<'_>, kinds: TypedKinds) {
    let (rest, voice) = (&renderer.bot.rest, renderer.voice);
    let card = words::with_offers(voice, words::keys::key_in_question(voice, kinds));
    let asker = renderer.asker.0;
    let told = renderer.target.tell_privately(rest, asker, &card).await;
    if let Err(error) = told {
        tracing::info!("could not tell somebody of a key in a question: {error:#}");
        count_unsaid("a question");
    }
}

/// Tells whoever wrote a message that a key stood in it: directly, or below it
/// where they take no direct messages.
pub async fn tell_writer(renderer: &mut MessageRenderer<'_>, kinds: TypedKinds) {
    let (bot, voice, asker) = (renderer.bot, renderer.voice, renderer.asker.0);
    if let Target::Channel { direct: false, .. } = renderer.target {
        let elsewhere = voice.elsewhere();
        let card = words::keys::key_in_message(elsewhere, kinds);
        let card = match renderer.question_link() {
            Some(link) => words::answers::about_question(elsewhere, &link, card),
            None => card,
        };
        let card = words::with_offers(elsewhere, card);
        match bot.rest.direct_message(asker, &card).await {
            Ok(()) => return,
            Err(error) => tracing::info!("could not write to somebody: {error:#}"),
        }
    }
    let card = words::keys::key_in_message(voice, kinds);
    if let Err(error) = renderer.show_instead(card).await {
        tracing::warn!("could not tell somebody of a key in a message: {error:#}");
        count_unsaid("a question");
    }
}
