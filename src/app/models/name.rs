//! Reads the model that a call names: alone, or as `provider/model`.
//!
//! A key that came with a call and names no provider goes only where the
//! call itself names one, so whether it does is decided here, and only
//! here. What stands before a slash names a provider if the catalogue has
//! that provider, and not because a slash follows.

use crate::model::{
    AskRefusal, KeyRefusal, PictureRefusal, ProviderId, ProviderKind, Refusal, has_secret,
    is_invisible,
};
use crate::providers::{
    Catalogue, ImageWire, Provider, makes_no_pictures, makes_pictures_alone, unquote,
};

use crate::app::models::Models;

/// The longest part of an unknown name that is repeated in a refusal, in
/// characters.
const SHOWN_CHARACTERS_MAX: usize = 100;
/// How many models a refusal names that could do what another can't.
const ABLE_SHOWN_MAX: usize = 3;

/// A model as a call names it, and the providers that have it.
#[derive(Debug)]
pub struct NamedModel<'a> {
    /// The providers that may take the call, the best first.
    pub providers: Vec<&'a Provider>,
    /// The model without its provider's name; none where the call names no
    /// model.
    pub model: Option<String>,
    /// Whether the call itself names its provider, apart from the model or
    /// before its slash.
    pub names_provider: bool,
}

impl<'a> NamedModel<'a> {
    /// A provider that the call names apart from the model, whose name is
    /// then left as it is.
    fn of_provider(provider: &'a Provider, model: Option<&str>) -> Self {
        Self {
            providers: vec![provider],
            model: model.map(ToOwned::to_owned),
            names_provider: true,
        }
    }

    /// A model without its provider's name, and the providers that have it.
    fn alone(providers: Vec<&'a Provider>, model: &str) -> Self {
        Self {
            providers,
            model: Some(model.to_owned()),
            names_provider: false,
        }
    }

    /// Splits `provider/model`. None where nothing before the slash is a
    /// provider that fits; refused where nothing stands after it.
    fn split(
        catalogue: &'a Catalogue,
        typed: &str,
        fits: impl Fn(&Provider) -> bool,
    ) -> Result<Option<Self>, Refusal> {
        let split = split_model(catalogue, typed).filter(|(provider, _)| fits(provider));
        match split {
            None => Ok(None),
            Some((provider, "")) => {
                let provider = provider.id.clone();
                Err(AskRefusal::ModelMissing { provider }.into())
            }
            Some((provider, model)) => Ok(Some(Self::of_provider(provider, Some(model)))),
        }
    }

    /// The ids of the providers, in their order.
    pub fn provider_ids(&self) -> Vec<ProviderId> {
        let ids = self.providers.iter().map(|provider| provider.id.clone());
        ids.collect()
    }

    /// The provider, where there is exactly one.
    pub fn only_provider(&self) -> Option<&'a Provider> {
        match self.providers[..] {
            [provider] => Some(provider),
            _ => None,
        }
    }
}

