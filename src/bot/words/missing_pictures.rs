//! Words of pictures that were asked for and did not come.

use std::fmt::Display;

use crate::bot::words::speech::voice::Voice;
use crate::model::{FailureClass, ForeignFile, MissingPicture, PictureAnswer, ProviderId};

/// How many are missing and why; none where all have come.
pub fn missing_pictures(voice: Voice<'_>, made: &PictureAnswer) -> Option<String> {
    if made.missing.is_empty() {
        return None;
    }
    let mut reasons: Vec<String> = Vec::new();
    for missing in &made.missing {
        let reason = describe(voice, &made.provider, missing);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let count = made.missing.len();
    let all = count + made.pictures.len();
    let values: &[(&str, &dyn Display)] = &[
        ("count", &count),
        ("all", &all),
        ("reasons", &voice.lang.clauses(&reasons)),
    ];
    let sentence = "⚠️ {count} of {all} missing: {reasons}.";
    Some(voice.lang.say(sentence, values))
}

/// Why one is missing, as the end of a sentence.
fn describe(voice: Voice<'_>, provider: &ProviderId, missing: &MissingPicture) -> String {
    let sentence = match missing {
        MissingPicture::Refused | MissingPicture::NotMade(FailureClass::ContentBlocked) => {
            "{provider}'s moderation declined it"
        }
        MissingPicture::NotAPicture(file) => describe_foreign(*file),
        MissingPicture::TooLarge => "it is too large to be shown",
        MissingPicture::Untrusted(Some(_)) => {
            "it is kept at `{address}`, which the bot's operator has not allowed (`image_hosts` in the settings)"
        }
        MissingPicture::Untrusted(None) => "it is kept at an address that I don't trust",
        MissingPicture::Gone => "{provider} no longer has it",
        MissingPicture::NotFetched(_) => "{provider} did not give it out",
        MissingPicture::InWords(_) => "{provider} answered in words",
        MissingPicture::NotMade(class) => describe_class(*class),
    };
    let address = match missing {
        MissingPicture::Untrusted(Some(address)) => address.as_str(),
        _ => "",
    };
    let values: &[(&str, &dyn Display)] =
        &[("provider", &voice.name(provider)), ("address", &address)];
    voice.lang.say(sentence, values)
}

/// What came in the place of one.
fn describe_foreign(file: ForeignFile) -> &'static str {
    match file {
        ForeignFile::FilmOrSound => "what came is a video or a sound",
        ForeignFile::Drawing => "what came is an SVG drawing",
        ForeignFile::Text => "what came is a text or a web page",
        ForeignFile::Nothing => "what came is empty",
        ForeignFile::Unknown => "what came can't be read as a picture",
    }
}

/// Why a call for one failed. What that says of a key is for its owner alone.
fn describe_class(class: FailureClass) -> &'static str {
    match class {
        FailureClass::RateLimited => "{provider} is limiting this key right now",
        FailureClass::Cancelled => "it was cancelled",
        FailureClass::NoPicture => "{provider} made fewer",
        FailureClass::TimedOut => "{provider} took too long",
        FailureClass::TooLarge => "{provider} sent more than I can read",
        FailureClass::OutOfMemory => "the machine at {provider} has too little memory for it",
        FailureClass::WorkflowFailed
        | FailureClass::ModelFileMissing
        | FailureClass::NodeMissing => "a node of the workflow failed",
        class if class.is_about_the_key() => "{provider} turned the key down",
        _ => "{provider} had trouble",
    }
}
