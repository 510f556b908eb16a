//! What the gateway is measured against: axum and reqwest, and nothing
//! between them.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;

/// Where it listens.
pub const ADDRESS: &str = "127.0.0.1:18991";

/// Serves until it is killed.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("tokio starts").block_on(async {
        let mock = std::env::vars()
            .find(|(name, _)| name == "MOCK")
            .expect("the mock is named")
            .1;
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client can be built");
        let app = Router::new()
            .route("/v1/chat/completions", post(pass_on))
            .with_state((client, mock));
        let listener = tokio::net::TcpListener::bind(ADDRESS)
            .await
            .expect("the port is free");
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            stream.set_nodelay(true).expect("the option exists");
        });
        axum::serve(listener, app).await.expect("it serves");
    });
}

async fn pass_on(
    State((client, mock)): State<(reqwest::Client, String)>,
    request: Request,
) -> Response {
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .expect("a body comes");
    let call = client.post(format!("http://{mock}/v1/chat/completions"));
    let call = call
        .header("content-type", "application/json")
        .header("authorization", "Bearer made-up");
    let answer = call.body(body).send().await.expect("the mock answers");
    let mut response = Response::builder().status(answer.status());
    if let Some(kind) = answer.headers().get("content-type") {
        response = response.header("content-type", kind);
    }
    response
        .body(Body::from_stream(answer.bytes_stream()))
        .expect("it is a response")
}
