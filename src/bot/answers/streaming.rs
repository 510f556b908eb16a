//! An answer that grows in the channel while the model speaks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::{AnswerEvent, AskOutcome, Began, Demotion, Error, Notice, ReadyAsk};
use crate::model::{
    Ask, AskRefusal, Choices, ConversationRefusal, PersonId, PictureRefusal, Refusal, ServerId,
    Source,
};

use crate::bot::answers::admission::Place;
use crate::bot::answers::message_renderer::MessageRenderer;
use crate::bot::answers::target::Target;
use crate::bot::connection::card::{Button, Card};
use crate::bot::words::{self, Voice};
use crate::bot::{Bot, explain};

/// How long the reason for a no may take to be found before "thinking" is
/// shown to everyone. Discord gives up after three seconds.
const QUICK: Duration = Duration::from_secs(1);

/// What is asked, where the answer goes, and in which language.
pub struct Question<'a> {
    pub ask: Ask,
    /// What was asked, where it stands nowhere in the channel.
    pub asked: Option<String>,
    /// Whether an answer has been promised already.
    pub promised: bool,
    pub target: Target,
    pub locale: &'a str,
}

/// Answers a question in the place where it was asked, when it is its turn.
pub async fn answer(bot: &Bot, question: Question<'_>) -> anyhow::Result<()> {
    let voice = bot.voice(question.locale);
    let Question {
        ask,
        target,
        asked,
        promised,
        ..
    } = question;
    let mut painter = MessageRenderer::new(bot, voice, &target, asked.as_deref());
    let places = bot.people.enter(ask.caller.person.0);
    let places = match places.map(|mine| (mine, bot.channels.enter(target.channel()))) {
        Some((mine, Some(here))) => Ok([mine, here]),
        Some((_, None)) => Err(Refusal::Conversation(ConversationRefusal::ChannelIsBusy)),
        None => Err(Refusal::Conversation(ConversationRefusal::TooManyAtOnce)),
    };
    let mut places = match places {
        Ok(places) => places,
        Err(refusal) => return turn_away(&mut painter, voice, (refusal, promised)).await,
    };
    let waits = places.iter().any(Place::must_wait);
    if waits {
        if !promised {
            painter.promised = target.promise(&bot.rest).await?;
        }
        painter.say_instead(words::in_line(voice)).await?;
        for place in &mut places {
            place.turn().await;
        }
    }
    let ready = prepare(bot, &mut painter, voice, (ask, waits || promised)).await?;
    let Some(ready) = ready else { return Ok(()) };
    Box::pin(give(bot, &mut painter, voice, ready)).await
}

/// Has the model speak, and shows it.
async fn give(
    bot: &Bot,
    painter: &mut MessageRenderer<'_>,
    voice: Voice<'_>,
    ready: Prepared,
) -> anyhow::Result<()> {
    let Prepared {
        ready,
        asker,
        server,
        choices,
        once,
    } = ready;
    let target = painter.target;
    let began = Began {
        person: asker,
        server,
        channel: target.channel(),
        promised: painter.promised.take().or(painter.last_shown()),
        reply_to: target.reply_to(),
        choices,
    };
    let notes = bot.app.note_answer(&began)?;
    let id = notes.id.clone();
    let run = bot.running.begin(&id, asker);
    painter.notes = Some(notes);
    painter.buttons = words::growing(voice, &id);
    let (outcome, text) = paint_while_asking(bot, painter, ready, &run.stop).await;
    // A key that was typed for one ask is gone.
    let buttons = if once || matches!(target, Target::Private(_)) {
        Vec::new()
    } else {
        words::ended(voice, &id)
    };
    let shown = finish(painter, voice, asker, (&outcome, text, buttons)).await;
    if let Some(notes) = painter.notes.take() {
        notes.ended(outcome.attempt, &outcome.trace);
    }
    for demotion in &outcome.demoted {
        tell(bot, target, voice, asker, demotion).await;
    }
    tell_owners(bot, voice, &outcome.notices).await;
    shown
}

