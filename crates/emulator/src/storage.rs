//! A bucket as S3 serves one: whoever calls shows a signature in the address,
//! which is computed here once more from what came.
//!
//! The rules and the codes of refusals are S3's own, from "Authenticating
//! Requests: Using Query Parameters (AWS Signature Version 4)" and "Error
//! responses" of its API reference; `docs/providers.md` names them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State as Shared};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::world::{StorageState, StoredObject, World};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The longest that an address works: seven days.
const EXPIRES_MAX: i64 = 604_800;
/// How far a signer's clock may be ahead.
const SKEW_MAX: i64 = 15 * 60;
/// The largest file that is taken here.
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What a bucket says no with: a status, a code and a sentence.
type Refusal = (u16, &'static str, &'static str);

/// Returns the routes of the storage, below `/storage`.
pub fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/storage/{bucket}/{*key}", any(answer_call))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX))
        .with_state(world)
}

async fn answer_call(
    Shared(world): Shared<Arc<World>>,
    request: RequestParts,
    body: Bytes,
) -> Response {
    let RequestParts {
        method,
        uri,
        headers,
        ..
    } = request;
    let call = SignedCall {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let answered = world.with(|state| {
        state.storage.calls += 1;
        call.check(&state.storage)?;
        call.obey(&mut state.storage, &body)
    });
    answered.unwrap_or_else(|(status, code, message)| {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        (status, [(CONTENT_TYPE, "application/xml")], body).into_response()
    })
}

/// A call as it came.
struct SignedCall<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

impl SignedCall<'_> {
    /// Returns the name of the bucket and of the file, as they stand in the
    /// path.
    fn names(&self) -> (&str, &str) {
        let path = self.uri.path().strip_prefix("/storage/");
        path.and_then(|path| path.split_once('/'))
            .unwrap_or_default()
    }

    /// Returns a parameter of the query, decoded.
    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    /// Checks the signature, and that it still counts.
    fn check(&self, bucket: &StorageState) -> Result<(), Refusal> {
        let malformed = |message| (400, "AuthorizationQueryParametersError", message);
        let absent = "Query-string authentication version 4 requires the X-Amz-Algorithm, \
                      X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and \
                      X-Amz-Expires parameters.";
        let required = |name| self.parameter(name).ok_or(malformed(absent));
        if self.uri.query().is_none() {
            return Err((403, "AccessDenied", "Access Denied"));
        }
        if required("X-Amz-Algorithm")? != ALGORITHM {
            return Err(malformed("X-Amz-Algorithm only supports AWS4-HMAC-SHA256"));
        }
        let (credential, date) = (required("X-Amz-Credential")?, required("X-Amz-Date")?);
        let (signed, signature) = (
            required("X-Amz-SignedHeaders")?,
            required("X-Amz-Signature")?,
        );
        let expires = required("X-Amz-Expires")?.parse().unwrap_or(-1);
        let [key_id, day, region, "s3", "aws4_request"] =
            credential.split('/').collect::<Vec<_>>()[..]
        else {
            return Err(malformed(
                "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed",
            ));
        };
        if region != bucket.region {
            return Err(malformed(
                "Error parsing the X-Amz-Credential parameter; the region is wrong",
            ));
        }
        if !(1..=EXPIRES_MAX).contains(&expires) {
            return Err(malformed(
                "X-Amz-Expires must be less than a week (in seconds)",
            ));
        }
        let signed_at = seconds_of(&date).filter(|_| date.starts_with(day));
        let signed_at = signed_at.ok_or(malformed("X-Amz-Date must be in the ISO8601 format"))?;
        if key_id != bucket.key_id {
            return Err((
                403,
                "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
            ));
        }
        self.check_signed_headers(&signed)?;
        let scope = format!("{day}/{region}/s3/aws4_request");
        let text = self.string_to_sign(&signed, &date, &scope);
        if sign(&bucket.secret, &scope, &text) != signature {
            return Err((
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            ));
        }
        let now = bucket.now_s();
        if signed_at > now + SKEW_MAX {
            return Err((403, "AccessDenied", "Request is not valid yet"));
        }
        if now > signed_at + expires {
            return Err((403, "AccessDenied", "Request has expired"));
        }
        Ok(())
    }

    /// Checks that the host is signed, and every header of S3's own.
    fn check_signed_headers(&self, signed: &str) -> Result<(), Refusal> {
        let is_signed = |name: &str| signed.split(';').any(|it| it == name);
        let mut names = self.headers.keys().map(axum::http::HeaderName::as_str);
        let all = names.all(|name| !name.starts_with("x-amz-") || is_signed(name));
        if all && is_signed("host") {
            return Ok(());
        }
        Err((
            403,
            "AccessDenied",
            "There were headers present in the request which were not signed",
        ))
    }

    /// Returns what is signed: the call in its canonical form, of which only
    /// the digest travels.
    fn string_to_sign(&self, signed: &str, date: &str, scope: &str) -> String {
        let query = self.uri.query().unwrap_or_default();
        let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name != "X-Amz-Signature")
            .map(|(name, value)| (encode(&name), encode(&value)))
            .collect();
        pairs.sort();
        let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let value = |name: &str| {
            let value = self.headers.get(name).and_then(|it| it.to_str().ok());
            let words: Vec<&str> = value.unwrap_or_default().split_whitespace().collect();
            words.join(" ")
        };
        let names = signed.split(';');
        let headers: Vec<String> = names.map(|it| format!("{it}:{}\n", value(it))).collect();
        let canonical = format!(
            "{}\n{}\n{}\n{headers}\n{signed}\nUNSIGNED-PAYLOAD",
            self.method,
            self.uri.path(),
            pairs.join("&"),
            headers = headers.concat(),
        );
        let digest = hex(&Sha256::digest(canonical));
        format!("{ALGORITHM}\n{date}\n{scope}\n{digest}")
    }

    /// Does what a call that is rightly signed asks for.
    fn obey(&self, bucket: &mut StorageState, body: &Bytes) -> Result<Response, Refusal> {
        let (name, key) = self.names();
        if name != bucket.bucket {
            return Err((404, "NoSuchBucket", "The specified bucket does not exist"));
        }
        let denied = (403, "AccessDenied", "Access Denied");
        match *self.method {
            Method::PUT if !bucket.takes_files => Err(denied),
            Method::PUT if !self.headers.contains_key(CONTENT_LENGTH) => Err((
                411,
                "MissingContentLength",
                "You must provide the Content-Length HTTP header.",
            )),
            Method::PUT => {
                let kind = self.headers.get(CONTENT_TYPE);
                let kind = kind.and_then(|kind| kind.to_str().ok());
                let object = StoredObject {
                    kind: kind.unwrap_or("binary/octet-stream").to_owned(),
                    bytes: body.to_vec(),
                };
                bucket.objects.insert(key.to_owned(), object);
                Ok(StatusCode::OK.into_response())
            }
            Method::GET => {
                let missing = (404, "NoSuchKey", "The specified key does not exist.");
                let object = bucket.objects.get(key).ok_or(missing)?.clone();
                Ok(([(CONTENT_TYPE, object.kind)], object.bytes).into_response())
            }
            Method::DELETE if !bucket.deletes_files => Err(denied),
            Method::DELETE => {
                bucket.objects.remove(key);
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            _ => Err((
                405,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            )),
        }
    }
}

