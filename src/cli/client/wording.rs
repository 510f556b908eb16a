//! The gateway's sentences as somebody at a terminal can act on them: with this
//! program's verbs in the place of addresses.

/// What the gateway says to programs, and what is said here.
const AT_TERMINAL: &[(&str, &str)] = &[
    ("`POST /api/v1/api-keys`", "`latchkey keys add`"),
    ("`GET /api/v1/api-keys`", "`latchkey keys`"),
    ("`GET /api/v1/system-keys`", "`latchkey keys --system`"),
    ("`GET /api/v1/quota`", "`latchkey quota`"),
    ("`GET /v1/models`", "`latchkey models`"),
    ("`GET /api/v1/providers`", "`latchkey keys providers`"),
    (", or send it with the call", ""),
    (
        "`POST /v1/images/generations` takes it",
        "`latchkey imagine` takes it",
    ),
    (
        "A key belongs into a header: `Authorization: Bearer …` for a token, `x-<provider>-key` for a provider's key.",
        "A provider's key is added with `latchkey keys add`, and a token is given to `latchkey login <address>`.",
    ),
    (
        "and send it as `Authorization: Bearer …`",
        "and give it to `latchkey login <address>`",
    ),
];
/// Every scope that a verb of this program needs.
const ALL_SCOPES: &str = "chat,keys:read,keys:write,usage:read";
/// Before the scopes of a token that would do.
const BEFORE_SCOPES: &str = "/token create scopes:";

/// A message of the gateway's for who reads it at a terminal. A token that may
/// not do one thing is to be followed by one for all verbs, so that nobody makes
/// one after the other.
pub fn at_terminal(message: &str) -> String {
    let replaced = AT_TERMINAL
        .iter()
        .fold(message.to_owned(), |said, (theirs, ours)| {
            said.replace(theirs, ours)
        });
    let Some((before, behind)) = replaced.split_once(BEFORE_SCOPES) else {
        return replaced;
    };
    let end = behind.find([' ', '`']).unwrap_or(behind.len());
    let after = behind.get(end..).unwrap_or_default();
    format!("{before}{BEFORE_SCOPES}{ALL_SCOPES}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::message_of;
    use crate::tests::refusals::all_refusals;

    #[test]
    fn no_refusal_names_an_address_at_a_terminal() {
        let said = all_refusals().into_iter().map(message_of);
        let said: Vec<String> = said.map(|message| at_terminal(&message)).collect();
        let is_for_programs = |said: &&String| {
            let methods = [
                "`GET /",
                "`POST /",
                "`PATCH /",
                "`DELETE /",
                "Authorization",
            ];
            methods.iter().any(|it| said.contains(it))
        };
        let wrong: Vec<&String> = said.iter().filter(is_for_programs).collect();
        assert_eq!(wrong, Vec::<&String>::new());
    }
}
