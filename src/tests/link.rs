//! A line to a server, which tests refuse, hold and cut.

use std::net::SocketAddr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a line does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Passes,
    /// Takes everything, also new connections, and passes nothing on: like a
    /// server that was stopped, or a host that vanished.
    Silent,
    /// Ends every connection, and takes no new one.
    Refuses,
}

/// The line. It is gone with its last clone.
#[derive(Clone)]
pub struct Link {
    mode: Arc<watch::Sender<Mode>>,
    address: SocketAddr,
}

impl Link {
    /// A line to the PostgreSQL that a URL names, and the URL that leads over
    /// the line.
    pub async fn to_database(url: &SecretString) -> (Self, SecretString) {
        let (before, rest) = url.expose_secret().split_once('@').unwrap();
        let (address, name) = rest.split_once('/').unwrap();
        let link = Self::to(address.parse().unwrap()).await;
        let url = format!("{before}@{}/{name}", link.address);
        (link, SecretString::from(url))
    }

    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, seen) = watch::channel(Mode::Passes);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, seen.clone()));
            }
        });
        Self {
            mode: Arc::new(mode),
            address,
        }
    }

    /// Passes on what comes, also what came while it was silent.
    pub fn passes(&self) {
        self.mode.send_replace(Mode::Passes);
    }

    /// Passes nothing on any more, and says nothing.
    pub fn falls_silent(&self) {
        self.mode.send_replace(Mode::Silent);
    }

    /// Ends every connection, and takes no new one.
    pub fn refuses(&self) {
        self.mode.send_replace(Mode::Refuses);
    }
}

/// Carries one connection, until the line refuses.
async fn carry(mut client: TcpStream, server: SocketAddr, mode: watch::Receiver<Mode>) {
    let mut refused = mode.clone();
    let both = async {
        let mut opened = mode.clone();
        opened.wait_for(|mode| *mode == Mode::Passes).await.ok()?;
        let mut server = TcpStream::connect(server).await.ok()?;
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        tokio::select! {
            () = pump(&mut from_client, &mut to_server, mode.clone()) => {}
            () = pump(&mut from_server, &mut to_client, mode.clone()) => {}
        }
        Some(())
    };
    tokio::select! {
        _ = both => {}
        _ = refused.wait_for(|mode| *mode == Mode::Refuses) => {}
    }
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut mode: watch::Receiver<Mode>,
) {
    let mut buffer = vec![0; 16 * 1_024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let passes = mode.wait_for(|mode| *mode == Mode::Passes).await.is_ok();
        if !passes || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
