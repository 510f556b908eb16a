//! Words for what the operator's people are refused on their pages: what
//! happened, and what to do.

use axum::http::StatusCode;

use crate::app::Error;
use crate::console::trouble::Trouble;
use crate::console::visit::Visit;
use crate::console::words::limits::describe_amount;
use crate::console::words::{AMOUNTS, Names, describe_kept_because, describe_lifetimes, either};
use crate::model::{DurationOf, KeyRefusal, ProviderId, QuotaRefusal, Refusal};

/// The trouble that an error is.
pub fn explain(visit: &Visit, error: Error) -> Trouble {
    let names = Names::of(visit.app().providers());
    let words = match &error {
        Error::Refused(Refusal::Key(KeyRefusal::UnknownSystemKey)) => {
            return Trouble::nothing_here();
        }
        Error::Refused(Refusal::Key(refusal)) => about_key(names, refusal),
        Error::Refused(Refusal::Quota(refusal)) => about_limit(refusal),
        Error::Refused(
            Refusal::Access(_)
            | Refusal::Ask(_)
            | Refusal::Conversation(_)
            | Refusal::Picture(_)
            | Refusal::Token(_),
        )
        | Error::Troubled(..)
        | Error::Failed(_) => None,
    };
    let Some(words) = words else {
        return error.into();
    };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let mut trouble = Trouble::new(unprocessable, "Nothing was changed", words)
        .way("/operator", "Back to Operator");
    if let Error::Refused(Refusal::Key(KeyRefusal::TooManyChecks { retry_after_s, .. })) = &error {
        trouble.status = StatusCode::TOO_MANY_REQUESTS;
        trouble.retry_after_s = Some(*retry_after_s);
    }
    trouble
}

/// The operator's words for a refusal about a key; none where everybody's fit
/// (`console/words/key.rs`).
fn about_key(names: Names<'_>, refusal: &KeyRefusal) -> Option<String> {
    Some(match refusal {
        KeyRefusal::ByokDisabled => {
            "BYOK is not enabled: set BYOK_MASTER_KEY to what “latchkey keygen” prints, and start again."
                .to_owned()
        }
        KeyRefusal::UnknownProvider { .. } => {
            "There is no such provider. Choose one of the list.".to_owned()
        }
        KeyRefusal::KeyRefused {
            provider, kept_old, ..
        } => not_accepted(&names.name(provider), *kept_old),
        KeyRefusal::KeptWorking(kept) => format!(
            "{} The key that works is still in place. Tick the box, and send the new one again, to replace it all the same.",
            describe_kept_because(names, kept)
        ),
        KeyRefusal::MalformedKey { problem, .. } => {
            format!("That can’t be a key: {problem}. Copy it again from its provider.")
        }
        KeyRefusal::SeveralKeys { .. } => {
            "There are several keys in that, and one is wanted. Paste one alone.".to_owned()
        }
        KeyRefusal::NotAKey { wanted, .. } => {
            let wanted = names.name(wanted);
            format!("That is a secret of another kind, and no key for {wanted}. It was sent to nobody.")
        }
        KeyRefusal::LooksLikeAnothers { of, wanted, .. } => looks_like_anothers(names, of, wanted),
        KeyRefusal::SecretAsName => {
            "The name looks like a key or another secret. Names are shown as they are: choose a plain one.".to_owned()
        }
        KeyRefusal::NameTooLong { characters, max } => {
            format!("The name has {characters} characters, and may have {max}. Choose a shorter one.")
        }
        KeyRefusal::UnknownLifetime => describe_lifetimes(),
        KeyRefusal::MalformedExtra {
            field,
            is_missing: true,
            ..
        } => {
            format!("“{field}” is empty, and the key is of no use without it.")
        }
        KeyRefusal::MalformedExtra { field, .. } => {
            format!("“{field}” must be a plain name of letters, digits and dashes.")
        }
        KeyRefusal::TooManyChecks { retry_after_s, .. } => {
            format!("Of keys that their providers do not accept, 5 a minute and 20 an hour can be checked. Try again in {retry_after_s} s.")
        }
        KeyRefusal::Locked { kid } => format!(
            "The key was sealed under master key {kid}, which is not at hand. Put that into BYOK_MASTER_KEY_PREVIOUS, or add the key again."
        ),
        KeyRefusal::Damaged { .. } => {
            "What is stored of the key does not open: it was changed or damaged. Add it again.".to_owned()
        }
        KeyRefusal::OfEnvironment { variable, .. } => of_environment(variable.as_deref()),
        KeyRefusal::NoSuchKey { .. }
        | KeyRefusal::NothingToRemove { .. }
        | KeyRefusal::UnknownKey
        | KeyRefusal::UnknownSystemKey
        | KeyRefusal::TooManyRefused { .. }
        | KeyRefusal::WhoseKey { .. }
        | KeyRefusal::OnceNeedsProvider
        | KeyRefusal::KeyForAnother { .. }
        | KeyRefusal::TierWithoutByok { .. }
        | KeyRefusal::TooLongForAForm
        | KeyRefusal::SecretAsModel
        | KeyRefusal::FileForAForm => return None,
    })
}

