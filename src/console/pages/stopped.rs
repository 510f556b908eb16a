//! What stops whoever looks at a page from asking: the operator, a server's
//! managers, or a limit.

use crate::app::Error;
use crate::console::markup::{Markup, html};
use crate::console::parts::note;
use crate::console::trouble::Trouble;
use crate::console::visit::{SignedIn, Visit};
use crate::console::words::Names;
use crate::model::{AskRefusal, Caller, Choices, QuotaRefusal, Refusal};

/// What stops somebody from asking here at all, if anything does.
pub async fn find(visit: &Visit, caller: &Caller) -> Result<Option<Trouble>, Trouble> {
    let refusal = foresee_refusal(visit, caller).await?;
    Ok(refusal.and_then(|refusal| describe(visit, refusal)))
}

/// Who has stopped somebody here, whatever limits leave.
pub async fn find_block(visit: &Visit, caller: &Caller) -> Result<Option<Trouble>, Trouble> {
    let refusal = foresee_refusal(visit, caller).await?;
    let block = refusal.filter(is_block);
    Ok(block.and_then(|refusal| describe(visit, refusal)))
}

/// What stops a visitor, as everybody, whatever key they bring. There are no
/// keys of theirs to go to.
pub async fn find_for_visitor(visit: &Visit, caller: &Caller) -> Result<Option<Trouble>, Trouble> {
    match visit.app().asks.refuse_blocked(caller).await {
        Ok(()) => Ok(None),
        Err(error @ Error::Refused(_)) => {
            let mut trouble = Trouble::from(error);
            trouble.ways.clear();
            Ok(Some(trouble))
        }
        Err(failed) => Err(failed.into()),
    }
}

/// What somebody would be told who asks now, without naming anything.
async fn foresee_refusal(visit: &Visit, caller: &Caller) -> Result<Option<Refusal>, Trouble> {
    let asks = &visit.app().asks;
    match asks.foresee_ask(caller, &Choices::default()).await {
        Ok(foreseen) => Ok(foreseen.refusal),
        Err(Error::Refused(refusal)) => Ok(Some(refusal)),
        Err(failed) => Err(failed.into()),
    }
}

/// The words for a refusal that stops somebody, whatever key they bring; none
/// where only a key is missing.
pub fn describe(visit: &Visit, refusal: Refusal) -> Option<Trouble> {
    let names = Names::of(visit.app().providers());
    let stops = is_block(&refusal) || is_limit(&refusal) || makes_pictures(&refusal);
    stops.then(|| Trouble::from(refusal).named(names))
}

/// Whether somebody has stopped the asker.
pub fn is_block(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Quota(QuotaRefusal::Blocked(_)))
}

fn is_limit(refusal: &Refusal) -> bool {
    use QuotaRefusal::{LimitReached, UnknownPrice};
    matches!(
        refusal,
        Refusal::Quota(LimitReached { .. } | UnknownPrice { .. })
    )
}

/// Whether what is chosen to answer makes pictures alone.
fn makes_pictures(refusal: &Refusal) -> bool {
    use AskRefusal::{NotAChatProvider, PicturesAlone};
    matches!(
        refusal,
        Refusal::Ask(NotAChatProvider { .. } | PicturesAlone { .. })
    )
}

/// The note that says it, above what it is about.
pub fn show(visit: &Visit, stopped: Option<&Trouble>) -> Markup {
    html! {
        @if let Some(trouble) = stopped {
            (note::trouble(trouble, visit.uri.path()))
        }
    }
}

/// The note for whoever is signed in, outside of servers. Nothing stands there
/// where Discord does not say who they are.
pub async fn show_outside(visit: &Visit, person: &SignedIn) -> Result<Markup, Trouble> {
    let Ok(caller) = person.caller(visit).await else {
        return Ok(html! {});
    };
    Ok(show(visit, find(visit, &caller).await?.as_ref()))
}
