//! What is done with a stored key at once: checked, paused, resumed, renamed,
//! replaced.

use crate::app::{KeyDraft, nobody_else};
use crate::console::parts::key::provider_name;
use crate::console::trouble::Trouble;
use crate::console::visit::{HandlerResult, SignedIn, Visit};
use crate::console::words::Names;
use crate::model::{Check, Key, Scope};

use super::add::{describe_added, describe_check};
use super::{fields, one};

/// Where a form was sent from, to go back there.
fn back(visit: &Visit, one: &Key) -> String {
    if visit.form.text("from") == "key" {
        format!("/keys/{}", one.id)
    } else {
        "/keys".to_owned()
    }
}

fn name_of(visit: &Visit, one: &Key) -> String {
    provider_name(visit.app().providers(), &one.provider)
}

/// Asks the key's provider about it.
pub async fn check(visit: Visit, person: SignedIn) -> HandlerResult {
    let one = one::find(&visit, &person).await?;
    let caller = nobody_else(person.id());
    let keys = &visit.app().keys;
    let id = one.id.to_string();
    let tested = keys.test_by_id(&caller, Scope::User, &id).await?;
    let name = name_of(&visit, &one);
    let words = match &tested.check {
        Check::Unknown(_) => format!(
            "{name} could not be asked right now, so what was known of your key before still \
             stands. Check it again in a minute."
        ),
        known => format!("Checked your {name} key. {}", describe_check(&name, known)),
    };
    person.say_at(&visit, back(&visit, &one), &words).await
}

/// Keeps a key from being used.
pub async fn pause(visit: Visit, person: SignedIn) -> HandlerResult {
    set_paused(&visit, &person, true).await
}

/// Lets a paused key be used again.
pub async fn resume(visit: Visit, person: SignedIn) -> HandlerResult {
    set_paused(&visit, &person, false).await
}

async fn set_paused(visit: &Visit, person: &SignedIn, paused: bool) -> HandlerResult {
    let one = one::find(visit, person).await?;
    let caller = nobody_else(person.id());
    let keys = &visit.app().keys;
    keys.change(&caller, &one, None, Some(paused)).await?;
    let name = name_of(visit, &one);
    let words = if paused {
        format!("Paused your {name} key. It is kept, and not used until you resume it.")
    } else {
        format!("Resumed your {name} key. It is used again.")
    };
    person.say_at(visit, back(visit, &one), &words).await
}

/// Gives a key another name, or none.
pub async fn rename(visit: Visit, person: SignedIn) -> HandlerResult {
    let one = one::find(&visit, &person).await?;
    let caller = nobody_else(person.id());
    let name = visit.form.text("name").to_owned();
    let keys = &visit.app().keys;
    let changed = keys.change(&caller, &one, Some(name), None).await;
    changed.map_err(|error| Trouble::from(error).typed(&visit.form))?;
    let words = format!("Renamed your {} key.", name_of(&visit, &one));
    person
        .say_at(&visit, format!("/keys/{}", one.id), &words)
        .await
}

/// Checks another key of the same provider, and stores it in the place of the
/// old one. What is wrong with it is said above the same form.
pub async fn replace(visit: Visit, person: SignedIn) -> HandlerResult {
    let app = visit.app();
    let one = one::find(&visit, &person).await?;
    let known = app.providers().get(&one.provider);
    let known = known.ok_or_else(Trouble::nothing_here)?;
    let caller = person.caller(&visit).await?;
    let put = async {
        let draft = KeyDraft {
            lifetime: fields::read_lifetime(&visit.form)?,
            keep_refused: visit.form.has(fields::KEEP_REFUSED),
            scope: Scope::User,
            provider: one.provider.clone(),
            name: one.name.clone(),
            typed: fields::read(&visit.form, known),
        };
        app.keys.put(&caller, draft).await
    };
    match put.await {
        Ok(added) => {
            let words = describe_added(known.name(), &added);
            let address = format!("/keys/{}", added.key.id);
            person.say_at(&visit, address, &words).await
        }
        Err(error) => {
            let trouble = Trouble::from(error).named(Names::of(app.providers()));
            if trouble.status.is_server_error() {
                return Err(trouble.typed(&visit.form));
            }
            Ok(one::page(&visit, &person, &one, Some(trouble)).await.into())
        }
    }
}
