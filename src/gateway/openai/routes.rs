//! The routes of OpenAI's API.

use crate::gateway::openai;
use crate::gateway::openapi::docs::{ParameterDocs, ResponseDocs, RouteDocs, SchemaDocs};
use crate::gateway::routing::routes::{ANY_EVENTS, ANY_JSON, CHAT, GET, POST, Route, route};

/// OpenAI's response to a call that may ask for a stream.
const OPENAI_STREAMS: ResponseDocs =
    ResponseDocs::new(200, "As OpenAI answers it").content(&[ANY_JSON, ANY_EVENTS]);

const RANKED: ResponseDocs = ResponseDocs::new(200, "`results`, best first").content(&[ANY_JSON]);

/// What OpenAI's own clients call, with any provider.
pub static OF_OPENAI: [Route; 15] = [
    route!(
        POST,
        "/v1/chat/completions",
        CHAT,
        openai::complete_chat,
        RouteDocs::new(
            "chat",
            "openai",
            "Answers a chat in the format of OpenAI's Chat Completions, with any provider that chats. `model` is `provider/model`.",
        )
        .body(SchemaDocs::Any)
        .responses(&[OPENAI_STREAMS])
    ),
    route!(
        POST,
        "/v1/responses",
        CHAT,
        openai::create_response,
        RouteDocs::new(
            "responses",
            "openai",
            "Answers in the format of OpenAI's Responses, with providers that have it.",
        )
        .body(SchemaDocs::Any)
        .responses(&[OPENAI_STREAMS])
    ),
    route!(
        POST,
        "/v1/completions",
        CHAT,
        openai::complete_text,
        RouteDocs::new(
            "completions",
            "openai",
            "Goes on with texts, in the format of OpenAI's older Completions, with models that do. Those that only chat are refused.",
        )
        .body(SchemaDocs::Any)
        .responses(&[OPENAI_STREAMS])
    ),
    route!(
        POST,
        "/v1/embeddings",
        CHAT,
        openai::create_embeddings,
        RouteDocs::new(
            "embeddings",
            "openai",
            "Makes embeddings in OpenAI's format, with providers that speak it.",
        )
        .body(SchemaDocs::Any)
        .responses(&[ResponseDocs::new(200, "As OpenAI answers it").content(&[ANY_JSON])])
    ),
    route!(
        POST,
        "/v1/moderations",
        CHAT,
        openai::create_moderation,
        RouteDocs::new(
            "moderations",
            "openai",
            "Says whether texts and pictures are harmless, in OpenAI's format, with providers that have it: OpenAI, which takes nothing for it, and Mistral. Without `model`, OpenAI.",
        )
        .body(SchemaDocs::Any)
        .responses(&[ResponseDocs::new(200, "As OpenAI answers it").content(&[ANY_JSON])])
    ),
    route!(
        POST,
        "/v1/images/generations",
        CHAT,
        openai::create_images,
        RouteDocs::new(
            "images",
            "openai",
            "Makes pictures in OpenAI's format, with any provider that makes them. `model` is `provider/model`, or `provider/workflow`; left out, the first in the operator's order that somebody can pay for. With `stream`, hosts that do not speak OpenAI's format tell how far they are in comments; hosts of workflows take `seed` and `negative_prompt` too.",
        )
        .body(SchemaDocs::Any)
        .responses(&[OPENAI_STREAMS])
    ),
    route!(
        POST,
        "/v1/images/edits",
        CHAT,
        openai::edit_images,
        RouteDocs::new(
            "images_edit",
            "openai",
            "Changes a picture, in OpenAI's format, with any provider that changes them: a form with one `image`, as OpenAI's libraries send it, or JSON with one `data:` URL in `images`. Everything else is as where pictures are made from words.",
        )
        .body(SchemaDocs::Any)
        .responses(&[OPENAI_STREAMS])
    ),
    route!(
        POST,
        "/v1/images/variations",
        CHAT,
        openai::refuse_variations,
        RouteDocs::new(
            "images_variations",
            "openai",
            "Made variations of a picture with OpenAI's dall-e-2 alone, which was shut down on 12 May 2026: refused. `/v1/images/edits` changes pictures.",
        )
        .body(SchemaDocs::Any)
        .responses(&[])
    ),
    route!(
        POST,
        "/v1/audio/speech",
        CHAT,
        openai::speak,
        RouteDocs::new(
            "speech",
            "openai",
            "Reads words aloud, in OpenAI's format, with providers that do: OpenAI, Google, Groq, Mistral, and those of the operator's own. `model` is `provider/model`; Groq's speak in `wav` alone, Google's in `wav` and `pcm`.",
        )
        .body(SchemaDocs::Any)
        .responses(&[ResponseDocs::new(200, "The sound")])
    ),
    route!(
        POST,
        "/v1/audio/transcriptions",
        CHAT,
        openai::transcribe,
        RouteDocs::new(
            "transcriptions",
            "openai",
            "Writes a sound down as it is spoken, in OpenAI's format, with providers that do: OpenAI, Google, Groq, Mistral, and those of the operator's own. A form with `file` and `model`, which is `provider/model`. A key that others pay for carries sounds whose bytes tell how long they play.",
        )
        .body(SchemaDocs::Any)
        .responses(&[OPENAI_STREAMS])
    ),
    route!(
        POST,
        "/v1/audio/translations",
        CHAT,
        openai::translate,
        RouteDocs::new(
            "translations",
            "openai",
            "The same in English, with OpenAI, Google, Groq, and those of the operator's own.",
        )
        .body(SchemaDocs::Any)
        .responses(&[OPENAI_STREAMS])
    ),
    route!(
        POST,
        "/v1/rerank",
        CHAT,
        openai::rank,
        RouteDocs::new(
            "rerank",
            "openai",
            "Ranks documents by how well they answer a query, as Jina, Cohere and LiteLLM do it, with providers that have it: OpenRouter, Together AI, Cohere, vLLM, and those of the operator's own. `model` is `provider/model`; `query`, `documents`, `top_n`, `return_documents`. A key that others pay for carries Cohere's models that are paid by the search.",
        )
        .body(SchemaDocs::Any)
        .responses(&[RANKED])
    ),
    route!(
        POST,
        "/v2/rerank",
        CHAT,
        openai::rank,
        RouteDocs::new(
            "rerank_cohere",
            "openai",
            "The same, where Cohere's libraries look for it.",
        )
        .body(SchemaDocs::Any)
        .responses(&[RANKED])
    ),
    route!(
        GET,
        "/v1/models",
        CHAT,
        openai::list_models,
        RouteDocs::new(
            "models",
            "openai",
            "Lists the models that the caller's keys can use.",
        )
        .responses(&[ResponseDocs::new(200, "As OpenAI lists them").content(&[ANY_JSON])])
    ),
    route!(
        GET,
        "/v1/models/{*model}",
        CHAT,
        openai::show_model,
        RouteDocs::new(
            "model",
            "openai",
            "Shows one of the models that the caller's keys can use.",
        )
        .parameters(&[ParameterDocs::in_path("model", "The model, as `provider/model`; a bare name where one provider alone has it")])
        .responses(&[ResponseDocs::new(200, "As OpenAI shows it").content(&[ANY_JSON])])
    ),
];
