//! Any body on any surface is refused for a shared key, or costs at most
//! what is held for it.

use std::hash::{BuildHasher, RandomState};

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use reqwest::Method;

use super::bodies::{Bases, Chance};
use super::vendor::{Address, WRAPPING, bill};
use super::ways::{OWN, WAYS, Way, bases};
use crate::model::{CallDialect, Surface};
use crate::providers::{
    Body, Catalogue, ForwardedHeaders, Override, Provider, RelayRequest, judge_request,
};

/// How many bodies are tried, unless `SHARED_KEY_CASES` says otherwise.
const CASES: u64 = 100_000;
/// How many of them are made so that a failure finds its simplest body.
const SHRUNK_CASES: u32 = 5_000;
/// Where bodies stand that fuzzing found.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/shared_key");
/// The longest answer that the operator's keys pay for, in tokens.
const MOST: u64 = 1_500;

fn surface_of(address: Address) -> Surface {
    match address {
        Address::Responses => Surface::Responses,
        Address::Embeddings => Surface::Embeddings,
        Address::Completions => Surface::Completions,
        Address::Moderations => Surface::Moderations,
        Address::Images => Surface::Images,
        Address::Chat | Address::Messages | Address::GenerateContent | Address::OllamaChat => {
            Surface::Chat
        }
    }
}

/// All providers, and one of the operator's own.
fn catalogue() -> Catalogue {
    let own = Override {
        id: OWN.0.into(),
        base_url: Some(OWN.1.into()),
        ..Override::default()
    };
    Catalogue::new(&[own]).unwrap()
}

/// A call made by chance; none where its body is none that is read.
fn call(way: &Way, body: String) -> Option<RelayRequest> {
    Some(RelayRequest {
        surface: surface_of(way.address),
        dialect: match way.path {
            None => CallDialect::OpenAi,
            Some(_) => CallDialect::Native,
        },
        method: Method::POST,
        path: way.path.unwrap_or_default().to_owned(),
        query: None,
        headers: ForwardedHeaders::default(),
        body: Body::object(body.into()).ok()?,
        stream: false,
        at_s: 0,
    })
}

/// What calls are made of by chance, and judged by.
struct Maker {
    catalogue: Catalogue,
    /// For each of [`WAYS`].
    bases: Vec<Bases>,
}

impl Maker {
    fn new() -> Self {
        let all = WAYS.iter().map(|way| Bases::of(&bases(way.address)));
        Self {
            catalogue: catalogue(),
            bases: all.collect(),
        }
    }

    /// Whether a call made by chance is refused.
    fn is_refused(&self, chance: &mut Chance<'_>) -> Result<bool, TestCaseError> {
        let number = chance.below(WAYS.len());
        let way = &WAYS[number];
        let model = *chance.one(way.models);
        let body = self.bases[number].body(chance);
        is_refused(&self.catalogue, way, model, &body)
    }
}

/// Whether a call is refused; what it costs is held against what is held for
/// it.
fn is_refused(
    catalogue: &Catalogue,
    way: &Way,
    model: &str,
    body: &str,
) -> Result<bool, TestCaseError> {
    let provider: &Provider = catalogue.find(way.provider).unwrap();
    let Some(request) = call(way, body.to_owned()) else {
        return Ok(true);
    };
    let Ok(bounded) = judge_request(&request, provider, model) else {
        return Ok(true);
    };
    let bound = bounded.bound();
    let most = MOST * bound.answers;
    let asked = bound.asked.map(|asked| asked.saturating_mul(bound.answers));
    let held = match surface_of(way.address) {
        Surface::Images => bound.made_tokens,
        Surface::Embeddings | Surface::Moderations => 0,
        _ => asked.map_or(most, |asked| asked.min(most)),
    };
    let sent = bounded.fields_within(held).unwrap().write();
    let sent = String::from_utf8(sent).unwrap();
    let bill = bill(way.provider, way.address, model, &sent);
    let told = || {
        let id = way.provider;
        format!("{id} {model}\n{body}\n{sent}\n{bill:?}\n{bound:?}")
    };
    prop_assert_eq!(&bill.without_bound, &None, "{}", told());
    prop_assert!(bill.output_tokens <= held, "held {held}: {}", told());
    prop_assert!(
        bill.input_tokens <= bound.prompt.most + WRAPPING,
        "{}",
        told()
    );
    prop_assert!(bill.pictures <= bound.answers, "{}", told());
    // What is sent is judged as it was, and has the same bound.
    let again = judge_request(&call(way, sent.clone()).unwrap(), provider, model);
    prop_assert!(again.is_ok(), "{:?}: {}", again.err(), told());
    Ok(false)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to try is no setting of the program"
)]
fn cases() -> u64 {
    let told = std::env::var("SHARED_KEY_CASES").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(CASES)
}

/// A call whose body is as it is written here.
fn judge_body(number: usize, body: &str) -> Result<bool, TestCaseError> {
    let catalogue = catalogue();
    let way = &WAYS[number];
    is_refused(&catalogue, way, way.models[0], body)
}

