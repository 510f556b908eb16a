//! The database's file: used by one process, watched while that runs, and
//! examined by the doctor.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use insta::assert_snapshot;
use rusqlite::Connection;
use secrecy::SecretString;
use tokio::io::AsyncReadExt;
use tokio::process::Child;
use tokio::time::timeout;

use crate::store::Store;

use super::process::{command, printed, start, terminate, world};

/// How long a process may take to notice that its file is gone, and to end.
const NOTICED_WITHIN: Duration = Duration::from_mins(1);

/// What a process said on standard error, once it has ended without success.
async fn last_words(mut child: Child, folder: &Path) -> String {
    let ended = timeout(NOTICED_WITHIN, child.wait()).await;
    assert!(!ended.expect("it ends").unwrap().success());
    let mut text = Vec::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_end(&mut text).await.unwrap();
    let text = printed(&text);
    let error = text.lines().find(|line| line.starts_with("error: "));
    let error = error.unwrap_or_else(|| panic!("it says why: {text}"));
    let error = error.replace(folder.to_str().unwrap(), "<folder>");
    regex::Regex::new("process [0-9]+")
        .unwrap()
        .replace(&error, "process <id>")
        .into_owned()
}

/// Makes the database of a world that stands in this folder.
pub async fn make_database(folder: &Path) {
    let url = format!("sqlite:{}/process.db", folder.display());
    Store::open(&url.into()).await.unwrap().close().await;
}

async fn doctor(variables: &[(String, SecretString)], folder: &Path) -> String {
    let output = command("doctor", variables).current_dir(folder).output();
    let output = timeout(Duration::from_mins(2), output).await;
    let text = printed(&output.expect("it ends").unwrap().stdout);
    text.replace(folder.to_str().unwrap(), "<folder>")
}

fn line<'a>(text: &'a str, what: &str) -> &'a str {
    let found = text
        .lines()
        .find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(what)));
    found.unwrap_or_else(|| panic!("no line about {what}: {text}"))
}

#[tokio::test]
async fn a_second_process_on_one_file_is_refused_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (scene, variables) = world(folder.path()).await;
    let mut first = start(&variables, &scene).await;
    let second = command("serve", &variables).spawn().unwrap();
    assert_snapshot!(last_words(second, folder.path()).await, @"error: <folder>/process.db is used by another running Latchkey (process <id>); stop that first, or let both use one PostgreSQL database (`store.url`)");
    assert!(terminate(&mut first).await);
    // Whoever is killed leaves no claim behind.
    scene
        .emulator
        .world
        .with(|state| state.ready_is_sent = false);
    let mut third = start(&variables, &scene).await;
    third.kill().await.unwrap();
    scene
        .emulator
        .world
        .with(|state| state.ready_is_sent = false);
    let mut fourth = start(&variables, &scene).await;
    assert!(terminate(&mut fourth).await);
}

#[tokio::test]
async fn a_file_that_is_taken_away_stops_the_process_with_words() {
    for (what, take) in [
        ("removed", remove as fn(&Path)),
        ("emptied", empty),
        ("replaced", replace),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (scene, variables) = world(folder.path()).await;
        let child = start(&variables, &scene).await;
        take(&folder.path().join("process.db"));
        let said = last_words(child, folder.path()).await;
        assert_eq!(
            said,
            format!(
                "error: <folder>/process.db was {what} while the program ran, so that nothing more is stored; put the database back from a backup, and start again"
            )
        );
    }
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

fn empty(path: &Path) {
    std::fs::File::create(path).unwrap();
}

fn replace(path: &Path) {
    let other = path.with_extension("other");
    std::fs::copy(path, &other).unwrap();
    std::fs::rename(other, path).unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_named_as_such_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    make_database(folder.path()).await;
    assert!(
        doctor(&variables, folder.path())
            .await
            .contains("ok    database: opens")
    );
    let file = folder.path().join("process.db");
    let newer = "insert into refinery_schema_history
                 select max(version) + 1, 'future', max(applied_on), 'made-up' from refinery_schema_history";
    Connection::open(&file).unwrap().execute(newer, []).unwrap();
    let served = command("serve", &variables).spawn().unwrap();
    let said = last_words(served, folder.path()).await;
    let examined = doctor(&variables, folder.path()).await;
    for text in [said.as_str(), line(&examined, "database")] {
        assert!(
            text.contains("it was written by a newer Latchkey"),
            "{text}"
        );
        assert!(
            text.contains("put back a backup from before the upgrade"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_doctor_finds_damaged_pages_and_a_dotenv_that_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let (_scene, variables) = world(folder.path()).await;
    make_database(folder.path()).await;
    let dotenv = folder.path().join(".env");
    std::fs::write(&dotenv, "MADE_UP=value\n").unwrap();
    std::fs::set_permissions(&dotenv, PermissionsExt::from_mode(0o640)).unwrap();
    let well = doctor(&variables, folder.path()).await;
    assert_snapshot!(line(&well, "database pages"), @"ok    database pages: none is damaged");
    assert_snapshot!(line(&well, ".env"), @"note  .env: others on this machine can read it, and so every secret in it; run `chmod 600 .env`");
    std::fs::set_permissions(&dotenv, PermissionsExt::from_mode(0o600)).unwrap();
    damage(&folder.path().join("process.db"), "attempt");
    let ill = doctor(&variables, folder.path()).await;
    assert!(!ill.contains(".env"), "{ill}");
    let found = line(&ill, "database pages");
    assert!(found.starts_with("FAIL  database pages: "), "{found}");
    assert!(found.ends_with("stop the program and put back a backup, or save what can be read with `sqlite3 … .recover`"), "{found}");
}

/// Another program that uses the file.
pub struct OtherProgram(Connection);

impl OtherProgram {
    pub fn open(file: &Path) -> Self {
        Self(Connection::open(file).unwrap())
    }

    pub fn runs(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap();
    }
}

/// Overwrites the start of a table's first page.
pub fn damage(file: &Path, table: &str) {
    use std::os::unix::fs::FileExt;
    let connection = Connection::open(file).unwrap();
    let page: i64 = connection
        .query_row(
            "select rootpage from sqlite_master where name = $1",
            [table],
            |row| row.get(0),
        )
        .unwrap();
    let size: i64 = connection
        .query_row("pragma page_size", [], |row| row.get(0))
        .unwrap();
    drop(connection);
    let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(&[0xff; 64], u64::try_from((page - 1) * size).unwrap())
        .unwrap();
}
