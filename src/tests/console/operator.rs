//! The operator's pages: what the people of `discord.operators` see and do,
//! and that others see and do nothing of it.

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;

use super::{SeenPage, Visitor};
use crate::tests::{Stage, bad, good, run};

async fn omar(stage: &Stage) -> Visitor<'_> {
    Visitor::signed_in(stage, stage.scene.manager).await
}

/// Hides ids of keys and how much room the disk has.
fn hidden(stage: &Stage, page: &SeenPage) -> String {
    let id = regex::Regex::new("[0-9a-f]{32}").unwrap();
    let kid = regex::Regex::new("[0-9a-f]{16}").unwrap();
    let free = regex::Regex::new("[0-9.]+ [MG]B free").unwrap();
    let said = stage.readable(&page.says());
    let said = id.replace_all(&said, "<id>").into_owned();
    let said = kid.replace_all(&said, "<kid>").into_owned();
    free.replace_all(&said, "<free> free").into_owned()
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one visit from its beginning to its end"
)]
async fn the_operator_sees_health_traffic_keys_and_what_is_set() {
    run(async |stage| {
        let omar = omar(stage).await;
        let fresh = omar.opens("/operator").await;
        assert!(fresh.holds("No traffic yet"), "{}", fresh.shown());
        stage.mia().runs("/ask prompt:count").await;
        stage.fails("groq", ProviderFault::Status(400));
        stage.mia().runs("/ask prompt:count provider:groq").await;
        stage.app().await.idle().await;
        let page = omar.opens("/operator").await;
        assert_snapshot!(hidden(stage, &page), @"
        # Operator
        Latchkey 0.1.0, up for less than a minute. You can see what runs, never a key or what was said.
        Calls a minute
        2
        2 in the last hour
        Being answered
        0
        0 piece by piece
        Reserved now
        $0.00
        for 0 calls, all processes
        Errors, last hour
        50.0 %
        1 of 2
        ## Health
        Checked now, as latchkey doctor does
        Health
        What | State | Seen
        Database | Good | takes writes and answers
        Ledger | Good | 0 writes wait
        Discord | Good | 1 of 1 shards connected
        Disk | Good | <free> free
        Master key | Good | active key is <kid>
        Database pages | Good | none is damaged
        Groq | To know | the bot default key was not checked yet
        Holds | Good | 0 open, none too old
        Console | Good | people can sign in
        Quotas | Good | tiers community, subscriber, premium, lifetime
        ## Traffic
        Calls a minute
        As a table
        Calls in the last hour
        When | Calls
        60 to 50 minutes ago | 0
        50 to 40 minutes ago | 0
        40 to 30 minutes ago | 0
        30 to 20 minutes ago | 0
        20 to 10 minutes ago | 0
        10 to 0 minutes ago | 2
        ## People and servers
        Name or id
        {q: }
        People are found by name while they are signed in here, servers while they have keys; both by id always.
        ## System keys
        Add a key [/operator/keys/new]
        Keys that this service pays with
        Key | From | Health | Today | 30 days | Actions
        Groq…6789 | EnvironmentGROQ_API_KEY | Not checked yet | < $0.0001 | < $0.00011 request
        (Check Groq)
        A key from the environment wins over one that is sealed here, and is changed where it stands.
        ## Errors by provider
        Last hour
        Errors by provider
        Provider | Calls | Busy | Down | Key refused | Refused
        Groq | 2 | 0 | 0 | 0 | 1
        ## Limits, tiers and blocks
        Limits bind the bot default; those of the configuration’s tiers bind the bot default
        Nothing is set.
        Set a limit
        It binds what the bot default pays, and nothing else: people’s own keys and servers’ keys are not bound by it. A key for a provider of your own that checks no keys counts as the bot default.
        For
        {kind: everyone of 3}
        Id, unless everybody
        {id: }
        Amount
        {amount: }
        Of
        {metric: requests of 4}
        Over a
        {period: day of 4}
        (Set the limit)
        Give a tier
        The limits of tiers bind the bot default.
        Id of the person
        {id: }
        Tier
        {tier: community of 4}
        For how long
        {during: }
        (Give the tier)
        ## Stop everything
        Refuses every new question, whoever would pay, also of visitors who bring a key. What is being answered is finished.
        Stop all asks [/operator/stop]
        ");
        let now = omar.opens("/operator/now").await;
        assert_snapshot!(now.html, @r#"{"calls":"2","calls-below":"2 in the last hour","errors":"50.0 %","errors-below":"1 of 2","held":"$0.00","held-below":"for 0 calls, all processes","running":"0","running-below":"0 piece by piece"}"#);
        assert!(
            omar.opens("/operator/traffic")
                .await
                .holds("Errors by provider")
        );
        assert!(page.holds("href=\"/operator\""));
    })
    .await;
}

#[tokio::test]
async fn others_are_told_whose_page_it_is_and_see_no_way_to_it() {
    run(async |stage| {
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        for address in [
            "/operator",
            "/operator/now",
            "/operator/keys",
            "/operator/people?q=mia",
            "/operator/traffic",
            "/operator/stop",
        ] {
            let page = mia.opens(address).await;
            assert_eq!(page.status, 403, "{address}");
            assert!(page.holds("discord.operators"), "{address}");
            assert!(!page.holds("href=\"/operator\""), "{address}");
        }
        let stranger = Visitor::stranger(stage).await;
        assert_eq!(stranger.opens("/operator").await.status, 401);
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one visit from its beginning to its end"
)]
async fn a_system_key_is_added_checked_paused_and_removed() {
    run(async |stage| {
        let omar = omar(stage).await;
        let ask = "/ask provider:openai prompt:count";
        let first = omar.opens("/operator/keys/new").await;
        let form = omar
            .sends(&first, "/operator/keys/new", &[("provider", "openai")])
            .await;
        let typed = [("key", bad("openai")), ("name", "spring".to_owned())];
        let typed: Vec<(&str, &str)> = typed.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let refused = omar.sends(&form, "/operator/keys", &typed).await;
        assert_eq!(refused.status, 422, "{}", refused.shown());
        assert!(refused.holds("value=\"spring\"") && !refused.holds(&bad("openai")));
        let key = good("openai");
        let added = omar
            .sends(&refused, "/operator/keys", &[("key", &key)])
            .await;
        assert_snapshot!(hidden(stage, &added), @"
        The OpenAI key is sealed. Its provider accepts it.
        # System keys
        They pay for whoever has no other key, within their tier.
        Back to Operator [/operator]
        ## System keys
        Add a key [/operator/keys/new]
        Keys that this service pays with
        Key | From | Health | Today | 30 days | Actions
        Groq…6789 | EnvironmentGROQ_API_KEY | Not checked yet | $0.00 | $0.000 requests
        (Check Groq)
        OpenAI “spring”…6789 | Sealed here21 Nov 2026 | Works | $0.00 | $0.000 requests
        (Check OpenAI)
        (Pause OpenAI)
        Remove OpenAI [/operator/keys/<id>/remove]
        A key from the environment wins over one that is sealed here, and is changed where it stands.
        ");
        assert!(!added.holds(&key));
        assert!(stage.mia().runs(ask).await.contains("bot default"));

        let check = added.action("/operator/keys/", "/check").unwrap();
        let checked = omar.sends(&added, &check, &[]).await;
        assert!(
            checked.holds("Its provider accepts it."),
            "{}",
            checked.shown()
        );
        let pause = added
            .form(&added.action("/operator/keys/", "/pause").unwrap())
            .action;
        let paused = omar.sends(&added, &pause, &[]).await;
        assert!(
            paused.holds("pays for nobody until it is resumed"),
            "{}",
            paused.shown()
        );
        assert!(!stage.mia().runs(ask).await.contains("bot default ·"));
        let resume = pause.replace("/pause", "/resume");
        omar.sends(&paused, &resume, &[]).await;
        assert!(stage.mia().runs(ask).await.contains("bot default"));

        let removal = pause.replace("/pause", "/remove");
        let asked = omar.opens(&removal).await;
        assert!(
            asked.holds("In the last 30 days it paid for"),
            "{}",
            asked.shown()
        );
        // Whoever signed in a while ago signs in once more first.
        stage.clock.advance_ms(11 * 60_000);
        let stale = omar.sends(&asked, &removal, &[]).await;
        assert!(stale.holds("Sign in"), "{}", stale.shown());
        assert!(stage.mia().runs(ask).await.contains("bot default"));
        omar.signs_in(stage.scene.manager).await;
        let asked = omar.opens(&removal).await;
        let removed = omar.sends(&asked, &removal, &[]).await;
        assert!(
            removed.holds("The OpenAI key is removed."),
            "{}",
            removed.shown()
        );
        assert_eq!(omar.opens(&removal).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_key_of_the_environment_is_checked_and_changed_elsewhere() {
    run(async |stage| {
        let omar = omar(stage).await;
        let page = omar.opens("/operator/keys").await;
        assert!(page.holds("GROQ_API_KEY") && page.action("/operator/keys/", "/pause").is_none());
        let checked = omar
            .sends(&page, "/operator/keys/env-groq/check", &[])
            .await;
        assert!(checked.holds("Works"), "{}", checked.shown());
    })
    .await;
}

#[tokio::test]
async fn the_kill_switch_needs_a_word_and_stops_everybody() {
    run(async |stage| {
        let omar = omar(stage).await;
        let form = omar.opens("/operator/stop").await;
        let unsure = omar
            .sends(&form, "/operator/stop", &[("sure", "yes")])
            .await;
        assert_eq!(unsure.status, 422);
        assert!(stage.is_answering().await);
        let stopped = omar
            .sends(&form, "/operator/stop", &[("sure", "stop")])
            .await;
        assert!(
            stopped.holds("All asks are stopped."),
            "{}",
            stopped.shown()
        );
        assert!(!stage.is_answering().await);
        omar.sends(&stopped, "/operator/start", &[]).await;
        assert!(stage.is_answering().await);
        stage.clock.advance_ms(11 * 60_000);
        let stale = omar.opens("/operator/stop").await;
        assert!(
            stale.holds("Sign in") && !stale.holds("name=\"sure\""),
            "{}",
            stale.shown()
        );
    })
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one walk")]
async fn people_are_found_stopped_and_signed_out_apart() {
    run(async |stage| {
        let omar = omar(stage).await;
        let mia = Visitor::signed_in(stage, stage.scene.member).await;
        stage.mia().runs("/ask prompt:count").await;
        stage.app().await.idle().await;
        let found = omar.opens("/operator/people?q=MIA").await;
        assert_snapshot!(hidden(stage, &found), @"
        # People and servers
        Back to Operator [/operator]
        Name or id
        {q: MIA}
        People are found by name while they are signed in here, servers while they have keys; both by id always.
        People and servers that were found
        Who | Tier | Keys | 30 days | State | Actions
        miamia | community | 0 | 1 request | may ask
        (Stop mia)
        (End sessions mia)
        “Stop” lasts until you let them go on: no key pays for them, and what is being answered is finished. A person is signed out of this console; once they sign in again, each page says that the operator stopped them, and since when. “End sessions” signs a person out alone.
        ");
        let by_id = omar
            .opens(&format!("/operator/people?q={}", stage.scene.member))
            .await;
        assert_eq!(by_id.says().lines().last(), found.says().lines().last());
        let server = omar
            .opens(&format!("/operator/people?q={}", stage.scene.server))
            .await;
        assert!(server.holds("Lantern Club"), "{}", server.shown());
        let nobody = omar.opens("/operator/people?q=%25").await;
        assert!(
            nobody.holds("Nobody here is called so."),
            "{}",
            nobody.shown()
        );

        let stopped = omar.sends(&found, "/operator/block", &[]).await;
        assert!(
            stopped.holds("is stopped. What is being answered is finished."),
            "{}",
            stopped.shown()
        );
        assert!(
            stage
                .mia()
                .runs("/ask prompt:count")
                .await
                .contains("has stopped it for you")
        );
        // Whoever is stopped is signed out, is told so, and reads by whom once they
        // sign in again.
        let page = mia.opens("/keys").await;
        assert_eq!(page.status, 401);
        assert!(page.holds("You are signed out"), "{}", page.shown());
        let asked = mia.opens("/playground").await;
        let asked = mia.sends(&asked, "/playground/ask", &[("ask", "count")]).await;
        assert!(asked.holds("You are signed out"), "{}", asked.shown());
        assert!(!asked.holds("API key required"), "{}", asked.shown());
        mia.signs_in(stage.scene.member).await;
        let keys = mia.opens("/keys").await;
        assert!(keys.holds("The bot’s operator stopped you"), "{}", keys.shown());
        let address = format!("/operator/people?q={}", stage.scene.member);
        assert!(omar.opens("/operator/people?q=mia").await.holds("Stopped "));
        let found = omar.opens(&address).await;
        omar.sends(&found, "/operator/unblock", &[]).await;
        // What stops everybody is not lifted for one.
        stage.omar().runs("/admin stop").await;
        stage.omar().presses("Stop everybody").await;
        let everybody = omar.opens(&address).await.says();
        assert!(everybody.contains("Stopped, as everybody is"), "{everybody}");
        assert!(everybody.contains("(Stop mia)"), "{everybody}");
        stage.omar().runs("/admin resume").await;
        assert!(stage.is_answering().await);
        let found = omar.opens(&address).await;
        let end = found.action("/operator/people/", "/end-sessions").unwrap();
        omar.sends(&found, &end, &[]).await;
        assert_eq!(mia.opens("/operator").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn limits_and_tiers_are_set_and_taken_back() {
    run(async |stage| {
        let omar = omar(stage).await;
        let page = omar.opens("/operator").await;
        let id = stage.scene.member.to_string();
        let typed = [
            ("kind", "user"),
            ("id", &id),
            ("amount", "1"),
            ("metric", "requests"),
            ("period", "day"),
        ];
        let limited = omar.sends(&page, "/operator/limit", &typed).await;
        let says = format!(
            "The limit is set: 1 request a day for mia (id {id}), on what the bot default pays."
        );
        assert!(limited.holds(&says), "{}", limited.shown());
        assert!(stage.is_answering().await);
        assert!(!stage.is_answering().await);
        omar.sends(&limited, "/operator/unlimit", &[]).await;
        assert!(stage.is_answering().await);
        let given = omar
            .sends(&page, "/operator/tier", &[("id", &id), ("tier", "premium")])
            .await;
        assert!(
            given.holds("has the tier “premium” now"),
            "{}",
            given.shown()
        );
        let wrong = omar
            .sends(
                &page,
                "/operator/tier",
                &[("id", "mia"), ("tier", "premium")],
            )
            .await;
        assert_eq!(wrong.status, 422);
    })
    .await;
}