/// Bodies that the vendors' side of the property was once wrong about, or
/// the program's: each is taken, and costs what is held.
#[test]
fn what_once_failed_is_taken_within_what_is_held() {
    let at = |address, provider| {
        let is_it = |way: &Way| way.address == address && way.provider == provider;
        WAYS.iter().position(is_it).unwrap()
    };
    let images = at(Address::Images, "openai");
    let chat = at(Address::Chat, "openai");
    for (number, body) in [
        // Behind a picture it is a colour; elsewhere it has the call go on
        // when its caller has left.
        (images, r#"{"prompt":"a","background":"transparent"}"#),
        (images, r#"{"prompt":"a","moderation":"low"}"#),
        // A detail that is null is removed, and written anew.
        (
            chat,
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"detail":null,"url":"https://x.example/a.png","detail":null}}]}]}"#,
        ),
    ] {
        assert!(!judge_body(number, body).unwrap(), "{body}");
    }
}

/// A picture or a document that has none, or does not say of what kind it is,
/// is refused: nobody says what it costs.
#[test]
fn what_is_to_be_a_picture_and_has_none_is_refused() {
    let at = |address, provider| {
        let is_it = |way: &Way| way.address == address && way.provider == provider;
        WAYS.iter().position(is_it).unwrap()
    };
    let chat = at(Address::Chat, "openai");
    let responses = at(Address::Responses, "openai");
    let messages = at(Address::Messages, "anthropic");
    let generate = at(Address::GenerateContent, "google");
    for (number, part) in [
        (chat, r#"{"type":"image_url"}"#),
        (chat, r#"{"type":"image_url","image_url":null}"#),
        (chat, r#"{"type":"image_url","image_url":{"detail":"low"}}"#),
        (chat, r#"{"type":"file","file":{"filename":"a.pdf"}}"#),
        (responses, r#"{"type":"input_image","image_url":null}"#),
        (responses, r#"{"type":"input_file","filename":"a.pdf"}"#),
        (
            messages,
            r#"{"type":"image","source":{"type":"base64","media_type":"image/png"}}"#,
        ),
        (
            messages,
            r#"{"type":"image","source":{"type":"base64","media_type":null,"data":"AAAA"}}"#,
        ),
        (
            messages,
            r#"{"type":"document","source":{"type":"base64","data":"AAAA"}}"#,
        ),
        (
            messages,
            r#"{"type":"document","source":{"type":"text","data":"x"}}"#,
        ),
        (
            messages,
            r#"{"type":"image","source":{"type":"url","url":null}}"#,
        ),
        (generate, r#"{"inlineData":{"mimeType":"image/png"}}"#),
        (
            generate,
            r#"{"inline_data":{"mime_type":"image/png","data":null}}"#,
        ),
        (generate, r#"{"inlineData":{"mimeType":"application/pdf"}}"#),
    ] {
        let body = if number == chat {
            format!(r#"{{"messages":[{{"role":"user","content":[{part}]}}]}}"#)
        } else if number == responses {
            format!(r#"{{"input":[{{"role":"user","content":[{part}]}}]}}"#)
        } else if number == messages {
            format!(r#"{{"max_tokens":9,"messages":[{{"role":"user","content":[{part}]}}]}}"#)
        } else {
            format!(r#"{{"contents":[{{"parts":[{part}]}}]}}"#)
        };
        assert!(judge_body(number, &body).unwrap(), "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: SHRUNK_CASES,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/tests/shared_keys/property.txt"),
        ))),
        ..ProptestConfig::default()
    })]
    #[test]
    fn a_shared_key_pays_at_most_what_is_held(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        thread_local! {
            static MAKER: Maker = Maker::new();
        }
        MAKER.with(|maker| maker.is_refused(&mut Chance(&bytes)))?;
    }
}

/// As many bodies as there is time for, others each time. They are neither
/// all refused nor all taken.
#[test]
fn a_shared_key_pays_at_most_what_is_held_for_many_bodies() {
    let maker = Maker::new();
    let mut random = RandomState::new().hash_one(0);
    let mut draw = || {
        // splitmix64, by Sebastiano Vigna.
        random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let (all, mut taken) = (cases(), 0);
    let mut bytes = [0; 64];
    for _ in 0..all {
        bytes
            .chunks_exact_mut(8)
            .for_each(|chunk| chunk.copy_from_slice(&draw().to_le_bytes()));
        let [length, rest @ ..] = &bytes;
        let most = usize::from(*length) % 64;
        match maker.is_refused(&mut Chance(&rest[..most])) {
            Ok(is_refused) => taken += u64::from(!is_refused),
            Err(error) => panic!("{error}"),
        }
    }
    let expected = all / 10..all * 9 / 10;
    assert!(expected.contains(&taken), "{taken} of {all} were taken");
}

/// Bodies that fuzzing began with and found: after one byte for the way and
/// one for the model.
#[test]
fn what_fuzzing_found_is_refused_or_within_what_is_held() {
    let catalogue = catalogue();
    let (mut all, mut taken) = (0, 0);
    for file in std::fs::read_dir(CORPUS).unwrap() {
        let written = std::fs::read(file.unwrap().path()).unwrap();
        let [way, model, body @ ..] = written.as_slice() else {
            continue;
        };
        let way = &WAYS[usize::from(*way) % WAYS.len()];
        let model = way.models[usize::from(*model) % way.models.len()];
        let Ok(body) = String::from_utf8(body.to_vec()) else {
            continue;
        };
        all += 1;
        taken += u64::from(!is_refused(&catalogue, way, model, &body).unwrap());
    }
    assert!(all > 60 && taken > 30, "{taken} of {all} were taken");
}
