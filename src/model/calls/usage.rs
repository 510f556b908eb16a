//! What a call used: tokens of each class, and what is paid for by the piece.

use super::service_terms::ServiceTerms;
use crate::model::payment::money::NanoDollars;

/// How many bytes a token has in most texts, for estimates of what nobody
/// counted. Where a limit must hold, a token is taken to have a single byte.
pub const BYTES_IN_A_TOKEN: u64 = 4;

/// How many tokens a prompt has, before anybody has counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PromptTokens {
    /// About so many: what is booked where the provider never says.
    pub likely: u64,
    /// So many at the most: what is held.
    pub most: u64,
}

/// Tokens that a call used, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input, whatever its class.
    pub input_tokens: u64,
    /// All output that is billed, reasoning included.
    pub output_tokens: u64,
    /// Both together, where the provider does not say each of them; else 0.
    pub total_tokens: u64,
    /// The part of the input that was read from a cache.
    pub cached_tokens: u64,
    /// The part of the output that was reasoning.
    pub reasoning_tokens: u64,
    pub details: UsageDetails,
    /// What the provider says it cost; few do.
    pub cost: Option<NanoDollars>,
    /// Another charges for it too, and the provider does not say what.
    pub cost_is_untold: bool,
    /// On which terms it was served, as the answer says.
    pub terms: ServiceTerms,
}

impl PromptTokens {
    /// The same prompt so many times.
    #[must_use]
    pub fn times(self, calls: u64) -> Self {
        Self {
            likely: self.likely.saturating_mul(calls),
            most: self.most.saturating_mul(calls),
        }
    }
}

/// How much of an answer has come, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeardBytes {
    /// What is an answer: words, in each of the answers, and arguments of tools.
    pub written: u64,
    /// What the model lets see of its thinking, which may be less than it thinks.
    pub thought: u64,
}

impl HeardBytes {
    /// Both.
    pub fn all(self) -> u64 {
        self.written.saturating_add(self.thought)
    }

    /// Takes in that more has come.
    pub fn add(&mut self, more: Self) {
        self.written = self.written.saturating_add(more.written);
        self.thought = self.thought.saturating_add(more.thought);
    }
}

/// Further parts of the input and the output that have prices of their own,
/// and what is paid for by the piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageDetails {
    /// Parts of the input that were written to a cache: for as long as the
    /// provider chose, or for as long as the call asked.
    pub cache_write: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub cache_write_12h: u64,
    /// The part of the input that the provider's own tools read.
    pub tool_input: u64,
    pub input_audio: u64,
    pub input_image: u64,
    pub input_video: u64,
    /// The parts of the cached input that are audio and pictures.
    pub cached_audio: u64,
    pub cached_image: u64,
    pub output_audio: u64,
    pub output_image: u64,
    /// Searches of the web, and of files that the provider keeps.
    pub web_searches: u64,
    pub file_searches: u64,
    /// Answers that were looked up on a map.
    pub map_searches: u64,
    /// Calls of other tools of the provider's, and containers in which they ran.
    pub tool_calls: u64,
    pub containers: u64,
    /// Tokens of another model that was asked on the way.
    pub other_model: u64,
    /// Seconds of audio, where those are paid for and no tokens.
    pub audio_seconds: u64,
    /// Characters that are read aloud, where those are paid for.
    pub characters: u64,
    /// Searches among documents that the call has with it, where those are paid
    /// for.
    pub searches: u64,
    /// Jobs that go on after the answer, and of which it says no usage.
    pub jobs: u64,
    /// Pictures that a tool of the provider's made beside the answer.
    pub pictures: u64,
}

