//! Each provider's own API, with the key put in: an official library works
//! here by changing its base URL.

use crate::app::{Body, ForwardedHeaders, Provider, RelayAsk, RelayRequest, Surface, is_plain};

use crate::gateway::call::{Answer, Call};
use crate::gateway::openai::bad_body;
use crate::gateway::problem::Problem;
use crate::gateway::proxy::{key_in, pass_on};

/// Names in a query that would be secrets in an address.
const SECRETS: [&str; 5] = ["key", "api_key", "apikey", "token", "access_token"];
/// The longest query.
const QUERY_BYTES_MAX: usize = 1_024;

/// A provider's own API, with the key put in. Any method; the path is as the
/// provider's own libraries write it.
#[utoipa::path(post, path = "/{provider}/{path}", tag = "native", request_body = serde_json::Value,
    params(("provider" = String, Path, description = "The provider's id"), ("path" = String, Path, description = "As the provider has it")),
    responses((status = 200, description = "As the provider answers it")))]
pub async fn any(mut call: Call) -> Answer {
    let catalogue = call.gateway.app.catalogue();
    let typed = call.named(0);
    let provider = catalogue
        .get(&typed.into())
        .ok_or_else(|| Problem::nothing_at(call.parts.uri.path()))?;
    let id = provider.id.clone();
    let path = below_base(provider, call.parts.uri.path())?;
    let surface = provider.surface_of(&call.parts.method, &path);
    let query = query(call.parts.uri.query())?;
    let body = call.read(call.gateway.settings.body_bytes).await?;
    let may_be_unread = surface == Surface::Other || (surface == Surface::Free && body.is_empty());
    let body = match Body::object(body.clone()) {
        Ok(body) => body,
        // A form with files, say.
        Err(_) if may_be_unread => Body::unread(body),
        Err(bad) => return Err(bad_body(bad)),
    };
    let fields = body.fields();
    let model = model_in(&path).or_else(|| fields?.get("model"));
    let stream = body.wants_stream() || path.ends_with(":streamGenerateContent");
    let request_key = key_in(&call)?;
    let request = Box::new(RelayRequest {
        surface,
        as_openai: false,
        method: call.parts.method.clone(),
        path,
        query,
        headers: ForwardedHeaders::copy_from(&call.parts.headers),
        body,
        stream,
        at_s: call.gateway.app.now_ms() / 1_000,
    });
    let ask = RelayAsk {
        caller: call.session.caller.clone(),
        provider: Some(id),
        model,
        request,
        request_key,
    };
    pass_on(call, ask).await
}

/// The path below the provider's base.
fn below_base(provider: &Provider, path: &str) -> Result<String, Problem> {
    let id = provider.id.as_str();
    let path = path.get(id.len() + 1..).unwrap_or_default();
    if !is_plain(path) {
        return Err(Problem::new(
            400,
            "malformed_path",
            "The path has characters that none of a provider's has.",
        ));
    }
    Ok(provider.below_base(path).to_owned())
}

/// Google writes the model into the path.
fn model_in(path: &str) -> Option<String> {
    let (model, _) = path.strip_prefix("/models/")?.split_once(':')?;
    Some(model.to_owned())
}

fn query(query: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(None);
    };
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    if pairs.any(|(name, _)| SECRETS.contains(&&*name.to_ascii_lowercase())) {
        return Err(Problem::new(
            400,
            "secret_in_address",
            "A key or a token stands in the address, where it is written down on the way. Send it as a header, and replace it: it is no secret any more.",
        ));
    }
    if query.len() > QUERY_BYTES_MAX {
        return Err(Problem::new(
            400,
            "query_too_long",
            "The query is longer than 1 KiB, which is the most.",
        ));
    }
    Ok(Some(query.to_owned()))
}
