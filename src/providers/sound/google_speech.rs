//! Words that Google's models read aloud, as a chat of theirs whose answer is sound:
//! raw samples, which get the head of a WAV file; `docs/providers.md` §14.14.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Value, json};

use crate::providers::dialect::{RawObject, Untranslatable, refuse_fields};

/// Fields of OpenAI's that Google has no word for.
const UNKNOWN: [&str; 3] = ["instructions", "speed", "stream_format"];
/// Samples a second, where the answer does not say it.
const RATE: u32 = 24_000;
const BYTES_A_SAMPLE: u16 = 2;
/// What a file's head has behind its first eight bytes.
const HEAD_BYTES: u32 = 36;

/// Puts a call into Google's words, and returns whether the samples are wanted
/// without a head.
pub fn write_for_google(fields: &mut RawObject) -> Result<bool, Untranslatable> {
    refuse_fields(fields, &UNKNOWN)?;
    let format: Option<String> = fields.get("response_format");
    let is_raw = match format.as_deref() {
        None | Some("wav") => false,
        Some("pcm") => true,
        Some(_) => {
            let what = "`response_format` but for `wav` and `pcm`";
            return Err(Untranslatable::new(what));
        }
    };
    let text: Option<String> = fields.get("input");
    let text = text.ok_or_else(|| Untranslatable::new("`input` but for a text"))?;
    let mut config = json!({"responseModalities": ["AUDIO"]});
    if let Some(voice) = fields.get::<Value>("voice") {
        let name = voice.as_str();
        let name = name.ok_or_else(|| Untranslatable::new("`voice` but for a name"))?;
        let voice = json!({"prebuiltVoiceConfig": {"voiceName": name}});
        config["speechConfig"] = json!({"voiceConfig": voice});
    }
    *fields = RawObject::from_fields(Vec::new());
    let asked = json!([{"role": "user", "parts": [{"text": text}]}]);
    fields.set("contents", &asked);
    fields.set("generationConfig", &config);
    Ok(is_raw)
}

/// The sound in an answer of Google's; none where there is none.
pub fn read_sound(answer: &Value, is_raw: bool) -> Option<Bytes> {
    let parts = answer.pointer("/candidates/0/content/parts")?.as_array()?;
    let (mut samples, mut rate) = (Vec::new(), RATE);
    for data in parts.iter().map(|part| &part["inlineData"]) {
        let Some(encoded) = data["data"].as_str() else {
            continue;
        };
        samples.extend(STANDARD.decode(encoded).ok()?);
        let kind = data["mimeType"].as_str().unwrap_or_default();
        let mut parameters = kind.split(';');
        let told = parameters.find_map(|it| it.trim().strip_prefix("rate="));
        rate = told.and_then(|it| it.parse().ok()).unwrap_or(rate);
    }
    if samples.is_empty() {
        return None;
    }
    if is_raw {
        return Some(samples.into());
    }
    write_wav(&samples, rate)
}

/// A file of one channel of samples; none where it would be too long for one.
fn write_wav(samples: &[u8], rate: u32) -> Option<Bytes> {
    let length = u32::try_from(samples.len()).ok()?;
    let mut file = BytesMut::with_capacity(samples.len() + 64);
    file.put_slice(b"RIFF");
    file.put_u32_le(length.checked_add(HEAD_BYTES)?);
    file.put_slice(b"WAVEfmt ");
    file.put_u32_le(16);
    // Plain samples, of one channel.
    file.put_u16_le(1);
    file.put_u16_le(1);
    file.put_u32_le(rate);
    file.put_u32_le(rate.checked_mul(u32::from(BYTES_A_SAMPLE))?);
    file.put_u16_le(BYTES_A_SAMPLE);
    file.put_u16_le(8 * BYTES_A_SAMPLE);
    file.put_slice(b"data");
    file.put_u32_le(length);
    file.put_slice(samples);
    Some(file.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::sound::measure_sound;

    #[test]
    fn samples_become_a_file_that_plays_as_long() {
        let data = STANDARD.encode(vec![0; 96_000]);
        let sound = json!({"mimeType": "audio/L16;codec=pcm;rate=24000", "data": data});
        let content = json!({"parts": [{"inlineData": sound}]});
        let answer = json!({"candidates": [{"content": content}]});
        let file = read_sound(&answer, false).unwrap();
        assert_eq!(measure_sound(&file).unwrap().milliseconds, 2_000);
        assert_eq!(read_sound(&answer, true).unwrap().len(), 96_000);
        assert_eq!(read_sound(&json!({"candidates": []}), false), None);
    }
}
