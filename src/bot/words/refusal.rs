//! What was refused, why, and what to type next.

use crate::bot::connection::card::Card;
use crate::model::{ProviderFailure, Refusal, Scope, Skip, Source, Trace, Verdict};

use crate::bot::words::Voice;
use crate::bot::words::provider_failure::of_class;
use crate::bot::words::quotas::limits;

/// The largest picture that is taken along.
const PICTURE_MAX: &str = "8 MB";

/// A refusal in words.
pub fn refusal(voice: Voice<'_>, refusal: &Refusal) -> Card {
    if let Some(card) = limits::refusal(voice, refusal) {
        return card;
    }
    Card::text(match refusal {
        Refusal::NobodyPays { trace } => nobody_pays(voice, trace),
        Refusal::Provider { failure, payer } => provider(voice, failure, *payer),
        other => fill(voice, sentence(other), other),
    })
}

fn sentence(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::ByokDisabled => {
            "BYOK is not enabled: this bot has no master key to protect stored keys with. \
             Its operator can enable it by setting `BYOK_MASTER_KEY` to what `latchkey keygen` prints. \
             `/keys status` shows what works without."
        }
        Refusal::UnknownProvider { .. } => {
            "I know no provider called `{subject}`. Pick one from the list that appears while you type `provider:`."
        }
        Refusal::NotAChatProvider { .. } => {
            "{provider} makes images and answers no questions. Pick another provider for `/ask`."
        }
        Refusal::UnknownModel { model } if model.is_empty() => {
            "This provider has no default model here. Name one: `/ask model:…`."
        }
        Refusal::UnknownModel { .. } => {
            "I can't tell whose model `{subject}` is. Name its provider too: `/ask provider:… model:{subject}`."
        }
        Refusal::NotAManager => {
            "Server keys are for whoever has the Manage Server permission here, and you don't right now. \
             Your own key works without it: `/keys add scope:user`."
        }
        Refusal::NotInAServer => {
            "This is a direct message, and a server key belongs to a server. \
             Run the command in that server, or use `scope:user`."
        }
        Refusal::NotInstalledHere => {
            "This server has not added me; only you have. Server keys need the bot in the server: \
             ask somebody who manages it, or use `scope:user`."
        }
        Refusal::StaleForm => {
            "That form or button was used already, is older than 15 minutes, or is not yours. \
             Nothing was changed. Run the command again for a fresh one."
        }
        Refusal::NoSuchKey { .. } => {
            "There is no {scope} for {provider}. Add one with `/keys add provider:{id} scope:{word}`."
        }
        Refusal::EmptyPrompt => "There is nothing to answer. Write a prompt: `/ask prompt:…`.",
        Refusal::Stopping => {
            "I am being restarted and could not finish. Please ask again in a minute."
        }
        other => sentence_about_a_new_key(other)
            .or_else(|| sentence_about_chats(other))
            .or_else(|| sentence_about_pictures(other))
            .or_else(|| sentence_about_tokens(other))
            .unwrap_or_else(|| sentence_about_limits(other)),
    }
}

fn sentence_about_chats(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::ModelNotAllowed { .. } => {
            "The bot's operator does not allow `{subject}` here. `/model show` says which model answers, \
             and the list that appears while you type `model:` holds those that may."
        }
        Refusal::ModelRetired { .. } => {
            "{provider} has retired `{subject}`. Its place has taken `{replacement}`: \
             `/model set model:{id}/{replacement}`, or name it in `/ask model:`."
        }
        Refusal::NoSuchPersona { .. } => {
            "There is no persona called `{subject}`. `/persona list` shows all."
        }
        Refusal::OnlyManagers => {
            "That is for whoever has the Manage Server permission here, and you don't right now. Nothing was changed."
        }
        Refusal::OnlyManagersChoose => {
            "Choosing for everybody is for whoever has the Manage Server permission here, in a server that has added me. \
             For yourself, say `for:me`."
        }
        Refusal::Stopped => "Stopped.",
        Refusal::TooManyAtOnce => {
            "One of your questions is being answered and another waits. Ask again when they are done, or press **Stop**."
        }
        Refusal::ChannelIsBusy => {
            "Too much is being asked in this channel at once. Ask again in a moment, or in another channel."
        }
        Refusal::NotYours => "That is for the person who asked.",
        Refusal::StaleAnswer => {
            "That answer is too old for its buttons. Ask again with `/ask`, or by mentioning me."
        }
        Refusal::NothingToRead => {
            "There are no words or pictures in it that I can read, so nothing was asked."
        }
        Refusal::NotInThisServer => {
            "I am not in this server, so I can't read its channels. \
             Right-click a message and choose **Apps**, **Summarize** for a single one."
        }
        Refusal::MayNotReadHere => {
            "You may not read this channel's history, so I don't read it to you. \
             Whoever manages the server can allow it (Read Message History)."
        }
        Refusal::BotCannotRead => {
            "Discord doesn't let me read what people say to each other here. The operator can turn that on \
             (`discord.message_content`), and I need Read Message History in this channel. \
             Right-click a message and choose **Apps**, **Summarize** for a single one."
        }
        Refusal::QuestionGone => {
            "I can't read the question any more, and I keep no copy. Ask again with `/ask`, or by mentioning me."
        }
        _ => return None,
    })
}

