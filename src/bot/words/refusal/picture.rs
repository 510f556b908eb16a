//! Words of refusals about pictures.

use std::fmt::Display;

use crate::bot::words::speech::formats::in_code;
use crate::bot::words::speech::voice::Voice;
use crate::model::{PICTURE_MB_MAX, PictureKind, PictureRefusal, ProviderId, Words};

const NOBODY_MAKES_ANY: &str =
    "Nobody makes pictures here unless they are named: `/imagine provider:…`.";
const EMPTY_PROMPT: &str =
    "There is nothing to make a picture of. Put what it should show into `prompt:`.";

const CANNOT_EDIT: &str = "None of these can change a picture. Leave `image:` out, or name another \
             provider, such as `/imagine provider:OpenAI`.";
const NOT_ENHANCED: &str = "The language model made nothing of your prompt. Leave `enhance:` out, or write more \
             into `prompt:`.";
const AGE_RESTRICTED_ONLY: &str = "Pictures are made in age-restricted channels and direct messages only. Send \
             me `/imagine` directly.";
const FLAGGED: &str = "The moderation of this bot does not let these words through. Say it in \
             other words.";
const NOT_MODERATED: &str = "The moderation of this bot can't be asked right now, so nothing is made. \
             Try it again in a minute.";
const TOO_MANY_PICTURES_AT_ONCE: &str = "Your last pictures are still being made. Wait for one of them, or press \
             **Cancel** under it.";
const PICTURE_NOT_KEPT: &str = "I keep no copy of the picture that this was made from. Use `/imagine \
             image:…` with it once more, or press **Vary**.";
const BAD_SIZE: &str = "A size is a width and a height in pixels, such as `1024x768`: from 256 to \
             2048, in steps of 8.";
const BAD_SEED: &str = "A seed is a whole number from 0 to 18446744073709551615. `-1`, `random` or \
             nothing takes any.";

/// What a person reads when something about a picture was refused.
pub fn about_picture(voice: Voice<'_>, refusal: &PictureRefusal) -> String {
    let lang = voice.lang;
    match refusal {
        PictureRefusal::NotAnImageProvider { provider } => lang.say(
            "{provider} makes no pictures. Leave `provider:` out, or pick one from the \
             list that appears while you type.",
            &[("provider", &voice.name(provider))],
        ),
        PictureRefusal::CannotEdit => lang.words(CANNOT_EDIT).to_owned(),
        PictureRefusal::UnknownImageModel { model } => unknown_model(voice, model),
        PictureRefusal::ModelMakesNone {
            provider,
            model,
            able,
        } => makes_none(voice, provider, model, able),
        PictureRefusal::NoModelNamed { provider } => no_model_named(voice, provider),
        PictureRefusal::NobodyMakesAny => lang.words(NOBODY_MAKES_ANY).to_owned(),
        PictureRefusal::UnknownLora { lora, known } => unknown_lora(voice, lora, known),
        PictureRefusal::LoraNotTaken { provider } => lora_not_taken(voice, provider),
        PictureRefusal::EmptyPrompt => lang.words(EMPTY_PROMPT).to_owned(),
        PictureRefusal::NotEnhanced => lang.words(NOT_ENHANCED).to_owned(),
        PictureRefusal::WorkflowPicture {
            workflow,
            takes_one,
        } => workflow_picture(voice, workflow, *takes_one),
        PictureRefusal::AgeRestrictedOnly => lang.words(AGE_RESTRICTED_ONLY).to_owned(),
        PictureRefusal::Flagged => lang.words(FLAGGED).to_owned(),
        PictureRefusal::NotModerated => lang.words(NOT_MODERATED).to_owned(),
        PictureRefusal::TooManyPicturesAtOnce => lang.words(TOO_MANY_PICTURES_AT_ONCE).to_owned(),
        PictureRefusal::PictureNotKept => lang.words(PICTURE_NOT_KEPT).to_owned(),
        PictureRefusal::PictureLost => lost(voice),
        PictureRefusal::PictureCutOff { provider } => cut_off(voice, provider),
        PictureRefusal::KeptElsewhere { provider, address } => {
            kept_elsewhere(voice, provider, address)
        }
        PictureRefusal::PictureShown => lang.say("The picture was shown already.", &[]),
        PictureRefusal::BadSize => lang.words(BAD_SIZE).to_owned(),
        PictureRefusal::BadSeed => lang.words(BAD_SEED).to_owned(),
        PictureRefusal::BadPicture => lang.say(
            "I can't use that file. Send a PNG, JPEG, GIF or WebP picture of at most \
             {subject}.",
            &[("subject", &format!("{PICTURE_MB_MAX} MB"))],
        ),
        PictureRefusal::KindNotTaken { provider, kind } => kind_not_taken(voice, provider, *kind),
        PictureRefusal::SeedNotTaken { provider } => seed_not_taken(voice, provider),
        PictureRefusal::AnsweredInWords { provider, words } => {
            answered_in_words(voice, provider, words)
        }
    }
}

