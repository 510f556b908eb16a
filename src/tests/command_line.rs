//! What the command line says, where nobody listens to the end, and where
//! something is wrong.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use insta::assert_snapshot;
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

use super::process::{self, command, printed};

/// Runs a verb in a folder; what it printed, and what it told beside that.
async fn runs(line: &str, variables: &[(String, SecretString)], folder: &Path) -> String {
    let output = command(line, variables)
        .current_dir(folder)
        .output()
        .await
        .unwrap();
    format!("{}{}", printed(&output.stdout), printed(&output.stderr))
}

#[tokio::test]
async fn completions_are_printed_for_each_shell() {
    for (shell, begins) in [
        ("bash", "_latchkey() {"),
        ("zsh", "#compdef latchkey"),
        ("fish", "# Print an optspec for argparse"),
    ] {
        let output = process::run(&format!("completions {shell}"), &[]).await;
        let script = printed(&output.stdout);
        assert!(script.contains(begins), "{shell}: {script}");
        assert!(script.contains("completions"), "{shell}");
    }
}

#[tokio::test]
async fn a_wrong_line_of_a_dotenv_is_named_by_its_number_and_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let dotenv = folder.path().join(".env");
    let mut told = Vec::new();
    for text in [
        "# Secrets\nDISCORD_TOKEN=made-up-token-1\nsk-made-up-secret-words\n",
        "A=1\nB='made-up-and-open\nC=2\n",
        "# Secrets\n\nA='one\ntwo'\nDISCORD_TOKEN=Bot made-up.token.123\nB=2\n",
        "A=1\nB=made-up and blank\n",
        // A mark that Windows' editors put there is no part of the first name.
        "\u{feff}DISCORD_TOKEN=abc\n",
    ] {
        std::fs::write(&dotenv, text).unwrap();
        let said = runs("doctor", &[], folder.path()).await;
        told.push(said.lines().next().unwrap_or_default().to_owned());
    }
    std::fs::write(&dotenv, "").unwrap();
    let with_comment = SecretString::from("made-up-token-123456 # the bot's");
    let variables = [("DISCORD_TOKEN".to_owned(), with_comment)];
    let said = runs("doctor", &variables, folder.path()).await;
    let line = said.lines().find(|line| line.contains("Discord token"));
    told.push(line.unwrap_or(&said).to_owned());
    for (name, value) in [
        ("DISCORD_TOKEN", "Bot made-up.token.123"),
        ("DISCORD_TOKEN", "\"made-up.token.123\""),
        ("DISCORD_TOKEN", "abc"),
        ("DISCORD_TOKEN", "…"),
        ("BYOK_MASTER_KEY", "…"),
        ("BYOK_MASTER_KEY", "abc"),
        ("DISCORD_CLIENT_SECRET", "..."),
        ("OPENAI_API_KEY", "made-up with blanks"),
    ] {
        let variables = [(name.to_owned(), SecretString::from(value))];
        let said = runs("doctor", &variables, folder.path()).await;
        let named = format!("`{name}`");
        let line = said.lines().find(|line| line.contains(&named));
        told.push(line.unwrap_or(&said).to_owned());
    }
    assert!(!told.concat().contains("made-up"), "{told:?}");
    assert_snapshot!(told.join("\n"), @"
    FAIL  environment: `.env` line 3 is not NAME=value, or lacks a quotation mark at its end
    FAIL  environment: `.env` line 2 is not NAME=value, or lacks a quotation mark at its end
    FAIL  environment: `.env` line 5 has `Bot ` before the token, which is no part of it; leave that word and the blank out
    FAIL  environment: `.env` line 2 has a blank in its value, which must then stand between quotation marks; a secret has none
    FAIL  Discord token: `DISCORD_TOKEN` is too short for a secret; copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)
    FAIL  Discord token: `DISCORD_TOKEN` has a comment after its value, which Docker takes for a part of it; put the comment on a line of its own
    FAIL  Discord token: `DISCORD_TOKEN` has `Bot ` before the token, which is no part of it; leave that word and the blank out
    FAIL  Discord token: `DISCORD_TOKEN` has quotation marks around it, which Docker takes for a part of it; leave them out
    FAIL  Discord token: `DISCORD_TOKEN` is too short for a secret; copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)
    FAIL  Discord token: `DISCORD_TOKEN` is still a placeholder, or was copied where only a part of it is shown; copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)
    FAIL  master key: `BYOK_MASTER_KEY` is still a placeholder, or was copied where only a part of it is shown; it is 32 bytes, as 64 hex digits or as base64, and `latchkey keygen` makes one
    FAIL  master key: `BYOK_MASTER_KEY` is too short for a secret; it is 32 bytes, as 64 hex digits or as base64, and `latchkey keygen` makes one
    FAIL  console: `DISCORD_CLIENT_SECRET` is still a placeholder, or was copied where only a part of it is shown; copy it from https://discord.com/developers/applications (OAuth2, Client Secret)
    FAIL  providers: `OPENAI_API_KEY` has a blank or a line break in it, which no secret has
    ");
}

