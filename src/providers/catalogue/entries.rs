//! The built-in providers as data; `docs/providers.md` §2, §3.1.

use url::Url;

use crate::model::{ProviderId, ProviderKind};

use crate::providers::dialect::{CallIds, Dialect, OpenAiQuirks, ResponsesUse, ThinkingWords};

use super::provider::{Auth, CheckCall, Extra, ImageWire, Images, Provider};
use super::{image_hosts, plain};

const COMMON: OpenAiQuirks = OpenAiQuirks::COMMON;
const NEW_LIMIT: &str = "max_completion_tokens";

const OPENAI: Dialect = Dialect::OpenAi(OpenAiQuirks {
    output_limit: NEW_LIMIT,
    has_dearer_ways: true,
    responses: ResponsesUse::ForSomeModels,
    ..COMMON
});
const OPENAI_NEW_LIMIT: Dialect = Dialect::OpenAi(OpenAiQuirks {
    output_limit: NEW_LIMIT,
    ..COMMON
});
const OPENAI_OLD_LIMIT: Dialect = Dialect::OpenAi(COMMON);
const OF_OPENROUTER: Dialect = Dialect::OpenAi(OpenAiQuirks {
    thinking: ThinkingWords::OpenRouter,
    ..COMMON
});
const OF_DEEPSEEK: Dialect = Dialect::OpenAi(OpenAiQuirks {
    thinking: ThinkingWords::DeepSeek,
    ..COMMON
});
const OF_CEREBRAS: Dialect = Dialect::OpenAi(OpenAiQuirks {
    output_limit: NEW_LIMIT,
    responses: ResponsesUse::None,
    ..COMMON
});
const OF_MISTRAL: Dialect = Dialect::OpenAi(OpenAiQuirks {
    thinking: ThinkingWords::Mistral,
    asks_for_usage: false,
    responses: ResponsesUse::None,
    seed: "random_seed",
    call_ids: CallIds::Short,
    shared_fields: &["metadata", "prompt_cache_key"],
    ..COMMON
});
const OPENAI_PLAIN: Dialect = Dialect::OpenAi(OpenAiQuirks {
    thinking: ThinkingWords::Unknown,
    asks_for_usage: false,
    ..COMMON
});

/// A row of the tables.
pub struct Entry {
    pub id: &'static str,
    pub name: &'static str,
    pub dialect: Dialect,
    pub auth: Auth,
    pub base_url: &'static str,
    pub check: &'static str,
    pub credit: &'static str,
    pub default_model: &'static str,
    pub env: &'static [&'static str],
    pub key_page: &'static str,
    pub billing_page: &'static str,
    pub key_prefixes: &'static [&'static str],
    pub model_prefixes: &'static [&'static str],
    /// What else people and programs call it: by its model or its product.
    pub aliases: &'static [&'static str],
    /// Names of its models that see pictures; `*` stands for anything.
    pub sees: &'static [&'static str],
    pub extras: &'static [Extra],
    pub images: Option<ImageWire>,
    pub image_model: &'static str,
    pub image_hosts: &'static [&'static str],
}

const CHAT: Entry = Entry {
    id: "",
    name: "",
    dialect: OPENAI_PLAIN,
    auth: Auth::Bearer,
    base_url: "",
    check: "/models",
    credit: "",
    default_model: "",
    env: &[],
    key_page: "",
    billing_page: "",
    key_prefixes: &[],
    model_prefixes: &[],
    aliases: &[],
    sees: &[],
    extras: &[],
    images: None,
    image_model: "",
    image_hosts: &[],
};

pub const IMAGE: Entry = Entry {
    dialect: Dialect::ImageHost,
    ..CHAT
};

