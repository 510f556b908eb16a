//! Somebody with a browser: it keeps cookies, follows redirects, and sends
//! the forms that pages have.

use std::collections::BTreeMap;
use std::sync::Mutex;

use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder};
use secrecy::ExposeSecret;
use url::form_urlencoded;

use super::html::{self, PageForm};
use crate::app::NewSession;
use crate::model::{PersonId, ServerId};
use crate::tests::Stage;

/// Where the console is, as browsers name it: behind a proxy with TLS.
pub const ORIGIN: &str = "https://latchkey.example";
/// The most redirects that are followed.
const REDIRECTS_MAX: usize = 5;
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// Somebody with a browser.
pub struct Visitor<'s> {
    stage: &'s Stage,
    base: String,
    http: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// A page that somebody sees.
#[derive(Clone, Debug)]
pub struct SeenPage {
    /// Where it is: the last address of the way to it.
    pub address: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
}

impl<'s> Visitor<'s> {
    /// Somebody who is not signed in.
    pub async fn stranger(stage: &'s Stage) -> Self {
        Self {
            stage,
            base: stage.gateway().await,
            http: stage.app().await.http(),
            cookies: Mutex::default(),
        }
    }

    /// Somebody who has signed in with Discord, and could manage the server
    /// of the scene if they are its manager.
    pub async fn signed_in(stage: &'s Stage, person: u64) -> Self {
        let visitor = Self::stranger(stage).await;
        visitor.signs_in(person).await;
        visitor
    }

    /// Signs in, in this browser.
    pub async fn signs_in(&self, person: u64) {
        let (name, joined): (_, Vec<u64>) = self.stage.world().look(|state| {
            let found = state.people.iter().find(|it| it.id == person);
            let name = found.expect("the person exists").name.clone();
            let joined = state.servers.iter();
            let joined = joined.filter(|server| server.members.contains_key(&person));
            (name, joined.map(|server| server.id).collect())
        });
        let managed = (person == self.stage.scene.manager).then_some(self.stage.scene.server);
        let joined = joined.into_iter().filter(|it| Some(*it) != managed);
        let new = NewSession {
            person: PersonId(person),
            name,
            servers: managed.into_iter().map(ServerId).collect(),
            joined: joined.map(ServerId).collect(),
            browser: "Firefox on Linux".to_owned(),
            before: None,
        };
        let app = self.stage.app().await;
        let cookie = app.people.begin_session(new).await.unwrap();
        let name = "__Host-latchkey".to_owned();
        let cookie = cookie.expose_secret().to_owned();
        self.cookies.lock().unwrap().insert(name, cookie);
    }

    /// Begins to sign in at a page of ours, and returns where Discord sends the
    /// browser back to: a path of ours.
    pub async fn goes_to_discord(&self, path: &str) -> String {
        let there = self.opens_once(path).await;
        assert_eq!(there.status, 303, "{}", there.html);
        let back = self.http.get(there.location()).send().await.unwrap();
        let back = back.headers().get("location").expect("it was agreed to");
        let back = back.to_str().unwrap().strip_prefix(ORIGIN);
        back.expect("it leads back to us").to_owned()
    }

    /// Signs in by way of Discord, whom they agree to be known by.
    pub async fn signs_in_with_discord(&self, person: u64) -> SeenPage {
        self.stage.world().consents(person);
        let back = self.goes_to_discord("/sign-in?next=/signed-in").await;
        let shown = self.opens_once(&back).await;
        assert_eq!(shown.status, 303, "{}", shown.html);
        shown
    }

    /// Keeps a cookie that no page set.
    pub fn keeps(&self, name: &str, value: &str) {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.cookies.lock().unwrap().insert(name, value);
    }

    /// The values of all cookies that the browser keeps.
    pub fn kept(&self) -> Vec<String> {
        self.cookies.lock().unwrap().values().cloned().collect()
    }

    /// The value of a cookie that the browser keeps.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Loses a cookie, as when it has expired.
    pub fn loses(&self, name: &str) {
        self.cookies.lock().unwrap().remove(name);
    }

    /// A request with the browser's cookies and nothing else.
    pub fn call(&self, method: &str, address: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = self.http.request(method, format!("{}{address}", self.base));
        let cookies = self.cookies.lock().unwrap();
        if cookies.is_empty() {
            return call;
        }
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        call.header("cookie", pairs.collect::<Vec<_>>().join("; "))
    }

