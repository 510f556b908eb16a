//! Tells what is pasted in the place of a key: files, tokens and addresses
//! that no provider here takes as one.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::OtherSecret;

/// How secrets of services begin that are no providers here; gitleaks and
/// trufflehog in `docs/providers.md` §17.
const SERVICES: &[(&str, &str)] = &[
    ("r8_", "Replicate"),
    ("AKIA", "AWS"),
    ("ASIA", "AWS"),
    ("xoxb-", "Slack"),
    ("xoxp-", "Slack"),
    ("sk_live_", "Stripe"),
    ("sk_test_", "Stripe"),
    ("glpat-", "GitLab"),
    ("npm_", "npm"),
];
/// How GitHub's tokens begin.
const GITHUB: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];
/// How tokens of a login begin: Google's, Anthropic's, OpenAI's.
const LOGINS: &[&str] = &["ya29.", "1//0", "sk-ant-oat", "sk-ant-ort", "sess-"];
/// How keys begin that manage an organization and ask no model.
const ADMINS: &[&str] = &["sk-admin-", "sk-ant-admin"];
/// The shortest token of a service, in bytes.
const TOKEN_BYTES_MIN: usize = 16;
/// How ids of an organization and of a project begin, which are no secrets.
const ACCOUNT_IDS: &[&str] = &["org-", "proj_"];
/// How secrets begin that sign what a service sends.
const WEBHOOKS: &[&str] = &["whsec_"];

/// A signed login in three parts (RFC 7519).
static JWT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$"));
/// A bot's or a person's token of Discord: three parts, or `mfa.`.
static DISCORD: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}|mfa\.[A-Za-z0-9_-]{20,})$",
    )
});
/// The name of a key, or the word before one, with nothing behind it.
static BARE_NAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:(?i:bearer|authorization)[:=]?|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET)[:=]{1,2}|(?i:(?:[a-z]+[-_.])*(?:api[-_]?)?(?:key|token|secret|password))[:=]{1,2})$",
    )
});
static STARS: LazyLock<Regex> = LazyLock::new(|| regex(r"\*{3,}"));
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?i:[a-z][a-z0-9+.-]*://|www\.|discord\.gg/)"));
/// What stands in documents where the key goes, and names of variables.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?i:\$?\{?[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_(KEY|TOKEN)\}?|(your|my|insert|enter|paste)[-_ ].*|.*[-_]here|process\.env\..*|os\.(environ|getenv).*|(sk-|gsk_|xai-)?x{4,})$",
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("every pattern is a regex")
}

impl OtherSecret {
    /// Whether it is a secret, and not an address or a part of one.
    pub(super) fn is_secret(self) -> bool {
        !matches!(
            self,
            Self::Address | Self::Masked | Self::Placeholder | Self::AccountId
        )
    }

    /// Whether an operator's own provider may take such a thing as a key.
    pub(super) fn may_be_a_key(self) -> bool {
        matches!(
            self,
            Self::Login | Self::GitHub | Self::Service(_) | Self::AccountId | Self::WebhookSecret
        )
    }
}

/// What a whole text is that holds no key of a provider: files of secrets.
pub fn in_document(text: &str) -> Option<OtherSecret> {
    let has = |word: &str| text.contains(word);
    if has("service_account") || (has("private_key") && has("client_email")) {
        Some(OtherSecret::ServiceAccount)
    } else if has("-----BEGIN") {
        Some(OtherSecret::PrivateKey)
    } else if has("client_secret") && has("client_id") {
        Some(OtherSecret::OauthClient)
    } else if [
        "refresh_token",
        "refreshToken",
        "accessToken",
        "access_token\"",
    ]
    .into_iter()
    .any(has)
    {
        Some(OtherSecret::Login)
    } else {
        None
    }
}

/// Whether a part of a key is hidden by asterisks. As many at both ends are
/// formatting.
pub fn is_starred(text: &str) -> bool {
    let runs: Vec<regex::Match<'_>> = STARS.find_iter(text).collect();
    let stands_in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match runs[..] {
        [] => false,
        [first, last] => {
            let (before, after) = (text.get(..first.start()), text.get(last.end()..));
            let is_inside = before.is_some_and(|it| it.ends_with(stands_in_key))
                || after.is_some_and(|it| it.starts_with(stands_in_key));
            first.len() != last.len() || is_inside
        }
        _ => true,
    }
}

/// What a single word is that is no key of a provider.
pub fn in_token(token: &str) -> Option<OtherSecret> {
    let begins = |all: &[&str]| all.iter().any(|prefix| token.starts_with(prefix));
    if token.starts_with(crate::model::TOKEN_PREFIX) {
        return Some(OtherSecret::OurToken);
    }
    if ADDRESS.is_match(token) {
        return Some(OtherSecret::Address);
    }
    if token.contains("***") || token.contains("...") || token.contains(['…', '•', '●']) {
        return Some(OtherSecret::Masked);
    }
    if PLACEHOLDER.is_match(token) || BARE_NAME.is_match(token) {
        return Some(OtherSecret::Placeholder);
    }
    if token.len() < TOKEN_BYTES_MIN {
        return None;
    }
    if begins(ADMINS) {
        Some(OtherSecret::AdminKey)
    } else if begins(LOGINS) || JWT.is_match(token) {
        Some(OtherSecret::Login)
    } else if DISCORD.is_match(token) {
        Some(OtherSecret::DiscordToken)
    } else if begins(ACCOUNT_IDS) {
        Some(OtherSecret::AccountId)
    } else if begins(WEBHOOKS) {
        Some(OtherSecret::WebhookSecret)
    } else if begins(GITHUB) {
        Some(OtherSecret::GitHub)
    } else {
        let mut services = SERVICES.iter();
        let found = services.find(|(prefix, _)| token.starts_with(prefix));
        found.map(|(_, name)| OtherSecret::Service(name))
    }
}
