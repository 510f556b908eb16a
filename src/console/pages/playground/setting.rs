//! What can be chosen for a question, and who would pay for it.

use std::collections::BTreeSet;

use crate::app::{Error, Foreseen, ModelChoice, ProviderInfo};
use crate::console::pages::stopped;
use crate::console::parts::form::ChoiceGroup;
use crate::console::parts::key::provider_name;
use crate::console::parts::money;
use crate::console::parts::payer::{self, ForeseenPayer};
use crate::console::trouble::Trouble;
use crate::console::visit::Visit;
use crate::model::{
    Caller, Choices, ProviderId, ProviderKind, Refusal, ServerId, Skip, Source, Step, Trace,
    Verdict,
};

use super::limits::Asker;
use super::question::Setting;
use super::tools::Tool;

/// How many models of one provider stand in a list. Any other is typed.
const MODELS_OF_PROVIDER_MAX: usize = 20;
/// What groups of models are for.
const CHAT: &str = "chat";
const PICTURES: &str = "picture";

/// The kind of models that a question goes to.
pub fn kind_of(setting: &Setting) -> &'static str {
    match setting.tool {
        Tool::Picture => PICTURES,
        _ => CHAT,
    }
}

/// Who would pay for a question.
#[derive(Default)]
pub struct Paying {
    /// In each column; none where nobody would.
    pub payers: Vec<Option<ForeseenPayer>>,
    /// What stops the asker.
    pub stopped: Option<Trouble>,
    /// Whether that stops them with a key for this once too.
    pub is_blocked: bool,
}

impl Paying {
    fn note(&mut self, visit: &Visit, refusal: Refusal) {
        self.is_blocked |= stopped::is_block(&refusal);
        self.stopped = self.stopped.take().or(stopped::describe(visit, refusal));
    }
}

/// Finds who would pay for a question in each column, and what stops it.
pub async fn find_payers(
    visit: &Visit,
    asker: &Asker,
    setting: &Setting,
) -> Result<Paying, Trouble> {
    let asks = &visit.app().asks;
    if asker.is_visitor() {
        if let Some(stop) = stopped::find_for_visitor(visit, &asker.caller).await? {
            return Ok(Paying {
                payers: vec![None; setting.models.len()],
                stopped: Some(stop),
                is_blocked: true,
            });
        }
        let demo = asks.replies_in_demo() && setting.tool != Tool::Picture;
        let foreseen = demo.then(|| unpriced(Source::Demo));
        return Ok(Paying {
            payers: vec![foreseen; setting.models.len()],
            ..Paying::default()
        });
    }
    let mut paying = Paying::default();
    for column in 0..setting.models.len() {
        let choices = setting.choices(column);
        let foreseen = if setting.tool == Tool::Picture {
            asks.foresee_picture(&asker.caller, &choices).await
        } else {
            asks.foresee_ask(&asker.caller, &choices).await
        };
        let payer = match foreseen {
            Ok(Foreseen { trace, refusal }) => {
                let payer = find_payer(visit, setting, (&trace, &choices)).await?;
                if let (None, Some(refusal)) = (&payer, refusal) {
                    paying.note(visit, refusal);
                }
                payer
            }
            Err(Error::Refused(refusal)) => {
                paying.note(visit, refusal);
                None
            }
            Err(failed) => return Err(failed.into()),
        };
        paying.payers.push(payer);
    }
    Ok(paying)
}

/// Who a trace says would pay for what is chosen, and what a picture costs them.
async fn find_payer(
    visit: &Visit,
    setting: &Setting,
    (trace, choices): (&Trace, &Choices),
) -> Result<Option<ForeseenPayer>, Trouble> {
    let app = visit.app();
    let taken = trace.taken().map(|step| step.source);
    let demo = app.asks.replies_in_demo() && gives_way_to_demo(trace);
    let demo = demo.then_some(Source::Demo);
    let Some(mut foreseen) = taken.or(demo).map(unpriced) else {
        return Ok(None);
    };
    if setting.tool == Tool::Picture {
        let price = app.pictures.price_of_picture(trace, choices).await?;
        foreseen.price = price.map(money::each);
    }
    Ok(Some(foreseen))
}

fn unpriced(source: Source) -> ForeseenPayer {
    ForeseenPayer {
        look: payer::look(source),
        price: None,
    }
}

