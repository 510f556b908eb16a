//! Who may do what over HTTP: every address of the table, with everybody
//! who could come.

use std::collections::BTreeMap;

use latchkey_emulator::{MANAGER, MEMBER};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::app::nobody_else;
use crate::gateway::{Requirement, all_routes, documented};
use crate::model::{Caller, DAY_MS, PersonId, Place, Right, Scopes, ServerId};
use crate::tests::program::{HttpAnswer, Program, send};
use crate::tests::{Stage, good, run};

/// How somebody is met at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admittance {
    LetIn,
    NoToken,
    BadToken,
    WrongScope,
    NoManager,
    NoSuchServer,
    TokenWithoutServer,
    TokenOfAnotherServer,
    NoOperator,
}

fn admittance(said: &HttpAnswer) -> Admittance {
    let body: Value = serde_json::from_str(&said.text).unwrap_or_default();
    let code = ["/error/code", "/error/details/0/reason"];
    let code = code
        .iter()
        .find_map(|at| body.pointer(at)?.as_str())
        .unwrap_or_default();
    let met = match code {
        "token_missing" => (401, Admittance::NoToken),
        "invalid_token" => (401, Admittance::BadToken),
        "scope_missing" => (403, Admittance::WrongScope),
        "not_a_manager" => (403, Admittance::NoManager),
        "not_an_operator" => (403, Admittance::NoOperator),
        "no_such_server" => (404, Admittance::NoSuchServer),
        "token_without_server" => (403, Admittance::TokenWithoutServer),
        "token_of_another_server" => (403, Admittance::TokenOfAnotherServer),
        _ => return Admittance::LetIn,
    };
    assert_eq!(said.status, met.0, "{code}");
    met.1
}

/// Who comes, with which token; and how each kind of address meets them.
struct Visitor {
    who: &'static str,
    program: Program,
    token: Admittance,
    manager: Admittance,
    operator: Admittance,
}

async fn visitors(stage: &Stage) -> Vec<Visitor> {
    use Admittance as A;

    let all = "scopes:chat,keys:read,keys:write,usage:read";
    let (mia, omar, zoe) = (stage.mia(), stage.omar(), stage.zoe());
    let visitor = |who, program, token, manager, operator| Visitor {
        who,
        program,
        token,
        manager,
        operator,
    };
    let expired = Program::of(stage, &mia, &format!("name:old expires:1d {all}")).await;
    stage.clock.advance_ms(DAY_MS);
    let revoked = Program::of(stage, &mia, &format!("name:gone {all}")).await;
    mia.runs("/token revoke token:gone").await;
    let stranger = Program::of(stage, &zoe, all).await;
    let (member, manager) = (
        Program::of(stage, &mia, all).await,
        Program::of(stage, &omar, all).await,
    );
    let here = format!("here:true {all}");
    let (member_here, manager_here) = (
        Program::of(stage, &mia, &here).await,
        Program::of(stage, &omar, &here).await,
    );
    let of_another = servers_token(stage, stage.scene.manager, 1).await;
    // A server that the stranger is not in, and yet named when the token was made.
    let strangers_here = servers_token(stage, stage.scene.stranger, stage.scene.server).await;
    let nobody = Program::stranger(stage).await;
    let (no, bad, no_server) = (A::NoToken, A::BadToken, A::TokenWithoutServer);
    let no_operator = A::NoOperator;
    // Who manages the server is the operator too; see below for one who does not.
    vec![
        visitor("nobody", nobody, no, no, no),
        visitor("an expired token", expired, bad, bad, bad),
        visitor("a revoked token", revoked, bad, bad, bad),
        visitor("a stranger", stranger, A::LetIn, no_server, no_operator),
        visitor("a member", member, A::LetIn, no_server, A::NoOperator),
        visitor("a manager", manager, A::LetIn, no_server, A::LetIn),
        visitor(
            "a member with the server's token",
            member_here,
            A::LetIn,
            A::NoManager,
            A::NoOperator,
        ),
        visitor(
            "a manager with the server's token",
            manager_here,
            A::LetIn,
            A::LetIn,
            A::LetIn,
        ),
        // Its context is a server that they are not in.
        visitor(
            "a manager with another server's token",
            of_another,
            A::NoSuchServer,
            A::TokenOfAnotherServer,
            A::NoSuchServer,
        ),
        visitor(
            "a stranger with the server's token",
            strangers_here,
            A::NoSuchServer,
            A::NoSuchServer,
            A::NoSuchServer,
        ),
    ]
}

