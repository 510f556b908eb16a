//! HTML that was written by this module. Whatever is put into it is escaped.

pub use maud::{DOCTYPE, Markup, PreEscaped, html};
