//! Which providers may make a picture, and what is asked of each.

use std::sync::Arc;

use crate::model::{
    AskRefusal, Caller, Choices, ImageSpec, NanoDollars, Picture, PictureRefusal, ProviderId,
    Refusal, Trace,
};
use crate::providers::{ImageWire, Provider, Workflow};

use crate::app::Error;
use crate::app::models::{ModelChoice, Models, runs_workflows};
use crate::app::pictures::Pictures;

/// Who may make it, in their order.
#[derive(Debug)]
pub struct PicturePlan {
    pub providers: Vec<ProviderId>,
    /// The model or workflow that was named.
    named: Option<String>,
    /// Whether a provider or a model was named.
    pub names_target: bool,
}

impl Pictures {
    /// Plans which providers may be asked for a picture, and for which models;
    /// refused where none of them makes what is wished.
    pub(in crate::app) fn plan_picture(
        &self,
        choices: &Choices,
        spec: &ImageSpec,
    ) -> Result<PicturePlan, Refusal> {
        let named = self
            .models
            .read_picture_model(choices.provider.as_ref(), choices.model.as_deref())?;
        let (mut providers, named) = (named.provider_ids(), named.model);
        if providers.is_empty() {
            return Err(Refusal::Picture(PictureRefusal::NobodyMakesAny));
        }
        let editing = spec.is_edit;
        if editing {
            providers.retain(|id| self.models.provider(id).is_ok_and(can_edit));
            if providers.is_empty() {
                return Err(Refusal::Picture(PictureRefusal::CannotEdit));
            }
        }
        let mut plan = PicturePlan {
            names_target: choices.name_target(),
            providers,
            named,
        };
        let mut refused = None;
        let mut able = Vec::new();
        for id in std::mem::take(&mut plan.providers) {
            match plan.model_for(&self.models, self.models.provider(&id)?, spec) {
                Ok((model, _)) if !self.models.may_use(&id, &model) => {
                    let provider = id;
                    refused = refused.or(Some(Refusal::Ask(AskRefusal::ModelNotAllowed {
                        provider,
                        model,
                    })));
                }
                Ok(_) if spec.seed.is_some() && !self.takes_seed(&id)? => {
                    let provider = id;
                    refused = refused.or(Some(Refusal::Picture(PictureRefusal::SeedNotTaken {
                        provider,
                    })));
                }
                Ok((_, workflow)) if !takes_lora(workflow.as_deref(), spec) => {
                    let provider = id;
                    refused = refused.or(Some(Refusal::Picture(PictureRefusal::LoraNotTaken {
                        provider,
                    })));
                }
                Ok(_) => match refuse_wishes(self.models.provider(&id)?, spec) {
                    Ok(()) => able.push(id),
                    Err(refusal) => refused = refused.or(Some(refusal)),
                },
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        plan.providers = able;
        match refused.filter(|_| plan.providers.is_empty()) {
            Some(refusal) => Err(refusal),
            None => Ok(plan),
        }
    }

    /// What each picture costs whoever a trace names, where that is fixed.
    pub async fn price_of_picture(
        &self,
        trace: &Trace,
        choices: &Choices,
    ) -> Result<Option<NanoDollars>, Error> {
        let Some(taken) = trace.taken() else {
            return Ok(None);
        };
        let spec = ImageSpec::default();
        let provider = self.models.provider(&taken.provider)?;
        let planned = self.plan_picture(choices, &spec);
        let planned = planned.and_then(|plan| plan.model_for(&self.models, provider, &spec));
        let Ok((model, _)) = planned else {
            return Ok(None);
        };
        let prices = self.payers.list_price(&taken.provider, &model).await?;
        Ok(prices.picture)
    }

    /// Whether a provider makes the same picture of the same seed: workflows
    /// do, models of APIs don't.
    fn takes_seed(&self, id: &ProviderId) -> Result<bool, Refusal> {
        let wire = self.models.provider(id)?.images.wire;
        Ok(wire.is_some_and(ImageWire::runs_workflows))
    }

    /// What the keys that are present here can make pictures with.
    pub async fn list_models(&self, caller: &Caller) -> Result<Vec<ModelChoice>, Error> {
        let policy = self.policies.read_policy(caller.clone()).await?;
        let order = self.models.picture_order();
        let payers = self.payers.choose_for(&policy, order, None).payers;
        let mut models = Vec::new();
        for id in order {
            if payers.iter().all(|offer| offer.provider != *id) {
                continue;
            }
            let choice = |model: String| ModelChoice {
                provider: id.clone(),
                model,
            };
            let provider = self.models.provider(id)?;
            let workflows = self.models.workflows().iter();
            let workflows = workflows.filter(|_| runs_workflows(provider));
            let names = workflows.map(|workflow| workflow.name.clone());
            models.extend(
                provider
                    .images
                    .model
                    .clone()
                    .into_iter()
                    .chain(names)
                    .map(choice),
            );
        }
        models.retain(|it: &ModelChoice| self.models.may_use(&it.provider, &it.model));
        Ok(models)
    }
}

impl PicturePlan {
    /// A plan for a picture of any of these, of which no more is known than what
    /// was named, if anything was.
    pub fn of(providers: Vec<ProviderId>, named: Option<String>) -> Self {
        Self {
            names_target: named.is_some(),
            providers,
            named,
        }
    }

    /// The model or workflow that a provider is asked for.
    pub fn model_for(
        &self,
        models: &Models,
        provider: &Provider,
        spec: &ImageSpec,
    ) -> Result<(String, Option<Arc<Workflow>>), Refusal> {
        let editing = spec.is_edit;
        let workflows = models.workflows();
        let unnamed = || {
            let provider = provider.id.clone();
            Refusal::Picture(PictureRefusal::NoModelNamed { provider })
        };
        if !runs_workflows(provider) {
            let usual = &provider.images.model;
            let model = self.named.clone().or_else(|| usual.clone());
            let model = model.ok_or_else(unnamed)?;
            models.refuse_words_alone(provider, &model)?;
            return Ok((model, None));
        }
        let Some(named) = &self.named else {
            let usual = workflows.usual(editing).ok_or_else(unnamed)?;
            return Ok((usual.name.clone(), Some(Arc::clone(usual))));
        };
        match workflows.find(named) {
            Some(workflow) if workflow.takes_picture() == editing => {
                Ok((workflow.name.clone(), Some(Arc::clone(workflow))))
            }
            Some(workflow) => Err(Refusal::Picture(PictureRefusal::WorkflowPicture {
                workflow: workflow.name.clone(),
                takes_one: workflow.takes_picture(),
            })),
            // RunPod's public endpoints go by their names.
            None if provider.id.as_str() == "runpod" && !editing && is_slug(named) => {
                Ok((named.clone(), None))
            }
            None => Err(Refusal::Picture(PictureRefusal::UnknownImageModel {
                model: named.chars().take(100).collect(),
            })),
        }
    }
}

/// Refuses a picture of a kind that a provider does not change.
pub fn refuse_kind(
    models: &Models,
    provider: &ProviderId,
    picture: &Picture,
) -> Result<(), Refusal> {
    let wire = models.provider(provider)?.images.wire;
    if wire.is_none_or(|wire| wire.takes_kind(picture.kind)) {
        return Ok(());
    }
    Err(Refusal::Picture(PictureRefusal::KindNotTaken {
        provider: provider.clone(),
        kind: picture.kind,
    }))
}

/// Whether a workflow takes the LoRA that was asked for, if one was. No model
/// of an API does.
fn takes_lora(workflow: Option<&Workflow>, spec: &ImageSpec) -> bool {
    spec.lora.is_none() || workflow.is_some_and(Workflow::takes_lora)
}

/// Refuses what a provider can't be told, by its name, so that nothing that
/// was wished is dropped.
fn refuse_wishes(provider: &Provider, spec: &ImageSpec) -> Result<(), Refusal> {
    let Some(wire) = provider.images.wire else {
        return Ok(());
    };
    let untranslatable =
        |what: &str| Refusal::Ask(AskRefusal::Untranslatable { what: what.into() });
    if !wire.takes_wishes() {
        if spec.mask.is_some() {
            return Err(untranslatable("`mask`"));
        }
        if let Some(wish) = spec.wishes.first() {
            return Err(untranslatable(&format!("`{}`", wish.name)));
        }
    }
    if !spec.others.is_empty() && !wire.takes_several() {
        return Err(untranslatable("more than one picture"));
    }
    match spec.others.iter().find(|it| !wire.takes_kind(it.kind)) {
        Some(other) => Err(Refusal::Picture(PictureRefusal::KindNotTaken {
            provider: provider.id.clone(),
            kind: other.kind,
        })),
        None => Ok(()),
    }
}

fn can_edit(provider: &Provider) -> bool {
    let wire = provider.images.wire;
    wire.is_some_and(|wire| wire.runs_workflows() || wire.edits())
}

/// A name that can stand in a path.
fn is_slug(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 100 && name.chars().all(allowed)
}
