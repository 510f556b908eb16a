//! Which API a call is of.

use super::call::Call;
use super::keys::Dialect;

/// The API in which a model is asked, and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `OpenAI`'s chat completions.
    Chat,
    /// `OpenAI`'s Responses.
    Responses,
    /// Anthropic's Messages.
    Messages,
    /// Google's generateContent.
    Generate,
    /// Ollama's chat.
    Ollama,
}

/// The API of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    Chat(Surface),
    /// Anthropic's count of the tokens of a call of its Messages.
    CountMessages,
    /// Pictures from words, that are answered with at once.
    Pictures,
    /// Pictures from others, that are answered with at once.
    PictureEdits,
    Other,
}

impl Call<'_> {
    /// The API that the call's address is of.
    pub fn api(&self) -> Api {
        match (self.provider.dialect, self.path) {
            (Dialect::OpenAi, "/chat/completions") | (Dialect::Ollama, "/v1/chat/completions") => {
                Api::Chat(Surface::Chat)
            }
            (Dialect::OpenAi, "/responses") => Api::Chat(Surface::Responses),
            (Dialect::Anthropic, "/v1/messages") => Api::Chat(Surface::Messages),
            (Dialect::Anthropic, "/v1/messages/count_tokens") => Api::CountMessages,
            (Dialect::Google, path) if path.ends_with("enerateContent") => {
                Api::Chat(Surface::Generate)
            }
            (Dialect::Ollama, "/api/chat") => Api::Chat(Surface::Ollama),
            (Dialect::OpenAi, path) => match (self.provider.id, path) {
                ("openai" | "xai", "/images/generations") | ("openrouter", "/images") => {
                    Api::Pictures
                }
                ("openai", "/images/edits") => Api::PictureEdits,
                _ => Api::Other,
            },
            _ => Api::Other,
        }
    }
}
