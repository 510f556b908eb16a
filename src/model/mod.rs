//! Plain types that every other module speaks. No I/O, nothing of ours
//! is used from here.
//!
//! `docs/glossary.md` explains the words: an *ask* is one request to a model, an
//! *offer* is a key that could pay for it, the *trace* says why each offer
//! was taken or skipped, a *refusal* is a no that a person can act on.

mod address_pace;
mod ask;
mod attempt;
mod bounded_map;
mod chat;
mod check;
mod choice;
mod clock;
mod content_coding;
mod departure;
mod ids;
mod image;
mod invisible;
mod key;
mod lock;
mod memory;
mod money;
mod nearest;
mod network;
mod numbers;
mod offer;
mod origin;
mod passed_events;
mod pasted;
mod pieces;
mod provider;
mod provider_error;
mod quota;
mod receipt;
mod record;
mod redact;
mod refusal;
mod service_terms;
mod session;
pub mod snowflake;
mod token;
mod ttl_cache;
mod turn;
mod unread_file;
mod usage;

pub use address_pace::AddressPace;
pub use ask::{Ask, Caller, Place, Words};
pub use attempt::{Amounts, Attempt, AttemptId, Outcome, Settlement};
pub use bounded_map::BoundedMap;
pub use chat::{Answer, BrokenAnswer, FellBack, FinishReason, WhyFellBack};
pub use check::{Check, FailureClass, ProviderFailure, Restriction};
pub use choice::{Choice, ChoiceKind, ChoiceScope};
pub use clock::{Clock, DAY_MS, HOUR_MS, MINUTE_MS};
pub use content_coding::{ContentCoding, Pieces, READ_CODINGS, UnknownCoding};
pub use departure::Departure;
pub use ids::{KeyId, PersonId, ProviderId, ServerId};
pub use image::{
    ImageSpec, MissingPicture, OutputWish, PICTURE_MB_MAX, PICTURES_MAX, PREVIEWS_MAX,
    PictureAnswer, PictureAsk, PriceEstimate, Size, Stage, Steps, parse_seed,
};
pub use invisible::{is_blank, is_invisible};
pub use key::{Credential, Health, Key, KeyGoal, Owner, Scope};
pub use lock::lock;
pub use memory::{
    BodyBuffer, BodyOwner, GrowingPermit, MemoryBudget, MemoryPermit, MemoryUse, NoMemory,
};
pub use money::NanoDollars;
pub use nearest::nearest_names;
pub use network::{Network, counted_address};
pub use numbers::grouped;
pub use offer::{Offer, Sealed, Skip, Source, Step, Trace, Verdict};
pub use origin::RequestOrigin;
pub use passed_events::PassedEvents;
pub use pasted::{OtherSecret, Wrapping};
pub use provider::{BadBody, CallDialect, ProviderKind, Surface};
pub use provider_error::{ErrorForm, ProviderError};
pub use quota::{
    BlockTarget, Blocked, Bound, Limit, LimitHit, LimitLeft, LimitUse, Metric, Period, SetLimit,
    Span, Tier, Window,
};
pub use receipt::{CutReport, PriceList, Receipt, ReceiptLine};
pub use record::{ANSWERS_KEPT_DAYS, AnswerRecord, Choices, PictureJob};
pub use redact::{quotable, redact};
pub use refusal::{
    AccessRefusal, AskRefusal, CheckGoal, Contradiction, ConversationRefusal, DurationOf, KeptKey,
    KeyRefusal, PictureRefusal, QuotaRefusal, Refusal, TokenRefusal,
};
pub use service_terms::{ServiceTerm, ServiceTerms};
pub use session::{BegunSignIn, BrowserSession, BrowserSessionId, ReturnedSignIn};
pub use token::{Right, Scopes, TOKEN_PREFIX, Token, TokenId};
pub use ttl_cache::TtlCache;
pub use turn::{LeftOut, Picture, PictureKind, Role, Turn};
pub use unread_file::{FileKind, UnreadFile, WhyUnread};
pub use usage::{
    BYTES_IN_A_TOKEN, ClassCounts, HeardBytes, PromptTokens, SoundAmount, Usage, UsageClass,
    UsageDetails,
};
