//! An answer that grows in the channel while the model speaks.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::{AnswerEvent, AnswerStart, AskOutcome, Error, ReadyAsk};
use crate::bot::answers::running::admission::Admission;
use crate::bot::answers::running::promise::{PromiseTime, promise_if_slow, promise_when_secured};
use crate::bot::answers::typed_keys::{self, TypedKey};
use crate::bot::answers::writing::growing::GrowingText;
use crate::bot::answers::writing::message_renderer::MessageRenderer;
use crate::bot::answers::writing::target::Target;
use crate::bot::answers::writing::whole_answer::shows_nothing;
use crate::bot::answers::{last_words, notices, refusals};
use crate::bot::connection::wire::card::{Button, Card};
use crate::bot::conversation::transcript;
use crate::bot::conversation::voice_questions::HeardSound;
use crate::bot::{Bot, explain_error, words};
use crate::model::{Ask, AskRefusal, Choices, Refusal, ServerId, Source};

/// What is asked, where the answer goes, and in which language.
pub struct AnswerRequest<'a> {
    pub ask: Ask,
    /// The question, where it stands nowhere in the channel: it is quoted
    /// above the answer.
    pub quoted: Option<String>,
    /// Sounds that a part of the question was written down from.
    pub heard: Vec<HeardSound>,
    /// Whether it shows already that an answer will come.
    pub is_promised: bool,
    pub target: Target,
    pub locale: &'a str,
}

/// An ask that can be answered, and what is noted of it.
struct SecuredAsk {
    ready: ReadyAsk,
    server: Option<ServerId>,
    choices: Choices,
    /// It came with a key of its own.
    has_request_key: bool,
}

/// Answers an ask in the place where it was asked, when it is its turn.
pub async fn answer_request(bot: &Bot, mut request: AnswerRequest<'_>) -> anyhow::Result<()> {
    let typed_key = typed_keys::take_keys_out(&mut request);
    let voice = bot.voice_for(&request.ask.caller, request.locale).await;
    let (ask, target) = (request.ask, request.target);
    let asker = ask.caller.person;
    let mut renderer = MessageRenderer::new(bot, voice, &target, asker);
    renderer.set_server(ask.caller.place.server());
    if let Some(question) = &request.quoted {
        renderer.quote_question(question);
    }
    let heard = request.heard.iter();
    let heard = heard.map(|heard| words::answers::heard_line(voice, heard));
    renderer.heard = heard.reduce(|lines, line| format!("{lines}\n{line}"));
    if request.is_promised {
        renderer.mark_promised();
    }
    let answered = if let TypedKey::Alone(kinds) = typed_key {
        typed_keys::refuse_key_alone(&mut renderer, kinds).await
    } else {
        answer_in_turn(&mut renderer, ask).await
    };
    if let Err(error) = answered {
        Box::pin(last_words::say_elsewhere(&mut renderer, error)).await;
    }
    if let TypedKey::AmongWords(kinds) = typed_key {
        typed_keys::tell_asker(&renderer, kinds).await;
    }
    Ok(())
}

async fn answer_in_turn(renderer: &mut MessageRenderer<'_>, ask: Ask) -> anyhow::Result<()> {
    let (bot, asker) = (renderer.bot, renderer.asker);
    let mut admission = match Admission::enter(bot, asker, renderer.target.channel()) {
        Ok(admission) => admission,
        Err(refusal) => return refusals::turn_away(renderer, refusal).await,
    };
    if admission.must_wait() {
        renderer.promise_answer().await?;
        let card = words::answers::waiting_in_line(renderer.voice);
        renderer.show_meanwhile(card).await;
        let gone = renderer.watched.gone().clone();
        gone.run_until_cancelled(admission.wait_turn()).await;
    }
    // Whoever deleted their question waits for nothing.
    if renderer.watched.gone().is_cancelled() {
        return Ok(());
    }
    let Some(secured) = secure_ask(renderer, ask).await? else {
        return Ok(());
    };
    Box::pin(stream_answer(renderer, secured)).await
}

