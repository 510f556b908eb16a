//! One of every refusal about keys, and about what is pasted where one should
//! stand.

use crate::model::{
    Check, CheckGoal, Health, KeptKey, Key, KeyGoal, KeyId, KeyRefusal, OtherSecret, Owner,
    PersonId, ProviderId, Refusal, Scope, Wrapping,
};

const GOALS: [KeyGoal; 3] = [
    KeyGoal::Stored(Scope::User),
    KeyGoal::Stored(Scope::Guild),
    KeyGoal::Once,
];
const OTHERS: [OtherSecret; 14] = [
    OtherSecret::ServiceAccount,
    OtherSecret::OauthClient,
    OtherSecret::PrivateKey,
    OtherSecret::Login,
    OtherSecret::DiscordToken,
    OtherSecret::GitHub,
    OtherSecret::Service("made-up"),
    OtherSecret::AdminKey,
    OtherSecret::AccountId,
    OtherSecret::WebhookSecret,
    OtherSecret::OurToken,
    OtherSecret::Address,
    OtherSecret::Masked,
    OtherSecret::Placeholder,
];

/// One of every refusal about keys.
#[expect(clippy::too_many_lines, reason = "one line for each refusal")]
pub fn key_refusals() -> Vec<Refusal> {
    use KeyRefusal as K;
    let mut all = vec![
        K::ByokDisabled,
        K::UnknownProvider {
            name: "made-up".into(),
            meant: None,
        },
        K::UnknownProvider {
            name: "opnai".into(),
            meant: Some(openai()),
        },
        K::UnknownKey,
        K::TooManyChecks {
            retry_after_s: 5,
            goal: CheckGoal::Store,
        },
        K::TooManyChecks {
            retry_after_s: 5,
            goal: CheckGoal::Test,
        },
        K::TooManyRefused { retry_after_s: 5 },
        K::Locked {
            kid: "made-up".into(),
        },
        K::UnknownSystemKey,
        K::OfEnvironment {
            provider: openai(),
            variable: Some("OPENAI_API_KEY".into()),
        },
        K::OfEnvironment {
            provider: openai(),
            variable: None,
        },
        K::OnceNeedsProvider,
        K::WhoseKey { of: Vec::new() },
        K::WhoseKey {
            of: vec![openai(), ProviderId::from("deepseek")],
        },
        K::KeyForAnother {
            of: openai(),
            wanted: ProviderId::from("groq"),
        },
        K::TierWithoutByok {
            tier: "made-up".into(),
        },
        K::SecretAsName,
        K::SecretAsModel,
        K::NameTooLong {
            characters: 52,
            max: 40,
        },
        K::UnknownLifetime,
        K::TooLongForAForm,
        K::FileForAForm,
    ];
    for scope in [Scope::User, Scope::Guild] {
        all.push(K::NoSuchKey {
            provider: openai(),
            scope,
        });
        all.push(K::NothingToRemove {
            provider: openai(),
            scope,
        });
        all.push(K::Damaged {
            provider: openai(),
            scope,
        });
        for kept_old in [false, true] {
            let removed = vec![Wrapping::Quotes, Wrapping::Scheme];
            all.push(K::KeyRefused {
                provider: openai(),
                scope,
                kept_old,
                removed,
            });
        }
    }
    for found in [Check::OutOfCredit, Check::WrongExtra] {
        for waits in [None, Some("0123".to_owned())] {
            all.push(K::KeptWorking(Box::new(KeptKey {
                kept: stored_key(),
                found: found.clone(),
                removed: vec![Wrapping::Quotes],
                waits,
            })));
        }
    }
    for goal in GOALS {
        all.push(K::MalformedKey {
            problem: "it is empty",
            goal,
        });
        for is_missing in [true, false] {
            all.push(K::MalformedExtra {
                field: "Endpoint ID",
                is_missing,
                goal,
            });
        }
        let of = vec![ProviderId::from("groq"), ProviderId::from("deepseek")];
        all.push(K::LooksLikeAnothers {
            of,
            wanted: openai(),
            goal,
        });
        all.extend(OTHERS.map(|what| K::NotAKey {
            what,
            wanted: openai(),
            goal,
        }));
    }
    all.into_iter().map(Refusal::from).collect()
}

/// A key that works.
fn stored_key() -> Key {
    Key {
        id: KeyId([1; 16]),
        owner: Owner::Person(PersonId(1)),
        provider: openai(),
        name: None,
        hint: Some("6789".into()),
        health: Health::Valid,
        paused: false,
        expires_at_ms: None,
        added_by: PersonId(1),
        added_at_ms: 0,
        checked_at_ms: None,
        last_used_at_ms: None,
        master_kid: "made-up".into(),
    }
}

fn openai() -> ProviderId {
    ProviderId::from("openai")
}
