//! What a call comes to once it has ended.

use std::time::Duration;

use crate::model::{
    Amounts, CutReport, Departure, NanoDollars, Outcome, ProviderFailure, Receipt, Settlement,
    Usage, UsageClass, UsageDetails,
};
use crate::store::Booking;

use crate::ledger::calls::call_end::{BrokenPictures, CallEnd};
use crate::ledger::calls::charge::{Charge, UnreportedCall};
use crate::ledger::calls::hold::Hold;
use crate::ledger::calls::overshoot::{HardMaximum, exceeds, priced_model};
use crate::ledger::calls::pace::Pace;
use crate::ledger::pricing::prices::Prices;

impl Hold {
    /// What the call comes to if it is settled as ended in this way.
    pub fn settlement_if(&self, ended: &CallEnd<'_>) -> Settlement {
        match *ended {
            CallEnd::Answered { usage } => self.settlement_of_answer(usage),
            CallEnd::Painted {
                pictures,
                usage,
                machine_ms,
            } => self.settlement_of_pictures(pictures.into(), usage, machine_ms),
            CallEnd::Broken(broken) => self.settlement_of_no_picture(broken),
            CallEnd::Released => Settlement::released(),
            CallEnd::Abandoned => self.settlement_without_report(None),
            CallEnd::Stopped { machine_ms } => self.settlement_of_stopped(machine_ms),
            CallEnd::Failed(failure) => self.settlement_without_report(Some(failure)),
        }
    }

    /// What pictures may come to, by what is held for them; none where nobody
    /// knows, such as where a machine is paid for by the second. Whether it is
    /// the most is said with it: where pictures have no price, their tokens are
    /// counted afterwards.
    pub fn estimate_pictures(&self) -> Option<(NanoDollars, bool)> {
        let held = &self.booking.held;
        let tokens = Usage {
            input_tokens: self.prompt.likely,
            output_tokens: held.output_tokens,
            details: UsageDetails {
                output_image: held.output_tokens,
                ..UsageDetails::default()
            },
            ..Usage::default()
        };
        let cost_of = |usage, machine_ms| {
            let ended = CallEnd::Painted {
                pictures: u32::try_from(held.images).unwrap_or(u32::MAX),
                usage,
                machine_ms,
            };
            let settlement = self.settlement_if(&ended);
            let is_guessed = settlement.estimated && settlement.usage.output_tokens > 0;
            settlement.cost.filter(|_| usage.is_some() || !is_guessed)
        };
        // A picture whose tokens are paid for costs nothing by itself.
        let by_picture = cost_of(None, 0).filter(|cost| cost.0 > 0 || held.output_tokens == 0);
        let Some(cost) = by_picture else {
            let most = held.cost.filter(|most| most.0 > 0);
            return Some((most.or_else(|| cost_of(Some(tokens), 0))?, true));
        };
        // How long a machine will run is not known.
        (cost_of(None, 60_000) == Some(cost)).then_some((cost, false))
    }

    /// The settlement of a call whose provider never said what it used.
    fn settlement_without_report(&self, failure: Option<&ProviderFailure>) -> Settlement {
        let duration_ms = self.is_made.then(|| millis(self.began.elapsed()));
        let held = &self.booking.held;
        let unreported = self.unreported();
        let charge = match unreported.charge(failure) {
            // Nobody hears what a job makes that goes on.
            Charge::Estimate(_) if unreported.is_limited && self.is_ongoing() => Charge::Hold,
            charge => charge,
        };
        let usage = match charge {
            Charge::Nothing => {
                return Settlement {
                    duration_ms,
                    ..Settlement::released()
                };
            }
            Charge::Counted(usage) | Charge::Estimate(usage) => usage,
            Charge::Hold => Usage {
                input_tokens: held.input_tokens,
                output_tokens: held.output_tokens,
                details: self.sound.most().details,
                ..Usage::default()
            },
        };
        let estimated = !matches!(charge, Charge::Counted(_));
        let usage = if unreported.is_limited && estimated {
            at_dearest(&self.shared.prices, &self.booking, usage)
        } else {
            usage
        };
        let reported = self.reported.unwrap_or_default();
        let receipt = receipt_of(reported, self.believe(reported));
        let settlement = Settlement {
            outcome: match failure {
                _ if self.is_ongoing() => Outcome::Ongoing,
                Some(_) => Outcome::CutOff,
                None => Outcome::Abandoned,
            },
            usage,
            // Whoever says no has made none.
            images: match failure {
                Some(failure) if !failure.may_have_worked() => 0,
                _ => held.images,
            },
            estimated,
            receipt,
            first_byte_ms: self.first_byte.map(millis),
            duration_ms,
            ..Settlement::released()
        };
        self.priced(settlement, 0)
    }

