//! What stands where an answer would, and beside one.

use std::fmt::Display;

use crate::bot::connection::calls::rest::{AUTO_MODERATION, EXPLICIT, HARMFUL_LINK};
use crate::bot::connection::channel_access::Obstacle;
use crate::bot::connection::wire::card::{Card, File};
use crate::bot::conversation::transcript::{Heading, QUESTION_FILE};
use crate::bot::words::speech::voice::{OwnKeys, Voice};

/// Another question is answered first.
pub fn waiting_in_line(voice: Voice<'_>) -> Card {
    Card::text(
        voice.lang.words(
            "⏳ One after the other: this comes as soon as what was asked before is answered.",
        ),
    )
}

/// The model said nothing at all.
pub fn empty_answer(voice: Voice<'_>) -> String {
    voice
        .lang
        .words("*The model gave an empty answer. Try other words.*")
        .to_owned()
}

/// What stands in a message whose words turned out to be no part of the
/// answer, which ends above.
pub fn nothing_more(voice: Voice<'_>) -> String {
    voice.lang.words("*The answer ends above.*").to_owned()
}

/// A fixed reply, where there is no key at all.
pub fn demo_text(voice: Voice<'_>) -> String {
    let text = "This is a demo reply: no model was asked, since nobody has a key here yet.\n\
        With a key I answer questions, continue conversations when you reply to me or write to me directly, \
        and use the persona and model that you choose.\n\
        {advice}";
    let advice = voice.lang.words(match voice.own_keys {
        OwnKeys::Stored => {
            "**Add a key in a minute**: `/keys add provider:… scope:user` opens a form and shows where to get one; \
             it is stored encrypted, and only you can use it. Whoever manages a server shares one with `scope:guild`."
        }
        OwnKeys::Once => {
            "Keys can't be stored in this bot. `/ask once:True provider:…` asks with one that you type for a single ask."
        }
        OwnKeys::No => {
            "Your tier includes no keys of your own. Whoever manages a server can share one with it: \
             `/keys add scope:guild`."
        }
    });
    voice.lang.say(text, &[("advice", &advice)])
}

/// Describes the file of a long answer.
pub fn answer_file(voice: Voice<'_>) -> String {
    voice.lang.words("The whole answer").to_owned()
}

/// The file of a question that is too long to stand above its answer.
pub fn file_of_question(voice: Voice<'_>, heading: &Heading, question: &str) -> Option<File> {
    heading.is_excerpt.then(|| {
        let description = voice.lang.words("The whole question").to_owned();
        File::of_markdown(QUESTION_FILE, description, question)
    })
}

/// Stands in a channel where the reason for a no is nobody else's business.
pub fn refused_directly(voice: Voice<'_>, told: bool) -> Card {
    Card::text(voice.lang.words(if told {
        "I could not answer; I wrote you directly why."
    } else {
        "I could not answer, and you take no direct messages from me. `/keys status` says who pays here."
    }))
}

/// A refusal that is read in a direct message, with where it happened.
pub fn about_question(voice: Voice<'_>, link: &str, refused: Card) -> Card {
    let head = voice
        .lang
        .say("About what you asked in {link}:", &[("link", &link)]);
    Card {
        text: format!("{head}\n{}", refused.text),
        ..refused
    }
}

/// Stands where an answer was promised to everyone, when the reason it does
/// not come is about a key.
pub fn refused_privately(voice: Voice<'_>) -> Card {
    Card::text(
        voice
            .lang
            .words("I could not answer; only the person who asked can see why."),
    )
}

/// Said directly, where a channel takes no message of the bot's.
pub fn may_not_write(voice: Voice<'_>, channel: u64, obstacle: Obstacle) -> Card {
    let (sentence, until) = match obstacle {
        Obstacle::Permission => (
            "I may not write in <#{channel}>, so I did not answer you there. Whoever manages the server can allow it \
             (View Channel and Send Messages, in threads Send Messages in Threads), or ask me elsewhere.",
            0,
        ),
        Obstacle::Locked => (
            "The thread <#{channel}> is locked, so I did not answer you there. Whoever manages the server's threads \
             can unlock it, or ask me elsewhere.",
            0,
        ),
        Obstacle::Gone => (
            "Discord says that the direct message where you asked me is not there any more, so I could not answer \
             in it. Ask me again here.",
            0,
        ),
        Obstacle::TimedOut(until) => (
            "A moderator has timed me out in that server until <t:{until}:f>, so I did not answer you in \
             <#{channel}>. Its moderators can end that sooner, or ask me elsewhere.",
            until,
        ),
    };
    let values: &[(&str, &dyn Display)] = &[("channel", &channel), ("until", &until)];
    Card::text(voice.lang.say(sentence, values))
}

