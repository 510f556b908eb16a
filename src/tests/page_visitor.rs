//! Somebody at a browser without script, in front of the console: keeps
//! cookies, goes where they are sent by hand, and sends forms.

use std::collections::BTreeMap;
use std::sync::Mutex;

use regex::Regex;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use url::Url;

use super::Stage;

/// Where the console of the stage is, as its settings say.
pub const ORIGIN: &str = "https://latchkey.example";

/// A browser and what it keeps.
pub struct PageVisitor<'s> {
    stage: &'s Stage,
    client: Client,
    pub cookies: Mutex<BTreeMap<String, String>>,
}

/// What a browser was answered.
pub struct Shown {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Shown {
    /// Where the browser is sent on to.
    pub fn location(&self) -> &str {
        let location = self.headers.get("location");
        location.map_or("", |it| it.to_str().unwrap())
    }

    /// The title of the page.
    pub fn title(&self) -> &str {
        let title = self.text.split("<title>").nth(1).unwrap_or_default();
        title.split(" · ").next().unwrap_or_default()
    }
}

/// The value of a parameter of an address.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let address = Url::parse(ORIGIN).unwrap().join(address).unwrap();
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(it, _)| it == name);
    found.map(|(_, value)| value.into_owned())
}

impl<'s> PageVisitor<'s> {
    /// A browser that nobody has used yet.
    pub fn new(stage: &'s Stage) -> Self {
        let client = Client::builder().redirect(Policy::none()).build();
        Self {
            stage,
            client: client.unwrap(),
            cookies: Mutex::default(),
        }
    }

    /// Opens a page.
    pub async fn opens(&self, path: &str) -> Shown {
        let request = self.request(Method::GET, path).await;
        self.sends(request).await
    }

    /// Sends a form of a page of ours, with the token of that page.
    pub async fn submits(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Shown {
        let shown = self.opens(page).await;
        let token = Regex::new("name=\"form_token\" value=\"([^\"]+)\"").unwrap();
        let token = token.captures(&shown.text).map(|found| found[1].to_owned());
        let token = token.unwrap_or_else(|| panic!("{page} has no form: {}", shown.text));
        let mut fields = fields.to_vec();
        fields.push(("form_token", &token));
        let request = self.request(Method::POST, action).await;
        self.sends(form(request, &fields)).await
    }

    /// A request of this browser's, to be changed before it is sent.
    pub async fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.stage.gateway().await);
        let cookies: Vec<String> = {
            let cookies = self.cookies.lock().unwrap();
            cookies.iter().map(|(n, v)| format!("{n}={v}")).collect()
        };
        let request = self.client.request(method, url);
        request.header(COOKIE, cookies.join("; "))
    }

    /// Keeps a cookie that no page set.
    pub fn keeps(&self, name: &str, value: &str) {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.cookies.lock().unwrap().insert(name, value);
    }

    /// Sends a request, and keeps the cookies of its answer.
    pub async fn sends(&self, request: RequestBuilder) -> Shown {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        self.keeps_cookies(&headers);
        let text = answer.text().await.unwrap();
        Shown {
            status,
            headers,
            text,
        }
    }

    fn keeps_cookies(&self, headers: &HeaderMap) {
        let mut kept = self.cookies.lock().unwrap();
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            for needed in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(cookie.contains(needed), "{cookie}");
            }
            let (name, rest) = cookie.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{cookie}");
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                kept.remove(name);
            } else {
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Begins to sign in, and returns where Discord sends the browser back to:
    /// a path of ours.
    pub async fn goes_to_discord(&self, path: &str) -> String {
        let there = self.opens(path).await;
        assert_eq!(there.status, StatusCode::SEE_OTHER, "{}", there.text);
        let back = self.client.get(there.location()).send().await.unwrap();
        let back = back.headers().get("location").expect("it was agreed to");
        let back = back.to_str().unwrap().strip_prefix(ORIGIN);
        back.expect("it leads back to us").to_owned()
    }

    /// Signs in as somebody.
    pub async fn signs_in(&self, person: u64) -> Shown {
        self.stage.world().consents(person);
        let back = self.goes_to_discord("/sign-in?next=/signed-in").await;
        let shown = self.opens(&back).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.text);
        shown
    }
}

/// A form as a browser sends it from a page of ours.
pub fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = request.header("origin", ORIGIN).body(body);
    request.header("content-type", "application/x-www-form-urlencoded")
}
