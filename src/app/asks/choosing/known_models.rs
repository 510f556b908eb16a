//! What is known of the models that somebody can use: who pays, how much fits
//! in, what a model can do, what it costs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::ledger::ListPrice;
use crate::model::{Caller, Offer, ProviderId, Source};
use crate::providers::{Abilities, sees};

use crate::app::Error;
use crate::app::asks::Asks;
use crate::app::models::runs_workflows;

/// How long a list is waited for that nobody has asked for before.
const LIST_WAIT_MAX: Duration = Duration::from_secs(2);

/// The models of one provider that somebody can use here.
pub struct KnownModels {
    pub provider: ProviderId,
    pub payer: Source,
    /// When the provider was asked for them, in milliseconds since 1970; none
    /// where it has not said which there are.
    pub listed_at_ms: Option<i64>,
    pub models: Vec<KnownModel>,
}

/// A model, as far as it is known.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a model"
)]
pub struct KnownModel {
    pub name: String,
    /// Its provider's default here.
    pub is_default: bool,
    pub makes_pictures: bool,
    /// Whether it makes them of other pictures alone.
    pub changes_pictures: bool,
    pub sees_pictures: bool,
    /// What its provider's list says of it.
    pub abilities: Abilities,
    pub prices: ListPrice,
}

/// A model by its name, with what is known of it.
struct Named {
    name: String,
    makes_pictures: bool,
    changes_pictures: bool,
    abilities: Abilities,
}

impl Named {
    fn chat(name: String) -> Self {
        Self {
            name,
            makes_pictures: false,
            changes_pictures: false,
            abilities: Abilities::default(),
        }
    }

    fn picture(name: String, changes_pictures: bool) -> Self {
        Self {
            makes_pictures: true,
            changes_pictures,
            ..Self::chat(name)
        }
    }
}

impl Asks {
    /// The models that somebody can use here, by provider, the default first.
    /// A list that nobody has asked for yet is waited for briefly; after that
    /// its provider has its default alone.
    pub async fn list_known_models(
        self: &Arc<Self>,
        caller: &Caller,
    ) -> Result<Vec<KnownModels>, Error> {
        self.await_lists(caller).await;
        let policy = self.policies.read_policy(caller.clone()).await?;
        let mut known = Vec::new();
        for provider in self.models.catalogue().iter() {
            let one = std::slice::from_ref(&provider.id);
            let choice = self.payers.choose(&policy, one, None);
            let Some(payer) = choice.payers.first() else {
                continue;
            };
            let (names, listed_at_ms) = self.known_names(payer);
            let mut models = Vec::new();
            for Named {
                name,
                makes_pictures,
                changes_pictures,
                abilities,
            } in names
            {
                if !self.models.may_use(&provider.id, &name) {
                    continue;
                }
                let prices = self.payers.list_price(&provider.id, &name).await?;
                models.push(KnownModel {
                    is_default: provider.default_model.as_deref() == Some(name.as_str()),
                    sees_pictures: sees(provider, &name),
                    makes_pictures,
                    changes_pictures,
                    abilities,
                    prices,
                    name,
                });
            }
            if !models.is_empty() {
                known.push(KnownModels {
                    provider: provider.id.clone(),
                    payer: payer.source,
                    listed_at_ms,
                    models,
                });
            }
        }
        Ok(known)
    }

    /// A payer's models: the default first, then what the provider listed, and
    /// when it did; last what pictures are made with, the operator's workflows
    /// among it.
    fn known_names(&self, payer: &Offer) -> (Vec<Named>, Option<i64>) {
        let provider = self.models.catalogue().get(&payer.provider);
        let default = provider.and_then(|it| it.default_model.clone());
        let pictures = provider.and_then(|it| it.images.model.clone());
        let mut names: Vec<Named> = default.into_iter().map(Named::chat).collect();
        let listed = self.models.lists().look_up(payer);
        let listed_at_ms = listed.as_ref().map(|listed| listed.at_ms);
        let others = listed
            .iter()
            .flat_map(|listed| listed.models.iter().zip(listed.abilities.iter()));
        for (name, abilities) in others {
            match names.iter_mut().find(|it| it.name == *name) {
                Some(known) => known.abilities = *abilities,
                None => names.push(Named {
                    abilities: *abilities,
                    ..Named::chat(name.clone())
                }),
            }
        }
        names.extend(pictures.map(|name| Named::picture(name, false)));
        if provider.is_some_and(runs_workflows) {
            let workflows = self.models.workflows().iter();
            names.extend(workflows.map(|it| Named::picture(it.name.clone(), it.takes_picture())));
        }
        (names, listed_at_ms)
    }

    /// Has the lists asked for that are not known, and waits for them for as
    /// long as a page may wait. What takes longer goes on in the background.
    async fn await_lists(self: &Arc<Self>, caller: &Caller) {
        let (asks, caller) = (Arc::clone(self), caller.clone());
        let (done, listed) = tokio::sync::oneshot::channel();
        self.tasks.spawn(async move {
            if let Err(error) = asks.fetch_models(&caller).await {
                tracing::debug!("could not list models for a page: {error:#}");
            }
            // Nobody waits any more where it took longer.
            let _ = done.send(());
        });
        // Either way the page shows what is known now.
        let _ = timeout(LIST_WAIT_MAX, listed).await;
    }
}
