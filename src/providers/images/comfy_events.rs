//! What ComfyUI's WebSocket says of one job among all that it says;
//! `docs/providers.md` §14.6.
//!
//! One job runs at a time. Some events name theirs, and those that do not are
//! of the one that was named last.

use serde_json::Value;

use crate::model::{Picture, Steps};

use super::fetch::check_picture;
use super::job::{JobNews, WatchedJob};
use super::strip::strip_picture;

/// Types of messages that come as bytes.
const PREVIEW_IMAGE: u32 = 1;
const PREVIEW_IMAGE_WITH_METADATA: u32 = 4;
/// The most steps that are believed.
const STEPS_MAX: u32 = 10_000;

/// Hears what is said, and keeps what is said of one job.
pub struct Ear {
    job: String,
    /// Whether what names no job is of this one.
    is_running: bool,
    /// How many unfinished pictures are wanted, and how many came.
    previews: u8,
    shown: u8,
    pub news: JobNews,
}

impl Ear {
    /// Hears of one job alone, whatever else the host tells.
    pub fn new(job: &WatchedJob<'_>) -> Self {
        Self {
            job: job.name.to_owned(),
            is_running: false,
            previews: job.previews,
            shown: 0,
            news: JobNews::default(),
        }
    }

    /// Hears an event; whether there is news.
    pub fn hear_text(&mut self, text: &str) -> bool {
        let said: Value = serde_json::from_str(text).unwrap_or_default();
        let data = &said["data"];
        let named = data["prompt_id"].as_str();
        if let Some(named) = named {
            self.is_running = named == self.job;
        }
        if !self.is_running {
            return false;
        }
        match said["type"].as_str() {
            Some("progress") => {
                let steps = read_steps(data);
                self.news.steps = steps.or(self.news.steps);
                steps.is_some()
            }
            // No node: it is in the history.
            Some("executing") if data["node"].is_null() && named.is_some() => {
                self.is_running = false;
                self.news.has_ended = true;
                true
            }
            _ => false,
        }
    }

    /// Hears what comes as bytes; whether there is news.
    pub fn hear_bytes(&mut self, bytes: &[u8]) -> bool {
        if !self.wants_preview() {
            return false;
        }
        let Some(preview) = self.read_preview(bytes) else {
            return false;
        };
        self.news.preview = Some(preview);
        self.shown += 1;
        true
    }

    /// Whether enough steps were taken since the last preview: they come at equal
    /// distances from each other, from the beginning, and from the end.
    fn wants_preview(&self) -> bool {
        let (next, parts) = (u32::from(self.shown) + 1, u32::from(self.previews) + 1);
        let is_due = |steps: Steps| steps.done * parts >= steps.all * next;
        self.shown < self.previews && self.news.steps.is_some_and(is_due)
    }

    fn read_preview(&self, bytes: &[u8]) -> Option<Picture> {
        let (kind, rest) = take_number(bytes)?;
        // What kind of a picture it is, or how long the metadata is.
        let (number, rest) = take_number(rest)?;
        let picture = match kind {
            PREVIEW_IMAGE if self.is_running => rest,
            PREVIEW_IMAGE_WITH_METADATA => {
                let (metadata, picture) = rest.split_at_checked(usize::try_from(number).ok()?)?;
                let metadata: Value = serde_json::from_slice(metadata).ok()?;
                (metadata["prompt_id"] == self.job.as_str()).then_some(picture)?
            }
            _ => return None,
        };
        strip_picture(&check_picture(picture).ok()?).ok()
    }
}

/// Takes the number that bytes begin with.
fn take_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// The steps of a node that takes more than one.
fn read_steps(data: &Value) -> Option<Steps> {
    let count = |name: &str| u32::try_from(data[name].as_u64()?).ok();
    let (done, all) = (count("value")?, count("max")?);
    let is_told = done <= all && (2..=STEPS_MAX).contains(&all);
    is_told.then_some(Steps { done, all })
}

#[cfg(test)]
mod tests {
    use latchkey_emulator::providers::{HIDDEN, picture};
    use serde_json::json;

    use super::*;

    fn ear(previews: u8) -> Ear {
        Ear::new(&WatchedJob {
            name: "ours",
            mark: 7,
            previews,
        })
    }

    fn event(kind: &str, data: &Value) -> String {
        json!({"type": kind, "data": data}).to_string()
    }

    fn named(job: &str) -> Vec<u8> {
        let metadata = json!({"prompt_id": job, "image_type": "image/png"}).to_string();
        let length = u32::try_from(metadata.len()).unwrap();
        let head = [4_u32.to_be_bytes(), length.to_be_bytes()].concat();
        [&head, metadata.as_bytes(), &picture("x", 0)].concat()
    }

