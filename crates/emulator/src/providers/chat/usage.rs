//! What an emulated model counts, and reports in each dialect.

use serde_json::{Value, json};

use super::INPUT_TOKENS;
use super::ask::Ask;
use super::reply::Reply;
use crate::providers::api::Surface;
use crate::world::ProviderFault;

/// What was used for a reply.
pub struct Usage {
    pub input: u64,
    sound: u64,
    /// How many tokens the reply has; a fault may say something else.
    pub output: Value,
    thought: usize,
    /// Part of the prompt was read from a cache.
    is_cached: bool,
    cost: Option<f64>,
    /// On which terms the call was served, as its dialect says it.
    terms: Value,
}

impl Usage {
    /// Counts an ask and its reply.
    pub fn count(ask: &Ask<'_>, reply: &Reply, fault: Option<&ProviderFault>) -> Self {
        let thought = reply.thought.as_deref().unwrap_or_default();
        Self {
            input: ask.input,
            sound: ask.sound,
            output: match fault {
                Some(ProviderFault::AbsurdUsage) => json!(99_000_000),
                Some(ProviderFault::WrongUsage) => json!(-5),
                Some(ProviderFault::NoUsage) => Value::Null,
                Some(ProviderFault::NoOutputCount) => json!(0),
                _ => json!(reply.tokens()),
            },
            thought: thought.split_whitespace().count(),
            is_cached: fault == Some(&ProviderFault::CachedInput),
            cost: ask.cost,
            terms: terms_of(ask),
        }
    }

    /// Whether it is reported at all.
    pub fn is_told(&self) -> bool {
        !self.output.is_null()
    }

    fn total(&self) -> Value {
        self.output
            .as_u64()
            .map_or(Value::Null, |output| json!(self.input + output))
    }

    fn cached(&self) -> u64 {
        if self.is_cached { self.input - 2 } else { 0 }
    }

    /// Writes the usage as `OpenAI`'s chat reports it.
    pub fn in_chat(&self) -> Value {
        let mut usage = json!({"prompt_tokens": self.input, "completion_tokens": self.output,
            "total_tokens": self.total(), "prompt_tokens_details": {"cached_tokens": self.cached()},
            "completion_tokens_details": {"reasoning_tokens": self.thought}});
        if let Some(cost) = self.cost {
            usage["cost"] = json!(cost);
        }
        usage
    }

    /// Writes the usage as `OpenAI`'s Responses report it.
    pub fn in_responses(&self) -> Value {
        json!({"input_tokens": self.input, "input_tokens_details": {"cached_tokens": self.cached()},
            "output_tokens": self.output, "output_tokens_details": {"reasoning_tokens": self.thought},
            "total_tokens": self.total()})
    }

    /// Writes the usage as Anthropic's Messages report it, which count what is
    /// read from and written to a cache beside the input.
    pub fn in_messages(&self, output: &Value) -> Value {
        let mut usage = if self.is_cached {
            json!({"input_tokens": 2, "cache_read_input_tokens": INPUT_TOKENS - 6,
                "cache_creation_input_tokens": 4, "output_tokens": output,
                "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 3}})
        } else {
            json!({"input_tokens": self.input, "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0, "output_tokens": output})
        };
        self.add_terms(&mut usage);
        usage
    }

    /// Writes the usage as Google reports it, which counts thoughts beside the
    /// output.
    pub fn in_generate(&self) -> Value {
        let spoken = self
            .output
            .as_u64()
            .map(|all| all.saturating_sub(self.thought as u64));
        let spoken = spoken.map_or(self.output.clone(), |spoken| json!(spoken));
        let mut usage = json!({"promptTokenCount": self.input, "candidatesTokenCount": spoken,
            "totalTokenCount": self.total()});
        self.add_sound(&mut usage);
        if self.thought > 0 {
            usage["thoughtsTokenCount"] = json!(self.thought);
        }
        if self.is_cached {
            usage["cachedContentTokenCount"] = json!(self.cached());
        }
        self.add_terms(&mut usage);
        usage
    }

    /// Writes what Google counted of the prompt alone.
    pub fn of_prompt(&self) -> Value {
        let mut usage = json!({"promptTokenCount": self.input, "totalTokenCount": self.input});
        self.add_sound(&mut usage);
        usage
    }

    fn add_sound(&self, usage: &mut Value) {
        if self.sound > 0 {
            usage["promptTokensDetails"] = json!([
                {"modality": "TEXT", "tokenCount": self.input - self.sound},
                {"modality": "AUDIO", "tokenCount": self.sound},
            ]);
        }
    }

    fn add_terms(&self, usage: &mut Value) {
        for (name, term) in self.terms.as_object().into_iter().flatten() {
            usage[name] = term.clone();
        }
    }
}

/// What Anthropic and Google say of the terms beside the counts.
fn terms_of(ask: &Ask<'_>) -> Value {
    match ask.surface {
        Surface::Messages => {
            let mut terms = json!({"service_tier": ask.tier, "inference_geo": "not_available"});
            for name in ["inference_geo", "speed"] {
                if !ask.body[name].is_null() {
                    terms[name] = ask.body[name].clone();
                }
            }
            terms
        }
        Surface::Generate if ask.tier.is_some() => json!({"serviceTier": ask.tier}),
        _ => Value::Null,
    }
}