fn not_accepted(provider: &str, kept_old: bool) -> String {
    let kept = if kept_old {
        " The old key is still in place."
    } else {
        ""
    };
    format!(
        "Key is invalid: {provider} does not accept it. Copy it again from there, or make a new one.{kept}"
    )
}

fn looks_like_anothers(names: Names<'_>, of: &[ProviderId], wanted: &ProviderId) -> String {
    let owners: Vec<String> = of.iter().map(|id| names.name(id)).collect();
    format!(
        "That looks like a key for {}, and {} was chosen. It was sent to nobody. Go back and choose its provider.",
        either(&owners),
        names.name(wanted)
    )
}

fn of_environment(variable: Option<&str>) -> String {
    variable.map_or_else(
        || "This provider is set up in the settings. Change it there, and start again.".to_owned(),
        |variable| {
            format!(
                "The key stands in the environment, as {variable}. Change it there, and start again."
            )
        },
    )
}

/// The operator's words for a refusal about a limit; none where everybody's
/// fit (`console/words/quota.rs`).
fn about_limit(refusal: &QuotaRefusal) -> Option<String> {
    let words = match refusal {
        QuotaRefusal::NoSuchTier { name } => {
            return Some(format!(
                "There is no tier “{name}”. Choose one of the list."
            ));
        }
        QuotaRefusal::NoSuchLimit => "No such limit is set, so none was cleared.",
        QuotaRefusal::AmbiguousAmount { less, more } => {
            return Some(format!(
                "The amount may mean {less}, or {more}. Write one of these two: a point stands \
                 before a fraction, and nothing between thousands."
            ));
        }
        QuotaRefusal::BadAmount => return Some(format!("The amount must be {AMOUNTS}.")),
        QuotaRefusal::BadDuration(DurationOf::Tier) => {
            "The duration must be a number and a unit, such as 12h, 30d or 4w. Left empty, the tier is given for good."
        }
        QuotaRefusal::BadDuration(_) => {
            "The duration must be a number and a unit, such as 30m, 12h, 7d or 4w. Left empty, it holds until it is lifted."
        }
        QuotaRefusal::DurationTooLong(_) => {
            let days = DurationOf::DAYS_MAX;
            return Some(format!("The duration is {days} days at the most."));
        }
        QuotaRefusal::AmountTooLarge(metric) => {
            let most = describe_amount(*metric, metric.most());
            return Some(format!("The amount is {most} at the most."));
        }
        QuotaRefusal::LimitReached { .. }
        | QuotaRefusal::UnknownPrice { .. }
        | QuotaRefusal::Blocked(_)
        | QuotaRefusal::TooManyLimits { .. }
        | QuotaRefusal::NameOne
        | QuotaRefusal::Contradiction(_)
        | QuotaRefusal::BadServer
        | QuotaRefusal::NotInServer
        | QuotaRefusal::ReportTooLong => return None,
    };
    Some(words.to_owned())
}
