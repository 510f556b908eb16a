//! What a call is charged whose provider never said what it used: its caller
//! left, it broke off, or the program stopped. It is decided here for every
//! surface, and nowhere else. Pure.
//!
//! | the call | without limits | with limits |
//! |---|---|---|
//! | was counted by its provider before it ended | what was counted | what was counted |
//! | was surely not begun, or its provider said no and nothing of what it used | nothing | nothing |
//! | came piece by piece, from a provider that stops once nobody listens | prompt, what was heard | the longest that the prompt can be, what was heard, thought and on the way |
//! | came piece by piece, from another | prompt, what was heard | the longest that the prompt and the answer can be |
//! | was to come whole | prompt, what was heard | what was held |
//!
//! What its provider did say before that, such as the prompt at the start of an
//! answer, stands in the place of the estimate. Where limits bind a call, what
//! nobody knows is counted at the most that it can be: whoever leaves before the
//! count comes must not get more than a limit allows.

use crate::ledger::calls::pace::Pace;
use crate::model::{
    Amounts, BYTES_IN_A_TOKEN, HeardBytes, PromptTokens, ProviderFailure, SoundAmount, Usage,
};

#[cfg(test)]
mod tests;

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
    pub prompt: PromptTokens,
    /// What it was given to be written down.
    pub sound: SoundAmount,
    pub heard: HeardBytes,
    /// How many answers it asks for, which are written at once.
    pub answers: u64,
    /// How many of them came, of a call whose answer comes whole; 0 where nobody
    /// knows.
    pub answers_told: u64,
    /// For how many seconds nothing of the answer came, all pauses together.
    pub unheard_s: u64,
    /// How its provider works on.
    pub pace: Pace,
    /// What its provider reported before it ended, as far as that is believed.
    pub reported: Option<Usage>,
    /// The same where it is the whole: its model had ended by then.
    pub counted: Option<Usage>,
}

/// What a call is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Everything is given back.
    Nothing,
    /// What its provider counted.
    Counted(Usage),
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
        // Of several answers that are streamed, others may go on where one has
        // ended.
        let is_whole = self.answers == 1 || !self.is_streamed;
        if let Some(counted) = self.counted.filter(|_| is_whole) {
            return Charge::Counted(counted);
        }
        let may_have_worked = failure.is_none_or(ProviderFailure::may_have_worked);
        if !may_have_worked && self.heard.all() == 0 {
            // It says no, and may say all the same what that took.
            let said = self.reported.filter(|it| *it != Usage::default());
            return said.map_or(Charge::Nothing, |_| Charge::Estimate(self.merged(0, 0)));
        }
        if !self.is_limited {
            return Charge::Estimate(self.heard());
        }
        if !self.is_streamed {
            return Charge::Hold;
        }
        let prompt = self.prompt.most.min(self.held.input_tokens);
        let made = match (may_have_worked, self.pace.stops_when_left) {
            // A provider that says no writes no further.
            (false, _) => tokens(self.heard.written),
            (true, true) => tokens(self.heard.written).saturating_add(self.unheard()),
            (true, false) => self.held.output_tokens,
        };
        Charge::Estimate(self.merged(prompt, made.min(self.held.output_tokens)))
    }

    /// What went and came: by its provider's word, and by its bytes where that
    /// says nothing.
    pub fn heard(&self) -> Usage {
        self.merged(self.prompt.likely, tokens(self.heard.all()))
    }

    /// All that was held, beside what was reported.
    pub fn held(&self) -> Usage {
        self.merged(self.held.input_tokens, self.held.output_tokens)
    }

    /// What went and came, and no more than was held of what is estimated.
    pub fn heard_at_most(&self) -> Usage {
        let prompt = self.prompt.likely.min(self.held.input_tokens);
        // Those of which the best came are paid for too.
        let times = self.answers.div_ceil(self.answers_told.max(1));
        let times = if self.answers_told > 0 { times } else { 1 };
        let made = tokens(self.heard.all()).saturating_mul(times);
        self.merged(prompt, made.min(self.held.output_tokens))
    }

    /// What was reported, with estimates in its gaps. The output may have grown
    /// since it was reported. Where only the whole was, what is not input is
    /// output.
    fn merged(&self, prompt_tokens: u64, made_tokens: u64) -> Usage {
        let reported = self.reported.filter(|it| *it != Usage::default());
        let reported = reported.unwrap_or_else(|| self.sound.unreported(self.is_limited));
        let prompt_tokens = prompt_tokens.saturating_add(reported.details.input_audio);
        let input_tokens = match (reported.input_tokens, reported.total_tokens) {
            (0, 0) => prompt_tokens,
            (0, total) => prompt_tokens.min(total),
            (reported, _) => reported,
        };
        let rest = reported.total_tokens.saturating_sub(input_tokens);
        let output_tokens = reported.output_tokens.max(made_tokens).max(rest);
        Usage {
            input_tokens,
            output_tokens,
            cost: reported
                .cost
                .filter(|_| output_tokens == reported.output_tokens),
            ..reported
        }
    }

    /// How many tokens can have been written that are no answer: thoughts, as
    /// far as they were shown or for as long as nothing else came, and what was
    /// on the way.
    fn unheard(&self) -> u64 {
        let written_per_s = self.pace.written_per_s.saturating_mul(self.answers);
        let written_in = |seconds: u64| written_per_s.saturating_mul(seconds);
        let thought = tokens(self.heard.thought).max(written_in(self.unheard_s));
        thought.saturating_add(written_in(NOTICED_AFTER_S))
    }
}

fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_IN_A_TOKEN)
}
