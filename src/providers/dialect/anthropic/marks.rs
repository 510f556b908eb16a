//! Marks up to which Anthropic keeps a prompt in its cache; `docs/providers.md`
//! §9.1.

use crate::providers::dialect::bodies::json::Json;
use crate::providers::dialect::translating::neutral::CacheMark;

/// The most marks in one request.
const MARKS_MAX: usize = 4;
const FIELD: &str = "cache_control";

/// Marks a block.
pub fn set_mark(mark: Option<CacheMark>, block: &mut Json) {
    block.set_some(FIELD, mark.map(CacheMark::written));
}

/// Leaves out the marks of a body that are too many; whether any are. The last
/// ones stay, which a conversation goes on from, and one of what stands before
/// it. The one on the whole body counts as one of them, and as the last. Those for
/// an hour must come first: one behind another becomes as short.
pub fn settle_marks(body: &mut Json) -> bool {
    let most = MARKS_MAX - usize::from(body.get(FIELD).is_some());
    let (mut before, mut within) = (0, 0);
    visit_marked(body, &mut |_, is_within| {
        *(if is_within { &mut within } else { &mut before }) += 1;
    });
    let kept_within = within.min(most - usize::from(before > 0));
    let kept_before = before.min(most - kept_within);
    let (mut passed_before, mut passed_within) = (0, 0);
    let mut is_short = false;
    visit_marked(body, &mut |block, is_within| {
        let (passed, left_out) = if is_within {
            (&mut passed_within, within - kept_within)
        } else {
            (&mut passed_before, before - kept_before)
        };
        *passed += 1;
        if *passed <= left_out {
            block.remove(FIELD);
        } else if let Some(mark) = block.get_mut(FIELD) {
            if is_short {
                mark.remove("ttl");
            }
            is_short |= mark.get("ttl").is_none();
        }
    });
    if let Some(whole) = body.get_mut(FIELD).filter(|_| is_short) {
        whole.remove("ttl");
    }
    before + within > most
}

/// Shows all blocks that have a mark, in their order, and whether they are
/// within the conversation.
fn visit_marked(body: &mut Json, see: &mut dyn FnMut(&mut Json, bool)) {
    let mut see_all = |blocks: Option<&mut Json>, is_within: bool| {
        if let Some(Json::List(blocks)) = blocks {
            let marked = blocks.iter_mut().filter(|it| it.get(FIELD).is_some());
            marked.for_each(|block| see(block, is_within));
        }
    };
    see_all(body.get_mut("tools"), false);
    see_all(body.get_mut("system"), false);
    if let Some(Json::List(messages)) = body.get_mut("messages") {
        for message in messages {
            see_all(message.get_mut("content"), true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::dialect::bodies::json::object;

    fn settled(system: &[bool], messages: &[bool]) -> (String, bool) {
        let block = |is_for_an_hour: &bool| {
            let mut block = object([("type", "text".into())]);
            let is_for_an_hour = *is_for_an_hour;
            set_mark(Some(CacheMark { is_for_an_hour }), &mut block);
            block
        };
        let system: Vec<Json> = system.iter().map(block).collect();
        let content: Vec<Json> = messages.iter().map(block).collect();
        let message = object([("role", "user".into()), ("content", content.into())]);
        let mut body = object([
            ("system", system.into()),
            ("messages", vec![message].into()),
        ]);
        let is_cut = settle_marks(&mut body);
        let told = |blocks: &Json| {
            let letters = blocks.items().iter().map(|block| match block.get(FIELD) {
                None => '-',
                Some(mark) if mark["ttl"].is("1h") => 'h',
                Some(_) => 'm',
            });
            letters.collect::<String>()
        };
        let written = format!(
            "{} {}",
            told(&body["system"]),
            told(&body["messages"][0]["content"])
        );
        (written, is_cut)
    }

    #[test]
    fn the_last_marks_stay_and_one_before_the_conversation() {
        for (system, messages, expected) in [
            (&[true][..], &[false; 3][..], ("h mmm", false)),
            (&[false, false], &[false; 5], ("-m --mmm", true)),
            (&[], &[false; 6], (" --mmmm", true)),
            (&[true; 5], &[false], ("--hhh m", true)),
            (&[false], &[true], ("m m", false)),
            // What was left out shortens nothing.
            (&[false, true], &[true; 3], ("-h hhh", true)),
        ] {
            let (written, is_cut) = settled(system, messages);
            assert_eq!((written.as_str(), is_cut), expected);
        }
    }
}
