//! Any body on any surface is refused for a shared key, or costs at most what
//! is held for it. Run it with `cargo +nightly fuzz run shared_key`.

#![no_main]

#[path = "../../src/tests/shared_keys/costly.rs"]
mod costly;
#[path = "../../src/tests/shared_keys/made.rs"]
mod made;
#[path = "../../src/tests/shared_keys/vendor.rs"]
mod vendor;
#[expect(dead_code, reason = "the suite makes bodies of what stands there, too")]
#[path = "../../src/tests/shared_keys/ways.rs"]
mod ways;

use std::sync::LazyLock;

use latchkey::internals::{
    Body, CallDialect, Catalogue, ForwardedHeaders, Override, RelayRequest, Surface, judge_request,
};
use libfuzzer_sys::fuzz_target;
use vendor::{Address, WRAPPING, bill};
use ways::{OWN, WAYS};

/// The longest answer that a shared key pays for, in tokens.
const MOST: u64 = 1_500;

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| {
        let own = Override {
            id: OWN.0.into(),
            base_url: Some(OWN.1.into()),
            ..Override::default()
        };
        Catalogue::new(&[own]).expect("all providers make a catalogue")
    });

fuzz_target!(|input: &[u8]| {
    // A byte says how a provider is called, one which model, and the rest is
    // the body.
    let [way, model, body @ ..] = input else {
        return;
    };
    let way = &WAYS[usize::from(*way) % WAYS.len()];
    let model = way.models[usize::from(*model) % way.models.len()];
    let provider = CATALOGUE
        .find(way.provider)
        .expect("the provider is there");
    let surface = match way.address {
        Address::Responses => Surface::Responses,
        Address::Completions => Surface::Completions,
        Address::Embeddings => Surface::Embeddings,
        Address::Moderations => Surface::Moderations,
        Address::Images => Surface::Images,
        _ => Surface::Chat,
    };
    let Ok(body) = Body::object(body.to_vec().into()) else {
        return;
    };
    let request = RelayRequest {
        surface,
        dialect: match way.path {
            None => CallDialect::OpenAi,
            Some(_) => CallDialect::Native,
        },
        method: http::Method::POST,
        path: way.path.unwrap_or_default().to_owned(),
        query: None,
        headers: ForwardedHeaders::default(),
        body,
        stream: false,
        at_s: 0,
    };
    let Ok(bounded) = judge_request(&request, provider, model) else {
        return;
    };
    let bound = bounded.bound();
    let most = MOST * bound.answers;
    let asked = bound.asked.map(|asked| asked.saturating_mul(bound.answers));
    let held = match way.address {
        Address::Images => bound.made_tokens,
        Address::Embeddings | Address::Moderations => 0,
        _ => asked.map_or(most, |asked| asked.min(most)),
    };
    let Some(sent) = bounded.fields_within(held) else {
        return;
    };
    let sent = String::from_utf8(sent.write()).expect("what is written is text");
    let bill = bill(way.provider, way.address, model, &sent);
    assert_eq!(bill.without_bound, None, "{sent}");
    assert!(bill.output_tokens <= held, "{sent}");
    assert!(bill.input_tokens <= bound.prompt.most + WRAPPING, "{sent}");
});
