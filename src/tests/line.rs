//! A line to a server of PostgreSQL that can be cut and mended.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Passes connections on while it is whole. Cut, it ends them and takes none.
pub struct Line {
    pub port: u16,
    is_cut: watch::Sender<bool>,
    passing: AbortHandle,
}

impl Line {
    /// A line to a port of this machine.
    pub async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_cut, cut) = watch::channel(false);
        #[expect(clippy::disallowed_methods, reason = "it ends with the line")]
        let passing = tokio::spawn(async move {
            loop {
                let (caller, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(caller, server, cut.clone()));
            }
        });
        Self {
            port,
            is_cut,
            passing: passing.abort_handle(),
        }
    }

    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.passing.abort();
        self.cut();
    }
}

async fn pass(mut caller: TcpStream, server: u16, mut cut: watch::Receiver<bool>) {
    if *cut.borrow() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else {
        return;
    };
    tokio::select! {
        // Either end may hang up at any time.
        _ = tokio::io::copy_bidirectional(&mut caller, &mut server) => {}
        _ = cut.wait_for(|is_cut| *is_cut) => {}
    }
}
