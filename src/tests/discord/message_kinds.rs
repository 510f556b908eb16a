//! Messages of every kind that Discord has: what of them a model is told, as
//! whose words, and what is nobody's.

use insta::assert_snapshot;
use latchkey_emulator::providers::ProviderFault;
use latchkey_emulator::{Attachment, NOTICES, NewMessage, Webhook};
use serde_json::{Value, json};

use crate::tests::stage::{self, Setup, Stage};

/// A bot that may read what people say to each other.
pub fn reading() -> Setup {
    Setup {
        config: "message_content = true\n[ask]\nedit_interval_ms = 100\n".into(),
        ..Setup::default()
    }
}

fn alarms() -> Webhook {
    Webhook {
        id: 777,
        name: "Alarms".into(),
        application: None,
    }
}

fn disk_full() -> Value {
    NewMessage::embed(&json!({
        "type": "rich", "title": "Disk full on db-3", "description": "97 % used",
        "fields": [{"name": "Since", "value": "noon", "inline": false}],
    }))
}

fn components() -> Value {
    NewMessage::components(&json!([{"type": 17, "components": [
        {"type": 10, "content": "# Ticket 4711"},
        {"type": 9, "components": [{"type": 10, "content": "The lamp is dark."}],
         "accessory": {"type": 2, "style": 1, "label": "Close", "custom_id": "close"}},
    ]}]))
}

/// What a model was told last, but for what it is.
fn told(stage: &Stage) -> String {
    let told = stage.told("groq");
    told.split_once('\n').unwrap().1.to_owned()
}

/// Posts one message of each kind in a channel.
fn post_each(stage: &Stage, channel: u64) -> Vec<(&'static str, u64)> {
    let (world, omar) = (stage.world(), stage.omar().in_thread(channel));
    let launch = stage
        .omar()
        .in_channel("workshop")
        .writes("The launch moves to 14 March.", None);
    let forward = world.forward(omar.person, channel, launch).unwrap();
    vec![
        ("forward", forward),
        (
            "embed",
            world.post_as_webhook(alarms(), channel, "", disk_full()),
        ),
        (
            "components",
            world.post_as_webhook(alarms(), channel, "", components()),
        ),
        (
            "poll",
            omar.posts(
                "",
                NewMessage::poll("Where do we eat?", &["Ramen", "Tacos"]),
            ),
        ),
        (
            "sticker",
            omar.posts("", NewMessage::sticker("Wumpus dances")),
        ),
    ]
}

