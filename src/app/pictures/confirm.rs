//! Pictures that may cost more than the operator lets anybody spend unasked:
//! what is kept until they are confirmed, without a word of theirs.

use serde::{Deserialize, Serialize};

use crate::app::Error;
use crate::app::pictures::job::run::estimate_price;
use crate::app::pictures::{Pictures, ReadyPicture};
use crate::model::{
    AccessRefusal, Caller, Choices, ImageSpec, PriceEstimate, ProviderId, Scope, Size, Source,
};
use crate::store::{PendingAction, PendingKind};

/// Pictures that wait to be confirmed, but for their words, which stand in
/// the message with the button.
pub struct UnconfirmedPicture {
    pub choices: Choices,
    /// Size, number and seed.
    pub spec: ImageSpec,
    pub is_spoiler: bool,
}

/// What pictures may cost, and who would pay for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostlyPicture {
    pub estimate: PriceEstimate,
    pub payer: Source,
}

/// A picture that is to be confirmed, as it is kept until then.
#[derive(Serialize, Deserialize)]
struct KeptPicture {
    model: Option<String>,
    size: Option<(u32, u32)>,
    count: u8,
    seed: Option<u64>,
    is_edit: bool,
    is_spoiler: bool,
}

impl Pictures {
    /// What pictures may cost, where that is more than is spent unasked. A price
    /// that nobody knows is not.
    pub fn find_costly(&self, ready: &ReadyPicture) -> Option<CostlyPicture> {
        let reserved = ready.reserved.as_ref()?;
        let estimate = estimate_price(&reserved.hold)?;
        let most = self.settings.confirm_above?;
        (estimate.cost > most).then_some(CostlyPicture {
            estimate,
            payer: reserved.offer.source,
        })
    }

    /// Keeps pictures until their person confirms them; the id of what is kept.
    pub async fn keep_unconfirmed(
        &self,
        caller: &Caller,
        picture: UnconfirmedPicture,
    ) -> anyhow::Result<String> {
        let UnconfirmedPicture {
            choices,
            spec,
            is_spoiler,
        } = picture;
        let kept = KeptPicture {
            model: choices.model,
            size: spec.size.map(|size| (size.width, size.height)),
            count: spec.pictures(),
            seed: spec.seed,
            is_edit: spec.is_edit,
            is_spoiler,
        };
        let action = PendingAction {
            kind: PendingKind::MakePicture,
            person: caller.person,
            server: caller.place.server(),
            scope: Scope::User,
            provider: choices.provider.unwrap_or_else(|| ProviderId::from("")),
            name: Some(serde_json::to_string(&kept)?),
        };
        self.pending.hand_out(&action).await
    }

    /// Takes pictures that their person confirms, or gives up, once.
    pub async fn take_unconfirmed(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<UnconfirmedPicture, Error> {
        let taken = self.pending.take(caller, PendingKind::MakePicture, id);
        let action = taken.await?;
        let kept = action.name.as_deref().unwrap_or_default();
        let kept: KeptPicture = serde_json::from_str(kept).map_err(|_| AccessRefusal::StaleForm)?;
        let provider = Some(action.provider).filter(|it| !it.as_str().is_empty());
        Ok(UnconfirmedPicture {
            choices: Choices {
                provider,
                model: kept.model,
                persona: None,
            },
            spec: ImageSpec {
                size: kept.size.map(|(width, height)| Size { width, height }),
                count: kept.count,
                seed: kept.seed,
                is_edit: kept.is_edit,
                ..ImageSpec::default()
            },
            is_spoiler: kept.is_spoiler,
        })
    }
}
