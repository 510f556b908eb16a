//! What the tables of this folder are made of: which fields an object may
//! have, and what may stand in each.

/// What may stand in one place of a body.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Anything. It is counted by its bytes, and nothing in it is read.
    Any,
    /// `null`, which is left where it is.
    Null,
    Text,
    Bool,
    Number,
    /// `false` alone: the word for "not asked".
    False,
    /// An empty list alone.
    EmptyList,
    /// One of these texts.
    Words(&'static [&'static str]),
    /// One of these media types, which must stand beside what is of it.
    MediaType(&'static [&'static str]),
    Object(&'static [Field]),
    List(&'static Self),
    /// An object whose kind decides what it may have.
    Kinds(&'static Kinds),
    /// The first of these that fits the value's JSON type.
    Either(&'static [Self]),
    /// The address of a picture, or the picture itself as a `data:` URL.
    PictureUrl,
    /// A picture in base64.
    PictureBase64,
    /// A PDF in base64.
    Pdf,
    /// A PDF as a `data:` URL.
    PdfUrl,
    /// The greatest length of an answer. It is read, and written anew.
    Limit,
    /// How many answers or pictures are wanted. It is read, and written anew.
    Answers,
    /// How many answers a prompt gets, or has them chosen from.
    Choices,
    /// Texts, or lists of tokens, each of which is gone on with.
    Prompts,
    /// How much of the answer's greatest length may go into thinking.
    Budget,
    /// How many unfinished pictures are shown before each whole one.
    PartialPictures,
    /// A text that is the name of the model that is paid for.
    SameModel,
    /// How long what is written into a provider's cache is kept.
    CacheLifetime,
    /// The context window of a model that the caller runs.
    ContextWindow,
    /// An object by this table, around which the provider puts words of its
    /// own, at most so many tokens.
    Wrapped(u64, &'static [Field]),
    /// What stands behind the name of a function or a schema: opaque, but
    /// its references are counted.
    Schema,
    /// An object by this table in which `encrypted_content` must stand:
    /// without it the provider looks up what it has kept.
    SealedReasoning(&'static [Field]),
    /// A level of detail at which a picture is looked at.
    Detail,
}

/// A field that an object may have.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    /// The providers at which it may stand there; empty for every provider.
    pub at: &'static [&'static str],
}

/// Objects that are told apart by a field.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    /// The field that tells them apart.
    pub tag: &'static str,
    pub members: &'static [Kind],
    /// What an object without that field may have; none where there must be
    /// one.
    pub untagged: Option<Shape>,
}

/// One kind of object.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What stands in the field that tells the kinds apart.
    pub names: &'static [&'static str],
    pub shape: Shape,
    /// The providers at which it may stand there; empty for every provider.
    pub at: &'static [&'static str],
}

/// A field that may stand there at every provider.
pub const fn field(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        at: &[],
    }
}

/// A kind that may stand there at every provider.
pub const fn kind(names: &'static [&'static str], fields: &'static [Field]) -> Kind {
    Kind {
        names,
        shape: Shape::Object(fields),
        at: &[],
    }
}

impl Field {
    /// The field, at these providers alone.
    pub const fn at(self, at: &'static [&'static str]) -> Self {
        Self { at, ..self }
    }
}

impl Kind {
    /// The kind, at these providers alone.
    pub const fn at(self, at: &'static [&'static str]) -> Self {
        Self { at, ..self }
    }

    /// The kind, around which a provider puts words of its own.
    pub const fn wrapped(
        names: &'static [&'static str],
        tokens: u64,
        fields: &'static [Field],
    ) -> Self {
        Self {
            names,
            shape: Shape::Wrapped(tokens, fields),
            at: &[],
        }
    }
}

impl Shape {
    /// Whether it is a picture or a document, or the object around one.
    pub fn is_media(&self) -> bool {
        match self {
            Self::PictureUrl | Self::PictureBase64 | Self::Pdf | Self::PdfUrl => true,
            Self::Either(shapes) => shapes.iter().any(Self::is_media),
            Self::Object(fields) => fields.iter().any(|field| field.shape.is_media()),
            _ => false,
        }
    }

    /// Whether a value that begins with this byte has the right JSON type.
    /// Google's numbers may be written as texts.
    pub fn fits(&self, first: u8, numbers_in_texts: bool) -> bool {
        match self {
            Self::Any | Self::Schema => true,
            Self::Null => first == b'n',
            Self::Text
            | Self::Words(_)
            | Self::MediaType(_)
            | Self::PictureUrl
            | Self::PictureBase64
            | Self::Pdf
            | Self::PdfUrl
            | Self::SameModel
            | Self::CacheLifetime
            | Self::Detail => first == b'"',
            Self::Bool | Self::False => matches!(first, b't' | b'f'),
            Self::Number
            | Self::Limit
            | Self::Answers
            | Self::Choices
            | Self::Budget
            | Self::PartialPictures
            | Self::ContextWindow => {
                first == b'-' || first.is_ascii_digit() || (numbers_in_texts && first == b'"')
            }
            Self::Object(_) | Self::Kinds(_) | Self::Wrapped(..) | Self::SealedReasoning(_) => {
                first == b'{'
            }
            Self::List(_) | Self::EmptyList => first == b'[',
            Self::Prompts => matches!(first, b'[' | b'"'),
            Self::Either(shapes) => shapes
                .iter()
                .any(|shape| shape.fits(first, numbers_in_texts)),
        }
    }

    /// What a value of this shape is called in words.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Limit | Self::Answers | Self::Choices | Self::Budget | Self::PartialPictures => {
                "a whole number above 0"
            }
            Self::Prompts => "a text, or a list of texts or of lists of tokens",
            Self::Number | Self::ContextWindow => "a number",
            Self::Bool | Self::False => "true or false",
            Self::Object(_) | Self::Kinds(_) | Self::Wrapped(..) | Self::SealedReasoning(_) => {
                "an object"
            }
            Self::List(_) | Self::EmptyList => "a list",
            Self::Either(_) | Self::Any | Self::Schema | Self::Null => "of another type",
            _ => "a text",
        }
    }
}
