//! Each provider's own API, with the key put in. A provider's official
//! library works here once its base URL is changed.

mod address;
mod elsewhere;
mod form;
mod uploads;

use crate::app::RelayBody;
use crate::model::{CallDialect, Surface};

use crate::gateway::calls::call::{Call, HandlerResult};
use crate::gateway::calls::proxy::{RelayTarget, relay_call};

pub use address::read_query;
use address::{find_model, find_path};
pub use elsewhere::nothing_at;
use form::find_model_in_form;
pub use uploads::{GOOGLE_UPLOADS, upload_to_google};
use uploads::{is_upload, upload_file};

/// The path of a call in a provider's own words.
pub const PATH: &str = "/{provider}/{*path}";

/// Passes a call on to the provider that its address names.
pub async fn call_provider(mut call: Call) -> HandlerResult {
    let providers = call.gateway.app.providers();
    let provider = providers
        .get(&call.path_value(0).into())
        .ok_or_else(|| nothing_at(call.parts.uri.path(), &call.parts.headers, providers))?;
    let id = provider.id().clone();
    let path = find_path(provider, call.parts.uri.path())?;
    if is_upload(&path) {
        // In a box, so that the future of every other call stays small.
        return Box::pin(upload_file(call, id, path)).await;
    }
    let surface = provider.surface_of(&call.parts.method, &path);
    let unnamed = provider
        .default_moderation_model()
        .filter(|_| surface == Surface::Moderations)
        .map(str::to_owned);
    let query = read_query(call.parts.uri.query())?;
    let writes_down = surface == Surface::Transcripts;
    let settings = &call.gateway.settings;
    let limit = if writes_down {
        settings.sound_bytes
    } else {
        settings.body_bytes
    };
    let body = call.read_body(limit).await?;
    let may_be_unread =
        surface == Surface::Other || writes_down || (surface == Surface::Free && body.is_empty());
    let form = if writes_down {
        // In a box, as what reads other forms below.
        let media_type = call.header("content-type").unwrap_or_default();
        Box::pin(RelayBody::read_form(media_type, body.clone())).await
    } else {
        None
    };
    let (mut body, in_form) = match form.map_or_else(|| RelayBody::parse(body.clone()), Ok) {
        Ok(body) => (body, None),
        // A form with files, for example.
        Err(_) if may_be_unread => {
            // In a box, so that the future of every other call stays small.
            let model = Box::pin(find_model_in_form(call.header("content-type"), &body)).await;
            (RelayBody::unread(body), model)
        }
        Err(bad) => return Err(bad.into()),
    };
    body.reserve_tree(&call.gateway.app.memory).await?;
    let target = RelayTarget {
        provider: Some(id),
        model: find_model(&path)
            .or_else(|| body.model())
            .or(in_form)
            .or(unnamed),
        surface,
        dialect: CallDialect::Native,
        stream: body.wants_stream() || path.ends_with(":streamGenerateContent"),
        path,
        query,
        body,
    };
    relay_call(call, target).await
}