/// A class of what calls use. Each may have a price of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UsageClass {
    /// Input of no other class.
    Input,
    CachedInput,
    CachedAudio,
    CachedImage,
    CacheWrite,
    CacheWrite5m,
    CacheWrite1h,
    CacheWrite12h,
    ToolInput,
    InputAudio,
    InputImage,
    InputVideo,
    /// Output of no other class.
    Output,
    Reasoning,
    OutputAudio,
    OutputImage,
    WebSearch,
    FileSearch,
    /// An answer that was looked up on a map.
    MapSearch,
    /// Another tool of the provider's.
    ToolCall,
    /// A machine on which such tools ran.
    Container,
    /// Tokens of another model, in and out.
    OtherModel,
    AudioSecond,
    /// Characters that are read aloud.
    Character,
    /// A search among documents that the call has with it.
    Search,
    /// A job that goes on after its answer.
    Job,
    /// The call itself.
    Call,
    Picture,
    /// Milliseconds of a machine.
    Machine,
}

/// How much of each class a call used. No token is in two classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassCounts([u64; UsageClass::ALL.len()]);

/// The classes, and their names in answers, the database and files of prices.
macro_rules! classes {
    ($($class:ident = $name:literal),+) => {
        impl UsageClass {
            /// Every one, in the order in which a receipt lists them.
            pub const ALL: &[Self] = &[$(Self::$class),+];

            /// Its name in answers and in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$class => $name),+
                }
            }

            /// Reads its name.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$class),)+
                    _ => None,
                }
            }
        }
    };
}

classes!(
    Input = "input",
    CachedInput = "cached_input",
    CachedAudio = "cached_audio",
    CachedImage = "cached_image",
    CacheWrite = "cache_write",
    CacheWrite5m = "cache_write_5m",
    CacheWrite1h = "cache_write_1h",
    CacheWrite12h = "cache_write_12h",
    ToolInput = "tool_input",
    InputAudio = "input_audio",
    InputImage = "input_image",
    InputVideo = "input_video",
    Output = "output",
    Reasoning = "reasoning",
    OutputAudio = "output_audio",
    OutputImage = "output_image",
    WebSearch = "web_search",
    FileSearch = "file_search",
    MapSearch = "map_search",
    ToolCall = "tool_call",
    Container = "container",
    OtherModel = "other_model",
    AudioSecond = "audio_second",
    Character = "character",
    Search = "search",
    Job = "job",
    Call = "call",
    Picture = "picture",
    Machine = "machine_ms"
);

impl UsageClass {
    /// How many of it a price is for.
    pub fn unit(self) -> u64 {
        match self {
            Self::Picture | Self::Container | Self::AudioSecond | Self::Job => 1,
            Self::WebSearch
            | Self::FileSearch
            | Self::MapSearch
            | Self::ToolCall
            | Self::Search
            | Self::Call
            | Self::Machine => 1_000,
            _ => 1_000_000,
        }
    }

    /// Whether it is a fee, which has a price of its own or an unknown one.
    pub fn is_fee(self) -> bool {
        (Self::WebSearch..Self::Call).contains(&self)
    }

    /// Whether it is a part of the input.
    pub fn is_input(self) -> bool {
        self < Self::Output
    }
}

impl ClassCounts {
    /// Sets how much of a class was used.
    pub fn set(&mut self, class: UsageClass, count: u64) {
        if let Some(known) = self.0.get_mut(class as usize) {
            *known = count;
        }
    }

    /// These counts, with this much of one class.
    #[must_use]
    pub fn with(mut self, class: UsageClass, count: u64) -> Self {
        self.set(class, count);
        self
    }

    /// How much of a class was used.
    pub fn get(&self, class: UsageClass) -> u64 {
        self.0.get(class as usize).copied().unwrap_or(0)
    }

    /// The classes of which something was used, in the order of a receipt.
    pub fn iter(&self) -> impl Iterator<Item = (UsageClass, u64)> {
        let counts = UsageClass::ALL.iter().zip(self.0);
        counts
            .filter(|(_, count)| *count > 0)
            .map(|(class, count)| (*class, count))
    }