    /// Sends a request, keeps the cookies that come back, and follows no
    /// redirect.
    pub async fn sends_once(&self, call: RequestBuilder) -> SeenPage {
        let response = call.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, rules) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{cookie}");
            for needed in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(rules.contains(needed), "{cookie}");
            }
            let mut cookies = self.cookies.lock().unwrap();
            if rules.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        SeenPage {
            address: response.url()[url::Position::BeforePath..].to_owned(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            html: response.text().await.unwrap(),
        }
    }

    /// Opens an address, and goes nowhere from there.
    pub async fn opens_once(&self, address: &str) -> SeenPage {
        self.sends_once(self.call("GET", address)).await
    }

    /// Sends fields with the token of a page of ours, whatever forms it has,
    /// and goes nowhere from there.
    pub async fn submits(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> SeenPage {
        let shown = self.opens_once(page).await;
        let token = shown.forms().into_iter().flat_map(|form| form.fields);
        let token = token.into_iter().find(|(name, _)| name == "form_token");
        let token = token.unwrap_or_else(|| panic!("{page} has no form: {}", shown.html));
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let fields: Vec<_> = fields.chain([token]).collect();
        self.sends_once(self.post(action, &fields)).await
    }

    /// Opens an address, and follows where it leads, unless that is another
    /// site.
    pub async fn opens(&self, address: &str) -> SeenPage {
        let page = self.sends_once(self.call("GET", address)).await;
        self.follows(page).await
    }

    /// Follows a redirect, and those after it.
    pub async fn follows(&self, mut page: SeenPage) -> SeenPage {
        for _ in 0..REDIRECTS_MAX {
            let next = page.header("location").to_owned();
            if !(300..400).contains(&page.status) || !next.starts_with('/') {
                return page;
            }
            page = self.sends_once(self.call("GET", &next)).await;
        }
        panic!("{REDIRECTS_MAX} redirects without an end");
    }

    /// Fills in the form of a page that goes to `action`, sends it, and
    /// follows where that leads.
    pub async fn sends(&self, page: &SeenPage, action: &str, typed: &[(&str, &str)]) -> SeenPage {
        let form = page.form_with(action, typed);
        let fields = form.fill(typed);
        if form.method == "get" {
            return self.opens(&format!("{action}?{}", encode(&fields))).await;
        }
        let sent = self.sends_once(self.post(action, &fields)).await;
        self.follows(sent).await
    }

    /// A form as a browser sends it from a page of the console.
    pub fn post(&self, action: &str, fields: &[(String, String)]) -> RequestBuilder {
        self.bare_post(action, fields)
            .header("origin", ORIGIN)
            .header("sec-fetch-site", "same-origin")
    }

    /// A form of which nothing says where it comes from.
    pub fn bare_post(&self, action: &str, fields: &[(String, String)]) -> RequestBuilder {
        self.call("POST", action)
            .header("content-type", FORM_TYPE)
            .body(encode(fields))
    }
}

/// The value of a parameter of an address.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let address = url::Url::parse(ORIGIN).unwrap().join(address).unwrap();
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(it, _)| it == name);
    found.map(|(_, value)| value.into_owned())
}

/// Fields as a form sends them.
pub fn encode(fields: &[(String, String)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(fields).finish()
}

impl SeenPage {
    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// Where the browser is sent on to; empty where it stays.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The title of the page.
    pub fn title(&self) -> &str {
        let title = self.html.split("<title>").nth(1).unwrap_or_default();
        title.split(" · ").next().unwrap_or_default()
    }

    /// The page's forms.
    pub fn forms(&self) -> Vec<PageForm> {
        html::forms(&self.html, &self.address)
    }

    /// The form that goes to an address.
    pub fn form(&self, action: &str) -> PageForm {
        let mut forms = self.forms();
        let at = forms.iter().position(|form| form.action == action);
        let at = at.unwrap_or_else(|| panic!("no form goes to {action}: {}", self.shown()));
        forms.swap_remove(at)
    }

    /// The form that goes to an address and has these fields, where several
    /// go there.
    pub fn form_with(&self, action: &str, typed: &[(&str, &str)]) -> PageForm {
        let takes = |form: &PageForm| typed.iter().all(|(name, _)| form.has(name));
        let mut forms = self
            .forms()
            .into_iter()
            .filter(|form| form.action == action);
        forms.find(takes).unwrap_or_else(|| self.form(action))
    }

    /// Whether a form goes to an address that begins so; that address.
    pub fn action(&self, start: &str, end: &str) -> Option<String> {
        let forms = self.forms();
        let mut actions = forms.into_iter().map(|form| form.action);
        actions.find(|action| action.starts_with(start) && action.ends_with(end))
    }

    /// What its main part says, line by line.
    pub fn says(&self) -> String {
        html::read(&self.html)
    }

    /// The status, where it is, and what it says.
    pub fn shown(&self) -> String {
        format!("{} {}\n{}", self.status, self.address, self.says())
    }

    /// Whether all of its source holds a text.
    pub fn holds(&self, text: &str) -> bool {
        self.html.contains(text) || html::unescape(&self.html).contains(text)
    }
}
