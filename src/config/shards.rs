//! The range of Discord's shards that this process serves.

use std::str::FromStr;

/// A range of shards, both ends included, of a total: `0-3/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shards {
    pub first: u32,
    pub last: u32,
    pub total: u32,
}

impl Default for Shards {
    fn default() -> Self {
        Self {
            first: 0,
            last: 0,
            total: 1,
        }
    }
}

impl FromStr for Shards {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "must look like 0-3/8: first, last, and how many there are in all";
        let (range, total) = text.split_once('/').ok_or(SHAPE)?;
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u32>().map_err(|_| SHAPE);
        let shards = Self {
            first: number(first)?,
            last: number(last)?,
            total: number(total)?,
        };
        if shards.first > shards.last || shards.last >= shards.total {
            return Err("must rise, and end below the total: shards are counted from 0");
        }
        Ok(shards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_both_its_ends() {
        assert_eq!(
            "0-3/8".parse(),
            Ok(Shards {
                first: 0,
                last: 3,
                total: 8
            })
        );
        assert_eq!(
            "5/8".parse(),
            Ok(Shards {
                first: 5,
                last: 5,
                total: 8
            })
        );
        for wrong in ["", "0", "3-1/8", "0-8/8", "a-b/c", "-1/3", "0-1/0"] {
            assert!(wrong.parse::<Shards>().is_err(), "{wrong}");
        }
    }
}
