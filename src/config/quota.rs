//! Settings of quotas and tiers.

use serde::Deserialize;

use super::{ConfigError, ids};
use crate::model::{Limit, Metric, NanoDollars, Period, Source, Span, Tier, Window};

/// The operator's quotas.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    pub applies_to: Vec<String>,
    pub time_zone: String,
    pub prices_file: String,
    pub keep_days: u32,
    pub tiers: Vec<TierSetting>,
}

/// One tier.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierSetting {
    pub name: String,
    #[serde(default)]
    pub limits: Vec<LimitSetting>,
    #[serde(default = "yes")]
    pub byok: bool,
    #[serde(default, deserialize_with = "ids::list")]
    pub skus: Vec<u64>,
    #[serde(default, deserialize_with = "ids::list")]
    pub roles: Vec<u64>,
}

/// One limit: exactly one of the amounts, over a period.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSetting {
    pub requests: Option<u64>,
    pub output_tokens: Option<u64>,
    pub images: Option<u64>,
    pub dollars: Option<f64>,
    pub per: String,
    pub window: String,
}

fn yes() -> bool {
    true
}

impl Default for Quota {
    fn default() -> Self {
        let tier = |name: &str, [minute, day, images]: [u64; 3]| {
            let limit = |requests, per: &str| LimitSetting {
                requests: Some(requests),
                per: per.into(),
                ..LimitSetting::default()
            };
            // One request makes several pictures.
            let images = LimitSetting {
                images: Some(images),
                per: "day".into(),
                ..LimitSetting::default()
            };
            TierSetting {
                name: name.into(),
                limits: vec![limit(minute, "minute"), limit(day, "day"), images],
                byok: true,
                ..TierSetting::default()
            }
        };
        Self {
            applies_to: vec!["bot_default".into()],
            time_zone: "UTC".into(),
            prices_file: String::new(),
            keep_days: 400,
            tiers: vec![
                tier("community", [10, 100, 40]),
                tier("subscriber", [30, 500, 200]),
                tier("premium", [100, 2_000, 800]),
                tier("lifetime", [100, 2_000, 800]),
            ],
        }
    }
}

impl Quota {
    /// The payers whose asks obey the tiers.
    pub fn sources(&self) -> Result<Vec<Source>, ConfigError> {
        let words = self.applies_to.iter();
        words
            .map(|word| {
                Source::parse(word).ok_or_else(|| {
                    ConfigError::new(
                        "quota.applies_to",
                        "may hold `request`, `personal`, `server` and `bot_default`",
                    )
                })
            })
            .collect()
    }

    /// The tiers, lowest first.
    pub fn tiers(&self) -> Result<Vec<Tier>, ConfigError> {
        if self.tiers.is_empty() {
            return Err(ConfigError::new(
                "quota.tiers",
                "needs one tier at least; the first is everybody's",
            ));
        }
        let tiers = self.tiers.iter().enumerate();
        tiers.map(|(at, tier)| self.tier(at, tier)).collect()
    }

    fn tier(&self, at: usize, tier: &TierSetting) -> Result<Tier, ConfigError> {
        let name = format!("quota.tiers[{at}].name");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if tier.name.is_empty() || tier.name.len() > 30 || !tier.name.chars().all(plain) {
            return Err(ConfigError::new(
                name,
                "must be a word of lower-case letters, digits and dashes",
            ));
        }
        if self
            .tiers
            .iter()
            .filter(|other| other.name == tier.name)
            .count()
            > 1
        {
            return Err(ConfigError::new(name, "is given twice"));
        }
        let limits = tier.limits.iter().enumerate().map(|(number, limit)| {
            limit.to_limit().map_err(|problem| {
                ConfigError::new(format!("quota.tiers[{at}].limits[{number}]"), problem)
            })
        });
        let limits = limits.collect::<Result<Vec<Limit>, _>>()?;
        let meter = |limit: &Limit| (limit.metric, limit.span);
        for (number, limit) in limits.iter().enumerate() {
            if limits
                .iter()
                .take(number)
                .any(|other| meter(other) == meter(limit))
            {
                return Err(ConfigError::new(
                    format!("quota.tiers[{at}].limits[{number}]"),
                    "limits the same as another one",
                ));
            }
        }
        Ok(Tier {
            name: tier.name.clone(),
            limits,
            byok: tier.byok,
            skus: tier.skus.clone(),
            roles: tier.roles.clone(),
        })
    }
}

impl LimitSetting {
    fn to_limit(&self) -> Result<Limit, &'static str> {
        let dollars = match self.dollars {
            Some(dollars) => {
                let nano = NanoDollars::nearest_to_dollars(dollars);
                Some(nano.ok_or("`dollars` must be from 0 to 1000000")?.0)
            }
            None => None,
        };
        let amounts = [
            (Metric::Requests, self.requests),
            (Metric::OutputTokens, self.output_tokens),
            (Metric::Images, self.images),
            (Metric::Cost, dollars),
        ];
        let mut given = amounts
            .into_iter()
            .filter_map(|(metric, amount)| Some((metric, amount?)));
        let Some((metric, max)) = given.next() else {
            return Err("needs one of `requests`, `output_tokens`, `images` and `dollars`");
        };
        if given.next().is_some() {
            return Err("has several amounts; make each a limit of its own, with its own `per`");
        }
        let period = Period::parse(&self.per)
            .ok_or("needs `per`: \"minute\", \"day\", \"week\" or \"month\"")?;
        let window = match self.window.as_str() {
            "" => Window::default(),
            word => Window::parse(word).ok_or("`window` must be \"rolling\" or \"calendar\"")?,
        };
        Ok(Limit {
            metric,
            span: Span { period, window },
            max: max.min(i64::MAX.cast_unsigned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One request can make several pictures.
    #[test]
    fn every_tier_that_is_shipped_limits_pictures() {
        for tier in Quota::default().tiers().unwrap() {
            let limits = tier.limits.iter();
            let of_pictures = limits.filter(|limit| limit.metric == Metric::Images);
            assert_eq!(of_pictures.count(), 1, "{}", tier.name);
        }
    }
}
