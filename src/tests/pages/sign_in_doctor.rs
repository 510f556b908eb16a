//! What `latchkey doctor` says of pages for people, and of signing in to them.

use insta::assert_snapshot;

use crate::tests::process::{changed, printed, run, world};

#[tokio::test]
async fn the_doctor_says_what_is_missing_for_people_to_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let mut seen = Vec::new();
    let secret = |variables: &[_], value| changed(variables, "DISCORD_CLIENT_SECRET", value);
    let listen = |address| changed(&variables, "LATCHKEY_GATEWAY__LISTEN", Some(address));
    let here = listen("127.0.0.1:8787");
    let elsewhere = listen("0.0.0.0:8787");
    let proxied = changed(
        &elsewhere,
        "LATCHKEY_GATEWAY__PUBLIC_URL",
        Some("https://Latchkey.example/"),
    );
    for variables in [
        here.clone(),
        secret(&proxied, None),
        secret(&here, Some("made-up-wrong-secret")),
        elsewhere,
        changed(&here, "LATCHKEY_CONSOLE__ENABLED", Some("false")),
        listen("127.0.0.1:0"),
    ] {
        let output = run("doctor", &variables).await;
        let text = printed(&output.stdout);
        let lines = text.lines().filter(|line| line.contains(" console: "));
        seen.extend(lines.map(str::to_owned));
        seen.push(format!("succeeds: {}", output.status.success()));
    }
    assert_snapshot!(seen.join("\n"), @"
    note  console: under OAuth2 on the application's page, this must stand as a redirect, letter for letter: http://127.0.0.1:8787/sign-in/back
    ok    console: Discord takes the client secret
    succeeds: true
    note  console: under OAuth2 on the application's page, this must stand as a redirect, letter for letter: https://latchkey.example/sign-in/back
    note  console: nobody can sign in: DISCORD_CLIENT_SECRET is not set; copy it from OAuth2 on the application's page
    succeeds: true
    note  console: under OAuth2 on the application's page, this must stand as a redirect, letter for letter: http://127.0.0.1:8787/sign-in/back
    FAIL  console: Discord refuses DISCORD_CLIENT_SECRET; copy it again, or reset it, under OAuth2 on the application's page
    succeeds: false
    note  console: no pages for people: its pages need https, or a browser on this machine: set `gateway.public_url` to the https address that a proxy in front of it serves
    succeeds: true
    note  console: no pages for people: `console.enabled` is false
    succeeds: true
    note  console: no pages for people: `gateway.listen` takes any port that is free, so that Discord can't be told where people come back to: name a port, or set `gateway.public_url`
    succeeds: true
    ");
}
