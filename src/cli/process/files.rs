//! The limit on open files, of which every connection is one.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit, which usually begins at 1,024, to the most that the
/// system allows this process. Returns it; none if there is no limit.
pub fn raise_limit() -> io::Result<Option<u64>> {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: most,
            maximum: most,
        },
    )?;
    Ok(most)
}
