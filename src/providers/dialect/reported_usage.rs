//! What a provider has reported of a call's usage so far, field by field.
//!
//! Usage comes in one piece or in several. A field that a later piece lacks,
//! or repeats as zero, keeps its value.

use serde_json::Value;

use crate::model::{NanoDollars, ServiceTerm, ServiceTerms, Usage, UsageDetails};

/// The largest count that is taken over: a larger one is taken to be this. Some
/// thousands of it fit into a column of sums, and at a dollar for a million
/// tokens it costs a thousand times what any call can cost.
const COUNT_MAX: u64 = 1_000_000_000_000_000;
/// How many fields there are.
const FIELDS: usize = Field::Pictures as usize + 1;

/// A count that some vendor reports. What it includes is for its dialect to
/// know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Input,
    Output,
    Total,
    Cached,
    CacheWrite,
    CacheWrite5m,
    CacheWrite1h,
    CacheWrite12h,
    Reasoning,
    ToolInput,
    InputText,
    InputAudio,
    InputImage,
    InputVideo,
    CachedAudio,
    CachedImage,
    OutputText,
    OutputAudio,
    OutputImage,
    WebSearches,
    FileSearches,
    MapSearches,
    ToolCalls,
    Containers,
    OtherModel,
    AudioSeconds,
    Searches,
    Jobs,
    /// Pictures that a tool of the provider's made.
    Pictures,
}

/// A field, and where a vendor reports it: a path in its JSON.
pub type FieldPath = (Field, &'static str);

/// What was reported so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportedUsage {
    counts: [Option<u64>; FIELDS],
    /// What the provider says it cost.
    cost: Option<NanoDollars>,
    /// Another charges for it too, and the provider does not say what.
    cost_is_untold: bool,
    /// On which terms it served the call: its tier, its speed and its place.
    terms: [Option<ServiceTerm>; 3],
}

impl ReportedUsage {
    /// Takes over a piece of usage. Where two paths lead to one field, the
    /// later one in the list wins.
    pub fn take_piece(&mut self, piece: &Value, paths: &[FieldPath]) {
        for (field, path) in paths {
            self.set(*field, read_count(piece, path));
        }
    }

    /// Takes over a count, unless it is missing, or zero where another one is
    /// known.
    pub fn set(&mut self, field: Field, count: Option<u64>) {
        if let (Some(known), Some(count)) = (self.counts.get_mut(field as usize), count)
            && (count > 0 || known.is_none())
        {
            *known = Some(count);
        }
    }

    /// Puts a count in the place of the one that is known.
    pub fn replace(&mut self, field: Field, count: u64) {
        if let Some(known) = self.counts.get_mut(field as usize) {
            *known = Some(count);
        }
    }

    /// Takes over what the provider says it cost, in the same way.
    pub fn set_cost(&mut self, dollars: Option<f64>) {
        let cost = dollars.and_then(NanoDollars::from_dollars);
        let is_news = |cost: &NanoDollars| cost.0 > 0 || self.cost.is_none();
        self.cost = cost.filter(is_news).or(self.cost);
    }

    /// Notes that another charges for it too. What both charge is told, or else
    /// nobody knows.
    pub fn note_untold_cost(&mut self) {
        self.cost_is_untold = self.cost.is_none();
    }

    /// Takes over the word for a tier of service, where there is one: the one
    /// that came last is the one that counts.
    pub fn set_tier(&mut self, word: Option<&str>) {
        let [tier, ..] = &mut self.terms;
        *tier = word.map_or(*tier, ServiceTerm::of_tier);
    }

    /// Takes over the word for a speed, where there is one.
    pub fn set_speed(&mut self, word: Option<&str>) {
        let [_, speed, _] = &mut self.terms;
        *speed = word.map_or(*speed, ServiceTerm::of_speed);
    }

    /// Takes over the word for the place where a model ran, where there is one.
    pub fn set_place(&mut self, word: Option<&str>) {
        let [.., place] = &mut self.terms;
        *place = word.map_or(*place, ServiceTerm::of_place);
    }

    /// The terms that were named so far.
    fn terms(&self) -> ServiceTerms {
        let named = self.terms.into_iter().flatten();
        named.fold(ServiceTerms::default(), ServiceTerms::with)
    }

    /// Whether the answer says that it was served on terms of its own.
    pub fn has_terms(&self) -> bool {
        !self.terms().is_empty()
    }

    /// A count; none if it was not reported.
    pub fn get(&self, field: Field) -> Option<u64> {
        self.counts.get(field as usize).copied().flatten()
    }

    /// A count, or 0.
    pub fn count(&self, field: Field) -> u64 {
        self.get(field).unwrap_or(0)
    }

    /// Whether anything was reported.
    pub fn says_anything(&self) -> bool {
        self.counts.iter().any(Option::is_some) || self.has_terms()
    }

    /// The input and the output. One that was left out is what the other leaves
    /// of both together, where those are told.
    pub fn totals(&self) -> Option<(u64, u64)> {
        let total = self.get(Field::Total).filter(|total| *total > 0);
        match (self.get(Field::Input), self.get(Field::Output)) {
            (Some(input), Some(output)) => Some((input, output)),
            (Some(input), None) => Some((input, total?.checked_sub(input)?)),
            (None, Some(output)) => Some((total?.checked_sub(output)?, output)),
            (None, None) => None,
        }
    }

