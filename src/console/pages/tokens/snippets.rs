//! What to paste where, so that a program uses a new token.

use secrecy::{ExposeSecret, SecretString};

use crate::app::KnownModels;
use crate::console::markup::{Markup, html};
use crate::console::parts::icon;
use crate::model::{Right, Scopes};

/// What snippets name where no model is known.
const NO_MODEL: &str = "provider/model";

/// The models that snippets name, of those that somebody can use.
#[derive(Default)]
pub struct SnippetModels {
    /// Any that answers questions, as `provider/model`.
    chat: Option<String>,
    /// One of Anthropic's, as Anthropic names it.
    anthropic: Option<String>,
}

impl SnippetModels {
    /// Chooses among the models that somebody can use: of each provider the
    /// default, where it has one.
    pub fn choose(known: &[KnownModels]) -> Self {
        let best = |of: &KnownModels| {
            let chats = || of.models.iter().filter(|model| !model.makes_pictures);
            let default = chats().find(|model| model.is_default);
            default
                .or_else(|| chats().next())
                .map(|model| model.name.clone())
        };
        let of = |id: &str| known.iter().find(|of| of.provider.as_str() == id);
        // OpenAI's are what most clients are made for.
        let mut all = of("openai").into_iter().chain(known);
        let chat = all.find_map(|of| Some(format!("{}/{}", of.provider, best(of)?)));
        Self {
            chat,
            anthropic: of("anthropic").and_then(best),
        }
    }
}

/// A snippet for each client, with the address and the token filled in, of
/// those that the token's rights are enough for.
pub fn show(
    gateway: &str,
    scopes: Scopes,
    secret: &SecretString,
    models: &SnippetModels,
) -> Markup {
    let token = secret.expose_secret();
    let is_for_chat = scopes.has(Right::Chat);
    let snippets = if is_for_chat {
        for_chat(gateway, token, models)
    } else {
        vec![("curl", curl_of_api(gateway, scopes, token))]
    };
    html! {
        @if is_for_chat && models.chat.is_none() {
            p.small.dim {
                "No key opens a model here yet. Once one does, put its name in the place of "
                code { (NO_MODEL) } "; " a href="/models" { "Models" } " has the names."
            }
        }
        fieldset {
            legend.hidden { "Snippet for" }
            div.tabs {
                @for (at, (client, _)) in snippets.iter().enumerate() {
                    label {
                        input type="radio" name="client" value=(at + 1) checked[at == 0];
                        (client)
                    }
                }
            }
            @for (at, (client, text)) in snippets.iter().enumerate() {
                section.pane aria-label=(client) {
                    div.code {
                        button.btn.s type="button" data-copy={ "snippet-" (at) } hidden {
                            (icon::small("copy")) "Copy"
                        }
                        pre id={ "snippet-" (at) } tabindex="0" { (text) }
                    }
                }
            }
        }
    }
}

fn for_chat(gateway: &str, token: &str, models: &SnippetModels) -> Vec<(&'static str, String)> {
    let chat = models.chat.as_deref().unwrap_or(NO_MODEL);
    // Anthropic's models need no provider before their names there.
    let anthropic = models.anthropic.as_deref().unwrap_or(chat);
    let claude_code = format!(
        "export ANTHROPIC_BASE_URL={gateway}\n\
         export ANTHROPIC_AUTH_TOKEN={token}\n\
         export ANTHROPIC_MODEL={anthropic}\n\
         claude"
    );
    let codex = format!(
        "# ~/.codex/config.toml\n\
         model = \"{chat}\"\n\
         model_provider = \"latchkey\"\n\n\
         [model_providers.latchkey]\n\
         name = \"Latchkey\"\n\
         base_url = \"{gateway}/v1\"\n\
         env_key = \"LATCHKEY_TOKEN\"\n\
         wire_api = \"responses\"\n\n\
         # In the shell, before codex:\n\
         # export LATCHKEY_TOKEN={token}"
    );
    let curl = format!(
        "curl {gateway}/v1/chat/completions \\\n  \
         -H \"Authorization: Bearer {token}\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  \
         -d '{{\"model\": \"{chat}\",\n       \
         \"messages\": [{{\"role\": \"user\", \"content\": \"hello\"}}]}}'"
    );
    let openai = format!(
        "from openai import OpenAI\n\n\
         client = OpenAI(\n    base_url=\"{gateway}/v1\",\n    api_key=\"{token}\",\n)\n\
         answer = client.responses.create(model=\"{chat}\", input=\"hello\")\n\
         print(answer.output_text)"
    );
    let anthropic = format!(
        "from anthropic import Anthropic\n\n\
         client = Anthropic(\n    base_url=\"{gateway}\",\n    auth_token=\"{token}\",\n)\n\
         answer = client.messages.create(\n    model=\"{anthropic}\",\n    max_tokens=1000,\n    \
         messages=[{{\"role\": \"user\", \"content\": \"hello\"}}],\n)\n\
         print(answer.content[0].text)"
    );
    let javascript = format!(
        "import OpenAI from \"openai\";\n\n\
         const client = new OpenAI({{\n  baseURL: \"{gateway}/v1\",\n  apiKey: \"{token}\",\n}});\n\
         const answer = await client.responses.create({{ model: \"{chat}\", input: \"hello\" }});\n\
         console.log(answer.output_text);"
    );
    vec![
        ("Claude Code", claude_code),
        ("Codex", codex),
        ("curl", curl),
        ("OpenAI, Python", openai),
        ("Anthropic, Python", anthropic),
        ("JavaScript", javascript),
    ]
}

/// A first call that works, for a token that may not ask models.
fn curl_of_api(gateway: &str, scopes: Scopes, token: &str) -> String {
    let path = if scopes.has(Right::UsageRead) {
        "usage"
    } else {
        "api-keys"
    };
    format!("curl {gateway}/api/v1/{path} \\\n  -H \"Authorization: Bearer {token}\"")
}
