//! Somebody in a browser in the demo, for a test of their pages.

use super::walks::{Demo, Walker};

/// Begins the demo, has somebody walk in its console, and ends it. Nobody walks
/// where there is no browser.
pub async fn walks(name: &'static str, walk: impl AsyncFnOnce(&Walker<'_>)) {
    let demo = Demo::begins_with(&[]).await;
    if let Some(walker) = Walker::comes(&demo, name).await {
        walk(&walker).await;
    }
    demo.ends().await;
}
