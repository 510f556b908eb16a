//! The model that a relayed call goes to.

/// The model that a call goes to, and what is known of it.
#[derive(Clone, Copy)]
pub struct AskedModel<'a> {
    /// Its provider's name for it.
    pub name: &'a str,
    /// The longest answer that a list says of it, in tokens.
    pub longest_answer: Option<u64>,
    /// The room that is left in it beside the prompt, in tokens.
    pub room: Option<u64>,
}

#[cfg(test)]
impl AskedModel<'_> {
    /// A model of which no list says anything.
    pub fn named(name: &str) -> AskedModel<'_> {
        AskedModel {
            name,
            longest_answer: None,
            room: None,
        }
    }
}
