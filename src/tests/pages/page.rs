//! The demo's page in a browser, with the keyboard alone.

use std::time::Duration;

use crate::tests::browser::Browser;
use crate::tests::{Stage, good, run};

/// Opens the demo's page; none where there is no browser.
pub async fn open(stage: &Stage) -> Option<Browser> {
    stage
        .world()
        .with(|state| state.providers.pace = Duration::from_millis(120));
    let browser = Browser::open(&format!("http://{}/", stage.scene.emulator.address())).await?;
    browser
        .until("document.querySelectorAll('#channels button').length > 0")
        .await;
    Some(browser)
}

/// Types a line into the message box and sends it. Completion may be open
/// over it; Enter sends unless an entry is chosen.
async fn sends(browser: &Browser, line: &str) {
    browser.until("document.activeElement.id === 'line'").await;
    browser.types(line).await;
    browser.presses("Enter").await;
    browser
        .until("document.getElementById('line').value === ''")
        .await;
}

#[tokio::test]
async fn a_newcomer_is_refused_follows_the_advice_and_is_answered() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.shows("mia (member)").await;
        sends(&browser, "/ask prompt:hello provider:openai").await;
        browser
            .shows("No API key configured: there is no key for OpenAI that can pay here.")
            .await;
        browser.shows("Only you can see this").await;
        browser.keeps_picture("refused").await;

        sends(&browser, "/keys add provider:openai scope:user").await;
        browser.until("document.getElementById('modal').open").await;
        browser.until("document.activeElement.name === 'key'").await;
        browser.keeps_picture("form").await;
        browser.types(&good("openai")).await;
        browser.presses("Enter").await;
        browser
            .until("!document.getElementById('modal').open")
            .await;
        browser
            .shows("Stored the personal key: OpenAI …6789.")
            .await;
        let typed = browser.evaluates("document.body.innerText").await;
        assert!(
            !typed
                .as_str()
                .unwrap()
                .contains(&format!("Stored {}", good("openai")))
        );

        sends(&browser, "/ask prompt:count provider:openai").await;
        let last = "document.querySelector('#messages li:last-child .body').innerText";
        browser
            .until(&format!(
                "{last}.includes('two') && !{last}.includes('ten')"
            ))
            .await;
        browser
            .shows("OpenAI gpt-6-luna · 👤 personal key · 12 tokens in, 10 out")
            .await;
        browser.keeps_picture("answered").await;
    })
    .await;
}

#[tokio::test]
async fn commands_complete_and_buttons_work_with_the_keyboard() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let line = "document.getElementById('line').value";
        browser.until("document.activeElement.id === 'line'").await;
        browser.types("/keys re").await;
        browser
            .until("document.querySelectorAll('#hints li').length === 2")
            .await;
        browser.presses("ArrowDown").await;
        browser.presses("Enter").await;
        browser.until(&format!("{line} === '/keys remove '")).await;
        browser.presses("Escape").await;
        browser
            .evaluates("document.getElementById('line').value = ''")
            .await;

        stage.mia().adds("mistral", "user", &good("mistral")).await;
        browser.types("/keys remove provider:").await;
        browser
            .until("document.querySelector('#hints li')?.innerText.startsWith('Mistral')")
            .await;
        browser.presses("Tab").await;
        browser
            .until(&format!("{line} === '/keys remove provider:mistral '"))
            .await;
        browser.presses("Escape").await;
        browser.presses("Enter").await;
        browser.shows("It can't be brought back.").await;
        browser.keeps_picture("buttons").await;
        // Back from the message box: Keep, then Remove.
        browser.presses_shift("Tab").await;
        browser
            .until("document.activeElement.textContent === 'Keep'")
            .await;
        browser.presses_shift("Tab").await;
        browser
            .until("document.activeElement.textContent === 'Remove'")
            .await;
        browser.presses("Enter").await;
        browser.shows("Removed the personal key for Mistral.").await;
        browser.until("document.activeElement.id === 'line'").await;
    })
    .await;
}

#[tokio::test]
async fn a_form_closes_with_escape_and_a_wrong_command_says_what_is_wrong() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.until("document.activeElement.id === 'line'").await;
        browser.types("/ask model:x").await;
        browser.presses("Escape").await;
        browser.presses("Enter").await;
        browser.shows("the option `prompt` is required").await;
        browser
            .evaluates("document.getElementById('line').value = ''")
            .await;
        sends(&browser, "/keys add provider:openai scope:user").await;
        browser.until("document.getElementById('modal').open").await;
        browser.presses("Escape").await;
        browser
            .until("!document.getElementById('modal').open")
            .await;
        browser.until("document.activeElement.id === 'line'").await;
    })
    .await;
}

