//! Money, in whole nano-dollars: a token of the cheapest models costs some
//! tens of them, and sums stay exact.

use std::fmt;

use crate::model::text::numbers::grouped;

/// US dollars times 10⁹.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NanoDollars(pub u64);

/// Nano-dollars in a dollar.
const DOLLAR: u64 = 1_000_000_000;
/// Less is not told apart, since nobody wants to count its zeros: a
/// hundredth of a cent.
const SMALL: u64 = DOLLAR / 10_000;

impl NanoDollars {
    /// More than any call can cost: a million dollars. A price above it is
    /// nonsense.
    pub const CALL_MAX: Self = Self(1_000_000 * DOLLAR);

    /// As a number of dollars, for programs that want one.
    #[expect(
        clippy::cast_precision_loss,
        reason = "no sum of ours has more than 2^53 nano-dollars, which is nine million dollars"
    )]
    pub fn in_dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Rounds up, so that nothing is ever too cheap. None for what is no
    /// price of a call: negative, not a number, or above a million.
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        // What floating point adds below a thousandth is no nano-dollar.
        Self::of_dollars(dollars, |nano| (nano - 1e-3).ceil().max(0.0))
    }

    /// The nearest amount, for a limit that somebody sets: digits that are not
    /// kept do not raise it. None for what is no limit, as above.
    pub fn nearest_to_dollars(dollars: f64) -> Option<Self> {
        Self::of_dollars(dollars, f64::round)
    }

    fn of_dollars(dollars: f64, round: impl Fn(f64) -> f64) -> Option<Self> {
        if !(0.0..=1e6).contains(&dollars) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from 0 to 10^15"
        )]
        Some(Self(round(dollars * 1e9) as u64))
    }
}

impl NanoDollars {
    /// All of its digits, for limits, prices and the figures of an axis, which
    /// are shown as they are.
    pub fn in_full(self) -> String {
        let (dollars, nano) = (grouped(self.0 / DOLLAR), self.0 % DOLLAR);
        let digits = format!("{nano:09}");
        let digits = digits.trim_end_matches('0');
        format!("${dollars}.{digits:0<2}")
    }

    /// The most that can be shown without saying more than there is.
    #[must_use]
    pub fn rounded_down(self) -> Self {
        let unit = self.shown_unit();
        Self(self.0 / unit * unit)
    }

    /// What the last digit that is shown stands for.
    fn shown_unit(self) -> u64 {
        let mut unit = DOLLAR / 100;
        while unit > 1 && self.0 < unit * 10 {
            unit /= 10;
        }
        unit
    }
}

impl fmt::Display for NanoDollars {
    /// An amount as people read it, wherever it stands: two digits after the
    /// point from a dollar on, two that count below, and none where it is
    /// small. Other languages write these digits in their way. No line breaks
    /// in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(nano) = *self;
        if (1..SMALL).contains(&nano) {
            return write!(f, "<\u{a0}{}", Self(SMALL));
        }
        let mut unit = self.shown_unit();
        let rounded = nano.div_ceil(unit) * unit;
        while unit < DOLLAR / 100 && rounded.is_multiple_of(unit * 10) {
            unit *= 10;
        }
        let digits = (DOLLAR / unit).ilog10() as usize;
        let fraction = rounded % DOLLAR / unit;
        let dollars = grouped(rounded / DOLLAR);
        write!(f, "${dollars}.{fraction:0digits$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_become_whole_nano_dollars() {
        for (dollars, nano) in [
            (0.0, 0),
            (1e-9, 1),
            (1.4e-9, 2),
            (0.1 + 0.2, 300_000_000),
            (5.0, 5_000_000_000),
            (1e6, 1_000_000_000_000_000),
        ] {
            assert_eq!(NanoDollars::from_dollars(dollars), Some(NanoDollars(nano)));
        }
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1.1e6] {
            assert_eq!(NanoDollars::from_dollars(wrong), None);
        }
    }

    #[test]
    fn a_limit_is_what_was_typed_and_is_shown_as_it_holds() {
        for (dollars, shown) in [
            (1.0, "$1.00"),
            (1.000_000_000_1, "$1.00"),
            (1.000_000_001, "$1.000000001"),
            (4.5, "$4.50"),
            (0.1 + 0.2, "$0.30"),
            (0.125, "$0.125"),
            (1_234.567_8, "$1,234.5678"),
            (0.000_012, "$0.000012"),
            (1e6, "$1,000,000.00"),
            (0.0, "$0.00"),
        ] {
            let limit = NanoDollars::nearest_to_dollars(dollars);
            assert_eq!(limit.map(NanoDollars::in_full).as_deref(), Some(shown));
        }
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1.1e6] {
            assert_eq!(NanoDollars::nearest_to_dollars(wrong), None);
        }
    }

    #[test]
    fn small_amounts_keep_two_digits() {
        for (nano, shown) in [
            (0, "$0.00"),
            (1, "<\u{a0}$0.0001"),
            (99_999, "<\u{a0}$0.0001"),
            (100_000, "$0.0001"),
            (100_001, "$0.00011"),
            (1_234_567, "$0.0013"),
            (99_900_000, "$0.10"),
            (9_950_000, "$0.01"),
            (250_000_000, "$0.25"),
            (5_000_000_000, "$5.00"),
            (1_234_567_890_123, "$1,234.57"),
        ] {
            assert_eq!(NanoDollars(nano).to_string(), shown);
        }
    }

    #[test]
    fn what_is_left_is_never_shown_as_more() {
        for (nano, shown) in [
            (0, "$0.00"),
            (1, "<\u{a0}$0.0001"),
            (999_999, "$0.00099"),
            (99_900_000, "$0.099"),
            (1_999_999_999, "$1.99"),
            (5_000_000_000, "$5.00"),
        ] {
            let left = NanoDollars(nano).rounded_down();
            assert!(left.0 <= nano);
            assert_eq!(left.to_string(), shown);
        }
    }
}
