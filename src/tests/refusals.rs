//! One of every refusal, with every reason that a key may have.

use std::time::Duration;

use super::keys::key_refusals::key_refusals;
use crate::model::{
    AccessRefusal, AskRefusal, BlockTarget, Blocked, Bound, Contradiction, ConversationRefusal,
    DurationOf, FailureClass, KeyId, Limit, LimitHit, Metric, OwnKeyWay, Period, PersonId,
    PictureKind, PictureRefusal, ProviderFailure, ProviderId, QuotaRefusal, Refusal, Restriction,
    ServerId, SetBlock, Skip, Source, Span, Step, TokenRefusal, Trace, Verdict, Window, Words,
};

/// All refusals that people can read.
pub fn all_refusals() -> Vec<Refusal> {
    let mut all = ask_refusals();
    all.extend(key_refusals());
    all.extend(quota_refusals());
    all.extend(other_refusals());
    all
}

const SKIPS: [Skip; 20] = [
    Skip::AnotherServer(ServerId(1)),
    Skip::DirectMessage,
    Skip::NotInstalledHere,
    Skip::AnotherPerson,
    Skip::RequestHasItsOwn,
    Skip::Tier,
    Skip::Locked,
    Skip::Paused,
    Skip::Expired,
    Skip::Refused,
    Skip::OutOfCredit,
    Skip::Limit,
    Skip::UnknownPrice,
    Skip::OwnKeyOnly,
    Skip::OtherAddress,
    Skip::NotSetUp,
    Skip::Restricted,
    Skip::ModelNotAllowed,
    Skip::Blocked,
    Skip::Damaged,
];
const SOURCES: [Source; 4] = [
    Source::Request,
    Source::Personal,
    Source::Server,
    Source::BotDefault,
];
const CLASSES: [FailureClass; 35] = {
    use FailureClass as F;
    [
        F::AuthInvalid,
        F::AuthForbidden(Restriction::Model),
        F::AuthForbidden(Restriction::Address),
        F::AuthForbidden(Restriction::Country),
        F::AuthForbidden(Restriction::Permission),
        F::AuthForbidden(Restriction::Spent),
        F::AuthForbidden(Restriction::Suspended),
        F::AuthForbidden(Restriction::Unverified),
        F::AuthForbidden(Restriction::FreeTier),
        F::AuthForbidden(Restriction::Unsaid),
        F::Billing,
        F::RateLimited,
        F::ModelNotFound,
        F::ContextTooLong,
        F::ContentBlocked,
        F::PictureRefused,
        F::BadRequest,
        F::Upstream,
        F::Unreachable,
        F::TimedOut,
        F::CutOff,
        F::TooLarge,
        F::NoMemory,
        F::NoPicture,
        F::UntrustedResult,
        F::WorkflowFailed,
        F::ModelFileMissing,
        F::NodeMissing,
        F::MachineFailed,
        F::OutOfMemory,
        F::ResultLost,
        F::Cancelled,
        F::Expired,
        F::NotSetUp,
        F::WrongOrigin,
    ]
};

const BLOCKED: [Blocked; 8] = [
    Blocked::Everyone,
    Blocked::Server(ServerId(1)),
    Blocked::Person(PersonId(1)),
    Blocked::Role(1),
    Blocked::Channel(1),
    Blocked::InServer(ServerId(1), BlockTarget::Person(PersonId(1))),
    Blocked::InServer(ServerId(1), BlockTarget::Role(1)),
    Blocked::InServer(ServerId(1), BlockTarget::Channel(1)),
];

fn openai() -> ProviderId {
    ProviderId::from("openai")
}