/// Those that need code of their own, or whose entry says more than
/// `assets/providers.toml` can.
const CHAT_PROVIDERS: &[Entry] = &[
    Entry {
        id: "openai",
        name: "OpenAI",
        dialect: OPENAI,
        base_url: "https://api.openai.com/v1",
        default_model: "gpt-6-luna",
        env: &["OPENAI_API_KEY"],
        key_page: "https://platform.openai.com/api-keys",
        billing_page: "https://platform.openai.com/settings/organization/billing",
        key_prefixes: &["sk-", "sk-proj-", "sk-svcacct-", "sk-service-"],
        model_prefixes: &["gpt-", "chatgpt-", "o1", "o3", "o4"],
        images: Some(ImageWire::OpenAi),
        image_model: "gpt-image-2",
        aliases: &["chatgpt"],
        sees: &["gpt-4o*", "gpt-4.1*", "gpt-5*", "gpt-6*", "o3*", "o4*"],
        ..CHAT
    },
    Entry {
        id: "anthropic",
        name: "Anthropic",
        dialect: Dialect::Anthropic,
        auth: Auth::Header("x-api-key"),
        base_url: "https://api.anthropic.com",
        check: "/v1/models?limit=1",
        default_model: "claude-haiku-5-5",
        env: &["ANTHROPIC_API_KEY"],
        key_page: "https://platform.claude.com/settings/keys",
        billing_page: "https://platform.claude.com/settings/billing",
        key_prefixes: &["sk-ant-"],
        model_prefixes: &["claude-"],
        extras: &[Extra {
            field: "workspace",
            label: "Workspace ID, if the key has several",
            placeholder: "wrkspc_…",
            required: false,
            env: "ANTHROPIC_WORKSPACE_ID",
        }],
        aliases: &["claude"],
        sees: &["claude-*"],
        ..CHAT
    },
    Entry {
        id: "google",
        name: "Google",
        dialect: Dialect::Google,
        auth: Auth::Header("x-goog-api-key"),
        base_url: "https://generativelanguage.googleapis.com/v1beta",
        check: "/models?pageSize=1",
        default_model: "gemini-3.1-flash-lite",
        env: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        key_page: "https://aistudio.google.com/apikey",
        billing_page: "https://aistudio.google.com/billing",
        key_prefixes: &["AIza", "AQ."],
        model_prefixes: &["gemini-", "gemma-"],
        images: Some(ImageWire::Google),
        image_model: "gemini-3.1-flash-lite-image",
        aliases: &["gemini"],
        sees: &["gemini-*"],
        ..CHAT
    },
    Entry {
        id: "openrouter",
        name: "OpenRouter",
        dialect: OF_OPENROUTER,
        base_url: "https://openrouter.ai/api/v1",
        check: "/key",
        credit: "/data/limit_remaining",
        default_model: "openai/gpt-6-luna",
        env: &["OPENROUTER_API_KEY"],
        key_page: "https://openrouter.ai/settings/keys",
        billing_page: "https://openrouter.ai/settings/credits",
        key_prefixes: &["sk-or-"],
        images: Some(ImageWire::OpenRouter),
        image_model: "google/gemini-3.1-flash-image",
        sees: &[
            "anthropic/*",
            "google/gemini-*",
            "openai/gpt-4o*",
            "openai/gpt-5*",
            "*-vl*",
            "*vision*",
        ],
        ..CHAT
    },
    Entry {
        id: "mistral",
        name: "Mistral",
        dialect: OF_MISTRAL,
        base_url: "https://api.mistral.ai/v1",
        default_model: "mistral-small-latest",
        env: &["MISTRAL_API_KEY"],
        key_page: "https://console.mistral.ai/api-keys",
        billing_page: "https://admin.mistral.ai/organization/billing",
        model_prefixes: &[
            "mistral-",
            "ministral-",
            "codestral-",
            "magistral-",
            "pixtral-",
        ],
        sees: &[
            "pixtral*",
            "mistral-medium*",
            "mistral-large*",
            "mistral-small*",
        ],
        ..CHAT
    },
    Entry {
        id: "xai",
        name: "xAI",
        dialect: OPENAI_OLD_LIMIT,
        base_url: "https://api.x.ai/v1",
        check: "/api-key",
        default_model: "grok-4.3",
        env: &["XAI_API_KEY"],
        key_page: "https://console.x.ai",
        billing_page: "https://console.x.ai/team/default/billing",
        key_prefixes: &["xai-"],
        model_prefixes: &["grok-"],
        images: Some(ImageWire::Xai),
        image_model: "grok-imagine-image",
        image_hosts: &["imgen.x.ai"],
        aliases: &["grok"],
        sees: &["grok-4*", "grok-5*", "*vision*"],
        ..CHAT
    },
    Entry {
        id: "deepseek",
        name: "DeepSeek",
        dialect: OF_DEEPSEEK,
        base_url: "https://api.deepseek.com",
        check: "/user/balance",
        default_model: "deepseek-flash",
        env: &["DEEPSEEK_API_KEY"],
        key_page: "https://platform.deepseek.com/api_keys",
        billing_page: "https://platform.deepseek.com/top_up",
        key_prefixes: &["sk-"],
        model_prefixes: &["deepseek-"],
        ..CHAT
    },
    Entry {
        id: "groq",
        name: "Groq",
        dialect: OPENAI_NEW_LIMIT,
        base_url: "https://api.groq.com/openai/v1",
        default_model: "openai/gpt-oss-20b",
        env: &["GROQ_API_KEY"],
        key_page: "https://console.groq.com/keys",
        billing_page: "https://console.groq.com/settings/billing",
        key_prefixes: &["gsk_"],
        sees: &["*llama-4*", "*vision*"],
        ..CHAT
    },
    Entry {
        id: "cerebras",
        name: "Cerebras",
        dialect: OF_CEREBRAS,
        base_url: "https://api.cerebras.ai/v1",
        default_model: "gpt-oss-120b",
        env: &["CEREBRAS_API_KEY"],
        key_page: "https://cloud.cerebras.ai",
        key_prefixes: &["csk-"],
        ..CHAT
    },
];