impl Models {
    /// Reads what an ask names. Without a provider and a model these are all
    /// providers of language models, in the operator's order. What makes
    /// pictures alone is refused, by its name.
    pub fn read_chat_model(
        &self,
        provider: Option<&ProviderId>,
        model: Option<&str>,
    ) -> Result<NamedModel<'_>, Refusal> {
        let named = self.read_model_to_ask(provider, model)?;
        if let Some(model) = &named.model {
            for provider in &named.providers {
                refuse_pictures_alone(provider, model)?;
            }
        }
        Ok(named)
    }

    fn read_model_to_ask(
        &self,
        provider: Option<&ProviderId>,
        model: Option<&str>,
    ) -> Result<NamedModel<'_>, Refusal> {
        let chats = |provider: &Provider| provider.kind == ProviderKind::Chat;
        let model = plain_name(model);
        refuse_secret(model.as_deref())?;
        let model = model.as_deref();
        if let (Some(typed), None) = (model, provider) {
            self.refuse_misnamed(typed)?;
        }
        if let Some(typed) = model.filter(|model| has_inner_spaces(model)) {
            return Err(self.refuse_spaces(typed));
        }
        if let Some(id) = provider {
            let provider = self.find_provider(id.as_str())?;
            if !chats(provider) {
                let provider = provider.id.clone();
                return Err(AskRefusal::NotAChatProvider { provider }.into());
            }
            return self.read_both(provider, model, ProviderKind::Chat);
        }
        let Some(model) = model else {
            return Ok(NamedModel {
                providers: self.all(&self.chat_order),
                model: None,
                names_provider: false,
            });
        };
        if let Some(named) = NamedModel::split(&self.catalogue, model, chats)? {
            return match named.only_provider() {
                Some(it) => self.read_both(it, named.model.as_deref(), ProviderKind::Chat),
                None => Ok(named),
            };
        }
        if let Some((host, _)) = split_model(&self.catalogue, model) {
            let provider = host.id.clone();
            return Err(AskRefusal::NotAChatProvider { provider }.into());
        }
        if self.workflows.find(model).is_some() {
            let model = shown(model);
            return Err(AskRefusal::PicturesAlone { model }.into());
        }
        let small = model.to_lowercase();
        let mut owners = [model, small.as_str()].into_iter();
        match owners.find_map(|model| self.catalogue.provider_of_model(model)) {
            Some(provider) => {
                let model = self.spelling(provider, model);
                Ok(NamedModel::alone(vec![provider], &model))
            }
            None => Err(self.unknown_chat_model(model)),
        }
    }

    /// Reads a provider that is named, and a model that may have a provider's name
    /// before it too: the same one's, which is left out; or another's, which
    /// contradicts a provider that has its own models alone.
    fn read_both<'a>(
        &'a self,
        provider: &'a Provider,
        typed: Option<&str>,
        kind: ProviderKind,
    ) -> Result<NamedModel<'a>, Refusal> {
        let split = typed.and_then(|typed| split_model(&self.catalogue, typed));
        let is_plain = provider.has_own_models_alone();
        let model = match split {
            None => typed,
            Some((other, rest)) if other.id == provider.id => {
                let is_said_again = provider.has_plain_names() || rest.contains('/');
                if is_said_again && rest.len() < typed.map_or(0, str::len) {
                    return self.read_both(provider, Some(rest), kind);
                }
                typed
            }
            Some((other, rest)) => {
                let can_be_asked = kind == ProviderKind::Image || other.kind == kind;
                if is_plain && can_be_asked {
                    return Err(model_of_another(provider, other, rest));
                }
                typed
            }
        };
        let others = model.and_then(|model| Some((model, self.other_owner(provider, model)?)));
        if let Some((model, owner)) = others {
            return Err(model_of_another(provider, owner, model));
        }
        let model = model.map(|model| self.spelling(provider, model));
        Ok(NamedModel::of_provider(provider, model.as_deref()))
    }

    /// A model's name in the letters that its provider writes it with, as far as
    /// they are known: providers tell large from small.
    fn spelling(&self, provider: &Provider, model: &str) -> String {
        if self.lists.has(&provider.id, model) {
            return model.to_owned();
        }
        let default = provider.default_model.clone();
        let default = default.filter(|known| known.eq_ignore_ascii_case(model));
        let small = model.to_lowercase();
        let is_small = !provider.claims_model(model) && provider.claims_model(&small);
        default
            .or_else(|| self.lists.spelling(&provider.id, model))
            .unwrap_or_else(|| if is_small { small } else { model.to_owned() })
    }

    /// The other provider whose a model is by its name, where a provider that
    /// is named has its own models alone, and never listed this one.
    fn other_owner(&self, provider: &Provider, model: &str) -> Option<&Provider> {
        let owner = self.catalogue.provider_of_model(model)?;
        let is_known = provider.has_own_models_by_name()
            && owner.id != provider.id
            && owner.is_its_vendors()
            && !provider.claims_model(model)
            && !self.lists.has(&provider.id, model);
        is_known.then_some(owner)
    }

    /// Refuses a model with spaces in its name, as people write models, and
    /// guesses which they mean.
    fn refuse_spaces(&self, typed: &str) -> Refusal {
        let dash = |part: &str| part.split_whitespace().collect::<Vec<_>>().join("-");
        let parts: Vec<String> = typed.split('/').map(dash).collect();
        let dashed = parts.join("/").to_lowercase();
        let (owner, model) = match split_model(&self.catalogue, &dashed) {
            None => (self.catalogue.provider_of_model(&dashed), &*dashed),
            Some((provider, model)) => (Some(provider), model),
        };
        let owner = owner.filter(|it| self.is_known(it, model));
        let usual = self.named_like(typed).into_iter().next();
        let meant = usual.or_else(|| Some(owner?.full_name(model)));
        let meant = meant.map(|meant| shown(&meant));
        let typed = shown(typed);
        AskRefusal::SpacesInModel { typed, meant }.into()
    }

    /// Whether a provider is known to have a model, as far as it was asked.
    fn is_known(&self, provider: &Provider, model: &str) -> bool {
        let usual = [&provider.default_model, &provider.images.model];
        let mut usual = usual.into_iter().flatten();
        usual.any(|it| it == model) || self.lists.has(&provider.id, model)
    }

    /// Reads what a relayed call names: its address may name a provider,
    /// whose model is then passed on as it is written.
    pub fn read_relayed_model(
        &self,
        provider: Option<&ProviderId>,
        model: Option<&str>,
    ) -> Result<NamedModel<'_>, Refusal> {
        if let Some(id) = provider {
            return Ok(NamedModel::of_provider(self.provider(id)?, model));
        }
        let model = trimmed(model).unwrap_or_default();
        if let Some(named) = NamedModel::split(&self.catalogue, model, |_| true)? {
            return Ok(named);
        }
        let known = self
            .catalogue()
            .provider_of_model(model)
            .or_else(|| self.lister_of(model));
        match known.filter(|_| !model.is_empty()) {
            Some(provider) => Ok(NamedModel::alone(vec![provider], model)),
            None => Err(unknown(model)),
        }
    }

    /// Reads what an ask for pictures names, where a workflow of the
    /// operator's may stand in the place of a model. Without a provider and
    /// a model these are all of the operator's order.
    pub fn read_picture_model(
        &self,
        provider: Option<&ProviderId>,
        model: Option<&str>,
    ) -> Result<NamedModel<'_>, Refusal> {
        let paints = |provider: &Provider| provider.images.wire.is_some();
        let model = plain_name(model);
        refuse_secret(model.as_deref())?;
        let model = model.as_deref();
        if let Some(id) = provider {
            let provider = self.find_provider(id.as_str())?;
            if !paints(provider) {
                let provider = provider.id.clone();
                return Err(PictureRefusal::NotAnImageProvider { provider }.into());
            }
            return self.read_both(provider, model, ProviderKind::Image);
        }
        let in_order = |fits: &dyn Fn(&Provider) -> bool| {
            let mut providers = self.all(&self.picture_order);
            providers.retain(|provider| fits(provider));
            providers
        };
        let Some(model) = model else {
            return Ok(NamedModel {
                providers: in_order(&|_| true),
                model: None,
                names_provider: false,
            });
        };
        if self.workflows.find(model).is_some() {
            return Ok(NamedModel::alone(in_order(&runs_workflows), model));
        }
        if let Some(named) = NamedModel::split(&self.catalogue, model, |_| true)? {
            return match named.only_provider() {
                None => Ok(named),
                Some(it) if paints(it) => {
                    self.read_both(it, named.model.as_deref(), ProviderKind::Image)
                }
                Some(provider) => Err(PictureRefusal::NotAnImageProvider {
                    provider: provider.id.clone(),
                }
                .into()),
            };
        }
        let mut providers = in_order(&|it| it.images.model.as_deref() == Some(model));
        if providers.is_empty() {
            let family = self.catalogue.provider_of_model(model);
            if let Some(provider) = family.filter(|provider| !paints(provider)) {
                return Err(self.makes_none(provider, model));
            }
            providers.extend(family);
        }
        if providers.is_empty() {
            let model = shown(model);
            return Err(PictureRefusal::UnknownImageModel { model }.into());
        }
        Ok(NamedModel::alone(providers, model))
    }
}

