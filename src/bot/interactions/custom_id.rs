//! The ids of our forms and buttons. Discord carries them, but anybody can
//! send any text: they only name what the database knows more about.

use crate::bot::interactions::keys::key_target::{KeyDeed, KeyPlace, KeyTarget, PanelView};
use crate::model::{ProviderId, Scope};

/// What a form or a button is for, with the id of what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomId {
    /// The form that adds a key, and where the button stands that opened it.
    AddKeyForm(String, KeyPlace),
    /// The button that opens that form again.
    AddAgain(String, KeyPlace),
    /// The button that opens the form into which several keys are put.
    OpenImport(Scope),
    /// The form into which several keys are put.
    ImportForm(String),
    /// The buttons that store the keys of an import, or forget them.
    StoreImport(String),
    ForgetImport(String),
    /// The button that removes a key.
    RemoveKey(String),
    /// The button that has a key take the place of one that works.
    ReplaceKey(String),
    /// The button that clears all limits of a server's key.
    ClearBudget(String),
    /// The button that stops everybody from asking.
    StopEverybody(String),
    /// The button that keeps what is stored.
    KeepKey,
    /// The form that asks with a key for this once.
    OnceForm(String),
    /// The button that opens that form again.
    OnceAgain(String),
    /// The form that erases what is stored of a person.
    EraseForm(String),
    /// The button that opens the form for a key.
    KeyForm(KeyTarget),
    /// The buttons that do something with a key.
    KeyDeed(KeyDeed, KeyTarget),
    /// The menu of providers to add a key for.
    ProviderMenu(Scope, KeyPlace),
    /// The button that opens the panel of keys.
    OpenPanel(PanelView),
    /// The buttons that turn a page of the panel, or go back to it.
    TurnPanel(PanelView),
    /// The button in the panel that removes a key, with the id of what was
    /// asked before.
    RemoveInPanel(String, PanelView),
    /// The button that shows who pays.
    ShowPayers,
    /// The button that shows the limits.
    ShowLimits,
    /// The button that offers models to choose for all that one asks, and its
    /// menu.
    OfferModels,
    ChosenModel,
    /// The buttons under an answer, by its id.
    StopAnswer(String),
    RepeatAnswer(String),
    OtherModel(String),
    AnswerDetails(String),
    /// The buttons under a picture, by its answer's id.
    RepeatPicture(String),
    VaryPicture(String),
    PictureSeed(String),
    /// The buttons under pictures that wait to be confirmed.
    ConfirmPicture(String),
    LeavePicture(String),
    /// The menu of models for another answer.
    ModelMenu(String),
}

impl CustomId {
    /// The button under a reply that opens the form for a key.
    pub fn key_form(scope: Scope, provider: &ProviderId) -> Self {
        Self::KeyForm(KeyTarget::in_reply(scope, provider))
    }

    /// Reads an id; none for what we never handed out.
    pub fn parse(text: &str) -> Option<Self> {
        let (verb, id) = text.split_once(':').unwrap_or((text, ""));
        match verb {
            "add" => {
                let (id, place) = id.split_once(':').unwrap_or((id, ""));
                Some(Self::AddKeyForm(id.to_owned(), KeyPlace::parse(place)?))
            }
            "readd" => {
                let (id, place) = id.split_once(':').unwrap_or((id, ""));
                Some(Self::AddAgain(id.to_owned(), KeyPlace::parse(place)?))
            }
            "reonce" => Some(Self::OnceAgain(id.to_owned())),
            "imports" => Scope::parse(id).map(Self::OpenImport),
            "import" => Some(Self::ImportForm(id.to_owned())),
            "store" => Some(Self::StoreImport(id.to_owned())),
            "forget" => Some(Self::ForgetImport(id.to_owned())),
            "remove" => Some(Self::RemoveKey(id.to_owned())),
            "replace" => Some(Self::ReplaceKey(id.to_owned())),
            "clear" => Some(Self::ClearBudget(id.to_owned())),
            "halt" => Some(Self::StopEverybody(id.to_owned())),
            "keep" => Some(Self::KeepKey),
            "once" => Some(Self::OnceForm(id.to_owned())),
            "erase" => Some(Self::EraseForm(id.to_owned())),
            "form" => KeyTarget::parse(id).map(Self::KeyForm),
            // Under messages from before there was "form".
            "own" => Some(Self::key_form(Scope::User, &ProviderId::from(id))),
            "shared" => Some(Self::key_form(Scope::Guild, &ProviderId::from(id))),
            "key" => {
                let (deed, target) = id.split_once(':')?;
                let target = KeyTarget::parse(target)?;
                Some(Self::KeyDeed(KeyDeed::parse(deed)?, target))
            }
            "providers" => {
                let (scope, place) = id.split_once(':')?;
                let place = KeyPlace::parse(place)?;
                Some(Self::ProviderMenu(Scope::parse(scope)?, place))
            }
            "keys" => PanelView::parse(id).map(Self::OpenPanel),
            "page" => PanelView::parse(id).map(Self::TurnPanel),
            "removal" => {
                let (view, id) = id.split_once(':')?;
                let view = PanelView::parse(view)?;
                Some(Self::RemoveInPanel(id.to_owned(), view))
            }
            "payers" => Some(Self::ShowPayers),
            "limits" => Some(Self::ShowLimits),
            "models" => Some(Self::OfferModels),
            "chosen" => Some(Self::ChosenModel),
            "stop" => Some(Self::StopAnswer(id.to_owned())),
            "again" => Some(Self::RepeatAnswer(id.to_owned())),
            "other" => Some(Self::OtherModel(id.to_owned())),
            "details" => Some(Self::AnswerDetails(id.to_owned())),
            "redo" => Some(Self::RepeatPicture(id.to_owned())),
            "vary" => Some(Self::VaryPicture(id.to_owned())),
            "seed" => Some(Self::PictureSeed(id.to_owned())),
            "make" => Some(Self::ConfirmPicture(id.to_owned())),
            "leave" => Some(Self::LeavePicture(id.to_owned())),
            "model" => Some(Self::ModelMenu(id.to_owned())),
            _ => None,
        }
    }

