//! Plain types that every other module speaks. No I/O, nothing of ours
//! is used from here.
//!
//! `docs/glossary.md` explains the words: an *ask* is one request to a model, an
//! *offer* is a key that could pay for it, the *trace* says why each offer
//! was taken or skipped, a *refusal* is a no that a person can act on.

mod access;
mod asks;
mod bounds;
mod calls;
mod clock;
mod ids;
mod payment;
mod refusal;
mod requests;
pub mod snowflake;
mod text;

pub use access::key::{Credential, Health, Key, KeyGoal, Owner, Scope};
pub use access::lifetime::{LIFETIMES_DAYS, Lifetime};
pub use access::pasted::{OtherSecret, Wrapping};
pub use access::redact::{has_secret, quotable, redact};
pub use access::session::{
    BegunSignIn, BrowserSession, BrowserSessionId, NoKeyMade, ReturnedSignIn,
};
pub use access::token::{Right, Scopes, TOKEN_PREFIX, Token, TokenId};
pub use access::typed_keys::{TypedKinds, without_keys};
pub use asks::ask::{Ask, Caller, Place, Words};
pub use asks::chat::{
    Answer, BrokenAnswer, FellBack, FinishReason, UnpaidChoice, WhyFellBack, WhyUnpaid,
};
pub use asks::choice::{Choice, ChoiceKind, ChoiceScope};
pub use asks::image::{
    ImageSpec, MissingPicture, OutputWish, PICTURE_MB_MAX, PICTURES_MAX, PREVIEWS_MAX,
    PictureAnswer, PictureAsk, PriceEstimate, Size, Stage, Steps, parse_seed,
};
pub use asks::lora::{LORAS_MAX, Lora};
pub use asks::record::{ANSWERS_KEPT_DAYS, AnswerRecord, Choices, PictureJob};
pub use asks::turn::{LeftOut, Picture, PictureKind, Role, Turn};
pub use asks::unread_file::{FileKind, UnreadFile, WhyUnread};
pub use bounds::bounded_map::BoundedMap;
pub use bounds::lock::lock;
pub use bounds::memory::{
    BodyBuffer, BodyOwner, GrowingPermit, MemoryBudget, MemoryPermit, MemoryUse, NoMemory,
};
pub use bounds::ttl_cache::TtlCache;
pub use calls::attempt::{Amounts, Attempt, AttemptId, Outcome, Settlement};
pub use calls::check::{Check, FailureClass, ForeignFile, ProviderFailure, Restriction};
pub use calls::departure::Departure;
pub use calls::passed_events::PassedEvents;
pub use calls::paths::{RERANK_PATH, SPEECH_PATH, TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH};
pub use calls::provider::{BadBody, CallDialect, ProviderKind, Surface};
pub use calls::provider_error::{ErrorForm, ProviderError};
pub use calls::service_terms::{ServiceTerm, ServiceTerms};
pub use calls::sound::{SOUND_TOKENS_PER_S, SoundAmount};
pub use calls::usage::{
    BYTES_IN_A_TOKEN, ClassCounts, HeardBytes, PromptTokens, Usage, UsageClass, UsageDetails,
};
pub use clock::{Clock, DAY_MS, HOUR_MS, MINUTE_MS};
pub use ids::{KeyId, NO_MODEL, PersonId, ProviderId, ServerId};
pub use payment::money::NanoDollars;
pub use payment::offer::{Offer, Sealed, Skip, Source, Step, Trace, Verdict};
pub use payment::quota::{
    BlockTarget, Blocked, Bound, ChosenLimits, Limit, LimitHit, LimitLeft, LimitUse, Metric,
    Period, SetBlock, SetLimit, Span, Tier, Window,
};
pub use payment::receipt::{CutReport, PriceList, Receipt, ReceiptLine};
pub use refusal::{
    AccessRefusal, AskRefusal, CheckGoal, Contradiction, ConversationRefusal, DurationOf, KeptKey,
    KeyRefusal, OwnKeyWay, PictureRefusal, QuotaRefusal, Refusal, TokenRefusal,
};
pub use requests::address_pace::AddressPace;
pub use requests::content_coding::{ContentCoding, Pieces, READ_CODINGS, UnknownCoding};
pub use requests::network::{Network, counted_address};
pub use requests::origin::RequestOrigin;
pub use text::invisible::{is_blank, is_invisible};
pub use text::nearest::nearest_names;
pub use text::numbers::grouped;
