//! What the bot says first: to whoever asks what it does.

use insta::assert_snapshot;

use super::{Stage, run};

/// Waits until the bot has heard of what happened: events come in order.
async fn heard(stage: &Stage) {
    stage.mia().directly().runs("/model show").await;
    stage.app().await.idle().await;
}

/// Ids of commands are other ones in each run.
fn without_ids(text: &str) -> String {
    let ids = regex::Regex::new(r":\d{10,}>").unwrap();
    ids.replace_all(text, ">").into_owned()
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
        - </ask> asks a model; so does a mention of me, a reply to me, or a direct message.
        - </imagine> makes pictures.
        - Right-click a message, **Apps**, and I sum it up, explain or translate it.
        - </keys add> stores a key of yours, </keys list> shows them, and </keys status> says who pays here.
        - </model set> and </persona set> choose who answers you; </forget> starts a conversation afresh.
        - </usage> shows what was used, </quota status> what is left, </privacy show> what is stored about you.
        - </token create> makes a token for programs that use your keys.
        ");
    })
    .await;
}
