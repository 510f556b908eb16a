//! What somebody can do so that a key pays for them. Nobody is told to do
//! what they may not.

use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::{ProviderId, Skip};

/// How a person can bring a key of their own for a provider.
pub fn bring_own_key(voice: Voice<'_>, provider: &ProviderId) -> String {
    let sentence = match voice.own_keys {
        OwnKeys::Stored => {
            "Add yours with `/keys add provider:{id} scope:user`; you get one at {page}."
        }
        OwnKeys::Once => {
            "Keys can't be stored in this bot; one that you type for a single ask can pay, with `/ask once:True \
             provider:{id}`. You get one at {page}."
        }
        OwnKeys::No => {
            "Your tier includes no keys of your own; `/quota status` shows what you can use."
        }
    };
    say(voice, sentence, provider)
}

/// How to bring a key of any provider.
pub fn bring_any_key(voice: Voice<'_>) -> &str {
    voice.lang.words(match voice.own_keys {
        OwnKeys::Stored => "`/keys add scope:user` adds one of yours.",
        OwnKeys::Once => {
            "Keys can't be stored in this bot; `/ask once:True` asks with one that you type for a single ask."
        }
        OwnKeys::No => {
            "Your tier includes no keys of your own; `/quota status` shows what you can use."
        }
    })
}

/// What else pays where somebody else's key does not: one's own, if one may
/// have one.
pub fn own_key_works(voice: Voice<'_>, provider: &ProviderId) -> String {
    let sentence = match voice.own_keys {
        OwnKeys::Stored => {
            "A key of your own works without it: `/keys add provider:{id} scope:user`."
        }
        OwnKeys::Once => {
            "A key that you type for a single ask works without it: `/ask once:True provider:{id}`."
        }
        OwnKeys::No => "Name another provider, or ask again later.",
    };
    say(voice, sentence, provider)
}

/// What a person can do about a key of their own that does not pay.
pub fn mend_own_key(voice: Voice<'_>, provider: &ProviderId, skip: Skip) -> String {
    if voice.own_keys != OwnKeys::Stored {
        return bring_own_key(voice, provider);
    }
    let sentence = match skip {
        Skip::Paused => "`/keys resume provider:{id} scope:user` wakes yours.",
        Skip::Refused => {
            "Replace yours with `/keys add provider:{id} scope:user`; you get one at {page}. `/keys test \
             provider:{id} scope:user` tries it again."
        }
        Skip::OutOfCredit => {
            "Top up the account behind yours at {provider}, then run `/keys test provider:{id} scope:user`."
        }
        Skip::Expired | Skip::OtherAddress | Skip::NotSetUp | Skip::Damaged => {
            "Add yours again with `/keys add provider:{id} scope:user`; you get one at {page}."
        }
        Skip::Restricted => "Check the permissions of yours at {page}, or name another provider.",
        Skip::Limit => "`/quota status` shows when there is room again.",
        Skip::UnknownPrice | Skip::ModelNotAllowed => {
            "Name another model: the list that appears while you type `model:` shows which."
        }
        Skip::Locked => {
            "Add yours again with `/keys add provider:{id} scope:user`, or ask the operator of this bot to unlock it."
        }
        Skip::Tier | Skip::Blocked => "`/quota status` shows what you can use.",
        Skip::AnotherServer(_)
        | Skip::DirectMessage
        | Skip::NotInstalledHere
        | Skip::AnotherPerson
        | Skip::RequestHasItsOwn
        | Skip::OwnKeyOnly => return bring_own_key(voice, provider),
    };
    say(voice, sentence, provider)
}

fn say(voice: Voice<'_>, sentence: &str, provider: &ProviderId) -> String {
    voice.lang.say(
        sentence,
        &[
            ("provider", &voice.name(provider)),
            ("id", provider),
            ("page", &voice.key_page(provider)),
        ],
    )
}
