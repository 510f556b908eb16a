//! Code that models write in HTML, as `<pre>`: it is shown as code between
//! fences is.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::bot::answers::layout::fences::{Code, Fence, OpenFence, OpeningInLine};
use crate::bot::answers::layout::html::{pattern, stands_free};
use crate::bot::answers::layout::prose::quote_length;

/// Stands for the fence of code that a tag opened.
pub const SIGN: char = '<';

static OPENS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)<pre(?:\s[^<>]*)?>(?:\s*<code(?:\s[^<>]*)?>)?"));
static CLOSES: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\s*(?:</code\s*>)?\s*</pre\s*>"));
/// The language, as highlighters are told of it.
static LANGUAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"\b(?:language-|lang-|lang=["'])([A-Za-z0-9][\w+.#-]{0,19})"#));

/// The code that a tag opens in a line. It is code if another ends it.
pub fn opening_of_html(line: &str) -> Option<OpeningInLine> {
    let found = OPENS
        .find(line)
        .filter(|it| stands_free(line, it.start()))?;
    let quote = quote_length(line).map(|_| "> ").unwrap_or_default();
    let before = line.get(..found.start())?;
    let at = match quote_length(line) {
        Some(quote) if before.get(quote..)?.trim().is_empty() => 0,
        _ => found.start(),
    };
    let language = LANGUAGE.captures(found.as_str());
    let fence = Fence {
        lead: quote.to_owned(),
        prefix: quote.to_owned(),
        language: language.map_or(String::new(), |it| it[1].to_owned()),
    };
    Some(OpeningInLine {
        at,
        past: found.end(),
        fence: OpenFence {
            fence,
            first_line: None,
        },
        code: Code::of_html(!quote.is_empty()),
        is_certain: false,
    })
}

/// Where the tags that end the code stand in a line.
pub fn closing(line: &str) -> Option<Range<usize>> {
    CLOSES.find(line).map(|it| it.range())
}

#[cfg(test)]
mod tests {
    use crate::bot::answers::layout::{Author, Layout};

    fn lay_out(text: &str) -> String {
        Layout::new(Author::Model, 2_000).end(text).join("\n---\n")
    }

    #[test]
    fn code_in_html_is_code() {
        for (what, answer, shown) in [
            (
                "a block",
                "Run:\n<pre><code class=\"language-sh\">npm ci\n\nnpm test &amp;&amp; ls</code></pre>\nSo.",
                "Run:\n```sh\nnpm ci\n\nnpm test && ls\n```\nSo.",
            ),
            (
                "on lines of their own",
                "<pre>\n<b>x</b> &lt;T&gt;\n</pre>",
                "```\n<b>x</b> <T>\n```",
            ),
            (
                "in a line",
                "It prints <pre>one\ntwo</pre> and ends.",
                "It prints\n```\none\ntwo\n```\nand ends.",
            ),
            (
                "in one line",
                "<PRE>npm ci</PRE> starts it",
                "```\nnpm ci\n```\nstarts it",
            ),
            (
                "a tag that is named",
                "`<pre>` keeps spaces",
                "`<pre>` keeps spaces",
            ),
            (
                "a tag that nothing ends",
                "<pre> keeps spaces",
                "<pre> keeps spaces",
            ),
            (
                "in code",
                "```html\n<pre>x</pre>\n```",
                "```html\n<pre>x</pre>\n```",
            ),
        ] {
            assert_eq!(lay_out(answer), shown, "{what}");
        }
    }
}
