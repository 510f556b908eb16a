//! One's own profile: what is chosen beforehand, where one is signed in, and
//! what is stored, to be taken and erased.

mod erase;
mod preferences;
mod sessions;

use axum::body::Body;

use crate::app::StoredSummary;
use crate::console::frame::Section;
use crate::console::markup::{Markup, html};
use crate::console::pages::stopped;
use crate::console::parts::{icon, money};
use crate::console::reply::{File, Page};
use crate::console::routes::{Row, row};
use crate::console::visit::{HandlerResult, SignedIn, Visit};

pub const ROWS: &[Row] = &[
    row!(GET "/profile" SignedIn show_profile),
    row!(POST "/profile" SignedIn preferences::save),
    row!(GET "/profile/export.json" SignedIn export),
    row!(GET "/profile/erase" SignedIn erase::show_confirmation),
    row!(POST "/profile/erase" SignedIn erase::erase),
    row!(GET "/erased" Visitor erase::show_erased),
    row!(POST "/profile/sessions/end-others" SignedIn sessions::end_others),
    row!(POST "/profile/sessions/{session}/end" SignedIn sessions::end),
];

async fn show_profile(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller(&visit).await?;
    let stored = visit.app().people.stored_summary(&caller).await?;
    let name = &person.session.session.name;
    let letter = name.chars().next().unwrap_or('?').to_uppercase();
    let tier = stored.tier.as_deref();
    let body = html! {
        div.head {
            div.who {
                span.face aria-hidden="true" { (letter) }
                div {
                    h1 { (name) }
                    p {
                        "Signed in with Discord."
                        @if let Some(tier) = tier { " Tier “" (tier) "”, given by the operator." }
                    }
                }
            }
        }
        (stopped::show_outside(&visit, &person).await?)
        div.columns.two {
            (preferences::show(&visit, &caller).await?)
            (show_stored(&stored))
        }
        (sessions::show(&visit, &person).await?)
        (erase::show_card())
    };
    Ok(Page::new(Section::Profile, "Profile", body).into())
}

fn show_stored(stored: &StoredSummary) -> Markup {
    let lines = [
        ("Keys, sealed", stored.keys.len().to_string()),
        ("Tokens, as hashes", stored.tokens.to_string()),
        (
            "Asks: when, where, model, cost",
            stored.used.requests.to_string(),
        ),
        ("Choices", stored.choices.to_string()),
        (
            "Browsers that you are signed in with",
            stored.sessions.to_string(),
        ),
        ("Questions and answers", "none, ever".to_owned()),
    ];
    html! {
        section.card aria-labelledby="stored-h" {
            header { h2 #stored-h { "What is stored about you" } }
            div.body {
                dl.pairs {
                    @for (what, how_many) in lines { dt { (what) } dd { (how_many) } }
                }
                div.acts {
                    a.btn.s href="/profile/export.json" {
                        (icon::small("down")) "Export as JSON"
                    }
                }
            }
            p.foot {
                "Each ask is kept for " (money::count(stored.keep_days.into(), "day"))
                ", then only its sums; where answers stand in Discord for "
                (money::count(stored.answer_days.unsigned_abs(), "day")) "."
            }
        }
    }
}

/// All that is stored of somebody, as a file. Never a key.
async fn export(visit: Visit, person: SignedIn) -> HandlerResult {
    let caller = person.caller(&visit).await?;
    let all = visit.app().people.export_data(&caller).await?;
    Ok(File {
        name: "latchkey-data.json".to_owned(),
        media_type: "application/json",
        body: Body::from(format!("{all:#}\n")),
    }
    .into())
}
