//! Has people sign in with Discord: sends their browser there, and asks who
//! came back. What Discord hands out for it is used once, given back and
//! forgotten; `docs/discord.md` §11.

use std::time::Duration;

use anyhow::Context;
use futures_util::future::BoxFuture;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AccessToken, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse, TokenUrl,
};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use serenity::all::Permissions;

use crate::app::{Consent, Identity, IdentityDesk, ReturnedCode, SignInTrouble};
use crate::model::{BegunSignIn, PersonId, ServerId};

use crate::bot::callers::raw_caller::may_manage_server;
use crate::bot::connection::calls::rest::number;

/// How long one call may take. Somebody looks at an empty page meanwhile.
const CALL_WITHIN: Duration = Duration::from_secs(5);
/// The longest wait that Discord may ask for before its lists are asked again.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// The largest answer: two hundred servers take a fifth of it.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Who somebody is, and which servers they are in.
const SCOPES: [&str; 2] = ["identify", "guilds"];

/// What the operator settled of signing in.
pub struct SignInSettings {
    pub client_secret: SecretString,
    /// Where Discord sends browsers back to, as it is registered there.
    pub back: String,
}

type OauthClient =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// What the bot needs in a server: to see channels, to write there and in
/// threads, to read what was written, to embed links and to attach files.
const INVITED_WITH: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::SEND_MESSAGES_IN_THREADS)
    .union(Permissions::READ_MESSAGE_HISTORY)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::ATTACH_FILES);

/// Where somebody goes to add the bot to a server. Discord asks there which
/// server it is to be, and nobody comes back.
pub fn invite_address(api: &str, application: u64) -> String {
    let pages = pages_of(api).unwrap_or_default();
    let permissions = INVITED_WITH.bits();
    format!(
        "{pages}/oauth2/authorize?client_id={application}&scope=bot+applications.commands&permissions={permissions}"
    )
}

/// Where Discord's pages are, by where its API is.
fn pages_of(api: &str) -> Result<String, url::ParseError> {
    Ok(url::Url::parse(api)?.origin().ascii_serialization())
}

/// Sends browsers to Discord, and asks it who came back.
pub struct SignInDesk {
    http: Client,
    oauth: OauthClient,
    application: u64,
    secret: SecretString,
    api: String,
    /// Who sends browsers back, as it says itself (RFC 9207).
    issuer: String,
}

impl SignInDesk {
    /// Puts the parts together; nothing is asked yet.
    pub fn new(
        api: &str,
        application: u64,
        settings: SignInSettings,
        http: Client,
    ) -> anyhow::Result<Self> {
        let api = api.trim_end_matches('/').to_owned();
        let issuer = pages_of(&api)?;
        let secret = settings.client_secret;
        let oauth = BasicClient::new(ClientId::new(application.to_string()))
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            .set_auth_uri(AuthUrl::new(format!("{issuer}/oauth2/authorize"))?)
            .set_token_uri(TokenUrl::new(format!("{api}/oauth2/token"))?)
            .set_redirect_uri(RedirectUrl::new(settings.back).context("no address to return to")?);
        Ok(Self {
            http,
            oauth,
            application,
            secret,
            api,
            issuer,
        })
    }

    /// Whether Discord takes the client secret, by asking for a token that is
    /// given back at once.
    pub async fn check_secret(&self) -> Result<(), SignInTrouble> {
        let carry = |request| carry(self.http.clone(), request);
        let asked = self.oauth.exchange_client_credentials();
        let asked = asked.add_scope(Scope::new(SCOPES[0].to_owned()));
        let token = asked.request_async(&carry).await.map_err(trouble_of)?;
        self.give_back(token.access_token()).await;
        Ok(())
    }

    async fn find_identity(&self, returned: ReturnedCode) -> Result<Identity, SignInTrouble> {
        if returned.issuer.is_some_and(|issuer| issuer != self.issuer) {
            return Err(SignInTrouble::WrongIssuer);
        }
        let carry = |request| carry(self.http.clone(), request);
        let code = AuthorizationCode::new(returned.code.expose_secret().to_owned());
        let verifier = PkceCodeVerifier::new(returned.verifier.expose_secret().to_owned());
        let exchange = self.oauth.exchange_code(code).set_pkce_verifier(verifier);
        let token = exchange.request_async(&carry).await.map_err(trouble_of)?;
        let identity = self.read_identity(&token).await;
        self.give_back(token.access_token()).await;
        identity
    }

