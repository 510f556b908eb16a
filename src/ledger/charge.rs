//! What a call is charged whose provider never said what it used: its caller
//! left, it broke off, or the program stopped. It is decided here for every
//! surface, and nowhere else. Pure.
//!
//! | the call | without limits | with limits |
//! |---|---|---|
//! | was surely not begun, or its provider said no | nothing | nothing |
//! | came piece by piece | prompt, what was heard | that, and what was on the way |
//! | was to come whole | prompt, what was heard | what was held |

use std::time::Duration;

use crate::model::{Amounts, ProviderFailure, Usage};

/// How many bytes a token has, for estimates. English has about four.
pub const TOKEN_BYTES: u64 = 4;
/// How many tokens a model is taken to write in a second, as most do. A model
/// that says nothing may think, which is paid for like words.
const WRITTEN_PER_S: u64 = 100;
/// How long a provider is taken to write on after it was last heard: until it
/// notices that nobody listens any more.
const NOTICED_AFTER_S: u64 = 1;

/// A call that ended without its provider's word on what it used.
#[derive(Clone, Copy, Debug)]
pub struct UnreportedCall {
    /// Whether anything of it can have reached its provider.
    pub may_have_left: bool,
    /// Whether its answer was to come piece by piece.
    pub is_streamed: bool,
    /// Whether limits bound it.
    pub is_limited: bool,
    pub held: Amounts,
    pub prompt_bytes: u64,
    pub heard_bytes: u64,
    /// For how long nothing of the answer had come.
    pub silence: Duration,
}

/// What a call is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Everything is given back.
    Nothing,
    Estimate(Usage),
    /// All that was held.
    Hold,
}

impl UnreportedCall {
    /// What the call is charged: what can have been made of it. `failure` is
    /// its provider's; none where the call was given up here.
    pub fn charge(&self, failure: Option<&ProviderFailure>) -> Charge {
        if !self.may_have_left {
            return Charge::Nothing;
        }
        let may_have_worked = failure.is_none_or(ProviderFailure::may_have_worked);
        if !may_have_worked && self.heard_bytes == 0 {
            return Charge::Nothing;
        }
        let heard = self.heard();
        if !self.is_limited {
            return Charge::Estimate(heard);
        }
        if !self.is_streamed {
            return Charge::Hold;
        }
        // A provider that says no writes no further.
        let on_the_way = if may_have_worked {
            self.on_the_way()
        } else {
            0
        };
        let made = heard.output_tokens.saturating_add(on_the_way);
        Charge::Estimate(Usage {
            input_tokens: heard.input_tokens.min(self.held.input_tokens),
            output_tokens: made.min(self.held.output_tokens),
            ..heard
        })
    }

    /// An estimate of what went and came, by its bytes.
    pub fn heard(&self) -> Usage {
        Usage {
            input_tokens: self.prompt_bytes.div_ceil(TOKEN_BYTES),
            output_tokens: self.heard_bytes.div_ceil(TOKEN_BYTES),
            ..Usage::default()
        }
    }

    /// The same, and no more than was held.
    pub fn heard_at_most(&self) -> Usage {
        let heard = self.heard();
        Usage {
            input_tokens: heard.input_tokens.min(self.held.input_tokens),
            output_tokens: heard.output_tokens.min(self.held.output_tokens),
            ..heard
        }
    }

