//! The command line as a client of a gateway.

use std::os::unix::fs::PermissionsExt;

use latchkey_emulator::providers::Standing;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::process::{command, printed};
use super::program::Program;
use super::{Actor, Stage, bad, good, run};

/// Runs a verb in a home of its own, with something piped in; what it printed
/// to either side, and whether it did well.
async fn does(home: &TempDir, line: &str, piped: &str) -> (bool, String, String) {
    let variables = [(
        "HOME".to_owned(),
        SecretString::from(home.path().to_str().unwrap()),
    )];
    let mut child = command(line, &variables)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(piped.as_bytes()).await.unwrap();
    drop(input);
    let done = tokio::time::timeout(std::time::Duration::from_mins(2), child.wait_with_output());
    let done = done.await.unwrap().unwrap();
    (
        done.status.success(),
        printed(&done.stdout),
        printed(&done.stderr),
    )
}

async fn logged_in(stage: &Stage, options: &str) -> TempDir {
    logged_in_as(stage, &stage.mia(), options).await
}

async fn logged_in_as(stage: &Stage, actor: &Actor<'_>, options: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let program = Program::of(stage, actor, options).await;
    let (well, _, told) = does(
        &home,
        &format!("login {}", stage.gateway().await),
        program.token(),
    )
    .await;
    assert!(well, "{told}");
    home
}

