//! A program that uses somebody's keys over HTTP.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::tokens::token_in;
use super::{Actor, Stage};

/// A program with a token, or without one.
pub struct Program {
    base: String,
    token: Option<String>,
    http: Client,
}

/// What it was answered.
#[derive(Debug)]
pub struct HttpAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Program {
    /// A program without a token.
    pub async fn stranger(stage: &Stage) -> Self {
        Self {
            base: stage.gateway().await,
            token: None,
            http: stage.app().await.http(),
        }
    }

    /// A program with a token that its person makes in Discord.
    pub async fn of(stage: &Stage, person: &Actor<'_>, options: &str) -> Self {
        let shown = person.runs(&format!("/token create {options}")).await;
        Self {
            token: Some(token_in(&shown).expose_secret().to_owned()),
            ..Self::stranger(stage).await
        }
    }

    /// The same program with another token.
    pub fn with(&self, token: &str) -> Self {
        Self {
            base: self.base.clone(),
            token: Some(token.to_owned()),
            http: self.http.clone(),
        }
    }

    /// Its token.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// A call that is not sent yet.
    pub fn call(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => call.bearer_auth(token),
            None => call,
        }
    }

    pub async fn gets(&self, path: &str) -> HttpAnswer {
        send(self.call("GET", path)).await
    }

    pub async fn posts(&self, path: &str, body: &Value) -> HttpAnswer {
        send(self.call("POST", path).json(body)).await
    }
}

/// Sends a call, and reads all of its answer.
pub async fn send(call: RequestBuilder) -> HttpAnswer {
    let response = call.send().await.unwrap();
    HttpAnswer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

impl HttpAnswer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// What was said before the receipt, and the receipt that ended a stream.
    pub fn split_receipt(&self) -> (Self, Option<Value>) {
        let (before, receipt) = match self.text.split_once(": latchkey-receipt ") {
            None => (self.text.as_str(), None),
            Some((before, receipt)) => (before, Some(serde_json::from_str(receipt).unwrap())),
        };
        let before = Self {
            status: self.status,
            headers: self.headers.clone(),
            text: before.to_owned(),
        };
        (before, receipt)
    }

    /// The status, who paid, and what was said.
    pub fn shown(&self) -> String {
        let payer = match self.header("x-latchkey-source") {
            "" => String::new(),
            source => format!(" {source} {}", self.header("x-latchkey-provider")),
        };
        format!("{}{payer}\n{}", self.status, self.text)
    }

    /// The stable code of a no.
    pub fn code(&self) -> String {
        let header = self.header("x-latchkey-error");
        if !header.is_empty() {
            return format!("{} {header}", self.status);
        }
        let body = self.json();
        let places = ["/error/code", "/error/details/0/reason"];
        let code = places
            .iter()
            .find_map(|place| body.pointer(place).and_then(Value::as_str));
        format!("{} {}", self.status, code.unwrap_or_default())
    }
}
