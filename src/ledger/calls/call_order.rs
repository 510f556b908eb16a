//! A call that is about to be made, and what it may use at the most.

use crate::model::{
    Attempt, ClassCounts, KeyId, PersonId, PromptTokens, ProviderId, ServerId, SoundAmount, Source,
    UsageClass,
};
use crate::store::KnownTokens;

use crate::ledger::calls::attempt_ids::make_id;
use crate::ledger::counting::meter::AppliedLimit;
use crate::ledger::pricing::prices::{PricedModel, Prices};
use crate::ledger::writing::batch::{Need, Price};

/// Tokens that a provider adds to a prompt, at the most.
const WRAPPING_TOKENS: u64 = 1_024;
/// Where a limit shortens the answer, the shortest that is worth a call.
const OUTPUT_TOKENS_MIN: u64 = 200;
/// Names of models come from outside, and are cut after so many characters.
const MODEL_CHARACTERS_MAX: usize = 100;

/// A call that is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct CallOrder<'a> {
    pub person: PersonId,
    pub server: Option<ServerId>,
    pub source: Source,
    pub key: Option<KeyId>,
    pub provider: &'a ProviderId,
    pub model: &'a str,
    /// What the model is told.
    pub prompt: PromptTokens,
    pub max_output_tokens: u64,
    pub images: u64,
    pub sound: SoundAmount,
}

impl CallOrder<'_> {
    /// The attempt that the order becomes.
    pub fn attempt(&self, now_ms: i64) -> anyhow::Result<Attempt> {
        let model = self.model.chars().filter(|c| !c.is_control());
        Ok(Attempt {
            id: make_id(now_ms)?,
            person: self.person,
            server: self.server,
            source: self.source,
            key: self.key,
            provider: self.provider.clone(),
            model: model.take(MODEL_CHARACTERS_MAX).collect(),
            held_at_ms: now_ms,
        })
    }

    /// What is known of its use before it is made.
    pub fn known_tokens(&self) -> KnownTokens {
        KnownTokens {
            prompt: self.prompt.likely,
            heard: 0,
        }
    }

    /// Those of these limits that count it. What uses nothing is a request all the
    /// same with a key that others need too: its provider takes only so many.
    pub fn counted_by<'l>(&self, limits: &'l [AppliedLimit]) -> &'l [AppliedLimit] {
        let is_counted = !self.source.is_own() || !self.is_free();
        if is_counted { limits } else { &[] }
    }

    /// Whether it uses nothing that is counted: it lists models, say.
    fn is_free(&self) -> bool {
        let counted = self.prompt.most + self.max_output_tokens + self.images;
        counted == 0 && self.sound == SoundAmount::default()
    }

    /// What the order may use at the most. The price is looked up only where
    /// limits apply, and for pictures, whose payer is told of it.
    pub fn need(&self, prices: &Prices, now_ms: i64, is_limited: bool) -> Need {
        if self.is_free() {
            return Need {
                price: Some(Price::default()),
                ..Need::default()
            };
        }
        let words = self.prompt.most.saturating_add(WRAPPING_TOKENS);
        let sound = self.sound.tokens.most;
        let input_tokens = words.saturating_add(sound);
        let most = ClassCounts::default()
            .with(UsageClass::Input, words)
            .with(UsageClass::InputAudio, sound)
            .with(UsageClass::AudioSecond, self.sound.seconds)
            .with(UsageClass::Character, self.sound.characters)
            .with(UsageClass::Search, self.sound.searches)
            .with(UsageClass::Output, self.max_output_tokens)
            .with(UsageClass::Picture, self.images);
        let model = PricedModel {
            provider: self.provider,
            model: self.model,
            at_ms: now_ms,
        };
        Need {
            input_tokens,
            output_tokens: self.max_output_tokens,
            // An answer can be shortened, pictures and transcripts cannot.
            output_tokens_min: if self.images > 0 || sound > 0 {
                self.max_output_tokens
            } else {
                self.max_output_tokens.min(OUTPUT_TOKENS_MIN)
            },
            images: self.images,
            price: self.held_price(prices, model, &most, is_limited),
        }
    }

    /// What the most that the order may use costs, where somebody is told of it.
    fn held_price(
        &self,
        prices: &Prices,
        model: PricedModel<'_>,
        most: &ClassCounts,
        is_limited: bool,
    ) -> Option<Price> {
        if is_limited {
            // Nobody knows what a sound costs that may play for days.
            let is_bounded = !self.sound.may_be_longer();
            return prices.price(model, most).filter(|_| is_bounded);
        }
        if self.images == 0 {
            return None;
        }
        // Nothing is refused for a price that is known in part.
        let pictures = ClassCounts::default().with(UsageClass::Picture, self.images);
        let all = prices.price(model, most);
        all.or_else(|| prices.price(model, &pictures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limited_sound_has_a_price_only_where_its_length_is_sure() {
        let prices = Prices::new(None).unwrap();
        let provider = ProviderId::from("groq");
        let price_of = |seconds, is_measured, is_limited| {
            let order = CallOrder {
                person: PersonId(1),
                server: None,
                source: Source::Personal,
                key: None,
                provider: &provider,
                model: "whisper-large-v3",
                prompt: PromptTokens::default(),
                max_output_tokens: 0,
                images: 0,
                sound: SoundAmount {
                    seconds,
                    is_measured,
                    ..SoundAmount::default()
                },
            };
            order.need(&prices, 1_795_000_000_000, is_limited).price
        };
        assert!(price_of(10, true, true).is_some());
        // A file that tells nothing, and an address of one.
        assert_eq!(price_of(10, false, true), None);
        assert_eq!(price_of(10, false, false), None);
    }
}
