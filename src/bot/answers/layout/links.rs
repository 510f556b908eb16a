//! Links that Discord makes none of as a model writes them.

use crate::bot::answers::layout::spans::Link;

/// How an address begins.
const SCHEMES: [&str; 2] = ["https://", "http://"];
/// The longest link that stands in a message, in bytes.
const LINK_BYTES_MAX: usize = 1_500;

/// How a link is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkForm<'a> {
    /// As the model wrote it.
    AsItIs,
    /// Its address alone, which its words are.
    Address(&'a str),
    /// Its words, and its address behind them: Discord makes no link of words
    /// that hold an address
    /// (<https://github.com/discord/discord-api-docs/issues/7721>).
    Apart,
    /// Its words, and its address as text that may be cut: no message holds it.
    Long,
    /// Without its title, which may keep Discord from making a link of it
    /// (<https://github.com/discord/discord-api-docs/issues/6315>).
    Untitled,
}

/// How a link is written, of which `whole` is the text.
pub fn form_of<'a>(link: &Link<'a>, whole: &str) -> LinkForm<'a> {
    if link.length > LINK_BYTES_MAX && !link.address.contains('`') {
        return LinkForm::Long;
    }
    let bare = |text: &'a str| {
        let text = text.trim().trim_start_matches('<').trim_end_matches('>');
        text.trim_end_matches('/')
    };
    if holds_address(link.words) {
        return if bare(link.words) == bare(link.address) {
            LinkForm::Address(link.address)
        } else {
            LinkForm::Apart
        };
    }
    let target = whole.get(link.words.len() + 3..).unwrap_or_default();
    let title = target.trim_start().strip_prefix(link.address);
    let has_title = title.is_some_and(|rest| rest.trim() != ")");
    if has_title {
        LinkForm::Untitled
    } else {
        LinkForm::AsItIs
    }
}

/// A link in its form, with its words as they are shown; none where it stays as
/// it is.
pub fn written(
    link: &Link<'_>,
    form: LinkForm<'_>,
    words: impl FnOnce() -> String,
) -> Option<String> {
    Some(match form {
        LinkForm::AsItIs => return None,
        LinkForm::Address(address) => address.to_owned(),
        LinkForm::Apart => format!("{} ({})", words(), link.address),
        LinkForm::Long => format!("{} (`{}`)", words(), link.address),
        LinkForm::Untitled => format!("[{}]({})", link.words, link.address),
    })
}

fn holds_address(words: &str) -> bool {
    SCHEMES.iter().any(|scheme| {
        words.match_indices(scheme).any(|(at, _)| {
            let rest = words.get(at + scheme.len()..).unwrap_or_default();
            rest.starts_with(char::is_alphanumeric)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::answers::layout::spans::link_length;

    #[test]
    fn links_that_discord_does_not_make_are_written_otherwise() {
        for (text, form) in [
            ("[a](https://a.example)", LinkForm::AsItIs),
            ("[a](<https://a.example>)", LinkForm::AsItIs),
            ("[a]( https://a.example )", LinkForm::AsItIs),
            ("[https://](https://a.example)", LinkForm::AsItIs),
            ("[a](https://a.example \"A\")", LinkForm::Untitled),
            ("[a](https://a.example 'A 🔴')", LinkForm::Untitled),
            (
                "[https://a.example](https://a.example/)",
                LinkForm::Address("https://a.example/"),
            ),
            (
                "[https://a.example](<https://a.example>)",
                LinkForm::Address("<https://a.example>"),
            ),
            ("[https://a.example](https://b.example)", LinkForm::Apart),
            ("[see http://a.example](https://a.example)", LinkForm::Apart),
        ] {
            let link = link_length(text).unwrap();
            assert_eq!(form_of(&link, text), form, "{text}");
        }
    }
}
