//! What the address of a call to a provider's own API says.

use crate::app::ProviderInfo;

use crate::gateway::replies::problem::Problem;

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

/// Reads the query that is passed on. It holds no secret, or the call would
/// not have been let in.
pub fn read_query(query: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(None);
    };
    if query.len() > QUERY_BYTES_MAX {
        return Err(Problem::new(
            400,
            "query_too_long",
            "The query is longer than 1 KiB, which is the most.",
        ));
    }
    Ok(Some(query.to_owned()))
}
