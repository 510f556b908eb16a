//! A PostgreSQL of the tests' own: in a temporary folder, on a socket in
//! that folder, as a user other than root.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::own_address::own_address;

/// How long the server may take to start.
const START_WITHIN: Duration = Duration::from_mins(1);

/// One server for the whole run. It stops with the test process.
static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static NUMBER: Mutex<u32> = Mutex::new(0);

struct Cluster {
    address: SocketAddr,
    _folder: TempDir,
}

/// A database of one's own in it; none where PostgreSQL is not installed.
pub fn database() -> Option<SecretString> {
    let cluster = CLUSTER.get_or_init(Cluster::start).as_ref()?;
    let number = {
        let mut number = NUMBER.lock().unwrap();
        *number += 1;
        *number
    };
    let url = |name: &str| format!("postgres://postgres@{}/{name}", cluster.address);
    let created = Command::new(tool("psql")?)
        .args([
            &url("postgres"),
            "-c",
            &format!("create database test_{number}"),
        ])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(created.success());
    Some(SecretString::from(url(&format!("test_{number}"))))
}

/// A connection of a test's own.
pub async fn connect(url: &SecretString) -> Client {
    let connected = tokio_postgres::connect(url.expose_secret(), NoTls).await;
    let (client, connection) = connected.unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(connection);
    client
}

impl Cluster {
    fn start() -> Option<Self> {
        let (Some(initdb), Some(server)) = (tool("initdb"), tool("postgres")) else {
            return super::skip("PostgreSQL's server is not installed");
        };
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        // initdb refuses to run as root, and so does the server.
        let user = if rustix::process::geteuid().is_root() {
            Some("nobody")
        } else {
            None
        };
        if let Some(user) = user {
            let owned = Command::new("chown")
                .arg(user)
                .arg(folder.path())
                .status()
                .unwrap();
            assert!(owned.success());
        }
        let made = as_user(user, &initdb)
            .args(["-A", "trust", "-U", "postgres", "-N", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let address = own_address();
        let (host, port) = (address.ip(), address.port());
        // It watches our standard input and ends with us, however we end.
        let script = format!(
            "'{}' -D '{}' -c listen_addresses={host} -c port={port} -c unix_socket_directories='' \
             -c fsync=off -c max_connections=200 >/dev/null 2>&1 & read _; kill -INT $!; wait; rm -rf '{}'",
            server.display(),
            data.display(),
            folder.path().display()
        );
        let child = as_user(user, Path::new("/bin/sh"))
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .spawn();
        // The pipe stays open until this process ends.
        std::mem::forget(child.unwrap());
        let started = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < START_WITHIN, "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self {
            address,
            _folder: folder,
        })
    }
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command
                .args([
                    "--reuid",
                    user,
                    "--regid",
                    "nogroup",
                    "--clear-groups",
                    "--",
                ])
                .arg(program);
            command.current_dir("/");
            command
        }
        None => Command::new(program),
    }
}

/// A program of PostgreSQL's: on the path, or where Debian keeps it.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::vars_os()
        .find(|(key, _)| key == "PATH")
        .map(|(_, value)| value)?;
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(
        (13..=20)
            .rev()
            .map(|v| PathBuf::from(format!("/usr/lib/postgresql/{v}/bin"))),
    );
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|file| file.exists())
}
