//! Looks at a request before its handler sees it: whether its sender may be
//! here, and whether a form comes from a page of ours.
//!
//! Nothing is changed by a GET. A form must come from one of our origins, and
//! must carry the token of the cookie that came with it: either alone stops
//! a foreign page's form, `docs/security.md` §3.2. Cookies are looked at here
//! and nowhere else, and `Authorization` never is.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;

use crate::app::{Error, OwnSession, form_token, new_cookie};
use crate::model::{AccessRefusal, PersonId, Refusal, RequestOrigin, ServerId};

use super::form::Form;
use super::form_body::{IncomingBody, read_form};
use super::frame::{self, Reader};
use super::routes::{Handler, Row};
use super::trouble::Trouble;
use super::visit::{HandlerResult, Managing, SignedIn, Visit};
use super::{Console, cookies, nearby};

/// Says where a request comes from, as the browser saw it
/// (<https://www.w3.org/TR/fetch-metadata/>). Sent past TLS and to this
/// machine alone.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Says for whose account the page was made that asks by its script.
const PAGE_OWNER: HeaderName = HeaderName::from_static("latchkey-account");
/// How long a visitor's cookie is kept, in seconds.
const VISITOR_SECONDS: u64 = 24 * 60 * 60;

/// A request whose row was found.
struct RoutedRequest {
    row: &'static Row,
    path_values: Vec<String>,
    request: Request<Body>,
}

/// Whom a request's cookies name, and what their forms carry.
struct Cookies {
    session: Option<Arc<OwnSession>>,
    /// The cookie that forms are proved by.
    form_cookie: SecretString,
    form_token: SecretString,
    /// What forms carry that were made for the same account, and shown again to
    /// this browser while nobody was signed in.
    earlier_token: Option<SecretString>,
    /// A visitor's new cookie, to be set.
    new: Option<HeaderValue>,
}

/// Responds to a request for a row of the table.
pub async fn respond(
    row: &'static Row,
    console: Arc<Console>,
    path_values: Vec<String>,
    request: Request<Body>,
) -> Response {
    let mut reader = Reader::visitor(Arc::clone(&console), &request);
    let result = match find_cookies(&console, request.headers()).await {
        Ok(found) => {
            reader.recognise(found.session.clone(), found.form_cookie.clone());
            let asked = RoutedRequest {
                row,
                path_values,
                request,
            };
            let result = admit(asked, &console, &found).await;
            (result, found.new)
        }
        Err(trouble) => {
            let headers = request.headers();
            let cookie = cookies::find(headers, cookies::SESSION);
            let cookie = cookie.or_else(|| cookies::find(headers, cookies::VISITOR));
            reader.recognise(None, cookie.unwrap_or_default());
            let trouble = keep_typed(row, &console, request, trouble).await;
            (Err(trouble), None)
        }
    };
    let (result, new_cookie) = result;
    let mut response = match result {
        Ok(reply) => frame::finish(reply, &reader).await,
        Err(trouble) => trouble.respond(&reader).await,
    };
    if let Some(cookie) = new_cookie {
        let headers = response.headers_mut();
        headers.append(axum::http::header::SET_COOKIE, cookie);
    }
    response
}

/// Trouble that came before a form was read, with what was typed into it if it
/// comes from a page of ours.
async fn keep_typed(
    row: &'static Row,
    console: &Console,
    request: Request<Body>,
    trouble: Trouble,
) -> Trouble {
    let (parts, body) = request.into_parts();
    let is_ours = require_own_page(&console.settings.origins, &parts.headers).is_ok();
    if parts.method != Method::POST || !row.takes_form || !is_ours {
        return trouble;
    }
    let body = IncomingBody {
        memory: &console.app.memory,
        headers: &parts.headers,
        body,
        sender: PersonId::UNKNOWN,
    };
    match read_form(row, body).await {
        Ok(form) => trouble.typed(&form),
        Err(_) => trouble,
    }
}

/// The session of whoever asks, or a visitor's cookie, an old or a new one.
async fn find_cookies(console: &Console, headers: &HeaderMap) -> Result<Cookies, Trouble> {
    if let Some(cookie) = cookies::find(headers, cookies::SESSION)
        && let Some(session) = console.app.people.find_session(&cookie).await?
    {
        let visitor = cookies::find(headers, cookies::VISITOR);
        let owner = session.session.person;
        return Ok(Cookies {
            form_token: session.form_token.clone(),
            earlier_token: visitor.map(|visitor| form_token(&visitor, owner)),
            session: Some(Arc::new(session)),
            form_cookie: cookie,
            new: None,
        });
    }
    if let Some(cookie) = cookies::find(headers, cookies::VISITOR) {
        return Ok(Cookies::of_visitor(cookie, None));
    }
    let (cookie, _) = new_cookie()?;
    let new = cookies::set(cookies::VISITOR, &cookie, VISITOR_SECONDS);
    Ok(Cookies::of_visitor(cookie, new))
}