#[tokio::test]
async fn the_page_fits_a_narrow_window() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        stage
            .world()
            .with(|state| state.providers.pace = Duration::ZERO);
        browser.narrows().await;
        sends(&browser, "/ask prompt:a long answer with code").await;
        browser.shows("tokens in").await;
        assert_eq!(
            browser
                .evaluates("document.documentElement.scrollWidth <= 360")
                .await,
            true
        );
        browser.keeps_picture("narrow").await;
        browser
            .evaluates("document.getElementById('menu').focus()")
            .await;
        browser.presses("Enter").await;
        browser
            .until("document.activeElement.id === 'person'")
            .await;
        browser.keeps_picture("narrow-menu").await;
    })
    .await;
}

#[tokio::test]
async fn a_chart_and_its_table_are_shown_and_offered() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        stage
            .world()
            .with(|state| state.providers.pace = Duration::ZERO);
        sends(&browser, "/ask prompt:count").await;
        browser.shows("tokens in").await;
        sends(&browser, "/usage period:7 days").await;
        browser
            .until("document.querySelector('#messages img.file')?.naturalWidth === 880")
            .await;
        browser
            .until("document.querySelector('#messages a.file')?.download === 'usage.csv'")
            .await;
        assert_eq!(
            browser
                .evaluates("document.querySelector('#messages img.file').alt")
                .await,
            "Estimated cost by day, in US dollars"
        );
        browser.keeps_picture("usage-page").await;
    })
    .await;
}

#[tokio::test]
async fn a_key_for_one_ask_is_typed_beside_its_prompt() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        stage
            .world()
            .with(|state| state.providers.pace = Duration::ZERO);
        sends(&browser, "/ask prompt:count provider:openai once:true").await;
        browser.until("document.getElementById('modal').open").await;
        // The prompt stands there already; the key is what is missing.
        browser
            .until("document.querySelector('#modal textarea').value === 'count'")
            .await;
        browser.until("document.activeElement.name === 'key'").await;
        browser.types(&good("openai")).await;
        browser.presses("Enter").await;
        browser.shows("🔑 one-time key").await;
        browser.keeps_picture("once").await;
        sends(&browser, "/quota status").await;
        browser.shows("0 of 10 requests a minute").await;
    })
    .await;
}

#[tokio::test]
async fn a_conversation_goes_on_by_mention_reply_and_menu() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        stage
            .world()
            .with(|state| state.providers.pace = Duration::ZERO);
        sends(&browser, "@Latchkey hello").await;
        browser.shows("You asked: hello").await;
        browser.until("document.querySelectorAll('.buttons button').length === 3").await;
        // The last message's Reply, by the keyboard.
        browser
            .evaluates("[...document.querySelectorAll('.tools button')].pop().focus()")
            .await;
        browser.presses("Enter").await;
        browser.shows("Replying to Latchkey").await;
        sends(&browser, "and in French?").await;
        browser.shows("You asked: and in French?").await;
        assert!(stage.told("groq").contains("assistant: You asked: hello"));
        browser.keeps_picture("conversation").await;
        // Another model, and a message command.
        browser.evaluates("[...document.querySelectorAll('.buttons button')].find((b) => b.textContent === 'Other model').click()").await;
        browser.until("document.querySelector('.buttons select')?.options.length > 1").await;
        browser
            .evaluates("(() => { const menu = document.querySelector('.buttons select'); menu.value = 'groq/openai/gpt-oss-20b'; menu.onchange(); })()")
            .await;
        browser.until("document.querySelectorAll('.buttons button').length === 9").await;
        browser
            .evaluates("(() => { const menu = document.querySelector('.tools select'); menu.value = 'Explain'; menu.onchange(); })()")
            .await;
        browser.shows("You asked: Explain this message:").await;
        browser.shows("Only you can see this").await;
    })
    .await;
}