    /// Writes what [`Self::parse`] reads.
    pub fn write(&self) -> String {
        match self {
            Self::AddKeyForm(id, place) => format!("add:{id}:{place}"),
            Self::AddAgain(id, place) => format!("readd:{id}:{place}"),
            Self::OnceAgain(id) => format!("reonce:{id}"),
            Self::OpenImport(scope) => format!("imports:{}", scope.as_str()),
            Self::ImportForm(id) => format!("import:{id}"),
            Self::StoreImport(id) => format!("store:{id}"),
            Self::ForgetImport(id) => format!("forget:{id}"),
            Self::RemoveKey(id) => format!("remove:{id}"),
            Self::ReplaceKey(id) => format!("replace:{id}"),
            Self::ClearBudget(id) => format!("clear:{id}"),
            Self::StopEverybody(id) => format!("halt:{id}"),
            Self::KeepKey => "keep".to_owned(),
            Self::OnceForm(id) => format!("once:{id}"),
            Self::EraseForm(id) => format!("erase:{id}"),
            Self::KeyForm(target) => format!("form:{target}"),
            Self::KeyDeed(deed, target) => format!("key:{deed}:{target}"),
            Self::ProviderMenu(scope, place) => format!("providers:{}:{place}", scope.as_str()),
            Self::OpenPanel(view) => format!("keys:{view}"),
            Self::TurnPanel(view) => format!("page:{view}"),
            Self::RemoveInPanel(id, view) => format!("removal:{view}:{id}"),
            Self::ShowPayers => "payers".to_owned(),
            Self::ShowLimits => "limits".to_owned(),
            Self::OfferModels => "models".to_owned(),
            Self::ChosenModel => "chosen".to_owned(),
            Self::StopAnswer(id) => format!("stop:{id}"),
            Self::RepeatAnswer(id) => format!("again:{id}"),
            Self::OtherModel(id) => format!("other:{id}"),
            Self::AnswerDetails(id) => format!("details:{id}"),
            Self::RepeatPicture(id) => format!("redo:{id}"),
            Self::VaryPicture(id) => format!("vary:{id}"),
            Self::PictureSeed(id) => format!("seed:{id}"),
            Self::ConfirmPicture(id) => format!("make:{id}"),
            Self::LeavePicture(id) => format!("leave:{id}"),
            Self::ModelMenu(id) => format!("model:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ServerId;

    #[test]
    fn an_id_about_keys_reads_back_what_it_writes_and_fits() {
        let places = [
            KeyPlace::Reply,
            KeyPlace::About(ServerId(u64::MAX)),
            KeyPlace::Panel(PanelView::default()),
            KeyPlace::Panel(PanelView {
                scope: Some(Scope::Guild),
                page: 12,
            }),
        ];
        for place in places {
            for scope in [Scope::User, Scope::Guild] {
                let target = KeyTarget {
                    scope,
                    place,
                    provider: ProviderId::from("runcomfy-serverless"),
                };
                let ids = [
                    CustomId::KeyForm(target.clone()),
                    CustomId::KeyDeed(KeyDeed::Resume, target.clone()),
                    CustomId::KeyDeed(KeyDeed::Remove, target),
                    CustomId::ProviderMenu(scope, place),
                    CustomId::AddKeyForm("0123456789abcdef0123456789abcdef".to_owned(), place),
                ];
                for id in ids {
                    let written = id.write();
                    assert_eq!(CustomId::parse(&written), Some(id));
                    assert!(written.len() <= 100, "{written}");
                }
            }
        }
        let view = PanelView::of(Scope::User);
        for id in [
            CustomId::OpenPanel(view),
            CustomId::TurnPanel(view),
            CustomId::RemoveInPanel("0a".to_owned(), view),
        ] {
            assert_eq!(CustomId::parse(&id.write()), Some(id));
        }
    }

    #[test]
    fn buttons_of_older_messages_still_open_their_form() {
        let openai = ProviderId::from("openai");
        for (written, scope) in [("own:openai", Scope::User), ("shared:openai", Scope::Guild)] {
            let id = CustomId::parse(written);
            assert_eq!(id, Some(CustomId::key_form(scope, &openai)));
        }
        assert_eq!(
            CustomId::parse("add:0a"),
            Some(CustomId::AddKeyForm("0a".to_owned(), KeyPlace::Reply))
        );
    }
}
