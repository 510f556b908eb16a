//! No reply is longer than a telephone shows at once, but answers, and lists
//! that were asked for. Every test of the whole program looks at what it showed.

use latchkey_emulator::{InteractionKind, Message, WorldState};

/// The most lines of a reply.
const LINES_MAX: usize = 12;
/// Commands that list something, or show a model's words.
const LISTS: [&str; 18] = [
    "/admin show",
    "/ask",
    "/imagine",
    "/keys list",
    "/keys status",
    "/model show",
    "/persona list",
    "/privacy show",
    "/quota status",
    "/server blocks",
    "/server budget show",
    "/summarize",
    "/token list",
    "/usage",
    "Explain (message)",
    "Reply for me (message)",
    "Summarize (message)",
    "Translate (message)",
];

/// Replies for one person's eyes that are too long.
pub fn too_long(state: &WorldState) -> Vec<String> {
    let is_reply = |message: &&Message| {
        let found = state
            .interactions
            .iter()
            .find(|it| message.interaction == Some(it.id));
        // Buttons show details, which are a list too.
        let is_list = found.is_none_or(|it| {
            it.kind == InteractionKind::Component
                || LISTS.iter().any(|list| it.line.starts_with(list))
        });
        message.only_for.is_some() && !is_list
    };
    let replies = state.messages.iter().filter(is_reply);
    let long = replies.filter(|it| it.content.lines().count() > LINES_MAX);
    long.map(|it| it.content.clone()).collect()
}
