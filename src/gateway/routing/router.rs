//! Finds the route of a request, opens its session, runs its handler, and
//! counts the response.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::{Counter, counter};
use axum::http::header::{ACCEPT, ALLOW, AUTHORIZATION, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use axum::response::Response;
use foldhash::HashMap;
use hyper::body::Incoming;

use crate::gateway::Gateway;
use crate::gateway::calls::call::{AdmittedCall, HandlerResult};
use crate::gateway::head::{check_head, refuse_secrets};
use crate::gateway::native;
use crate::gateway::pages::Pages;
use crate::gateway::replies::problem::{ApiDialect, Problem};
use crate::gateway::routing::routes::{Route, all_routes};
use crate::gateway::routing::vendors::SHORT_GOOGLE_PATH;
use crate::gateway::session::{Arrival, client_address, outcome_of};
use crate::model::AskRefusal;

/// How long after the cut a client may take to receive the last event of its
/// stream. Less than a shutdown waits, so that what a stream holds is settled.
const LAST_EVENTS_WITHIN: Duration = Duration::from_secs(1);

/// Keeps browsers from taking an answer for something else than its media
/// type says.
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The two ends of a connection.
#[derive(Clone, Copy)]
pub struct ConnectionEnds {
    /// The client's address.
    pub peer: IpAddr,
    /// The address of ours that the client reached.
    pub reached: IpAddr,
}

/// The routes, arranged for look-up. Every call needs one, so a path without
/// parameters is found in one step.
pub struct Router {
    gateway: Arc<Gateway>,
    plain: HashMap<&'static str, Vec<Endpoint>>,
    with_parameters: matchit::Router<Vec<Endpoint>>,
    pages: Option<Pages>,
}

/// A route, with its counter.
struct Endpoint {
    route: &'static Route,
    /// Counts the responses with status 200. Kept at hand, because looking a
    /// counter up by its labels costs more than counting.
    ok_responses: Counter,
}

/// A request whose route was found.
struct RoutedRequest {
    id: HeaderValue,
    dialect: ApiDialect,
    peer: IpAddr,
    path_values: Vec<String>,
    request: Request<Incoming>,
}

impl Endpoint {
    fn count_response(&self, status: StatusCode) {
        match status {
            StatusCode::OK => self.ok_responses.increment(1),
            status => response_counter(self.route.path, status).increment(1),
        }
    }
}

impl Router {
    /// Arranges the table of routes, beside the pages.
    pub fn new(gateway: Arc<Gateway>, pages: Option<Pages>) -> anyhow::Result<Self> {
        let mut by_path: HashMap<&'static str, Vec<Endpoint>> = HashMap::default();
        for route in all_routes() {
            let ok_responses = response_counter(route.path, StatusCode::OK);
            let endpoints = by_path.entry(route.path).or_default();
            endpoints.push(Endpoint {
                route,
                ok_responses,
            });
        }
        let mut with_parameters = matchit::Router::new();
        for (path, endpoints) in by_path.extract_if(|path, _| path.contains('{')) {
            with_parameters.insert(path, endpoints)?;
        }
        Ok(Self {
            gateway,
            plain: by_path,
            with_parameters,
            pages,
        })
    }

    /// How many connections there may be at once.
    pub fn connections_max(&self) -> usize {
        self.gateway.settings.connections
    }

    /// Waits until a shutdown has cut off what was running, and a little
    /// longer, so that clients that read hear of it.
    pub async fn cut_off(&self) {
        self.gateway.app.tasks.cut_off().await;
        tokio::time::sleep(LAST_EVENTS_WITHIN).await;
    }

    /// Responds to a request that came over a connection.
    pub async fn respond(&self, ends: ConnectionEnds, request: Request<Incoming>) -> Response {
        let id = self.gateway.next_request_id();
        let dialect = ApiDialect::of_path(request.uri().path());
        let checked = check_head(&request, &self.gateway.hosts, ends.reached)
            .and_then(|()| self.check_address(request.uri()));
        let mut response = match checked {
            Ok(()) => match self.find_pages(&request) {
                Some(pages) => self.respond_with_page(pages, ends.peer, request, &id).await,
                None => {
                    self.respond_at_endpoint(ends.peer, request, dialect, &id)
                        .await
                }
            },
            Err(problem) => respond_problem(&problem, dialect, &id),
        };
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        dialect.write_request_id(headers, id);
        response
    }

    /// Refuses an address with a secret in it. What a browser brings back from
    /// another site is random, and may look like one.
    fn check_address(&self, address: &Uri) -> Result<(), Problem> {
        refuse_secrets(address.query()).or_else(|secret| match &self.pages {
            Some(pages) if pages.are_come_back_to(address.path()) => Ok(()),
            _ => Err(secret),
        })
    }

    /// The pages, if it is them who respond: to paths of their own, and to
    /// people who follow an address that leads nowhere.
    fn find_pages(&self, request: &Request<Incoming>) -> Option<&Pages> {
        let pages = self.pages.as_ref()?;
        let path = request.uri().path();
        let is_theirs = pages.own(path) || (is_of_browser(request) && self.is_unknown(path));
        is_theirs.then_some(pages)
    }

    /// Whether a path leads to no endpoint, or to that of a provider that
    /// there is none of.
    fn is_unknown(&self, path: &str) -> bool {
        let Some((endpoints, path_values)) = self.find_endpoints(path) else {
            return true;
        };
        let is_native = endpoints.iter().any(|it| it.route.path == native::PATH);
        let provider = path_values.first().map_or("", String::as_str);
        is_native && self.gateway.app.providers().get(&provider.into()).is_none()
    }

    /// Responds with a page, which a shutdown waits for.
    async fn respond_with_page(
        &self,
        pages: &Pages,
        peer: IpAddr,
        request: Request<Incoming>,
        id: &HeaderValue,
    ) -> Response {
        let trusted = &self.gateway.settings.trusted_proxies;
        let client = client_address(peer, request.headers(), trusted);
        let tasks = &self.gateway.app.tasks;
        let _running = tasks.token();
        let response = tokio::select! {
            biased;
            response = pages.respond(client, id, request) => response,
            () = tasks.cut_off() => {
                let stopping = Problem::from(AskRefusal::Stopping);
                respond_problem(&stopping, ApiDialect::Latchkey, id)
            }
        };
        response_counter("/{page}", response.status()).increment(1);
        response
    }

    /// Responds to a request whose head is in order, by the endpoint of its
    /// path and method.
    async fn respond_at_endpoint(
        &self,
        peer: IpAddr,
        request: Request<Incoming>,
        dialect: ApiDialect,
        id: &HeaderValue,
    ) -> Response {
        let path = request.uri().path();
        let Some((endpoints, path_values)) = self.find_endpoints(path) else {
            return Problem::nothing_at(path).to_response(dialect, id);
        };
        let takes = |it: &&Endpoint| it.route.takes_method(request.method());
        let Some(endpoint) = endpoints.iter().find(takes) else {
            // No model, but something of Google's own.
            if endpoints
                .iter()
                .any(|it| it.route.path == SHORT_GOOGLE_PATH)
            {
                let providers = self.gateway.app.providers();
                let nothing = native::nothing_at(path, request.headers(), providers);
                return respond_problem(&nothing, dialect, id);
            }
            return respond_wrong_method(endpoints, path, dialect, id);
        };
        let routed = RoutedRequest {
            id: id.clone(),
            dialect,
            peer,
            path_values,
            request,
        };
        let result = self.handle_until_cut_off(endpoint.route, routed).await;
        let response = result.unwrap_or_else(|problem| respond_problem(&problem, dialect, id));
        endpoint.count_response(response.status());
        response
    }

    /// The endpoints of a path, one for each method, and the values of the
    /// path's parameters in order.
    fn find_endpoints(&self, path: &str) -> Option<(&[Endpoint], Vec<String>)> {
        if let Some(endpoints) = self.plain.get(path) {
            return Some((endpoints, Vec::new()));
        }
        let found = self.with_parameters.at(path).ok()?;
        let values = found.params.iter().map(|(_, value)| value.to_owned());
        Some((found.value, values.collect()))
    }

    /// Handles a request, which a shutdown waits for. One that takes longer
    /// than a shutdown waits is dropped, which settles what it holds.
    async fn handle_until_cut_off(&self, route: &Route, routed: RoutedRequest) -> HandlerResult {
        let tasks = &self.gateway.app.tasks;
        let _running = tasks.token();
        tokio::select! {
            biased;
            result = self.handle(route, routed) => result,
            () = tasks.cut_off() => Err(AskRefusal::Stopping.into()),
        }
    }

    /// Opens a session for a request and runs its route's handler.
    async fn handle(&self, route: &Route, routed: RoutedRequest) -> HandlerResult {
        let (parts, body) = routed.request.into_parts();
        let trusted = &self.gateway.settings.trusted_proxies;
        let arrival = Arrival {
            client: client_address(routed.peer, &parts.headers, trusted),
            headers: &parts.headers,
            path_values: &routed.path_values,
        };
        let session = self.gateway.open_session(route.requirement, &arrival);
        let session = session.await?;
        let trial = self
            .gateway
            .begin_key_trial(route.requirement, &arrival, &session)
            .await?;
        let call = Box::new(AdmittedCall {
            gateway: Arc::clone(&self.gateway),
            session,
            dialect: routed.dialect,
            path_values: routed.path_values,
            idempotency_key: idempotency_key(&parts),
            parts,
            body: Some(body),
            request_id: routed.id,
        });
        let result = (route.handler)(call).await;
        if let Some(mut trial) = trial {
            trial.note(outcome_of(&result));
        }
        result
    }
}

fn response_counter(path: &'static str, status: StatusCode) -> Counter {
    let status = status.as_str().to_owned();
    counter!("latchkey_http_requests_total", "route" => path, "status" => status)
}

/// Counts a problem, and makes the response of it.
fn respond_problem(problem: &Problem, dialect: ApiDialect, id: &HeaderValue) -> Response {
    counter!("latchkey_http_refusals_total", "code" => problem.code).increment(1);
    problem.to_response(dialect, id)
}

fn respond_wrong_method(
    endpoints: &[Endpoint],
    path: &str,
    dialect: ApiDialect,
    request_id: &HeaderValue,
) -> Response {
    let message = format!(
        "`{path}` does not take this method. `GET /openapi.json` lists those that it takes."
    );
    let problem = Problem::new(405, "wrong_method", message);
    let mut response = problem.to_response(dialect, request_id);
    let methods = endpoints
        .iter()
        .filter_map(|it| it.route.method.as_ref())
        .map(Method::as_str);
    let methods = methods.collect::<Vec<_>>().join(",");
    if let Ok(methods) = HeaderValue::try_from(methods) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

/// Whether a request comes from somebody who looks at pages: programs ask for
/// no HTML by name, and say who they are.
fn is_of_browser(request: &Request<Incoming>) -> bool {
    let accepts = request.headers().get(ACCEPT);
    let accepts = accepts.and_then(|it| it.to_str().ok()).unwrap_or_default();
    request.method() == Method::GET
        && accepts.contains("text/html")
        && !request.headers().contains_key(AUTHORIZATION)
}

/// The idempotency key of a call that changes something.
fn idempotency_key(parts: &Parts) -> Option<String> {
    let key = parts
        .headers
        .get("idempotency-key")
        .filter(|_| parts.method == Method::POST)?;
    // One that is no text becomes an empty one, which is refused later.
    Some(key.to_str().unwrap_or_default().to_owned())
}
