//! The demo's page as Discord shows things: Markdown, faces and times, files and
//! galleries, a start with something to click, and the newest message in sight.

use latchkey_emulator::{Attachment, NewMessage};

use super::page::open;
use super::walks::{asks_axe, axe};
use crate::tests::browser::{Browser, PICTURE_SIZES};
use crate::tests::{Stage, run};

/// What there is of Discord's Markdown.
const MARKDOWN: &str = "# Title\n## Second\n### Third\n-# small print\n> quoted **bold**\n> more\n\
    - one\n  - inside\n- two\n1. first\n2. second\n\
    *slanted* _too_ **strong** ***both*** __under__ ~~gone~~ `code *as it is*` ||hidden|| \
    [words](https://example.com/a_b) <https://example.com/quiet> https://example.com/bare. \
    \\*no mark\\* snake_case_name 2*3*4 <script>alert(1)</script>\n\
    ```rust\nfn main() {\n    **plain**\n}\n```\n\
    <t:1700000000:D> <t:1700000000:R>\n>>> all\nthe rest";

/// What the newest message is made of, by its elements.
const SHOWN: &str = "(() => { const body = [...document.querySelectorAll('#messages .body')].pop();
    const all = (selector) => [...body.querySelectorAll(selector)].map((it) => it.textContent);
    return JSON.stringify({ h3: all('h3'), h4: all('h4'), h5: all('h5'), small: all('.small'),
        quotes: all('blockquote'), items: all('ul > li'), inside: all('ul ul > li'), numbered: all('ol > li'),
        em: all('em'), strong: all('strong'), u: all('u'), s: all('s'), code: all('code'),
        links: [...body.querySelectorAll('a')].map((it) => it.textContent + ' ' + it.getAttribute('href')),
        scripts: body.querySelectorAll('script').length, mentions: all('.mention'), times: all('time').length,
    }, null, 1); })()";

fn posts(stage: &Stage, text: &str, files: Vec<Attachment>) -> u64 {
    let mia = stage.mia();
    stage.world().post(NewMessage {
        person: stage.scene.manager,
        channel: mia.channel,
        text,
        files,
        ..NewMessage::default()
    })
}

/// Keeps pictures at both sizes, in both looks.
pub async fn keeps_pictures(browser: &Browser, name: &str) {
    for (width, height) in PICTURE_SIZES {
        browser.resizes(width, height).await;
        for look in ["light", "dark"] {
            browser.prefers(look).await;
            browser
                .keeps_picture(&format!("demo-{name}-{width}-{look}"))
                .await;
        }
    }
    browser.resizes(1280, 800).await;
}

#[tokio::test]
async fn markdown_is_shown_as_discord_shows_it() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let role = stage.world().look(|state| {
            let mut roles = state.servers.iter().flat_map(|server| &server.roles);
            roles.find(|role| role.name == "regulars").unwrap().id
        });
        let (zoe, channel) = (stage.scene.stranger, stage.mia().channel);
        let mentions = format!("\n<@{zoe}> <@&{role}> <#{channel}> <@1>");
        let text = MARKDOWN.replace("\n>>> all", &format!("{mentions}\n>>> all"));
        posts(stage, &text, Vec::new());
        browser.shows("small print").await;
        let shown = browser.evaluates(SHOWN).await;
        insta::assert_snapshot!(shown.as_str().unwrap());
        // Hidden from eyes and ears until it is clicked.
        let body = "[...document.querySelectorAll('#messages .body')].pop()";
        let says = browser.evaluates(&format!("{body}.innerText")).await;
        assert!(!says.as_str().unwrap().contains("hidden"), "{says}");
        keeps_pictures(&browser, "markdown").await;
        browser
            .evaluates("document.querySelector('button.spoiler').focus()")
            .await;
        browser.presses("Enter").await;
        browser
            .until(&format!("{body}.innerText.includes('hidden')"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn the_start_offers_three_things_and_tab_reaches_the_conversation_first() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let offered = "document.querySelectorAll('#suggestions button').length";
        browser.until(&format!("{offered} === 3")).await;
        browser.until("!document.getElementById('start').hidden").await;
        keeps_pictures(&browser, "start").await;
        let stops = "(() => { const all = [...document.querySelectorAll('a, button, select, input, [tabindex]')];
            return all.find((it) => it.tabIndex >= 0 && it.checkVisibility() && it.type !== 'file').id; })()";
        assert_eq!(browser.evaluates(stops).await, "messages");
        browser
            .evaluates("document.querySelector('#suggestions button').click()")
            .await;
        browser.shows("You asked").await;
        browser.until("document.getElementById('start').hidden").await;
        // Who wrote it, and when.
        browser.shows("Today at").await;
        let faces = "[...document.querySelectorAll('#messages .avatar')].map((it) => it.textContent).join()";
        browser.until(&format!("{faces} === 'M,'")).await;
        browser
            .evaluates("document.querySelectorAll('#suggestions button')[1].click()")
            .await;
        browser.until("document.getElementById('modal').open").await;
    })
    .await;
}