impl Models {
    /// Refuses a model that is known to make no pictures, before anybody pays
    /// for finding that out. The operator's own choice is never doubted.
    pub fn refuse_words_alone(&self, provider: &Provider, model: &str) -> Result<(), Refusal> {
        let is_usual = provider.images.model.as_deref() == Some(model);
        if is_usual || !makes_no_pictures(model) {
            return Ok(());
        }
        Err(self.makes_none(provider, model))
    }

    /// The refusal of a model that makes no pictures, with some that do: its
    /// provider's own first.
    fn makes_none(&self, provider: &Provider, model: &str) -> Refusal {
        let usual = |it: &Provider| Some(format!("{}/{}", it.id, it.images.model.as_ref()?));
        let others = self.all(&self.picture_order);
        let others = others.into_iter().filter(|it| it.id != provider.id);
        let all = std::iter::once(provider).chain(others);
        PictureRefusal::ModelMakesNone {
            provider: provider.id.clone(),
            model: shown(model),
            able: all.filter_map(usual).take(ABLE_SHOWN_MAX).collect(),
        }
        .into()
    }
}

/// Refuses a model that makes pictures and answers nothing in a chat, before
/// anybody pays for finding that out.
pub fn refuse_pictures_alone(provider: &Provider, model: &str) -> Result<(), Refusal> {
    if !makes_pictures_alone(provider, model) {
        return Ok(());
    }
    let model = shown(&provider.full_name(model));
    Err(AskRefusal::PicturesAlone { model }.into())
}