fn sentence_about_pictures(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::NotAnImageProvider { .. } => {
            "{provider} makes no pictures. Leave `provider:` out, or pick one from the list that appears while you type."
        }
        Refusal::CannotEdit => {
            "None of these can change a picture. Leave `image:` out, or name another provider, such as \
             `/imagine provider:OpenAI`."
        }
        Refusal::UnknownImageModel { model } if model.is_empty() => {
            "This provider has no model for pictures here. Name one: `/imagine model:…`."
        }
        Refusal::UnknownImageModel { .. } => {
            "I know no model or workflow called `{subject}`. The list that appears while you type `model:` holds \
             what the keys here can use; `provider/model` names any other."
        }
        Refusal::WorkflowPicture {
            takes_one: true, ..
        } => {
            "The workflow `{subject}` changes a picture. Put one into `image:`, or leave `model:` out."
        }
        Refusal::WorkflowPicture { .. } => {
            "The workflow `{subject}` makes a picture from words alone. Leave `image:` or `model:` out."
        }
        Refusal::AgeRestrictedOnly => {
            "Pictures are made in age-restricted channels and direct messages only. Send me `/imagine` directly."
        }
        Refusal::Flagged => {
            "The moderation of this bot does not let these words through. Say it in other words."
        }
        Refusal::NotModerated => {
            "The moderation of this bot can't be asked right now, so nothing is made. Try it again in a minute."
        }
        Refusal::TooManyPicturesAtOnce => {
            "Your last pictures are still being made. Wait for one of them, or press **Cancel** under it."
        }
        Refusal::PictureNotKept => {
            "I keep no copy of the picture that this was made from. Use `/imagine image:…` with it once more, \
             or press **Vary**."
        }
        Refusal::PictureShown => "The picture was shown already.",
        Refusal::PictureLost => {
            "A restart came before the picture was safe. Nothing was counted for it; `/imagine` begins anew."
        }
        Refusal::BadSize => {
            "A size is a width and a height in pixels, such as `1024x768`: from 256 to 2048, in steps of 8."
        }
        Refusal::BadPicture => {
            "I can't use that file. Send a PNG, JPEG, GIF or WebP picture of at most {subject}."
        }
        _ => return None,
    })
}

fn sentence_about_tokens(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::BadScopes => {
            "A token's scopes are one or more of `chat`, `keys:read`, `keys:write` and `usage:read`, with spaces between. \
             No token was made."
        }
        Refusal::NoSuchToken => {
            "You have no such token. Pick one from the list that appears while you type `token:`."
        }
        Refusal::SeveralTokens => {
            "Several of your tokens have that name, so none was revoked. Give the token's id: `/token list` shows it."
        }
        Refusal::TooManyTokens { .. } => {
            "You have {subject} tokens, which is the most. End one first with `/token revoke`."
        }
        Refusal::TokenTooLong { .. } => {
            "A token works for {subject} days at the most. No token was made. Give a shorter time, such as `expires:90d`."
        }
        Refusal::TokenForAnotherServer => {
            "A token can carry the server that it is made in, if that server has added me. No token was made. \
             Run `/token create here:True` in that server."
        }
        _ => return None,
    })
}

fn sentence_about_limits(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::TierWithoutByok { .. } => {
            "Your tier, {subject}, does not include keys of your own. \
             Keys that you have stay stored, and are used again when your tier allows it. \
             `/quota status` shows what you can use."
        }
        Refusal::OnceNeedsProvider => {
            "A key for one ask belongs to one provider. Name it: `/ask once:True provider:… prompt:…`."
        }
        Refusal::TooLongForAForm => {
            "Discord's forms hold 4,000 characters, and this prompt is longer, so nothing was asked. \
             Shorten it, or add the key with `/keys add` and ask without `once:`."
        }
        Refusal::NotConfirmed => {
            "You did not type ERASE, so nothing was erased. `/privacy erase` asks again."
        }
        Refusal::NotAnOperator => {
            "`/admin` is for the people that the bot's operator listed (`discord.operators`), and you are not one of them. \
             For your own server there is `/server budget`."
        }
        Refusal::NoSuchTier { .. } => {
            "There is no tier called `{subject}`. Pick one from the list that appears while you type `tier:`."
        }
        Refusal::NoSuchLimit => {
            "There is no such limit, so nothing was cleared. `show` lists those that are set."
        }
        Refusal::TooManyLimits { .. } => {
            "A budget has {subject} limits at the most, and that is full. Nothing was changed. \
             Clear one first with `/server budget clear`."
        }
        Refusal::BadAmount => {
            "That amount is not one that can be counted. Give a whole number of 1 or more, \
             or dollars such as `4.50`."
        }
        Refusal::NameOne => {
            "Name one of `user:`, `role:` and `channel:`, and only one. Nothing was changed."
        }
        Refusal::BadServer => {
            "That is not a server's id. Turn on Developer Mode in Discord's settings, right-click the server, \
             and choose Copy Server ID."
        }
        Refusal::BadDuration => {
            "I can't read that duration. Write a number and a unit, such as `30m`, `12h`, `7d` or `4w`, \
             or leave it out for good."
        }
        _ => "That is not possible here.",
    }
}

