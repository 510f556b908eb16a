//! The lines of the spool: an attempt that has not ended, or one with its
//! settlement. Fields are separated by tabs; one that is empty is none.

use std::fmt::{self, Write as _};
use std::str::{FromStr, Split};
use std::sync::Arc;

use crate::model::{
    Amounts, Attempt, AttemptId, KeyId, NanoDollars, Outcome, PersonId, ProviderId, Receipt,
    ServerId, Settlement, Source, Usage,
};
use crate::store::accounts::journal::FinishedAttempt;
use crate::store::accounts::ledger::{Booking, KnownTokens};
use crate::store::spool::SpooledSettlement;
use crate::store::spool::slots::SLOT_BYTES;

/// How long lines mostly are at the most.
const LINE_BYTES_USUAL: usize = 256;

/// What a line says.
#[derive(Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a line is taken apart where it was read"
)]
pub enum SpoolLine {
    Booking(Booking),
    Settlement(SpooledSettlement),
}

impl SpoolLine {
    /// Whose attempt's it is.
    pub fn id(&self) -> AttemptId {
        match self {
            Self::Booking(booking) => booking.attempt.id,
            Self::Settlement(settlement) => settlement.finished.booking.attempt.id,
        }
    }

    /// Parses a line without its end; none where it is damaged. A settlement
    /// ends with a checksum, so that half of one is never taken for whole.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = Fields(line.split('\t'));
        let booking = fields.booking()?;
        if fields.clone().0.next().is_none() {
            return Some(Self::Booking(booking));
        }
        let is_limited = fields.flag()?;
        let settlement = fields.settlement()?;
        let (said, sum) = line.rsplit_once('\t')?;
        let is_whole = fields.0.next() == Some(sum) && fields.0.next().is_none();
        if !is_whole || sum != checksum(said) {
            return None;
        }
        let finished = FinishedAttempt {
            booking: Arc::new(booking),
            settlement,
        };
        Some(Self::Settlement(SpooledSettlement {
            finished,
            is_limited,
        }))
    }
}

/// Writes an attempt that has not ended as a line.
pub fn format_booking(booking: &Booking) -> String {
    let mut line = Line::of(booking);
    line.0.push('\n');
    line.0
}

/// Writes an attempt with its settlement as a line: without the receipt, if that
/// were too long for a slot.
pub fn format_settlement(finished: &FinishedAttempt) -> String {
    let line = format_with(finished, &finished.settlement.receipt);
    if line.len() <= SLOT_BYTES {
        return line;
    }
    format_with(finished, &Receipt::default())
}

fn format_with(finished: &FinishedAttempt, receipt: &Receipt) -> String {
    let FinishedAttempt {
        booking,
        settlement,
    } = finished;
    let mut line = Line::of(booking);
    line.flag(!booking.counted.is_empty());
    line.add(settlement.outcome.as_str());
    let usage = settlement.usage;
    for count in [
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        settlement.images,
    ] {
        line.add(count);
    }
    line.maybe(settlement.cost.map(|cost| cost.0));
    for flag in [
        settlement.estimated,
        settlement.cost_reported,
        settlement.clamped,
        settlement.overshoot,
    ] {
        line.flag(flag);
    }
    line.maybe(settlement.first_byte_ms);
    line.maybe(settlement.duration_ms);
    // As in the row: without lines, there is no receipt.
    let has_lines = !receipt.lines.is_empty();
    let list = receipt.list.as_ref().filter(|_| has_lines);
    let list = list.map(ToString::to_string);
    line.maybe(list.as_deref().map(OneField));
    line.maybe(has_lines.then_some(receipt));
    let sum = checksum(&line.0);
    line.add(sum);
    line.0.push('\n');
    line.0
}

fn checksum(said: &str) -> String {
    format!("{:08x}", crc32fast::hash(said.as_bytes()))
}

/// A line that is being written.
struct Line(String);