/// Every refusal about an ask that names no payer.
#[expect(clippy::too_many_lines, reason = "a list of refusals")]
fn plain_ask_refusals() -> Vec<AskRefusal> {
    use AskRefusal as A;
    vec![
        A::NotAChatProvider { provider: openai() },
        A::PicturesAlone {
            model: "openai/gpt-image-2".into(),
        },
        A::UnknownModel {
            model: String::new(),
            offered: Vec::new(),
        },
        A::UnknownModel {
            model: "made-up".into(),
            offered: vec!["openai/gpt-6-luna".into()],
        },
        A::ProviderAsModel {
            provider: openai(),
            usual: None,
        },
        A::ProviderAsModel {
            provider: openai(),
            usual: Some("openai/gpt-6-luna".into()),
        },
        A::NoModelsName { typed: "/".into() },
        A::SpacesInModel {
            typed: "gpt 6 luna".into(),
            meant: Some("openai/gpt-6-luna".into()),
        },
        A::SpacesInModel {
            typed: "made up".into(),
            meant: None,
        },
        A::ModelMissing { provider: openai() },
        A::ModelOfAnother {
            provider: openai(),
            of: ProviderId::from("anthropic"),
            model: "made-up".into(),
        },
        A::NoDefaultModel {
            provider: ProviderId::from("vllm"),
            offered: Vec::new(),
        },
        A::NoDefaultModel {
            provider: ProviderId::from("vllm"),
            offered: vec!["made-up-1".into(), "made-up-2".into()],
        },
        A::ModelNotAllowed {
            provider: openai(),
            model: "made-up".into(),
        },
        A::ModelRetired {
            provider: openai(),
            model: "made-up".into(),
            replacement: "made-up-2".into(),
        },
        A::NoSuchPersona {
            name: "made-up".into(),
        },
        A::PersonaOfACommand {
            name: "made-up".into(),
        },
        A::EmptyPrompt,
        A::OwnKeyOnly {
            what: "made-up".into(),
        },
        A::MalformedField {
            what: "made-up".into(),
        },
        A::Untranslatable {
            what: "made-up".into(),
        },
        A::Stopping,
        A::Stopped,
    ]
}

/// Every refusal about an ask, with every reason that a key may have.
fn ask_refusals() -> Vec<Refusal> {
    use AskRefusal as A;
    let mut all = plain_ask_refusals();
    for source in SOURCES {
        for class in CLASSES.into_iter().chain([FailureClass::DamagedKey]) {
            let failure = ProviderFailure {
                provider: openai(),
                class,
                status: None,
                retry_after: Some(Duration::from_secs(5)),
                subject: None,
            };
            all.push(A::Provider {
                failure,
                payer: source,
            });
        }
        for skip in SKIPS {
            for providers in [&["openai"][..], &["openai", "groq"]] {
                let steps = providers.iter().map(|id| Step {
                    provider: ProviderId::from(*id),
                    source,
                    key: Some(KeyId([1; 16])),
                    is_partial: false,
                    verdict: Verdict::Skipped(skip),
                });
                let trace = Trace(steps.collect());
                for in_server in [true, false] {
                    all.push(A::NobodyPays {
                        trace: trace.clone(),
                        in_server,
                    });
                }
            }
        }
    }
    all.into_iter().map(Refusal::from).collect()
}

#[expect(clippy::too_many_lines, reason = "a list of refusals")]
fn quota_refusals() -> Vec<Refusal> {
    use QuotaRefusal as Q;
    let mut all: Vec<Q> = vec![
        Q::NoSuchLimit,
        Q::TooManyLimits { max: 5 },
        Q::BadAmount,
        Q::AmountTooLarge(Metric::Cost),
        Q::NameOne,
        Q::Contradiction(Contradiction::PersonAndServer),
        Q::Contradiction(Contradiction::RoleAndTogether),
        Q::Contradiction(Contradiction::MinuteAndCalendar),
        Q::Contradiction(Contradiction::DollarsOfACount),
        Q::Contradiction(Contradiction::DurationWithoutTier),
        Q::BadServer,
        Q::NotInServer,
        Q::BadDuration(DurationOf::LookBack),
        Q::BadDuration(DurationOf::Block),
        Q::BadDuration(DurationOf::Tier),
        Q::BadDuration(DurationOf::Token),
        Q::DurationTooLong(DurationOf::Block),
        Q::DurationTooLong(DurationOf::Tier),
        Q::DurationTooLong(DurationOf::LookBack),
    ];
    let name = "made-up".to_owned();
    all.push(Q::NoSuchTier { name });
    let block = |whom| SetBlock {
        whom,
        since_ms: 0,
        until_ms: None,
    };
    all.extend(BLOCKED.map(|whom| Q::Blocked(block(whom))));
    let bounds = [
        Bound::Tier,
        Bound::Bot,
        Bound::BotInServer,
        Bound::BotForPerson,
        Bound::ServerKey,
        Bound::Member,
        Bound::Role(1),
    ];
    let span = Span {
        period: Period::Day,
        window: Window::Calendar,
    };
    let limit = Limit {
        metric: Metric::Requests,
        span,
        max: 5,
    };
    let ways = [OwnKeyWay::Add, OwnKeyWay::NoHelp].into_iter();
    for own_key in ways.chain(SKIPS.map(OwnKeyWay::Mend)) {
        for payer in [Source::Personal, Source::Server, Source::BotDefault] {
            all.push(Q::UnknownPrice {
                provider: openai(),
                model: "made-up".into(),
                payer,
                own_key,
            });
            all.extend(bounds.map(|bound| Q::LimitReached {
                hit: Box::new(LimitHit {
                    bound,
                    limit,
                    used: 5,
                    renews_at_ms: Some(1),
                    empties_at_ms: Some(1),
                }),
                payer,
                provider: openai(),
                retry_after_s: Some(1),
                own_key,
            }));
        }
    }
    all.into_iter().map(Refusal::from).collect()
}

