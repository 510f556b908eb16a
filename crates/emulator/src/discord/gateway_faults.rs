//! What can go wrong on Discord's gateway, for tests to bring about.

use serde_json::{Value, json};

use super::gateway::{AUTHENTICATION_FAILED, keeps_session};
use crate::world::{ToSocket, World};

impl World {
    /// Breaks every gateway connection off, or closes it with a code. After
    /// some codes, the session is gone too.
    pub fn drop_sockets(&self, code: Option<u16>) {
        self.leave_sockets(|| code.map_or(ToSocket::Drop, ToSocket::Close));
        if code.is_some_and(|code| !keeps_session(code)) {
            self.with(|state| state.sessions.clear());
        }
    }

    /// Closes every gateway connection with a frame that has no code.
    pub fn close_sockets_without_code(&self) {
        self.leave_sockets(|| ToSocket::CloseWithoutCode);
    }

    /// Leaves every gateway connection open, and neither hears nor says
    /// anything on it any more, as where a cable is cut.
    pub fn silence_sockets(&self) {
        self.leave_sockets(|| ToSocket::FallSilent);
    }

    /// Tells every gateway connection something, the last that it hears: its
    /// session goes on without it.
    fn leave_sockets(&self, last: impl Fn() -> ToSocket) {
        self.with(|state| {
            for session in &mut state.sessions {
                session.push(last());
                session.socket = None;
            }
        });
    }

    /// Asks every gateway connection to reconnect.
    pub fn ask_to_reconnect(&self) {
        self.send_frame(&json!({"op": 7, "d": null}).to_string());
    }

    /// Tells every gateway connection that its session is invalid, and
    /// whether it may be resumed all the same.
    pub fn invalidate_sessions(&self, resumable: bool) {
        self.send_frame(&json!({"op": 9, "d": resumable}).to_string());
        if !resumable {
            self.with(|state| state.sessions.clear());
        }
    }

    /// Makes a new token for the bot, with which the old one ends, in REST
    /// calls and on the gateway.
    pub fn reset_token(&self) {
        self.with(|state| state.bot_token.push_str("-new"));
        self.drop_sockets(Some(AUTHENTICATION_FAILED));
    }

    /// Sends any text to every gateway connection, as one frame.
    pub fn send_frame(&self, text: &str) {
        self.tell_sockets(|| ToSocket::Send(text.to_owned()));
    }

    /// Sends any bytes to every gateway connection, as one binary frame.
    pub fn send_bytes(&self, bytes: &[u8]) {
        self.tell_sockets(|| ToSocket::SendBytes(bytes.to_vec()));
    }

    /// Sends an event with any data, whether the data is valid or not.
    pub fn emit_raw(&self, name: &str, data: &Value) {
        self.with(|state| state.emit(None, name, data));
    }

    fn tell_sockets(&self, message: impl Fn() -> ToSocket) {
        self.with(|state| {
            for session in &mut state.sessions {
                session.push(message());
            }
        });
    }
}
