//! What pictures cost, in the answer of a provider that is passed on as it
//! comes: two fields of ours at its end, as in the answers that are written
//! here.

use bytes::{Bytes, BytesMut};

use crate::app::RelayReceipt;

/// Holds the last brace of an answer back until it is known what it cost.
#[derive(Default)]
pub struct CostFields {
    held: BytesMut,
}

impl CostFields {
    /// Takes the next piece of an object, and gives back what may be passed
    /// on: all but what may be its end. Empty where that is nothing.
    pub fn hold_back(&mut self, piece: &Bytes) -> Bytes {
        let Some(last) = piece.iter().rposition(|byte| !byte.is_ascii_whitespace()) else {
            self.held.extend_from_slice(piece);
            return Bytes::new();
        };
        let mut passed = std::mem::take(&mut self.held);
        self.held.extend_from_slice(&piece[last..]);
        if passed.is_empty() {
            return piece.slice(..last);
        }
        passed.extend_from_slice(&piece[..last]);
        passed.freeze()
    }

    /// The end of the object, with what was known of its price before, and
    /// what it cost.
    pub fn finish(self, receipt: Option<&RelayReceipt>) -> Bytes {
        let mut end = self.held;
        if let Some(receipt) = receipt.filter(|_| end.starts_with(b"}")) {
            let shown = |nano: Option<u64>| nano.map_or("null".to_owned(), |nano| nano.to_string());
            let estimate = shown(receipt.estimate.map(|estimate| estimate.cost.0));
            let cost = shown(receipt.settlement.cost.map(|cost| cost.0));
            let fields =
                format!(",\"estimate_nano_dollars\":{estimate},\"cost_nano_dollars\":{cost}");
            end = [fields.as_bytes(), &end].concat().as_slice().into();
        }
        end.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptId, NanoDollars, PriceEstimate, Settlement, Source};

    fn receipt() -> RelayReceipt {
        RelayReceipt {
            attempt: AttemptId([1; 16]),
            source: Source::Personal,
            settlement: Settlement {
                cost: Some(NanoDollars(7)),
                ..Settlement::released()
            },
            estimate: Some(PriceEstimate {
                cost: NanoDollars(9),
                pictures: 1,
                is_most: true,
            }),
        }
    }

    #[test]
    fn an_object_ends_in_its_costs_however_it_is_cut() {
        let whole = b"{\"data\": [{\"b64_json\": \"x}\"}], \"a\": {}}\n ";
        for size in 1..=whole.len() {
            let mut fields = CostFields::default();
            let mut passed = Vec::new();
            for piece in whole.chunks(size) {
                passed.extend(fields.hold_back(&Bytes::copy_from_slice(piece)));
            }
            passed.extend(fields.finish(Some(&receipt())));
            let text = String::from_utf8(passed).unwrap();
            let end = "\"a\": {},\"estimate_nano_dollars\":9,\"cost_nano_dollars\":7}\n ";
            assert!(text.ends_with(end), "{size} {text}");
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }

    #[test]
    fn what_is_no_object_or_has_no_receipt_is_left_as_it_is() {
        for (whole, receipt) in [("[1] ", Some(receipt())), ("{\"a\":1}", None), (" ", None)] {
            let mut fields = CostFields::default();
            let passed = fields.hold_back(&Bytes::from_static(whole.as_bytes()));
            let end = fields.finish(receipt.as_ref());
            assert_eq!([passed, end].concat(), whole.as_bytes());
        }
    }
}