#[expect(clippy::too_many_lines, reason = "one line for each refusal")]
fn other_refusals() -> Vec<Refusal> {
    use {AccessRefusal as A, ConversationRefusal as C, PictureRefusal as P, TokenRefusal as T};
    let access = [
        A::NotAManager,
        A::BudgetForManagers,
        A::UsageForManagers,
        A::OnlyManagers,
        A::OnlyManagersChoose,
        A::UsageForOperators,
        A::NotAnOperator,
        A::NotInAServer,
        A::NotInstalledHere,
        A::NeedsServer,
        A::NeedsBotInServer,
        A::NotAMember,
        A::DiscordAway,
        A::StaleForm,
        A::NotConfirmed,
        A::NotYours,
    ];
    let conversation = [
        C::TooManyAtOnce,
        C::ChannelIsBusy,
        C::StaleAnswer,
        C::NothingToRead,
        C::NotInThisServer,
        C::MayNotReadHere,
        C::BotMayNotReadHere,
        C::BotReadsNothing,
        C::NotInThisConversation,
        C::DiscordUnread,
        C::QuestionGone,
    ];
    let pictures = [
        P::NotAnImageProvider { provider: openai() },
        P::CannotEdit,
        P::ModelMakesNone {
            provider: openai(),
            model: "made-up".into(),
            able: Vec::new(),
        },
        P::ModelMakesNone {
            provider: openai(),
            model: "made-up".into(),
            able: vec!["openai/made-up-2".into(), "xai/made-up-3".into()],
        },
        P::NoModelNamed { provider: openai() },
        P::NobodyMakesAny,
        P::UnknownLora {
            lora: "made-up".into(),
            known: Vec::new(),
        },
        P::UnknownLora {
            lora: "made-up".into(),
            known: vec!["made-up-2.safetensors".into()],
        },
        P::LoraNotTaken { provider: openai() },
        P::EmptyPrompt,
        P::NotEnhanced,
        P::UnknownImageModel {
            model: "made-up".into(),
        },
        P::WorkflowPicture {
            workflow: "made-up".into(),
            takes_one: true,
        },
        P::AgeRestrictedOnly,
        P::Flagged,
        P::NotModerated,
        P::TooManyPicturesAtOnce,
        P::PictureNotKept,
        P::PictureLost,
        P::PictureCutOff { provider: openai() },
        P::KeptElsewhere {
            provider: openai(),
            address: "made-up.example".into(),
        },
        P::PictureShown,
        P::BadSize,
        P::BadSeed,
        P::BadPicture,
        P::KindNotTaken {
            provider: openai(),
            kind: PictureKind::Gif,
        },
        P::SeedNotTaken { provider: openai() },
        P::AnsweredInWords {
            provider: openai(),
            words: Words("Which one?".into()),
        },
    ];
    let tokens = [
        T::BadToken,
        T::TooManyBadTokens,
        T::BadScopes,
        T::NoSuchToken,
        T::SeveralTokens,
        T::TooManyTokens { max: 5 },
        T::TokenTooLong { days: 5 },
        T::TokenForAnotherServer,
        T::TokenWithoutServer,
        T::TokenOfAnotherServer,
        T::BadIdempotencyKey,
        T::IdempotencyKeyReused,
        T::CallInFlight,
    ];
    let mut all: Vec<Refusal> = access.into_iter().map(Refusal::from).collect();
    all.extend(conversation.into_iter().map(Refusal::from));
    all.extend(pictures.into_iter().map(Refusal::from));
    all.extend(tokens.into_iter().map(Refusal::from));
    all
}
