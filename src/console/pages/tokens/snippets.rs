//! What to paste where, so that a program uses a new token.

use secrecy::{ExposeSecret, SecretString};

use crate::console::markup::{Markup, html};
use crate::console::parts::icon;
use crate::model::{Right, Scopes};

/// A snippet for each client, with the address and the token filled in, of
/// those that the token's rights are enough for.
pub fn show(gateway: &str, scopes: Scopes, secret: &SecretString) -> Markup {
    let token = secret.expose_secret();
    let snippets = if scopes.has(Right::Chat) {
        for_chat(gateway, token)
    } else {
        vec![("curl", curl_of_api(gateway, scopes, token))]
    };
    html! {
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

fn for_chat(gateway: &str, token: &str) -> Vec<(&'static str, String)> {
    let claude_code = format!(
        "export ANTHROPIC_BASE_URL={gateway}/anthropic\n\
         export ANTHROPIC_AUTH_TOKEN={token}\n\
         claude"
    );
    let codex = format!(
        "# ~/.codex/config.toml\n\
         model = \"openai/gpt-6-sol\"\n\
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
         -d '{{\"model\": \"openai/gpt-6-luna\",\n       \
         \"messages\": [{{\"role\": \"user\", \"content\": \"hello\"}}]}}'"
    );
    let openai = format!(
        "from openai import OpenAI\n\n\
         client = OpenAI(\n    base_url=\"{gateway}/v1\",\n    api_key=\"{token}\",\n)\n\
         answer = client.responses.create(model=\"openai/gpt-6-luna\", input=\"hello\")\n\
         print(answer.output_text)"
    );
    let anthropic = format!(
        "from anthropic import Anthropic\n\n\
         client = Anthropic(\n    base_url=\"{gateway}/anthropic\",\n    auth_token=\"{token}\",\n)"
    );
    let javascript = format!(
        "import OpenAI from \"openai\";\n\n\
         const client = new OpenAI({{\n  baseURL: \"{gateway}/v1\",\n  apiKey: \"{token}\",\n}});"
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
