//! Words of refusals about keys.

use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::words::answers::buttons::button;
use crate::bot::words::keys::advice::bring_own_key;
use crate::bot::words::keys::{describe_key, with_advice};
use crate::bot::words::refusal::pasted;
use crate::bot::words::speech::formats::{count_of, duration, in_code};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::{
    Check, CheckGoal, KeptKey, KeyRefusal, LIFETIMES_DAYS, ProviderId, Scope, Wrapping,
};

const UNKNOWN_KEY: &str = "There is no such key any more. `/keys list` shows those that there are.";

/// What a person reads when something about a key was refused.
pub fn about_key(voice: Voice<'_>, refusal: &KeyRefusal) -> Card {
    let lang = voice.lang;
    Card::text(match refusal {
        KeyRefusal::ByokDisabled => lang.say(
            "BYOK is not enabled: this bot has no master key to protect stored keys \
             with. Its operator can enable it by setting `BYOK_MASTER_KEY` to what \
             `latchkey keygen` prints. `/keys status` shows what works without.",
            &[],
        ),
        KeyRefusal::UnknownProvider { name, meant } => {
            unknown_provider(voice, name, meant.as_ref())
        }
        KeyRefusal::NothingToRemove { provider, scope } => {
            nothing_to_remove(voice, provider, *scope)
        }
        KeyRefusal::NoSuchKey { provider, scope } => no_such_key(voice, provider, *scope),
        KeyRefusal::UnknownSystemKey => lang.say(
            "There is no such system key any more. `/admin show` lists those that there are.",
            &[],
        ),
        KeyRefusal::OfEnvironment { provider, variable } => {
            of_environment(voice, provider, variable.as_deref())
        }
        KeyRefusal::UnknownKey => lang.words(UNKNOWN_KEY).to_owned(),
        KeyRefusal::MalformedKey { problem, goal } => pasted::malformed_key(voice, problem, *goal),
        KeyRefusal::SeveralKeys { goal } => pasted::several_keys(voice, *goal),
        KeyRefusal::SecretAsName => secret_as_name(voice),
        KeyRefusal::SecretAsModel => secret_as_model(voice),
        KeyRefusal::NameTooLong { characters, max } => name_too_long(voice, *characters, *max),
        KeyRefusal::UnknownLifetime => unknown_lifetime(voice),
        KeyRefusal::MalformedExtra {
            field,
            is_missing,
            goal,
        } => pasted::malformed_extra(voice, field, *is_missing, *goal),
        KeyRefusal::KeyRefused {
            provider,
            scope,
            kept_old,
            removed,
        } => {
            let refused = key_refused(voice, provider, *scope, *kept_old);
            let button = pasted::form_button(voice, provider, *scope);
            return with_removed(voice, refused, removed, vec![button]);
        }
        KeyRefusal::KeptWorking(kept) => return kept_working(voice, kept),
        KeyRefusal::NotAKey { what, wanted, goal } => {
            return pasted::not_a_key(voice, *what, wanted, *goal);
        }
        KeyRefusal::LooksLikeAnothers { of, wanted, goal } => {
            return pasted::looks_like_anothers(voice, of, wanted, *goal);
        }
        KeyRefusal::WhoseKey { of } => pasted::whose_key(voice, of),
        KeyRefusal::TooManyChecks {
            retry_after_s,
            goal,
        } => too_many_checks(voice, *retry_after_s, *goal),
        KeyRefusal::TooManyRefused { retry_after_s } => too_many_refused(voice, *retry_after_s),
        KeyRefusal::Locked { kid } => locked(voice, kid),
        KeyRefusal::Damaged { provider, scope } => damaged(voice, provider, *scope),
        KeyRefusal::OnceNeedsProvider => lang.say(
            "A key for one ask belongs to one provider. Name it: `/ask once:True \
             provider:… prompt:…`.",
            &[],
        ),
        KeyRefusal::KeyForAnother { of, wanted } => key_for_another(voice, of, wanted),
        KeyRefusal::TierWithoutByok { tier } => tier_without_keys(voice, tier),
        KeyRefusal::TooLongForAForm => too_long(voice),
        KeyRefusal::FileForAForm => file_for_a_form(voice),
    })
}

fn nothing_to_remove(voice: Voice<'_>, provider: &ProviderId, scope: Scope) -> String {
    voice.lang.say(
        "There is no {scope} for {provider}, so nothing was removed. `/keys list` shows \
         those that there are.",
        &[
            ("provider", &voice.name(provider)),
            ("scope", &voice.scope(scope)),
        ],
    )
}

/// A key stands in the environment, where alone it can be changed.
fn of_environment(voice: Voice<'_>, provider: &ProviderId, variable: Option<&str>) -> String {
    let sentence = match variable {
        Some(_) => {
            "The bot default for {provider} stands in the environment, as `{variable}`. Change it \
             there, and start the bot again."
        }
        None => {
            "{provider} needs no key here and is set up in the settings. Change it there, and \
             start the bot again."
        }
    };
    voice.lang.say(
        sentence,
        &[
            ("provider", &voice.name(provider)),
            ("variable", &variable.unwrap_or_default()),
        ],
    )
}

