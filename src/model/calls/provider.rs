//! What everybody must know of providers and of calls to them. The rest is
//! the providers' own.

/// What a provider makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    Chat,
    /// Pictures alone.
    Image,
}

/// What a call asks for, as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A chat in the provider's own dialect.
    Chat,
    /// OpenAI's newer API for chats.
    Responses,
    /// OpenAI's older API: a text is gone on with.
    Completions,
    Embeddings,
    /// Whether texts and pictures are harmless.
    Moderations,
    /// Pictures, as OpenAI makes them.
    Images,
    /// Sound that is written down, in its own language or in English.
    Transcripts,
    /// Words that are read aloud.
    Speech,
    /// Documents that are ranked by how well they answer a query.
    Ranking,
    /// Something that costs nothing: models listed, tokens counted.
    Free,
    /// Anything else that a provider does. Nobody knows what it costs, or
    /// whose data it shows, so only the caller's own key pays for it.
    Other,
}

/// In whose dialect a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallDialect {
    /// The provider's own, at its own address.
    Native,
    /// OpenAI's, whatever the provider's is.
    OpenAi,
    /// Anthropic's, whatever the provider's is.
    Anthropic,
    /// Google's, whatever the provider's is.
    Google,
}

/// Why the body of a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBody {
    NotAnObject,
    /// A field appears twice, and nobody knows which one counts.
    Twice,
    TooDeep,
    /// It has more values than any model reads.
    TooManyValues,
}
