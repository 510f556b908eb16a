//! Choosing beforehand: a model, a persona, how answers look.

use std::sync::Arc;

use jiff::civil::Date;

use crate::model::{
    AccessRefusal, AskRefusal, Caller, Choice, ChoiceKind, ChoiceScope, Place, Refusal,
};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::models::ModelChoice;
use crate::providers::replacement;

use super::model_offers::announced_end;

/// Chosen where links show previews.
const SHOW: &str = "show";

/// A model that was chosen beforehand.
pub struct ChosenModel {
    pub model: ModelChoice,
    /// As it is typed and kept: `provider/model`.
    pub full: String,
    pub standing: ModelStanding,
    pub users: ModelUsers,
    /// A model of exactly the name that was typed, which another provider has
    /// and somebody pays for here.
    pub elsewhere: Option<ModelChoice>,
    /// When its provider ends it, where that is announced.
    pub end: Option<ModelEnd>,
}

/// The announced end of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEnd {
    pub on: Date,
    /// What takes its place, as it is typed: `provider/model`.
    pub replacement: Option<String>,
}

/// Whether a provider has a model, as far as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelStanding {
    /// Its provider lists it, or it is the provider's default.
    Listed,
    /// Its provider lists others.
    Unlisted,
    /// Its provider could not be asked.
    Unsaid,
    /// Nobody can pay for its provider here, so that it was not asked.
    NobodyPays,
}

/// Who can use a chosen model, of those for whom it is chosen. For the others
/// the next provider answers that somebody pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelUsers {
    Everybody,
    /// Those who have a key of their own for its provider.
    KeyOwners,
    Nobody,
}

impl Asks {
    /// What is chosen for a caller here, the closest first.
    pub async fn list_choices(&self, caller: &Caller) -> Result<Vec<Choice>, Error> {
        let server = caller.place.server();
        let (person, channel) = (caller.person, caller.channel);
        Ok(self.store.rules(person, server, channel).await?.choices)
    }

    /// Chooses a model; as it is stored, and whether its provider has it.
    pub async fn choose_model(
        self: &Arc<Self>,
        caller: &Caller,
        scope: ChoiceScope,
        typed: &str,
    ) -> Result<ChosenModel, Error> {
        may_choose(caller, scope)?;
        let chosen = match self.models.find_chat_model(typed) {
            Ok(chosen) => chosen,
            Err(refusal) => {
                let policy = self.policies.read_policy(caller.clone()).await?;
                return Err(self.offer_others(&policy, refusal).into());
            }
        };
        if !self.models.may_use(&chosen.provider, &chosen.model) {
            let ModelChoice { provider, model } = chosen;
            return Err(AskRefusal::ModelNotAllowed { provider, model }.into());
        }
        let standing = self.look_up_model(caller, &chosen).await?;
        let users = self.find_model_users(caller, scope, &chosen).await?;
        let full = self
            .models
            .provider(&chosen.provider)?
            .full_name(&chosen.model);
        let elsewhere = match standing {
            ModelStanding::Unlisted | ModelStanding::NobodyPays => {
                let usable = self.list_models(caller).await?;
                let mut usable = usable.into_iter();
                usable.find(|it| it.model == typed.trim() && it.provider != chosen.provider)
            }
            ModelStanding::Listed | ModelStanding::Unsaid => None,
        };
        let end = self.end_of(caller, &chosen).await?;
        let value = Some(full.as_str());
        self.store
            .set_choice(scope, ChoiceKind::Model, value, caller.person)
            .await?;
        Ok(ChosenModel {
            model: chosen,
            full,
            standing,
            users,
            elsewhere,
            end,
        })
    }

    /// When a model's provider ends it, as its list or its pages say.
    async fn end_of(
        &self,
        caller: &Caller,
        chosen: &ModelChoice,
    ) -> Result<Option<ModelEnd>, Error> {
        let listed = self.listed_abilities(caller).await?;
        let listed = listed.get(chosen).copied().unwrap_or_default();
        let Some(on) = listed.or(announced_end(chosen)).last_day else {
            return Ok(None);
        };
        let provider = self.models.provider(&chosen.provider)?;
        let next = replacement(&chosen.provider, &chosen.model);
        Ok(Some(ModelEnd {
            on,
            replacement: next.map(|model| provider.full_name(model)),
        }))
    }

    /// Chooses a persona; its name.
    pub async fn choose_persona(
        &self,
        caller: &Caller,
        scope: ChoiceScope,
        typed: &str,
    ) -> Result<String, Error> {
        may_choose(caller, scope)?;
        let persona = self.find_persona(typed).ok_or_else(|| {
            Refusal::Ask(AskRefusal::NoSuchPersona {
                name: typed.chars().take(40).collect(),
            })
        })?;
        if persona.has_command {
            let name = persona.name.clone();
            return Err(AskRefusal::PersonaOfACommand { name }.into());
        }
        let value = Some(persona.name.as_str());
        self.store
            .set_choice(scope, ChoiceKind::Persona, value, caller.person)
            .await?;
        Ok(persona.name.clone())
    }

    /// Shows previews of the pages that links in answers lead to, in the
    /// caller's server, or hides them; for whom that is.
    pub async fn choose_previews(
        &self,
        caller: &Caller,
        shown: bool,
    ) -> Result<ChoiceScope, Error> {
        let Place::Server(server) = caller.place else {
            return Err(AccessRefusal::OnlyManagers.into());
        };
        if !caller.manages_server {
            return Err(AccessRefusal::OnlyManagers.into());
        }
        let scope = ChoiceScope::Server(server);
        let value = shown.then_some(SHOW);
        self.store
            .set_choice(scope, ChoiceKind::Previews, value, caller.person)
            .await?;
        Ok(scope)
    }

    /// Takes a choice back.
    pub async fn reset_choice(
        &self,
        caller: &Caller,
        scope: ChoiceScope,
        kind: ChoiceKind,
    ) -> Result<(), Error> {
        may_choose(caller, scope)?;
        self.store
            .set_choice(scope, kind, None, caller.person)
            .await?;
        Ok(())
    }
}

/// For oneself, and for everybody where one manages the server.
fn may_choose(caller: &Caller, scope: ChoiceScope) -> Result<(), Refusal> {
    match (scope, caller.place) {
        (ChoiceScope::Person(person), _) if person == caller.person => Ok(()),
        (ChoiceScope::Channel(_), Place::Direct) => Ok(()),
        (ChoiceScope::Server(_) | ChoiceScope::Channel(_), Place::Server(_))
            if caller.manages_server =>
        {
            Ok(())
        }
        _ => Err(Refusal::Access(AccessRefusal::OnlyManagersChoose)),
    }
}
