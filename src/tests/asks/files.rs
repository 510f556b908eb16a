//! Files that people send: what is read of them, what a model is told, and
//! what people hear of those that cannot be read.

use insta::assert_snapshot;
use latchkey_emulator::providers::{Standing, sample};
use latchkey_emulator::{Attachment, NewMessage};

use crate::tests::images::pictures::photo;
use crate::tests::stage::{self, Setup, Stage};

/// A video.
const CLIP: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\x01";
/// Bytes that are neither text nor of any kind that is known.
const NOISE: &[u8] = b"\x00\x01\x02\x03\xff\xfe\x00\x07made up";

pub fn file(name: &str, bytes: &[u8]) -> Attachment {
    Attachment::uploaded(name, bytes)
}

/// A file of which Discord tells no type.
fn untyped(name: &str, bytes: &[u8]) -> Attachment {
    Attachment {
        kind: String::new(),
        ..file(name, bytes)
    }
}

/// A photo of a phone: a JPEG that is larger than any that is shown.
pub fn big_photo() -> Attachment {
    let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
    bytes.resize(6_000_000, 7);
    Attachment {
        pixels: Some((4_032, 3_024)),
        ..file("IMG_2.jpg", &bytes)
    }
}

pub fn heic() -> Attachment {
    file(
        "IMG_1.heic",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\x01\x02\xff",
    )
}