/// A name is longer than names are kept.
fn name_too_long(voice: Voice<'_>, characters: usize, max: usize) -> String {
    let words = Plural(
        "That name has {n} character, and a name has {max} at the most, so nothing \
         was stored. Run the command again with a shorter name.",
        "That name has {n} characters, and a name has {max} at the most, so nothing \
         was stored. Run the command again with a shorter name.",
    );
    voice
        .lang
        .say_count(count_of(characters), words, &[("max", &max)])
}

/// A key cannot be used for so long.
fn unknown_lifetime(voice: Voice<'_>) -> String {
    let days = LIFETIMES_DAYS.map(|days| days.to_string());
    voice.lang.say(
        "A key can be used for as long as it works, or for one of these numbers of days: {days}. \
         Nothing was stored. Run the command again and choose one.",
        &[("days", &voice.lang.list(&days))],
    )
}

/// What should be a name looks like a secret.
fn secret_as_name(voice: Voice<'_>) -> String {
    let sentence = "That name looks like a key or another secret. Names are kept and shown as they \
         are, so nothing was stored. Run the command again with a plain name, such as `laptop`, \
         or without one. A key belongs only into the form for it. If what you typed is a real \
         key, replace it where you got it.";
    voice.lang.words(sentence).to_owned()
}

/// A key was typed where a model or a provider is named.
fn secret_as_model(voice: Voice<'_>) -> String {
    let sentence = "That looks like a key, and stands where a model or a provider is named. It was \
         sent to nobody and is kept nowhere, so nothing was done. Pick a model from the list \
         that appears while you type `model:`. If what you typed is a real key that somebody may \
         have seen, replace it where you got it.";
    with_advice(voice, voice.lang.words(sentence))
}

/// There is no key that something could be done with.
fn no_such_key(voice: Voice<'_>, provider: &ProviderId, scope: Scope) -> String {
    if scope == Scope::User && voice.own_keys != OwnKeys::Stored {
        let values: &[(&str, &dyn std::fmt::Display)] = &[
            ("provider", &voice.name(provider)),
            ("advice", &bring_own_key(voice, provider)),
        ];
        return voice
            .lang
            .say("You have no key for {provider}. {advice}", values);
    }
    voice.lang.say(
        "There is no {scope} for {provider}. Add one with `/keys add provider:{id} scope:{word}`.",
        &[
            ("provider", &voice.name(provider)),
            ("id", provider),
            ("scope", &voice.scope(scope)),
            ("word", &scope.as_str()),
        ],
    )
}

/// A prompt does not fit into the form that a key is typed into.
fn too_long(voice: Voice<'_>) -> String {
    let sentence = match voice.own_keys {
        OwnKeys::Stored => {
            "Discord's forms hold 4,000 characters, and this prompt is longer, so nothing was asked. Shorten it, or \
             add the key with `/keys add` and ask without `once:`."
        }
        OwnKeys::Once | OwnKeys::No => {
            "Discord's forms hold 4,000 characters, and this prompt is longer, so nothing was asked. Shorten it."
        }
    };
    voice.lang.words(sentence).to_owned()
}

/// A file can't be asked about with a form.
fn file_for_a_form(voice: Voice<'_>) -> String {
    let sentence = match voice.own_keys {
        OwnKeys::Stored => {
            "Discord's forms take the key and no file, so nothing was asked. Leave `file:` out, or add the key with \
             `/keys add` and ask without `once:`."
        }
        OwnKeys::Once | OwnKeys::No => {
            "Discord's forms take the key and no file, so nothing was asked. Leave `file:` out."
        }
    };
    voice.lang.words(sentence).to_owned()
}

/// What is stored of a key does not open.
fn damaged(voice: Voice<'_>, provider: &ProviderId, scope: Scope) -> String {
    voice.lang.say(
        "The {scope} for {provider} can't be opened: what is stored of it was changed \
             or damaged in the database. It is not used. Add it again with `/keys add \
             provider:{id} scope:{word}`.",
        &[
            ("provider", &voice.name(provider)),
            ("id", provider),
            ("scope", &voice.scope(scope)),
            ("word", &scope.as_str()),
        ],
    )
}

/// Nothing is called what a person calls a provider.
fn unknown_provider(voice: Voice<'_>, name: &str, meant: Option<&ProviderId>) -> String {
    let subject = in_code(name);
    match meant {
        Some(meant) => voice.lang.say(
            "I know no provider called `{subject}`. Did you mean `{meant}`? Pick it from the \
             list that appears while you type `provider:`.",
            &[("subject", &subject), ("meant", meant)],
        ),
        None => voice.lang.say(
            "I know no provider called `{subject}`. Pick one from the list that appears \
             while you type `provider:`.",
            &[("subject", &subject)],
        ),
    }
}

