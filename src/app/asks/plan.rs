//! What an ask goes to: the providers and models in their order, and what
//! the model is told it is.

use crate::model::{AskRefusal, Choice, ChoiceKind, Choices, ProviderId, Refusal};
use crate::providers::Provider;

use crate::app::asks::Asks;

/// Which models may answer, and as what.
#[derive(Debug, Default)]
pub struct Plan {
    pub providers: Vec<ProviderId>,
    /// The model that was named for this ask.
    named: Option<String>,
    /// Whether a provider or a model was named for this ask.
    pub names_target: bool,
    /// Models that were chosen beforehand, the closest choice first.
    chosen: Vec<(ProviderId, String)>,
    /// What the model is told before everything else.
    pub system: String,
    /// The persona that it is, by name.
    pub persona: Option<String>,
}

impl Asks {
    /// Decides what an ask goes to, by what is chosen for it and what was
    /// chosen beforehand.
    pub(in crate::app) fn plan(&self, choices: &Choices, set: &[Choice]) -> Result<Plan, Refusal> {
        let of = |kind: ChoiceKind| set.iter().filter(move |it| it.kind == kind);
        let persona = match &choices.persona {
            Some(name) => Some(
                self.find_persona(name)
                    .ok_or_else(|| no_such_persona(name))?,
            ),
            // A persona that was removed after it was chosen counts as none.
            None => of(ChoiceKind::Persona).find_map(|it: &Choice| self.find_persona(&it.value)),
        };
        let named = self
            .models
            .read_chat_model(choices.provider.as_ref(), choices.model.as_deref())?;
        let (mut providers, named) = (named.provider_ids(), named.model);
        let wanted = of(ChoiceKind::Model).map(|it| it.value.as_str());
        let wanted = wanted.chain(persona.and_then(|persona| persona.model.as_deref()));
        let chosen: Vec<(ProviderId, String)> = wanted
            .filter_map(|value| self.models.find_chat_model(value).ok())
            .map(|found| (found.provider, found.model))
            .filter(|(provider, model)| self.models.may_use(provider, model))
            .collect();
        if choices.provider.is_none() && named.is_none() {
            providers = in_order(&chosen, providers);
        }
        let mut plan = Plan {
            names_target: choices.name_target(),
            providers,
            named,
            chosen,
            system: self.system_prompt(persona.map(|persona| persona.prompt.as_str())),
            persona: persona.map(|persona| persona.name.clone()),
        };
        self.keep_allowed(&mut plan)?;
        Ok(plan)
    }

    /// Drops what the operator does not allow; refuses if nothing is left.
    fn keep_allowed(&self, plan: &mut Plan) -> Result<(), Refusal> {
        let mut refused = None;
        let mut allowed = Vec::new();
        for id in std::mem::take(&mut plan.providers) {
            match plan.model_for(self.models.provider(&id)?) {
                Ok(model) if self.models.may_use(&id, &model) => allowed.push(id),
                Ok(model) => refused = refused.or(Some((id, model))),
                Err(unnamed) if plan.named.is_some() => return Err(unnamed),
                // A provider without a model is refused when its turn comes.
                Err(_) => allowed.push(id),
            }
        }
        plan.providers = allowed;
        match refused.filter(|_| plan.providers.is_empty()) {
            Some((provider, model)) => Err(Refusal::Ask(AskRefusal::ModelNotAllowed {
                provider,
                model,
            })),
            None => Ok(()),
        }
    }

    fn system_prompt(&self, persona: Option<&str>) -> String {
        let ours = self.settings.system_prompt.as_str();
        let parts = [ours, persona.unwrap_or_default().trim()];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("\n\n")
    }
}

impl Plan {
    /// The model that was named, or chosen for its provider beforehand, or
    /// the provider's default.
    pub fn model_for(&self, provider: &Provider) -> Result<String, Refusal> {
        let chosen = self.chosen.iter().find(|(id, _)| *id == provider.id);
        let chosen = chosen.map(|(_, model)| model.clone());
        let named = self.named.clone().or(chosen);
        let unnamed = || {
            Refusal::Ask(AskRefusal::NoDefaultModel {
                provider: provider.id.clone(),
                offered: Vec::new(),
            })
        };
        named
            .or_else(|| provider.default_model.clone())
            .ok_or_else(unnamed)
    }
}

/// The providers of chosen models first.
fn in_order(chosen: &[(ProviderId, String)], others: Vec<ProviderId>) -> Vec<ProviderId> {
    let mut all: Vec<ProviderId> = Vec::new();
    for id in chosen.iter().map(|(id, _)| id.clone()).chain(others) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    all
}

fn no_such_persona(name: &str) -> Refusal {
    Refusal::Ask(AskRefusal::NoSuchPersona {
        name: name.chars().take(40).collect(),
    })
}
