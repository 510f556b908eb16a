//! What `doctor` finds, of a program that is well and of one that is not.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use super::process::{changed, judge, printed, run, world};

#[tokio::test]
async fn the_doctor_says_what_is_right_and_what_to_do_about_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    crate::tests::database_file::make_database(folder.path()).await;
    let well = run("doctor", &variables).await;
    let text = printed(&well.stdout);
    let kid = regex::Regex::new("active key is [0-9a-f]+").unwrap();
    let text = kid.replace(&text, "active key is <kid>");
    let discord = regex::Regex::new("http://127.0.0.1:[0-9]+").unwrap();
    let text = discord.replace(&text, "<discord>");
    assert_snapshot!(text, @"
    ok    configuration: every setting is known and in range
    ok    quotas: tiers community, subscriber, premium, lifetime
    note  quotas: nobody may use /admin; put ids of people into `discord.operators` to allow it
    note  gateway: `gateway.listen` is empty, so programs can't call
    ok    master key: active key is <kid>
    ok    database: opens, and its tables are up to date
    ok    database pages: none is damaged
    ok    Discord token: accepted, as application 100000000000000000
    ok    Discord intents: none that Discord must grant are used
    ok    Discord gateway: can be reached
    note  invite: add the bot to a server with <discord>/oauth2/authorize?client_id=100000000000000000&scope=bot+applications.commands&permissions=274878024704
    note  console: no pages for people: `gateway.listen` is empty
    ok    Groq: accepts the bot default key
    ok    machines: none is left over
    ");
    assert!(well.status.success());
    let mut ill = changed(
        &variables,
        "DISCORD_TOKEN",
        Some("made-up.wrong.token-of-nobody"),
    );
    ill = changed(&ill, "GROQ_API_KEY", Some(&crate::tests::bad("groq")));
    ill = changed(&ill, "BYOK_MASTER_KEY", None);
    let ill = run("doctor", &ill).await;
    assert_snapshot!(printed(&ill.stdout), @"
    ok    configuration: every setting is known and in range
    ok    quotas: tiers community, subscriber, premium, lifetime
    note  quotas: nobody may use /admin; put ids of people into `discord.operators` to allow it
    note  gateway: `gateway.listen` is empty, so programs can't call
    note  master key: not set, so people can't store keys; run `latchkey keygen`
    ok    database: opens, and its tables are up to date
    ok    database pages: none is damaged
    FAIL  Discord token: Discord answered 401 (code 0) to GET application; check DISCORD_TOKEN and `discord.api_url`
    FAIL  Groq: refuses the bot default key; make a new one at https://console.groq.com/keys
    ");
    assert!(!ill.status.success());
    judge(&scene);
}

/// Where one thing is wrong, nothing untrue is said of the others.
#[tokio::test]
async fn the_doctor_calls_nothing_well_that_it_could_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let token = folder.path().join("token");
    std::fs::write(&token, "made-up.token.of-nobody").unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    let token = token.display().to_string();
    let mut seen = String::new();
    for more in [
        [
            ("LATCHKEY_QUOTA__KEEP_DAYZ", Some("3")),
            ("LATCHKEY_ASK__SYSTEM_PROMPT", None),
        ],
        [
            ("DISCORD_TOKEN", None),
            ("DISCORD_TOKEN_FILE", Some(&*token)),
        ],
        [
            ("LATCHKEY_IMAGES__MODERATION", Some("openai")),
            (
                "LATCHKEY_STORE__URL",
                Some("postgres://nobody@127.0.0.1:1/none"),
            ),
        ],
    ] {
        let ill = more
            .into_iter()
            .fold(variables.clone(), |variables, (name, value)| {
                changed(&variables, name, value)
            });
        let told = printed(&run("doctor", &ill).await.stdout);
        let told = told
            .lines()
            .filter(|line| line.starts_with("FAIL") || line.contains("configuration"));
        seen.extend(told.map(|line| format!("{line}\n").replace(&token, "<token>")));
        seen.push('\n');
    }
    assert_snapshot!(seen, @"
    FAIL  quotas: `quota.keep_dayz` is not a setting; expected one of `applies_to`, `time_zone`, `prices_file`, `keep_days`, `tiers`

    FAIL  Discord token: `DISCORD_TOKEN_FILE` names a file that others may read; run `chmod 600` on it
    ok    configuration: every setting is known and in range

    ok    configuration: every setting is known and in range
    FAIL  database: could not open PostgreSQL: could not connect: the database is away: error connecting to server: Connection refused; check `store.url`
    ");
}

/// What is at another address may have any model, unless the operator says that
/// it has its vendor's alone.
#[tokio::test]
async fn the_doctor_says_which_addresses_may_have_models_of_anybodys() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let (url, only) = (
        "LATCHKEY_PROVIDERS__MISTRAL__BASE_URL",
        "LATCHKEY_PROVIDERS__MISTRAL__ONLY_VENDOR_MODELS",
    );
    let elsewhere = changed(&variables, url, Some("https://mistral.example/v1"));
    let mut seen = String::new();
    for variables in [
        variables.clone(),
        elsewhere.clone(),
        changed(&elsewhere, only, Some("true")),
        changed(&variables, only, Some("true")),
    ] {
        let told = printed(&run("doctor", &variables).await.stdout);
        let told = told
            .lines()
            .filter(|line| line.to_lowercase().contains("mistral"));
        seen.extend(told.map(|line| format!("{line}\n")));
        seen.push('\n');
    }
    assert_snapshot!(seen, @"

    note  Mistral: is asked at mistral.example, which may have other vendors' models; if it has this one's alone, set `providers.mistral.only_vendor_models`


    FAIL  configuration: `providers.mistral` has `only_vendor_models`, which is for another `base_url` of a built-in provider; leave it out
    ");
}
