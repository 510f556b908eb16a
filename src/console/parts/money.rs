//! Numbers and money, as pages write them.

use crate::model::NanoDollars;

pub use crate::model::grouped;

/// What something cost: never rounded down to nothing, and never nothing
/// where the price is not known.
pub fn cost(cost: Option<NanoDollars>) -> String {
    cost.map_or_else(|| "unknown".to_owned(), |cost| cost.to_string())
}

/// How many of something that is named in the singular, such as "1 request".
pub fn count(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        many => format!("{} {one}s", grouped(many)),
    }
}

/// A large number in three digits or so, such as "2.1 M".
pub fn short(number: u64) -> String {
    let scaled = |unit: u64, letter: &str| {
        let tenths = (number + unit / 20) / (unit / 10);
        if tenths < 1_000 {
            format!("{}.{} {letter}", tenths / 10, tenths % 10)
        } else {
            format!("{} {letter}", grouped(tenths / 10))
        }
    };
    match number {
        0..10_000 => grouped(number),
        10_000..1_000_000 => scaled(1_000, "k"),
        1_000_000..1_000_000_000 => scaled(1_000_000, "M"),
        _ => scaled(1_000_000_000, "B"),
    }
}

/// What each picture costs.
pub fn each(price: NanoDollars) -> String {
    match price {
        NanoDollars(0) => "free".to_owned(),
        price => format!("{} each", price.in_full()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_to_be_read() {
        for (number, long, brief) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_204, "1,204", "1,204"),
            (12_345, "12,345", "12.3 k"),
            (999_960, "999,960", "1,000 k"),
            (2_149_000, "2,149,000", "2.1 M"),
            (7_100_000_000, "7,100,000,000", "7.1 B"),
        ] {
            assert_eq!(grouped(number), long);
            assert_eq!(short(number), brief, "{number}");
        }
        let counted = [0, 1, 2, 1_204].map(|number| count(number, "call"));
        assert_eq!(counted.join(", "), "0 calls, 1 call, 2 calls, 1,204 calls");
        assert_eq!(cost(None), "unknown");
        assert_eq!(cost(Some(NanoDollars(0))), "$0.00");
    }
}