    /// All input, on which tiers of prices depend.
    pub fn input_tokens(&self) -> u64 {
        let input = self.iter().filter(|(class, _)| class.is_input());
        input.fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Takes up to `count` of what is left for a class.
    fn take(&mut self, class: UsageClass, count: u64, left: &mut u64) {
        let taken = count.min(*left);
        *left -= taken;
        self.set(class, taken);
    }
}

impl Usage {
    /// Sorts what was used into classes. Where a provider says that parts
    /// overlap, and not how, the sum of the classes is still the whole.
    pub fn counts(&self) -> ClassCounts {
        use UsageClass as C;
        let details = &self.details;
        let cached_otherwise = details.cached_audio.saturating_add(details.cached_image);
        let mut counts = ClassCounts::default();
        let mut left = self.input_tokens;
        for (class, count) in [
            (C::CachedAudio, details.cached_audio),
            (C::CachedImage, details.cached_image),
            (
                C::CachedInput,
                self.cached_tokens.saturating_sub(cached_otherwise),
            ),
            (C::CacheWrite12h, details.cache_write_12h),
            (C::CacheWrite1h, details.cache_write_1h),
            (C::CacheWrite5m, details.cache_write_5m),
            (C::CacheWrite, details.cache_write),
            (C::ToolInput, details.tool_input),
            (
                C::InputAudio,
                details.input_audio.saturating_sub(details.cached_audio),
            ),
            (
                C::InputImage,
                details.input_image.saturating_sub(details.cached_image),
            ),
            (C::InputVideo, details.input_video),
        ] {
            counts.take(class, count, &mut left);
        }
        counts.set(C::Input, left);
        let mut left = self.output_tokens;
        for (class, count) in [
            (C::OutputImage, details.output_image),
            (C::OutputAudio, details.output_audio),
            (C::Reasoning, self.reasoning_tokens),
        ] {
            counts.take(class, count, &mut left);
        }
        counts.set(C::Output, left);
        counts.set(C::WebSearch, details.web_searches);
        counts.set(C::FileSearch, details.file_searches);
        counts.set(C::MapSearch, details.map_searches);
        counts.set(C::ToolCall, details.tool_calls);
        counts.set(C::Container, details.containers);
        counts.set(C::OtherModel, details.other_model);
        counts.set(C::AudioSecond, details.audio_seconds);
        counts.set(C::Character, details.characters);
        counts.set(C::Search, details.searches);
        counts.set(C::Job, details.jobs);
        counts.set(C::Picture, details.pictures);
        counts
    }

    /// Adds what another call used.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let (ours, theirs) = (self.details, more.details);
        Self {
            input_tokens: self.input_tokens.saturating_add(more.input_tokens),
            output_tokens: self.output_tokens.saturating_add(more.output_tokens),
            total_tokens: self.total_tokens.saturating_add(more.total_tokens),
            cached_tokens: self.cached_tokens.saturating_add(more.cached_tokens),
            reasoning_tokens: self.reasoning_tokens.saturating_add(more.reasoning_tokens),
            details: UsageDetails {
                cache_write: ours.cache_write.saturating_add(theirs.cache_write),
                cache_write_5m: ours.cache_write_5m.saturating_add(theirs.cache_write_5m),
                cache_write_1h: ours.cache_write_1h.saturating_add(theirs.cache_write_1h),
                cache_write_12h: ours.cache_write_12h.saturating_add(theirs.cache_write_12h),
                tool_input: ours.tool_input.saturating_add(theirs.tool_input),
                input_audio: ours.input_audio.saturating_add(theirs.input_audio),
                input_image: ours.input_image.saturating_add(theirs.input_image),
                input_video: ours.input_video.saturating_add(theirs.input_video),
                cached_audio: ours.cached_audio.saturating_add(theirs.cached_audio),
                cached_image: ours.cached_image.saturating_add(theirs.cached_image),
                output_audio: ours.output_audio.saturating_add(theirs.output_audio),
                output_image: ours.output_image.saturating_add(theirs.output_image),
                web_searches: ours.web_searches.saturating_add(theirs.web_searches),
                file_searches: ours.file_searches.saturating_add(theirs.file_searches),
                map_searches: ours.map_searches.saturating_add(theirs.map_searches),
                tool_calls: ours.tool_calls.saturating_add(theirs.tool_calls),
                containers: ours.containers.saturating_add(theirs.containers),
                other_model: ours.other_model.saturating_add(theirs.other_model),
                audio_seconds: ours.audio_seconds.saturating_add(theirs.audio_seconds),
                characters: ours.characters.saturating_add(theirs.characters),
                searches: ours.searches.saturating_add(theirs.searches),
                jobs: ours.jobs.saturating_add(theirs.jobs),
                pictures: ours.pictures.saturating_add(theirs.pictures),
            },
            cost_is_untold: self.cost_is_untold || more.cost_is_untold,
            cost: self
                .cost
                .zip(more.cost)
                .map(|(old, new)| NanoDollars(old.0.saturating_add(new.0))),
            terms: self.terms.and(more.terms),
        }
    }

