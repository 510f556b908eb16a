//! Who pays, as a badge: an icon, words and a colour, never colour alone.

use serde::Serialize;

use crate::console::markup::{Markup, html};
use crate::model::Source;

use super::icon;

/// How a payer looks on every page.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PayerLook {
    pub class: &'static str,
    pub icon: &'static str,
    pub words: &'static str,
}

/// Who would pay, and what each picture would cost them, where that is fixed.
#[derive(Clone, Debug, Serialize)]
pub struct ForeseenPayer {
    #[serde(flatten)]
    pub look: PayerLook,
    pub price: Option<String>,
}

/// The look of a payer. Nobody pays for what the demo says.
pub fn look(source: Source) -> PayerLook {
    let (class, icon, words) = match source {
        Source::Request => ("own", "once", "own key, this once"),
        Source::Personal => ("own", "key", "own key"),
        Source::Server => ("server", "server", "server key"),
        Source::BotDefault => ("bot", "bot", "bot default"),
        Source::Demo => ("demo", "mask", "demo"),
    };
    PayerLook { class, icon, words }
}

/// The badge of a payer.
pub fn badge(source: Source) -> Markup {
    show(look(source))
}

/// The badge of a look.
pub fn show(look: PayerLook) -> Markup {
    show_key(look, None)
}

/// The badge of somebody who would pay, and the price beside it.
pub fn show_foreseen(payer: &ForeseenPayer) -> Markup {
    html! {
        (show(payer.look))
        @if let Some(price) = &payer.price { " " span.sub { (price) } }
    }
}

/// The badge of a payer, with how the key ends that pays.
pub fn show_key(look: PayerLook, hint: Option<&str>) -> Markup {
    html! {
        span class={ "pays " (look.class) } {
            (icon::small(look.icon)) (look.words)
            @if let Some(hint) = hint { " …" (hint) }
        }
    }
}

/// The badge that nobody can pay.
pub fn nobody() -> Markup {
    html! {
        span.pays { (icon::small("minus")) "nobody" }
    }
}