#[tokio::test]
async fn the_operator_keeps_system_keys_from_a_shell() {
    run(async |stage| {
        let all = "scopes:chat,keys:read,keys:write,usage:read";
        let home = logged_in_as(stage, &stage.omar(), all).await;
        let id = regex::Regex::new("[0-9a-f]{32}").unwrap();
        let does = async |line: &str, piped: &str| {
            let (well, said, told) = does(&home, line, piped).await;
            let said = id.replace_all(&said, "<id>").into_owned();
            let told = told.lines().last().unwrap_or_default();
            let told = id.replace_all(told, "<id>");
            format!("{well} {said}{told}")
        };
        let (_, added, _) = self::does(
            &home,
            "keys --system add openai --name spring",
            &good("openai"),
        )
        .await;
        let key = id.find(&added).unwrap().as_str().to_owned();
        insta::assert_snapshot!(id.replace_all(&added, "<id>"), @"
        openai …6789 “spring”: valid  (<id>)
        The provider says: valid.
        ");
        insta::assert_snapshot!(does("keys --system", "").await, @"
        true groq …6789: unverified, from the environment (GROQ_API_KEY)  (env-groq)
        openai …6789 “spring”: valid  (<id>)
        ");
        insta::assert_snapshot!(does(&format!("keys --system pause {key}"), "").await, @"true openai …6789 “spring”: valid, paused  (<id>)");
        for name in ["openai", "spring", "6789", "openai:6789", "OpenAI"] {
            let resumed = does(&format!("keys --system resume {name}"), "").await;
            let of_several = name == "6789";
            assert_eq!(resumed.starts_with("true openai …6789 “spring”: valid  (<id>)"), !of_several, "{resumed}");
            assert_eq!(resumed.contains("names several keys: groq …6789 (env-groq), openai"), of_several, "{resumed}");
        }
        insta::assert_snapshot!(does("keys --system test mistral", "").await, @"false error: no key here is called `mistral`. There are: groq …6789 (env-groq), openai …6789 “spring” (<id>)");
        insta::assert_snapshot!(does("keys --system test env-groq", "").await, @"
        true groq …6789: valid, from the environment (GROQ_API_KEY)  (env-groq)
        The provider says: valid.
        ");
        insta::assert_snapshot!(does("keys --system status", "").await, @"false error: `status` shows who pays for one person; leave --system out");
        insta::assert_snapshot!(does("keys --system remove openai", "").await, @"false error: openai …6789 “spring” would be removed, and nobody can be asked here; say so with --yes");
        insta::assert_snapshot!(does("keys --system remove openai --yes", "").await, @"true Removed openai …6789 “spring”.");
        // Whoever is no operator is told so.
        let others = logged_in(stage, all).await;
        let (well, said, told) = self::does(&others, "keys --system", "").await;
        assert!(!well && said.is_empty());
        assert!(told.contains("operator"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn somebody_logs_in_asks_and_sees_what_was_used() {
    run(async |stage| {
        let home = logged_in(stage, "scopes:chat,keys:read,keys:write,usage:read").await;
        let file = home.path().join(".config/latchkey/login.json");
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let (_, said, told) = does(&home, "ask count", "").await;
        insta::assert_snapshot!(said, @"one two three four five six seven eight nine ten");
        insta::assert_snapshot!(told, @"— groq openai/gpt-oss-20b · key source: bot default · 12 tokens in, 10 out · < $0.0001");
        let (_, piped, _) = does(&home, "ask --provider groq", "please count\n").await;
        assert_eq!(piped, said);
        let (_, json, _) = does(&home, "ask count --json", "").await;
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).unwrap()["mode"],
            "server"
        );
        let (_, added, _) = does(&home, "keys add openai --name work", &good("openai")).await;
        let id = regex::Regex::new("[0-9a-f]{32}").unwrap();
        insta::assert_snapshot!(id.replace_all(&added, "<id>"), @"
        openai …6789 “work”: valid  (<id>)
        The provider says: valid.
        ");
        let key = id.find(&added).unwrap().as_str().to_owned();
        let (_, paused, _) = does(&home, &format!("keys pause {key}"), "").await;
        insta::assert_snapshot!(id.replace_all(&paused, "<id>"), @"openai …6789 “work”: valid, paused  (<id>)");
        let (_, status, _) = does(&home, "keys status", "").await;
        insta::assert_snapshot!(status, @"
        openai: nobody pays
          not the personal key: it is paused; `latchkey keys resume openai` or, in Discord, `/keys resume provider:openai scope:user`
        groq: bot default pays
        ");
        does(&home, &format!("keys resume {key}"), "").await;
        let picture = home.path().join("a.png");
        let imagine = format!("imagine lighthouse -n 2 --output {}", picture.display());
        let (well, _, told) = does(&home, &imagine, "").await;
        assert!(well, "{told}");
        assert!(told.trim_end().lines().last().unwrap().starts_with("— $"), "{told}");
        assert_eq!(told.matches("key source").count(), 1, "{told}");
        for path in [&picture, &home.path().join("a-2.png")] {
            assert!(std::fs::read(path).unwrap().starts_with(b"\x89PNG"));
            assert!(told.contains(&format!("Wrote {}.", path.display())), "{told}");
        }
        let (_, whole, _) = does(&home, "imagine lighthouse --json", "").await;
        let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
        assert!(whole["data"][0]["b64_json"].is_string(), "{whole}");
        // What is pointed at is tried, and stays as it is.
        assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
        let (_, models, _) = does(&home, "models", "").await;
        assert!(models.contains("openai/gpt-6-luna"), "{models}");
        stage.app().await.idle().await;
        let (_, used, _) = does(&home, "usage --days 1", "").await;
        insta::assert_snapshot!(used.lines().next().unwrap(), @"2026-11-21 to 2026-11-21");
        let (_, table, _) = does(&home, "usage --csv", "").await;
        assert!(table.starts_with("day,source,provider,model"));
        let (_, quota, _) = does(&home, "quota", "").await;
        insta::assert_snapshot!(quota, @"
        tier: community
        personal key: no limit
        bot default: 7 of 10 requests a minute left
        bot default: 97 of 100 requests in 24 hours left
        bot default: 40 of 40 images in 24 hours left
        ");
        let (_, removed, _) = does(&home, &format!("keys remove {key} --yes"), "").await;
        insta::assert_snapshot!(removed, @"Removed openai …6789 “work”.");
        let (_, _, out) = does(&home, "logout", "").await;
        insta::assert_snapshot!(out, @"Logged out. `/token revoke` in Discord ends the token itself.");
        assert!(!file.exists());
    })
    .await;
}

#[tokio::test]
async fn a_picture_takes_the_place_of_no_other() {
    run(async |stage| {
        let home = logged_in(stage, "scopes:chat,keys:read,keys:write").await;
        does(&home, "keys add openai", &good("openai")).await;
        let at = |name: &str| home.path().join(name);
        std::fs::write(at("a.png"), "mine").unwrap();
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        let mut told = Vec::new();
        for options in ["-n 2 -o a.png", "-o a.png", "-o link", "-o new.png"] {
            let options = options.replace("-o ", &format!("-o {}/", home.path().display()));
            let (well, _, said) = does(&home, &format!("imagine lighthouse {options}"), "").await;
            assert!(well, "{said}");
            let said = said.replace(&home.path().display().to_string(), "<home>");
            let said = said.lines().filter(|line| line.contains("<home>"));
            told.extend(said.map(ToOwned::to_owned));
        }
        insta::assert_snapshot!(told.join("\n"), @"
        <home>/a.png is there already and stays as it is; this goes to <home>/a-2.png.
        Wrote <home>/a-2.png.
        Wrote <home>/a-3.png.
        <home>/a.png is there already and stays as it is; this goes to <home>/a-4.png.
        Wrote <home>/a-4.png.
        <home>/link is there already and stays as it is; this goes to <home>/link-2.
        Wrote <home>/link-2.
        Wrote <home>/new.png.
        ");
        assert_eq!(std::fs::read(at("a.png")).unwrap(), b"mine");
        for name in ["a-2.png", "a-3.png", "a-4.png", "link-2", "new.png"] {
            assert!(
                std::fs::read(at(name)).unwrap().starts_with(b"\x89PNG"),
                "{name}"
            );
        }
        // What is no file is written to as it is.
        let (well, _, said) = does(&home, "imagine lighthouse -o /dev/null", "").await;
        assert!(well && said.contains("Wrote /dev/null."), "{said}");
    })
    .await;
}

#[tokio::test]
async fn advice_about_keys_names_whose_they_are() {
    run(async |stage| {
        let omar = stage.omar();
        let home = logged_in_as(stage, &omar, "scopes:keys:read,keys:write here:True").await;
        let server = stage.scene.server.to_string();
        let mut told = Vec::new();
        for line in [
            "keys",
            "keys --guild <server>",
            "keys --guild <server> test openai",
            "keys --guild <server> add groqq",
            "keys add nobody",
        ] {
            let (_, said, error) = does(&home, &line.replace("<server>", &server), "made-up").await;
            told.push(format!("{said}{error}").replace(&server, "<server>"));
        }
        let (_, all, _) = does(&home, "keys providers", "").await;
        told.extend(all.lines().take(2).map(ToOwned::to_owned));
        assert!(all.contains("runcomfy-serverless --extra deployment=…"), "{all}");
        insta::assert_snapshot!(told.join("\n"), @"
        No keys. `latchkey keys add openai` stores one.
        No keys. `latchkey keys --guild <server> add openai` stores one.
        error: there is no key here; `latchkey keys --guild <server> add openai` stores one
        error: There is no provider called `groqq`. Did you mean `groq`? `latchkey keys providers` lists all.
        error: There is no provider called `nobody`. `latchkey keys providers` lists all.
        openai  (https://platform.openai.com/api-keys)
        anthropic [--extra workspace=…]  (https://platform.claude.com/settings/keys)
        ");
    })
    .await;
}

#[tokio::test]
async fn an_address_for_libraries_is_taken_as_the_gateways() {
    run(async |stage| {
        let gateway = stage.gateway().await;
        let program = Program::of(stage, &stage.mia(), "").await;
        for version in ["/v1", "/v1/", "/v1beta", "/api/v1"] {
            let home = tempfile::tempdir().unwrap();
            let line = format!("login {gateway}{version}");
            let (well, _, told) = does(&home, &line, program.token()).await;
            assert!(well, "{told}");
            if version == "/v1" {
                let told = told.replace(&gateway, "<gateway>");
                insta::assert_snapshot!(told.lines().next().unwrap(), @"The gateway's address is <gateway>: the `/v1` behind it is of base URLs for libraries.");
            }
            let (well, said, told) = does(&home, "ask count", "").await;
            assert!(well && said.starts_with("one two"), "{version}: {told}");
        }
    })
    .await;
}

#[tokio::test]
async fn whether_a_key_works_is_the_status_that_its_test_ends_with() {
    run(async |stage| {
        let home = logged_in(stage, "scopes:keys:read,keys:write").await;
        does(&home, "keys add openai", &good("openai")).await;
        stage.key_stands(&good("openai"), Standing::Bad);
        let (well, tested, _) = does(&home, "keys test openai", "").await;
        assert!(
            !well && tested.contains("The provider says: invalid."),
            "{tested}"
        );
        let (well, ..) = does(&home, "keys test openai --json", "").await;
        assert!(!well);
        stage.key_stands(&good("openai"), Standing::Good);
        let (well, ..) = does(&home, "keys test openai", "").await;
        assert!(well);
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_is_said_with_what_to_do() {
    run(async |stage| {
        let home = tempfile::tempdir().unwrap();
        let gateway = stage.gateway().await;
        let mut told = Vec::new();
        for (line, piped) in [
            ("ask hello".to_owned(), ""),
            ("login http://latchkey.example".to_owned(), "x"),
            ("login latchkey".to_owned(), "x"),
            (format!("login {gateway}"), ""),
            (format!("login {gateway}"), "latchkey_madeup"),
            ("login http://127.0.0.1:1".to_owned(), "latchkey_madeup"),
        ] {
            let (well, _, error) = does(&home, &line, piped).await;
            assert!(!well);
            told.push(error.replace(&gateway, "<gateway>"));
        }
        let home = logged_in(stage, "").await;
        for line in [
            "ask",
            "ask hi --provider openai",
            "ask hi --provider opnai",
            "quota",
            "keys remove 5",
            "imagine hi --output missing/a.png",
            "imagine hi --output /dev",
            "imagine hi --model google/oil-on-canvas --size huge",
            "imagine hi --model runpod/text-to-image --seed 5",
        ] {
            let (well, _, error) = does(&home, line, "").await;
            assert!(!well);
            told.push(error);
        }
        insta::assert_snapshot!(told.join("\n"), @"
        error: No API key configured: nobody is logged in, and no variable of a provider's key, such as `OPENAI_API_KEY`, is set. Run `latchkey login <address>`, or set one
        error: a token must not go over http:// past this machine; use https://
        error: the address must be one such as https://latchkey.example
        error: nothing was typed, so nothing was done
        error: nothing was stored: This is no token that works here: it is unknown, ended, revoked or mistyped. Make one in Discord with `/token create`, and give it to `latchkey login <address>`.
        error: nothing was stored: http://127.0.0.1:1 can't be reached (connection refused). Is the address right, and does the gateway run? `latchkey login <address>` sets another address
        error: there is nothing to ask; write a prompt, or pipe one in
        error: No API key configured: no key for openai can pay for this. Add one with `latchkey keys add` or `/keys add` in Discord.
        error: There is no provider called `opnai`. Did you mean `openai`? `latchkey keys providers` lists all.
        error: The token may not do this: it has the scopes `chat`, and this needs `usage:read`. Make one that may, with `/token create scopes:chat,keys:read,keys:write,usage:read` in Discord.
        error: The token may not do this: it has the scopes `chat`, and this needs `keys:read`. Make one that may, with `/token create scopes:chat,keys:read,keys:write,usage:read` in Discord.
        error: missing/a.png can't be written, so nothing was asked: No such file or directory
        error: /dev can't be written, so nothing was asked: Is a directory
        error: `size` must be such as `1024x1024`: sides between 256 and 2048, and multiples of 8.
        error: No API key configured: no key for runpod can pay for this. Add one with `latchkey keys add` or `/keys add` in Discord.
        ");
    })
    .await;
}

#[tokio::test]
async fn without_a_login_a_providers_own_variable_pays_and_that_is_said() {
    run(async |stage| {
        let home = tempfile::tempdir().unwrap();
        let url = stage.scene.emulator.provider_url("cerebras");
        let settings = home.path().join("settings.toml");
        std::fs::write(&settings, format!("[providers.cerebras]\nbase_url = \"{url}\"\n")).unwrap();
        let asks = async |words: &str, key: &str| {
            let variables = [
                ("HOME", home.path().to_str().unwrap()),
                ("CEREBRAS_API_KEY", key),
            ];
            let variables = variables.map(|(name, value)| (name.to_owned(), value.into()));
            let line = format!("--config {} {words}", settings.display());
            super::process::run(&line, &variables).await
        };
        let answered = asks("ask count", &good("cerebras")).await;
        insta::assert_snapshot!(printed(&answered.stdout), @"one two three four five six seven eight nine ten");
        insta::assert_snapshot!(printed(&answered.stderr), @"
        key source: CEREBRAS_API_KEY of this environment, sent to Cerebras itself; nobody is logged in (`latchkey login <address>` uses the keys of a gateway)
        — cerebras gpt-oss-120b · key source: this environment · 12 tokens in, 10 out · < $0.0001
        ");
        assert_eq!(stage.keys_that_paid("cerebras"), [good("cerebras")]);
        let json = asks("ask count --json --persona code", &good("cerebras")).await;
        let answer: serde_json::Value = serde_json::from_str(&printed(&json.stdout)).unwrap();
        assert_eq!((&answer["source"], &answer["provider"]), (&"environment".into(), &"cerebras".into()));
        let refused = asks("ask count", &bad("cerebras")).await;
        let told = printed(&refused.stderr);
        assert!(!refused.status.success() && told.contains("error: Key is invalid: Cerebras does not accept"), "{told}");
        let nothing = asks("ask count --model cerebras/", &good("cerebras")).await;
        let told = printed(&nothing.stderr);
        insta::assert_snapshot!(told, @"error: `cerebras/` names a provider and no model; write cerebras/<model>, or --provider cerebras for its usual one");
        // Another provider is asked for, whose key is not here.
        let other = asks("ask count --provider openai", &good("cerebras")).await;
        let told = printed(&other.stderr);
        assert!(told.contains("error: No API key configured: nobody is logged in"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_paused_key_is_answered_with_the_verb_that_wakes_it() {
    run(async |stage| {
        let home = logged_in(stage, "scopes:chat,keys:read,keys:write").await;
        does(&home, "keys add openai", &good("openai")).await;
        does(&home, "keys pause openai", "").await;
        let (_, _, refused) = does(&home, "ask --provider openai count", "").await;
        insta::assert_snapshot!(refused, @"error: No key for openai can pay for this. Passed over: your key for openai: it is paused. `latchkey keys resume openai` or, in Discord, `/keys resume provider:openai scope:user` makes yours pay again.");
        let (well, _, told) = does(&home, "keys resume openai", "").await;
        assert!(well, "{told}");
        let (well, said, _) = does(&home, "ask --provider openai count", "").await;
        assert!(well && said.contains("one two"), "{said}");
    })
    .await;
}
