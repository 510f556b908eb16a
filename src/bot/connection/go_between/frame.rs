//! What a frame of Discord's gateway says, as far as the go-between needs to
//! know. Its data is not looked at otherwise, and never copied.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What Discord says to the bot.
#[derive(Debug, PartialEq)]
pub enum FromDiscord {
    /// How often it wants a heartbeat, in milliseconds.
    Hello {
        interval_ms: u64,
    },
    HeartbeatAnswered,
    /// A session began.
    Ready {
        session: String,
    },
    Resumed,
    /// Somebody sent a form.
    Form,
    /// The connection is about to end, or the session has.
    Leaves,
    /// An event or an order of which nothing needs to be known here.
    Other,
}

/// What the bot says to Discord.
#[derive(Debug, PartialEq)]
pub enum FromBot {
    Identify { shard: u32 },
    Resume { session: String },
    Heartbeat,
    Other,
}

#[derive(Deserialize)]
struct Frame<'a> {
    op: u8,
    #[serde(borrow, default)]
    t: Option<Cow<'a, str>>,
    #[serde(default)]
    s: Option<u64>,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

impl Frame<'_> {
    fn data<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.d?.get()).ok()
    }

    fn is_form(&self) -> bool {
        let data: Option<InteractionData> = self.data();
        data.is_some_and(|data| data.kind == MODAL_SUBMIT)
    }
}

/// What a form's event is called on its way from here on, so that serenity,
/// which loses what is in it, hands it over as it came.
pub const FORM_SENT: &str = "FORM_SENT";
/// Discord's type of the interaction that a form is.
const MODAL_SUBMIT: u8 = 5;

#[derive(Deserialize)]
struct InteractionData {
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Deserialize)]
struct HelloData {
    heartbeat_interval: u64,
}

#[derive(Deserialize)]
struct SessionData {
    session_id: String,
}

#[derive(Deserialize)]
struct IdentifyData {
    #[serde(default)]
    shard: Option<(u32, u32)>,
}

/// Reads what Discord says; none if serenity could not read it either.
pub fn read_from_discord(text: &str) -> Option<FromDiscord> {
    let frame: Frame<'_> = serde_json::from_str(text).ok()?;
    Some(match (frame.op, frame.t.as_deref()) {
        (0, event) => {
            frame.s?;
            match event? {
                "READY" => {
                    let SessionData { session_id } = frame.data()?;
                    FromDiscord::Ready {
                        session: session_id,
                    }
                }
                "RESUMED" => FromDiscord::Resumed,
                "INTERACTION_CREATE" if frame.is_form() => FromDiscord::Form,
                _ => FromDiscord::Other,
            }
        }
        (1, _) => FromDiscord::Other,
        (7, _) => FromDiscord::Leaves,
        (9, _) => {
            let _resumable: bool = frame.data()?;
            FromDiscord::Leaves
        }
        (10, _) => {
            let HelloData { heartbeat_interval } = frame.data()?;
            FromDiscord::Hello {
                interval_ms: heartbeat_interval,
            }
        }
        (11, _) => FromDiscord::HeartbeatAnswered,
        _ => return None,
    })
}

/// The event of a form under its own name.
pub fn named_as_form(text: &str) -> Option<String> {
    let frame: Frame<'_> = serde_json::from_str(text).ok()?;
    let (number, data) = (frame.s?, frame.d?.get());
    Some(format!(
        r#"{{"op":0,"t":"{FORM_SENT}","s":{number},"d":{data}}}"#
    ))
}

/// Reads what serenity says.
pub fn read_from_bot(text: &str) -> FromBot {
    let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else {
        return FromBot::Other;
    };
    let read = match frame.op {
        1 => Some(FromBot::Heartbeat),
        2 => frame.data().map(|said: IdentifyData| FromBot::Identify {
            shard: said.shard.map_or(0, |(shard, _)| shard),
        }),
        6 => frame.data().map(|said: SessionData| FromBot::Resume {
            session: said.session_id,
        }),
        _ => None,
    };
    read.unwrap_or(FromBot::Other)
}

