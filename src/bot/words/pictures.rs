//! Words of pictures: while they are made, and under them.

use std::fmt::Display;

use crate::app::{CostlyPicture, PictureLink};
use crate::bot::answers::split;
use crate::bot::connection::calls::rest::FileRefusal;
use crate::bot::connection::wire::card::{Button, ButtonStyle, Card};
use crate::bot::conversation::transcript::small_print;
use crate::bot::interactions::custom_id::CustomId;
use crate::bot::pictures::SeenProgress;
use crate::model::{PictureAnswer, PriceEstimate, Stage, Steps};

use crate::bot::words::answers::buttons::button;
use crate::bot::words::answers::footer::{fell_back, mark};
use crate::bot::words::missing_pictures::missing_pictures;
use crate::bot::words::speech::formats::{cost, count_of, plain_model};
use crate::bot::words::speech::lang::Plural;
use crate::bot::words::speech::voice::Voice;

/// Discord's longest description of a file.
const ALT_CHARACTERS_MAX: usize = 1_000;

/// How long the first message with links gets, since the prompt stands above
/// them, and any other one. Both leave room for the small print.
const FIRST_LINKS_UNITS: usize = 800;
const LINKS_UNITS: usize = 1_600;

/// How far a picture is, and what it may cost. Discord's clients count the time
/// by themselves.
pub fn stage(voice: Voice<'_>, seen: &SeenProgress, id: &str) -> Card {
    let since = format!("<t:{}:R>", seen.since_s);
    let stage = match (seen.stage, seen.steps) {
        (Some(Stage::Running), Some(steps)) => say_steps(voice, steps, &since),
        (stage, _) => say_stage(voice, stage, &since),
    };
    let text = match seen.estimate.filter(|estimate| estimate.cost.0 > 0) {
        Some(estimate) => format!("{stage}\n{}", say_estimate(voice, estimate)),
        None => stage,
    };
    cancellable(voice, text, id)
}

/// Asks whether pictures are worth what they may cost.
pub fn confirm(voice: Voice<'_>, costly: CostlyPicture) -> String {
    let CostlyPicture { estimate, payer } = costly;
    let sentence = match (estimate.is_most, estimate.pictures) {
        (false, 1) => "💰 This costs about {cost}, paid by the {source}. Make it?",
        (false, _) => {
            "💰 These {count} pictures cost about {cost}, paid by the {source}. Make them?"
        }
        (true, 1) => "💰 This costs at most {cost}, paid by the {source}. Make it?",
        (true, _) => {
            "💰 These {count} pictures cost at most {cost}, paid by the {source}. Make them?"
        }
    };
    let values: &[(&str, &dyn Display)] = &[
        ("cost", &cost(voice, Some(estimate.cost))),
        ("count", &estimate.pictures),
        ("source", &voice.source(payer)),
    ];
    voice.lang.say(sentence, values)
}

/// The buttons under the question whether pictures are worth it.
pub fn confirm_buttons(voice: Voice<'_>, id: &str) -> Vec<Button> {
    let id = || id.to_owned();
    let mut make = button(voice, "Make it", &CustomId::ConfirmPicture(id()));
    make.style = ButtonStyle::Primary;
    vec![
        make,
        button(voice, "Leave it", &CustomId::LeavePicture(id())),
    ]
}

/// Somebody left pictures that cost too much.
pub fn left(voice: Voice<'_>, head: &str) -> Card {
    let words = "Nothing was made, and nothing was paid.";
    Card::text(format!("{head}{}", small_print(voice.lang.words(words))))
}

/// What stands under a picture that is not finished.
pub fn preview_alt_text(voice: Voice<'_>) -> String {
    voice.lang.words("What it looks like so far").to_owned()
}

/// What a picture shows that is to be changed.
pub fn source_alt_text(voice: Voice<'_>) -> String {
    voice
        .lang
        .words("The picture that is to be changed")
        .to_owned()
}

/// What pictures may cost.
fn say_estimate(voice: Voice<'_>, estimate: PriceEstimate) -> String {
    let lang = voice.lang;
    let cost = cost(voice, Some(estimate.cost));
    let values: &[(&str, &dyn Display)] = &[("cost", &cost)];
    if estimate.pictures == 1 {
        let sentence = if estimate.is_most {
            "At most {cost}."
        } else {
            "About {cost}."
        };
        return small_print(&lang.say(sentence, values));
    }
    let sentence = if estimate.is_most {
        Plural(
            "At most {cost} for {n} picture.",
            "At most {cost} for {n} pictures.",
        )
    } else {
        Plural(
            "About {cost} for {n} picture.",
            "About {cost} for {n} pictures.",
        )
    };
    small_print(&lang.say_count(estimate.pictures.into(), sentence, values))
}