/// Finds out who pays, and promises an answer; or says why there is none.
async fn secure_ask(
    renderer: &mut MessageRenderer<'_>,
    ask: Ask,
) -> anyhow::Result<Option<SecuredAsk>> {
    let app = &renderer.bot.app;
    let (server, choices) = (ask.caller.place.server(), ask.choices.clone());
    let has_request_key = ask.request_key.is_some();
    let prepared = promise_if_slow(renderer, app.asks.prepare(ask)).await?;
    let time = if prepared.is_likely() {
        PromiseTime::AtOnce
    } else {
        PromiseTime::WhenSecured
    };
    let securing = Box::pin(prepared.secure());
    let ready = promise_when_secured(renderer, time, securing).await?;
    Ok(ready.map(|ready| SecuredAsk {
        ready,
        server,
        choices,
        has_request_key,
    }))
}

/// Has the model speak, and shows it.
async fn stream_answer(
    renderer: &mut MessageRenderer<'_>,
    secured: SecuredAsk,
) -> anyhow::Result<()> {
    let (bot, voice, target) = (renderer.bot, renderer.voice, renderer.target);
    let began = AnswerStart {
        person: renderer.asker,
        server: secured.server,
        channel: target.channel(),
        promised: renderer.promised_message().or(renderer.last_shown()),
        reply_to: target.reply_to(),
        choices: secured.choices,
    };
    let notes = bot.app.asks.log_answer(&began)?;
    let id = notes.id.clone();
    let gone = renderer.watched.gone().clone();
    let running = bot.running_answers.begin(&id, renderer.asker, &gone);
    renderer.notes = Some(notes);
    renderer.stop = Some(running.stop.clone());
    renderer.shows_previews = secured.ready.shows_previews();
    renderer.buttons = words::answers::growing_buttons(voice, &id);
    let asking = show_while_asking(renderer, secured.ready, &running.stop);
    let (outcome, text) = Box::pin(asking).await;
    let buttons = if matches!(target, Target::Private(_)) {
        Vec::new()
    } else if secured.has_request_key {
        words::answers::once_buttons(voice, &id)
    } else {
        words::answers::ended_buttons(voice, &id)
    };
    let was_said = match renderer.take_refusal() {
        Some(reason) => last_words::say_place_is_closed(renderer, &reason).await,
        None if gone.is_cancelled() && outcome.result.is_err() => {
            show_cut_off(renderer, &outcome, (&text, buttons)).await
        }
        None => show_end_somewhere(renderer, &outcome, (text, buttons)).await,
    };
    // Else the next process says that it ends there.
    if let Some(notes) = renderer.notes.take().filter(|_| was_said) {
        notes.close(outcome.attempt, &outcome.trace);
    }
    notices::tell_key_owners(renderer, &outcome.demoted).await;
    notices::tell_budget_owners(bot, &outcome.notices).await;
    Ok(())
}

/// Runs the ask, and shows what has been said so far at a steady pace. The
/// two run side by side: a Discord that is slow does not stop the model,
/// and no edit is given up half-way, since it could arrive after the last.
async fn show_while_asking(
    renderer: &mut MessageRenderer<'_>,
    ready: ReadyAsk,
    stop: &CancellationToken,
) -> (AskOutcome, String) {
    let bot = renderer.bot;
    let _growing = bot.edit_pace.begin_answer();
    let (sender, mut receiver) = watch::channel(GrowingText::default());
    let done = CancellationToken::new();
    let asking = async {
        let mut listener = |event: AnswerEvent<'_>| match event {
            AnswerEvent::Words(text) if !text.is_empty() => {
                sender.send_modify(|all| all.words.push_str(text));
            }
            AnswerEvent::TakenBack => sender.send_modify(GrowingText::begin_anew),
            _ => {}
        };
        let outcome = bot.app.asks.answer_ask(ready, stop, &mut listener).await;
        done.cancel();
        outcome
    };
    let (outcome, ()) = tokio::join!(asking, renderer.follow_text(&mut receiver, &done));
    // What the bot marks its notices with is no part of a model's words.
    let (text, _) = transcript::take_notice_mark(&receiver.borrow().words);
    (outcome, text)
}