    async fn read_identity(&self, token: &BasicTokenResponse) -> Result<Identity, SignInTrouble> {
        // They may come in another order, and more of them.
        if let Some(granted) = token.scopes() {
            let has = |scope: &str| granted.iter().any(|it| it.as_str() == scope);
            if !SCOPES.into_iter().all(has) {
                return Err(SignInTrouble::Refused);
            }
        }
        let user = self.read("/users/@me", token.access_token()).await?;
        let servers = self.read("/users/@me/guilds", token.access_token()).await?;
        read_identity(&user, &servers).ok_or(SignInTrouble::Away)
    }

    /// Reads something with a person's token, once more where Discord asks for
    /// a short wait.
    async fn read(&self, path: &str, token: &AccessToken) -> Result<Value, SignInTrouble> {
        match self.read_once(path, token).await {
            Err(SignInTrouble::Busy(Some(seconds))) if Duration::from_secs(seconds) <= WAIT_MAX => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                self.read_once(path, token).await
            }
            read => read,
        }
    }

    async fn read_once(&self, path: &str, token: &AccessToken) -> Result<Value, SignInTrouble> {
        let call = self.http.get(format!("{}{path}", self.api));
        let call = call.bearer_auth(token.secret()).timeout(CALL_WITHIN);
        let answer = call.send().await.map_err(|error| fault_of(&error))?;
        let answer = unless_in_trouble(answer)?;
        if !answer.status().is_success() {
            return Err(SignInTrouble::Refused);
        }
        let bytes = read_limited(answer).await?;
        serde_json::from_slice(&bytes).map_err(|_| SignInTrouble::Away)
    }

    /// Gives a token back, and with it all of its authorization. Whoever it
    /// was has been identified by then, so that a failure is only logged: the
    /// token is forgotten all the same.
    async fn give_back(&self, token: &AccessToken) {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token.secret())
            .append_pair("token_type_hint", "access_token")
            .finish();
        // Not by the library, which asks for https where tests have none.
        let call = self.http.post(format!("{}/oauth2/token/revoke", self.api));
        let call = call
            .basic_auth(self.application, Some(self.secret.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .timeout(CALL_WITHIN)
            .body(body);
        let trouble = match call.send().await {
            Ok(answer) if answer.status().is_success() => return,
            Ok(answer) => unless_in_trouble(answer).err(),
            Err(error) => Some(fault_of(&error)),
        };
        let trouble = trouble.unwrap_or(SignInTrouble::Refused);
        tracing::warn!("a token of a sign-in could not be given back to Discord: {trouble}");
    }
}

impl IdentityDesk for SignInDesk {
    fn address(&self, begun: &BegunSignIn, consent: Consent) -> String {
        let state = CsrfToken::new(begun.state.expose_secret().to_owned());
        let verifier = PkceCodeVerifier::new(begun.verifier.expose_secret().to_owned());
        let prompt = match consent {
            Consent::Once => "none",
            Consent::Again => "consent",
        };
        let asked = self
            .oauth
            .authorize_url(|| state)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_extra_param("prompt", prompt);
        asked.url().0.into()
    }

    fn identify(&self, returned: ReturnedCode) -> BoxFuture<'_, Result<Identity, SignInTrouble>> {
        Box::pin(self.find_identity(returned))
    }
}

/// Who a person is, and which servers they can manage, by what Discord says of
/// them; none where it says something else.
fn read_identity(user: &Value, servers: &Value) -> Option<Identity> {
    let name = [&user["global_name"], &user["username"]];
    let name = name.into_iter().find_map(Value::as_str)?;
    let servers = servers.as_array()?.iter();
    let (managed, others): (Vec<&Value>, Vec<&Value>) = servers.partition(|it| manages(it));
    let ids = |servers: Vec<&Value>| {
        let ids = servers.into_iter().filter_map(|it| number(&it["id"]));
        ids.map(ServerId).collect()
    };
    Some(Identity {
        person: PersonId(number(&user["id"])?),
        name: name.to_owned(),
        servers: ids(managed),
        joined: ids(others),
    })
}

