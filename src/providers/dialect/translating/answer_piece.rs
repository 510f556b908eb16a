//! The neutral form of an answer, between the dialect of a provider and that
//! of a caller: pieces as they come, and the blocks that they come to.

use super::citation::Citation;
use super::neutral::{Seal, Thought};
use crate::providers::dialect::bodies::json::Json;

/// What a part of an answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerPiece {
    /// What the provider calls the answer, and the model.
    Names {
        id: Option<String>,
        model: Option<String>,
    },
    /// How likely each token is of the text that comes next, in OpenAI's words
    /// for it.
    Likely(Vec<Json>),
    Text(String),
    Thought(String),
    /// Ends a thought, or signs what comes behind it.
    Sealed(Seal),
    /// A tool call begins. Calls are counted from 0.
    CallBegin {
        at: usize,
        id: String,
        name: String,
    },
    CallArguments {
        at: usize,
        json: String,
    },
    Picture {
        media_type: String,
        data: String,
    },
    /// Why the model does not answer, in its own words.
    Refusal(String),
    /// Where what was just said stands.
    Citation(Citation),
    Finish(Finish),
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    Stop,
    StopSequence(Option<String>),
    Length,
    /// The model waits for its tools.
    Calls,
    /// The provider does not let the model say it.
    Filtered,
    /// The model said something that nobody can use: to ask again may help.
    Failed,
}

/// A whole part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Text {
        text: String,
        citations: Vec<Citation>,
    },
    Thought(Thought),
    Call {
        id: String,
        name: String,
        /// As the model wrote it; empty for no arguments.
        arguments: String,
    },
    Picture {
        media_type: String,
        data: String,
    },
    Refusal(String),
}

/// An answer that pieces come to.
#[derive(Debug, Default)]
pub struct DraftAnswer {
    pub id: Option<String>,
    pub model: Option<String>,
    pub blocks: Vec<Block>,
    /// How likely each token of the text is.
    pub likely: Vec<Json>,
    /// Where the block of each call stands.
    calls: Vec<usize>,
    pub finish: Option<Finish>,
}

impl DraftAnswer {
    /// Adds a piece.
    pub fn add(&mut self, piece: AnswerPiece) {
        match piece {
            AnswerPiece::Names { id, model } => {
                self.id = id.or_else(|| self.id.take());
                self.model = model.or_else(|| self.model.take());
            }
            AnswerPiece::Likely(more) => self.likely.extend(more),
            AnswerPiece::Text(more) => self.add_text(&more),
            AnswerPiece::Thought(more) => match self.blocks.last_mut() {
                Some(Block::Thought(Thought { text, seal: None })) => text.push_str(&more),
                _ => self.blocks.push(Block::Thought(Thought {
                    text: more,
                    seal: None,
                })),
            },
            AnswerPiece::Sealed(made) => match self.blocks.last_mut() {
                Some(Block::Thought(Thought { seal, .. })) if seal.is_none() => *seal = Some(made),
                _ => self.blocks.push(Block::Thought(Thought {
                    text: String::new(),
                    seal: Some(made),
                })),
            },
            AnswerPiece::CallBegin { id, name, .. } => {
                self.calls.push(self.blocks.len());
                self.blocks.push(Block::Call {
                    id,
                    name,
                    arguments: String::new(),
                });
            }
            AnswerPiece::CallArguments { at, json } => {
                let block = self.calls.get(at).and_then(|at| self.blocks.get_mut(*at));
                if let Some(Block::Call { arguments, .. }) = block {
                    arguments.push_str(&json);
                }
            }
            AnswerPiece::Picture { media_type, data } => {
                self.blocks.push(Block::Picture { media_type, data });
            }
            AnswerPiece::Refusal(more) => match self.blocks.last_mut() {
                Some(Block::Refusal(text)) => text.push_str(&more),
                _ => self.blocks.push(Block::Refusal(more)),
            },
            AnswerPiece::Citation(citation) => {
                if let Some(Block::Text { citations, .. }) = self.blocks.last_mut() {
                    citations.push(citation);
                }
            }
            AnswerPiece::Finish(finish) => self.finish = Some(finish),
        }
    }

    fn add_text(&mut self, more: &str) {
        match self.blocks.last_mut() {
            Some(Block::Text { text, .. }) => text.push_str(more),
            _ if more.is_empty() => {}
            _ => self.blocks.push(Block::Text {
                text: more.to_owned(),
                citations: Vec::new(),
            }),
        }
    }

    /// The pieces that it is made of.
    pub fn pieces(&self) -> Vec<AnswerPiece> {
        let mut pieces = vec![AnswerPiece::Names {
            id: self.id.clone(),
            model: self.model.clone(),
        }];
        if !self.likely.is_empty() {
            pieces.push(AnswerPiece::Likely(self.likely.clone()));
        }
        let mut calls = 0;
        for block in &self.blocks {
            match block {
                Block::Text { text, citations } => {
                    pieces.push(AnswerPiece::Text(text.clone()));
                    let cited = citations.iter().cloned();
                    pieces.extend(cited.map(AnswerPiece::Citation));
                }
                Block::Thought(Thought { text, seal }) => {
                    if !text.is_empty() {
                        pieces.push(AnswerPiece::Thought(text.clone()));
                    }
                    pieces.extend(seal.clone().map(AnswerPiece::Sealed));
                }
                Block::Call {
                    id,
                    name,
                    arguments,
                } => {
                    let (at, id, name) = (calls, id.clone(), name.clone());
                    calls += 1;
                    pieces.push(AnswerPiece::CallBegin { at, id, name });
                    let json = whole_arguments(arguments).to_owned();
                    pieces.push(AnswerPiece::CallArguments { at, json });
                }
                Block::Picture { media_type, data } => pieces.push(AnswerPiece::Picture {
                    media_type: media_type.clone(),
                    data: data.clone(),
                }),
                Block::Refusal(why) => pieces.push(AnswerPiece::Refusal(why.clone())),
            }
        }
        pieces.extend(self.finish.clone().map(AnswerPiece::Finish));
        pieces
    }

    /// All texts, one behind the other.
    pub fn text(&self) -> String {
        let texts = self.blocks.iter().map(|block| match block {
            Block::Text { text, .. } => text.as_str(),
            _ => "",
        });
        texts.collect()
    }

    /// Leaves out the calls that nobody could make since their arguments are no
    /// object; whether there were any.
    pub fn leave_broken_calls_out(&mut self) -> bool {
        let before = self.blocks.len();
        self.blocks.retain(|block| match block {
            Block::Call { arguments, .. } => is_object(arguments),
            _ => true,
        });
        let places = self.blocks.iter().enumerate();
        let calls = places.filter(|(_, block)| matches!(block, Block::Call { .. }));
        self.calls = calls.map(|(at, _)| at).collect();
        self.blocks.len() < before
    }

    /// Whether the model asks for a tool.
    pub fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }
}

/// The arguments of a call as they are sent: a tool without any has `{}`.
pub fn whole_arguments(written: &str) -> &str {
    if written.trim().is_empty() {
        "{}"
    } else {
        written
    }
}

/// The arguments of a call as an object; none where they are no object.
pub fn parse_arguments(written: &str) -> Option<Json> {
    let parsed = Json::parse(whole_arguments(written).as_bytes());
    parsed.filter(Json::is_object)
}

/// Whether the arguments of a call are an object.
pub fn is_object(written: &str) -> bool {
    parse_arguments(written).is_some()
}
