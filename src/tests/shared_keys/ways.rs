//! The ways to call a provider that bodies are made for, and ordinary bodies
//! for each.

use serde_json::{Value, json};

use super::vendor::Address;

/// One way to call a provider.
pub struct Way {
    pub provider: &'static str,
    pub models: &'static [&'static str],
    /// None where the call is in OpenAI's words.
    pub path: Option<&'static str>,
    pub address: Address,
}

const fn in_openais(provider: &'static str, models: &'static [&'static str]) -> Way {
    Way {
        provider,
        models,
        path: None,
        address: Address::Chat,
    }
}

/// A provider of the operator's own, and its address.
pub const OWN: (&str, &str) = ("acme", "https://acme.example/v1");

pub const WAYS: &[Way] = &[
    in_openais(
        "openai",
        &["gpt-6-luna", "gpt-4o-mini", "gpt-4o-search-preview"],
    ),
    in_openais("anthropic", &["claude-haiku-5-5"]),
    in_openais(
        "google",
        &["gemini-3.1-flash-lite", "gemini-3.1-flash-lite-image"],
    ),
    in_openais(
        "openrouter",
        &[
            "openai/gpt-6-luna",
            "openai/gpt-5-nano:online",
            "openrouter/auto",
            "x/y@preset/z",
        ],
    ),
    in_openais("mistral", &["mistral-small-latest"]),
    in_openais("xai", &["grok-4.3", "grok-4.20-multi-agent"]),
    in_openais("deepseek", &["deepseek-flash"]),
    in_openais("groq", &["openai/gpt-oss-20b", "groq/compound"]),
    in_openais("cerebras", &["gpt-oss-120b"]),
    in_openais("ollama", &["llama3.2"]),
    Way {
        path: Some("/responses"),
        address: Address::Responses,
        ..in_openais("openai", &["gpt-6-luna", "o3-deep-research"])
    },
    Way {
        path: Some("/responses"),
        address: Address::Responses,
        ..in_openais("xai", &["grok-4.3"])
    },
    Way {
        path: Some("/v1/messages"),
        address: Address::Messages,
        ..in_openais("anthropic", &["claude-haiku-5-5"])
    },
    Way {
        path: Some("/models/gemini-3.1-flash-lite:generateContent"),
        address: Address::GenerateContent,
        ..in_openais(
            "google",
            &["gemini-3.1-flash-lite", "gemini-3.1-flash-image"],
        )
    },
    Way {
        path: Some("/api/chat"),
        address: Address::OllamaChat,
        ..in_openais("ollama", &["llama3.2"])
    },
    Way {
        address: Address::Embeddings,
        ..in_openais("openai", &["text-embedding-3-small"])
    },
    Way {
        address: Address::Embeddings,
        ..in_openais("openrouter", &["openai/text-embedding-3-small"])
    },
    Way {
        address: Address::Images,
        ..in_openais("openai", &["gpt-image-2", "gpt-image-1.5", "dall-e-3"])
    },
    Way {
        address: Address::Images,
        ..in_openais("xai", &["grok-imagine-image"])
    },
    Way {
        address: Address::Moderations,
        ..in_openais("openai", &["omni-moderation-latest"])
    },
    Way {
        address: Address::Completions,
        ..in_openais("openai", &["gpt-3.5-turbo-instruct"])
    },
    Way {
        address: Address::Completions,
        ..in_openais("cerebras", &["gpt-oss-120b"])
    },
    Way {
        address: Address::Moderations,
        ..in_openais("mistral", &["mistral-moderation-latest"])
    },
    in_openais("together", &["openai/gpt-oss-120b"]),
    in_openais("moonshot", &["kimi-k2.6"]),
    in_openais("qwen", &["qwen3.8-flash"]),
    in_openais("fireworks", &["accounts/fireworks/models/glm-5p3-flash"]),
    in_openais("cohere", &["command-a-03-2025", "command-a-vision-07-2025"]),
    in_openais("nvidia", &["openai/gpt-oss-120b"]),
    in_openais(
        "huggingface",
        &["openai/gpt-oss-120b", "perplexity/r1-1776"],
    ),
    in_openais("zai", &["glm-5.3-flash"]),
    in_openais("minimax", &["MiniMax-M3"]),
    in_openais(
        "vercel",
        &[
            "openai/gpt-6-luna",
            "perplexity/sonar",
            "openai/gpt-4o-search-preview",
        ],
    ),
    in_openais(OWN.0, &["a-1"]),
    Way {
        path: Some("/responses"),
        address: Address::Responses,
        ..in_openais("perplexity", &["perplexity/sonar", "openai/gpt-6-luna"])
    },
    Way {
        path: Some("/responses"),
        address: Address::Responses,
        ..in_openais("openrouter", &["openai/gpt-6-luna", "openrouter/auto"])
    },
    Way {
        path: Some("/responses"),
        address: Address::Responses,
        ..in_openais("groq", &["openai/gpt-oss-20b", "groq/compound"])
    },
    Way {
        path: Some("/responses"),
        address: Address::Responses,
        ..in_openais("vercel", &["openai/gpt-6-luna"])
    },
    Way {
        address: Address::Embeddings,
        ..in_openais("google", &["gemini-embedding-001"])
    },
    Way {
        address: Address::Embeddings,
        ..in_openais("mistral", &["mistral-embed"])
    },
    Way {
        address: Address::Embeddings,
        ..in_openais("cohere", &["embed-v4.0"])
    },
];

/// Ordinary bodies of an address.
pub fn bases(address: Address) -> Vec<Value> {
    let picture =
        json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAAAAAA"}});
    let function = json!({"name": "f", "parameters": {"type": "object"}});
    match address {
        Address::Chat => vec![
            json!({"model": "x", "messages": [{"role": "user", "content": "hi"}]}),
            json!({"model": "x", "max_tokens": 50, "n": 2, "messages": [
                {"role": "system", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]},
                {"role": "user", "content": [{"type": "text", "text": "?"}, picture]}]}),
            json!({"model": "x", "max_completion_tokens": 5000, "tools": [{"type": "function", "function": function}],
                "messages": [{"role": "assistant", "content": null, "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                    {"role": "tool", "tool_call_id": "1", "content": "x"}]}),
        ],
        Address::Responses => vec![
            json!({"model": "x", "input": "hi"}),
            json!({"model": "x", "max_output_tokens": 50, "reasoning": {"effort": "low"}, "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "?"},
                    {"type": "input_image", "image_url": "https://x.example/a.png"}]},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
                {"type": "function_call_output", "call_id": "c", "output": "x"}],
                "tools": [{"type": "function", "name": "f", "parameters": {}}]}),
        ],
        Address::Messages => vec![
            json!({"model": "x", "max_tokens": 5000, "messages": [{"role": "user", "content": "hi"}]}),
            json!({"model": "x", "max_tokens": 50, "thinking": {"type": "enabled", "budget_tokens": 2000},
                "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}],
                "tools": [{"name": "f", "input_schema": {}}, {"type": "bash_20250124", "name": "bash"}],
                "messages": [{"role": "user", "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAAAAAA"}},
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
                    {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]}]}]}),
        ],
        Address::GenerateContent => vec![
            json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
            json!({"generationConfig": {"maxOutputTokens": 50, "candidateCount": 2},
                "systemInstruction": {"parts": [{"text": "x"}]}, "tools": [{"functionDeclarations": [function]}],
                "contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAAAAAA"}},
                    {"functionResponse": {"name": "f", "response": {}}}]}]}),
        ],
        Address::OllamaChat => vec![
            json!({"model": "x", "messages": [{"role": "user", "content": "hi", "images": ["AAAAAAAA"]}]}),
            json!({"model": "x", "options": {"num_predict": 50}, "messages": []}),
        ],
        Address::Embeddings => vec![
            json!({"model": "x", "input": ["a", "b"]}),
            json!({"model": "x", "input": [[1, 2], [3]]}),
        ],
        Address::Completions => vec![
            json!({"model": "x", "prompt": "a", "max_tokens": 50, "echo": true, "suffix": "b", "logprobs": 5}),
            json!({"model": "x", "prompt": ["a", "b"], "n": 2, "best_of": 5}),
            json!({"model": "x", "prompt": [[1, 2], [3]], "stream": true}),
            json!({"model": "x", "prompt": [1, 2, 3]}),
        ],
        Address::Moderations => vec![
            json!({"model": "x", "input": ["a", "b"]}),
            json!({"input": [{"type": "text", "text": "a"}, picture]}),
        ],
        Address::Images => vec![
            json!({"model": "x", "prompt": "a"}),
            json!({"model": "x", "prompt": "a", "n": 3, "quality": "high", "size": "1024x1024", "partial_images": 2}),
        ],
    }
}
