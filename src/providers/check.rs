//! Checks a key without cost; `providers.md` §1.3.

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::Instant;

use crate::model::{Check, Credential, FailureClass, ProviderFailure};

use super::catalogue::{Kind, Provider};
use super::chat::{base_headers, below};
use super::outbound::Call;
use super::{Providers, failure};

/// The largest answer to a check that is read. Lists of models are long.
const CHECK_BYTES_MAX: usize = 4 * 1024 * 1024;

impl Providers {
    /// Asks a provider about a key. Only its own word makes one invalid; a
    /// timeout, a rate limit or nonsense leaves the question open.
    pub async fn check(&self, provider: &Provider, credential: Option<&Credential>) -> Check {
        match self.ask_about(provider, credential).await {
            Ok(answer) => of_answer(provider, &answer),
            Err(failure) => of_failure(provider, &failure),
        }
    }

    async fn ask_about(
        &self,
        provider: &Provider,
        credential: Option<&Credential>,
    ) -> Result<Value, ProviderFailure> {
        let deadline = Instant::now() + self.outbound.timeouts.check;
        let call = Call {
            provider,
            method: Method::GET,
            to: below(provider.url_for(credential), &path(provider, credential)),
            headers: &base_headers(provider, credential),
            passed_on: &[],
            body: None,
            deadline,
        };
        let mut incoming = self.outbound.send(call, credential).await?;
        let body = incoming.body(CHECK_BYTES_MAX, deadline).await;
        let fail = |class| ProviderFailure {
            provider: provider.id.clone(),
            class,
            status: Some(incoming.status),
            retry_after: None,
        };
        let body = body.map_err(fail)?;
        if incoming.status == 204 {
            return Ok(Value::Null);
        }
        let value: Option<Value> = serde_json::from_slice(body.trim_ascii()).ok();
        match value {
            Some(value) if incoming.status == 200 && !failure::hidden_error(&value) => Ok(value),
            _ => Err(failure::classify(
                provider,
                incoming.status,
                &incoming.headers,
                &body,
            )),
        }
    }
}

/// A friendly answer may still say that nothing is left to spend.
fn of_answer(provider: &Provider, answer: &Value) -> Check {
    let empty = match provider.id.as_str() {
        "deepseek" => answer["is_available"] == false,
        "openrouter" => answer
            .pointer("/data/limit_remaining")
            .and_then(Value::as_f64)
            .is_some_and(|left| left <= 0.0),
        _ => false,
    };
    if empty {
        Check::OutOfCredit
    } else {
        Check::Valid
    }
}

fn of_failure(provider: &Provider, failure: &ProviderFailure) -> Check {
    match failure.class {
        FailureClass::AuthInvalid => Check::Invalid,
        FailureClass::Billing => Check::OutOfCredit,
        // RunComfy answers 403 when the user id is not the key's.
        FailureClass::AuthForbidden if provider.id.as_str() == "runcomfy" => Check::WrongExtra,
        FailureClass::AuthForbidden => Check::Restricted,
        FailureClass::ModelNotFound if provider.kind == Kind::Image => Check::WrongExtra,
        // Anthropic's own clients treat it so: the key's workspace is gone.
        FailureClass::ModelNotFound if provider.id.as_str() == "anthropic" => Check::Invalid,
        class => Check::Unknown(class),
    }
}

/// The check's path with the extras put in. They were looked at before
/// they were stored, so they cannot leave their place.
fn path(provider: &Provider, credential: Option<&Credential>) -> String {
    let mut path = provider.check.path.to_owned();
    for (field, value) in credential
        .into_iter()
        .flat_map(|credential| &credential.extras)
    {
        path = path.replace(&format!("{{{field}}}"), value.expose_secret());
    }
    path
}