    /// How many tokens can have been written that were never heard.
    fn on_the_way(&self) -> u64 {
        let seconds = self.silence.as_secs().saturating_add(NOTICED_AFTER_S);
        WRITTEN_PER_S.saturating_mul(seconds)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{FailureClass, ProviderId};

    fn call() -> UnreportedCall {
        UnreportedCall {
            may_have_left: true,
            is_streamed: true,
            is_limited: true,
            held: Amounts {
                input_tokens: 2_000,
                output_tokens: 1_500,
                ..Amounts::default()
            },
            prompt_bytes: 400,
            heard_bytes: 0,
            silence: Duration::ZERO,
        }
    }

    fn failure(class: FailureClass, status: Option<u16>) -> ProviderFailure {
        ProviderFailure {
            provider: ProviderId::from("openai"),
            class,
            status,
            retry_after: None,
        }
    }

    fn shown(charge: Charge) -> String {
        match charge {
            Charge::Nothing => "nothing".into(),
            Charge::Hold => "the hold".into(),
            Charge::Estimate(usage) => {
                format!("{} in, {} out", usage.input_tokens, usage.output_tokens)
            }
        }
    }

    #[test]
    fn whoever_leaves_is_charged_for_what_can_have_been_made() {
        let mut seen = Vec::new();
        for is_limited in [true, false] {
            for is_streamed in [true, false] {
                for (heard_bytes, silence_s) in [(0, 0), (0, 3), (40, 0), (40, 60), (40_000, 0)] {
                    let left = UnreportedCall {
                        is_streamed,
                        is_limited,
                        heard_bytes,
                        silence: Duration::from_millis(silence_s * 1_000 + 500),
                        ..call()
                    };
                    let limited = if is_limited { "limited" } else { "exempt" };
                    let comes = if is_streamed { "streamed" } else { "whole" };
                    seen.push(format!(
                        "{limited}, {comes}, {heard_bytes} bytes heard, {silence_s} s of silence: {}",
                        shown(left.charge(None))
                    ));
                }
            }
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        limited, streamed, 0 bytes heard, 0 s of silence: 100 in, 100 out
        limited, streamed, 0 bytes heard, 3 s of silence: 100 in, 400 out
        limited, streamed, 40 bytes heard, 0 s of silence: 100 in, 110 out
        limited, streamed, 40 bytes heard, 60 s of silence: 100 in, 1500 out
        limited, streamed, 40000 bytes heard, 0 s of silence: 100 in, 1500 out
        limited, whole, 0 bytes heard, 0 s of silence: the hold
        limited, whole, 0 bytes heard, 3 s of silence: the hold
        limited, whole, 40 bytes heard, 0 s of silence: the hold
        limited, whole, 40 bytes heard, 60 s of silence: the hold
        limited, whole, 40000 bytes heard, 0 s of silence: the hold
        exempt, streamed, 0 bytes heard, 0 s of silence: 100 in, 0 out
        exempt, streamed, 0 bytes heard, 3 s of silence: 100 in, 0 out
        exempt, streamed, 40 bytes heard, 0 s of silence: 100 in, 10 out
        exempt, streamed, 40 bytes heard, 60 s of silence: 100 in, 10 out
        exempt, streamed, 40000 bytes heard, 0 s of silence: 100 in, 10000 out
        exempt, whole, 0 bytes heard, 0 s of silence: 100 in, 0 out
        exempt, whole, 0 bytes heard, 3 s of silence: 100 in, 0 out
        exempt, whole, 40 bytes heard, 0 s of silence: 100 in, 10 out
        exempt, whole, 40 bytes heard, 60 s of silence: 100 in, 10 out
        exempt, whole, 40000 bytes heard, 0 s of silence: 100 in, 10000 out
        ");
        let unsent = UnreportedCall {
            may_have_left: false,
            ..call()
        };
        assert_eq!(unsent.charge(None), Charge::Nothing);
    }

    #[test]
    fn only_what_was_surely_not_begun_is_given_back() {
        let ends = [
            (FailureClass::Unreachable, None),
            (FailureClass::WrongOrigin, None),
            (FailureClass::NotSetUp, None),
            (FailureClass::BadRequest, None),
            (FailureClass::AuthInvalid, Some(401)),
            (FailureClass::Billing, Some(402)),
            (FailureClass::RateLimited, Some(429)),
            (FailureClass::RateLimited, Some(200)),
            (FailureClass::Upstream, Some(500)),
            (FailureClass::Upstream, Some(503)),
            (FailureClass::Upstream, Some(529)),
            (FailureClass::Upstream, Some(302)),
            (FailureClass::Upstream, Some(504)),
            (FailureClass::Upstream, Some(524)),
            (FailureClass::Upstream, Some(200)),
            (FailureClass::Upstream, None),
            (FailureClass::TimedOut, None),
            (FailureClass::CutOff, None),
            (FailureClass::CutOff, Some(200)),
            (FailureClass::TooLarge, Some(200)),
        ];
        let seen = ends.map(|(class, status)| {
            let charged = |heard_bytes, is_streamed| {
                let call = UnreportedCall {
                    is_streamed,
                    heard_bytes,
                    ..call()
                };
                shown(call.charge(Some(&failure(class, status))))
            };
            format!(
                "{class:?} {status:?}: {}; streamed {}; after words {}",
                charged(0, false),
                charged(0, true),
                charged(40, true),
            )
        });
        insta::assert_snapshot!(seen.join("\n"), @"
        Unreachable None: nothing; streamed nothing; after words 100 in, 10 out
        WrongOrigin None: nothing; streamed nothing; after words 100 in, 10 out
        NotSetUp None: nothing; streamed nothing; after words 100 in, 10 out
        BadRequest None: nothing; streamed nothing; after words 100 in, 10 out
        AuthInvalid Some(401): nothing; streamed nothing; after words 100 in, 10 out
        Billing Some(402): nothing; streamed nothing; after words 100 in, 10 out
        RateLimited Some(429): nothing; streamed nothing; after words 100 in, 10 out
        RateLimited Some(200): nothing; streamed nothing; after words 100 in, 10 out
        Upstream Some(500): nothing; streamed nothing; after words 100 in, 10 out
        Upstream Some(503): nothing; streamed nothing; after words 100 in, 10 out
        Upstream Some(529): nothing; streamed nothing; after words 100 in, 10 out
        Upstream Some(302): nothing; streamed nothing; after words 100 in, 10 out
        Upstream Some(504): the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        Upstream Some(524): the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        Upstream Some(200): the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        Upstream None: the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        TimedOut None: the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        CutOff None: the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        CutOff Some(200): the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        TooLarge Some(200): the hold; streamed 100 in, 100 out; after words 100 in, 110 out
        ");
    }

    proptest! {
        #[test]
        fn no_charge_is_above_the_hold_and_none_without_limits_reads_it(
            (left, streamed, limited) in any::<(bool, bool, bool)>(),
            (input, output, silence_s) in any::<(u64, u64, u64)>(),
            (prompt, heard) in any::<(u64, u64)>(),
        ) {
            let held = Amounts { input_tokens: input, output_tokens: output, ..Amounts::default() };
            let call = UnreportedCall {
                may_have_left: left,
                is_streamed: streamed,
                is_limited: limited,
                held,
                prompt_bytes: prompt,
                heard_bytes: heard,
                silence: Duration::from_secs(silence_s),
            };
            match call.charge(None) {
                Charge::Nothing => prop_assert!(!left),
                Charge::Hold => prop_assert!(limited && !streamed),
                Charge::Estimate(usage) if limited => {
                    prop_assert!(usage.input_tokens <= input && usage.output_tokens <= output);
                    let heard = call.heard().output_tokens;
                    prop_assert!(usage.output_tokens >= heard.min(output));
                }
                Charge::Estimate(usage) => prop_assert_eq!(usage, call.heard()),
            }
        }
    }
}