impl Cookies {
    fn of_visitor(cookie: SecretString, new: Option<HeaderValue>) -> Self {
        Self {
            session: None,
            form_token: form_token(&cookie, PersonId::UNKNOWN),
            form_cookie: cookie,
            earlier_token: None,
            new,
        }
    }
}

/// Looks at a request in the order in which nothing is read that need not
/// be, and hands it to its handler.
async fn admit(asked: RoutedRequest, console: &Arc<Console>, found: &Cookies) -> HandlerResult {
    let RoutedRequest {
        row,
        path_values,
        request,
    } = asked;
    let (parts, body) = request.into_parts();
    let is_form = parts.method == Method::POST;
    if is_form {
        require_own_page(&console.settings.origins, &parts.headers)?;
    }
    require_same_account(&parts.headers, found)?;
    let mut form = Form::default();
    if is_form && row.takes_form {
        let session = found.session.as_ref();
        let body = IncomingBody {
            memory: &console.app.memory,
            headers: &parts.headers,
            body,
            sender: session.map_or(PersonId::UNKNOWN, |own| own.session.person),
        };
        form = read_form(row, body).await?;
        require_token(&form, found, &parts.uri)?;
    }
    let had_session = cookies::find(&parts.headers, cookies::SESSION).is_some();
    let was_signed_out = had_session && found.session.is_none();
    let form = Arc::new(form);
    let origin = parts.extensions.get::<RequestOrigin>().cloned();
    let visit = Visit {
        console: Arc::clone(console),
        origin: origin.unwrap_or_else(|| RequestOrigin {
            client: [0, 0, 0, 0].into(),
            request_id: String::new(),
        }),
        uri: parts.uri,
        headers: parts.headers,
        path_values,
        session: found.session.clone(),
        was_signed_out,
        form_token: found.form_token.clone(),
        form: Arc::clone(&form),
    };
    if let Some(session) = &visit.session
        && !row.is_polled
    {
        visit.app().people.note_visit(&session.session);
    }
    let result = enter(row, visit, is_form).await;
    // Neither what does not answer at the moment nor what was typed wrong costs
    // anybody the rest of what they typed.
    result.map_err(|trouble| {
        if is_form && trouble.passes() {
            trouble.typed(&form)
        } else if is_form && trouble.status == StatusCode::UNPROCESSABLE_ENTITY {
            trouble.typed_by_hand(&form)
        } else {
            trouble
        }
    })
}

/// Finds out whether the sender may be here, and runs the handler.
async fn enter(row: &'static Row, visit: Visit, is_form: bool) -> HandlerResult {
    let person = visit.session.clone().map(|session| SignedIn { session });
    let required = |person: Option<SignedIn>, visit: &Visit| {
        person.ok_or_else(|| {
            if is_form {
                Trouble::form_of_ended_session().typed(&visit.form)
            } else if visit.was_signed_out {
                Trouble::signed_out(&visit.uri)
            } else {
                Trouble::sign_in_first(&visit.uri)
            }
        })
    };
    let require_parameters = |visit: &Visit| match row.parameters {
        Some(known) if !is_form => visit.require_parameters(known),
        _ => Ok(()),
    };
    match row.handler {
        Handler::Visitor(handle) => {
            require_parameters(&visit)?;
            handle(visit).await
        }
        Handler::SignedIn(handle) => {
            let person = required(person, &visit)?;
            require_parameters(&visit)?;
            handle(visit, person).await
        }
        Handler::Managing(handle) => {
            let person = required(person, &visit)?;
            let managing = find_managed(&visit, person, is_form).await?;
            require_parameters(&visit)?;
            handle(visit, managing).await
        }
        Handler::Operator(handle) => {
            let person = required(person, &visit)?;
            if !person.is_operator(visit.app()) {
                return Err(Trouble::operators_only());
            }
            require_parameters(&visit)?;
            handle(visit, person).await
        }
    }
}

