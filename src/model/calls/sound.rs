//! What a call is given or makes that is not paid for by the token: sound, and
//! searches, before anybody has counted them.

use super::usage::{PromptTokens, Usage, UsageDetails};

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

    /// What it uses at the most.
    pub fn most(self) -> UsageDetails {
        UsageDetails {
            input_audio: self.tokens.most,
            ..self.likely().details
        }
    }
}