#[tokio::test]
async fn the_newest_message_is_in_sight_unless_its_reader_looks_further_up() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.resizes(390, 500).await;
        for number in 0..30 {
            posts(stage, &format!("message {number}"), Vec::new());
        }
        browser.shows("message 29").await;
        let gap = "(() => { const list = document.getElementById('messages');
            return list.scrollHeight - list.scrollTop - list.clientHeight < 2; })()";
        browser.until(gap).await;
        // A picture is there before it has a height.
        let picture = latchkey_emulator::providers::picture("tall", 7);
        let files = vec![Attachment::uploaded("tall.png", &picture)];
        posts(stage, "look", files);
        browser
            .until("document.querySelector('#messages img.file')?.naturalWidth > 0")
            .await;
        browser.until(gap).await;
        // So is a message box that grows.
        browser
            .evaluates("document.querySelector('.tools button').click()")
            .await;
        browser.shows("Replying to").await;
        browser.until(gap).await;
        // Whoever reads further up stays there, and is told.
        browser
            .evaluates("document.getElementById('messages').scrollTop = 0")
            .await;
        posts(stage, "the newest", Vec::new());
        browser.shows("New messages").await;
        assert_eq!(
            browser
                .evaluates("document.getElementById('messages').scrollTop")
                .await,
            0
        );
        browser
            .evaluates("document.getElementById('newest').click()")
            .await;
        browser.until(gap).await;
    })
    .await;
}

#[tokio::test]
async fn files_are_attached_by_button_by_drop_and_by_paste() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        // A person's hand: what the browser makes of a dropped, pasted or chosen
        // file.
        let brings = |way: &str| {
            format!(
                "(() => {{ const data = new DataTransfer();
                data.items.add(new File(['made up by {way}'], '{way}.txt', {{ type: 'text/plain' }}));
                const input = document.getElementById('files');
                if ('{way}' === 'button') {{ input.files = data.files; input.onchange(); }}
                if ('{way}' === 'drop') document.querySelector('main').dispatchEvent(new DragEvent('drop', {{ dataTransfer: data, bubbles: true, cancelable: true }}));
                if ('{way}' === 'paste') document.getElementById('line').dispatchEvent(new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true }}));
                }})()"
            )
        };
        for (at, way) in ["button", "drop", "paste"].iter().enumerate() {
            browser.evaluates(&brings(way)).await;
            let there = format!("document.querySelectorAll('#chosen li').length === {}", at + 1);
            browser.until(&there).await;
        }
        browser
            .evaluates("document.querySelector('#chosen li button').click()")
            .await;
        browser.until("document.activeElement.id === 'line'").await;
        keeps_pictures(&browser, "attached").await;
        browser.types("what is in these?").await;
        browser.presses("Enter").await;
        browser.until("document.getElementById('chosen').hidden").await;
        let sent = stage
            .world()
            .until(|state| {
                let message = state.messages.iter().find(|it| it.files.len() == 2)?;
                let files = message.files.iter();
                let told = files.map(|it| (it.name.clone(), it.bytes.clone()));
                Some(told.collect::<Vec<_>>())
            })
            .await;
        let expected = ["drop", "paste"]
            .map(|way| (format!("{way}.txt"), format!("made up by {way}").into_bytes()));
        assert_eq!(sent, expected);
        // A command takes one as its option, where it has such an option.
        browser.evaluates(&brings("button")).await;
        browser.until("!document.getElementById('chosen').hidden").await;
        browser.types("/keys status").await;
        browser.evaluates("document.getElementById('composer').requestSubmit()").await;
        browser.shows("This command takes no file.").await;
        browser
            .evaluates("document.getElementById('line').value = ''")
            .await;
        browser.types("/ask prompt:what is in it").await;
        browser.evaluates("document.getElementById('composer').requestSubmit()").await;
        browser.shows("You asked: what is in it").await;
        browser.until("document.getElementById('chosen').hidden").await;
        assert!(stage.told("groq").contains("made up by button"));
    })
    .await;
}

