//! A route that lists the providers for which keys can be stored.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::ProviderInfo;
use crate::gateway::calls::call::{Call, HandlerResult};
use crate::model::ProviderKind;

use crate::gateway::replies::responses::json_response;

/// Every provider.
#[derive(Serialize, ToSchema)]
pub struct ProviderList {
    providers: Vec<ProviderBody>,
}

/// One provider.
#[derive(Serialize, ToSchema)]
pub struct ProviderBody {
    id: String,
    name: String,
    /// `chat`: models that speak; `image`: pictures alone.
    kind: &'static str,
    makes_images: bool,
    default_model: Option<String>,
    /// Where to get a key.
    key_page: String,
    /// What it needs beside the key.
    extras: Vec<ExtraBody>,
    /// The base URL for its own libraries, below this gateway's address.
    base_path: String,
}

/// Something that a provider needs beside the key.
#[derive(Serialize, ToSchema)]
pub struct ExtraBody {
    field: &'static str,
    label: &'static str,
    required: bool,
}

/// Lists the providers for which keys can be stored.
pub async fn list_providers(call: Call) -> HandlerResult {
    let providers = call
        .gateway
        .app
        .providers()
        .iter()
        .map(describe_provider)
        .collect();
    json_response(StatusCode::OK, &ProviderList { providers })
}

fn describe_provider(provider: ProviderInfo<'_>) -> ProviderBody {
    let extras = provider.extras().map(|extra| ExtraBody {
        field: extra.field,
        label: extra.label,
        required: extra.required,
    });
    ProviderBody {
        id: provider.id().to_string(),
        name: provider.name().to_owned(),
        kind: match provider.kind() {
            ProviderKind::Chat => "chat",
            ProviderKind::Image => "image",
        },
        makes_images: provider.makes_pictures(),
        default_model: provider.default_model().map(ToOwned::to_owned),
        key_page: provider.key_page().to_owned(),
        extras: extras.collect(),
        base_path: format!("/{}", provider.id()),
    }
}