    /// Whether the provider says what the call cost.
    pub fn has_cost(&self) -> bool {
        self.cost.is_some()
    }

    /// The usage, once its dialect knows the totals. All other fields are
    /// what their names say.
    pub fn usage(&self, input_tokens: u64, output_tokens: u64) -> Usage {
        Usage {
            input_tokens,
            output_tokens,
            total_tokens: match self.totals() {
                Some(_) => 0,
                None => self.count(Field::Total),
            },
            cached_tokens: self.count(Field::Cached),
            reasoning_tokens: self.count(Field::Reasoning),
            details: UsageDetails {
                cache_write: self.count(Field::CacheWrite),
                cache_write_5m: self.count(Field::CacheWrite5m),
                cache_write_1h: self.count(Field::CacheWrite1h),
                cache_write_12h: self.count(Field::CacheWrite12h),
                tool_input: self.count(Field::ToolInput),
                input_audio: self.count(Field::InputAudio),
                input_image: self.count(Field::InputImage),
                input_video: self.count(Field::InputVideo),
                cached_audio: self.count(Field::CachedAudio),
                cached_image: self.count(Field::CachedImage),
                output_audio: self.count(Field::OutputAudio),
                output_image: self.count(Field::OutputImage),
                web_searches: self.count(Field::WebSearches),
                file_searches: self.count(Field::FileSearches),
                map_searches: self.count(Field::MapSearches),
                tool_calls: self.count(Field::ToolCalls),
                containers: self.count(Field::Containers),
                other_model: self.count(Field::OtherModel),
                audio_seconds: self.count(Field::AudioSeconds),
                characters: 0,
                searches: self.count(Field::Searches),
                jobs: self.count(Field::Jobs),
                pictures: self.count(Field::Pictures),
            },
            cost: self.cost,
            cost_is_untold: self.cost_is_untold,
            terms: self.terms(),
        }
    }
}

/// Reads a count at a path; none where it is missing or no whole number. One
/// above [`COUNT_MAX`] is taken to be that.
pub fn read_count(value: &Value, path: &str) -> Option<u64> {
    let count = value.pointer(path)?;
    let whole = count.as_u64().or_else(|| {
        let written = || count.as_str()?.parse().ok();
        let float: f64 = count.as_f64().or_else(written)?;
        let float = Some(float).filter(|it| it.is_finite())?.ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates, and is compared with the most below"
        )]
        (float >= 0.0).then_some(float as u64)
    });
    whole.map(|count| count.min(COUNT_MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn zeros_and_gaps_in_a_later_piece_erase_nothing() {
        const PATHS: &[FieldPath] = &[(Field::Input, "/a"), (Field::Cached, "/b/c")];
        let mut reported = ReportedUsage::default();
        for piece in [
            json!({"a": 5, "b": {"c": 3}}),
            json!({"a": 0, "b": null}),
            json!({"a": 9, "b": {"c": 0}}),
            json!({"a": -1, "b": {"c": -200_000_000}}),
            json!({"a": "many", "b": {"c": [7]}}),
        ] {
            reported.take_piece(&piece, PATHS);
        }
        assert_eq!(
            (reported.get(Field::Input), reported.get(Field::Cached)),
            (Some(9), Some(3))
        );
        assert_eq!(reported.get(Field::Output), None);
        reported.set(Field::Output, Some(0));
        assert_eq!(reported.get(Field::Output), Some(0));
        reported.set_cost(Some(0.5));
        reported.set_cost(Some(0.0));
        reported.set_cost(None);
        assert_eq!(reported.usage(1, 2).cost, Some(NanoDollars(500_000_000)));
    }

    #[test]
    fn a_count_may_be_written_as_a_float_or_a_text() {
        for (count, read) in [(json!(12.0), 12), (json!(12.5), 13), (json!("12"), 12)] {
            assert_eq!(read_count(&json!({"a": count}), "/a"), Some(read));
        }
        for wrong in [
            json!(-1.0),
            json!(-1e30),
            json!("many"),
            json!("inf"),
            json!(null),
        ] {
            assert_eq!(read_count(&json!({"a": wrong}), "/a"), None);
        }
    }

    #[test]
    fn no_count_is_dropped_for_its_size() {
        for (count, read) in [
            (json!(100_000_001), 100_000_001),
            (json!(2_147_483_648_u64), 2_147_483_648),
            (json!(3_000_000_000_u64), 3_000_000_000),
            (json!(3e9), 3_000_000_000),
            (json!(COUNT_MAX), COUNT_MAX),
            (json!(u64::MAX), COUNT_MAX),
            (json!(1e30), COUNT_MAX),
        ] {
            assert_eq!(
                read_count(&json!({"a": count}), "/a"),
                Some(read),
                "{count}"
            );
        }
    }

    #[test]
    fn the_terms_that_were_named_last_count() {
        let mut reported = ReportedUsage::default();
        reported.set_tier(Some("priority"));
        reported.set_speed(Some("fast"));
        reported.set_place(Some("us"));
        reported.set_tier(Some("default"));
        reported.set_tier(None);
        assert_eq!(reported.usage(1, 1).terms.to_string(), "fast+us");
    }
}
