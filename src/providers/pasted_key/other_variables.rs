//! Secrets of services that are no providers here, by the names of their
//! variables. Pure.

use crate::model::OtherSecret;
use crate::providers::catalogue::{Catalogue, Provider};

use super::peel::names_a_key;

/// Words in names of variables, and whose secret each is for: the detectors
/// of gitleaks and trufflehog in `docs/providers.md` §17.
const SERVICES: &[(&str, OtherSecret)] = &[
    ("airtable", OtherSecret::Service("Airtable")),
    ("algolia", OtherSecret::Service("Algolia")),
    ("asana", OtherSecret::Service("Asana")),
    ("assemblyai", OtherSecret::Service("AssemblyAI")),
    ("atlassian", OtherSecret::Service("Atlassian")),
    ("auth0", OtherSecret::Service("Auth0")),
    ("bitbucket", OtherSecret::Service("Bitbucket")),
    ("circleci", OtherSecret::Service("CircleCI")),
    ("cloudflare", OtherSecret::Service("Cloudflare")),
    ("datadog", OtherSecret::Service("Datadog")),
    ("deepgram", OtherSecret::Service("Deepgram")),
    ("deepl", OtherSecret::Service("DeepL")),
    ("digitalocean", OtherSecret::Service("DigitalOcean")),
    ("discord", OtherSecret::DiscordToken),
    ("docker", OtherSecret::Service("Docker")),
    ("dockerhub", OtherSecret::Service("Docker")),
    ("dropbox", OtherSecret::Service("Dropbox")),
    ("elevenlabs", OtherSecret::Service("ElevenLabs")),
    ("facebook", OtherSecret::Service("Facebook")),
    ("figma", OtherSecret::Service("Figma")),
    ("gh", OtherSecret::GitHub),
    ("github", OtherSecret::GitHub),
    ("gitlab", OtherSecret::Service("GitLab")),
    ("grafana", OtherSecret::Service("Grafana")),
    ("heroku", OtherSecret::Service("Heroku")),
    ("hubspot", OtherSecret::Service("HubSpot")),
    ("instagram", OtherSecret::Service("Instagram")),
    ("jira", OtherSecret::Service("Jira")),
    ("langchain", OtherSecret::Service("LangSmith")),
    ("langsmith", OtherSecret::Service("LangSmith")),
    ("linear", OtherSecret::Service("Linear")),
    ("mailchimp", OtherSecret::Service("Mailchimp")),
    ("mailgun", OtherSecret::Service("Mailgun")),
    ("netlify", OtherSecret::Service("Netlify")),
    ("newrelic", OtherSecret::Service("New Relic")),
    ("ngrok", OtherSecret::Service("ngrok")),
    ("notion", OtherSecret::Service("Notion")),
    ("npm", OtherSecret::Service("npm")),
    ("okta", OtherSecret::Service("Okta")),
    ("paypal", OtherSecret::Service("PayPal")),
    ("pinecone", OtherSecret::Service("Pinecone")),
    ("pypi", OtherSecret::Service("PyPI")),
    ("reddit", OtherSecret::Service("Reddit")),
    ("replicate", OtherSecret::Service("Replicate")),
    ("sendgrid", OtherSecret::Service("SendGrid")),
    ("sentry", OtherSecret::Service("Sentry")),
    ("shopify", OtherSecret::Service("Shopify")),
    ("slack", OtherSecret::Service("Slack")),
    ("spotify", OtherSecret::Service("Spotify")),
    ("square", OtherSecret::Service("Square")),
    ("steam", OtherSecret::Service("Steam")),
    ("stripe", OtherSecret::Service("Stripe")),
    ("supabase", OtherSecret::Service("Supabase")),
    ("tavily", OtherSecret::Service("Tavily")),
    ("telegram", OtherSecret::Service("Telegram")),
    ("trello", OtherSecret::Service("Trello")),
    ("twilio", OtherSecret::Service("Twilio")),
    ("twitch", OtherSecret::Service("Twitch")),
    ("twitter", OtherSecret::Service("Twitter")),
    ("wandb", OtherSecret::Service("Weights & Biases")),
    ("youtube", OtherSecret::Service("YouTube")),
    ("zendesk", OtherSecret::Service("Zendesk")),
];
/// Clouds that have other vendors' models under keys of their own: a vendor's
/// name beside theirs does not make it the vendor's key.
const CLOUDS: &[(&str, OtherSecret)] = &[
    ("aws", OtherSecret::Service("AWS")),
    ("azure", OtherSecret::Service("Azure")),
    ("bedrock", OtherSecret::Service("AWS")),
];

/// What a variable of this name holds, where that is a secret of a service
/// which is no provider here.
pub fn named_service(catalogue: &Catalogue, name: &str) -> Option<OtherSecret> {
    if !names_a_key(name) {
        return None;
    }
    let words = words_in(name);
    let of = |table: &[(&str, OtherSecret)]| {
        let mut table = table.iter();
        let found = table.find(|(word, _)| words.iter().any(|it| it == word));
        found.map(|(_, secret)| *secret)
    };
    let names_provider = |provider: &Provider| {
        let mut names = Catalogue::names_of(provider);
        names.any(|called| {
            let called: Vec<&str> = called.split('-').collect();
            words.windows(called.len()).any(|here| here == called)
        })
    };
    of(CLOUDS).or_else(|| of(SERVICES).filter(|_| !catalogue.iter().any(names_provider)))
}

/// The words of a name, small: `discordBotToken` and `DISCORD_BOT_TOKEN` have
/// the same.
fn words_in(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len());
    let mut was_small = false;
    for c in name.chars() {
        if was_small && c.is_ascii_uppercase() {
            spaced.push(' ');
        }
        was_small = c.is_ascii_lowercase();
        spaced.push(c.to_ascii_lowercase());
    }
    let words = spaced.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_tells_of_the_service_that_its_secret_is_for() {
        let catalogue = Catalogue::new(&[]).unwrap();
        for (name, secret) in [
            ("DISCORD_TOKEN", Some(OtherSecret::DiscordToken)),
            ("DISCORD_BOT_TOKEN", Some(OtherSecret::DiscordToken)),
            ("discordToken", Some(OtherSecret::DiscordToken)),
            ("discord-bot-token", Some(OtherSecret::DiscordToken)),
            ("GH_TOKEN", Some(OtherSecret::GitHub)),
            ("STRIPE_SECRET_KEY", Some(OtherSecret::Service("Stripe"))),
            ("AWS_SECRET_ACCESS_KEY", Some(OtherSecret::Service("AWS"))),
            ("AZURE_OPENAI_API_KEY", Some(OtherSecret::Service("Azure"))),
            ("DISCORD_BOT_OPENAI_KEY", None),
            ("DISCORD_CHANNEL", None),
            ("discord", None),
            ("GPT_KEY", None),
            ("OPENAI_API_KEY", None),
            ("API_KEY", None),
        ] {
            assert_eq!(named_service(&catalogue, name), secret, "{name}");
        }
    }
}
