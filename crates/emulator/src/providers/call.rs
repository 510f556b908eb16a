//! A call of the bot's at an emulated provider.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method};
use serde_json::Value;

use super::keys::Emulated;
use crate::world::{EndlessStreams, ProviderFault, Standing};

/// What a call asks for, and what decides how it is answered.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub provider: &'a Emulated,
    pub method: &'a Method,
    /// The path below the provider's own address.
    pub path: &'a str,
    pub body: &'a Value,
    pub headers: &'a HeaderMap,
    /// How the key that came with the call stands.
    pub standing: Standing,
    pub fault: Option<&'a ProviderFault>,
    /// The provider's own address.
    pub base: &'a str,
    /// Time between two words of a streamed answer.
    pub pace: Duration,
    pub endless: &'a Arc<EndlessStreams>,
    /// What a chat answers, where that is no text about its prompt.
    pub said: Option<&'a str>,
}

impl Call<'_> {
    /// The text of a header; none where the call has no such header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
