//! What is stored of somebody: theirs to see, to take and to erase.

use secrecy::SecretString;
use serde_json::Value;

use super::{Setup, Stage, good, run, run_with};

/// The newest export.
fn export(stage: &Stage) -> String {
    let bytes = stage.world().look(|state| {
        let mut files = state.messages.iter().rev().flat_map(|m| &m.files);
        let found = files.find(|file| file.name == "latchkey-data.json");
        found.expect("it was exported").bytes.clone()
    });
    String::from_utf8(bytes).unwrap()
}

async fn uses_everything(stage: &Stage) {
    let (mia, omar) = (stage.mia(), stage.omar());
    omar.adds("openai", "guild", &good("openai")).await;
    mia.runs("/ask prompt:count").await;
    mia.adds("mistral", "user", &good("mistral")).await;
    mia.runs("/ask prompt:count provider:mistral").await;
    omar.runs("/admin tier user:mia tier:premium").await;
}

#[tokio::test]
async fn a_person_sees_takes_and_erases_what_is_stored() {
    run(async |stage| {
        let mia = stage.mia();
        insta::assert_snapshot!(mia.runs("/privacy show").await, @"
        (only you) **Stored about you**
        - Keys: none.
        - Usage: 0 requests, $0.00. When, where, who paid, model, tokens and cost of each for 400 days, and sums by day. `/usage` shows them.
        - Answers, for 30 days: where each stands and who could pay. And the model and persona that you chose.
        - Tokens: names, scopes, last use. `/token list` shows them.
        - Your tier: none given by hand.
        - For up to 12 hours: open forms, checks of keys, browsers that you signed in with. Until they end: what limits have counted, and a block.
        **Never stored**: what you ask, what is answered, and your messages.
        Asks go to the provider that the answer names, under its terms. `/privacy export` gives you all of it, `/privacy erase` erases it.
        ");
        uses_everything(stage).await;
        insta::assert_snapshot!(mia.runs("/privacy show").await, @"
        (only you) **Stored about you**
        - Keys: 1 (Mistral), sealed. `/keys list` shows them.
        - Usage: 2 requests, < $0.0001. When, where, who paid, model, tokens and cost of each for 400 days, and sums by day. `/usage` shows them.
        - Answers, for 30 days: where each stands and who could pay. And the model and persona that you chose.
        - Tokens: names, scopes, last use. `/token list` shows them.
        - Your tier, premium, given by the operator.
        - For up to 12 hours: open forms, checks of keys, browsers that you signed in with. Until they end: what limits have counted, and a block.
        **Never stored**: what you ask, what is answered, and your messages.
        Asks go to the provider that the answer names, under its terms. `/privacy export` gives you all of it, `/privacy erase` erases it.
        ");
        insta::assert_snapshot!(mia.runs("/privacy export").await, @"
        (only you) All that is stored about you. Keys themselves can't be exported: only their hints are in it.
        [latchkey-data.json: All that is stored about you]
        ");
        let text = export(stage);
        assert!(!text.contains(&good("mistral")) && !text.contains("count\""));
        let all: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(all["keys"][0]["provider"], "mistral");
        assert_eq!(all["usage_by_day"].as_array().unwrap().len(), 2);
        assert_eq!(all["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(all["tier"]["name"], "premium");

        insta::assert_snapshot!(mia.runs("/privacy erase").await, @"
        Form: Erase what is stored about you
        - Type ERASE to erase all of it: ERASE
        ");
        insta::assert_snapshot!(mia.submits(&[("confirm", "yes please")]).await, @"(only you) You did not type ERASE, so nothing was erased. `/privacy erase` asks again.");
        assert!(mia.runs("/keys list").await.contains("Mistral"));
        mia.runs("/privacy erase").await;
        let form = mia.open_form();
        // Nobody else can send it, and nobody can send it twice.
        let stolen = stage
            .omar()
            .submits_as(&form, &[("confirm", "ERASE")])
            .await;
        assert!(stolen.contains("Nothing was changed"), "{stolen}");
        insta::assert_snapshot!(mia.submits_as(&form, &[("confirm", "erase ")]).await, @"(only you) Erased: your keys, your tokens, your usage and your tier, and you are signed out of every browser. Sums of servers and of the bot stay, without you in them; keys that you added to servers stay theirs, without your name. What limits have counted stays until it renews, and backups of the operator's until they are replaced. To be thorough, revoke your keys at their providers too.");
        let again = mia.submits_as(&form, &[("confirm", "ERASE")]).await;
        assert!(again.contains("Nothing was changed"), "{again}");
    })
    .await;
}

#[tokio::test]
async fn erasing_leaves_the_sums_on_both_databases() {
    erases(None).await;
    if let Some(url) = super::postgres::database() {
        erases(Some(url)).await;
    }
}

async fn erases(store: Option<SecretString>) {
    let setup = Setup {
        store,
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        uses_everything(stage).await;
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("groq", "user", &good("groq")).await;
        omar.runs("/ask prompt:count").await;
        mia.runs("/privacy erase").await;
        let erased = mia.submits(&[("confirm", "ERASE")]).await;
        assert!(erased.contains("Erased: your keys"), "{erased}");
        let text = {
            mia.runs("/privacy export").await;
            export(stage)
        };
        let all: Value = serde_json::from_str(&text).unwrap();
        for empty in ["keys", "usage_by_day", "attempts"] {
            assert_eq!(all[empty].as_array().unwrap().len(), 0, "{empty}");
        }
        assert!(all["tier"].is_null());
        let seen = omar.runs("/usage scope:guild").await;
        assert!(
            seen.contains("2 requests") && !seen.contains("<@mia>") && !seen.contains("<@0>"),
            "{seen}"
        );
        assert!(
            seen.contains("- members who erased themselves: 1 request"),
            "{seen}"
        );
        let seen = omar.runs("/usage scope:bot").await;
        assert!(seen.contains("3 requests"), "{seen}");
    })
    .await;
}