fn say_stage(voice: Voice<'_>, stage: Option<Stage>, since: &str) -> String {
    let lang = voice.lang;
    let Some(stage) = stage else {
        return lang.say("📨 Asked for, {since}.", &[("since", &since)]);
    };
    match stage {
        Stage::Queued(None) => lang.say("⏳ Waiting in line, since {since}.", &[("since", &since)]),
        Stage::Queued(Some(0)) => lang.say("⏳ Next in line, since {since}.", &[("since", &since)]),
        Stage::Queued(Some(before)) => {
            let values: &[(&str, &dyn Display)] = &[("before", &before), ("since", &since)];
            lang.say(
                "⏳ Waiting in line with {before} before it, since {since}.",
                values,
            )
        }
        Stage::Starting => lang.say(
            "🧊 A machine starts for it, since {since}. That can take some minutes.",
            &[("since", &since)],
        ),
        Stage::Running => lang.say("🎨 Being made, since {since}.", &[("since", &since)]),
    }
}

fn say_steps(voice: Voice<'_>, steps: Steps, since: &str) -> String {
    let values: &[(&str, &dyn Display)] = &[
        ("since", &since),
        ("done", &steps.done),
        ("all", &steps.all),
    ];
    let sentence = "🎨 Being made, since {since}: step {done} of {all}.";
    voice.lang.say(sentence, values)
}

fn cancellable(voice: Voice<'_>, text: String, id: &str) -> Card {
    Card {
        text,
        buttons: vec![button(
            voice,
            "Cancel",
            &CustomId::StopAnswer(id.to_owned()),
        )],
        ..Card::default()
    }
}

/// A language model rewrites the prompt first.
pub fn rewriting_prompt(voice: Voice<'_>) -> Card {
    Card::text(
        voice
            .lang
            .words("✍️ A language model makes more of the prompt."),
    )
}

/// A restart comes while the picture is in the making.
pub fn continues_after_restart(voice: Voice<'_>) -> Card {
    Card::text(voice.lang.words(
        "⏸️ I am being restarted. The picture goes on being made, and comes when I am back.",
    ))
}

/// The picture, or why there is none, stands elsewhere.
pub fn shown_elsewhere(voice: Voice<'_>, head: &str, in_channel: bool) -> Card {
    let words = if in_channel {
        "What came of it stands in a message of its own."
    } else {
        "What came of it was sent to whoever asked."
    };
    Card::text(format!("{head}{}", small_print(voice.lang.words(words))))
}

/// The small print under a picture: which others are missing; model, whose
/// key, price.
pub fn footer(voice: Voice<'_>, made: &PictureAnswer) -> String {
    let provider = voice.name(&made.provider);
    let model = plain_model(&made.model);
    let mut parts = vec![
        format!("{provider} {model}"),
        format!("{} {}", mark(made.source), voice.source(made.source)),
        cost(voice, made.cost),
    ];
    if made.pictures.len() > 1 {
        let count = count_of(made.pictures.len());
        let words = Plural("{n} picture", "{n} pictures");
        parts.push(voice.lang.say_count(count, words, &[]));
    }
    parts.extend(
        made.fell_back_from
            .iter()
            .map(|passed| fell_back(voice, passed)),
    );
    let print = parts.join(" · ");
    match missing_pictures(voice, made) {
        Some(missing) => small_print(&format!("{missing}\n-# {print}")),
        None => small_print(&print),
    }
}

/// What stands in the place of pictures whose files Discord does not take.
/// They were made all the same, and whoever pays is told what they cost.
pub fn not_shown(voice: Voice<'_>, made: &PictureAnswer, refusal: FileRefusal) -> Card {
    let words = match refusal {
        FileRefusal::TooLarge => {
            "What you asked for was made, but Discord takes no file of its size here, not even \
             in a smaller copy. It is paid for all the same. Try it with a smaller `size:`."
        }
        FileRefusal::Explicit => {
            "What you asked for was made, but Discord's filter finds it too explicit for whoever \
             would see it here. It is paid for all the same. Try it in other words, or in an \
             age-restricted channel."
        }
        FileRefusal::Other(_) => {
            "What you asked for was made, but Discord refuses the message with it (code {code}). It \
             is paid for all the same. Ask for fewer at once, or tell the bot's operator the code."
        }
    };
    let code = match refusal {
        FileRefusal::Other(code) => code,
        FileRefusal::TooLarge | FileRefusal::Explicit => 0,
    };
    let words = voice.lang.say(words, &[("code", &code)]);
    Card::text(format!("{words}\n{}", footer(voice, made)))
}