/// One file of each kind that no model is told.
fn unreadable() -> Vec<Attachment> {
    vec![
        heic(),
        file("scan.tiff", b"II*\0\x08\0\0\0\x01\xff"),
        Attachment::voice(4.2),
        file("song.mp3", b"ID3\x04\0\0\0\0\0\x23\xff\xfb"),
        file("clip.mp4", CLIP),
        file("report-q3.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        file("offer.docx", b"PK\x03\x04\x14\0\x06\0\x08\0\xff"),
        file("all.zip", b"PK\x03\x04\x14\0\x06\0\x08\0\xff"),
        file("setup.exe", b"MZ\x90\0\x03\0\0\0\x04\0\xff\xff"),
        file("state.bin", NOISE),
        file("nothing.txt", b""),
        file("blank.txt", b" \r\n\r\n"),
        file("big.txt", "x".repeat(200_000).as_bytes()),
        Attachment {
            pixels: None,
            ..big_photo()
        },
    ]
}

/// With a model that sees pictures.
pub async fn with_seeing_model(test: impl AsyncFnOnce(&Stage)) {
    stage::run(async |stage| {
        let key = sample("anthropic", Standing::Good);
        stage.mia().adds("anthropic", "user", &key).await;
        test(stage).await;
    })
    .await;
}

#[tokio::test]
async fn text_files_are_read_whatever_wrote_them() {
    stage::run(async |stage| {
        let utf16: Vec<u8> = "\u{feff}Fehler 4711\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let files = vec![
            file("a.json", b"\xef\xbb\xbf{\"a\": 1}"),
            file("log.txt", &utf16),
            file("teile.csv", b"Gr\xf6\xdfe;St\xfcck\n4711;3\n"),
            file("отчёт.txt", "\u{43e}\u{434}\u{438}\u{43d}".as_bytes()),
            file("設計 (2).md", b"two"),
            untyped("message.txt", b"a long paste"),
            file("main.ts", b"export const one = 1;"),
            file("logo.svg", b"<svg><circle r=\"1\"/></svg>"),
            Attachment {
                kind: "image/png".into(),
                ..file("odd.png", b"words")
            },
        ];
        let mia = stage.mia();
        let sent = mia.writes_with("@Latchkey compare", None, files);
        assert!(!mia.sees_reply(sent).await.contains("not read"));
        assert_snapshot!(stage.told("groq"), @r#"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: compare

        a.json:
        ```
        {"a": 1}
        ```

        log.txt:
        ```
        Fehler 4711
        ```

        teile.csv:
        ```
        Größe;Stück
        4711;3
        ```

        отчёт.txt:
        ```
        один
        ```

        設計 (2).md:
        ```
        two
        ```

        message.txt:
        ```
        a long paste
        ```

        main.ts:
        ```
        export const one = 1;
        ```

        logo.svg:
        ```
        <svg><circle r="1"/></svg>
        ```

        odd.png:
        ```
        words
        ```
        "#);
    })
    .await;
}

#[tokio::test]
async fn a_model_is_told_of_files_that_it_is_not_given() {
    with_seeing_model(async |stage| {
        let mia = stage.mia();
        let (first, second) = (unreadable(), unreadable());
        let first = first.into_iter().take(7).collect();
        let sent = mia.writes_with("@Latchkey look", None, first);
        assert_snapshot!(mia.sees_reply(sent).await, @"
        > (voice-message.ogg, written down:) one two three

        You asked: look
        (voice-message.ogg, written down:) one two three
        (Files came with this that you are not given: IMG_1.heic (a HEIC picture, which you can't see), scan.tiff (a TIFF picture, which you can't see), s
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 46 out · < $0.0001 · 6 files were not read: I see no HEIC pictures; I can't watch videos; I read no office documents; …
        -# voice message written down · Groq whisper-large-v3-turbo · 🤖 bot default · $0.00012
        ");
        assert_snapshot!(stage.told("anthropic"), @"
        user: look
        (voice-message.ogg, written down:) one two three
        (Files came with this that you are not given: IMG_1.heic (a HEIC picture, which you can't see), scan.tiff (a TIFF picture, which you can't see), song.mp3 (audio, which you can't hear), clip.mp4 (a video, which you can't see), report-q3.pdf (a PDF), offer.docx (an office document). Say so if they matter, and don't guess what is in them.)
        ");
        let second = second.into_iter().skip(7).collect();
        let sent = mia.writes_with("@Latchkey look", None, second);
        assert_snapshot!(mia.sees_reply(sent).await, @"
        You asked: look
        (Files came with this that you are not given: all.zip (an archive), setup.exe (a program), state.bin (neither text nor a picture), nothing.txt (it is empty), blank.txt (it is empty), big.txt (a t
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 46 out · < $0.0001 · 7 files were not read: it has 5.8 MB, and pictures may have up to 4 MB; I open no archives; it has 196 kB, and text files may have up to 128 kB; …
        ");
        assert_snapshot!(stage.told("anthropic"), @"
        user: look
        (Files came with this that you are not given: all.zip (an archive), setup.exe (a program), state.bin (neither text nor a picture), nothing.txt (it is empty), blank.txt (it is empty), big.txt (a text that is too large), IMG_2.jpg (a picture that is too large). Say so if they matter, and don't guess what is in them.)
        ");
        let named = vec![file("report-q3.pdf", b"%PDF-1.7\n\xe2")];
        let sent = mia.writes_with("@Latchkey summarise the attached report", None, named);
        assert_snapshot!(mia.sees_reply(sent).await, @"
        You asked: summarise the attached report
        (Files came with this that you are not given: report-q3.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 41 out · < $0.0001 · `report-q3.pdf` was not read: I read no PDFs
        ");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_all_there_is_is_answered_with_why_it_cannot_be_read() {
    stage::run(async |stage| {
        let mia = stage.mia().directly();
        let mut seen = Vec::new();
        // A voice message is written down.
        let is_no_voice = |file: &Attachment| file.waveform.is_none();
        for file in unreadable().into_iter().filter(is_no_voice) {
            let sent = mia.writes_with("", None, vec![file]);
            seen.push(mia.sees_reply(sent).await);
        }
        assert_snapshot!(seen.join("\n---\n"), @"
        I can't read `IMG_1.heic`: I see no HEIC pictures.
        Send it as a PNG, JPEG, GIF or WebP picture.
        ---
        I can't read `scan.tiff`: I see no TIFF pictures.
        Send it as a PNG, JPEG, GIF or WebP picture.
        ---
        I can't read `song.mp3`: its bytes don't tell how long it plays.
        Save it anew as MP3, WAV or Ogg with Opus, or add a key of your own for Groq, OpenAI, Mistral or Google with `/keys add`.
        ---
        I can't read `clip.mp4`: I can't watch videos.
        Write what you want to know.
        ---
        I can't read `report-q3.pdf`: I read no PDFs.
        Copy its text into a message or a text file, or send pages as pictures.
        ---
        I can't read `offer.docx`: I read no office documents.
        Copy its text into a message or a text file, or send pages as pictures.
        ---
        I can't read `all.zip`: I open no archives.
        Send the files in it one by one.
        ---
        I can't read `setup.exe`: I read no programs.
        I read text files, and PNG, JPEG, GIF and WebP pictures.
        ---
        I can't read `state.bin`: it is neither text nor a picture.
        I read text files, and PNG, JPEG, GIF and WebP pictures.
        ---
        I can't read `nothing.txt`: it is empty.
        Send one with something in it.
        ---
        I can't read `blank.txt`: it is empty.
        Send one with something in it.
        ---
        I can't read `big.txt`: it has 196 kB, and text files may have up to 128 kB.
        Send the part that matters.
        ---
        I can't read `IMG_2.jpg`: it has 5.8 MB, and pictures may have up to 4 MB.
        Send a smaller copy.
        ");
        let sent = mia.writes_with("", None, vec![heic(), file("a.pdf", b"%PDF-1.7\n"), heic()]);
        assert_snapshot!(mia.sees_reply(sent).await, @"
        I can't read `IMG_1.heic`: I see no HEIC pictures.
        I can't read `a.pdf`: I read no PDFs.
        I can't read `IMG_1.heic`: I see no HEIC pictures.
        Send it as a PNG, JPEG, GIF or WebP picture. Copy its text into a message or a text file, or send pages as pictures.
        ");
        assert_eq!(stage.calls(), 0, "nobody is asked");
    })
    .await;
}

#[tokio::test]
async fn it_is_the_same_wherever_a_file_is_met() {
    let setup = Setup {
        config: "message_content = true\n[ask]\nedit_interval_ms = 100\n".into(),
        ..Setup::default()
    };
    stage::run_with(setup, async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        let clip = omar.writes_with("", None, vec![file("clip.mp4", CLIP)]);
        assert_snapshot!(mia.runs("/summarize messages:2").await, @"
        (only you) I can't read `clip.mp4`: I can't watch videos.
        Write what you want to know.
        ");
        assert_snapshot!(mia.replies(clip, "@Latchkey").await, @"
        I can't read `clip.mp4`: I can't watch videos.
        Write what you want to know.
        ");
        assert_snapshot!(mia.right_clicks(clip, "Summarize").await, @"
        (only you) I can't read `clip.mp4`: I can't watch videos.
        Write what you want to know.
        ");
        let mention = mia.writes_with("@Latchkey", None, vec![heic()]);
        assert_snapshot!(mia.sees_reply(mention).await, @"
        I can't read `IMG_1.heic`: I see no HEIC pictures.
        Send it as a PNG, JPEG, GIF or WebP picture.
        ");
        assert_eq!(stage.calls(), 0, "nobody is asked");
        // Where there are words as well, the model is told of both.
        assert_snapshot!(mia.replies(clip, "@Latchkey what does he say?").await, @"
        You asked: omar: (Files came with this that you are not given: clip.mp4 (a video, which you can't see). Say so if they matter, and don't guess what is in them.)
        mia: what does he say?
        This is a made-up model, so that is all it knows.
        -# Groq openai/gpt-oss-20b · 🤖 bot default · 12 tokens in, 47 out · < $0.0001 · `clip.mp4` was not read: I can't watch videos
        ");
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: (Files came with this that you are not given: clip.mp4 (a video, which you can't see). Say so if they matter, and don't guess what is in them.)
        mia: what does he say?
        ");
        let start = omar.writes_with("here it is", None, vec![file("a.pdf", b"%PDF-1.7\n")]);
        stage.world().open_thread(start, "report").unwrap();
        let here = mia.in_channel("report");
        here.says("@Latchkey and?").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.
        user: omar: here it is
            (Files came with this that you are not given: a.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        mia: and?
        ");
        mia.right_clicks(start, "Explain").await;
        assert_snapshot!(stage.told("groq"), @"
        system: You answer in a Discord chat. Be brief and use Discord's Markdown.

        You explain what you are given to somebody who is bright but new to it. Begin with one sentence that says what it is. Then explain the terms that need it, the reasoning step by step, and an example or comparison. Say what is claimed without support and what is uncertain. At most 200 words unless asked for more. Answer in the language of what you explain.
        user: Explain this message:

        omar: here it is
            (Files came with this that you are not given: a.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        ");
        mia.runs("/summarize messages:3").await;
        assert!(stage.told("groq").contains("a.pdf (a PDF)"));
    })
    .await;
}

#[tokio::test]
async fn too_many_is_not_too_large() {
    with_seeing_model(async |stage| {
        let mia = stage.mia().directly();
        let texts = (0..10).map(|n| file(&format!("f{n}.txt"), b"content"));
        let sent = mia.writes_with("compare", None, texts.collect());
        assert!(!mia.sees_reply(sent).await.contains("not read"));
        assert_eq!(stage.told("anthropic").matches("content").count(), 10);
        let pictures = (0..6).map(|_| photo()).collect();
        let sent = mia.writes_with("compare", None, pictures);
        assert_snapshot!(mia.sees_reply(sent).await, @"
        You asked: compare
        (Picture: photo.png)
        (Picture: photo.png)
        (Picture: photo.png)
        (Picture: photo.png)
        (Files came with this that you are not given: photo.png (one picture too many), photo.png (one picture too m
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 41 out · < $0.0001 · older messages were left out · 2 files were not read: I look at up to 4 pictures at once
        ");
        assert_eq!(stage.told("anthropic").matches("[a picture]").count(), 4);
        let texts = |n: usize| vec![file("t.txt", &vec![b'x'; 100_000]); n];
        mia.writes_with("these", None, texts(6));
        let sent = mia.writes_with("compare", None, texts(6));
        assert_snapshot!(mia.sees_reply(sent).await, @"
        You asked: these

        t.txt:
        ```
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        This is a made-up model, so that is all it knows.
        ```
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 17 out · < $0.0001 · older messages were left out · 4 files were not read: I look at up to 4 pictures at once; I read up to 20 text files at once, 1 MB together
        ");
    })
    .await;
}

#[tokio::test]
async fn a_picture_is_shown_to_whoever_replies_with_nothing_but_a_mention() {
    with_seeing_model(async |stage| {
        let mia = stage.mia();
        let picture = mia.writes_with("@Latchkey", None, vec![photo()]);
        mia.sees_reply(picture).await;
        mia.replies(picture, "@Latchkey").await;
        assert_snapshot!(stage.told("anthropic"), @"user: [a picture] (Picture: photo.png)");
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_discord_hides_is_answered_with_how_to_be_heard() {
    stage::run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count").await;
        let answer = mia.newest();
        let before = stage.calls();
        // As Discord does now and then, though the bot is mentioned:
        // <https://github.com/discord/discord-api-docs/issues/5395>
        let hidden = stage.world().post(NewMessage {
            person: mia.person,
            channel: mia.channel,
            reply_to: Some(answer),
            pings: true,
            ..NewMessage::default()
        });
        assert_snapshot!(mia.sees_reply(hidden).await, @"Discord doesn't show me what you wrote there. Write it in a new message that mentions me, or use `/ask`.");
        assert_eq!(stage.calls(), before, "nobody is asked");
    })
    .await;
}

#[tokio::test]
async fn a_command_takes_a_file() {
    with_seeing_model(async |stage| {
        let mia = stage.mia();
        let asks = async |file: Attachment, words: &str| {
            let sent = mia.writes_with("", None, vec![file]);
            mia.runs(&format!("/ask prompt:{words} file:{sent}")).await
        };
        assert_snapshot!(asks(file("a.txt", b"words"), "sum it up").await, @"
        > sum it up
        > 
        > a.txt:
        > ```
        > words
        > ```

        You asked: sum it up

        a.txt:
        ```
        words
        ```
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 20 out · < $0.0001
        ");
        assert_snapshot!(stage.told("anthropic"), @"
        user: sum it up

        a.txt:
        ```
        words
        ```
        ");
        // The question is read again with its file, by buttons and in replies.
        mia.presses("Again").await;
        assert_snapshot!(stage.told("anthropic"), @"
        user: sum it up

        a.txt:
        ```
        words
        ```
        ");
        assert_snapshot!(asks(photo(), "what is it?").await, @"
        > what is it?
        > -# file: photo.png

        You asked: what is it?
        (Picture: photo.png)
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 18 out · < $0.0001
        ");
        assert_snapshot!(stage.told("anthropic"), @"
        user: [a picture] what is it?
        (Picture: photo.png)
        ");
        mia.presses("Again").await;
        assert_snapshot!(stage.told("anthropic"), @"
        user: what is it?
        (A file came with this that you are not given any more: photo.png. Say so if it matters, and don't guess what is in it.)
        ");
        assert_snapshot!(asks(file("a.pdf", b"%PDF-1.7\n"), "sum it up").await, @"
        > sum it up
        > -# file: a.pdf

        You asked: sum it up
        (Files came with this that you are not given: a.pdf (a PDF). Say so if they matter, and don't guess what is in them.)
        This is a made-up model, so that is all it knows.
        -# Anthropic claude-haiku-5-5 · 👤 personal key · 12 tokens in, 40 out · < $0.0001 · `a.pdf` was not read: I read no PDFs
        ");
        let sent = mia.writes_with("", None, vec![photo()]);
        let once = format!("/ask prompt:x once:true file:{sent}");
        assert_snapshot!(mia.runs(&once).await, @"(only you) Discord's forms take the key and no file, so nothing was asked. Leave `file:` out, or add the key with `/keys add` and ask without `once:`.");
    })
    .await;
}