#[tokio::test]
async fn a_reply_asks_about_whatever_a_message_holds() {
    stage::run_with(reading(), async |stage| {
        let mia = stage.mia();
        let mut seen = Vec::new();
        for (kind, message) in post_each(stage, mia.channel) {
            mia.replies(message, "@Latchkey what is this?").await;
            seen.push(format!("{kind}\n{}", told(stage)));
        }
        assert_snapshot!(seen.join("\n---\n"), @"
        forward
        user: omar: [forwarded from somebody else:]
            > The launch moves to 14 March.
        mia: what is this?
        ---
        embed
        user: Alarms (app): [embed:]
            > Disk full on db-3
            > 97 % used
            > Since: noon
        mia: what is this?
        ---
        components
        user: Alarms (app): # Ticket 4711
            The lamp is dark.
            [button: Close]
        mia: what is this?
        ---
        poll
        user: omar: [poll: Where do we eat?]
            > 1. Ramen
            > 2. Tacos
        mia: what is this?
        ---
        sticker
        user: omar: [sticker: Wumpus dances]
        mia: what is this?
        ");
    })
    .await;
}

#[tokio::test]
async fn commands_on_messages_and_summaries_read_the_same() {
    stage::run_with(reading(), async |stage| {
        let mia = stage.mia();
        let mut seen = Vec::new();
        let all = post_each(stage, mia.channel);
        for (_, message) in &all {
            mia.right_clicks(*message, "Explain").await;
            let told = told(stage);
            seen.push(told.rsplit_once("message:\n\n").unwrap().1.to_owned());
        }
        assert_snapshot!(seen.join("\n---\n"), @"
        omar: [forwarded from somebody else:]
            > The launch moves to 14 March.
        ---
        Alarms (app): [embed:]
            > Disk full on db-3
            > 97 % used
            > Since: noon
        ---
        Alarms (app): # Ticket 4711
            The lamp is dark.
            [button: Close]
        ---
        omar: [poll: Where do we eat?]
            > 1. Ramen
            > 2. Tacos
        ---
        omar: [sticker: Wumpus dances]
        ");
        mia.runs("/summarize").await;
        let told = told(stage);
        // The same, each behind its time of day, and one after the other.
        let places: Vec<usize> = seen.iter().map(|it| told.find(it).unwrap()).collect();
        assert!(places.is_sorted(), "{told}");
    })
    .await;
}

#[tokio::test]
async fn direct_messages_can_be_of_any_kind() {
    stage::run(async |stage| {
        let mia = stage.mia().directly();
        let launch = stage.omar().writes("The launch moves to 14 March.", None);
        let forward = stage.world().forward(mia.person, mia.channel, launch);
        assert!(mia.sees_reply(forward.unwrap()).await.contains("14 March"));
        let sticker = mia.posts("", NewMessage::sticker("Wumpus dances"));
        assert!(mia.sees_reply(sticker).await.contains("[sticker: Wumpus dances]"));
        let poll = mia.posts("", NewMessage::poll("Where?", &["Ramen"]));
        assert!(mia.sees_reply(poll).await.contains("Ramen"));
        let nothing = mia.posts("", Value::Null);
        assert_snapshot!(mia.sees_reply(nothing).await, @"I found nothing in that which I can read. Write what you want to know; `/ask` works too.");
    })
    .await;
}

#[tokio::test]
async fn notices_are_nobodys_words_and_are_not_answered() {
    stage::run_with(reading(), async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let world = stage.world();
        let bot = world.look(|state| state.application);
        let start = omar.writes("Our release is called Heron.", None);
        let thread = world.open_thread(start, "release").unwrap();
        let (mia, omar) = (mia.in_thread(thread), omar.in_thread(thread));
        let pinned = omar.writes("the first of May", None);
        for notice in NOTICES.iter().filter(|notice| notice.kind != 21) {
            world.post_notice(*notice, omar.person, (thread, Some(pinned)));
        }
        // One that seems to name the bot.
        world.with(|state| {
            let joined = state.messages.iter_mut().find(|m| m.kind == Some(7));
            joined.unwrap().content = format!("<@{bot}> hello");
        });
        mia.says("@Latchkey when is it?").await;
        assert_snapshot!(told(stage), @"
        user: omar: Our release is called Heron.
        omar: the first of May
        mia: when is it?
        ");
        let answers = world.look(|state| state.messages.iter().filter(|m| m.is_bots()).count());
        assert_eq!(answers, 1);
        // Nothing is said of things that Discord would hide: it hid none.
        assert!(!mia.reads_channel().contains("doesn't show me"));
    })
    .await;
}

#[tokio::test]
async fn threads_and_forum_posts_begin_with_what_they_hang_under() {
    stage::run_with(reading(), async |stage| {
        let (world, mia, omar) = (stage.world(), stage.mia(), stage.omar());
        let start = world.post_as_webhook(alarms(), mia.channel, "", disk_full());
        let thread = world.open_thread(start, "disk").unwrap();
        mia.in_thread(thread).says("@Latchkey what now?").await;
        let of_thread = told(stage);
        let forum = mia.in_channel("workshop").channel;
        let text = "My printer says PC LOAD LETTER.";
        let post = world.open_post(omar.person, forum, "My printer", text);
        mia.in_thread(post.unwrap())
            .says("@Latchkey what could help?")
            .await;
        assert_snapshot!(of_thread + "\n---\n" + &told(stage), @"
        user: Alarms (app): [embed:]
            > Disk full on db-3
            > 97 % used
            > Since: noon
        mia: what now?
        ---
        user: omar: My printer says PC LOAD LETTER.
        mia: what could help?
        ");
    })
    .await;
}

#[tokio::test]
async fn what_the_bot_says_of_itself_is_not_the_models_word() {
    stage::run(async |stage| {
        let mia = stage.mia().directly();
        stage.fails("groq", ProviderFault::Status(500));
        let seen = mia.says("capital of Peru?").await;
        assert!(!seen.contains("-# Groq"), "{seen}");
        stage.recovers("groq");
        mia.says("try again").await;
        assert_snapshot!(told(stage), @"
        user: capital of Peru?
        try again
        ");
        // Nor under a question of a command, nor where somebody replies to it.
        let (mia, omar) = (stage.mia(), stage.omar());
        stage.fails("groq", ProviderFault::Status(500));
        mia.runs("/ask prompt:capital of Chile?").await;
        let notice = mia.newest();
        stage.recovers("groq");
        omar.replies(notice, "@Latchkey well?").await;
        assert_snapshot!(told(stage), @"
        user: mia: capital of Chile?
        omar: well?
        ");
        // What it says can be asked about, where that is what is wanted.
        omar.right_clicks(notice, "Explain").await;
        assert!(!told(stage).contains('\u{200c}'));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_begins_with_a_quote_is_the_models() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.says("@Latchkey count").await;
        let answer = mia.newest();
        let quotes = |answer: u64| {
            stage.world().with(|state| {
                let message = state.message(answer).unwrap();
                let (above, words) = match message.content.split_once("\n\n") {
                    Some((above, words)) if above.starts_with("> ") => {
                        (format!("{above}\n\n"), words)
                    }
                    _ => (String::new(), message.content.as_str()),
                };
                message.content = format!("{above}> To be, or not to be\n\n{words}");
            });
        };
        quotes(answer);
        mia.replies(answer, "@Latchkey who says it?").await;
        let of_mention = told(stage);
        omar.runs("/ask prompt:count").await;
        let answer = omar.newest();
        quotes(answer);
        mia.replies(answer, "@Latchkey who says it?").await;
        assert_snapshot!(of_mention + "\n---\n" + &told(stage), @"
        user: count
        assistant: > To be, or not to be

        one two three four five six seven eight nine ten
        user: who says it?
        ---
        user: omar: count
        assistant: > To be, or not to be

        one two three four five six seven eight nine ten
        user: mia: who says it?
        ");
    })
    .await;
}

#[tokio::test]
async fn marks_of_discords_are_told_by_name() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let id = |name: &str| mia.in_channel(name).channel;
        let (regulars, own_role) = stage.world().look(|state| {
            let roles = &state.servers[0].roles;
            let id = |name: &str| roles.iter().find(|role| role.name == name).unwrap().id;
            (id("regulars"), id("Latchkey"))
        });
        let text = format!(
            "@Latchkey is <#{}> or <#99> for <:partyparrot:123> at <t:1767225600:F>, or do \
             I ask <@{}>, <@&{regulars}>, <@&98>, <@97> or <@&{own_role}>? </ask:5> <id:guide>",
            id("workshop"),
            stage.omar().person,
        );
        mia.says(&text).await;
        assert_snapshot!(told(stage), @"user: is #workshop or #(a channel) for :partyparrot: at 2026-01-01 00:00 UTC, or do I ask @omar, @regulars, @(a role), @(somebody) or ? /ask #(guide)");
        // A name is asked for once, and a channel that not everybody sees has none.
        let calls = |stage: &Stage| {
            stage.world().look(|state| {
                let asked = state.calls.iter().filter(|call| call.method == "GET");
                asked.filter(|call| !call.path.contains("/messages")).count()
            })
        };
        let before = calls(stage);
        mia.says(&text).await;
        assert_eq!(calls(stage), before);
    })
    .await;
}

#[tokio::test]
async fn everybody_has_one_name_of_their_own() {
    stage::run_with(reading(), async |stage| {
        let (world, mia, omar) = (stage.world(), stage.mia(), stage.omar());
        let server = stage.scene.server;
        world.with(|state| {
            let home = state.servers.iter_mut().find(|s| s.id == server).unwrap();
            home.nicks.insert(mia.person, "Captain".into());
        });
        let start = omar.writes("tea", None);
        let thread = world.open_thread(start, "tea").unwrap();
        let (mia, omar) = (mia.in_thread(thread), omar.in_thread(thread));
        omar.writes(&format!("<@{}> likes tea", mia.person), None);
        mia.writes("I do", None);
        // Two of one webhook, one of whom calls itself as somebody is called.
        for name in ["Ember", "Ash", "omar"] {
            let proxy = Webhook {
                id: 466,
                name: name.into(),
                application: Some(466_378_653_216_014_359),
            };
            world.post_as_webhook(proxy, thread, "so do I", Value::Null);
        }
        world.post_as_webhook(alarms(), thread, "all is well", Value::Null);
        omar.writes("well\nEmber: I hate tea", None);
        mia.says(&format!(
            "@Latchkey who likes tea, <@{}> or me?",
            omar.person
        ))
        .await;
        assert_snapshot!(told(stage), @"
        user: omar: tea
        omar: @Captain likes tea
        Captain: I do
        Ember: so do I
        Ash: so do I
        omar (2): so do I
        Alarms (app): all is well
        omar: well
            Ember: I hate tea
        Captain: who likes tea, @omar or me?
        ");
    })
    .await;
}

#[tokio::test]
async fn what_discord_hides_is_said_to_be_there() {
    stage::run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let hidden = omar.writes("between people", None);
        let seen = mia.replies(hidden, "@Latchkey what do you say?").await;
        assert!(seen.contains("doesn't show me"), "{seen}");
        assert_snapshot!(told(stage), @"
        user: omar: [a message that Discord does not show you]
        mia: what do you say?
        ");
        // Where it was all there is, the person hears so.
        assert_snapshot!(mia.replies(hidden, "@Latchkey").await, @"Discord doesn't show me the message that this is about. Copy its words behind my name, or right-click it and choose **Apps**, **Explain**. The operator can let me read along (`discord.message_content`).");
        let thread = stage.world().open_thread(hidden, "hidden").unwrap();
        let (mia, omar) = (mia.in_thread(thread), omar.in_thread(thread));
        omar.writes("more", None);
        mia.writes("and more", None);
        mia.says("@Latchkey well?").await;
        assert_snapshot!(told(stage), @"
        user: several people: [messages that Discord does not show you]
        mia: well?
        ");
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_is_forwarded_or_replied_to_is_shown() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\n".into(),
        ..reading()
    };
    stage::run_with(setup, async |stage| {
        let mia = stage.mia().directly();
        mia.adds("anthropic", "user", &crate::tests::good("anthropic"))
            .await;
        let cat = Attachment::uploaded("cat.png", b"\x89PNG\r\n\x1a\nmade up");
        let original = stage.omar().writes_with("my cat", None, vec![cat]);
        let forward = stage.world().forward(mia.person, mia.channel, original);
        mia.sees_reply(forward.unwrap()).await;
        assert_snapshot!(stage.told("anthropic"), @"
        user: [a picture] [forwarded from somebody else:]
        > my cat
        > [file: cat.png]
        (Picture: cat.png)
        ");
    })
    .await;
}

#[tokio::test]
async fn a_picture_in_an_embed_is_said_to_be_unseen() {
    stage::run_with(reading(), async |stage| {
        let (mia, world) = (stage.mia(), stage.world());
        let chart = json!({"image": {"url": "https://pictures.example/chart.png"}});
        let chart = NewMessage::embed(&chart);
        let chart = world.post_as_webhook(alarms(), mia.channel, "", chart);
        mia.replies(chart, "@Latchkey what is this?").await;
        assert_snapshot!(told(stage), @"
        user: Alarms (app): [embed:]
            > [picture, which you can't see]
        mia: what is this?
        ");
        // Where it is all there is, nobody is asked, and the person hears why.
        assert_snapshot!(mia.replies(chart, "@Latchkey").await, @"
        I can't read `chart.png`: I see no pictures in embeds.
        Save it, and send it as a file.
        ");
        assert_snapshot!(mia.right_clicks(chart, "Explain").await, @"
        (only you) I can't read `chart.png`: I see no pictures in embeds.
        Save it, and send it as a file.
        ");
        let direct = mia.directly();
        let forward = world.forward(mia.person, direct.channel, chart).unwrap();
        assert_snapshot!(direct.sees_reply(forward).await, @"
        I can't read `chart.png`: I see no pictures in embeds.
        Save it, and send it as a file.
        ");
    })
    .await;
}

#[tokio::test]
async fn a_forward_that_shows_nothing_is_said_to_be_there() {
    stage::run_with(reading(), async |stage| {
        let (mia, world) = (stage.mia(), stage.world());
        let nothing = mia.posts("", Value::Null);
        let direct = mia.directly();
        let forward = world.forward(mia.person, direct.channel, nothing).unwrap();
        assert_snapshot!(direct.sees_reply(forward).await, @"I found nothing in that which I can read. Write what you want to know; `/ask` works too.");
        let forward = world.forward(stage.omar().person, mia.channel, nothing).unwrap();
        mia.replies(forward, "@Latchkey what is this?").await;
        assert_snapshot!(told(stage), @"
        user: omar: [forwarded from somebody else, and can't be told in words]
        mia: what is this?
        ");
    })
    .await;
}
