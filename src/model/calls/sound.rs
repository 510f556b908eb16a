//! What a call is given or makes that is not paid for by the token: sound, and
//! searches, before anybody has counted them.

use super::usage::{PromptTokens, Usage, UsageDetails};

/// About how many tokens a second of sound has at OpenAI: `docs/providers.md` §14.13.
pub const SOUND_TOKENS_PER_S: u64 = 10;

/// Sound that a call is given, or that is made of its words, as far as it is paid
/// for, before anybody has counted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoundAmount {
    /// How many seconds are held and, where the provider says nothing, booked.
    pub seconds: u64,
    /// The fewest seconds that a call is paid for.
    pub seconds_min: u64,
    /// Whether the bytes tell the seconds for sure.
    pub is_measured: bool,
    /// Where tokens are paid for and no seconds: about so many, and so many at
    /// the most.
    pub tokens: PromptTokens,
    /// Characters that are read aloud.
    pub characters: u64,
    /// Searches among documents, which are no sound and paid for in the same way.
    pub searches: u64,
}

impl SoundAmount {
    /// Whether it may play for longer than is held for it.
    pub fn may_be_longer(self) -> bool {
        self.seconds > 0 && !self.is_measured
    }

    /// Whether it is known what it costs before anybody has counted it: of tokens
    /// that is never sure.
    pub fn has_known_cost(self) -> bool {
        self.is_measured && !self.is_paid_by_tokens()
    }

    fn is_paid_by_tokens(self) -> bool {
        self.tokens.most > 0
    }

    /// What a provider reports of it, in what is paid for: seconds, as many as a
    /// call is paid for at the least, or tokens in the place of seconds that it
    /// told.
    pub fn as_paid(self, mut reported: Usage) -> Usage {
        let seconds = reported.details.audio_seconds;
        if seconds == 0 {
            return reported;
        }
        if !self.is_paid_by_tokens() {
            reported.details.audio_seconds = seconds.max(self.seconds_min);
            return reported;
        }
        reported.details.audio_seconds = 0;
        if reported.input_tokens == 0 {
            let tokens = seconds.saturating_mul(SOUND_TOKENS_PER_S);
            reported.input_tokens = tokens.min(self.tokens.most);
            reported.details.input_audio = reported.input_tokens;
            reported.cost_is_untold = true;
        }
        reported
    }

    /// What it is taken to use where nobody says it.
    pub fn likely(self) -> Usage {
        Usage {
            details: UsageDetails {
                audio_seconds: self.seconds,
                characters: self.characters,
                searches: self.searches,
                input_audio: self.tokens.likely,
                ..UsageDetails::default()
            },
            ..Usage::default()
        }
    }

    /// What it is taken to use where its call ended without its provider's word:
    /// where limits bind that, a sound that can't be measured is the longest.
    pub fn unreported(self, is_limited: bool) -> Usage {
        if is_limited && !self.is_measured {
            return self.most();
        }
        self.likely()
    }

    /// What it uses at the most.
    pub fn most(self) -> Usage {
        let mut most = self.likely();
        most.details.input_audio = self.tokens.most;
        most
    }
}
