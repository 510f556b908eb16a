//! Sound that Google's models write down, as a chat of theirs with the sound in it;
//! `docs/providers.md` §14.13.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::model::{FailureClass, TRANSLATIONS_PATH};
use crate::providers::dialect::{Untranslatable, least_thinking};

use super::SoundKind;
use super::form::{FILE, Form};

/// What is asked for, in the words of Google's "Audio understanding".
const TRANSCRIPT: &str = "Generate a transcript of the speech.";
const TRANSLATION: &str = "Generate a translation of the speech into English.";
/// Models explain what they hear, where nobody asks them not to.
const NOTHING_ELSE: &str =
    "Answer with its words and nothing else, and with nothing where nobody speaks.";
/// Fields of OpenAI's that can be told to a model.
const KNOWN: [&str; 7] = [
    FILE,
    "model",
    "language",
    "prompt",
    "response_format",
    "temperature",
    "stream",
];
/// What stands in the names of models that do nothing but write sound down: they are
/// told nothing in words, and answer with parts of their own.
const MADE_FOR_IT: &str = "-transcribe";
/// Other sounds that Google reads, beside those that are known by their beginning.
const OTHER_SOUNDS: [&str; 3] = ["audio/aac", "audio/aiff", "audio/webm"];
/// Where the first turn of somebody's stands in an answer.
const TURN: &str = "/content/parts/0/audioTranscription";
/// How an answer ends in which there are all words.
const GOOD_ENDS: [&str; 3] = ["STOP", "MAX_TOKENS", "FINISH_REASON_UNSPECIFIED"];

/// A form that becomes a chat of Google's.
#[derive(Clone, Copy)]
pub struct FormForGoogle<'a> {
    pub form: &'a Form,
    pub model: &'a str,
    /// Where OpenAI's form goes.
    pub path: &'a str,
    /// The longest answer, in tokens; the model's own where none is said.
    pub output_limit: Option<u64>,
}

/// What becomes of an answer of Google's.
#[derive(Debug, Default)]
pub struct GoogleTranscript {
    /// Whether the words alone are wanted.
    is_text: bool,
    /// The words of a stream, as far as they have come.
    heard: String,
    usage: Option<Value>,
}

