//! Pictures in OpenAI's dialect, from hosts that speak others;
//! `docs/providers.md` §14.

mod edit_request;
mod events;
mod image_request;

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{CallClaim, PictureProgress, ReadyPicture, RequestKey};
use crate::gateway::calls::call::{Call, CallContext, HandlerResult};
use crate::gateway::calls::call_task::CallTask;
use crate::gateway::calls::idempotency::{IdempotencyCheck, check_idempotency, record_success};
use crate::gateway::replies::problem::{Problem, write_payer_headers};
use crate::gateway::replies::responses::json_response;
use crate::gateway::rest::parse_json;
use crate::model::{FailureClass, ForeignFile, MissingPicture, Picture, PictureAnswer, PictureAsk};

use edit_request::{EDIT_BYTES_MAX, EditRequest, EditSources};
use events::{PictureEvents, SeenPicture};
use image_request::ImageRequest;

/// What a program wishes for.
pub struct PictureWish {
    request: ImageRequest,
    /// The pictures that it is made from.
    sources: Option<EditSources>,
    key: Option<RequestKey>,
}

impl PictureWish {
    /// Reads a wish for pictures from words.
    pub fn parse(body: &[u8], key: Option<RequestKey>) -> Result<Self, Problem> {
        Ok(Self {
            request: parse_json(body)?,
            sources: None,
            key,
        })
    }
}

/// Changes a picture with any provider that changes them, and responds as
/// OpenAI does.
pub async fn edit_picture(mut call: Call) -> HandlerResult {
    let key = call.request_key()?;
    let body = call.read_body(EDIT_BYTES_MAX).await?;
    let media_type = call.header("content-type").unwrap_or_default();
    let EditRequest { request, sources } = EditRequest::read(media_type, &body).await?;
    let wish = PictureWish {
        request,
        sources: Some(sources),
        key,
    };
    make_pictures(call, &body, wish).await
}

/// Makes pictures, and responds as OpenAI does.
pub async fn make_pictures(call: Call, body: &[u8], wish: PictureWish) -> HandlerResult {
    let wants_stream = wish.request.wants_stream();
    let PictureWish {
        request,
        sources,
        key,
    } = wish;
    let mut imagine = imagine(&call, request, key)?;
    let kind = match sources {
        Some(_) => "image_edit",
        None => "image_generation",
    };
    let picture = sources.map(|sources| {
        imagine.spec.is_edit = true;
        imagine.spec.others = sources.others;
        imagine.spec.mask = sources.mask;
        sources.picture
    });
    let claim = match check_idempotency(&call, body).await? {
        IdempotencyCheck::New(claim) => claim,
        IdempotencyCheck::Repeated(response) => return Ok(response),
    };
    let mut context = call.into_context();
    let app = Arc::clone(&context.gateway.app);
    let mut ready = app.pictures.prepare(imagine).await.secure().await?;
    if let Some(picture) = picture {
        ready.take(picture)?;
    }
    let task = start_task(&mut context, ready, claim);
    if wants_stream {
        return Ok(task
            .stream_events(PictureEvents { app, kind }, context)
            .await?);
    }
    let finished = task.finish(|_| {}).await?;
    let body = describe_pictures(&finished.result, app.now_ms() / 1_000);
    let mut response = json_response(StatusCode::OK, &body)?;
    if let Some(payer) = &finished.payer {
        write_payer_headers(response.headers_mut(), payer);
    }
    Ok(response)
}

/// What is to be made, for whom, and with which key.
fn imagine(
    call: &Call,
    request: ImageRequest,
    key: Option<RequestKey>,
) -> Result<PictureAsk, Problem> {
    let model = request.model();
    let spec = request.into_image_spec()?;
    let (choices, request_key) = call.gateway.app.pictures.choose_for_program(model, key)?;
    Ok(PictureAsk {
        caller: call.session.caller.clone(),
        choices,
        spec,
        // Nobody else sees what a program is answered.
        age_restricted: true,
        request_key,
    })
}

