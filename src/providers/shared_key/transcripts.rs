//! Sound that is written down: what a form may have, and what it costs at the
//! most; `docs/providers.md` §14.13.

use crate::providers::PromptSize;
use crate::providers::catalogue::Provider;
use crate::providers::dialect::Dialect;
use crate::providers::relay::RelayRequest;
use crate::providers::sound::form::{FILE, Form, FormField};
use crate::providers::sound::transcripts::PaidBy;
use crate::providers::sound::{SECONDS_MAX, SoundLength};

use super::place::shorten;
use super::{BoundedRequest, Refused, RequestBound, judge_chat_model, models};

/// The longest text of one field, in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;
const OPENAI: &[&str] = &["openai"];
const MISTRAL: &[&str] = &["mistral"];

/// A field that costs no more than the sound does.
struct Allowed {
    name: &'static str,
    /// Whether it may stand there several times.
    is_list: bool,
    /// What it may say; anything where nothing stands here.
    words: &'static [&'static str],
    /// Whose it is; everybody's where nobody stands here.
    providers: &'static [&'static str],
}

const fn one(name: &'static str) -> Allowed {
    Allowed {
        name,
        is_list: false,
        words: &[],
        providers: &[],
    }
}

const fn many(name: &'static str) -> Allowed {
    Allowed {
        is_list: true,
        ..one(name)
    }
}

impl Allowed {
    const fn at(self, providers: &'static [&'static str]) -> Self {
        Self { providers, ..self }
    }

    const fn saying(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }
}

/// Addresses and ids of files are not among them, which the provider would
/// fetch or look up, nor words and voices to be listened for.
const ALLOWED: [Allowed; 12] = [
    one("model"),
    one("language"),
    one("prompt"),
    one("response_format"),
    one("temperature"),
    one("stream").saying(&["true", "false"]),
    many("timestamp_granularities[]"),
    many("timestamp_granularities").at(MISTRAL),
    one("diarize").saying(&["true", "false"]).at(MISTRAL),
    many("languages[]").at(OPENAI),
    many("include[]").at(OPENAI),
    one("chunking_strategy").saying(&["auto"]).at(OPENAI),
];

/// Judges a form with a sound that a shared key would pay for.
pub fn judge_form(
    request: &RelayRequest,
    provider: &Provider,
    model: &str,
) -> Result<BoundedRequest, Refused> {
    let own = |what: String| Err(Refused::OwnKeyOnly(what));
    let Some(form) = request.body.as_form() else {
        return own("a body that is no form".into());
    };
    if !models::is_name(model) {
        return Err(Refused::Malformed("`model` must be a model's name".into()));
    }
    let Some(paid_by) = PaidBy::of(provider, model) else {
        return own(format!("the model `{}`", shorten(model)));
    };
    let fields = sent_fields(form, provider)?;
    if provider.dialect == Dialect::Google {
        judge_chat_model(provider, model)?;
    }
    let is_bounded = paid_by.is_bounded_without_length();
    let format = form.text("response_format").unwrap_or("json");
    if is_bounded && format != "json" {
        return own("`response_format` but for `json`, with this model,".into());
    }
    let seconds = form.length().map(SoundLength::seconds);
    match seconds {
        None if !is_bounded => {
            return own("a file whose bytes do not tell how long it plays, as those of Ogg with Opus, of MP3 and of WAV do,".into());
        }
        Some(seconds) if seconds > SECONDS_MAX => {
            return own("a sound of more than a day".into());
        }
        _ => {}
    }
    let (sound, made_tokens) = paid_by.amounts(form);
    let words = PromptSize {
        bytes: form.text_bytes(),
        ..PromptSize::default()
    };
    let bound = RequestBound {
        prompt: words.tokens(provider.id.as_str(), model),
        answers: 1,
        made_tokens,
        sound,
        ..RequestBound::default()
    };
    Ok(BoundedRequest::of_form(form.with_fields(fields), bound))
}

/// The fields that are sent. The file is named by what is in it, so that nobody
/// takes it for something else.
fn sent_fields(form: &Form, provider: &Provider) -> Result<Vec<FormField>, Refused> {
    let mut sent: Vec<FormField> = Vec::with_capacity(form.fields().len());
    for field in form.fields() {
        let name = field.name.as_str();
        let is_file = field.file_name.is_some();
        if is_file != (name == FILE) {
            return Err(refused(name));
        }
        let is_twice = sent.iter().any(|it| it.name == field.name);
        if is_file {
            if is_twice {
                return Err(twice(name));
            }
            sent.push(plain_file(form, field));
            continue;
        }
        let rule = find_rule(name, provider).ok_or_else(|| refused(name))?;
        if is_twice && !rule.is_list {
            return Err(twice(name));
        }
        let text = str::from_utf8(&field.bytes).ok();
        let text = text.filter(|text| text.len() <= TEXT_BYTES_MAX);
        let text = text.ok_or_else(|| {
            let what = format!("`{}` must be a text of at most 16 KB", rule.name);
            Refused::Malformed(what)
        })?;
        if !rule.words.is_empty() && !rule.words.contains(&text) {
            let what = format!("`{}` but for `{}`", rule.name, rule.words.join("`, `"));
            return Err(Refused::OwnKeyOnly(what));
        }
        sent.push(FormField::text(rule.name, field.bytes.clone()));
    }
    if sent.iter().all(|it| it.name != FILE) {
        let what = "`file` must be there, with a file in it".to_owned();
        return Err(Refused::Malformed(what));
    }
    Ok(sent)
}

/// The rule for a field at a provider, if it may stand there.
fn find_rule(name: &str, provider: &Provider) -> Option<&'static Allowed> {
    let id = provider.id.as_str();
    let is_at = |rule: &&Allowed| rule.providers.is_empty() || rule.providers.contains(&id);
    ALLOWED.iter().filter(is_at).find(|rule| rule.name == name)
}

fn plain_file(form: &Form, file: &FormField) -> FormField {
    match form.length() {
        Some(length) => file.clone().named_by(length.kind),
        None => file.clone(),
    }
}

fn refused(name: &str) -> Refused {
    Refused::OwnKeyOnly(format!("`{}`", shorten(name)))
}

fn twice(name: &str) -> Refused {
    Refused::Malformed(format!("`{}` stands there twice", shorten(name)))
}
