//! Refusals in words for programs and the people who write them: what
//! happened, and what to do.

mod pictures;

use crate::app::{Error, NotRelayed};
use crate::model::{
    FailureClass, ProviderFailure, ProviderId, Refusal, Skip, Source, Trace, Verdict,
};

use crate::gateway::problem::Problem;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => of_refusal(&refusal),
            Error::Failed(failure) => {
                tracing::error!("could not do what was asked: {failure:#}");
                Self::new(
                    500,
                    "internal_error",
                    "Something went wrong here, and the operator's log says what. Try again in a minute.",
                )
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        of_refusal(&refusal)
    }
}

impl From<anyhow::Error> for Problem {
    fn from(failure: anyhow::Error) -> Self {
        Error::Failed(failure).into()
    }
}

impl From<NotRelayed> for Problem {
    fn from(not: NotRelayed) -> Self {
        let mut problem = Self::from(not.error);
        if let Some(said) = not.said {
            problem.message = format!("{} It says: {}", problem.message, said.0);
        }
        problem.payer = not.payer.map(Box::new);
        problem
    }
}

fn of_refusal(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::BadToken => Problem::new(
            401,
            "invalid_token",
            "This is no token that works here: it is unknown, ended, revoked or mistyped. Make one in Discord with `/token create`, and send it as `Authorization: Bearer …`.",
        ),
        Refusal::Provider { failure, payer } => of_provider(failure, *payer),
        Refusal::NobodyPays { trace } => nobody_pays(trace),
        Refusal::LimitReached {
            hit, retry_after_s, ..
        } => {
            let what = hit.limit.metric.as_str().replace('_', " ");
            let per = hit.limit.span.period.as_str();
            let message = format!(
                "A limit is reached: {} {what} a {per}. `GET /api/v1/quota` shows each limit, and what is left of it.",
                hit.limit.max
            );
            Problem {
                retry_after_s: *retry_after_s,
                limit: Some(Box::new(hit.clone())),
                ..Problem::new(429, "limit_reached", message)
            }
        }
        Refusal::TooManyChecks { retry_after_s } => Problem {
            retry_after_s: Some(*retry_after_s),
            ..Problem::new(
                429,
                "too_many_checks",
                "Keys can be checked 5 times a minute and 20 times an hour by one person, and that is used up. Nothing was stored.",
            )
        },
        other => {
            let known = of_model(other)
                .or_else(|| of_asking(other))
                .or_else(|| pictures::of_picture(other))
                .or_else(|| of_person(other))
                .or_else(|| of_key(other));
            let (status, code, message) = known.unwrap_or_else(|| {
                (
                    400,
                    "refused",
                    format!("That is not possible here: {other}."),
                )
            });
            Problem::new(status, code, message)
        }
    }
}