fn too_many_checks(voice: Voice<'_>, retry_after_s: u64, goal: CheckGoal) -> String {
    let sentence = match goal {
        CheckGoal::Store => {
            "Of keys that their providers do not accept, one person can have 5 a minute and 20 \
             an hour checked, and one server 20 an hour. That is used up, so nothing was checked or \
             stored, and keys that were stored before are as they were. What you typed is kept \
             nowhere: have it ready, and try again in {wait}."
        }
        CheckGoal::Test => {
            "Of keys that their providers do not accept, one person can have 5 a minute and 20 \
             an hour checked, and one server 20 an hour. That is used up, so nothing was \
             checked, and the key is as it was. Try again in {wait}."
        }
    };
    voice
        .lang
        .say(sentence, &[("wait", &duration(voice, retry_after_s))])
}

fn too_many_refused(voice: Voice<'_>, retry_after_s: u64) -> String {
    voice.lang.say(
        "Providers refused too many of the keys that you gave, or too many of yours were \
         checked, so no new one is tried for {wait}. A key that worked for you goes on \
         working. Copy the key anew from your provider before you try it again.",
        &[("wait", &duration(voice, retry_after_s))],
    )
}

/// The master key that a key was stored under is not here.
fn locked(voice: Voice<'_>, kid: &str) -> String {
    voice.lang.say(
        "This key is locked: it was stored under master key `{subject}`, which this \
             bot does not have right now. It is safe and unchanged. The operator can \
             unlock it with `BYOK_MASTER_KEY_PREVIOUS`, or you can add the key again \
             with `/keys add`.",
        &[("subject", &kid)],
    )
}

/// The provider does not accept a key that was to be stored.
fn key_refused(voice: Voice<'_>, provider: &ProviderId, scope: Scope, kept_old: bool) -> String {
    let sentence = if kept_old {
        "Key is invalid: {provider} does not accept that key, so it was not stored. It may \
             not have been copied whole, it may have ended, or its account may not be in good \
             standing. Your old key is \
             still in place. Make a new one at {page}, then press the button, or `/keys add \
             provider:{id} scope:{word}`."
    } else {
        "Key is invalid: {provider} does not accept that key, so it was not stored. It may \
             not have been copied whole, it may have ended, or its account may not be in good \
             standing. Make a new one \
             at {page}, then press the button, or `/keys add provider:{id} scope:{word}`."
    };
    voice.lang.say(
        sentence,
        &[
            ("provider", &voice.name(provider)),
            ("id", provider),
            ("page", &voice.key_page(provider)),
            ("word", &scope.as_str()),
        ],
    )
}

/// What came of a pasted key, with what was taken out around it.
fn with_removed(
    voice: Voice<'_>,
    told: String,
    removed: &[Wrapping],
    buttons: Vec<Button>,
) -> Card {
    let removed = pasted::removed(voice, removed).map(|removed| format!("\n{removed}"));
    Card {
        buttons,
        ..Card::text(told + &removed.unwrap_or_default())
    }
}

/// A key that works stays in the place of one that can't pay.
fn kept_working(voice: Voice<'_>, kept: &KeptKey) -> Card {
    let lang = voice.lang;
    let sentence = match kept.found {
        Check::OutOfCredit => {
            "{provider} knows that key, but its account is out of credit, so it can't pay yet. I left the one that \
             works where it is: {key}. Top up at {page} and add the new one again, or replace the one that works all \
             the same."
        }
        Check::Unknown(_) => {
            "{provider} could not be asked about that key right now, so nobody knows whether it can pay. I left the one \
             that works where it is: {key}. Add the new one again later, or replace the one that works all the same."
        }
        _ => {
            "{provider} accepts that key, but finds nothing under the ids that you gave with it, so it can't pay. I \
             left the one that works where it is: {key}. Add the new one again with the right ids, or replace the one \
             that works all the same."
        }
    };
    let provider = &kept.kept.provider;
    let told = lang.say(
        sentence,
        &[
            ("provider", &voice.name(provider)),
            ("key", &describe_key(voice, &kept.kept)),
            ("page", &voice.billing_page(provider)),
        ],
    );
    let buttons = kept.waits.as_deref();
    let buttons = buttons.map(|form| replace_or_keep(voice, form));
    with_removed(voice, told, &kept.removed, buttons.unwrap_or_default())
}

fn replace_or_keep(voice: Voice<'_>, form: &str) -> Vec<Button> {
    let replace = Button {
        label: voice.lang.words("Replace it all the same").into(),
        custom_id: CustomId::ReplaceKey(form.to_owned()).write(),
        style: ButtonStyle::Danger,
    };
    let keep = button(voice, "Keep", &CustomId::KeepKey);
    vec![replace, keep]
}

/// A key came with its provider's name, and another provider was asked.
fn key_for_another(voice: Voice<'_>, of: &ProviderId, wanted: &ProviderId) -> String {
    voice.lang.say(
        "The key is for {of}, and {wanted} was asked. Name the provider that it \
         belongs to: `/ask once:True provider:…`.",
        &[("of", &voice.name(of)), ("wanted", &voice.name(wanted))],
    )
}

/// A tier does not include keys of one's own.
fn tier_without_keys(voice: Voice<'_>, tier: &str) -> String {
    voice.lang.say(
        "Your tier, {subject}, does not include keys of your own. Keys that you have \
         stay stored, and are used again when your tier allows it. `/quota status` \
         shows what you can use.",
        &[("subject", &tier)],
    )
}