/// Models that people run themselves.
const OWN_MACHINES: &[Entry] = &[Entry {
    id: "ollama",
    name: "Ollama",
    dialect: Dialect::Ollama,
    base_url: "http://localhost:11434",
    check: "/v1/models",
    default_model: "llama3.2",
    env: &["OLLAMA_API_KEY"],
    key_page: "https://ollama.com/settings/keys",
    sees: &["llava*", "gemma3*", "gemma4*", "*-vl*", "*vision*"],
    ..CHAT
}];

/// The catalogue as it ships.
pub fn built_in() -> Vec<Provider> {
    let hosted = CHAT_PROVIDERS.iter().map(provider);
    let on_own_machines = OWN_MACHINES.iter().map(provider);
    let (plain, plain_on_own_machines): (Vec<Provider>, Vec<Provider>) =
        plain::providers().partition(|provider| !provider.keyless);
    let mut providers: Vec<Provider> = hosted
        .chain(plain)
        .chain(on_own_machines)
        .chain(plain_on_own_machines)
        .chain(image_hosts::ALL.iter().map(provider))
        .collect();
    let ollama = providers.iter_mut().find(|p| p.id.as_str() == "ollama");
    if let Some(ollama) = ollama {
        ollama.keyless = true;
        ollama.url_env = Some("OLLAMA_HOST");
        ollama.keyed_url = Some(url("https://ollama.com"));
    }
    let comfyui = providers.iter_mut().find(|p| p.id.as_str() == "comfyui");
    if let Some(comfyui) = comfyui {
        comfyui.keyless = true;
        comfyui.url_env = Some("COMFYUI_HOST");
    }
    providers
}

/// An operator's own provider that speaks OpenAI's dialect.
pub fn extra(id: &str, base_url: Url) -> Provider {
    Provider {
        id: ProviderId::from(id),
        name: id.to_owned(),
        env: vec![format!(
            "{}_API_KEY",
            id.to_ascii_uppercase().replace('-', "_")
        )],
        key_page: base_url.to_string(),
        api_path: base_url.path().to_owned(),
        base_url,
        is_built_in: false,
        ..provider(&Entry {
            base_url: "https://example.invalid",
            ..CHAT
        })
    }
}

fn provider(entry: &Entry) -> Provider {
    Provider {
        id: ProviderId::from(entry.id),
        name: entry.name.to_owned(),
        kind: if entry.dialect.chats() {
            ProviderKind::Chat
        } else {
            ProviderKind::Image
        },
        dialect: entry.dialect,
        images: Images {
            wire: entry.images,
            model: Some(entry.image_model.to_owned()).filter(|model| !model.is_empty()),
            hosts: entry
                .image_hosts
                .iter()
                .map(|host| (*host).to_owned())
                .collect(),
        },
        auth: entry.auth,
        check: CheckCall {
            credit: Some(entry.credit).filter(|pointer| !pointer.is_empty()),
            ..CheckCall::below_base(entry.check)
        },
        base_url: url(entry.base_url),
        api_path: url(entry.base_url).path().to_owned(),
        keyed_url: None,
        default_model: Some(entry.default_model)
            .filter(|m| !m.is_empty())
            .map(Into::into),
        env: entry.env.iter().map(|name| (*name).to_owned()).collect(),
        url_env: None,
        key_page: entry.key_page.to_owned(),
        billing_page: Some(entry.billing_page).filter(|page| !page.is_empty()),
        key_prefixes: entry.key_prefixes.to_vec(),
        declared_prefixes: Vec::new(),
        is_built_in: true,
        is_elsewhere: false,
        model_prefixes: entry.model_prefixes.to_vec(),
        aliases: entry.aliases.to_vec(),
        extras: entry.extras,
        sees: entry.sees.iter().map(|name| (*name).to_owned()).collect(),
        keyless: false,
    }
}

/// Reads an address that is written in a table of ours.
pub fn url(text: &str) -> Url {
    Url::parse(text).expect("every address in the table is a URL")
}