/// A status, a code that stays, and words.
type Said = (u16, &'static str, String);

fn of_model(refusal: &Refusal) -> Option<Said> {
    let text = |text: &str| text.to_owned();
    Some(match refusal {
        Refusal::UnknownProvider { name } => (
            404,
            "unknown_provider",
            format!("There is no provider called `{name}`. `GET /api/v1/providers` lists all."),
        ),
        Refusal::NotAChatProvider { provider } => (
            400,
            "no_chat",
            format!("{provider} makes images and answers no questions. Name another provider."),
        ),
        Refusal::UnknownModel { model } if model.is_empty() => (
            400,
            "model_missing",
            text(
                "The call names no model. Put `model` in, as `provider/model`; `GET /v1/models` lists those that your keys can use.",
            ),
        ),
        Refusal::UnknownModel { model } => (
            404,
            "model_not_found",
            format!(
                "It is not clear whose model `{model}` is. Write it as `provider/model`; `GET /v1/models` lists those that your keys can use."
            ),
        ),
        Refusal::ModelNotAllowed { provider, model } => (
            403,
            "model_not_allowed",
            format!(
                "The operator does not allow `{provider}/{model}` here. `GET /v1/models` lists those that may be used."
            ),
        ),
        Refusal::ModelRetired {
            model, replacement, ..
        } => (
            404,
            "model_retired",
            format!("`{model}` is retired. Its place has taken `{replacement}`."),
        ),
        Refusal::NoSuchPersona { name } => (
            404,
            "unknown_persona",
            format!("There is no persona called `{name}`."),
        ),
        Refusal::EmptyPrompt => (
            400,
            "prompt_missing",
            text("There is nothing to answer. Put `prompt` in."),
        ),
        _ => return None,
    })
}

fn of_asking(refusal: &Refusal) -> Option<Said> {
    let text = |text: &str| text.to_owned();
    Some(match refusal {
        Refusal::NotAnOperator => (
            403,
            "not_an_operator",
            text("That is for the people that the operator listed (`discord.operators`)."),
        ),
        Refusal::OwnKeyOnly { what } => (
            403,
            "own_key_only",
            format!(
                "{what} is for a key of your own: what it costs, or shows, can't be limited beforehand. Add yours with `POST /api/v1/api-keys`, or send it with the call."
            ),
        ),
        Refusal::Untranslatable { what } => (
            400,
            "untranslatable",
            format!(
                "{what} can't be passed on to this provider from here. Leave it out, or call the provider's own API under `/<provider>/`."
            ),
        ),
        Refusal::KeyForAnother { of, wanted } => (
            400,
            "key_for_another_provider",
            format!(
                "The key that came with the call is for {of}, and the call goes to {wanted}. Send the one that belongs to it."
            ),
        ),
        Refusal::OnceNeedsProvider => (
            400,
            "provider_missing",
            text(
                "A key came with the call, and the call names no provider. Write `model` as `provider/model`, or send the key as `X-<Provider>-Key`.",
            ),
        ),
        _ => return None,
    })
}

fn of_person(refusal: &Refusal) -> Option<Said> {
    let text = |text: &str| text.to_owned();
    Some(match refusal {
        Refusal::BadRepeatKey => (
            400,
            "malformed_idempotency_key",
            text("`Idempotency-Key` must have 1 to 255 characters."),
        ),
        Refusal::RepeatDiffers => (
            422,
            "idempotency_key_reused",
            text(
                "Another call was made under this `Idempotency-Key` in the last day. Use a new one for each call.",
            ),
        ),
        Refusal::RepeatInFlight => (
            409,
            "call_in_flight",
            text("The same call is being made right now. Wait for its answer."),
        ),
        Refusal::Blocked { .. } => (
            403,
            "blocked",
            text(
                "You are stopped from asking here for now. The operator, or who manages the server, can lift that.",
            ),
        ),
        Refusal::UnknownPrice {
            provider, model, ..
        } => (
            403,
            "unknown_price",
            format!(
                "Dollars are limited here, and nobody knows what `{provider}/{model}` costs. Use another model, or a key of your own."
            ),
        ),
        Refusal::TooManyBadTokens => (
            429,
            "too_many_bad_tokens",
            text(
                "Too many tokens that do not work came from this address. Wait a minute, and check the token.",
            ),
        ),
        Refusal::Stopping => (
            503,
            "stopping",
            text("The gateway is being restarted. Try again in a minute."),
        ),
        Refusal::DiscordAway => (
            503,
            "discord_unreachable",
            text("Discord can't be asked right now who you are. Try again in a minute."),
        ),
        Refusal::NotAMember => (
            404,
            "no_such_server",
            text("There is no such server, or you or the bot are not in it."),
        ),
        Refusal::NotAManager | Refusal::OnlyManagers => (
            403,
            "not_a_manager",
            text("That is for whoever has the Manage Server permission there."),
        ),
        _ => return None,
    })
}

fn of_key(refusal: &Refusal) -> Option<Said> {
    let text = |text: &str| text.to_owned();
    Some(match refusal {
        Refusal::ByokDisabled => (
            503,
            "byok_disabled",
            text(
                "Keys can't be stored here: the operator has set no `BYOK_MASTER_KEY`. A key can be sent with each call.",
            ),
        ),
        Refusal::NoSuchKey { .. } | Refusal::UnknownKey => (
            404,
            "no_such_key",
            text("There is no such key. `GET /api/v1/api-keys` lists yours."),
        ),
        Refusal::MalformedKey { problem } => (
            400,
            "malformed_key",
            format!("That can't be a key: {problem}. Nothing was stored."),
        ),
        Refusal::MalformedExtra { field } => (
            400,
            "malformed_field",
            format!(
                "“{field}” must be a plain name of letters, digits and dashes. Nothing was stored."
            ),
        ),
        Refusal::KeyRefused { provider, kept_old } => {
            let kept = if *kept_old {
                " The old key is still in place."
            } else {
                ""
            };
            (
                422,
                "key_refused",
                format!("{provider} does not accept that key, so it was not stored.{kept}"),
            )
        }
        Refusal::Locked { kid } => (
            503,
            "key_locked",
            format!(
                "This key was stored under master key `{kid}`, which is not at hand. It is safe; the operator can unlock it with `BYOK_MASTER_KEY_PREVIOUS`."
            ),
        ),
        Refusal::TierWithoutByok { tier } => (
            403,
            "tier_without_keys",
            format!("Your tier, {tier}, does not include keys of your own."),
        ),
        _ => return None,
    })
}

/// A provider's no. Whose key it was decides what is said of it: only its
/// owner can mend it.
fn of_provider(failure: &ProviderFailure, payer: Source) -> Problem {
    let provider = &failure.provider;
    let own = payer.is_own();
    let (status, code, message) = if failure.class.is_about_the_key() && !own {
        let message = format!(
            "The key that would pay for {provider} does not work right now, and its owner knows. Add a key of your own, or try again later."
        );
        (503, "payer_unavailable", message)
    } else if failure.class == FailureClass::AuthInvalid && payer == Source::Request {
        // It is stored nowhere.
        let message = format!(
            "{provider} does not accept the key that came with the call. Send one that it accepts."
        );
        (401, "provider_key_refused", message)
    } else {
        of_class(failure.class, provider)
    };
    Problem {
        retry_after_s: failure.retry_after.map(|wait| wait.as_secs().max(1)),
        ..Problem::new(status, code, message)
    }
}

fn of_class(class: FailureClass, provider: &ProviderId) -> Said {
    let (status, code, said) = match class {
        FailureClass::AuthInvalid | FailureClass::WrongOrigin => {
            let replace = "does not accept the key. Replace it with `POST /api/v1/api-keys`, or `/keys add` in Discord.";
            (401, "provider_key_refused", replace)
        }
        FailureClass::AuthForbidden => (
            403,
            "provider_key_restricted",
            "does not let the key do this, or not from here.",
        ),
        FailureClass::Billing => (
            402,
            "provider_out_of_credit",
            "says that the account behind the key has no credit.",
        ),
        FailureClass::RateLimited => (
            429,
            "provider_rate_limited",
            "takes no more of these for now. Try again in a moment.",
        ),
        FailureClass::ModelNotFound => {
            let list = "has no such model for this key. `GET /v1/models` lists those that your keys can use.";
            (404, "model_not_found", list)
        }
        FailureClass::ContextTooLong => (
            400,
            "context_length_exceeded",
            "says that the call is longer than the model reads. Shorten it.",
        ),
        FailureClass::ContentBlocked => (400, "content_filter", "refuses the content."),
        FailureClass::BadRequest => (400, "invalid_request", "says that the call is wrong."),
        FailureClass::TimedOut => (504, "provider_timeout", "took too long. Try again."),
        FailureClass::Unreachable => (
            502,
            "provider_unreachable",
            "does not answer at all. Try again in a minute.",
        ),
        FailureClass::CutOff => (
            502,
            "provider_cut_off",
            "broke off in the middle of its answer. Try again.",
        ),
        FailureClass::TooLarge => (502, "provider_too_large", "answers more than is read here."),
        _ => (
            502,
            "provider_error",
            "failed, or answered something that is no answer. Try again.",
        ),
    };
    (status, code, format!("{provider} {said}"))
}

/// Nobody can pay: each key that was looked at, and why it was passed over.
fn nobody_pays(trace: &Trace) -> Problem {
    let skipped = trace.0.iter().filter_map(|step| match step.verdict {
        Verdict::Skipped(why) => Some(format!(
            "{} key for {}: {}",
            source(step.source),
            step.provider,
            reason(why)
        )),
        _ => None,
    });
    let skipped: Vec<String> = skipped.collect();
    let provider = trace.0.first().map(|step| step.provider.to_string());
    let provider = provider.unwrap_or_else(|| "this".to_owned());
    let why = if skipped.is_empty() {
        String::new()
    } else {
        format!(" Passed over: {}.", skipped.join("; "))
    };
    let message = format!(
        "No key for {provider} can pay for this.{why} Add one with `POST /api/v1/api-keys` or `/keys add` in Discord, or send it with the call."
    );
    Problem::new(402, "nobody_pays", message)
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Request => "the call's own",
        Source::Personal => "your",
        Source::Server => "the server's",
        Source::BotDefault => "the operator's",
        Source::Demo => "no",
    }
}

/// Why a key was passed over.
pub fn reason(why: Skip) -> &'static str {
    match why {
        Skip::AnotherServer(_) => "it belongs to another server",
        Skip::DirectMessage => "the token carries no server",
        Skip::NotInstalledHere => "the server has not added the bot",
        Skip::AnotherPerson => "it is somebody else's",
        Skip::RequestHasItsOwn => "the call has a key of its own",
        Skip::Tier => "the tier does not include it",
        Skip::Locked => "it is locked",
        Skip::Paused => "it is paused",
        Skip::Expired => "it has expired",
        Skip::Refused => "its provider refuses it",
        Skip::OutOfCredit => "its account has no credit",
    }
}