#[tokio::test]
async fn a_missing_token_says_where_a_dotenv_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap().display().to_string();
    let mut told = vec![runs("serve", &[], folder.path()).await];
    std::fs::write(folder.path().join(".env"), "A=1\n").unwrap();
    told.push(runs("serve", &[], folder.path()).await);
    assert_snapshot!(told.join("\n").replace(&place, "<folder>"), @"
    error: `DISCORD_TOKEN` is not set in the environment, and <folder>/.env is not there; copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)
    error: `DISCORD_TOKEN` is not set in the environment, and not in <folder>/.env; copy the bot's token from https://discord.com/developers/applications (Bot, Reset Token)
    ");
}

#[tokio::test]
async fn the_doctor_makes_nothing_and_says_what_serve_will_need() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = process::world(folder.path()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut variables = process::changed(
        &variables,
        "LATCHKEY_GATEWAY__LISTEN",
        Some(&format!("127.0.0.1:{port}")),
    );
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    let said = runs("doctor", &variables, folder.path()).await;
    let shown = |said: &str| {
        let of = ["gateway:", "database:", "Discord gateway:", "invite:"];
        let lines = said
            .lines()
            .filter(|line| of.iter().any(|it| line.contains(it)));
        let lines =
            lines.map(|line| line.replace(&folder.path().display().to_string(), "<folder>"));
        let lines = lines.map(|line| line.replace(&port.to_string(), "<port>"));
        let text = lines.collect::<Vec<_>>().join("\n");
        regex::Regex::new("127.0.0.1:[0-9]+/oauth2")
            .unwrap()
            .replace(&text, "<discord>/oauth2")
            .into_owned()
    };
    assert_snapshot!(shown(&said), @r#"
    FAIL  gateway: could not listen on `gateway.listen` (127.0.0.1:<port>); choose another port, or "" for none: Address already in use
    note  database: <folder>/process.db is not there yet; `latchkey serve` makes it
    ok    Discord gateway: can be reached
    note  invite: add the bot to a server with http://<discord>/oauth2/authorize?client_id=100000000000000000&scope=bot+applications.commands&permissions=274878024704
    "#);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
    drop(taken);
    let missing = format!("sqlite:{}/nowhere/a.db", folder.path().display());
    variables = process::changed(&variables, "LATCHKEY_STORE__URL", Some(&missing));
    let said = runs("doctor", &variables, folder.path()).await;
    assert_snapshot!(shown(&said), @"
    ok    gateway: 127.0.0.1:<port> is free
    FAIL  database: <folder>/nowhere/a.db is not there yet and can't be made, since its folder can't be written (entity not found); make the folder, give it to the user who runs Latchkey, or change `store.url`
    ok    Discord gateway: can be reached
    note  invite: add the bot to a server with http://<discord>/oauth2/authorize?client_id=100000000000000000&scope=bot+applications.commands&permissions=274878024704
    ");
}

/// Set in the child that prints until nobody reads.
const PRINTS: &str = "PRINTS_UNTIL_NOBODY_READS";
/// What it says then.
const LEFT: &str = "nobody reads any more";

/// Not a test by itself: what a child process runs.
#[test]
fn prints_until_nobody_reads() {
    if std::env::var_os(PRINTS).is_some() {
        while !crate::cli::is_unread() {
            crate::cli::print(format_args!("another line\n"));
        }
        std::io::Write::write_all(&mut std::io::stderr(), LEFT.as_bytes()).unwrap();
    }
}

#[tokio::test]
async fn a_reader_who_leaves_makes_no_panic() {
    let name = "tests::command_line::prints_until_nobody_reads";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--quiet"])
        .env(PRINTS, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut some = [0; 64];
    output.read_exact(&mut some).await.unwrap();
    drop(output);
    let ended = timeout(Duration::from_mins(2), child.wait_with_output());
    let ended = ended.await.unwrap().unwrap();
    // The test runner has something to say of it too.
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(told.starts_with(LEFT), "{told}");
}

#[tokio::test]
async fn serve_says_where_it_listens_how_it_is_invited_and_when_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = process::world(folder.path()).await;
    let variables = process::changed(&variables, "LATCHKEY_GATEWAY__LISTEN", Some("127.0.0.1:0"));
    let secret = Some("made-up-client-secret");
    let variables = process::changed(&variables, "DISCORD_CLIENT_SECRET", secret);
    let mut child = process::start(&variables, &scene).await;
    let stderr = tokio::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines();
    let reading = async {
        let mut said = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            let is_last = line.contains("ready: ");
            let told = ["listens on", "pages for people", "add the bot", "ready: "];
            let found = told.iter().filter_map(|start| line.find(start)).min();
            said.extend(found.map(|from| line.split_at(from).1.to_owned()));
            if is_last {
                break;
            }
        }
        said.join("\n")
    };
    let said = timeout(Duration::from_mins(2), reading).await.unwrap();
    let ports = regex::Regex::new("127.0.0.1:[0-9]+").unwrap();
    assert_snapshot!(ports.replace_all(&said, "<address>"), @"
    listens on http://<address>
    pages for people are at http://<address>
    add the bot to a server with http://<address>/oauth2/authorize?client_id=100000000000000000&scope=bot+applications.commands&permissions=274878024704
    ready: connected to Discord as Latchkey, in 1 server shard=0 servers=1
    ");
    assert!(process::terminate(&mut child).await);
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_named_by_address() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = process::world(folder.path()).await;
    // Nobody listens where somebody did a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let variables = process::changed(&variables, "LATCHKEY_GATEWAY__LISTEN", Some(&address));
    let health = runs("health", &variables, folder.path()).await;
    assert_snapshot!(health.replace(&address, "<address>").trim_end(), @"not well: nothing good answers at <address> (`gateway.listen`); look whether `latchkey serve` runs");
    let api = format!("http://{address}/api/v10");
    let variables = process::changed(&variables, "LATCHKEY_GATEWAY__LISTEN", Some(""));
    let variables = process::changed(&variables, "LATCHKEY_DISCORD__API_URL", Some(&api));
    let mut child = command("serve", &variables)
        .current_dir(folder.path())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let stderr = tokio::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines();
    let reading = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, said)) = line.split_once("trying again in ") {
                return said.replace(&address, "<address>");
            }
        }
        panic!("it ended");
    };
    let said = timeout(Duration::from_mins(2), reading).await.unwrap();
    assert!(
        said.starts_with("1 s: http://<address>/api/v10 can't be reached ("),
        "{said}"
    );
    assert!(
        said.contains("look whether this machine has a network"),
        "{said}"
    );
}
