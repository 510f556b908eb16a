//! What the bot says first: to a server that has added it, and to whoever asks
//! what it does.

use insta::assert_snapshot;
use latchkey_emulator::permission;

use crate::tests::{Stage, run};

/// A while before the stage's clock.
pub const JUST_NOW: &str = "2026-11-20T23:50:00.000000+00:00";

/// Waits until the bot has heard of what happened: events come in order.
async fn heard(stage: &Stage) {
    stage.mia().directly().runs("/model show").await;
    stage.app().await.idle().await;
}

/// Adds the bot anew.
async fn adds_bot(stage: &Stage, joined_at: &str) {
    stage.world().remove_bot(stage.scene.server, false);
    stage.world().add_bot_at(stage.scene.server, joined_at);
    heard(stage).await;
}

/// Ids of commands are other ones in each run.
fn without_ids(text: &str) -> String {
    let ids = regex::Regex::new(r":\d{10,}>").unwrap();
    ids.replace_all(text, ">").into_owned()
}

#[tokio::test]
async fn a_server_that_adds_the_bot_is_greeted_once() {
    run(async |stage| {
        heard(stage).await;
        let mia = stage.mia();
        assert_eq!(mia.reads_channel(), "", "it was added long ago");
        adds_bot(stage, JUST_NOW).await;
        assert_snapshot!(without_ids(&mia.reads_channel()), @"
        Hello! I answer questions with AI models, paid by your own keys.
        - **Ask**: mention me, or type </ask>.
        - **Add a key**: </keys add> opens a form and shows where to get one. It is stored encrypted, and only you can use it. Whoever manages this server shares one with `scope:guild`.
        - **Who pays**: your own key before this server's, and this server's before the operator's. Under every answer stands whose it was, and what it cost.
        </help> shows the rest.
        ");
        let greeted = mia.reads_channel();
        // Back after an outage, at another connection, and in another process.
        stage.world().remove_bot(stage.scene.server, true);
        stage.world().add_bot(stage.scene.server);
        heard(stage).await;
        stage.stop().await;
        stage.start().await;
        heard(stage).await;
        assert_eq!(mia.reads_channel(), greeted);
        // What is kept of it goes with the sweep, and nothing else changes.
        stage.clock.advance_ms(2 * 86_400_000);
        stage.app().await.sweep().await.unwrap();
        stage.stop().await;
        stage.start().await;
        heard(stage).await;
        assert_eq!(mia.reads_channel(), greeted);
        // Another time is another time.
        adds_bot(stage, "2026-11-22T23:50:00.000000+00:00").await;
        assert_eq!(mia.reads_channel().matches("Hello!").count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_server_is_greeted_where_the_bot_may_write_in_its_language() {
    run(async |stage| {
        heard(stage).await;
        let (general, workshop) = (stage.mia(), stage.mia().in_channel("workshop"));
        stage.world().set_server_locale(stage.scene.server, "de");
        stage.world().with(|state| {
            let server = state
                .servers
                .iter_mut()
                .find(|it| it.id == stage.scene.server);
            server.unwrap().system_channel = Some(workshop.channel);
        });
        adds_bot(stage, JUST_NOW).await;
        assert_eq!(general.reads_channel(), "");
        assert_snapshot!(without_ids(&workshop.reads_channel()), @"
        Hallo! Ich beantworte Fragen mit KI-Modellen, bezahlt mit euren eigenen Schlüsseln.
        - **Fragen**: erwähne mich, oder tippe </ask>.
        - **Schlüssel hinzufügen**: </keys add> öffnet ein Formular und zeigt, wo es einen gibt. Er wird verschlüsselt gespeichert, und nur du kannst ihn nutzen. Wer diesen Server verwaltet, teilt einen mit `scope:guild`.
        - **Wer zahlt**: dein eigener Schlüssel vor dem dieses Servers, und dieser vor dem des Betreibers. Unter jeder Antwort steht, wessen Schlüssel es war und was sie gekostet hat.
        </help> zeigt den Rest.
        ");
        let silent = |channel: u64| stage.world().deny_bot(channel, permission::SEND_MESSAGES);
        silent(workshop.channel);
        adds_bot(stage, "2026-11-20T23:51:00.000000+00:00").await;
        assert!(general.reads_channel().starts_with("Hallo"));
        let written = general.reads_channel();
        silent(general.channel);
        adds_bot(stage, "2026-11-20T23:52:00.000000+00:00").await;
        assert_eq!(general.reads_channel(), written);
        assert_eq!(workshop.reads_channel().matches("Hallo").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn help_shows_what_its_reader_can_use() {
    run(async |stage| {
        heard(stage).await;
        let mia = stage.mia();
        assert_snapshot!(without_ids(&mia.runs("/help").await), @"
        (only you) I answer with AI models. Under every answer stands whose key paid for it, and what it cost.
        - </ask> asks a model; so does a mention of me, a reply to me, or a direct message.
        - </imagine> makes pictures.
        - Right-click a message, **Apps**, and I sum it up, explain or translate it.
        - </keys add> stores a key of yours, </keys list> shows them, and </keys status> says who pays here.
        - </model set> and </persona set> choose who answers you; </forget> starts a conversation afresh.
        - </usage> shows what was used, </quota status> what is left, </privacy show> what is stored about you.
        - </token create> makes a token for programs that use your keys.
        ");
        assert_snapshot!(without_ids(&stage.omar().runs("/help").await), @"
        (only you) I answer with AI models. Under every answer stands whose key paid for it, and what it cost.
        - </ask> asks a model; so does a mention of me, a reply to me, or a direct message.
        - </imagine> makes pictures.
        - Right-click a message, **Apps**, and I sum it up, explain or translate it.
        - </keys add> stores a key of yours, </keys list> shows them, and </keys status> says who pays here.
        - </model set> and </persona set> choose who answers you; </forget> starts a conversation afresh.
        - </usage> shows what was used, </quota status> what is left, </privacy show> what is stored about you.
        - </token create> makes a token for programs that use your keys.
        - **For you who manage this server**: </keys add> with `scope:guild` shares a key, </server budget set> limits it, </server block> keeps somebody out.
        - **For you who run me**: </admin show> lists what is set for everybody, </admin limit> limits the bot default, </admin stop> stops all asks.
        ");
        let directly = without_ids(&mia.directly().runs("/help").await);
        assert!(directly.contains("</summarize>"), "{directly}");
        assert!(!directly.contains("scope:guild"), "{directly}");
        assert_snapshot!(without_ids(&stage.zoe().runs("/help").await), @"
        (only you) I answer with AI models. Under every answer stands whose key paid for it, and what it cost.
        - </ask> asks a model; so does a direct message. A mention of me in this channel does not reach me.
        - </imagine> makes pictures.
        - Right-click a message, **Apps**, and I sum it up, explain or translate it.
        - </keys add> stores a key of yours, </keys list> shows them, and </keys status> says who pays here.
        - </model set> and </persona set> choose who answers you; </forget> starts a conversation afresh.
        - </usage> shows what was used, </quota status> what is left, </privacy show> what is stored about you.
        - </token create> makes a token for programs that use your keys.
        ");
        // A channel that the bot was not added to.
        stage.world().deny_bot(mia.channel, permission::VIEW_CHANNEL);
        let unheard = mia.runs("/help").await;
        assert!(unheard.contains("does not reach me"), "{unheard}");
    })
    .await;
}
