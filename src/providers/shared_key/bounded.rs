//! A call that was found to have a bound, and how it is sent within it.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::model::{PromptTokens, SoundAmount};
use crate::providers::Provider;
use crate::providers::dialect::RawObject;
use crate::providers::picture_tokens::{self, PictureSpec};
use crate::providers::sound::form::Form;

use super::place::Findings;

/// The least that Anthropic thinks with, in tokens.
const THINKING_TOKENS_MIN: u64 = 1_024;

/// What a call may cost at the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestBound {
    /// The prompt, its pictures included.
    pub prompt: PromptTokens,
    /// How many pictures are looked at.
    pub pictures: u64,
    /// How many answers or pictures are made.
    pub answers: u64,
    /// The longest that each answer may be, in tokens, if the call says so.
    pub asked: Option<u64>,
    /// Tokens of the pictures that are made, all together, or of the transcript.
    /// Nothing where pictures are paid for one by one.
    pub made_tokens: u64,
    /// The sound that is written down.
    pub sound: SoundAmount,
}

/// Where a body limits its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitPlace {
    /// There is no output to be limited.
    None,
    Field(&'static str),
    /// Where OpenAI's older completions have it. How many answers there are
    /// stands in the body already.
    Completion,
    /// In Google's `generationConfig`.
    Config,
    /// In Ollama's `options`.
    Options,
}

impl LimitPlace {
    /// Whether the limit stands in this field of the body.
    pub fn is_field(self, name: &str) -> bool {
        matches!(self, Self::Field(field) if field == name)
    }
}

/// A call with a bound. Its limit of the output is not in it yet.
#[derive(Clone)]
pub struct BoundedRequest {
    /// None where the call has no body.
    fields: Option<RawObject>,
    /// What is sent where the body is a form.
    form: Option<Form>,
    place: LimitPlace,
    bound: RequestBound,
    /// How much of the output may go into thinking, if the call says so.
    budget: Option<u64>,
}

impl BoundedRequest {
    /// Puts together what a walk through a body has found.
    pub(super) fn new(
        fields: RawObject,
        place: LimitPlace,
        bound: RequestBound,
        findings: &Findings,
    ) -> Self {
        Self {
            fields: Some(fields),
            form: None,
            place,
            bound,
            budget: findings.budget,
        }
    }

    /// A call that only asks for something to be shown.
    pub(super) fn without_body() -> Self {
        Self {
            fields: None,
            form: None,
            place: LimitPlace::None,
            bound: RequestBound {
                answers: 1,
                ..RequestBound::default()
            },
            budget: None,
        }
    }

    /// A form with a sound.
    pub(super) fn of_form(form: Form, bound: RequestBound) -> Self {
        Self {
            form: Some(form),
            bound,
            ..Self::without_body()
        }
    }

    /// What is sent where the body is a form.
    pub fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    /// What the call may cost at the most.
    pub fn bound(&self) -> RequestBound {
        self.bound
    }

    /// Holds the pictures that the call has made, and its prompt once for
    /// each of them.
    pub(super) fn with_pictures(mut self, provider: &str, model: &str, partial: u64) -> Self {
        let answers = self.bound.answers;
        let text = |name: &str| self.fields.as_ref()?.get::<String>(name);
        let spec = PictureSpec {
            quality: text("quality"),
            size: text("size"),
            partial_pictures: partial,
        };
        let each = picture_tokens::tokens_of_picture(provider, model, &spec);
        self.bound.made_tokens = each.saturating_mul(answers);
        self.bound.prompt = self.bound.prompt.times(answers);
        if answers > 1 {
            return self.with("n", &json!(answers));
        }
        self
    }

    /// Asks for the tier of service that the list of prices is for: without
    /// a word the provider takes what the key's project is set to.
    pub(super) fn with_usual_tier(self) -> Self {
        self.with("service_tier", &json!("default"))
    }

    /// Has the provider keep nothing, which it does without a word.
    pub(super) fn without_storing(self) -> Self {
        self.with("store", &json!(false))
    }

    /// Forbids thinking where the limit on the output does not count it.
    pub(super) fn without_boundless_thinking(self, provider: &Provider) -> Self {
        match provider.dialect.thinking_forbidden() {
            Some((name, value)) => self.with(name, &value),
            None => self,
        }
    }

    fn with(mut self, name: &'static str, value: &Value) -> Self {
        if let Some(fields) = &mut self.fields {
            fields.set(name, value);
        }
        self
    }

    /// The fields of the body as they are sent, where all answers together
    /// may have so many tokens; none where there is no body.
    pub fn fields_within(&self, output_tokens: u64) -> Option<RawObject> {
        let mut fields = self.fields.clone()?;
        let answers = self.bound.answers;
        let each = output_tokens / answers.max(1);
        let asked = self.bound.asked.unwrap_or(each);
        let each = each.min(asked);
        match self.place {
            LimitPlace::None => {}
            LimitPlace::Field(name) => {
                fields.set(name, &json!(each));
                if answers > 1 {
                    fields.set("n", &json!(answers));
                }
            }
            LimitPlace::Completion => fields.set("max_tokens", &json!(each)),
            LimitPlace::Config => {
                let mut config = object_in(&fields, "generationConfig");
                config.set("maxOutputTokens", &json!(each));
                if answers > 1 {
                    config.set("candidateCount", &json!(answers));
                }
                fields.set_raw("generationConfig", config.write().into());
            }
            LimitPlace::Options => {
                let mut options = object_in(&fields, "options");
                options.set("num_predict", &json!(each));
                fields.set_raw("options", options.write().into());
            }
        }
        if self.budget.is_some_and(|budget| budget >= each) {
            lower_budget(&mut fields, each);
        }
        Some(fields)
    }
}

/// The object in a field; an empty one where there is none.
fn object_in(fields: &RawObject, name: &str) -> RawObject {
    let raw = fields.raw(name).unwrap_or("{}");
    let parsed = RawObject::parse(&Bytes::copy_from_slice(raw.as_bytes()));
    parsed.unwrap_or_else(|_| RawObject::from_fields(Vec::new()))
}

/// Leaves room for an answer behind the thinking, without which the provider
/// refuses the call.
fn lower_budget(fields: &mut RawObject, each: u64) {
    if fields.raw("thinking").is_some() {
        let mut thinking = object_in(fields, "thinking");
        if each <= THINKING_TOKENS_MIN {
            fields.set("thinking", &json!({"type": "disabled"}));
            return;
        }
        let budget = (each / 2).max(THINKING_TOKENS_MIN);
        thinking.set("budget_tokens", &json!(budget));
        fields.set_raw("thinking", thinking.write().into());
    } else if fields.raw("reasoning").is_some() {
        let mut reasoning = object_in(fields, "reasoning");
        reasoning.set("max_tokens", &json!(each / 2));
        fields.set_raw("reasoning", reasoning.write().into());
    }
}