fn sentence_about_a_new_key(refusal: &Refusal) -> Option<&'static str> {
    Some(match refusal {
        Refusal::MalformedKey { .. } => {
            "That can't be a key: {subject}. Nothing was stored. Copy the key again and run `/keys add`."
        }
        Refusal::MalformedExtra { .. } => {
            "“{subject}” must be a plain name of letters, digits and dashes. \
             Nothing was stored. Run `/keys add` again."
        }
        Refusal::KeyRefused {
            kept_old: false, ..
        } => {
            "{provider} does not accept that key, so it was not stored. \
             Make a new one at {page} and run `/keys add provider:{id}` again."
        }
        Refusal::KeyRefused { .. } => {
            "{provider} does not accept that key, so it was not stored. Your old key is still in place. \
             Make a new one at {page} and run `/keys add provider:{id}` again."
        }
        Refusal::TooManyChecks { .. } => {
            "Keys can be checked 5 times a minute and 20 times an hour by one person, \
             and 20 times an hour in one server, and that is used up. \
             Nothing was stored. Try again in {wait}."
        }
        Refusal::Locked { .. } => {
            "This key is locked: it was stored under master key `{subject}`, which this bot does not have right now. \
             It is safe and unchanged. The operator can unlock it with `BYOK_MASTER_KEY_PREVIOUS`, \
             or you can add the key again with `/keys add`."
        }
        _ => return None,
    })
}

/// Fills in what a refusal is about.
fn fill(voice: Voice<'_>, sentence: &str, refusal: &Refusal) -> String {
    let (provider, scope) = match refusal {
        Refusal::NotAChatProvider { provider }
        | Refusal::NotAnImageProvider { provider }
        | Refusal::KeyRefused { provider, .. }
        | Refusal::ModelRetired { provider, .. } => (Some(provider), None),
        Refusal::NoSuchKey { provider, scope } => (Some(provider), Some(*scope)),
        _ => (None, None),
    };
    let subject = match refusal {
        Refusal::UnknownProvider { name } => name.replace('`', "'"),
        Refusal::UnknownModel { model } | Refusal::UnknownImageModel { model } => {
            model.replace('`', "'")
        }
        Refusal::WorkflowPicture { workflow, .. } => workflow.clone(),
        Refusal::BadPicture => PICTURE_MAX.to_owned(),
        Refusal::MalformedKey { problem } => voice.lang.words(problem).to_owned(),
        Refusal::MalformedExtra { field } => voice.lang.words(field).to_owned(),
        Refusal::Locked { kid } => kid.clone(),
        Refusal::TierWithoutByok { tier } => tier.clone(),
        Refusal::TooManyLimits { max } => max.to_string(),
        Refusal::TooManyTokens { max } => max.to_string(),
        Refusal::TokenTooLong { days } => days.to_string(),
        Refusal::NoSuchTier { name } | Refusal::NoSuchPersona { name } => name.replace('`', "'"),
        Refusal::ModelNotAllowed { provider, model } => {
            format!("{provider}/{}", model.replace('`', "'"))
        }
        Refusal::ModelRetired { model, .. } => model.replace('`', "'"),
        _ => String::new(),
    };
    let replacement = match refusal {
        Refusal::ModelRetired { replacement, .. } => replacement.as_str(),
        _ => "",
    };
    let retry_after_s = match refusal {
        Refusal::TooManyChecks { retry_after_s } => *retry_after_s,
        _ => 0,
    };
    voice.lang.say(
        sentence,
        &[
            (
                "provider",
                &provider.map(|id| voice.name(id)).unwrap_or_default(),
            ),
            ("id", &provider.map(ToString::to_string).unwrap_or_default()),
            (
                "page",
                &provider.map(|id| page(voice, id)).unwrap_or_default(),
            ),
            (
                "scope",
                &scope.map(|scope| voice.scope(scope)).unwrap_or_default(),
            ),
            ("word", &scope.map(Scope::as_str).unwrap_or_default()),
            ("replacement", &replacement),
            ("wait", &wait(voice, retry_after_s)),
            // Last, so that nothing that was typed is taken for a name.
            ("subject", &subject),
        ],
    )
}