/// Tells owners that most of a budget is used.
pub async fn tell_owners(bot: &Bot, voice: Voice<'_>, notices: &[Notice]) {
    for notice in notices {
        let card = words::notice(voice, notice);
        if let Err(error) = bot.rest.direct_message(notice.tell.0, &card).await {
            tracing::info!("could not tell the owner of a budget: {error:#}");
        }
    }
}

/// Says that there is no room, to whoever asked alone where that can be.
pub async fn turn_away(
    painter: &mut MessageRenderer<'_>,
    voice: Voice<'_>,
    (refusal, promised): (Refusal, bool),
) -> anyhow::Result<()> {
    let card = explain(voice, &Error::Refused(refusal));
    match painter.target {
        Target::Interaction(handle) | Target::Private(handle) if !promised => {
            painter.bot.rest.reply(handle, &card).await
        }
        _ => painter.say_instead(card).await,
    }
}

/// An ask that can be answered, and what is noted of it.
struct Prepared {
    ready: ReadyAsk,
    asker: PersonId,
    server: Option<ServerId>,
    choices: Choices,
    once: bool,
}

/// Finds out who pays, and promises an answer; or says why there is none.
async fn prepare(
    bot: &Bot,
    painter: &mut MessageRenderer<'_>,
    voice: Voice<'_>,
    (ask, promised): (Ask, bool),
) -> anyhow::Result<Option<Prepared>> {
    let asker = ask.caller.person;
    let (server, choices) = (ask.caller.place.server(), ask.choices.clone());
    let once = ask.request_key.is_some();
    let considered = bot.app.consider(ask).await;
    let likely = considered.as_ref().is_ok_and(|it| bot.app.is_likely(it));
    let securing = Box::pin(async { bot.app.secure(considered?).await });
    let ready = promise(bot, painter, voice, asker, (likely, promised), securing).await?;
    Ok(ready.map(|ready| Prepared {
        ready,
        asker,
        server,
        choices,
        once,
    }))
}

/// Promises an answer as soon as somebody can pay for it; or says why there
/// is none. Where a yes is likely there is no time to lose.
pub async fn promise<T>(
    bot: &Bot,
    painter: &mut MessageRenderer<'_>,
    voice: Voice<'_>,
    asker: PersonId,
    (likely, mut promised): (bool, bool),
    mut securing: impl Future<Output = Result<T, Error>> + Unpin,
) -> anyhow::Result<Option<T>> {
    let target = painter.target;
    let secured = if likely && !promised {
        let (promise, secured) = tokio::join!(target.promise(&bot.rest), securing);
        painter.promised = promise?;
        promised = true;
        secured
    } else if let Ok(secured) = timeout(QUICK, &mut securing).await {
        secured
    } else {
        if !promised {
            painter.promised = target.promise(&bot.rest).await?;
            promised = true;
        }
        securing.await
    };
    match (secured, target) {
        (Ok(ready), _) => {
            if !promised {
                painter.promised = target.promise(&bot.rest).await?;
            }
            Ok(Some(ready))
        }
        (Err(error), Target::Interaction(handle) | Target::Private(handle)) if !promised => {
            bot.rest.reply(handle, &explain(voice, &error)).await?;
            Ok(None)
        }
        (Err(error), _) => {
            refuse(painter, voice, asker, &error).await?;
            Ok(None)
        }
    }
}

/// Says in everybody's view that there is no answer, and why to whoever
/// asked.
pub async fn refuse(
    painter: &mut MessageRenderer<'_>,
    voice: Voice<'_>,
    asker: PersonId,
    error: &Error,
) -> anyhow::Result<()> {
    if !is_private(error) || painter.target.is_private() {
        return painter.say_instead(explain(voice, error)).await;
    }
    let (rest, card) = (&painter.bot.rest, explain(voice, error));
    let Target::Interaction(_) = painter.target else {
        // People can close their direct messages.
        let told = painter.target.whisper(rest, asker.0, &card).await.is_ok();
        return painter
            .say_instead(words::written_directly(voice, told))
            .await;
    };
    painter
        .say_instead(words::continued_privately(voice))
        .await?;
    painter.target.whisper(rest, asker.0, &card).await?;
    Ok(())
}