    /// The settlement of pictures that nobody waits for any more: the machine that
    /// was seen at them, by the second, or what any call comes to that was given
    /// up.
    fn settlement_of_stopped(&self, machine_ms: u64) -> Settlement {
        if machine_ms == 0 {
            return self.settlement_without_report(None);
        }
        let settlement = Settlement {
            outcome: Outcome::Abandoned,
            images: self.booking.held.images,
            estimated: true,
            duration_ms: Some(millis(self.began.elapsed())),
            ..Settlement::released()
        };
        self.priced(settlement, machine_ms)
    }

    /// Whether the call was to use nothing that is counted.
    fn is_free(&self) -> bool {
        let held = &self.booking.held;
        held.input_tokens == 0 && held.output_tokens == 0 && held.images == 0
    }

    /// Whether its provider works on after the answer.
    fn is_ongoing(&self) -> bool {
        self.reported.is_some_and(|it| it.details.jobs > 0)
    }

    /// The settlement of an answer that came to its end.
    fn settlement_of_answer(&self, reported: Option<Usage>) -> Settlement {
        // A count of the prompt alone counts no words that came.
        let came = self.heard.all() > 0;
        let counts = |usage: &Usage| usage.output_tokens > 0 || usage.details.audio_seconds > 0;
        let reported = reported.map(|usage| self.sound.as_paid(usage));
        let reported = reported.filter(|usage| counts(usage) || !came);
        // What nobody says may be known all the same.
        let is_known = self.sound.has_known_cost();
        let is_ongoing = self.is_ongoing();
        let usage = match reported {
            Some(reported) => self.believe(reported),
            None if is_ongoing && !self.is_exempt() => self.unreported().held(),
            None => self.unreported().heard_at_most(),
        };
        let settlement = Settlement {
            outcome: if is_ongoing {
                Outcome::Ongoing
            } else {
                Outcome::Answered
            },
            usage,
            images: self.booking.held.images,
            estimated: is_ongoing
                || !self.is_free() && reported.map_or(!is_known, |told| told.cost_is_untold),
            receipt: receipt_of(reported.unwrap_or(usage), usage),
            first_byte_ms: self.first_byte.map(millis),
            duration_ms: Some(millis(self.began.elapsed())),
            ..Settlement::released()
        };
        self.priced(settlement, 0)
    }

    /// The settlement of pictures. They are counted here, so that none of it is an
    /// estimate, unless their tokens are paid for and nobody counted those.
    fn settlement_of_pictures(
        &self,
        pictures: u64,
        usage: Option<Usage>,
        machine_ms: u64,
    ) -> Settlement {
        let reported = usage.or(self.reported).unwrap_or_default();
        let believed = self.believe(reported);
        let settle = |usage: Usage, is_counted: bool| {
            let settlement = Settlement {
                outcome: Outcome::Answered,
                usage,
                images: pictures,
                estimated: !is_counted,
                receipt: receipt_of(reported, believed),
                duration_ms: Some(millis(self.began.elapsed())),
                ..Settlement::released()
            };
            self.priced(settlement, machine_ms)
        };
        let is_counted = believed.input_tokens > 0 && believed.output_tokens > 0;
        let has_tokens = self.booking.held.output_tokens > 0;
        if !has_tokens || is_counted || believed.cost.is_some() {
            return settle(believed, true);
        }
        // What a list has for a picture is what one of the usual size comes to.
        let by_picture = || {
            let untold = settle(Usage::default(), true).cost;
            believed.output_tokens == 0 && untold.is_some_and(|cost| cost.0 > 0)
        };
        if by_picture() {
            return settle(believed, false);
        }
        settle(self.with_tokens_of_pictures(believed, pictures), false)
    }