/// Starts the task that makes the pictures. When the client leaves, the
/// pictures are given up at their host.
fn start_task(
    context: &mut CallContext,
    ready: ReadyPicture,
    claim: Option<CallClaim>,
) -> CallTask<SeenPicture, PictureAnswer> {
    let permits = std::mem::take(&mut context.session.permits);
    let app = Arc::clone(&context.gateway.app);
    CallTask::spawn(
        &context.gateway.app.tasks,
        permits,
        |reporter, stop| async move {
            let (mut last_stage, mut last_steps, mut estimated) = (None, None, None);
            let mut watch = |seen: PictureProgress| match seen {
                PictureProgress::Payer(payer, estimate) => {
                    reporter.report_payer(payer);
                    estimated = estimate;
                }
                // Programs that want any ask their provider for them.
                PictureProgress::Preview(_) => {}
                PictureProgress::Steps(steps) => {
                    if last_steps.replace(steps) != Some(steps) {
                        reporter.report_progress(SeenPicture::Steps(steps));
                    }
                }
                PictureProgress::Stage(stage) => {
                    // Once it is taken, so that a refusal keeps its status.
                    if let Some(estimate) = estimated.take() {
                        reporter.report_progress(SeenPicture::Estimate(estimate));
                    }
                    if last_stage.replace(stage) != Some(stage) {
                        reporter.report_progress(SeenPicture::Stage(stage));
                    }
                }
            };
            let (made, attempt) = app
                .pictures
                .make_for_program(ready, &stop, &mut watch)
                .await?;
            record_success(claim, attempt).await;
            Ok(made)
        },
    )
}

/// The body of OpenAI's response.
fn describe_pictures(made: &PictureAnswer, created_s: i64) -> Value {
    let pictures = made
        .pictures
        .iter()
        .map(|it| json!({"b64_json": encode_picture(it)}));
    let mut body = json!({
        "created": created_s,
        "data": pictures.collect::<Vec<_>>(),
        "output_format": made.pictures.first().map(output_format),
        "seed": made.seed,
        "cost_nano_dollars": made.cost.map(|cost| cost.0),
        "estimate_nano_dollars": made.estimate.map(|estimate| estimate.cost.0),
    });
    body["usage"] = describe_usage(made);
    if let Some(missing) = describe_missing(made) {
        body["missing"] = missing;
    }
    body
}

/// Why pictures that were asked for did not come; none where all came.
fn describe_missing(made: &PictureAnswer) -> Option<Value> {
    let missing = made.missing.iter().map(|it| json!(missing_code(it)));
    (!made.missing.is_empty()).then(|| missing.collect())
}

/// Why a picture that was asked for did not come, as a word that stays.
fn missing_code(missing: &MissingPicture) -> &'static str {
    match missing {
        MissingPicture::Refused | MissingPicture::NotMade(FailureClass::ContentBlocked) => {
            "content_filter"
        }
        MissingPicture::NotAPicture(ForeignFile::Unknown) => "unreadable",
        MissingPicture::NotAPicture(_) => "not_a_picture",
        MissingPicture::TooLarge => "too_large",
        MissingPicture::Untrusted(_) => "untrusted_address",
        MissingPicture::Gone => "gone",
        MissingPicture::NotFetched(_) => "not_fetched",
        MissingPicture::InWords(_) => "answered_in_words",
        MissingPicture::NotMade(FailureClass::RateLimited) => "provider_rate_limited",
        MissingPicture::NotMade(FailureClass::Cancelled) => "stopped",
        MissingPicture::NotMade(_) => "not_made",
    }
}

fn encode_picture(picture: &Picture) -> String {
    STANDARD.encode(&picture.bytes)
}

fn output_format(picture: &Picture) -> &'static str {
    picture.kind.media_type().trim_start_matches("image/")
}

fn describe_usage(made: &PictureAnswer) -> Value {
    let usage = made.usage.map(|usage| {
        json!({
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
        })
    });
    usage.unwrap_or(Value::Null)
}
