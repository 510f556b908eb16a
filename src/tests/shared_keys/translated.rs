//! What becomes of a shared key's call in another dialect costs no more than
//! what was held for it.

use std::hash::{BuildHasher, RandomState};

use reqwest::Method;

use super::bodies::{Bases, Chance};
use super::vendor::{Address, WRAPPING, bill};
use super::ways::bases;
use crate::model::{CallDialect, Surface};
use crate::providers::{
    AskedModel, Body, Catalogue, ForwardedHeaders, PayerTerms, Provider, RelayRequest,
    judge_request,
};

/// How many bodies are tried for each way.
const CASES: u64 = 3_000;
/// The longest answer that the operator's keys pay for, in tokens.
const MOST: u64 = 1_500;
/// What a translation says that its call did not: how JSON is wanted, and what
/// closes the objects of a schema.
const ADDED: u64 = 2_000;

/// A call in one dialect, for a model whose provider speaks another.
struct Way {
    dialect: CallDialect,
    from: Address,
    provider: &'static str,
    model: &'static str,
    to: Address,
}

type CallAddress = (CallDialect, Address);
type Model = (&'static str, &'static str);

const fn way(from: CallAddress, model: Model, to: Address) -> Way {
    Way {
        dialect: from.0,
        from: from.1,
        provider: model.0,
        model: model.1,
        to,
    }
}

const CHAT: CallAddress = (CallDialect::OpenAi, Address::Chat);
const RESPONSES: CallAddress = (CallDialect::OpenAi, Address::Responses);
const MESSAGES: CallAddress = (CallDialect::Anthropic, Address::Messages);
const GOOGLE: CallAddress = (CallDialect::Google, Address::GenerateContent);
const CLAUDE: Model = ("anthropic", "claude-haiku-5-5");
const GEMINI: Model = ("google", "gemini-3.1-flash-lite");
const GPT: Model = ("openai", "gpt-6-luna");
const CODEX: Model = ("openai", "gpt-6-codex");
const MISTRAL: Model = ("mistral", "mistral-small-latest");

const WAYS: &[Way] = &[
    way(CHAT, CLAUDE, Address::Messages),
    way(CHAT, GEMINI, Address::GenerateContent),
    way(CHAT, GPT, Address::Chat),
    way(CHAT, CODEX, Address::Responses),
    way(RESPONSES, CLAUDE, Address::Messages),
    way(RESPONSES, GEMINI, Address::GenerateContent),
    way(MESSAGES, GPT, Address::Chat),
    way(MESSAGES, CODEX, Address::Responses),
    way(MESSAGES, MISTRAL, Address::Chat),
    way(MESSAGES, GEMINI, Address::GenerateContent),
    way(GOOGLE, GPT, Address::Chat),
    way(GOOGLE, CODEX, Address::Responses),
    way(GOOGLE, MISTRAL, Address::Chat),
    way(GOOGLE, CLAUDE, Address::Messages),
];

fn call(way: &Way, body: &str) -> Option<RelayRequest> {
    let path = match way.from {
        Address::Messages => "/v1/messages",
        Address::GenerateContent => "/models/x:generateContent",
        _ => "",
    };
    Some(RelayRequest {
        surface: match way.from {
            Address::Responses => Surface::Responses,
            _ => Surface::Chat,
        },
        dialect: way.dialect,
        method: Method::POST,
        path: path.to_owned(),
        query: None,
        headers: ForwardedHeaders::default(),
        body: Body::object(body.to_owned().into()).ok()?,
        stream: false,
        at_s: 0,
    })
}

/// Whether a body is sent on; what it then costs is within what was held.
fn is_sent(catalogue: &Catalogue, way: &Way, body: &str) -> bool {
    let provider: &Provider = catalogue.find(way.provider).unwrap();
    let Some(request) = call(way, body) else {
        return false;
    };
    let Ok(bounded) = judge_request(&request, provider, way.model) else {
        return false;
    };
    let bound = bounded.bound();
    let most = MOST * bound.answers;
    let asked = bound.asked.map(|asked| asked.saturating_mul(bound.answers));
    let held = asked.map_or(most, |asked| asked.min(most));
    let terms = PayerTerms::Shared(&bounded, held);
    let Ok(wire) = request.write_for(provider, None, AskedModel::named(way.model), terms) else {
        return false;
    };
    let is_response = wire.to.unwrap().path().ends_with("/responses");
    // Some calls go there because of their tools.
    let to = if is_response {
        Address::Responses
    } else {
        assert_ne!(way.to, Address::Responses);
        way.to
    };
    let sent = String::from_utf8(wire.body.unwrap().to_vec()).unwrap();
    let bill = bill(way.provider, to, way.model, &sent);
    let told = format!(
        "{} {}\n{body}\n{sent}\n{bill:?}\n{bound:?}",
        way.provider, way.model
    );
    assert_eq!(bill.without_bound, None, "{told}");
    assert!(bill.output_tokens <= held, "held {held}: {told}");
    // What joins the schema of a tool is said in its description once more.
    let within = bound.prompt.most.saturating_mul(2) + WRAPPING + ADDED;
    assert!(bill.input_tokens <= within, "{told}");
    true
}

#[test]
fn a_translated_call_costs_at_most_what_is_held() {
    let catalogue = Catalogue::new(&[]).unwrap();
    let random = RandomState::new();
    for way in WAYS {
        let made = Bases::of(&bases(way.from));
        let mut sent = 0;
        for number in 0..CASES {
            let mut bytes = Vec::new();
            for part in 0..8_u64 {
                bytes.extend(random.hash_one((number, part)).to_le_bytes());
            }
            let length = bytes.first().map_or(0, |it| usize::from(*it) % 64);
            let body = made.body(&mut Chance(&bytes[..length]));
            sent += u64::from(is_sent(&catalogue, way, &body));
        }
        assert!(sent > CASES / 50, "{sent} of {CASES} to {}", way.provider);
    }
}