/// Whether a fixed reply is given where nobody pays: not where a key could pay
/// and has no room, or where the asker's own one only has to be mended.
fn gives_way_to_demo(trace: &Trace) -> bool {
    let has_no_room = |step: &Step| {
        let why = Verdict::Skipped;
        step.verdict == why(Skip::Limit) || step.verdict == why(Skip::UnknownPrice)
    };
    !trace.passes_over_own_key() && !trace.0.iter().any(has_no_room)
}

/// The models to choose from, by provider: those that somebody pays for, then
/// those of other providers, for a key that comes with the question.
pub async fn list_models(
    visit: &Visit,
    asker: &Asker,
    setting: &Setting,
) -> Result<Vec<ChoiceGroup>, Trouble> {
    let app = visit.app();
    let mut models = if asker.is_visitor() {
        Vec::new()
    } else {
        app.asks.list_models(&asker.caller).await?
    };
    let paid: BTreeSet<ProviderId> = models.iter().map(|it| it.provider.clone()).collect();
    let chats = |it: &ProviderInfo<'_>| it.kind() == ProviderKind::Chat && !paid.contains(it.id());
    let others = app.providers().iter().filter(chats);
    let others = others.filter_map(|it| Some(choice_of(it.id(), it.default_model()?)));
    let mut others: Vec<ModelChoice> = others.collect();
    for chosen in &setting.models {
        add_chosen(visit, chosen, &mut models, &others);
    }
    let mut groups = group(visit, &models, CHAT, "");
    let painters = if asker.is_visitor() {
        let painters = app.providers().iter().filter(|it| it.makes_pictures());
        let painters =
            painters.filter_map(|it| Some(choice_of(it.id(), it.default_picture_model()?)));
        painters.collect()
    } else {
        app.pictures.list_models(&asker.caller).await?
    };
    others.retain(|other| !models.contains(other));
    let painters = group(visit, &painters, PICTURES, " · pictures");
    let others = group(visit, &others, CHAT, " · with a key of yours");
    // What stands first is what is chosen where nothing else can be.
    let chats_first = asker.is_visitor() && setting.tool != Tool::Picture;
    let (first, last) = if chats_first {
        (others, painters)
    } else {
        (painters, others)
    };
    groups.extend(first.into_iter().chain(last));
    Ok(groups)
}

/// Adds the model that is chosen, where no list has it.
fn add_chosen(visit: &Visit, chosen: &str, to: &mut Vec<ModelChoice>, others: &[ModelChoice]) {
    let named = visit.app().providers().split_model(chosen);
    let named = named.filter(|(provider, _)| provider.kind() == ProviderKind::Chat);
    let Some(choice) = named.map(|(provider, model)| choice_of(provider.id(), model)) else {
        return;
    };
    if !to.contains(&choice) && !others.contains(&choice) {
        to.insert(0, choice);
    }
}

fn choice_of(provider: &ProviderId, model: &str) -> ModelChoice {
    ModelChoice {
        provider: provider.clone(),
        model: model.to_owned(),
    }
}

/// The longest name of a model that a list shows whole, in characters.
const NAME_CHARACTERS_MAX: usize = 30;

/// A name as a list shows it: Fireworks writes a path before each.
fn short_name(model: &str) -> &str {
    if model.chars().count() <= NAME_CHARACTERS_MAX {
        return model;
    }
    model.rsplit('/').next().unwrap_or(model)
}

/// Models by their providers, in the order in which these come first.
fn group(
    visit: &Visit,
    models: &[ModelChoice],
    kind: &'static str,
    what: &str,
) -> Vec<ChoiceGroup> {
    let mut order: Vec<&ProviderId> = Vec::new();
    for model in models {
        if !order.contains(&&model.provider) {
            order.push(&model.provider);
        }
    }
    let groups = order.into_iter().map(|provider| {
        let of_provider = models.iter().filter(|it| it.provider == *provider);
        let choices = of_provider.take(MODELS_OF_PROVIDER_MAX);
        let providers = visit.app().providers();
        let known = providers.get(provider);
        let prefix = known.and_then(|known| known.key_prefixes().next());
        ChoiceGroup {
            label: format!("{}{what}", provider_name(providers, provider)),
            kind,
            shape: prefix.map_or_else(String::new, |prefix| format!("{prefix}…")),
            choices: choices
                .map(|it| (providers.full_name(it), short_name(&it.model).to_owned()))
                .collect(),
        }
    });
    groups.collect()
}

/// The servers in which somebody can ask as if they were there: those that
/// they share with the bot, and the one that is chosen.
pub async fn list_places(visit: &Visit, caller: &Caller) -> Vec<(ServerId, String)> {
    visit.list_shared_servers(caller.place.server()).await
}