#[tokio::test]
async fn several_pictures_stand_in_a_gallery() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let picture = |seed| {
            let bytes = latchkey_emulator::providers::picture("several", seed);
            Attachment::uploaded(&format!("picture-{seed}.png"), &bytes)
        };
        posts(stage, "four", (1..5).map(picture).collect());
        posts(stage, "three", (1..4).map(picture).collect());
        browser
            .until("document.querySelectorAll('#messages .gallery img').length === 7")
            .await;
        browser
            .until("[...document.querySelectorAll('#messages img')].every((it) => it.naturalWidth > 0)")
            .await;
        let wide = "document.querySelectorAll('.gallery')[1].querySelector('a:last-child').offsetWidth >
            document.querySelectorAll('.gallery')[1].querySelector('a').offsetWidth";
        browser.until(wide).await;
        keeps_pictures(&browser, "gallery").await;
    })
    .await;
}

#[tokio::test]
async fn what_is_answered_stands_above_it_as_it_is_shown() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        let zoe = stage.scene.stranger;
        let text = format!("<@{zoe}> ~~gone~~ ||hidden|| <t:1700000000:D> {}", "x".repeat(90));
        let first = posts(stage, &text, Vec::new());
        stage.mia().writes("I see", Some(first));
        let quoted = "[...document.querySelectorAll('.command')].map((it) => it.textContent).find((it) => it.startsWith('↪'))";
        browser.until(&format!("!!{quoted}")).await;
        let shown = browser.evaluates(quoted).await;
        let shown = shown.as_str().unwrap();
        assert!(shown.starts_with("↪ omar: @zoe gone ▮▮▮ "), "{shown}");
        assert!(shown.ends_with("xxx…") && !shown.contains("<t:"), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_escape_and_a_tap_beside_them_close_the_menu_and_the_keys() {
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        browser.resizes(390, 844).await;
        let menu = "document.getElementById('side').classList.contains('open')";
        let keys = "!document.getElementById('keys').hidden";
        let tap = "document.getElementById('messages').dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))";
        for (button, is_open) in [("menu", menu), ("keys-button", keys)] {
            for closes_with_a_tap in [false, true] {
                browser
                    .evaluates(&format!("document.getElementById('{button}').click()"))
                    .await;
                browser.until(is_open).await;
                if closes_with_a_tap {
                    browser.evaluates(tap).await;
                } else {
                    browser.presses("Escape").await;
                }
                browser.until(&format!("!({is_open})")).await;
            }
        }
    })
    .await;
}

/// The page's own headings are in order, wide and narrow.
#[tokio::test]
async fn the_page_keeps_the_rules_of_accessibility() {
    let Some(axe) = axe() else { return };
    run(async |stage| {
        let Some(browser) = open(stage).await else {
            return;
        };
        stage.mia().runs("/keys status").await;
        browser.shows("Latchkey").await;
        for (width, height) in [(1_280, 800), (360, 740)] {
            browser.resizes(width, height).await;
            let found = asks_axe(&browser, &axe).await;
            assert_eq!(found, Vec::<String>::new(), "{width}");
        }
    })
    .await;
}
