//! The built-in providers as data; `docs/providers.md` §2, §3.1.

use url::Url;

use crate::model::{ProviderId, ProviderKind};

use crate::providers::dialect::{CallIds, Dialect, OpenAiQuirks, ResponsesUse, ThinkingWords};

use super::provider::{ACCESS_DOMAIN, Auth, CheckCall, Extra, ImageWire, Images, Provider};

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

/// A row of the table below.
struct Entry {
    id: &'static str,
    name: &'static str,
    dialect: Dialect,
    auth: Auth,
    base_url: &'static str,
    check: &'static str,
    default_model: &'static str,
    env: &'static [&'static str],
    key_page: &'static str,
    billing_page: &'static str,
    key_prefixes: &'static [&'static str],
    model_prefixes: &'static [&'static str],
    extras: &'static [Extra],
    images: Option<ImageWire>,
    image_model: &'static str,
    image_hosts: &'static [&'static str],
}

const CHAT: Entry = Entry {
    id: "",
    name: "",
    dialect: OPENAI_PLAIN,
    auth: Auth::Bearer,
    base_url: "",
    check: "/models",
    default_model: "",
    env: &[],
    key_page: "",
    billing_page: "",
    key_prefixes: &[],
    model_prefixes: &[],
    extras: &[],
    images: None,
    image_model: "",
    image_hosts: &[],
};

const IMAGE: Entry = Entry {
    dialect: Dialect::ImageHost,
    ..CHAT
};

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
        key_prefixes: &["AIza", "AQ."],
        model_prefixes: &["gemini-", "gemma-"],
        images: Some(ImageWire::Google),
        image_model: "gemini-3.1-flash-lite-image",
        ..CHAT
    },
    Entry {
        id: "openrouter",
        name: "OpenRouter",
        dialect: OF_OPENROUTER,
        base_url: "https://openrouter.ai/api/v1",
        check: "/key",
        default_model: "openai/gpt-6-luna",
        env: &["OPENROUTER_API_KEY"],
        key_page: "https://openrouter.ai/settings/keys",
        billing_page: "https://openrouter.ai/settings/credits",
        key_prefixes: &["sk-or-"],
        images: Some(ImageWire::OpenRouter),
        image_model: "google/gemini-3.1-flash-image",
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
        model_prefixes: &[
            "mistral-",
            "ministral-",
            "codestral-",
            "magistral-",
            "pixtral-",
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
        key_prefixes: &["xai-"],
        model_prefixes: &["grok-"],
        images: Some(ImageWire::Xai),
        image_model: "grok-imagine-image",
        image_hosts: &["imgen.x.ai"],
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
    Entry {
        id: "ollama",
        name: "Ollama",
        dialect: Dialect::Ollama,
        base_url: "http://localhost:11434",
        check: "/v1/models",
        default_model: "llama3.2",
        env: &["OLLAMA_API_KEY"],
        key_page: "https://ollama.com/settings/keys",
        ..CHAT
    },
];

const IMAGE_HOSTS: &[Entry] = &[
    Entry {
        id: "runcomfy",
        images: Some(ImageWire::RunComfy),
        image_hosts: &["*.runcomfy.net", "*.runcomfy.com"],
        name: "RunComfy",
        base_url: "https://api.runcomfy.net",
        check: "/prod/api/users/{user_id}/servers",
        env: &["RUNCOMFY_API_KEY"],
        key_page: "https://www.runcomfy.com/profile",
        extras: &[
            Extra {
                field: "user_id",
                label: "User ID",
                placeholder: "Shown beside the API token in your profile",
                required: true,
                env: "RUNCOMFY_USER_ID",
            },
            Extra {
                field: "workflow",
                label: "Workflow version ID",
                placeholder: "The workflow to start servers with",
                required: false,
                env: "RUNCOMFY_WORKFLOW_ID",
            },
        ],
        ..IMAGE
    },
    Entry {
        id: "runcomfy-serverless",
        images: Some(ImageWire::RunComfyServerless),
        image_hosts: &["*.runcomfy.net"],
        name: "RunComfy Serverless",
        base_url: "https://api.runcomfy.net",
        check: "/prod/v2/deployments/{deployment}",
        env: &["RUNCOMFY_API_KEY"],
        key_page: "https://www.runcomfy.com/profile",
        extras: &[Extra {
            field: "deployment",
            label: "Deployment ID",
            placeholder: "From the deployment's page",
            required: true,
            env: "RUNCOMFY_DEPLOYMENT_ID",
        }],
        ..IMAGE
    },
    Entry {
        id: "saladcloud",
        images: Some(ImageWire::Salad),
        name: "SaladCloud",
        auth: Auth::Header("salad-api-key"),
        base_url: "https://api.salad.com/api/public",
        check: "/organizations/{organization}/quotas",
        env: &["SALAD_API_KEY"],
        key_page: "https://portal.salad.com/api-key",
        key_prefixes: &["salad_cloud_"],
        extras: &[
            Extra {
                field: "organization",
                label: "Organization name",
                placeholder: "As in portal.salad.com/organizations/…",
                required: true,
                env: "SALAD_ORGANIZATION",
            },
            Extra {
                field: ACCESS_DOMAIN,
                label: "Container's access domain",
                placeholder: "The part before .salad.cloud",
                required: false,
                env: "SALAD_ACCESS_DOMAIN",
            },
            Extra {
                field: "project",
                label: "Project name, for a job queue",
                placeholder: "default",
                required: false,
                env: "SALAD_PROJECT",
            },
            Extra {
                field: "queue",
                label: "Job queue name, if there is one",
                placeholder: "Else the container is called directly",
                required: false,
                env: "SALAD_QUEUE",
            },
        ],
        ..IMAGE
    },
    Entry {
        id: "runpod",
        images: Some(ImageWire::RunPod),
        image_hosts: &[
            "*.runpod.ai",
            "*.runpod.io",
            "*.runpod.net",
            "*.s3.*.amazonaws.com",
        ],
        name: "RunPod",
        base_url: "https://api.runpod.ai/v2",
        check: "/{endpoint}/health",
        env: &["RUNPOD_API_KEY"],
        key_page: "https://console.runpod.io/user/settings",
        key_prefixes: &["rpa_"],
        extras: &[Extra {
            field: "endpoint",
            label: "Endpoint ID",
            placeholder: "From the endpoint's page",
            required: true,
            env: "RUNPOD_ENDPOINT_ID",
        }],
        ..IMAGE
    },
    Entry {
        id: "comfyui",
        name: "ComfyUI",
        images: Some(ImageWire::ComfyUi),
        base_url: "http://localhost:8188",
        check: "/system_stats",
        env: &["COMFYUI_API_KEY"],
        key_page: "https://docs.comfy.org",
        ..IMAGE
    },
];

/// The catalogue as it ships.
pub fn built_in() -> Vec<Provider> {
    let mut providers: Vec<Provider> = CHAT_PROVIDERS
        .iter()
        .map(provider)
        .chain(IMAGE_HOSTS.iter().map(provider))
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
        check: CheckCall { path: entry.check },
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
        key_prefixes: entry.key_prefixes,
        declared_prefixes: Vec::new(),
        is_built_in: true,
        model_prefixes: entry.model_prefixes,
        extras: entry.extras,
        sees: Vec::new(),
        keyless: false,
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("every address in the table is a URL")
}
