//! A question to a provider itself, with its own key from this environment,
//! where nobody is logged in to a gateway.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use serde_json::json;

use super::ask::{Question, describe_cost};
use crate::app::{BotDefault, KnownProviders, Persona};
use crate::cli::assembly::operator_keys::bot_defaults;
use crate::cli::assembly::readings::catalogue;
use crate::cli::assembly::settings::prices;
use crate::config::{Config, ConfigErrors, Environment};
use crate::ledger::{PriceTable, PricedModel, Prices};
use crate::model::{
    Clock, Departure, FailureClass, MemoryBudget, NanoDollars, ProviderFailure, ProviderKind, Turn,
    Usage, grouped,
};
use crate::providers::{
    Catalogue, ChatCall, ChatReply, ChatRequest, Clients, Delivery, Provider, Providers, Timeouts,
};

/// The longest answer where nobody says how long.
const OUTPUT_TOKENS: u32 = 4_096;

/// A provider, and the key for it that this environment has.
pub struct OwnKey {
    catalogue: Catalogue,
    provider: Provider,
    model: String,
    key: BotDefault,
    bodies_bytes: usize,
    prices: Prices,
}

impl OwnKey {
    /// The key for the provider that a question names, or else for the first
    /// one that this environment has a key for; none where it has none.
    pub fn find(file: Option<&Path>, question: &Question) -> anyhow::Result<Option<Self>> {
        let environment = Environment::of_process()?;
        let config = Config::load(file, &environment)?;
        let mut errors = ConfigErrors::default();
        let found = catalogue(&config, &environment, &mut errors);
        let catalogue = found.ok_or_else(|| errors.clone())?;
        let keys = bot_defaults(&catalogue, &config, &environment, &mut errors);
        errors.unless_wrong(())?;
        let (named, model) = read_target(&catalogue, question)?;
        let chats = |key: &&BotDefault| {
            let found = catalogue.get(&key.provider);
            found.is_some_and(|it| it.kind == ProviderKind::Chat) && key.credential.is_some()
        };
        let is_named = |key: &&BotDefault| named.is_none_or(|it| it.id == key.provider);
        let key = keys.iter().filter(chats).find(is_named);
        let Some(key) = key.map(|key| key.provider.clone()) else {
            return Ok(None);
        };
        let provider = catalogue.get(&key).context("the key is a provider's")?;
        let model = model.or_else(|| provider.default_model.clone());
        let model = model.context("this provider has no usual model; name one with --model")?;
        let provider = provider.clone();
        let key = keys.into_iter().find(|it| it.provider == provider.id);
        Ok(Some(Self {
            key: key.context("the key is there")?,
            bodies_bytes: config.gateway.bodies_bytes(),
            prices: prices(&config)?,
            catalogue,
            provider,
            model,
        }))
    }

