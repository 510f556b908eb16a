//! What stands under an answer: who paid, what it cost, and who was passed
//! over.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::{KnownProviders, OwnAttempt};
use crate::console::markup::{Markup, html};
use crate::console::parts::key::provider_name;
use crate::console::parts::{money, payer};
use crate::console::words::{
    capitalized, describe_left_out, describe_passed_over, describe_source,
};
use crate::model::{
    Answer, BrokenAnswer, FinishReason, NanoDollars, PictureAnswer, PriceEstimate, Source, Trace,
    Usage, WhyFellBack,
};

/// A receipt in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who paid, by the name of the source.
    pub source: String,
    /// How the key ends that paid, where it is a stored one of the reader's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    pub cost: String,
    /// Tokens and time.
    pub used: String,
    /// Who was passed over, and what was left out.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What is said when the answer is there.
    #[serde(default)]
    pub spoken: String,
}

impl Receipt {
    /// The receipt of an answer that took so long.
    pub fn of_answer(
        answer: &Answer,
        trace: &Trace,
        took: Duration,
        providers: KnownProviders<'_>,
    ) -> Self {
        let used = describe_usage(&answer.usage, answer.estimated);
        let mut notes = Vec::new();
        match answer.finish {
            FinishReason::Complete => {}
            FinishReason::Length => {
                notes.push("It ends here: the longest answer is reached.".to_owned());
            }
            FinishReason::Blocked => notes.push("The provider held back the rest.".to_owned()),
        }
        notes.extend(passed_over(trace, providers));
        notes.extend(answer.left_out.iter().map(describe_left_out));
        let tokens = money::grouped(answer.usage.output_tokens);
        Self::new(answer.source, answer.cost, &used, took)
            .with_notes(notes)
            .spoken(&format!("Answer is complete, {tokens} tokens"))
    }

    /// The receipt of an answer that broke off after so long.
    pub fn of_broken(
        broken: &BrokenAnswer,
        trace: &Trace,
        took: Duration,
        providers: KnownProviders<'_>,
    ) -> Self {
        let used = describe_usage(&broken.usage, broken.estimated);
        Self::new(
            broken.source,
            broken.cost,
            &format!("{used}, broken off"),
            took,
        )
        .with_notes(passed_over(trace, providers).into_iter().collect())
        .spoken("Broken off")
    }

    /// The receipt of pictures.
    pub fn of_pictures(
        made: &PictureAnswer,
        took: Duration,
        providers: KnownProviders<'_>,
    ) -> Self {
        let count = made.pictures.len();
        let used = format!(
            "{count} {}",
            if count == 1 { "picture" } else { "pictures" }
        );
        let fell_back = made.fell_back_from.iter().map(|fell| {
            let (whose, provider) = (
                describe_source(fell.source),
                provider_name(providers, &fell.provider),
            );
            let why = match fell.why {
                WhyFellBack::Restricted => "its provider does not let it do this",
                WhyFellBack::TurnedDown => "its provider turned it down",
                WhyFellBack::Damaged => "what is stored of it can’t be opened",
                WhyFellBack::Limit => "it has reached its limit",
            };
            capitalized(&format!("{whose} for {provider} did not pay: {why}."))
        });
        let mut notes: Vec<String> = fell_back.collect();
        if let Some(estimate) = made.estimate.filter(|it| it.cost.0 > 0) {
            notes.push(format!("Foreseen before: {}.", foresee(estimate)));
        }
        if !made.missing.is_empty() {
            let (missing, all) = (made.missing.len(), made.missing.len() + count);
            notes.push(format!(
                "{missing} of {all} did not come: refused, limited or not readable."
            ));
        }
        Self::new(made.source, made.cost, &used, took)
            .with_notes(notes)
            .spoken(&format!("Picture is there, {used}"))
    }

    /// The receipt of an answer that its reader stopped: what was charged for
    /// what came until then.
    pub fn of_stopped(attempt: &OwnAttempt) -> Self {
        let usage = Usage {
            input_tokens: attempt.input_tokens,
            output_tokens: attempt.output_tokens,
            cached_tokens: attempt.cached_tokens,
            ..Usage::default()
        };
        let cost = attempt.cost_nano.map(NanoDollars);
        let is_demo = Source::parse(&attempt.source) == Some(Source::Demo);
        let mut stopped = Self {
            source: attempt.source.clone(),
            cost: match cost {
                _ if is_demo => NanoDollars(0).to_string(),
                Some(cost) => cost.to_string(),
                None => "cost unknown".to_owned(),
            },
            used: format!("{} · stopped", describe_usage(&usage, attempt.estimated)),
            ..Self::default()
        };
        if attempt.state == "released" {
            "Stopped before anything was used".clone_into(&mut stopped.used);
        }
        stopped.spoken("Stopped")
    }

    fn new(source: Source, cost: Option<NanoDollars>, used: &str, took: Duration) -> Self {
        let tenths = took.as_millis() / 100;
        Self {
            source: source.as_str().to_owned(),
            cost: match cost {
                _ if source == Source::Demo => NanoDollars(0).to_string(),
                Some(cost) => cost.to_string(),
                None => "cost unknown".to_owned(),
            },
            used: format!("{used} · {}.{} s", tenths / 10, tenths % 10),
            ..Self::default()
        }
    }

    fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    fn spoken(self, what: &str) -> Self {
        let spoken = format!("{what}, {}", self.cost);
        Self { spoken, ..self }
    }

    /// Who paid, if the name of the source is one.
    pub fn source(&self) -> Option<Source> {
        Source::parse(&self.source)
    }

    /// The receipt on a page. The buttons of the answer stand beside it, where
    /// there are any.
    pub fn show(&self) -> Markup {
        html! {
            footer.receipt {
                span {
                    @if let Some(source) = self.source() {
                        (payer::show_key(payer::look(source), self.hint.as_deref()))
                    }
                    strong { (self.cost) }
                    span.dim { (self.used) }
                    @for note in &self.notes { span.sub { (note) } }
                }
            }
        }
    }
}

/// What pictures may cost, in words.
pub fn foresee(estimate: PriceEstimate) -> String {
    let about = if estimate.is_most { "at most" } else { "about" };
    match estimate.pictures {
        1 => format!("{about} {}", estimate.cost),
        count => format!("{about} {} for {count} pictures", estimate.cost),
    }
}

/// Tokens in, from a cache, and out.
fn describe_usage(usage: &Usage, is_estimated: bool) -> String {
    let input = money::grouped(usage.input_tokens);
    let output = money::grouped(usage.output_tokens);
    let cached = match usage.cached_tokens {
        0 => String::new(),
        cached => format!(" ({} cached)", money::grouped(cached)),
    };
    let about = if is_estimated { "about " } else { "" };
    format!("{about}{input} in{cached}, {output} out")
}

/// Who was asked before whoever paid. Keys behind that have no part in an answer.
fn passed_over(trace: &Trace, providers: KnownProviders<'_>) -> Option<String> {
    let skipped = describe_passed_over(&trace.before_taken(), |id| provider_name(providers, id));
    let sentences = skipped.iter().map(|why| format!("{}.", capitalized(why)));
    let sentences: Vec<String> = sentences.collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
