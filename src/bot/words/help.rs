//! What the bot does, told to who asks and to a server that has added it, with
//! links to the commands.

use std::fmt::Display;

use crate::bot::connection::command_links::CommandLinks;
use crate::bot::connection::wire::card::Card;
use crate::bot::words::speech::voice::{OwnKeys, Voice};

/// What somebody can use where they are.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Usable {
    pub pictures: bool,
    /// The bot hears who mentions it where they are, and may answer there.
    pub hears: bool,
    pub summaries: bool,
    pub tokens: bool,
    /// They manage the server that they are in.
    pub manager: bool,
    /// They are one of the operator's people.
    pub operator: bool,
}

/// The commands that somebody can use, a line for each thing that they may
/// want.
pub fn help(voice: Voice<'_>, links: &CommandLinks, usable: Usable) -> Card {
    let mut sentences = vec![
        "I answer with AI models. Under every answer stands whose key paid for it, and what it cost.",
        if usable.hears {
            "- {ask} asks a model; so does a mention of me, a reply to me, or a direct message."
        } else {
            "- {ask} asks a model; so does a direct message. A mention of me in this channel does not reach me."
        },
    ];
    if usable.pictures {
        sentences.push("- {imagine} makes pictures.");
    }
    sentences.push(if usable.summaries {
        "- {summarize} sums up this channel; right-click a message, **Apps**, and I explain or translate it."
    } else {
        "- Right-click a message, **Apps**, and I sum it up, explain or translate it."
    });
    sentences.push(match voice.own_keys {
        OwnKeys::Stored => {
            "- {add} stores a key of yours, {list} shows them, and {status} says who pays here."
        }
        OwnKeys::Once => {
            "- {ask} with `once:True` takes a key of yours for that ask alone; {status} says who pays here."
        }
        OwnKeys::No => "- {status} says who pays here.",
    });
    sentences.push(
        "- {model} and {persona} choose who answers you; {forget} starts a conversation afresh.",
    );
    sentences.push(
        "- {usage} shows what was used, {quota} what is left, {privacy} what is stored about you.",
    );
    if usable.tokens {
        sentences.push("- {token} makes a token for programs that use your keys.");
    }
    if usable.manager {
        sentences.push(if voice.own_keys == OwnKeys::Once {
            "- **For you who manage this server**: {block} keeps somebody out."
        } else {
            "- **For you who manage this server**: {add} with `scope:guild` shares a key, {budget} limits it, \
             {block} keeps somebody out."
        });
    }
    if usable.operator {
        sentences.push(
            "- **For you who run me**: {show} lists what is set for everybody, {limit} limits the bot default, \
             {stop} stops all asks.",
        );
    }
    let told = sentences
        .iter()
        .map(|line| say_with_links(voice, links, line));
    Card::text(told.collect::<Vec<_>>().join("\n"))
}

/// The first words in a server that has added the bot.
pub fn greeting(voice: Voice<'_>, links: &CommandLinks) -> Card {
    let text = match voice.own_keys {
        OwnKeys::Stored => {
            "Hello! I answer questions with AI models, paid by your own keys.\n\
             - **Ask**: mention me, or type {ask}.\n\
             - **Add a key**: {add} opens a form and shows where to get one. It is stored encrypted, and only you \
             can use it. Whoever manages this server shares one with `scope:guild`.\n\
             - **Who pays**: your own key before this server's, and this server's before the operator's. Under every \
             answer stands whose it was, and what it cost.\n\
             {help} shows the rest."
        }
        OwnKeys::Once | OwnKeys::No => {
            "Hello! I answer questions with AI models.\n\
             - **Ask**: mention me, or type {ask}.\n\
             - **Who pays**: the operator, or you with a key that you type for one ask (`once:True`). Under every \
             answer stands whose key it was, and what it cost.\n\
             {help} shows the rest."
        }
    };
    Card::text(say_with_links(voice, links, text))
}

/// A sentence with commands by their names in it, each as a link.
fn say_with_links(voice: Voice<'_>, links: &CommandLinks, sentence: &str) -> String {
    let linked = links.all();
    let values = linked
        .iter()
        .map(|(name, link)| (*name, link as &dyn Display));
    voice.lang.say(sentence, &values.collect::<Vec<_>>())
}
