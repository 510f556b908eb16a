//! Icons: strokes without words. What an icon means stands beside it.

use crate::console::markup::{Markup, html};

/// An icon of the set in `assets/console/icons.svg`, by its name.
pub fn plain(name: &str) -> Markup {
    html! {
        svg.icon viewBox="0 0 18 18" aria-hidden="true" { use href={ "#i-" (name) } {} }
    }
}

/// An icon as small as small text.
pub fn small(name: &str) -> Markup {
    html! {
        svg.icon.s viewBox="0 0 18 18" aria-hidden="true" { use href={ "#i-" (name) } {} }
    }
}

/// The mark of the product.
pub fn brand() -> Markup {
    html! {
        svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor"
            stroke-width="2" stroke-linecap="round" {
            path d="M4 12.5V6.8A2.8 2.8 0 0 1 6.8 4h10.4A2.8 2.8 0 0 1 20 6.8v10.4a2.8 2.8 0 0 1-2.8 2.8H11" {}
            path d="M4 20l8-8M6.6 17.4l1.8 1.8" {}
            circle cx="13.6" cy="10.4" r="2.3" {}
        }
    }
}