/// The same IDENTIFY without the wish for compressed frames, which could not
/// be read on the way.
pub fn without_compression(identify: &str) -> String {
    let Ok(mut frame) = serde_json::from_str::<Value>(identify) else {
        return identify.to_owned();
    };
    frame["d"]["compress"] = Value::Bool(false);
    frame.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_discord_says_is_read() {
        let cases = [
            (
                r#"{"op":10,"d":{"heartbeat_interval":41250}}"#,
                Some(FromDiscord::Hello {
                    interval_ms: 41_250,
                }),
            ),
            (
                r#"{"t":null,"s":null,"op":11,"d":null}"#,
                Some(FromDiscord::HeartbeatAnswered),
            ),
            (r#"{"op":7,"d":null}"#, Some(FromDiscord::Leaves)),
            (r#"{"op":9,"d":true}"#, Some(FromDiscord::Leaves)),
            (r#"{"op":1,"d":null}"#, Some(FromDiscord::Other)),
            (
                r#"{"op":0,"t":"READY","s":1,"d":{"v":10,"session_id":"made-up"}}"#,
                Some(FromDiscord::Ready {
                    session: "made-up".into(),
                }),
            ),
            (
                r#"{"op":0,"t":"RESUMED","s":2,"d":{}}"#,
                Some(FromDiscord::Resumed),
            ),
            (
                r#"{"op":0,"t":"MESSAGE\u005fCREATE","s":2,"d":{"a":[1e400]}}"#,
                Some(FromDiscord::Other),
            ),
            (
                r#"{"op":0,"t":"INTERACTION_CREATE","s":2,"d":{"type":2}}"#,
                Some(FromDiscord::Other),
            ),
            (
                r#"{"op":0,"t":"INTERACTION_CREATE","s":2,"d":{"token":"made-up","type":5}}"#,
                Some(FromDiscord::Form),
            ),
            (
                r#"{"op":0,"t":"INTERACTION_CREATE","s":2,"d":{"type":"made-up"}}"#,
                Some(FromDiscord::Other),
            ),
            // What serenity can't read.
            (r#"{"op":0,"t":"RESUMED","s":null,"d":{}}"#, None),
            (r#"{"op":0,"s":2,"d":{}}"#, None),
            (r#"{"op":0,"t":"READY","s":2,"d":{}}"#, None),
            (r#"{"op":10,"d":{}}"#, None),
            (r#"{"op":9,"d":null}"#, None),
            (r#"{"op":99,"d":null}"#, None),
            (r#"{"t":"RESUMED","s":2,"d":{}}"#, None),
            (r#"{"op":0,"t":"MESSAGE_CREATE","s":2,"d":{"#, None),
            ("[]", None),
            ("made-up", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_from_discord(text), expected, "{text}");
        }
    }

    #[test]
    fn a_form_keeps_everything_but_its_name() {
        let sent = r#"{"t":"INTERACTION_CREATE","s":7,"op":0,"d":{"type":5,"data":"made \u0022up\u0022"}}"#;
        assert_eq!(
            named_as_form(sent).as_deref(),
            Some(r#"{"op":0,"t":"FORM_SENT","s":7,"d":{"type":5,"data":"made \u0022up\u0022"}}"#)
        );
        assert_eq!(named_as_form("[]"), None);
    }

    #[test]
    fn what_the_bot_says_is_read_and_asks_for_nothing_compressed() {
        let identify = r#"{"op":2,"d":{"compress":true,"token":"made-up","shard":[3,4]}}"#;
        assert_eq!(read_from_bot(identify), FromBot::Identify { shard: 3 });
        let resume = r#"{"op":6,"d":{"session_id":"made-up","token":"made-up","seq":7}}"#;
        let session = "made-up".to_owned();
        assert_eq!(read_from_bot(resume), FromBot::Resume { session });
        assert_eq!(read_from_bot(r#"{"op":1,"d":7}"#), FromBot::Heartbeat);
        assert_eq!(read_from_bot(r#"{"op":3,"d":{}}"#), FromBot::Other);
        assert_eq!(read_from_bot("made-up"), FromBot::Other);
        let sent: Value = serde_json::from_str(&without_compression(identify)).unwrap();
        assert_eq!(sent["d"]["compress"], false);
        assert_eq!(sent["d"]["token"], "made-up");
    }
}