/// Shows the whole answer, or why there is none: in its place, or elsewhere.
/// Says whether somebody can see it.
async fn show_end_somewhere(
    renderer: &mut MessageRenderer<'_>,
    outcome: &AskOutcome,
    (text, buttons): (String, Vec<Button>),
) -> bool {
    match show_end(renderer, outcome, text, buttons).await {
        Ok(()) => true,
        Err(error) => Box::pin(last_words::say_elsewhere(renderer, error)).await,
    }
}

/// Shows the whole answer, or why there is none.
async fn show_end(
    renderer: &mut MessageRenderer<'_>,
    outcome: &AskOutcome,
    text: String,
    buttons: Vec<Button>,
) -> anyhow::Result<()> {
    let voice = renderer.voice;
    match &outcome.result {
        Ok(answer) if answer.source == Source::Demo => {
            let template = text.trim();
            let gap = if template.is_empty() { "" } else { "\n\n" };
            let text = format!("{template}{gap}{}", words::answers::demo_text(voice));
            let footer = words::answers::demo_footer(voice);
            let text = transcript::mark_notice(&text);
            renderer.show_whole(&text, &footer, Vec::new()).await
        }
        Ok(answer) => {
            let footer = renderer.below_heard(words::answers::footer(voice, answer));
            renderer.show_whole(&text, &footer, buttons).await
        }
        Err(error) if !shows_nothing(&text) => {
            let why = explain_error(voice, error).text;
            let broken = outcome.broken.as_ref();
            let footer = words::answers::broken_off_footer(voice, &why, broken);
            let footer = renderer.below_heard(footer);
            renderer.show_whole(&text, &footer, buttons).await
        }
        Err(error) => show_none(renderer, outcome, error, buttons).await,
    }
}

/// Ends an answer whose question or message was deleted: what still stands of
/// it says that it stops there, and nothing new is posted. Nobody waits for
/// more.
async fn show_cut_off(
    renderer: &mut MessageRenderer<'_>,
    outcome: &AskOutcome,
    (text, buttons): (&str, Vec<Button>),
) -> bool {
    if renderer.has_shown() {
        let why = explain_error(renderer.voice, &AskRefusal::Stopped.into()).text;
        let broken = outcome.broken.as_ref();
        let footer = words::answers::broken_off_footer(renderer.voice, &why, broken);
        if let Err(error) = renderer.show_whole(text, &footer, buttons).await {
            tracing::info!("could not end an answer that was deleted: {error:#}");
            renderer.clear_unfinished().await;
        }
    }
    true
}

/// Shows why there is no answer at all.
async fn show_none(
    renderer: &mut MessageRenderer<'_>,
    outcome: &AskOutcome,
    error: &Error,
    buttons: Vec<Button>,
) -> anyhow::Result<()> {
    if let Error::Refused(Refusal::Ask(stop @ (AskRefusal::Stopped | AskRefusal::Stopping))) = error
    {
        let card = explain_error(renderer.voice, error);
        let card = Card { buttons, ..card };
        return match renderer.target {
            Target::Interaction(_) if *stop == AskRefusal::Stopping => {
                refusals::tell_asker_alone(renderer, card).await
            }
            _ => renderer.show_instead(card).await,
        };
    }
    // Whoever is told that their key stopped working knows already.
    // What a restricted key may not do says nothing of why nobody else paid.
    let is_told = outcome
        .demoted
        .iter()
        .any(|it| it.tell.contains(&renderer.asker) && it.restriction.is_none());
    if refusals::is_private(error) && is_told {
        return refusals::show_refused(renderer).await;
    }
    if let Error::Refused(Refusal::Ask(AskRefusal::Provider { .. })) = error
        && !refusals::is_private(error)
    {
        return refusals::refuse_with(renderer, error, buttons).await;
    }
    refusals::refuse_in_place(renderer, error).await
}
