//! Voice messages, which Discord sends as files of sound.

use std::time::Duration;

use serenity::all::Attachment;

/// How long a voice message is; none for other files. Only voice messages
/// have a waveform.
pub fn seconds_of(file: &Attachment) -> Option<u64> {
    file.waveform.as_ref()?;
    let length = Duration::try_from_secs_f64(file.duration_secs.unwrap_or(0.0));
    Some(length.map_or(0, |length| length.as_secs()).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn sound(more: &Value) -> Attachment {
        let mut file = json!({
            "id": "1", "filename": "voice-message.ogg", "size": 9, "url": "https://x",
            "proxy_url": "https://x", "content_type": "audio/ogg",
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            file[field] = value.clone();
        }
        serde_json::from_value(file).unwrap()
    }

    #[test]
    fn a_waveform_makes_a_voice_message() {
        assert_eq!(seconds_of(&sound(&json!({}))), None);
        let voice = json!({"waveform": "AAAA", "duration_secs": 4.2});
        assert_eq!(seconds_of(&sound(&voice)), Some(4));
        for odd in [json!(-1.0), json!(1e300), json!(null)] {
            let voice = sound(&json!({"waveform": "AAAA", "duration_secs": odd}));
            assert_eq!(seconds_of(&voice), Some(1));
        }
    }
}