/// What a provider said, in our words.
fn provider(voice: Voice<'_>, failure: &ProviderFailure, source: Source) -> String {
    let name = voice.name(&failure.provider);
    let sentence = match (source, failure.class) {
        // A key of somebody else's: they can mend it, this person cannot.
        (Source::Server, class) if class.is_about_the_key() => {
            "{provider} turned this server's key down, and whoever added it is told. \
             A key of your own works without it: `/keys add provider:{id} scope:user`."
        }
        (Source::BotDefault, class) if class.is_about_the_key() => {
            "{provider} turned the bot's own key down, which its operator has to mend. \
             A key of your own works without it: `/keys add provider:{id} scope:user`."
        }
        (Source::Request, class) if class.is_about_the_key() => {
            "{provider} turned down the key that you typed for this ask. It was not stored, and no other key paid. \
             Check it at {page} and ask again."
        }
        (_, class) => of_class(class),
    };
    let retry_after_s = failure.retry_after.map_or(60, |wait| wait.as_secs().max(1));
    voice.lang.say(
        sentence,
        &[
            ("provider", &name),
            ("id", &failure.provider),
            ("page", &page(voice, &failure.provider)),
            ("wait", &wait(voice, retry_after_s)),
        ],
    )
}

/// Nobody can pay: why, key by key, and how to change that.
fn nobody_pays(voice: Voice<'_>, trace: &Trace) -> String {
    let lang = voice.lang;
    let skipped = trace.0.iter().filter_map(|step| match step.verdict {
        Verdict::Skipped(skip) => Some((step, skip)),
        _ => None,
    });
    let reasons: Vec<String> = skipped
        .map(|(step, skip)| {
            let values: &[(&str, &dyn std::fmt::Display)] = &[
                ("source", &voice.source(step.source)),
                ("provider", &voice.name(&step.provider)),
                ("why", &skip_reason(voice, skip)),
            ];
            lang.say("- The {source} for {provider} {why}.", values)
        })
        .collect();
    let first = trace.0.first().map(|step| &step.provider);
    let only_one = trace.0.iter().all(|step| Some(&step.provider) == first);
    let head = match first {
        Some(provider) if only_one => lang.say(
            "There is no key for {provider} that can pay here.",
            &[("provider", &voice.name(provider))],
        ),
        _ => lang.words("There is no key that can pay for this: not yours, not this server's, not the bot's.").into(),
    };
    let next = match first {
        Some(provider) if only_one => lang.say(
            "Add yours with `/keys add provider:{id} scope:user`; you get one at {page}.",
            &[("id", provider), ("page", &page(voice, provider))],
        ),
        _ => lang
            .words("Add yours with `/keys add`; `/keys status` shows the details.")
            .into(),
    };
    let mut lines = vec![head];
    lines.extend(reasons);
    lines.push(next);
    lines.join("\n")
}

/// Why a key does not pay, as the end of a sentence.
pub fn skip_reason(voice: Voice<'_>, skip: Skip) -> &str {
    voice.lang.words(match skip {
        Skip::AnotherServer(_) => "belongs to another server",
        Skip::DirectMessage => "does not pay in direct messages",
        Skip::NotInstalledHere => "does not pay, since this server has not added the bot",
        Skip::AnotherPerson => "belongs to somebody else",
        Skip::RequestHasItsOwn => "is not touched by an ask that brings its own key",
        Skip::Tier => {
            "is kept but not used, since your tier does not include keys of your own; `/quota status` shows it"
        }
        Skip::Locked => "is locked, since its master key is not here",
        Skip::Paused => "is paused; `/keys resume` wakes it",
        Skip::Expired => "has expired; add it again with `/keys add`",
        Skip::Refused => "was refused by the provider; `/keys test` tries it again",
        Skip::OutOfCredit => "is out of credit; top it up and run `/keys test`",
    })
}

/// Where a provider hands out keys.
pub fn page(voice: Voice<'_>, provider: &crate::model::ProviderId) -> String {
    // In angle brackets, so that Discord shows no preview.
    voice
        .catalogue
        .get(provider)
        .map_or_else(String::new, |provider| format!("<{}>", provider.key_page))
}

fn wait(voice: Voice<'_>, seconds: u64) -> String {
    match seconds {
        0..=1 => voice.lang.words("a second").into(),
        2..=119 => voice.lang.say("{n} seconds", &[("n", &seconds)]),
        120..=7_199 => voice
            .lang
            .say("{n} minutes", &[("n", &seconds.div_ceil(60))]),
        _ => voice
            .lang
            .say("{n} hours", &[("n", &seconds.div_ceil(3_600))]),
    }
}