    /// The same, with no part larger than what it is a part of: what was read
    /// from a cache and what was reasoning are what the classes say.
    #[must_use]
    pub fn with_parts_within(self) -> Self {
        let counts = self.counts();
        let cached = [
            UsageClass::CachedInput,
            UsageClass::CachedAudio,
            UsageClass::CachedImage,
        ];
        let cached = cached.map(|class| counts.get(class));
        Self {
            cached_tokens: cached.into_iter().fold(0, u64::saturating_add),
            reasoning_tokens: counts.get(UsageClass::Reasoning),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_read_back_and_the_classes_stand_in_order() {
        for (at, class) in UsageClass::ALL.iter().enumerate() {
            assert_eq!(UsageClass::parse(class.as_str()), Some(*class));
            assert_eq!(*class as usize, at);
        }
        assert!(UsageClass::InputVideo.is_input() && !UsageClass::Output.is_input());
    }

    #[test]
    fn every_token_is_in_one_class() {
        let usage = Usage {
            input_tokens: 100,
            output_tokens: 50,
            cached_tokens: 30,
            reasoning_tokens: 20,
            details: UsageDetails {
                cache_write_5m: 10,
                input_audio: 15,
                cached_audio: 5,
                output_image: 12,
                web_searches: 2,
                ..UsageDetails::default()
            },
            ..Usage::default()
        };
        let counts: Vec<String> = usage
            .counts()
            .iter()
            .map(|(class, count)| format!("{}={count}", class.as_str()))
            .collect();
        assert_eq!(
            counts.join(" "),
            "input=50 cached_input=25 cached_audio=5 cache_write_5m=10 input_audio=10 \
             output=18 reasoning=20 output_image=12 web_search=2"
        );
    }

    proptest! {
        #[test]
        fn whatever_a_provider_reports_the_classes_add_up_to_the_whole(
            totals in prop::array::uniform4(0..1_000_u64),
            parts in prop::array::uniform8(0..1_000_u64),
        ) {
            let [input_tokens, output_tokens, cached_tokens, reasoning_tokens] = totals;
            let [a, b, c, d, e, f, g, h] = parts;
            let details = UsageDetails {
                cache_write_1h: a, tool_input: b, input_audio: c, cached_audio: d,
                input_image: e, cached_image: f, output_audio: g, output_image: h,
                ..UsageDetails::default()
            };
            let usage = Usage {
                input_tokens, output_tokens, cached_tokens, reasoning_tokens, details,
                ..Usage::default()
            };
            let counts = usage.counts();
            let told = usage.with_parts_within();
            prop_assert!(told.cached_tokens <= input_tokens);
            prop_assert!(told.reasoning_tokens <= output_tokens);
            prop_assert_eq!(told.counts(), counts);
            prop_assert_eq!(told.with_parts_within(), told);
            prop_assert_eq!(counts.input_tokens(), input_tokens);
            let all: u64 = counts.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(all, input_tokens + output_tokens);
        }
    }
}
