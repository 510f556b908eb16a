//! What calls are charged that ended without a count, in tables.

use proptest::prelude::*;

use super::*;
use crate::ledger::calls::pace::WRITTEN_PER_S;
use crate::model::{FailureClass, NanoDollars, ProviderId};

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
        prompt: PromptTokens {
            likely: 100,
            most: 400,
        },
        sound: SoundAmount::default(),
        heard: HeardBytes::default(),
        answers: 1,
        answers_told: 0,
        unheard_s: 0,
        pace: Pace {
            written_per_s: WRITTEN_PER_S,
            stops_when_left: true,
        },
        reported: None,
        counted: None,
    }
}

fn written(written: u64) -> HeardBytes {
    HeardBytes {
        written,
        thought: 0,
    }
}

#[test]
fn thoughts_are_charged_by_what_is_shown_of_them_or_by_their_time() {
    for (thought, unheard_s, expected) in [
        (0, 0, 110),
        (400, 0, 210),
        (400, 3, 410),
        (4_000, 3, 1_110),
        (40_000, 3, 1_500),
    ] {
        let left = UnreportedCall {
            heard: HeardBytes {
                written: 40,
                thought,
            },
            unheard_s,
            ..call()
        };
        assert_eq!(shown(left.charge(None)), format!("400 in, {expected} out"));
        let exempt = UnreportedCall {
            is_limited: false,
            ..left
        };
        let heard = (40 + thought) / 4;
        assert_eq!(shown(exempt.charge(None)), format!("100 in, {heard} out"));
    }
}

fn failure(class: FailureClass, status: Option<u16>) -> ProviderFailure {
    ProviderFailure {
        provider: ProviderId::from("openai"),
        class,
        status,
        retry_after: None,
        subject: None,
    }
}

