//! Words for why a key does not pay.

use crate::model::{ProviderId, Skip, Source, Trace, Verdict};

/// Whose key it is, before "for" and its provider.
pub fn describe_source(source: Source) -> &'static str {
    match source {
        Source::Request => "the key that you typed",
        Source::Personal => "your key",
        Source::Server => "the server’s key",
        Source::BotDefault => "the bot’s key",
        Source::Demo => "the demo",
    }
}

/// Why a key was passed over, after its name and a colon.
pub fn describe_skip(why: Skip) -> &'static str {
    match why {
        Skip::AnotherServer(_) => "it belongs to another server",
        Skip::DirectMessage => "it pays in its server alone",
        Skip::NotInstalledHere => "the server has not added the bot",
        Skip::AnotherPerson => "it is somebody else’s",
        Skip::RequestHasItsOwn => "the key that you typed pays alone",
        Skip::Tier => "your tier does not include it",
        Skip::Locked => "it is locked until the operator sets its master key",
        Skip::Paused => "it is paused",
        Skip::Expired => "it has expired",
        Skip::Refused => "its provider refuses it",
        Skip::OutOfCredit => "its account has no credit",
        Skip::Limit => "it has reached its limit",
        Skip::UnknownPrice => "its limit is in dollars, and nobody knows the model’s price",
        Skip::OwnKeyOnly => "this is for a key of your own",
        Skip::OtherAddress => "it was stored for another address of its provider",
        Skip::NotSetUp => "it lacks something that its provider needs",
        Skip::Restricted => "its provider does not let it do this, or not from here",
        Skip::ModelNotAllowed => "the operator does not allow the model",
        Skip::Blocked => "you are stopped",
        Skip::Damaged => "what is stored of it can’t be opened; it must be added again",
    }
}

/// Every key that was passed over, and why; of those that could have paid
/// here at all.
pub fn describe_passed_over(trace: &Trace, name: impl Fn(&ProviderId) -> String) -> Vec<String> {
    let skipped = trace.0.iter().filter_map(|step| match step.verdict {
        Verdict::Skipped(
            Skip::RequestHasItsOwn
            | Skip::AnotherServer(_)
            | Skip::AnotherPerson
            | Skip::DirectMessage,
        ) => None,
        Verdict::Skipped(why) => Some((step, why)),
        _ => None,
    });
    let described = skipped.map(|(step, why)| {
        let (whose, provider) = (describe_source(step.source), name(&step.provider));
        format!(
            "{whose} for {provider} does not pay: {}",
            describe_skip(why)
        )
    });
    described.collect()
}

/// Whose key it is, in the middle of a sentence.
pub fn name_payer(source: Source) -> &'static str {
    match source {
        Source::Request => "the key for this once",
        Source::Personal => "your key",
        Source::Server => "the server’s key",
        Source::BotDefault => "the bot default",
        Source::Demo => "the demo",
    }
}

/// Why a key does not pay, as the end of a sentence about it.
pub fn skip_clause(skip: Skip) -> &'static str {
    match skip {
        Skip::AnotherServer(_) => "belongs to another server",
        Skip::DirectMessage => "does not pay in direct messages",
        Skip::NotInstalledHere => "does not pay, since the server has not added the bot",
        Skip::AnotherPerson => "belongs to somebody else",
        Skip::RequestHasItsOwn => "is not touched by a question that brings its own key",
        Skip::Tier => "is kept but not used in your tier",
        Skip::Locked => "is locked, since its master key is not at hand",
        Skip::Paused => "is paused",
        Skip::Expired => "has expired",
        Skip::Refused => "was refused by the provider",
        Skip::OutOfCredit => "is out of credit",
        Skip::Limit => "has reached its limit",
        Skip::UnknownPrice => "has a limit in dollars, and nobody knows the model’s price",
        Skip::OwnKeyOnly => "does not pay for this; a key of your own does",
        Skip::OtherAddress => "was stored for another address of this provider",
        Skip::NotSetUp => "lacks something that its provider needs",
        Skip::Restricted => "may not do this, as its provider says",
        Skip::ModelNotAllowed => "does not pay, since the operator does not allow the model",
        Skip::Blocked => "does not pay for you while you are stopped",
        Skip::Damaged => "is damaged and can’t be opened",
    }
}
