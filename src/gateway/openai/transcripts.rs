//! What some providers alone do: sound that is written down, words that are read
//! aloud, documents that are ranked; `docs/providers.md` §8.3, §14.13, §14.14.

use crate::app::{RelayBody, SoundWriters, name_writer};
use crate::model::{
    CallDialect, RERANK_PATH, SPEECH_PATH, Surface, TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH,
};

use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::proxy::{RelayTarget, relay_call};
use crate::gateway::replies::problem::Problem;

use super::SHOWN_CHARACTERS_MAX;

/// Has a sound written down as it is spoken.
pub async fn transcribe(call: Call) -> HandlerResult {
    write_down(call, TRANSCRIPTIONS_PATH).await
}

/// Has a sound written down in English.
pub async fn translate(call: Call) -> HandlerResult {
    write_down(call, TRANSLATIONS_PATH).await
}

/// Has words read aloud.
pub async fn speak(call: Call) -> HandlerResult {
    relay_at(call, SPEECH_PATH, Surface::Speech).await
}

/// Has documents ranked by how well they answer a query.
pub async fn rank(call: Call) -> HandlerResult {
    relay_at(call, RERANK_PATH, Surface::Ranking).await
}

async fn relay_at(mut call: Call, path: &'static str, surface: Surface) -> HandlerResult {
    let mut request = super::read_request(&mut call).await?;
    let named = request.model.take();
    request.model = check_model(&call, named, path).await?;
    let target = RelayTarget {
        provider: None,
        model: request.model,
        surface,
        dialect: CallDialect::OpenAi,
        path: path.to_owned(),
        query: None,
        stream: false,
        body: request.body,
    };
    relay_call(call, target).await
}

/// The model with its provider; refused where that does nothing at the path.
async fn check_model(
    call: &Call,
    model: Option<String>,
    path: &str,
) -> Result<Option<String>, Problem> {
    let programs = &call.gateway.app.programs;
    let model = model.map(|model| name_writer(&model));
    let others = programs.other_writers(&call.session.caller, model.as_deref(), path);
    match Box::pin(others).await? {
        Some(others) => Err(does_no_such_thing(model.as_deref(), path, &others)),
        None => Ok(model),
    }
}

async fn write_down(mut call: Call, path: &'static str) -> HandlerResult {
    let bytes = call.read_body(call.gateway.settings.sound_bytes).await?;
    let media_type = call.header("content-type").unwrap_or_default();
    // In a box, so that the future of every other call stays small.
    let read = RelayBody::read_form(media_type, bytes);
    let body = Box::pin(read).await.ok_or_else(no_form)?;
    let model = check_model(&call, body.model(), path).await?;
    let target = RelayTarget {
        provider: None,
        model,
        surface: Surface::Transcripts,
        dialect: CallDialect::OpenAi,
        path: path.to_owned(),
        query: None,
        stream: body.wants_stream(),
        body,
    };
    relay_call(call, target).await
}

fn no_form() -> Problem {
    Problem::new(
        400,
        "malformed_form",
        "The body is no form with a sound. Send `multipart/form-data` with `file` and `model`, as OpenAI's libraries do.",
    )
}

fn does_no_such_thing(model: Option<&str>, path: &str, others: &SoundWriters) -> Problem {
    let model = model.unwrap_or_default().chars();
    let model: String = model.take(SHOWN_CHARACTERS_MAX).collect();
    let all = others.all.join(", ");
    let next = match others.payable.join(", ") {
        none if none.is_empty() => {
            "None of them has a key here: add one with `POST /api/v1/api-keys`, or send it with the call."
                .to_owned()
        }
        payable => format!("There is a key here for {payable}: name a model of theirs."),
    };
    let message = format!("The provider of `{model}` has no `{path}`. These have: {all}. {next}");
    let code = if path == RERANK_PATH {
        "no_ranking"
    } else {
        "no_sound"
    };
    Problem::new(404, code, message)
}
