//! A receipt: what a call cost, line by line.

use std::fmt;
use std::sync::Arc;

use super::money::NanoDollars;
use crate::model::calls::service_terms::ServiceTerms;
use crate::model::calls::usage::UsageClass;

/// Every unit of a class divides this, so that sums are whole numbers.
const PARTS: u128 = 1_000_000;
/// What a receipt is stored with, beside its lines.
const TERMS: &str = "terms";
const SAID_INPUT: &str = "said_input";
const SAID_OUTPUT: &str = "said_output";
const SAID_COST: &str = "said_cost";

/// What a call used of each class, at which price, by which list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// None where no list knows the model.
    pub list: Option<PriceList>,
    /// On which terms the call was served; its prices are those of the terms.
    pub terms: ServiceTerms,
    /// What its provider reported, where not all of that is believed.
    pub cut: Option<CutReport>,
    pub lines: Vec<ReceiptLine>,
}

/// What a provider reported of a call, where it is more than is possible and
/// was cut before it was booked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutReport {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost: Option<NanoDollars>,
}

/// What was used of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptLine {
    pub class: UsageClass,
    pub count: u64,
    /// Of [`UsageClass::unit`] of them; none where nobody knows it.
    pub price: Option<NanoDollars>,
}

/// A list of prices, and as of which day its prices are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    pub name: Arc<str>,
    /// As in 2026-11-20; none where the list does not say it.
    pub date: Option<Arc<str>>,
}

impl ReceiptLine {
    /// What the line costs, in millionths of a nano-dollar; none where its
    /// price is unknown.
    fn parts(&self) -> Option<u128> {
        let each = PARTS / u128::from(self.class.unit());
        let cost = u128::from(self.count) * u128::from(self.price?.0);
        Some(cost.saturating_mul(each))
    }

    /// What the line costs, rounded up.
    pub fn cost(&self) -> Option<NanoDollars> {
        round_up(self.parts()?)
    }
}

impl Receipt {
    /// What the call costs: the sum of its lines, rounded up once. None where
    /// nobody knows the price of one of them, or where the sum is no price of
    /// a call.
    pub fn sum(&self) -> Option<NanoDollars> {
        self.list.as_ref()?;
        let mut sum: u128 = 0;
        for line in &self.lines {
            sum = sum.saturating_add(line.parts()?);
        }
        round_up(sum)
    }
}

fn round_up(parts: u128) -> Option<NanoDollars> {
    let nano = u64::try_from(parts.div_ceil(PARTS)).ok()?;
    (nano <= NanoDollars::CALL_MAX.0).then_some(NanoDollars(nano))
}

/// Writes what is stored: the terms and what was cut, where there is any, and
/// the lines: `terms=flex said_input=7 input=900@100000000 output=20@?`.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.terms.is_empty() {
            write!(f, "{TERMS}={} ", self.terms)?;
        }
        if let Some(cut) = self.cut {
            let CutReport {
                input_tokens,
                output_tokens,
                cost,
            } = cut;
            write!(
                f,
                "{SAID_INPUT}={input_tokens} {SAID_OUTPUT}={output_tokens} "
            )?;
            if let Some(cost) = cost {
                write!(f, "{SAID_COST}={} ", cost.0)?;
            }
        }
        for (at, line) in self.lines.iter().enumerate() {
            let blank = if at > 0 { " " } else { "" };
            write!(f, "{blank}{}={}@", line.class.as_str(), line.count)?;
            match line.price {
                Some(price) => write!(f, "{}", price.0)?,
                None => f.write_str("?")?,
            }
        }
        Ok(())
    }
}

impl Receipt {
    /// Parses what is stored: the words of a receipt, and its list. None where
    /// they are damaged.
    pub fn parse(words: &str, list: Option<&str>) -> Option<Self> {
        let mut receipt = Self {
            list: list.map(PriceList::parse),
            ..Self::default()
        };
        for word in words.split_ascii_whitespace() {
            let (name, said) = word.split_once('=')?;
            match name {
                TERMS => receipt.terms = ServiceTerms::parse(said)?,
                SAID_INPUT => {
                    receipt.cut.get_or_insert_default().input_tokens = said.parse().ok()?;
                }
                SAID_OUTPUT => {
                    receipt.cut.get_or_insert_default().output_tokens = said.parse().ok()?;
                }
                SAID_COST => {
                    let nano = said.parse().ok()?;
                    receipt.cut.get_or_insert_default().cost = Some(NanoDollars(nano));
                }
                class => receipt.lines.push(ReceiptLine::parse(class, said)?),
            }
        }
        Some(receipt)
    }
}

