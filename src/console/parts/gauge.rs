//! How full something is: a bar, with what it says in words beside it.

use crate::console::markup::{Markup, html};

/// A bar that is filled by a share between 0 and 1. It is drawn for eyes
/// alone; the words beside it say the same.
pub fn bar(share: f64) -> Markup {
    let width = (share.clamp(0.0, 1.0) * 100.0).round();
    html! {
        svg.gauge.full[share >= 1.0] viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            rect width=(width) height="6" {}
        }
    }
}
