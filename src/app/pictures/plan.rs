//! Which providers may make a picture, and what is asked of each.

use std::sync::Arc;

use crate::model::{AskRefusal, Caller, Choices, ImageSpec, PictureRefusal, ProviderId, Refusal};
use crate::providers::{ImageWire, Provider, Workflow};

use crate::app::asks::models::ModelChoice;
use crate::app::{App, Error};

/// Who may make it, in their order.
#[derive(Debug)]
pub struct PicturePlan {
    pub providers: Vec<ProviderId>,
    /// The model or workflow that was named.
    named: Option<String>,
}

impl App {
    pub(in crate::app) fn plan_picture(
        &self,
        choices: &Choices,
        wish: &ImageSpec,
    ) -> Result<PicturePlan, Refusal> {
        let named = choices.model.as_deref().map(str::trim);
        let named = named.filter(|named| !named.is_empty());
        let (mut providers, named) = self.picture_providers(choices.provider.as_ref(), named)?;
        let editing = wish.is_edit;
        if editing {
            providers.retain(|id| self.known(id).is_ok_and(can_edit));
            if providers.is_empty() {
                return Err(Refusal::Picture(PictureRefusal::CannotEdit));
            }
        }
        let mut plan = PicturePlan { providers, named };
        let mut refused = None;
        let mut able = Vec::new();
        for id in std::mem::take(&mut plan.providers) {
            match plan.model_for(self, self.known(&id)?, wish) {
                Ok((model, _)) if !self.may_use(&id, &model) => {
                    let provider = id;
                    refused = refused.or(Some(Refusal::Ask(AskRefusal::ModelNotAllowed {
                        provider,
                        model,
                    })));
                }
                Ok(_) => able.push(id),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        plan.providers = able;
        match refused.filter(|_| plan.providers.is_empty()) {
            Some(refusal) => Err(refusal),
            None => Ok(plan),
        }
    }

    pub(in crate::app) fn picture_providers(
        &self,
        provider: Option<&ProviderId>,
        named: Option<&str>,
    ) -> Result<(Vec<ProviderId>, Option<String>), Refusal> {
        if let Some(id) = provider {
            let provider = self.provider(id.as_str())?;
            if provider.images.wire.is_none() {
                return Err(Refusal::Picture(PictureRefusal::NotAnImageProvider {
                    provider: provider.id.clone(),
                }));
            }
            return Ok((vec![provider.id.clone()], named.map(ToOwned::to_owned)));
        }
        let order = &self.settings.images.provider_order;
        let Some(named) = named else {
            return Ok((order.clone(), None));
        };
        let whose = |mine: &dyn Fn(&Provider) -> bool| {
            let known = order.iter().filter(|id| self.known(id).is_ok_and(mine));
            known.cloned().collect::<Vec<_>>()
        };
        if self.settings.images.workflows.find(named).is_some() {
            return Ok((whose(&runs_workflows), Some(named.to_owned())));
        }
        if let Some((id, rest)) = named.split_once('/')
            && let Some(provider) = self.catalogue().find(id)
            && provider.images.wire.is_some()
        {
            return Ok((vec![provider.id.clone()], Some(rest.to_owned())));
        }
        let usual = |it: &Provider| it.images.model.as_deref() == Some(named);
        let mut providers = whose(&usual);
        if providers.is_empty() {
            let family = self.catalogue().provider_of_model(named);
            let family = family.filter(|it| it.images.wire.is_some());
            providers.extend(family.map(|it| it.id.clone()));
        }
        if providers.is_empty() {
            return Err(Refusal::Picture(PictureRefusal::UnknownImageModel {
                model: named.chars().take(100).collect(),
            }));
        }
        Ok((providers, Some(named.to_owned())))
    }

    /// What the keys that are present here can make pictures with.
    pub async fn picture_models_for(&self, caller: &Caller) -> Result<Vec<ModelChoice>, Error> {
        let standing = self.standing(caller.clone()).await?;
        let order = &self.settings.images.provider_order;
        let payers = self.choose(&standing, order, None).payers;
        let mut models = Vec::new();
        for id in order {
            if payers.iter().all(|offer| offer.provider != *id) {
                continue;
            }
            let choice = |model: String| ModelChoice {
                provider: id.clone(),
                model,
            };
            let provider = self.known(id)?;
            let workflows = self.settings.images.workflows.iter();
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
        models.retain(|it: &ModelChoice| self.may_use(&it.provider, &it.model));
        Ok(models)
    }
}

impl PicturePlan {
    /// The model or workflow that a provider is asked for.
    pub fn model_for(
        &self,
        app: &App,
        provider: &Provider,
        wish: &ImageSpec,
    ) -> Result<(String, Option<Arc<Workflow>>), Refusal> {
        let editing = wish.is_edit;
        let workflows = &app.settings.images.workflows;
        let unknown = |model: &str| {
            Refusal::Picture(PictureRefusal::UnknownImageModel {
                model: model.chars().take(100).collect(),
            })
        };
        if !runs_workflows(provider) {
            let model = self.named.clone().or_else(|| provider.images.model.clone());
            return Ok((model.ok_or_else(|| unknown(""))?, None));
        }
        let Some(named) = &self.named else {
            let usual = workflows.usual(editing).ok_or_else(|| unknown(""))?;
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
            None => Err(unknown(named)),
        }
    }
}

fn runs_workflows(provider: &Provider) -> bool {
    provider.images.wire.is_some_and(ImageWire::runs_workflows)
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
