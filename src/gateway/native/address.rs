//! What the address of a call to a provider's own API says, and what must
//! not stand in it.

use crate::app::ProviderInfo;

use crate::gateway::problem::Problem;

/// Names in a query whose values would be secrets.
const SECRET_NAMES: [&str; 5] = ["key", "api_key", "apikey", "token", "access_token"];
/// The longest query, in bytes.
const QUERY_BYTES_MAX: usize = 1_024;

/// Finds the path below the provider's base in a path of the gateway's.
pub fn find_path(provider: ProviderInfo<'_>, path: &str) -> Result<String, Problem> {
    let id = provider.id().as_str();
    let path = path.get(id.len() + 1..).unwrap_or_default();
    provider.path_below_base(path).ok_or_else(|| {
        Problem::new(
            400,
            "malformed_path",
            "The path has characters that none of a provider's has.",
        )
    })
}

/// Finds the model in a path of Google's.
pub fn find_model(path: &str) -> Option<String> {
    let (model, _) = path.strip_prefix("/models/")?.split_once(':')?;
    Some(model.to_owned())
}

/// Reads the query that is passed on. One with a key or a token is refused,
/// as proxies write addresses to their logs.
pub fn read_query(query: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(None);
    };
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    if pairs.any(|(name, _)| SECRET_NAMES.contains(&&*name.to_ascii_lowercase())) {
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