fn manages(server: &Value) -> bool {
    // There are more permissions than fit into a number of JSON, and will be
    // more than fit into 64 bits.
    let all = server["permissions"]
        .as_str()
        .and_then(|it| it.parse::<u128>().ok());
    let low = all.and_then(|all| u64::try_from(all & u128::from(u64::MAX)).ok());
    let may = low.is_some_and(|low| may_manage_server(Permissions::from_bits_truncate(low)));
    may || server["owner"] == true
}

/// Carries a request of the library's over the process's own client, which
/// follows no redirect.
async fn carry(http: Client, request: HttpRequest) -> Result<HttpResponse, SignInTrouble> {
    let mut request = reqwest::Request::try_from(request).map_err(|_| SignInTrouble::Refused)?;
    *request.timeout_mut() = Some(CALL_WITHIN);
    let answer = http
        .execute(request)
        .await
        .map_err(|error| fault_of(&error))?;
    let answer = unless_in_trouble(answer)?;
    let mut carried = HttpResponse::default();
    *carried.status_mut() = answer.status();
    *carried.headers_mut() = answer.headers().clone();
    *carried.body_mut() = read_limited(answer).await?;
    Ok(carried)
}

/// An answer of Discord's own, which may be a refusal; no 429, and nothing
/// that stands in front of Discord.
fn unless_in_trouble(answer: Response) -> Result<Response, SignInTrouble> {
    let status = answer.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let after = answer.headers().get(RETRY_AFTER);
        let after = after.and_then(|it| it.to_str().ok()?.parse().ok());
        return Err(SignInTrouble::Busy(after));
    }
    if status.is_server_error() || status.is_redirection() {
        return Err(SignInTrouble::Away);
    }
    Ok(answer)
}

async fn read_limited(mut answer: Response) -> Result<Vec<u8>, SignInTrouble> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| fault_of(&error))? {
        if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(SignInTrouble::Away);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn fault_of(error: &reqwest::Error) -> SignInTrouble {
    if error.is_timeout() {
        SignInTrouble::Slow
    } else {
        SignInTrouble::Away
    }
}

/// What was wrong with a call for a token. Its text is dropped, since it can
/// quote what was sent.
fn trouble_of(error: RequestTokenError<SignInTrouble, BasicErrorResponse>) -> SignInTrouble {
    use BasicErrorResponseType::{InvalidClient, InvalidGrant, UnauthorizedClient};
    match error {
        RequestTokenError::Request(trouble) => trouble,
        RequestTokenError::ServerResponse(said) => match said.error() {
            InvalidClient | UnauthorizedClient => SignInTrouble::WrongSecret,
            InvalidGrant => SignInTrouble::CodeRefused,
            _ => SignInTrouble::Refused,
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInTrouble::Away,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_somebody_is_and_what_they_manage_is_read_as_discord_writes_it() {
        let server = |id: &str, permissions: &str, owner: bool| json!({"id": id, "name": "x", "owner": owner, "permissions": permissions});
        let servers = json!([
            server("1", "0", true),
            server("2", "32", false),
            server("3", "8", false),
            server("4", "2251799813685247999", false),
            // Manage Server, and a permission beyond 64 bits.
            server("5", "18446744073709551648", false),
            server("6", "1024", false),
            server("7", "many", false),
            server("eight", "32", false),
        ]);
        let user = json!({"id": "80351110224678912", "username": "mia", "global_name": null});
        let found = read_identity(&user, &servers).unwrap();
        assert_eq!(found.person, PersonId(80_351_110_224_678_912));
        assert_eq!(found.name, "mia");
        let ids: Vec<u64> = found.servers.iter().map(|it| it.0).collect();
        assert_eq!(ids, [1, 2, 3, 4, 5]);
        let others: Vec<u64> = found.joined.iter().map(|it| it.0).collect();
        assert_eq!(others, [6, 7]);
        let named = json!({"id": "7", "username": "mia", "global_name": "Mia M."});
        let named = read_identity(&named, &json!([])).unwrap();
        assert_eq!(named.name, "Mia M.");
        for wrong in [
            json!({}),
            json!({"id": 7, "username": "x"}),
            json!({"id": "7"}),
        ] {
            assert_eq!(read_identity(&wrong, &json!([])), None, "{wrong}");
        }
        assert_eq!(read_identity(&user, &json!({"message": "no"})), None);
    }
}