    /// Asks the provider, and prints its answer as it comes.
    pub async fn ask(self, question: &Question, prompt: &str) -> anyhow::Result<()> {
        eprintln!(
            "key source: {} of this environment, sent to {} itself; nobody is logged in (`latchkey login <address>` uses the keys of a gateway)",
            self.key.variable.as_deref().unwrap_or("the key"),
            self.provider.name
        );
        let timeouts = Timeouts::default();
        let memory = Arc::new(MemoryBudget::new(self.bodies_bytes));
        let clients = Clients::new(timeouts.connect)?;
        let providers = Providers::new(self.catalogue.clone(), clients, timeouts, memory);
        let request = ChatRequest {
            model: self.model.clone(),
            system: find_persona(question)?,
            turns: vec![Turn::person(prompt)],
            max_output_tokens: question.max_tokens.unwrap_or(OUTPUT_TOKENS),
            is_bounded: false,
        };
        let call = ChatCall {
            provider: &self.provider,
            request: &request,
            delivery: Delivery::Streamed,
            credential: self.key.credential.as_ref(),
            departure: &Departure::default(),
        };
        let (mut text, prints) = (String::new(), !question.json);
        let mut hear = |heard: crate::providers::AnswerPart<'_>| {
            if heard.takes_back {
                text.clear();
            }
            text.push_str(heard.words);
            if prints {
                print!("{}", heard.words);
            }
        };
        let answered = providers.chat(call, &mut hear).await;
        let reply = answered.map_err(|failure| self.explain(&failure))?;
        self.print_end(question, &reply, &text).await
    }

    async fn print_end(
        &self,
        question: &Question,
        reply: &ChatReply,
        text: &str,
    ) -> anyhow::Result<()> {
        let Usage {
            input_tokens,
            output_tokens,
            ..
        } = reply.usage.unwrap_or_default();
        let model = reply.model.as_deref().unwrap_or(&self.model);
        let cost = self.cost_of(reply).await?.map(|cost| cost.0);
        if question.json {
            let answer = json!({
                "response": text, "provider": self.provider.id.as_str(), "model": model,
                "mode": "byok", "source": "environment",
                "usage": {"input_tokens": input_tokens, "output_tokens": output_tokens, "cost_nano_dollars": cost},
            });
            println!("{answer}");
        } else {
            println!();
        }
        eprintln!(
            "— {} {model} · key source: this environment · {} tokens in, {} out · {}",
            self.provider.id,
            grouped(input_tokens),
            grouped(output_tokens),
            describe_cost(&json!(cost))
        );
        Ok(())
    }

    /// What an answer cost: as the provider says, or else by the lists of prices.
    async fn cost_of(&self, reply: &ChatReply) -> anyhow::Result<Option<NanoDollars>> {
        let Some(usage) = reply.usage else {
            return Ok(None);
        };
        PriceTable::warm_for(&self.provider.id).await?;
        let model = PricedModel {
            provider: &self.provider.id,
            model: &self.model,
            at_ms: Clock::default().now_ms(),
        };
        let receipt = self.prices.receipt_on(usage.terms, model, &usage.counts());
        Ok(usage.cost.or_else(|| receipt.sum()))
    }

    /// Why the provider did not answer, and what to do.
    fn explain(&self, failure: &ProviderFailure) -> anyhow::Error {
        let name = &self.provider.name;
        let page = &self.provider.key_page;
        match failure.class {
            FailureClass::AuthInvalid => anyhow::anyhow!(
                "Key is invalid: {name} does not accept the key of this environment. It may be mistyped, ended or revoked; make a new one at {page}"
            ),
            FailureClass::Billing => {
                anyhow::anyhow!("the key's account at {name} has no credit; add some at {page}")
            }
            FailureClass::ModelNotFound => anyhow::anyhow!(
                "{name} has no model `{}` for this key; name another one with --model",
                self.model
            ),
            FailureClass::RateLimited => {
                anyhow::anyhow!("{name} gets too many requests from this key; wait a little")
            }
            _ => anyhow::anyhow!("{name} did not answer; try again in a moment ({failure})"),
        }
    }
}

/// The provider and the model that a question names.
fn read_target<'a>(
    catalogue: &'a Catalogue,
    question: &Question,
) -> anyhow::Result<(Option<&'a Provider>, Option<String>)> {
    let find = |typed: &str| {
        let found = catalogue.find(typed);
        found.with_context(|| unknown_provider(catalogue, typed))
    };
    if let Some(typed) = &question.provider {
        return Ok((Some(find(typed)?), question.model.clone()));
    }
    let Some(model) = &question.model else {
        return Ok((None, None));
    };
    if let Some((provider, rest)) = KnownProviders::new(catalogue).split_model(model) {
        let id = provider.id();
        anyhow::ensure!(
            !rest.is_empty(),
            "`{model}` names a provider and no model; write {id}/<model>, or --provider {id} for its usual one"
        );
        return Ok((catalogue.get(id), Some(rest.to_owned())));
    }
    let provider = catalogue.provider_of_model(model);
    let provider = provider.with_context(|| {
        format!("it is not clear whose model `{model}` is; write provider/model")
    })?;
    Ok((Some(provider), Some(model.clone())))
}

/// Nothing is called so: what was meant, or else all that there are.
fn unknown_provider(catalogue: &Catalogue, typed: &str) -> String {
    let known = KnownProviders::new(catalogue);
    let meant = if let Some(near) = known.nearest(typed) {
        format!("did you mean `{}`?", near.id())
    } else {
        let ids: Vec<&str> = known.iter().map(|it| it.id().as_str()).collect();
        format!("there are {}", ids.join(", "))
    };
    format!("there is no provider called `{typed}`; {meant}")
}

/// What the model is told it is.
fn find_persona(question: &Question) -> anyhow::Result<String> {
    let Some(name) = &question.persona else {
        return Ok(String::new());
    };
    let ours = Persona::built_in()?;
    let found = ours
        .into_iter()
        .find(|it| it.name.eq_ignore_ascii_case(name));
    let persona = found.with_context(|| format!("there is no persona called `{name}`"))?;
    Ok(persona.prompt)
}