    /// What was reported of pictures, and in its gaps what was held for as many.
    fn with_tokens_of_pictures(&self, reported: Usage, pictures: u64) -> Usage {
        let held = &self.booking.held;
        let made = held.output_tokens.saturating_mul(pictures);
        let filled = |reported: u64, estimate: u64| match reported {
            0 => estimate,
            reported => reported,
        };
        let input_tokens = filled(reported.input_tokens, self.prompt.likely);
        let estimate = made.div_ceil(held.images.max(1));
        let rest = reported.total_tokens.saturating_sub(input_tokens);
        let usage = Usage {
            input_tokens,
            output_tokens: filled(reported.output_tokens, estimate.max(rest)),
            ..reported
        };
        at_dearest(&self.shared.prices, &self.booking, usage)
    }

    /// The settlement of a call that there is no picture of: what its host
    /// reports, what it made all the same, and its machine by the second. Where a
    /// machine worked and nobody knows for how long or at which price, the cost is
    /// unknown. What was made by no machine of its own costs what it costs where
    /// it is shown. All else is given back.
    fn settlement_of_no_picture(&self, broken: &BrokenPictures) -> Settlement {
        let BrokenPictures {
            untaken,
            machine_ms,
            has_run,
            ..
        } = *broken;
        if untaken > 0 && !has_run {
            return Settlement {
                outcome: Outcome::CutOff,
                ..self.settlement_of_pictures(untaken, broken.usage, machine_ms)
            };
        }
        let duration_ms = Some(millis(self.began.elapsed()));
        let reported = broken.usage.unwrap_or_else(|| self.heard_pictures());
        let usage = self.believe(reported);
        let settlement = Settlement {
            outcome: Outcome::CutOff,
            usage,
            images: untaken,
            estimated: broken.usage.is_none(),
            receipt: receipt_of(reported, usage),
            duration_ms,
            ..Settlement::released()
        };
        if has_run && usage.cost.is_none() && machine_ms == 0 && self.pays_by_second() {
            return Settlement {
                cost: self.cost_if_unknown(settlement.outcome),
                estimated: true,
                ..settlement
            };
        }
        let settlement = self.priced(settlement, machine_ms);
        let has_used = settlement.usage != Usage::default();
        let costs = settlement.cost.map_or(has_run, |cost| cost.0 > 0);
        if has_used || costs {
            return settlement;
        }
        Settlement {
            duration_ms,
            ..Settlement::released()
        }
    }

    /// What came of pictures before they broke off, with the prompt.
    fn heard_pictures(&self) -> Usage {
        match self.reported {
            Some(_) => self.unreported().heard_at_most(),
            None => Usage::default(),
        }
    }

    /// Whether a machine that works longer costs more.
    fn pays_by_second(&self) -> bool {
        let cost_of = |machine_ms| self.priced(Settlement::released(), machine_ms).cost;
        cost_of(60_000) != cost_of(0)
    }

    /// What limits count where nobody knows what a call came to: what was held.
    fn cost_if_unknown(&self, outcome: Outcome) -> Option<NanoDollars> {
        let is_own = self.booking.attempt.source.is_own();
        let is_bound = !is_own || (outcome == Outcome::Ongoing && !self.is_exempt());
        self.booking.held.cost.filter(|_| is_bound)
    }

