//! Checks a key without cost; `docs/providers.md` §3.

use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::Instant;

use crate::model::{Check, Credential, FailureClass, ProviderFailure, ProviderKind};

use super::catalogue::Provider;
use super::registry::Providers;
use super::transport::http::address_below;

/// The largest answer to a check that is read. Lists of models are long.
const CHECK_BYTES_MAX: usize = 4 * 1024 * 1024;

impl Providers {
    /// Asks a provider about a key. Only the provider's own word makes a key
    /// invalid; a timeout, a rate limit or nonsense leaves the question open.
    /// A server of the operator's may check no keys at all: that it likes one says
    /// something only where it likes no call without.
    pub async fn check(&self, provider: &Provider, credential: Option<&Credential>) -> Check {
        let check = match self.send_check(provider, credential).await {
            Ok(answer) => judge_answer(provider, &answer),
            Err(failure) => judge_failure(provider, &failure),
        };
        let is_in_doubt =
            check == Check::Valid && credential.is_some() && provider.may_check_no_keys();
        if is_in_doubt && self.send_check(provider, None).await.is_ok() {
            return Check::Unguarded;
        }
        check
    }

    async fn send_check(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
    ) -> Result<Value, ProviderFailure> {
        let deadline = Instant::now() + self.outbound.timeouts.check;
        let path = check_path(provider, credential);
        let to = match provider.check.host {
            Some(host) => format!("{host}{path}").parse().ok(),
            None => address_below(provider.url_for(credential), &path),
        };
        let sent = self.outbound.get_at(provider, to, credential, deadline);
        let answer = sent
            .await?
            .read_whole(&provider.id, CHECK_BYTES_MAX, deadline)
            .await?;
        if answer.status == 204 {
            return Ok(Value::Null);
        }
        let is_good = answer.status == 200;
        answer.into_json(provider, is_good)
    }
}

/// A friendly answer may still say that nothing is left to spend.
fn judge_answer(provider: &Provider, answer: &Value) -> Check {
    let is_empty = match provider.id.as_str() {
        "deepseek" => answer["is_available"] == false,
        _ => credit_left(provider, answer).is_some_and(|left| left <= 0.0),
    };
    if provider.id.as_str() == "huggingface" && lacks_inference(answer) {
        Check::Restricted
    } else if is_empty {
        Check::OutOfCredit
    } else {
        Check::Valid
    }
}

/// How much an account has left, if the check tells: a number, or a text of
/// one.
fn credit_left(provider: &Provider, answer: &Value) -> Option<f64> {
    let left = answer.pointer(provider.check.credit?)?;
    left.as_f64().or_else(|| left.as_str()?.parse().ok())
}

/// Whether a fine-grained token of Hugging Face's may not ask models.
fn lacks_inference(answer: &Value) -> bool {
    let token = &answer["auth"]["accessToken"];
    let scopes = token["fineGrained"]["scoped"].as_array();
    let mut permissions = scopes
        .into_iter()
        .flatten()
        .filter_map(|scope| scope["permissions"].as_array())
        .flatten();
    token["role"] == "fineGrained" && !permissions.any(|it| it == "inference.serverless.write")
}

fn judge_failure(provider: &Provider, failure: &ProviderFailure) -> Check {
    if let Some(check) = provider.dialect.judge_check(failure.class) {
        return check;
    }
    match failure.class {
        FailureClass::AuthInvalid => Check::Invalid,
        FailureClass::Billing => Check::OutOfCredit,
        // RunComfy answers 403 when the user id is not the key's.
        FailureClass::AuthForbidden(_) if provider.id.as_str() == "runcomfy" => Check::WrongExtra,
        FailureClass::AuthForbidden(_) => Check::Restricted,
        FailureClass::ModelNotFound if provider.kind == ProviderKind::Image => Check::WrongExtra,
        class => Check::Unknown(class),
    }
}

/// The path of the check, with the extras put in. They were looked at before
/// they were stored, so they cannot leave their place.
fn check_path(provider: &Provider, credential: Option<&Credential>) -> String {
    let mut path = provider.check.path.to_owned();
    let extras = credential.into_iter().flat_map(|it| &it.extras);
    for (field, value) in extras {
        path = path.replace(&format!("{{{field}}}"), value.expose_secret());
    }
    path
}