/// What stands in the place of pictures that are kept where the operator has a
/// place for them: links, in as many messages as they need. Their previews
/// stay hidden, since the pictures may be.
pub fn kept_elsewhere(voice: Voice<'_>, made: &PictureAnswer, links: &[PictureLink]) -> Vec<Card> {
    let words = match links.first().and_then(|link| link.until_s) {
        Some(until_s) => voice.lang.say(
            "What you asked for was made, but Discord takes no file of its size here. It is kept \
             elsewhere until {until}:",
            &[("until", &format!("<t:{until_s}:f>"))],
        ),
        None => voice.lang.words(
            "What you asked for was made, but Discord takes no file of its size here. It is kept \
             elsewhere:",
        ).to_owned(),
    };
    let mut texts = list_links(voice, words, (1..).zip(links));
    if let Some(last) = texts.last_mut() {
        *last = format!("{last}\n{}", footer(voice, made));
    }
    texts.into_iter().map(Card::text).collect()
}

/// Links to pictures that are shown in smaller copies, by their numbers.
pub fn whole_pictures(voice: Voice<'_>, links: &[(usize, PictureLink)]) -> Vec<Card> {
    let words = match links.first().and_then(|(_, link)| link.until_s) {
        Some(until_s) => voice.lang.say(
            "Whole until {until}:",
            &[("until", &format!("<t:{until_s}:f>"))],
        ),
        None => voice.lang.words("Whole:").to_owned(),
    };
    let links = links.iter().map(|(number, link)| (*number, link));
    let texts = list_links(voice, words, links);
    texts.into_iter().map(Card::text).collect()
}

/// Words and links below them, as many texts as they need.
fn list_links<'a>(
    voice: Voice<'_>,
    words: String,
    links: impl Iterator<Item = (usize, &'a PictureLink)>,
) -> Vec<String> {
    let mut texts = vec![words];
    for (number, PictureLink { url, .. }) in links {
        let name = voice.lang.say("picture {number}", &[("number", &number)]);
        let line = format!("[{name}](<{url}>)");
        let room = if texts.len() == 1 {
            FIRST_LINKS_UNITS
        } else {
            LINKS_UNITS
        };
        match texts.last_mut() {
            Some(last) if split::units(last) + split::units(&line) < room => {
                *last = format!("{last}\n{line}");
            }
            _ => texts.push(line),
        }
    }
    texts
}

/// The small print under pictures that are shown in smaller copies.
pub fn smaller_copies(voice: Voice<'_>) -> String {
    small_print(
        voice
            .lang
            .words("In a smaller copy: Discord takes no larger file here."),
    )
}

/// Describes a picture for who can't see it.
pub fn alt_text(voice: Voice<'_>, made: &PictureAnswer, prompt: &str) -> String {
    let model = plain_model(&made.model);
    let line = prompt.replace('\n', " ");
    let prompt: String = line.chars().take(ALT_CHARACTERS_MAX - 200).collect();
    let values: &[(&str, &dyn Display)] = &[("model", &model), ("prompt", &prompt)];
    voice.lang.say("Made by {model} from: {prompt}", values)
}

/// The buttons under a picture.
pub fn buttons(voice: Voice<'_>, id: &str, has_seed: bool) -> Vec<Button> {
    let id = || id.to_owned();
    let mut buttons = vec![
        button(voice, "Again", &CustomId::RepeatPicture(id())),
        button(voice, "Vary", &CustomId::VaryPicture(id())),
    ];
    if has_seed {
        buttons.push(button(voice, "Seed", &CustomId::PictureSeed(id())));
    }
    buttons.push(button(voice, "Details", &CustomId::AnswerDetails(id())));
    buttons
}

/// Which seed a picture began with.
pub fn seed(voice: Voice<'_>, seed: u64) -> Card {
    Card::text(voice.lang.say(
        "The seed is `{seed}`. `/imagine seed:{seed}` with the same prompt and workflow makes the same picture.",
        &[("seed", &seed)],
    ))
}

/// Which seed a picture began with that was made of another.
pub fn seed_of_edit(voice: Voice<'_>, seed: u64) -> Card {
    Card::text(voice.lang.say(
        "The seed is `{seed}`. This picture was made of another: `/imagine seed:{seed}` makes it again with the same prompt, workflow and `image`.",
        &[("seed", &seed)],
    ))
}
