//! A poll that has ended: whoever replies to its result asks about that.

use latchkey_emulator::NewMessage;

use crate::tests::{Setup, run_with};

#[tokio::test]
async fn a_reply_to_a_polls_result_tells_what_was_asked_and_what_won() {
    let setup = Setup {
        config: "message_content = true\n".into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let poll = omar.posts(
            "",
            NewMessage::poll("Where do we eat?", &["Ramen", "Tacos"]),
        );
        let result = stage.world().end_poll(poll).unwrap();
        mia.replies(result, "@Latchkey is that wise?").await;
        let told = stage.told("groq");
        let says = "(replying to the result of a poll: a poll's question – “🍜 its first answer” \
                    won with 2 of 3 votes)\n    is that wise?";
        assert!(told.contains(says), "{told}");
    })
    .await;
}