    /// Adds to a settlement what it costs, and whether that is more than was
    /// held.
    fn priced(&self, mut settlement: Settlement, machine_ms: u64) -> Settlement {
        let Booking { attempt, held, .. } = &*self.booking;
        settlement.usage = settlement.usage.with_parts_within();
        let mut used = settlement.usage.counts();
        let pictures = used
            .get(UsageClass::Picture)
            .saturating_add(settlement.images);
        used.set(UsageClass::Picture, pictures);
        used.set(UsageClass::Machine, machine_ms);
        let terms = settlement.usage.terms;
        let prices = &self.shared.prices;
        let mut model = priced_model(attempt);
        if let Some(told) = &self.told_model {
            model.model = told;
        }
        settlement.receipt = Receipt {
            cut: settlement.receipt.cut,
            ..prices.receipt_on(terms, model, &used)
        };
        settlement.clamped = settlement.receipt.cut.is_some();
        let reported = settlement.usage.cost;
        let uses_nothing = self.is_free() && settlement.receipt.lines.is_empty();
        settlement.cost = reported
            .or_else(|| settlement.receipt.sum())
            .or(uses_nothing.then_some(NanoDollars(0)));
        settlement.cost_reported = reported.is_some();
        if settlement.cost.is_none()
            && let Some(held) = self.cost_if_unknown(settlement.outcome)
        {
            settlement.cost = Some(held);
            settlement.estimated = true;
        }
        let is_somebody_elses = !attempt.source.is_own() || !self.is_exempt();
        settlement.overshoot = is_somebody_elses && exceeds(&settlement.amounts(), held);
        settlement
    }

    /// The call, as far as it is known without its provider's word.
    fn unreported(&self) -> UnreportedCall {
        let may_have_left = self.departure.as_ref().is_none_or(Departure::may_have_left);
        UnreportedCall {
            may_have_left: self.is_made && may_have_left,
            is_streamed: self.is_streamed,
            is_limited: !self.is_exempt(),
            held: self.booking.held,
            prompt: self.prompt,
            sound: self.sound,
            heard: self.heard,
            answers: self.answers,
            answers_told: self.answers_told,
            counted: self.counted.map(|counted| self.believe(counted)),
            unheard_s: self.unheard_s.saturating_add(self.silence().as_secs()),
            pace: Pace::of(&self.booking.attempt.provider),
            reported: self.reported.map(|reported| self.believe(reported)),
        }
    }

    /// Cuts what a provider reports to what is possible at all, which is more
    /// than was held. With one's own key, whatever is reported is booked.
    fn believe(&self, reported: Usage) -> Usage {
        let Booking { attempt, held, .. } = &*self.booking;
        let amounts = Amounts {
            input_tokens: reported.input_tokens,
            output_tokens: reported.output_tokens.max(reported.total_tokens),
            images: 0,
            cost: reported.cost,
        };
        let counts = reported.counts();
        let has_fees = counts.iter().any(|(class, _)| class.is_fee());
        let may_be_absurd = exceeds(&amounts, held) || reported.cost.is_some() || has_fees;
        if attempt.source.is_own() || !may_be_absurd {
            return reported;
        }
        HardMaximum::of(&self.booking, &self.shared.prices).cut(reported)
    }
}

/// What nobody knows more of than how much it is, at the dearest that it can be:
/// what was held, say, is then priced as it was when it was held.
pub fn at_dearest(prices: &Prices, booking: &Booking, usage: Usage) -> Usage {
    let most = usage
        .counts()
        .with(UsageClass::Picture, booking.held.images);
    let dearest = prices.at_dearest(priced_model(&booking.attempt), most);
    Usage {
        details: UsageDetails {
            input_image: usage.details.cached_image + dearest.get(UsageClass::InputImage),
            output_image: dearest.get(UsageClass::OutputImage),
            ..usage.details
        },
        ..usage
    }
}

/// A receipt that says what was reported, where less than that is believed.
fn receipt_of(reported: Usage, believed: Usage) -> Receipt {
    let cut = (reported != believed).then_some(CutReport {
        input_tokens: reported.input_tokens,
        output_tokens: reported.output_tokens,
        cost: reported.cost,
    });
    Receipt {
        cut,
        ..Receipt::default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
