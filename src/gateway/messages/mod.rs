//! Messages to programs, and to the people who write them: for each refusal
//! a status, a stable code, and a sentence that says what happened and what
//! to do.

mod access;
mod ask;
mod conversation;
mod key;
mod picture;
mod quota;
mod token;

use crate::app::{DatabaseTrouble, Error, RelayError};
use crate::model::{AccessRefusal, AskRefusal, ProviderId, Refusal, Skip};

use crate::gateway::replies::failure_kind::FailureKind;
use crate::gateway::replies::problem::Problem;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => problem_of(&refusal),
            Error::Troubled(trouble, error) => {
                tracing::warn!("could not do what was asked: {error:#}");
                about_trouble(trouble)
            }
            Error::Failed(failure) => {
                tracing::error!("could not do what was asked: {failure:#}");
                Self::new(
                    500,
                    "internal_error",
                    "Something went wrong here, and the operator's log says what. Try again in a minute.",
                )
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        problem_of(&refusal)
    }
}

impl From<AccessRefusal> for Problem {
    fn from(refusal: AccessRefusal) -> Self {
        problem_of(&refusal.into())
    }
}

impl From<AskRefusal> for Problem {
    fn from(refusal: AskRefusal) -> Self {
        problem_of(&refusal.into())
    }
}

impl From<anyhow::Error> for Problem {
    fn from(failure: anyhow::Error) -> Self {
        Error::from(failure).into()
    }
}

impl From<RelayError> for Problem {
    fn from(not: RelayError) -> Self {
        let mut problem = Self::from(not.error);
        if let Some(said) = not.said {
            // Of a key that fails we say how it is mended, too.
            problem.message = match problem.kind {
                Some(FailureKind::BadKey | FailureKind::NoCredit | FailureKind::Forbidden)
                | None => {
                    format!("{} It says: {}", problem.message, said.message())
                }
                Some(_) => said.message().to_owned(),
            };
            problem.said = Some(said);
        }
        problem.payer = not.payer.map(Box::new);
        problem
    }
}

/// The status, the stable code and the sentence of a refusal.
pub type Message = (u16, &'static str, String);

impl From<Message> for Problem {
    fn from((status, code, sentence): Message) -> Self {
        Self::new(status, code, sentence)
    }
}

fn problem_of(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Key(refusal) => key::about_key(refusal),
        Refusal::Access(refusal) => access::about_access(refusal).into(),
        Refusal::Ask(refusal) => ask::about_ask(refusal),
        Refusal::Conversation(refusal) => conversation::about_conversation(refusal).into(),
        Refusal::Picture(refusal) => picture::about_picture(refusal).into(),
        Refusal::Token(refusal) => token::about_token(refusal).into(),
        Refusal::Quota(refusal) => quota::about_quota(refusal),
    }
}

/// The problem that the database is in trouble. Its code is the same for all
/// kinds: what a program can do is to wait.
fn about_trouble(trouble: DatabaseTrouble) -> Problem {
    let what = match trouble {
        DatabaseTrouble::Away => "Latchkey cannot reach its database",
        DatabaseTrouble::Locked => "Latchkey's database is locked by others",
        DatabaseTrouble::TooSlow => "Latchkey's database takes too long to answer",
        DatabaseTrouble::Full => "the disk of Latchkey's database is full",
        DatabaseTrouble::ReadOnly => "Latchkey's database can only be read",
        DatabaseTrouble::Damaged => "Latchkey's database or its disk is damaged",
    };
    let wait_s = trouble.retry_after().as_secs();
    let message = format!(
        "At the moment {what}. Try again in {wait_s} s; if it stays so, tell the operator, whose log and `/readyz` say more."
    );
    let mut problem = Problem::new(503, "database_unavailable", message);
    problem.retry_after_s = Some(wait_s);
    problem
}

/// Says why a key was passed over.
pub fn describe_skip(why: Skip) -> &'static str {
    match why {
        Skip::AnotherServer(_) => "it belongs to another server",
        Skip::DirectMessage => "the token carries no server",
        Skip::NotInstalledHere => "the server has not added the bot",
        Skip::AnotherPerson => "it is somebody else's",
        Skip::RequestHasItsOwn => "the call has a key of its own",
        Skip::Tier => "the tier does not include it",
        Skip::Locked => "it is locked",
        Skip::Paused => "it is paused",
        Skip::Expired => "it has expired",
        Skip::Refused => "its provider refuses it",
        Skip::OutOfCredit => "its account has no credit",
        Skip::Limit => "it has reached its limit",
        Skip::UnknownPrice => "its limit is in dollars, and nobody knows the model's price",
        Skip::OwnKeyOnly => "the call is for a key of your own",
        Skip::OtherAddress => "it was stored for another address",
        Skip::NotSetUp => "it lacks something that its provider needs",
        Skip::Restricted => "its provider does not let it do this, or not from here",
        Skip::ModelNotAllowed => "the operator does not allow the model",
        Skip::Blocked => "you are blocked",
        Skip::Damaged => "what is stored of it can't be opened; it must be added again",
    }
}

/// What whoever has a personal key that does not pay can do about it.
pub fn describe_remedy(provider: &ProviderId, why: Skip) -> Option<String> {
    let verb = match why {
        Skip::Paused => "resume",
        Skip::OutOfCredit => "test",
        Skip::Refused
        | Skip::Expired
        | Skip::OtherAddress
        | Skip::NotSetUp
        | Skip::Damaged
        | Skip::Locked => "add",
        _ => return None,
    };
    Some(format!(
        "`latchkey keys {verb} {provider}` or, in Discord, `/keys {verb} provider:{provider} scope:user`"
    ))
}
