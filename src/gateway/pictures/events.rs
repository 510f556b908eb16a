//! The stream of a picture that is being made. Its stages are comments,
//! which OpenAI's libraries ignore, as OpenAI has no events for them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::App;
use crate::gateway::calls::call_task::EventWriter;
use crate::model::{Picture, PictureAnswer, PriceEstimate, Stage, Steps};

use crate::gateway::pictures::{describe_missing, describe_usage, encode_picture, output_format};

/// What a program is told of a picture while it is made.
pub enum SeenPicture {
    Estimate(PriceEstimate),
    Stage(Stage),
    Steps(Steps),
}

/// Writes stages as comments, and each picture as an event of OpenAI's.
pub struct PictureEvents {
    pub app: Arc<App>,
    /// What they are called: by whether pictures were made or changed.
    pub kind: &'static str,
}

impl EventWriter<SeenPicture, PictureAnswer> for PictureEvents {
    const KEEP_ALIVE_EVERY: Option<Duration> = Some(Duration::from_secs(15));

    fn write_progress(&mut self, seen: SeenPicture) -> String {
        let told = match seen {
            SeenPicture::Estimate(estimate) => {
                json!({"estimate_nano_dollars": estimate.cost.0, "is_most": estimate.is_most})
            }
            SeenPicture::Stage(stage) => describe_stage(stage),
            SeenPicture::Steps(Steps { done, all }) => {
                json!({"stage": "running", "step": done, "steps": all})
            }
        };
        format!(": {told}\n\n")
    }

    fn write_result(&mut self, made: PictureAnswer) -> String {
        let created_s = self.app.now_ms() / 1_000;
        let events = made.pictures.iter().map(|picture| {
            let kind = self.kind;
            let mut event = describe_completion(&made, picture, created_s);
            event["type"] = json!(format!("{kind}.completed"));
            format!("event: {kind}.completed\ndata: {event}\n\n")
        });
        // OpenAI's libraries know no event for it, and ignore comments.
        let missing = describe_missing(&made).map(|missing| json!({"missing": missing}));
        let missing = missing.map(|missing| format!(": {missing}\n\n"));
        events.chain(missing).collect()
    }
}

fn describe_completion(made: &PictureAnswer, picture: &Picture, created_s: i64) -> Value {
    json!({
        "type": null,
        "b64_json": encode_picture(picture),
        "created_at": created_s,
        "output_format": output_format(picture),
        "size": "auto",
        "quality": "auto",
        "background": "auto",
        "seed": made.seed,
        "cost_nano_dollars": made.cost.map(|cost| cost.0),
        "missing": describe_missing(made),
        "usage": describe_usage(made),
    })
}

/// The stage of a picture, and how many pictures are queued before it where
/// its host tells.
fn describe_stage(stage: Stage) -> Value {
    match stage {
        Stage::Queued(ahead) => json!({"stage": "queued", "ahead": ahead}),
        Stage::Starting => json!({"stage": "starting"}),
        Stage::Running => json!({"stage": "running"}),
    }
}