/// No model is named, and the provider has no usual one.
fn no_model_named(voice: Voice<'_>, provider: &ProviderId) -> String {
    voice.lang.say(
        "{provider} has no usual model for this here. Name one: `/imagine model:…`.",
        &[("provider", &voice.name(provider))],
    )
}

/// Who makes the picture takes no LoRA.
fn lora_not_taken(voice: Voice<'_>, provider: &ProviderId) -> String {
    voice.lang.say(
        "What {provider} would make this with takes no LoRA, so nobody was asked. Leave `lora:` \
         out, or name a workflow with `model:`.",
        &[("provider", &voice.name(provider))],
    )
}

/// Who pays changes no pictures of this kind.
fn kind_not_taken(voice: Voice<'_>, provider: &ProviderId, kind: PictureKind) -> String {
    voice.lang.say(
        "{provider} changes no {kind}, so nobody was asked. Send the picture as a PNG, JPEG or \
         WebP, or name another provider.",
        &[("provider", &voice.name(provider)), ("kind", &kind.name())],
    )
}

/// Who pays takes no seed.
fn seed_not_taken(voice: Voice<'_>, provider: &ProviderId) -> String {
    voice.lang.say(
        "{provider} takes no seed, so nobody was asked. Leave `seed:` out, or name a workflow with \
         `model:`.",
        &[("provider", &voice.name(provider))],
    )
}

/// The model said something in the place of a picture.
fn answered_in_words(voice: Voice<'_>, provider: &ProviderId, words: &Words) -> String {
    voice.lang.say(
        "{provider} made no picture and said:\n> {said}\nAnswer it in the prompt, or name another \
         provider or model.",
        &[("provider", &voice.name(provider)), ("said", &words.0)],
    )
}

/// No model or workflow has this name.
fn unknown_model(voice: Voice<'_>, model: &str) -> String {
    voice.lang.say(
        "I know no model or workflow called `{subject}`. The list that appears while \
             you type `model:` holds what the keys here can use; `provider/model` names \
             any other.",
        &[("subject", &in_code(model))],
    )
}

/// No host here has a LoRA of this name.
fn unknown_lora(voice: Voice<'_>, lora: &str, known: &[String]) -> String {
    let known: Vec<String> = known
        .iter()
        .map(|name| format!("`{}`", in_code(name)))
        .collect();
    let values: &[(&str, &dyn Display)] = &[
        ("lora", &in_code(lora)),
        ("known", &voice.lang.list(&known)),
    ];
    let sentence = if known.is_empty() {
        "No host here has a LoRA called `{lora}`, so nobody was asked. Leave `lora:` out."
    } else {
        "No host here has a LoRA called `{lora}`, so nobody was asked. There are, among others: \
         {known}; the list that appears while you type `lora:` has all."
    };
    voice.lang.say(sentence, values)
}

/// The model writes, and makes no pictures.
fn makes_none(voice: Voice<'_>, provider: &ProviderId, model: &str, able: &[String]) -> String {
    let able: Vec<String> = able
        .iter()
        .map(|name| format!("`{}`", in_code(name)))
        .collect();
    let values: &[(&str, &dyn Display)] = &[
        ("provider", &voice.name(provider)),
        ("model", &in_code(model)),
        ("able", &voice.lang.list(&able)),
    ];
    let sentence = if able.is_empty() {
        "`{model}` of {provider} makes no pictures, so nobody was asked. Leave `model:` out, or \
         pick one from the list that appears while you type."
    } else {
        "`{model}` of {provider} makes no pictures, so nobody was asked. These do: {able}. Name \
         one with `model:`, or leave it out."
    };
    voice.lang.say(sentence, values)
}

/// A workflow takes a picture and got none, or the other way round.
fn workflow_picture(voice: Voice<'_>, workflow: &str, takes_one: bool) -> String {
    let sentence = if takes_one {
        "The workflow `{subject}` changes a picture. Put one into `image:`, or leave \
             `model:` out."
    } else {
        "The workflow `{subject}` makes a picture from words alone. Leave `image:` \
             or `model:` out."
    };
    voice.lang.say(sentence, &[("subject", &workflow)])
}

fn kept_elsewhere(voice: Voice<'_>, provider: &ProviderId, address: &str) -> String {
    let values: &[(&str, &dyn Display)] = &[
        ("provider", &voice.name(provider)),
        ("address", &in_code(address)),
        ("id", provider),
    ];
    voice.lang.say(
        "{provider} keeps the pictures of this key and model at `{address}`, from which I take none, so I \
         did not ask it. The bot's operator can add that name to `providers.{id}.image_hosts`; \
         or let it keep them elsewhere, and try again in an hour.",
        values,
    )
}

fn cut_off(voice: Voice<'_>, provider: &ProviderId) -> String {
    voice.lang.say(
        "A restart came while {provider} was making it, and what it made is lost. {provider} may \
         count it all the same, so it is booked at an estimate. `/imagine` begins anew.",
        &[("provider", &voice.name(provider))],
    )
}

fn lost(voice: Voice<'_>) -> String {
    let words = "A restart came before the picture was safe. Nothing was counted for it; `/imagine` \
                 begins anew.";
    voice.lang.words(words).to_owned()
}