/// Splits `provider/model`: the provider that stands before the first slash,
/// and the model behind it, which may be empty. None where what stands there
/// is no provider.
pub(super) fn split_model<'a, 'm>(
    catalogue: &'a Catalogue,
    typed: &'m str,
) -> Option<(&'a Provider, &'m str)> {
    let (name, model) = typed.split_once('/')?;
    let (provider, model) = (catalogue.find(name)?, model.trim());
    let is_whole = provider.names_its_models(model);
    Some((provider, if is_whole { typed.trim() } else { model }))
}

/// The refusal of a model of a provider's that another was named for.
fn model_of_another(provider: &Provider, owner: &Provider, model: &str) -> Refusal {
    AskRefusal::ModelOfAnother {
        provider: provider.id.clone(),
        of: owner.id.clone(),
        model: shown(&owner.full_name(model)),
    }
    .into()
}

/// Whether a provider makes pictures by workflows of the operator's.
pub fn runs_workflows(provider: &Provider) -> bool {
    provider.images.wire.is_some_and(ImageWire::runs_workflows)
}

/// Whether spaces stand inside a name, and not beside its slash.
fn has_inner_spaces(typed: &str) -> bool {
    let mut parts = typed.split('/').map(str::trim);
    parts.any(|part| part.contains(char::is_whitespace))
}

/// Refuses a key that was typed as a model's name, which is kept and shown.
fn refuse_secret(model: Option<&str>) -> Result<(), Refusal> {
    if model.is_some_and(has_secret) {
        return Err(KeyRefusal::SecretAsModel.into());
    }
    Ok(())
}

/// A model's name as it was typed, without what none has: characters that
/// show nothing, marks around it, slashes that nothing stands before. None
/// where nothing is left.
pub(super) fn plain_name(typed: Option<&str>) -> Option<String> {
    let seen: String = typed?.chars().filter(|c| !is_invisible(*c)).collect();
    let mut name = unquote(&seen).trim_start_matches('/').to_owned();
    while name.contains("//") {
        name = name.replace("//", "/");
    }
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// What was typed without the space around it; none where nothing is left.
fn trimmed(typed: Option<&str>) -> Option<&str> {
    typed.map(str::trim).filter(|typed| !typed.is_empty())
}

/// The refusal of a model of which nobody knows whose it is.
pub(super) fn unknown(model: &str) -> Refusal {
    let model = shown(model);
    let offered = Vec::new();
    AskRefusal::UnknownModel { model, offered }.into()
}

/// As much of an unknown name as a refusal repeats.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(SHOWN_CHARACTERS_MAX).collect()
}