    fn unnamed() -> Vec<u8> {
        [&[0, 0, 0, 1, 0, 0, 0, 2], picture("x", 0).as_slice()].concat()
    }

    fn steps(ear: &Ear) -> String {
        let steps = ear.news.steps;
        steps.map_or_else(String::new, |it| format!("{}/{}", it.done, it.all))
    }

    #[test]
    fn what_is_said_of_other_jobs_is_not_said_of_ours() {
        let mut ear = ear(1);
        let step = |job: &str, value: u32| {
            event(
                "progress",
                &json!({"value": value, "max": 7, "prompt_id": job}),
            )
        };
        let bare = |value: u32| event("progress", &json!({"value": value, "max": 20}));
        let starts = |job: &str| event("execution_start", &json!({"prompt_id": job}));
        let ends = |job: &str| event("executing", &json!({"node": null, "prompt_id": job}));
        let mut told = Vec::new();
        for text in [
            step("theirs", 6),
            bare(19),
            starts("ours"),
            bare(10),
            event("status", &json!({"status": {}})),
            bare(11),
            starts("theirs"),
            bare(12),
            ends("theirs"),
            bare(13),
            step("ours", 3),
            ends("ours"),
            bare(14),
        ] {
            told.push((ear.hear_text(&text), steps(&ear), ear.news.has_ended));
        }
        let told = told
            .iter()
            .map(|(news, steps, ended)| format!("{news} {steps} {ended}"));
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
        false  false
        false  false
        false  false
        true 10/20 false
        false 10/20 false
        true 11/20 false
        false 11/20 false
        false 11/20 false
        false 11/20 false
        false 11/20 false
        true 3/7 false
        true 3/7 true
        false 3/7 true
        ");
    }

    #[test]
    fn previews_are_of_our_job_and_as_many_as_are_wanted() {
        for (previews, wanted) in [
            (0, vec![]),
            (1, vec![10]),
            (2, vec![7, 14]),
            (3, vec![5, 10, 15]),
        ] {
            let mut ear = ear(previews);
            let mut shown = Vec::new();
            for value in 1..=20 {
                let step = json!({"value": value, "max": 20, "prompt_id": "ours"});
                ear.hear_text(&event("progress", &step));
                assert!(!ear.hear_bytes(&named("theirs")));
                let bytes = if value % 2 == 0 {
                    unnamed()
                } else {
                    named("ours")
                };
                if ear.hear_bytes(&bytes) {
                    shown.push(value);
                }
            }
            assert_eq!(shown, wanted);
            assert_eq!(ear.news.preview.is_some(), previews > 0);
            let hidden = HIDDEN.as_bytes();
            if let Some(preview) = &ear.news.preview {
                assert!(!preview.bytes.windows(hidden.len()).any(|it| it == hidden));
            }
        }
    }

    #[test]
    fn an_unnamed_preview_is_none_of_ours_while_another_job_runs() {
        let mut ear = ear(1);
        let step = |job: &str| {
            event(
                "progress",
                &json!({"value": 9, "max": 10, "prompt_id": job}),
            )
        };
        ear.hear_text(&step("ours"));
        ear.hear_text(&step("theirs"));
        assert!(!ear.hear_bytes(&unnamed()));
        ear.hear_text(&step("ours"));
        assert!(ear.hear_bytes(&unnamed()));
    }

    #[test]
    fn what_cannot_be_read_is_no_news() {
        let mut ear = ear(1);
        ear.hear_text(&event("execution_start", &json!({"prompt_id": "ours"})));
        for data in [
            json!({"value": 1, "max": 1}),
            json!({"value": 8, "max": 7}),
            json!({"value": -1, "max": 20}),
            json!({"value": 1, "max": 4_000_000_000_u32}),
            json!({"value": "1", "max": []}),
            json!(null),
        ] {
            assert!(!ear.hear_text(&event("progress", &data)), "{data}");
        }
        for text in ["", "{", "[1]", "null", "{\"type\":\"executing\"}"] {
            assert!(!ear.hear_text(text), "{text}");
        }
        ear.hear_text(&event("progress", &json!({"value": 19, "max": 20})));
        let page = [&[0, 0, 0, 1, 0, 0, 0, 1], &b"<html>"[..]].concat();
        let longer = [4_u32.to_be_bytes(), u32::MAX.to_be_bytes()].concat();
        for bytes in [&[][..], &[0, 0], &[0, 0, 0, 3, 0, 0, 0, 0], &page, &longer] {
            assert!(!ear.hear_bytes(bytes), "{bytes:?}");
        }
        assert!(ear.hear_bytes(&unnamed()));
    }
}
