//! Words about tokens. All of it is ephemeral.

use secrecy::{ExposeSecret, SecretString};

use crate::bot::connection::wire::card::Card;
use crate::model::{Right, Scopes, Token};

use crate::bot::words::speech::voice::Voice;

/// A token was made: shown once, with what to paste.
pub fn created(
    voice: Voice<'_>,
    token: &Token,
    secret: &SecretString,
    gateway: Option<&str>,
) -> Card {
    let lang = voice.lang;
    let mut lines = vec![
        lang.words("Your new token. Copy it now: it is shown this once, and nobody can look it up.")
            .to_owned(),
        format!("```\n{}\n```", secret.expose_secret()),
        lang.say(
            "It may: {scopes}. It works until <t:{until}:D>; `/token revoke token:{id}` ends it at once.",
            &[
                ("scopes", &what(voice, token.scopes)),
                ("until", &(token.expires_at_ms / 1_000)),
                ("id", &token.id),
            ],
        ),
    ];
    match gateway {
        Some(url) if token.scopes.has(Right::Chat) => {
            lines.push(lang.words("Any program that speaks OpenAI's API uses your keys with:").to_owned());
            lines.push(format!(
                "```sh\nexport OPENAI_BASE_URL={url}/v1\nexport OPENAI_API_KEY=…  # {}\n```",
                lang.words("the token")
            ));
            lines.push(lang.say(
                "Anthropic's clients, Claude Code too: `ANTHROPIC_BASE_URL={url}`; Google's: base URL `{url}`. \
                 With `/anthropic` or `/google` behind it, a call reaches that vendor's own models alone, untouched.",
                &[("url", &url)],
            ));
        }
        Some(url) => lines.push(lang.say("The API is at {url}/api/v1.", &[("url", &url)])),
        None => lines.push(
            lang.words("The operator has switched the gateway off (`gateway.listen`), so it is of no use yet.")
                .to_owned(),
        ),
    }
    Card::text(lines.join("\n"))
}

/// A person's tokens.
pub fn list(voice: Voice<'_>, tokens: &[Token], now_ms: i64) -> Card {
    let lang = voice.lang;
    if tokens.is_empty() {
        return Card::text(lang.words(
            "You have no tokens. `/token create` makes one, for programs that use your keys.",
        ));
    }
    let lines = tokens.iter().map(|token| {
        let ends = if token.expires_at_ms > now_ms {
            "works until <t:{ends}:D>"
        } else {
            "ended <t:{ends}:D>"
        };
        let used = match token.last_used_at_ms {
            Some(at_ms) => lang.say("last used <t:{at}:R>", &[("at", &(at_ms / 1_000))]),
            None => lang.words("never used").to_owned(),
        };
        let ends = lang.say(ends, &[("ends", &(token.expires_at_ms / 1_000))]);
        let parts = [title(token), what(voice, token.scopes), ends, used];
        format!("- {}", parts.join(" · "))
    });
    let lines: Vec<String> = std::iter::once(lang.words("**Your tokens**").to_owned())
        .chain(lines)
        .collect();
    Card::text(lines.join("\n"))
}

/// A token was revoked.
pub fn revoked(voice: Voice<'_>, token: &Token) -> Card {
    Card::text(voice.lang.say(
        "Revoked the token {token}. Programs that use it are turned away within half a minute.",
        &[("token", &title(token))],
    ))
}

fn title(token: &Token) -> String {
    match &token.name {
        Some(name) => format!("**{}** (`{}`)", name.replace(['*', '`', '_'], ""), token.id),
        None => format!("`{}`", token.id),
    }
}

/// What a token may do, in words.
fn what(voice: Voice<'_>, scopes: Scopes) -> String {
    let lang = voice.lang;
    let words = [
        (scopes.has(Right::Chat), "ask models"),
        (scopes.has(Right::KeysRead), "see keys"),
        (scopes.has(Right::KeysWrite), "change keys"),
        (scopes.has(Right::UsageRead), "see usage"),
        (scopes.server.is_some(), "with one server's keys"),
    ];
    let given = words.into_iter().filter(|(given, _)| *given);
    let given: Vec<&str> = given.map(|(_, words)| lang.words(words)).collect();
    lang.list(&given)
}