impl Line {
    fn of(booking: &Booking) -> Self {
        let Booking {
            attempt,
            held,
            counted: _,
            known,
        } = booking;
        let mut line = Self(String::with_capacity(LINE_BYTES_USUAL));
        // Writing to a string cannot fail.
        let _ = write!(line.0, "{}", attempt.id);
        line.add(attempt.person);
        line.maybe(attempt.server);
        line.add(attempt.source.as_str());
        line.maybe(attempt.key);
        line.add(&attempt.provider);
        line.add(OneField(&attempt.model));
        line.add(attempt.held_at_ms);
        line.add(held.input_tokens);
        line.add(held.output_tokens);
        line.add(held.images);
        line.maybe(held.cost.map(|cost| cost.0));
        line.add(known.prompt);
        line
    }

    fn add(&mut self, field: impl fmt::Display) {
        let _ = write!(self.0, "\t{field}");
    }

    fn maybe(&mut self, field: Option<impl fmt::Display>) {
        match field {
            Some(field) => self.add(field),
            None => self.0.push('\t'),
        }
    }

    fn flag(&mut self, flag: bool) {
        self.add(u8::from(flag));
    }
}

/// A name that somebody typed. What would end a field in it is a blank.
struct OneField<'a>(&'a str);

impl fmt::Display for OneField<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains(['\t', '\n']) {
            return f.write_str(self.0);
        }
        f.write_str(&self.0.replace(['\t', '\n'], " "))
    }
}

/// The fields of a line that are not read yet.
#[derive(Clone)]
struct Fields<'a>(Split<'a, char>);

impl Fields<'_> {
    fn number<T: FromStr>(&mut self) -> Option<T> {
        self.0.next()?.parse().ok()
    }

    /// The outer none: it is damaged.
    #[expect(
        clippy::option_option,
        reason = "a damaged field is not one that is left out"
    )]
    fn maybe<T: FromStr>(&mut self) -> Option<Option<T>> {
        match self.0.next()? {
            "" => Some(None),
            field => field.parse().ok().map(Some),
        }
    }

    fn flag(&mut self) -> Option<bool> {
        match self.0.next()? {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }

    fn booking(&mut self) -> Option<Booking> {
        let attempt = Attempt {
            id: AttemptId::parse(self.0.next()?)?,
            person: PersonId(self.number()?),
            server: self.maybe()?.map(ServerId),
            source: Source::parse(self.0.next()?)?,
            key: KeyId::parse(self.0.next()?),
            provider: ProviderId::from(self.0.next()?),
            model: self.0.next()?.to_owned(),
            held_at_ms: self.number()?,
        };
        let held = Amounts {
            input_tokens: self.number()?,
            output_tokens: self.number()?,
            images: self.number()?,
            cost: self.maybe()?.map(NanoDollars),
        };
        let known = KnownTokens {
            prompt: self.number()?,
            heard: 0,
        };
        Some(Booking {
            attempt,
            held,
            counted: Vec::new(),
            known,
        })
    }

    fn settlement(&mut self) -> Option<Settlement> {
        let outcome = Outcome::parse(self.0.next()?)?;
        let usage = Usage {
            input_tokens: self.number()?,
            output_tokens: self.number()?,
            cached_tokens: self.number()?,
            reasoning_tokens: self.number()?,
            ..Usage::default()
        };
        Some(Settlement {
            outcome,
            usage,
            images: self.number()?,
            cost: self.maybe()?.map(NanoDollars),
            estimated: self.flag()?,
            cost_reported: self.flag()?,
            clamped: self.flag()?,
            overshoot: self.flag()?,
            first_byte_ms: self.maybe()?,
            duration_ms: self.maybe()?,
            receipt: self.receipt()?,
        })
    }

    fn receipt(&mut self) -> Option<Receipt> {
        let (list, words) = (self.0.next()?, self.0.next()?);
        let list = (!list.is_empty()).then_some(list);
        Receipt::parse(words, list)
    }
}