#[tokio::test]
async fn who_manages_the_server_changes_what_the_bot_may_do() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.shows("mia (member)").await;
        let hidden = "document.getElementById('permits-button').hidden";
        assert_eq!(browser.evaluates(hidden).await, true, "mia manages nothing");
        let select = "(() => { const it = document.getElementById('person'); \
            it.value = [...it.options].find((o) => o.text.startsWith('omar')).value; it.onchange(); })()";
        browser.evaluates(select).await;
        browser.until(&format!("!{hidden}")).await;
        browser.evaluates("document.getElementById('permits-button').click()").await;
        browser.shows("Send Messages in Threads").await;
        browser.keeps_picture("permits").await;
        let send = "document.querySelector('#permit-list input[name=\"Send Messages\"]')";
        browser.evaluates(&format!("{send}.click()")).await;
        let denied = |state: &latchkey_emulator::WorldState| {
            let general = state.channels.iter().find(|c| c.name == "general")?;
            (!general.rules.overwrites.is_empty()).then_some(())
        };
        stage.world().until(denied).await;
        browser.until(&format!("!{send}.checked")).await;
        browser.evaluates("document.getElementById('line').focus()").await;
        sends(&browser, "@Latchkey hello").await;
        let omar = stage.omar().directly();
        stage
            .world()
            .until(|state| {
                let mut all = state.messages.iter();
                all.find(|m| m.channel == omar.channel).map(|_| ())
            })
            .await;
        assert!(omar.reads_channel().starts_with("I may not write in <#general>"));
    })
    .await;
}

#[tokio::test]
async fn nobody_else_changes_what_the_bot_may_do() {
    run(async |stage| {
        let changes = async |person: u64, channel: u64, name: &str| {
            let url = format!("http://{}/demo/permit", stage.scene.emulator.address());
            let body = serde_json::json!({
                "person": person.to_string(), "channel": channel.to_string(),
                "line": name, "option": "deny",
            });
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            client
                .post(url)
                .json(&body)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        };
        let (mia, omar, zoe) = (stage.mia(), stage.omar(), stage.zoe());
        assert_eq!(changes(mia.person, mia.channel, "Attach Files").await, 400);
        assert_eq!(changes(zoe.person, zoe.channel, "Attach Files").await, 400);
        assert_eq!(changes(omar.person, omar.channel, "Fly").await, 400);
        assert_eq!(
            changes(omar.person, omar.channel, "Attach Files").await,
            200
        );
        let timed_out = "Not timed out (whole server)";
        assert_eq!(changes(omar.person, omar.channel, timed_out).await, 200);
    })
    .await;
}

/// The page is open a second before the bot is connected: what is sent then
/// reaches it all the same.
#[tokio::test]
async fn what_is_sent_before_the_bot_is_there_waits_for_it() {
    run(async |stage| {
        stage.world().with(|state| state.ready_is_sent = false);
        let address = stage.scene.emulator.address();
        let channel = stage
            .world()
            .look(|state| state.channels.first().unwrap().id.to_string());
        let person = stage.scene.member.to_string();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let events = format!("http://{address}/demo/events?person={person}");
        let mut events = client.get(events).send().await.unwrap();
        let body = serde_json::json!({
            "person": person, "channel": channel, "line": "/keys status",
        });
        let call = client
            .post(format!("http://{address}/demo/run"))
            .json(&body);
        let asked = |state: &latchkey_emulator::WorldState| state.interactions.len();
        let waiting = async {
            let mut seen = String::new();
            while !seen.contains("\n\n") {
                let chunk = events.chunk().await.unwrap().unwrap();
                seen.push_str(&String::from_utf8_lossy(&chunk));
            }
            assert!(seen.contains("\"ready\":false"), "{seen}");
            assert_eq!(stage.world().look(asked), 0);
            stage.world().with(|state| state.ready_is_sent = true);
        };
        let ((), answered) = tokio::join!(waiting, call.send());
        assert_eq!(answered.unwrap().status(), 200);
        assert_eq!(stage.world().look(asked), 1);
    })
    .await;
}

#[tokio::test]
async fn a_spoiler_is_covered_until_somebody_presses_on_it() {
    run(async |stage| {
        stage.mia().adds("openai", "user", &good("openai")).await;
        let Some(browser) = open(stage).await else {
            return;
        };
        sends(&browser, "/imagine prompt:a lighthouse spoiler:true").await;
        let spoiler = "document.querySelector('#messages .covered')";
        browser.until(&format!("{spoiler} !== null")).await;
        let seen = browser
            .evaluates(&format!(
                "{spoiler}.querySelector('a').inert && getComputedStyle({spoiler}.querySelector('img')).filter"
            ))
            .await;
        assert_eq!(seen, "blur(40px)");
        browser.keeps_picture("spoiler").await;
        browser
            .evaluates(&format!("{spoiler}.querySelector('button').focus()"))
            .await;
        browser.presses("Enter").await;
        browser.until(&format!("{spoiler} === null")).await;
        browser
            .until("document.activeElement.href.includes('/demo/files/')")
            .await;
        // It stays so when the message is drawn anew.
        browser
            .evaluates("document.getElementById('line').focus()")
            .await;
        sends(&browser, "/ask prompt:hello provider:openai").await;
        browser.shows("made-up model").await;
        browser.until(&format!("{spoiler} === null")).await;
    })
    .await;
}