/// Runs the ask, and shows what has been said so far at a steady pace. The
/// two run side by side: a Discord that is slow does not stop the model,
/// and no edit is given up half-way, since it could arrive after the last.
async fn paint_while_asking(
    bot: &Bot,
    painter: &mut MessageRenderer<'_>,
    ready: ReadyAsk,
    stop: &CancellationToken,
) -> (AskOutcome, String) {
    let _growing = Growing::begin(&bot.growing);
    let (said, mut heard) = watch::channel(String::new());
    let done = CancellationToken::new();
    let asking = async {
        let mut listener = |heard: AnswerEvent<'_>| match heard {
            AnswerEvent::Words(text) if !text.is_empty() => {
                said.send_modify(|all| all.push_str(text));
            }
            _ => {}
        };
        let asked = bot.app.answer(ready, stop, &mut listener).await;
        done.cancel();
        asked
    };
    let (asked, ()) = tokio::join!(asking, painter.follow(&mut heard, &done));
    let text = heard.borrow().clone();
    (asked, text)
}

/// Counts an answer while it grows.
struct Growing<'a>(&'a AtomicU32);

impl<'a> Growing<'a> {
    fn begin(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Growing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Shows the whole answer, or why there is none.
async fn finish(
    painter: &mut MessageRenderer<'_>,
    voice: Voice<'_>,
    asker: PersonId,
    (outcome, text, buttons): (&AskOutcome, String, Vec<Button>),
) -> anyhow::Result<()> {
    match &outcome.result {
        Ok(answer) if answer.source == Source::Demo => {
            let (text, foot) = (words::demo(voice), words::demo_footer(voice));
            painter.finish(voice, &text, &foot, Vec::new()).await
        }
        Ok(answer) => {
            let text = if text.trim().is_empty() {
                words::no_answer(voice)
            } else {
                text
            };
            let foot = words::footer(voice, answer);
            painter.finish(voice, &text, &foot, buttons).await
        }
        Err(Error::Refused(refusal @ Refusal::Ask(AskRefusal::Stopped | AskRefusal::Stopping)))
            if text.trim().is_empty() =>
        {
            let card = explain(voice, &Error::Refused(refusal.clone()));
            painter.say_instead(Card { buttons, ..card }).await
        }
        Err(error) if text.trim().is_empty() => {
            // Whoever is told that their key stopped working knows already.
            if is_private(error) && outcome.demoted.iter().any(|it| it.tell == asker) {
                return painter.say_instead(words::continued_privately(voice)).await;
            }
            refuse(painter, voice, asker, error).await
        }
        Err(error) => {
            let why = explain(voice, error).text;
            let foot = words::broken_off(voice, &why);
            painter.finish(voice, &text, &foot, buttons).await
        }
    }
}

/// Whether a no is about a key, which is nobody else's business.
pub fn is_private(error: &Error) -> bool {
    match error {
        Error::Refused(Refusal::Ask(AskRefusal::Provider { failure, .. })) => {
            failure.class.is_about_the_key()
        }
        Error::Refused(
            Refusal::Ask(
                AskRefusal::Stopping | AskRefusal::Stopped | AskRefusal::ModelRetired { .. },
            )
            | Refusal::Picture(PictureRefusal::PictureLost),
        ) => false,
        Error::Refused(_) => true,
        Error::Failed(_) => false,
    }
}

/// Tells the owner of a key that it stopped working: here, if that is who
/// asked, or else directly.
pub async fn tell(
    bot: &Bot,
    target: &Target,
    voice: Voice<'_>,
    asker: PersonId,
    demotion: &Demotion,
) {
    let told = if demotion.tell == asker {
        let card = words::demoted(voice, demotion);
        target.whisper(&bot.rest, asker.0, &card).await
    } else {
        let card = words::demoted_directly(voice, demotion);
        bot.rest.direct_message(demotion.tell.0, &card).await
    };
    if let Err(error) = told {
        // `/keys list` still shows it.
        tracing::info!("could not tell the owner of a key: {error:#}");
    }
}