/// Stands above what could not be shown where it was asked for.
pub fn said_directly(voice: Voice<'_>, channel: u64) -> Card {
    Card::text(voice.lang.say(
        "I could not show you this in <#{channel}>, so here is what came of your question:",
        &[("channel", &channel)],
    ))
}

/// Stands above what Discord blocked for its links, where these are taken
/// apart.
pub fn said_without_links(voice: Voice<'_>, channel: u64) -> Card {
    Card::text(voice.lang.say(
        "Discord blocks a link in what I wanted to show you in <#{channel}>. \
         Here it is, with its links spelt so that they lead nowhere:",
        &[("channel", &channel)],
    ))
}

/// Stands where an answer was promised that went to whoever asked instead, with
/// the code that Discord gave for that.
pub fn went_directly(voice: Voice<'_>, code: Option<u64>) -> Card {
    let told = voice
        .lang
        .words("I could not show the answer here, so I wrote it to you directly.");
    let Some(code) = code else {
        return Card::text(told);
    };
    let code = voice.lang.say(
        "Discord’s code for the reason is {code}.",
        &[("code", &code)],
    );
    Card::text(format!("{told} {code}"))
}

/// Stands in the place of an answer that Discord does not take for what it says;
/// the codes have their source in `docs/discord.md` §3.1.
pub fn blocked_by_discord(voice: Voice<'_>, code: u64, told: bool) -> Card {
    let lang = voice.lang;
    let why = match code {
        HARMFUL_LINK => lang.words("Discord does not take this answer: it blocks a link in it.").to_owned(),
        EXPLICIT => lang
            .words("Discord does not take this answer: its filter finds it too explicit for those who would see it.")
            .to_owned(),
        code if AUTO_MODERATION.contains(&code) => lang
            .words("Discord does not take this answer: this server’s AutoMod blocks something in it.")
            .to_owned(),
        code => lang.say(
            "Discord does not take this answer in the form in which I sent it (code {code}).",
            &[("code", &code)],
        ),
    };
    let way = lang.words(if told {
        "I wrote it to you directly."
    } else {
        "Ask again, or ask for it in other words."
    });
    Card::text(format!("{why} {way}"))
}

/// Stands above the file of an answer that could not be attached to it.
pub fn whole_answer_directly(voice: Voice<'_>, channel: u64) -> Card {
    Card::text(voice.lang.say(
        "The whole answer from <#{channel}>: it could not be attached there.",
        &[("channel", &channel)],
    ))
}

/// Discord took nothing from the bot when it was asked.
pub fn discord_was_away(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Discord took no messages from me when you wrote this, so nothing was asked. Please ask again.",
    ))
}

/// A message to the bot asked nothing.
pub fn how_to_ask(voice: Voice<'_>, is_direct: bool) -> Card {
    Card::text(voice.lang.words(if is_direct {
        "I found nothing in that which I can read. Write what you want to know; `/ask` works too."
    } else {
        "Write what you want to know after my name, or reply to a message and mention me. `/ask` works too."
    }))
}

/// A voice message for which no key can have it written down.
pub fn nobody_hears(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "I can't hear your voice message: no key here can have it written down. Add one for Groq, OpenAI, \
         Mistral or Google with `/keys add`, or write what you want to know.",
    ))
}

/// A voice message in which nobody says anything.
pub fn heard_no_words(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "I heard no words in your voice message. Say it again, or write what you want to know.",
    ))
}

/// A message that asks nothing replies to one that Discord does not show to
/// the bot.
pub fn hidden_subject(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Discord doesn't show me the message that this is about. Copy its words behind my name, or right-click \
         it and choose **Apps**, **Explain**. The operator can let me read along (`discord.message_content`).",
    ))
}

/// A message that asks nothing replies to one that was deleted.
pub fn deleted_subject(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "The message that you replied to was deleted, so I can't read it. Write what you want to know behind my name.",
    ))
}

/// Discord hid what a message to the bot says.
pub fn hidden_question(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Discord doesn't show me what you wrote there. Write it in a new message that mentions me, or use `/ask`.",
    ))
}

/// The conversation starts afresh.
pub fn forgotten(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Forgotten. What was said here before this is nothing to me now; Discord still shows it to you.",
    ))
}

/// The channel has no conversation of its own that could be forgotten.
pub fn nothing_to_forget(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "Here I remember only the messages that you reply to: write without replying, and I start afresh. \
         `/forget` is for threads and direct messages.",
    ))
}