impl FormForGoogle<'_> {
    /// Writes the chat, and returns how its answer is read.
    pub fn write(self) -> Result<(Bytes, GoogleTranscript), Untranslatable> {
        let mut names = self.form.fields().iter().map(|it| it.name.as_str());
        if let Some(unknown) = names.find(|it| !KNOWN.contains(it)) {
            return Err(Untranslatable::new(format!("`{unknown}`")));
        }
        let is_text = match self.form.text("response_format") {
            None | Some("json") => false,
            Some("text") => true,
            Some(_) => {
                let what = "`response_format` but for `json` and `text`";
                return Err(Untranslatable::new(what));
            }
        };
        let (media_type, sound) = self.sound()?;
        let words = self.words()?;
        let config = self.config()?;
        let tail = format!("\"}}}}]}}],\"generationConfig\":{config}}}");
        let mut body = format!(
            "{{\"contents\":[{{\"role\":\"user\",\"parts\":[{words}{{\"inlineData\":{{\"mimeType\":\"{media_type}\",\"data\":\""
        );
        // A sound is as large as a body may be: it is written where it goes.
        body.reserve(sound.len().div_ceil(3) * 4 + tail.len());
        STANDARD.encode_string(sound, &mut body);
        body.push_str(&tail);
        let answer = GoogleTranscript {
            is_text,
            ..GoogleTranscript::default()
        };
        Ok((body.into(), answer))
    }

    /// The sound, and its media type as Google calls it.
    fn sound(&self) -> Result<(&'static str, &Bytes), Untranslatable> {
        let file = self
            .form
            .file()
            .ok_or_else(|| Untranslatable::malformed("`file` must be there, with a sound in it"))?;
        let known = SoundKind::of_named_sound(&file.bytes).map(|kind| match kind {
            SoundKind::Ogg => "audio/ogg",
            SoundKind::Mp3 => "audio/mp3",
            SoundKind::Wav => "audio/wav",
            SoundKind::Flac => "audio/flac",
            SoundKind::M4a => "audio/m4a",
        });
        let told = file.media_type.as_deref();
        let told = || OTHER_SOUNDS.into_iter().find(|it| told == Some(*it));
        let media_type = known.or_else(told);
        let media_type =
            media_type.ok_or_else(|| Untranslatable::new("A file of that kind in `file`"))?;
        Ok((media_type, &file.bytes))
    }

    /// The part of the chat that says what is wanted, with the comma behind it;
    /// nothing for models that are made for it.
    fn words(&self) -> Result<String, Untranslatable> {
        if !self.model.contains(MADE_FOR_IT) {
            return Ok(format!("{},", json!({"text": self.instruction()})));
        }
        if self.path == TRANSLATIONS_PATH {
            return Err(Untranslatable::new("A translation of a sound"));
        }
        match self.form.text("prompt") {
            Some(_) => Err(Untranslatable::new("`prompt`")),
            None => Ok(String::new()),
        }
    }

    fn instruction(&self) -> String {
        let what = if self.path == TRANSLATIONS_PATH {
            TRANSLATION
        } else {
            TRANSCRIPT
        };
        let mut asked = format!("{what} {NOTHING_ELSE}");
        if let Some(language) = self.form.text("language") {
            asked = format!("{asked}\nThe speech is in this language: {language}");
        }
        if let Some(prompt) = self.form.text("prompt") {
            let told = "\nThis was said before it, or shows how its words are spelled:\n";
            asked = format!("{asked}{told}{prompt}");
        }
        asked
    }

    /// A transcript needs no thoughts, which are paid for as its words are.
    fn config(&self) -> Result<Value, Untranslatable> {
        let mut config = json!({});
        if let Some(limit) = self.output_limit {
            config["maxOutputTokens"] = json!(limit);
        }
        if let Some(temperature) = self.form.text("temperature") {
            let number: Option<f64> = temperature.trim().parse().ok();
            let number = number.filter(|it| (0.0..=1.0).contains(it));
            let number = number.ok_or_else(|| {
                Untranslatable::malformed("`temperature` must be a number from 0 to 1")
            })?;
            config["temperature"] = json!(number);
        }
        if self.model.contains(MADE_FOR_IT) {
            let codes: Vec<&str> = self.form.text("language").into_iter().collect();
            config["audioTranscriptionConfig"] = json!({"languageCodes": codes});
        } else if let Some(thinking) = least_thinking(self.model) {
            config["thinkingConfig"] = thinking;
        }
        Ok(config)
    }
}

impl GoogleTranscript {
    /// The media type of a whole answer.
    pub fn media_type(&self) -> &'static str {
        if self.is_text {
            "text/plain; charset=utf-8"
        } else {
            "application/json"
        }
    }

    /// Writes a whole answer in OpenAI's words; none where nothing was written
    /// down.
    pub fn write_whole(&self, answer: &Value) -> Option<Bytes> {
        let candidate = answer.pointer("/candidates/0")?;
        let reason = candidate["finishReason"].as_str();
        if !reason.is_none_or(|it| GOOD_ENDS.contains(&it)) {
            return None;
        }
        let words = words_in(candidate);
        let words = words.trim();
        if self.is_text {
            return Some(format!("{words}\n").into());
        }
        let mut written = json!({"text": words});
        if let Some(usage) = usage_in(answer) {
            written["usage"] = usage;
        }
        Some(written.to_string().into())
    }

    /// Writes a chunk as an event of OpenAI's.
    pub fn write_event(&mut self, chunk: &Value, out: &mut Vec<u8>) -> Result<(), FailureClass> {
        let candidate = &chunk["candidates"][0];
        let reason = candidate["finishReason"].as_str();
        let is_blocked = chunk.pointer("/promptFeedback/blockReason").is_some();
        if is_blocked || !reason.is_none_or(|it| GOOD_ENDS.contains(&it)) {
            return Err(FailureClass::ContentBlocked);
        }
        self.usage = usage_in(chunk).or(self.usage.take());
        let mut words = words_in(candidate);
        if !words.is_empty() {
            // A turn of somebody's has no blank around it.
            if candidate.pointer(TURN).is_some() && !self.heard.is_empty() {
                words.insert(0, ' ');
            }
            self.heard.push_str(&words);
            write(
                out,
                &json!({"type": "transcript.text.delta", "delta": words}),
            );
        }
        Ok(())
    }

    /// Writes the last event of a stream that came whole.
    pub fn write_end(&mut self, out: &mut Vec<u8>) {
        let text = std::mem::take(&mut self.heard);
        let mut done = json!({"type": "transcript.text.done", "text": text});
        if let Some(usage) = self.usage.take() {
            done["usage"] = usage;
        }
        write(out, &done);
    }
}

