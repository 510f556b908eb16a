//! What `doctor` finds, of a program that is well and of one that is not.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use secrecy::SecretString;

use crate::app::judge_check;
use crate::model::{Check, FailureClass, ProviderId};
use crate::providers::Catalogue;

use super::process::{changed, judge, printed, run, start, terminate, world};

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
    FAIL  Discord token: Discord does not accept `DISCORD_TOKEN` (401): it was reset, belongs to no bot, or was not copied whole; copy it from https://discord.com/developers/applications (Bot, Reset Token)
    FAIL  Groq: refuses the bot default key; make a new one at https://console.groq.com/keys
    ");
    assert!(!ill.status.success());
    judge(&scene);
}

#[tokio::test]
async fn a_port_of_another_latchkey_is_told_from_ones_own() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (scene, variables) = world(folder.path()).await;
    let (_scene, others) = world(other.path()).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let listening = |variables: &[(String, SecretString)]| {
        changed(variables, "LATCHKEY_GATEWAY__LISTEN", Some(&address))
    };
    let mut child = start(&listening(&variables), &scene).await;
    let mut told = Vec::new();
    for variables in [&variables, &others] {
        let said = printed(&run("doctor", &listening(variables)).await.stdout);
        let line = said.lines().find(|line| line.contains(" gateway: "));
        told.push(line.unwrap_or(&said).replace(&address, "<address>"));
    }
    assert_snapshot!(told.join("\n"), @"
    ok    gateway: <address> is in use, as it is while `serve` runs, which is well
    FAIL  gateway: <address> is in use by another Latchkey, and none uses this database; stop that one, or choose another port in `gateway.listen`
    ");
    assert!(terminate(&mut child).await);
}

#[tokio::test]
async fn a_discord_that_is_not_heard_says_nothing_about_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let away = "http://127.0.0.1:1/api/v10";
    let variables = changed(&variables, "LATCHKEY_DISCORD__API_URL", Some(away));
    let said = printed(&run("doctor", &variables).await.stdout);
    let about: Vec<&str> = said.lines().filter(|it| it.contains("Discord")).collect();
    assert_snapshot!(about.join("\n"), @"FAIL  Discord: http://127.0.0.1:1/api/v10 can't be reached (Connection refused); look whether this machine has a network, and whether a firewall or `discord.api_url` keeps it from there. The token was not checked");
}

#[tokio::test]
async fn a_file_that_is_no_database_and_a_folder_that_is_not_there_are_told_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    let foreign = folder.path().join("foreign.db");
    std::fs::write(
        &foreign,
        "a letter to somebody, and no database".repeat(200),
    )
    .unwrap();
    let mut told = Vec::new();
    for name in ["foreign.db", "nowhere/a.db"] {
        let url = format!("sqlite:{}/{name}", folder.path().display());
        let variables = changed(&variables, "LATCHKEY_STORE__URL", Some(&url));
        let doctor = printed(&run("doctor", &variables).await.stdout);
        let serve = printed(&run("serve", &variables).await.stderr);
        let lines = doctor.lines().chain(serve.lines());
        let lines = lines.filter(|it| it.starts_with("FAIL") || it.starts_with("error"));
        let place = folder.path().display().to_string();
        told.extend(lines.map(|line| line.replace(&place, "<folder>")));
    }
    assert_snapshot!(told.join("\n"), @"
    FAIL  database: could not open SQLite: <folder>/foreign.db is no SQLite database: it is another kind of file, or damaged; name another in `store.url`, or put back a backup
    error: could not open SQLite: <folder>/foreign.db is no SQLite database: it is another kind of file, or damaged; name another in `store.url`, or put back a backup
    FAIL  database: <folder>/nowhere/a.db is not there yet and can't be made, since its folder can't be written (entity not found); make the folder, give it to the user who runs Latchkey, or change `store.url`
    error: <folder>/nowhere/a.db is not there yet and can't be made, since its folder can't be written (entity not found); make the folder, give it to the user who runs Latchkey, or change `store.url`
    ");
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

#[test]
fn a_provider_that_says_nothing_of_a_key_is_named_by_address_with_what_to_do() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let openai = catalogue.get(&ProviderId::from("openai")).unwrap();
    let said = [
        FailureClass::Unreachable,
        FailureClass::TimedOut,
        FailureClass::RateLimited,
        FailureClass::Upstream,
        FailureClass::BadRequest,
    ]
    .map(|class| judge_check(openai, "the bot default key", &Check::Unknown(class)).words);
    assert_snapshot!(said.join("\n"), @"
    https://api.openai.com/v1 can't be reached; look whether this machine has a network, and whether a firewall or `providers.openai.base_url` keeps it from there
    https://api.openai.com/v1 does not answer in time; try again, and look whether a firewall or `providers.openai.base_url` keeps it from there
    limits its calls right now, and says nothing of the key; try again in a minute
    has trouble of its own right now, and says nothing of the key; try again in a while
    https://api.openai.com/v1 answers, and says nothing of the key; look whether `providers.openai.base_url` is right
    ");
}