/// Signs a text with the key of a day, a region and a service.
fn sign(secret: &str, scope: &str, text: &str) -> String {
    let first = format!("AWS4{secret}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| mac(&key, part));
    hex(&mac(&key, text))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key has any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// Returns a text as it stands in a canonical query: everything escaped but
/// letters, digits and `-._~`.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Returns the seconds since 1970 of a moment such as 20130524T000000Z.
fn seconds_of(date: &str) -> Option<i64> {
    let digits = date.strip_suffix('Z')?.replacen('T', "", 1);
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    // Days since 1970 of a day in the proleptic Gregorian calendar.
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_year) = (shifted.div_euclid(400), (month + 9) % 12);
    let of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * of_year + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of S3's own documentation: "Authenticating Requests: Using
    /// Query Parameters".
    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let uri: Uri = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            .parse()
            .unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", "examplebucket.s3.amazonaws.com".parse().unwrap());
        let call = SignedCall {
            method: &Method::GET,
            uri: &uri,
            headers: &headers,
        };
        let scope = "20130524/us-east-1/s3/aws4_request";
        let text = call.string_to_sign("host", "20130524T000000Z", scope);
        assert_eq!(
            sign("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope, &text),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
        assert_eq!(seconds_of("20130524T000000Z"), Some(1_369_353_600));
        assert_eq!(seconds_of("2013-05-24"), None);
    }
}