/// A program with a token for a server, whoever its person is there.
async fn servers_token(stage: &Stage, person: u64, server: u64) -> Program {
    let server = ServerId(server);
    let caller = Caller {
        place: Place::Server(server),
        ..nobody_else(PersonId(person))
    };
    let scopes = format!("chat keys:read keys:write usage:read guild:{server}");
    let scopes = Scopes::parse(&scopes).unwrap();
    let app = stage.app().await;
    let made = app.people.create_token(&caller, None, None, scopes).await;
    let (_, secret) = made.unwrap();
    Program::stranger(stage).await.with(secret.expose_secret())
}

/// A token that may do everything but what this address needs.
async fn wrong_scope(stage: &Stage, requirement: Requirement) -> Option<Program> {
    let right = match requirement {
        Requirement::Nothing => return None,
        Requirement::Token(right) | Requirement::Manager(right) | Requirement::Operator(right) => {
            right
        }
        Requirement::Metrics => Right::UsageRead,
    };
    let others = ["chat", "keys:read", "keys:write", "usage:read"];
    let others: Vec<&str> = others
        .into_iter()
        .filter(|it| *it != right.as_str())
        .collect();
    let options = format!("name:wrong expires:1d scopes:{}", others.join(","));
    Some(Program::of(stage, &stage.omar(), &options).await)
}

async fn calls(program: &Program, method: &str, path: &str) -> HttpAnswer {
    let said = send(program.call(method, path).json(&json!({}))).await;
    assert_eq!(said.header("x-content-type-options"), "nosniff", "{path}");
    said
}

#[tokio::test]
async fn every_address_meets_everybody_as_the_table_says() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        omar.adds("openai", "guild", &good("openai")).await;
        let server = stage.scene.server.to_string();
        let visitors = visitors(stage).await;
        let mut met_all = 0;
        for route in all_routes() {
            // An address may send a hundred bad tokens a minute.
            stage.clock.advance_ms(5_000);
            let method = route
                .method
                .as_ref()
                .map_or("POST", |method| method.as_str());
            let path = route
                .path
                .replace("{guild}", &server)
                .replace("{id}", &"0".repeat(32));
            let path = path
                .replace("{provider}", "openai")
                .replace("{*path}", "v1/models");
            for visitor in &visitors {
                let expected = match route.requirement {
                    Requirement::Nothing => Admittance::LetIn,
                    Requirement::Token(_) => visitor.token,
                    Requirement::Manager(_) => visitor.manager,
                    Requirement::Operator(_) | Requirement::Metrics => visitor.operator,
                };
                let said = calls(&visitor.program, method, &path).await;
                assert_eq!(
                    admittance(&said),
                    expected,
                    "{} at {method} {path}: {}",
                    visitor.who,
                    said.text
                );
                met_all += 1;
            }
            if let Some(program) = wrong_scope(stage, route.requirement).await {
                let said = calls(&program, method, &path).await;
                assert_eq!(
                    admittance(&said),
                    Admittance::WrongScope,
                    "the wrong scope at {method} {path}"
                );
                omar.runs("/token revoke token:wrong").await;
            }
        }
        assert!(met_all >= 330, "{met_all}");
    })
    .await;
}