fn write(out: &mut Vec<u8>, event: &Value) {
    out.extend(format!("data: {event}\n\n").into_bytes());
}

/// The words of an answer, without the thoughts: those of a model that is made for it
/// turn by turn.
fn words_in(candidate: &Value) -> String {
    let parts = candidate
        .pointer("/content/parts")
        .and_then(Value::as_array);
    let turns = parts.into_iter().flatten();
    let turns = turns.filter_map(|part| part["audioTranscription"]["text"].as_str());
    let turns: Vec<&str> = turns.collect();
    if !turns.is_empty() {
        return turns.join(" ");
    }
    let said = parts.into_iter().flatten();
    let said = said.filter(|part| part["thought"] != true);
    said.filter_map(|part| part["text"].as_str()).collect()
}

/// What was used, in OpenAI's words.
fn usage_in(answer: &Value) -> Option<Value> {
    let usage = answer.get("usageMetadata")?;
    let count = |name: &str| usage[name].as_u64().unwrap_or_default();
    let input = usage["promptTokenCount"].as_u64()?;
    let details = usage["promptTokensDetails"].as_array();
    let sound = details
        .into_iter()
        .flatten()
        .filter(|it| it["modality"] == "AUDIO")
        .filter_map(|it| it["tokenCount"].as_u64())
        .fold(0, u64::saturating_add);
    let output = count("candidatesTokenCount").saturating_add(count("thoughtsTokenCount"));
    Some(json!({
        "type": "tokens",
        "input_tokens": input,
        "input_token_details": {
            "text_tokens": input.saturating_sub(sound),
            "audio_tokens": sound,
        },
        "output_tokens": output,
        "total_tokens": input.saturating_add(output),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(answer: &Value) -> Option<String> {
        let whole = GoogleTranscript::default().write_whole(answer)?;
        Some(String::from_utf8(whole.to_vec()).unwrap())
    }

    #[test]
    fn words_are_told_without_thoughts_and_what_is_blocked_is_no_transcript() {
        let answer = |reason: &str| {
            let parts =
                json!([{"text": "Hm.", "thought": true}, {"text": "one"}, {"text": " two\n"}]);
            json!({"candidates": [{"content": {"parts": parts}, "finishReason": reason}]})
        };
        let told = Some(r#"{"text":"one two"}"#.to_owned());
        assert_eq!(answered(&answer("STOP")), told);
        assert_eq!(answered(&answer("MAX_TOKENS")), told);
        assert_eq!(answered(&answer("RECITATION")), None);
        assert_eq!(
            answered(&json!({"promptFeedback": {"blockReason": "SAFETY"}})),
            None
        );
        let silence = json!({"candidates": [{"finishReason": "STOP"}]});
        assert_eq!(answered(&silence).unwrap(), r#"{"text":""}"#);
        let mut out = Vec::new();
        let blocked = GoogleTranscript::default().write_event(&answer("SAFETY"), &mut out);
        assert_eq!(blocked, Err(FailureClass::ContentBlocked));
        assert!(out.is_empty());
    }
}