/// Finds out whether somebody manages the server that the address names. To
/// whoever does not, there is no such server.
async fn find_managed(
    visit: &Visit,
    person: SignedIn,
    right_now: bool,
) -> Result<Managing, Trouble> {
    let server = visit.path_value(0).parse().map(ServerId);
    let server = server.map_err(|_| Trouble::nothing_here())?;
    let people = &visit.app().people;
    let caller = if right_now {
        people.find_member_now(person.id(), server).await
    } else {
        people.find_member(person.id(), server).await
    };
    match caller {
        Ok(caller) if caller.manages_server => Ok(Managing {
            person,
            server,
            caller,
        }),
        // What was typed by who may no longer send it is shown again.
        Ok(_) if right_now => Err(Trouble::not_managing().typed(&visit.form)),
        Ok(_) => Err(Trouble::nothing_here()),
        Err(Error::Refused(Refusal::Access(AccessRefusal::NotAMember))) if right_now => {
            Err(Trouble::not_managing().typed(&visit.form))
        }
        Err(error) => Err(error.into()),
    }
}

/// Refuses a form that does not come from a page of ours. A browser always
/// names the origin of a form's page.
fn require_own_page(origins: &[String], headers: &HeaderMap) -> Result<(), Trouble> {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    let is_same_site = sites.all(|site| site == "same-origin");
    let mut named = headers.get_all(ORIGIN).iter();
    let (origin, second) = (named.next(), named.next());
    let is_ours = |origin: &HeaderValue| origins.iter().any(|ours| origin == ours.as_str());
    if is_same_site && second.is_none() && origin.is_some_and(is_ours) {
        Ok(())
    } else {
        Err(Trouble::foreign_form(origins))
    }
}

/// Refuses a form of another sign-in: what was typed is shown again. It can be
/// sent once more by the account that it was made for, and by whoever is signed
/// in where it was made for nobody. A form that was shown again while nobody was
/// signed in goes through once its account has signed in beside it.
fn require_token(form: &Form, found: &Cookies, uri: &Uri) -> Result<(), Trouble> {
    let earlier = found.earlier_token.as_ref();
    if form.carries(&found.form_token) || earlier.is_some_and(|token| form.carries(token)) {
        return Ok(());
    }
    Err(tell_change(form.owner(), found, uri).typed(form))
}

/// Refuses a page that asks by itself for an account that is signed in no more,
/// so that nothing of another's comes into it.
fn require_same_account(headers: &HeaderMap, found: &Cookies) -> Result<(), Trouble> {
    let owner = headers.get(PAGE_OWNER).and_then(|it| it.to_str().ok());
    let Some(Ok(owner)) = owner.map(|owner| owner.parse().map(PersonId)) else {
        return Ok(());
    };
    let now = found.session.as_ref().map(|own| own.session.person);
    if now.unwrap_or(PersonId::UNKNOWN) == owner {
        return Ok(());
    }
    Err(match &found.session {
        None => Trouble::page_of_ended_session(),
        Some(own) if owner == PersonId::UNKNOWN => Trouble::page_of_nobody(&own.session.name),
        Some(own) => Trouble::page_of_another(&own.session.name),
    })
}

/// Says who is signed in now, to a form that was made for somebody else, or
/// before.
fn tell_change(owner: Option<PersonId>, found: &Cookies, uri: &Uri) -> Trouble {
    let Some(own) = &found.session else {
        return Trouble::form_of_ended_session();
    };
    let now = &own.session;
    match owner.filter(|owner| *owner != PersonId::UNKNOWN) {
        Some(owner) if owner != now.person => Trouble::form_of_another(&now.name, uri),
        Some(_) => Trouble::form_of_before(&now.name),
        None => Trouble::form_of_nobody(&now.name, uri),
    }
}

/// Responds where no row has the address. A page's address with a slash behind
/// it leads to the page.
pub async fn respond_nothing(console: Arc<Console>, request: Request<Body>) -> Response {
    if let Some(page) = nearby::without_slash(request.uri().path())
        && is_look(request.method())
    {
        let query = request.uri().query();
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        return Redirect::permanent(&format!("{page}{query}")).into_response();
    }
    respond_trouble(
        |reader| Trouble::no_page(reader.session.is_some()),
        console,
        request,
    )
    .await
}

/// Responds where rows have the address, but not with this method. Whoever opens
/// a form's address, after a reload say, is led to the form's page.
pub async fn respond_wrong_method(console: Arc<Console>, request: Request<Body>) -> Response {
    if is_look(request.method()) {
        return Redirect::to(nearby::page_of_form(request.uri().path())).into_response();
    }
    respond_trouble(|_| Trouble::wrong_method(), console, request).await
}

/// Whether a method only looks at an address.
fn is_look(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

async fn respond_trouble(
    find_trouble: impl FnOnce(&Reader) -> Trouble,
    console: Arc<Console>,
    request: Request<Body>,
) -> Response {
    let mut reader = Reader::visitor(Arc::clone(&console), &request);
    if let Ok(found) = find_cookies(&console, request.headers()).await {
        reader.recognise(found.session, found.form_cookie);
    }
    find_trouble(&reader).respond(&reader).await
}
