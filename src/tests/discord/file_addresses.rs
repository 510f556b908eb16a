//! Where Discord keeps files: addresses that are signed and expire, and
//! copies of pictures.

use insta::assert_snapshot;
use latchkey_emulator::Attachment;
use serde_json::Value;

use crate::tests::asks::files::{big_photo, file, heic, with_seeing_model};
use crate::tests::images::pictures::photo;
use crate::tests::stage;

#[tokio::test]
async fn discords_copy_is_shown_where_a_picture_cannot_be() {
    with_seeing_model(async |stage| {
        let mia = stage.mia();
        let avif = Attachment {
            pixels: Some((800, 600)),
            ..file("cat.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1\x01")
        };
        let described = Attachment {
            description: "a cat on a sofa".into(),
            ..photo()
        };
        let sent = mia.writes_with("@Latchkey look", None, vec![big_photo(), avif, described]);
        assert!(!mia.sees_reply(sent).await.contains("not read"));
        assert_snapshot!(stage.told("anthropic"), @"
        user: [a picture] [a picture] [a picture] look
        (Picture: IMG_2.jpg)
        (Picture: cat.avif)
        (Picture: photo.png, described as “a cat on a sofa”)
        ");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_expired_is_asked_for_again_or_said_to_be_gone() {
    stage::run(async |stage| {
        let mia = stage.mia();
        let sent = mia.writes_with("@Latchkey look", None, vec![file("a.txt", b"words")]);
        stage.world().expire_addresses();
        assert!(!mia.sees_reply(sent).await.contains("not read"));
        let only = mia.writes_with("", None, vec![file("a.txt", b"words")]);
        let clicked = stage.world().right_click(mia.person, only, "Summarize");
        stage.world().expire_addresses();
        assert_snapshot!(mia.sees(clicked.unwrap()).await, @"
        (only you) I can't read `a.txt`: Discord doesn't have it any more.
        Send it once more.
        ");
    })
    .await;
}

#[tokio::test]
async fn the_emulated_discord_hands_files_out_as_the_real_one_does() {
    stage::run(async |stage| {
        let photo = photo();
        let (sides, bytes) = (photo.pixels.unwrap(), photo.bytes.clone());
        let mia = stage.mia().directly();
        let sent = mia.writes_with("", None, vec![photo, heic()]);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let api = stage.scene.emulator.discord_api();
        let token = stage.world().look(|state| state.bot_token.clone());
        let message = client
            .get(format!("{api}/channels/{}/messages/{sent}", mia.channel))
            .header("authorization", format!("Bot {token}"));
        let message: Value = message.send().await.unwrap().json().await.unwrap();
        let gets = async |at: usize, field: &str, more: &str| {
            let url = message["attachments"][at][field].as_str().unwrap();
            let answer = client.get(format!("{url}{more}")).send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.bytes().await.unwrap())
        };
        assert_eq!(gets(0, "url", "").await, (200, bytes.clone().into()));
        // A copy is made where a smaller one, or another format, is asked for.
        let same = format!("&width={}&height={}", sides.0, sides.1);
        assert_eq!(gets(0, "proxy_url", &same).await, (200, bytes.into()));
        for more in ["&width=1&height=1", "&format=webp"] {
            let (status, copy) = gets(0, "proxy_url", more).await;
            assert_eq!((status, copy.get(8..12)), (200, Some(b"WEBP".as_slice())));
        }
        // Of what it could not measure, and in AVIF, there is none.
        assert_eq!(gets(0, "proxy_url", "&format=avif").await.0, 415);
        assert_eq!(gets(1, "proxy_url", "&format=webp").await.0, 415);
        // An address counts until it expires.
        stage.world().expire_addresses();
        let (status, words) = gets(0, "url", "").await;
        assert_eq!(status, 404);
        assert_eq!(words, "This content is no longer available.");
    })
    .await;
}