fn shown(charge: Charge) -> String {
    match charge {
        Charge::Nothing => "nothing".into(),
        Charge::Hold => "the hold".into(),
        Charge::Counted(usage) => format!("counted, {}", shown(Charge::Estimate(usage))),
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
                    heard: written(heard_bytes),
                    unheard_s: silence_s,
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
    limited, streamed, 0 bytes heard, 0 s of silence: 400 in, 100 out
    limited, streamed, 0 bytes heard, 3 s of silence: 400 in, 400 out
    limited, streamed, 40 bytes heard, 0 s of silence: 400 in, 110 out
    limited, streamed, 40 bytes heard, 60 s of silence: 400 in, 1500 out
    limited, streamed, 40000 bytes heard, 0 s of silence: 400 in, 1500 out
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
fn a_provider_that_writes_on_is_charged_to_the_end() {
    let left = UnreportedCall {
        heard: written(40),
        pace: Pace {
            stops_when_left: false,
            ..call().pace
        },
        ..call()
    };
    assert_eq!(shown(left.charge(None)), "400 in, 1500 out");
    let cut_off = failure(FailureClass::CutOff, Some(200));
    assert_eq!(shown(left.charge(Some(&cut_off))), "400 in, 1500 out");
    let refused = failure(FailureClass::RateLimited, Some(200));
    assert_eq!(shown(left.charge(Some(&refused))), "400 in, 10 out");
    let exempt = UnreportedCall {
        is_limited: false,
        ..left
    };
    assert_eq!(shown(exempt.charge(None)), "100 in, 10 out");
}

#[test]
fn what_was_reported_before_the_end_stands_in_the_place_of_the_estimate() {
    let reported = |input_tokens, output_tokens| UnreportedCall {
        reported: Some(Usage {
            input_tokens,
            output_tokens,
            cached_tokens: 30,
            cost: Some(NanoDollars(7)),
            ..Usage::default()
        }),
        heard: written(40),
        ..call()
    };
    for (reported, is_limited, expected) in [
        // The prompt as it was counted, also above the hold.
        (reported(50, 1), true, (50, 110, None)),
        (reported(5_000, 1), true, (5_000, 110, None)),
        (reported(50, 1), false, (50, 10, None)),
        // Above what was heard: it thought.
        (reported(50, 900), true, (50, 900, Some(7))),
        (reported(50, 9_000), true, (50, 9_000, Some(7))),
        (reported(50, 900), false, (50, 900, Some(7))),
        (reported(0, 5), true, (400, 110, None)),
        (reported(0, 5), false, (100, 10, None)),
    ] {
        let call = UnreportedCall {
            is_limited,
            ..reported
        };
        let Charge::Estimate(usage) = call.charge(None) else {
            panic!("{call:?}");
        };
        let cost = usage.cost.map(|cost| cost.0);
        let found = (usage.input_tokens, usage.output_tokens, cost);
        assert_eq!((found, usage.cached_tokens), (expected, 30), "{call:?}");
    }
}

#[test]
fn what_was_counted_to_the_end_is_no_estimate() {
    let usage = Some(Usage {
        input_tokens: 50,
        output_tokens: 7,
        ..Usage::default()
    });
    let counted = UnreportedCall {
        reported: usage,
        counted: usage,
        heard: written(4_000),
        unheard_s: 60,
        ..call()
    };
    for is_limited in [true, false] {
        for is_streamed in [true, false] {
            let call = UnreportedCall {
                is_streamed,
                is_limited,
                ..counted
            };
            for failure in [None, Some(&failure(FailureClass::CutOff, Some(200)))] {
                assert_eq!(shown(call.charge(failure)), "counted, 50 in, 7 out");
            }
        }
    }
    let several = UnreportedCall {
        answers: 2,
        ..counted
    };
    assert_eq!(shown(several.charge(None)), "50 in, 1500 out");
}

#[test]
fn answers_of_which_the_best_came_are_as_long_as_those_that_came() {
    for (answers, answers_told, expected) in [
        (1, 0, "100 in, 100 out"),
        (8, 0, "100 in, 100 out"),
        (8, 8, "100 in, 100 out"),
        (8, 1, "100 in, 800 out"),
        (6, 2, "100 in, 300 out"),
        (64, 1, "100 in, 1500 out"),
    ] {
        let told = UnreportedCall {
            answers,
            answers_told,
            heard: written(400),
            ..call()
        };
        let usage = told.heard_at_most();
        let shown = format!("{} in, {} out", usage.input_tokens, usage.output_tokens);
        assert_eq!(shown, expected);
    }
}

#[test]
fn each_of_several_answers_may_have_been_thought_about() {
    for (answers, expected) in [(1, 400), (2, 800), (3, 1_200), (8, 1_500)] {
        let left = UnreportedCall {
            answers,
            unheard_s: 3,
            ..call()
        };
        assert_eq!(shown(left.charge(None)), format!("400 in, {expected} out"));
    }
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
                heard: written(heard_bytes),
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
    Unreachable None: nothing; streamed nothing; after words 400 in, 10 out
    WrongOrigin None: nothing; streamed nothing; after words 400 in, 10 out
    NotSetUp None: nothing; streamed nothing; after words 400 in, 10 out
    BadRequest None: nothing; streamed nothing; after words 400 in, 10 out
    AuthInvalid Some(401): nothing; streamed nothing; after words 400 in, 10 out
    Billing Some(402): nothing; streamed nothing; after words 400 in, 10 out
    RateLimited Some(429): nothing; streamed nothing; after words 400 in, 10 out
    RateLimited Some(200): nothing; streamed nothing; after words 400 in, 10 out
    Upstream Some(500): nothing; streamed nothing; after words 400 in, 10 out
    Upstream Some(503): nothing; streamed nothing; after words 400 in, 10 out
    Upstream Some(529): nothing; streamed nothing; after words 400 in, 10 out
    Upstream Some(302): nothing; streamed nothing; after words 400 in, 10 out
    Upstream Some(504): the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    Upstream Some(524): the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    Upstream Some(200): the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    Upstream None: the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    TimedOut None: the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    CutOff None: the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    CutOff Some(200): the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    TooLarge Some(200): the hold; streamed 400 in, 100 out; after words 400 in, 110 out
    ");
}

proptest! {
    #[test]
    fn no_charge_is_above_the_hold_and_none_without_limits_reads_it(
        (has_left, streamed, limited) in any::<(bool, bool, bool)>(),
        (input, output, silence_s) in any::<(u64, u64, u64)>(),
        (prompt, heard, thought) in any::<(u64, u64, u64)>(),
    ) {
        let held = Amounts { input_tokens: input, output_tokens: output, ..Amounts::default() };
        let left = UnreportedCall {
            may_have_left: has_left,
            is_streamed: streamed,
            is_limited: limited,
            held,
            prompt: PromptTokens { likely: prompt / 4, most: prompt },
            heard: HeardBytes { written: heard, thought },
            unheard_s: silence_s,
            ..call()
        };
        match left.charge(None) {
            Charge::Nothing => prop_assert!(!has_left),
            Charge::Counted(_) => prop_assert!(false, "nobody counted it"),
            Charge::Hold => prop_assert!(limited && !streamed),
            Charge::Estimate(usage) if limited => {
                prop_assert!(usage.input_tokens <= input && usage.output_tokens <= output);
                let heard = tokens(left.heard.written);
                prop_assert!(usage.output_tokens >= heard.min(output));
            }
            Charge::Estimate(usage) => prop_assert_eq!(usage, left.heard()),
        }
    }
}