impl ReceiptLine {
    fn parse(class: &str, said: &str) -> Option<Self> {
        let (count, price) = said.split_once('@')?;
        Some(Self {
            class: UsageClass::parse(class)?,
            count: count.parse().ok()?,
            price: match price {
                "?" => None,
                known => Some(NanoDollars(known.parse().ok()?)),
            },
        })
    }
}

/// Writes the list as it is stored: its day, or `-`, and its name.
impl fmt::Display for PriceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date.as_deref().unwrap_or("-"), self.name)
    }
}

impl PriceList {
    fn parse(text: &str) -> Self {
        let (date, name) = text.split_once(' ').unwrap_or(("-", text));
        Self {
            name: name.into(),
            date: (date != "-").then(|| date.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(class: UsageClass, count: u64, price: u64) -> ReceiptLine {
        ReceiptLine {
            class,
            count,
            price: Some(NanoDollars(price)),
        }
    }

    fn receipt(lines: Vec<ReceiptLine>) -> Receipt {
        let list = PriceList {
            name: "a list".into(),
            date: Some("2026-11-20".into()),
        };
        Receipt {
            list: Some(list),
            lines,
            ..Receipt::default()
        }
    }

    #[test]
    fn the_sum_is_exact_and_rounded_up_once() {
        use UsageClass as C;
        // 3 × 0.1 + 7 × 0.01 dollars a million: 370 nano-dollars.
        let small = receipt(vec![
            line(C::Input, 3, 100_000_000),
            line(C::CachedInput, 7, 10_000_000),
        ]);
        assert_eq!(small.sum(), Some(NanoDollars(370)));
        // A third and two thirds of a nano-dollar are one, not two.
        let split = receipt(vec![
            line(C::Input, 1, 333_333),
            line(C::Output, 2, 333_333),
        ]);
        assert_eq!(split.sum(), Some(NanoDollars(1)));
        // 4 pictures at 0.04 dollars, 2 searches at 10 dollars a thousand, and
        // 1.5 seconds of a machine at 0.0005.
        let pieces = receipt(vec![
            line(C::Picture, 4, 40_000_000),
            line(C::WebSearch, 2, 10_000_000_000),
            line(C::Machine, 1_500, 500_000),
        ]);
        assert_eq!(pieces.sum(), Some(NanoDollars(180_750_000)));
        let absurd = receipt(vec![line(C::Picture, u64::MAX, u64::MAX)]);
        assert_eq!(absurd.sum(), None);
    }

    #[test]
    fn one_unknown_price_makes_the_sum_unknown() {
        let unknown = ReceiptLine {
            price: None,
            ..line(UsageClass::WebSearch, 1, 0)
        };
        let lines = vec![line(UsageClass::Input, 3, 100), unknown];
        assert_eq!(receipt(lines).sum(), None);
        assert_eq!(receipt(Vec::new()).sum(), Some(NanoDollars(0)));
        assert_eq!(Receipt::default().sum(), None);
    }

    #[test]
    fn a_receipt_reads_back_what_it_writes() {
        let mut written = receipt(vec![
            line(UsageClass::Input, 900, 100_000_000),
            line(UsageClass::CacheWrite1h, 3, 0),
        ]);
        written.lines.push(ReceiptLine {
            price: None,
            ..line(UsageClass::WebSearch, 1, 0)
        });
        let text = written.to_string();
        assert_eq!(
            text,
            "input=900@100000000 cache_write_1h=3@0 web_search=1@?"
        );
        let list = written.list.as_ref().unwrap().to_string();
        assert_eq!(list, "2026-11-20 a list");
        assert_eq!(Receipt::parse(&text, Some(&list)), Some(written.clone()));
        written.terms = ServiceTerms::parse("fast+us").unwrap();
        written.cut = Some(CutReport {
            input_tokens: 3_000_000_000,
            output_tokens: 7,
            cost: Some(NanoDollars(5_000_000_000)),
        });
        let text = written.to_string();
        assert_eq!(
            text,
            "terms=fast+us said_input=3000000000 said_output=7 said_cost=5000000000 \
             input=900@100000000 cache_write_1h=3@0 web_search=1@?"
        );
        assert_eq!(Receipt::parse(&text, Some(&list)), Some(written));
        assert_eq!(Receipt::parse("", None), Some(Receipt::default()));
        for damaged in [
            "input",
            "input=1",
            "input=x@1",
            "else=1@1",
            "input=1@y",
            "terms=x",
            "said_cost=-1",
        ] {
            assert_eq!(Receipt::parse(damaged, None), None, "{damaged}");
        }
    }
}