/// Discord is asked each time: whoever managed a server a moment ago does so
/// no more; and the operator has no more rights there than others.
#[tokio::test]
async fn a_former_manager_and_the_operator_are_members_like_others() {
    run(async |stage| {
        let all = "here:true scopes:chat,keys:read,keys:write,usage:read";
        let program = Program::of(stage, &stage.omar(), all).await;
        let server = stage.scene.server;
        let keys = format!("/api/v1/guilds/{server}/api-keys");
        assert_eq!(program.gets(&keys).await.status, 200);
        let world = stage.world();
        world.join(server, stage.scene.manager, MEMBER);
        let managed =
            all_routes().filter(|route| matches!(route.requirement, Requirement::Manager(_)));
        for route in managed {
            let path = route
                .path
                .replace("{guild}", &server.to_string())
                .replace("{id}", &"0".repeat(32));
            let method = route.method.as_ref().unwrap();
            let said = calls(&program, method.as_str(), &path).await;
            assert_eq!(admittance(&said), Admittance::NoManager, "{method} {path}");
        }
        world.with(|state| {
            for known in state.servers.iter_mut().filter(|known| known.id == server) {
                known.members.remove(&stage.scene.manager);
            }
        });
        assert_eq!(program.gets(&keys).await.code(), "404 no_such_server");
        world.join(server, stage.scene.manager, MANAGER);
        assert_eq!(program.gets(&keys).await.status, 200);
        // A server that the bot is not in, and what is no server at all.
        let elsewhere = stage
            .world()
            .look(|state| state.servers.iter().find(|s| !s.installed).unwrap().id);
        for id in [elsewhere, 0] {
            let path = format!("/api/v1/guilds/{id}/api-keys");
            let its_own = servers_token(stage, stage.scene.manager, id).await;
            assert_eq!(its_own.gets(&path).await.code(), "404 no_such_server");
            let said = program.gets(&path).await;
            assert_eq!(said.code(), "403 token_of_another_server", "{id}");
        }
        for id in ["x", "99999999999999999999"] {
            let said = program.gets(&format!("/api/v1/guilds/{id}/api-keys")).await;
            assert_eq!(said.code(), "404 no_such_server", "{id}");
        }
        stage.expects_refusals();
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_key_is_not_there() {
    run(async |stage| {
        let all = "scopes:chat,keys:read,keys:write,usage:read";
        let (mia, omar) = (stage.mia(), stage.omar());
        mia.adds("openai", "user", &good("openai")).await;
        omar.adds("mistral", "guild", &good("mistral")).await;
        let owner = Program::of(stage, &mia, all).await;
        let id = owner.gets("/api/v1/api-keys").await.json()["keys"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let manager = Program::of(stage, &omar, &format!("here:true {all}")).await;
        let server = stage.scene.server;
        for path in [
            format!("/api/v1/api-keys/{id}"),
            format!("/api/v1/guilds/{server}/api-keys/{id}"),
        ] {
            for (method, path) in [
                ("PATCH", path.clone()),
                ("DELETE", path.clone()),
                ("POST", format!("{path}/test")),
            ] {
                let said = calls(&manager, method, &path).await;
                assert_eq!(said.code(), "404 no_such_key", "{method} {path}");
            }
        }
        assert_eq!(
            owner.gets("/api/v1/api-keys").await.json()["keys"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    })
    .await;
}

/// The document lists the rows of the table and no others, each with the
/// scope that its token must have and what the token's owner must be.
#[test]
fn every_address_is_documented_with_what_it_requires_and_nothing_else() {
    let rows = all_routes().map(|route| {
        let method = route
            .method
            .as_ref()
            .map_or("POST", |method| method.as_str());
        let name = format!("{method} {}", route.path.replace("{*", "{"));
        let required = match route.requirement {
            Requirement::Nothing => json!([]),
            Requirement::Token(right) => json!([{"token": [right.as_str()]}]),
            Requirement::Manager(right) => json!([{"token": [right.as_str(), "server_manager"]}]),
            Requirement::Operator(right) => json!([{"token": [right.as_str(), "operator"]}]),
            Requirement::Metrics => json!([{"token": ["usage:read", "operator"]}]),
        };
        (name, required)
    });
    let table: BTreeMap<String, Value> = rows.collect();
    assert_eq!(table.len(), all_routes().count());
    assert_eq!(table, documented());
}
