//! The playground: questions to models and pictures, asked in a page. Nothing
//! of it is stored: the conversation lives in the page.

mod limits;
mod page;
mod plain_text;
mod question;
mod receipt;
mod setting;
mod stream;
mod talk;
mod text_table;
mod tools;
mod work;

use std::sync::Arc;

use axum::http::header::ACCEPT;
use axum::http::{HeaderValue, StatusCode, Uri};
use futures_util::future::join_all;
use serde_json::json;

use crate::app::nobody_else;
use crate::console::pages::stopped;
use crate::console::reply::Reply as PageReply;
use crate::console::routes::{Row, row};
use crate::console::trouble::Trouble;
use crate::console::trouble_format::LINES;
use crate::console::visit::{HandlerResult, SignedIn, Visit, not_understood};
use crate::console::words::Names;
use crate::model::{AttemptId, MemoryPermit, PersonId, Scope, ServerId, Source};

use limits::Asker;
use question::{Question, QuestionFiles, Setting};
use receipt::Receipt;
use talk::{Reply, Round, Talk};
use tools::Tool;
use work::{Report, Work, WorkOutcome, WorkPermits};

pub use limits::PlaygroundLimits;
pub use tools::PICTURE as PICTURE_TOOL;

pub const ROWS: &[Row] = &[
    row!(GET "/playground" Visitor show_playground)
        .taking(&["as", "model", "beside", "in", "other", "start"]),
    row!(GET "/playground/now" Visitor show_now)
        .polled()
        .taking(&["as", "model", "beside", "in", "other"]),
    row!(GET "/playground/picture/{picture}" Visitor show_no_picture),
    row!(GET "/playground/receipt/{attempt}" SignedIn show_receipt).polled(),
    row!(POST "/playground/ask" Visitor ask).with_files(),
];

/// What stands first in a reply that no model gives.
const DEMO: &str = "This is a demo reply: no model was asked, since no key here can pay for one.";

/// Shows the page without a conversation. The address says what is chosen.
async fn show_playground(visit: Visit) -> HandlerResult {
    let setting = Setting::read(|name| visit.query(name).unwrap_or_default());
    require_tool(&visit, &setting.tool)?;
    let start = visit.query("start").and_then(|number| number.parse().ok());
    let starters = setting.tool.starters();
    let typed = start.and_then(|number: usize| starters.get(number).copied());
    let typed = typed.unwrap_or_default().to_owned();
    page::show(&visit, &setting, &Talk::default(), &typed).await
}

/// Refuses an address that names a persona that is not there.
fn require_tool(visit: &Visit, tool: &Tool) -> Result<(), Trouble> {
    let groups = tools::all_groups(visit.app().asks.personas());
    let known = groups.iter().flat_map(|group| &group.tools);
    let known: Vec<&str> = known.map(|known| known.value.as_str()).collect();
    if known.contains(&tool.value()) {
        return Ok(());
    }
    let named: Vec<&str> = known.into_iter().filter(|name| !name.is_empty()).collect();
    let named = named.join(", ");
    Err(not_understood(&format!(
        "“as” in the address can be {named}."
    )))
}

/// Says where pictures are: none has an address, so that nobody can look at
/// another's.
async fn show_no_picture(_: Visit) -> HandlerResult {
    Err(Trouble::new(
        StatusCode::NOT_FOUND,
        "No picture is kept here",
        "A picture stands in the page in which it was asked for, and nowhere else; save it there. \
         Whoever asked in Discord has it in their message.",
    )
    .way("/playground?as=:picture", "Make a picture"))
}

/// Says who would pay with what is chosen, for the page's script.
async fn show_now(visit: Visit) -> HandlerResult {
    let setting = Setting::read(|name| visit.query(name).unwrap_or_default());
    let asker = find_asker(&visit, setting.place).await?;
    let paying = setting::find_payers(&visit, &asker, &setting).await?;
    let stopped = paying.stopped.map(|trouble| {
        json!({
            "title": trouble.title, "words": trouble.words, "ways": trouble.ways,
            "is_blocked": paying.is_blocked,
        })
    });
    let payers = paying.payers;
    Ok(PageReply::Now(
        json!({"payers": payers, "stopped": stopped}),
    ))
}

/// Says what an answer that was stopped is charged, for the page's script;
/// nothing while that is not known yet.
async fn show_receipt(visit: Visit, person: SignedIn) -> HandlerResult {
    let attempt = AttemptId::parse(visit.path_value(0)).ok_or_else(Trouble::nothing_here)?;
    let caller = person.caller(&visit).await?;
    let quotas = &visit.app().quotas;
    let found = quotas.find_attempt(&caller, Scope::User, attempt).await?;
    let ended = found.filter(|attempt| attempt.state != "held");
    let receipt = ended.map(|attempt| Receipt::of_stopped(&attempt));
    Ok(PageReply::Now(json!({"receipt": receipt})))
}

/// Asks, and answers with a stream where the page's script asks for one, else
/// with the whole page.
async fn ask(visit: Visit) -> HandlerResult {
    let accepted = visit.headers.get(ACCEPT).map(HeaderValue::as_bytes);
    let wants_stream = accepted == Some(LINES.as_bytes());
    if wants_stream {
        let begun = begin_one(&visit).await;
        return Ok(PageReply::Raw(stream::respond(begun)));
    }
    let question = Question::read(&visit.form)?;
    if visit.form.has("look") {
        return page::show(&visit, &question.setting, &question.talk, &question.text).await;
    }
    let BegunAnswers { told, works } = begin(&visit, &question).await;
    let answers = join_all(works.into_iter().map(collect)).await;
    let is_answered = answers.iter().any(|reply| reply.trouble.is_none());
    let Question {
        setting,
        text,
        mut talk,
        ..
    } = question;
    let typed = if is_answered {
        String::new()
    } else {
        text.clone()
    };
    talk.rounds.push(Round {
        told: told.filter(|told| *told != text),
        asked: text,
        answers,
    });
    page::show(&visit, &setting, &talk, &typed).await
}

/// Answers that were begun, or why they were not.
struct BegunAnswers {
    /// What the models are told.
    told: Option<String>,
    works: Vec<Result<Work, Trouble>>,
}

/// Begins the one answer that a script asks for; with what the model is told,
/// where that is more than was typed.
async fn begin_one(visit: &Visit) -> Result<(Option<String>, Work), Trouble> {
    let question = Question::read(&visit.form)?;
    let BegunAnswers { told, works } = begin(visit, &question).await;
    let first = works.into_iter().next();
    let work = first.unwrap_or_else(|| Err(Trouble::nothing_here()))?;
    Ok((told.filter(|told| *told != question.text), work))
}

/// Begins an answer in each column.
async fn begin(visit: &Visit, question: &Question) -> BegunAnswers {
    let files = QuestionFiles::read(&visit.form, &visit.console.settings.file_limits);
    let memory = visit.form.take_memory().map(Arc::new);
    let told = files.tell(&question.text).ok().map(|turn| turn.text.0);
    let works = match find_admitted(visit, question.setting.place).await {
        Ok(asker) => {
            let begin = |column| {
                let seat = Seat {
                    asker: asker.clone(),
                    memory: memory.clone(),
                    column,
                };
                let begun = begin_column(visit, question, &files, seat);
                begun.map_err(|trouble| trouble.named(Names::of(visit.app().providers())))
            };
            question.columns().into_iter().map(begin).collect()
        }
        Err(trouble) => vec![Err(trouble)],
    };
    BegunAnswers { told, works }
}

/// Who waits for the answer in a column.
struct Seat {
    asker: Asker,
    memory: Option<Arc<MemoryPermit>>,
    column: usize,
}

fn begin_column(
    visit: &Visit,
    question: &Question,
    files: &QuestionFiles,
    seat: Seat,
) -> Result<Work, Trouble> {
    let Seat {
        asker,
        memory,
        column,
    } = seat;
    let console = &visit.console;
    let needs_key = question.setting.tool == Tool::Picture || !console.app.asks.replies_in_demo();
    if asker.is_visitor() && !question.wants_own_key && needs_key {
        return Err(if visit.was_signed_out {
            Trouble::signed_out(&Uri::from_static("/playground"))
        } else {
            work::refuse_visitor()
        });
    }
    let order = question.order(console, &asker, files, column)?;
    let permit = console.playground.admit(&asker, console.app.now_ms())?;
    let held = WorkPermits::new(permit, memory);
    Ok(work::start(console, asker, order, held))
}

/// Who asks: whoever is signed in, as if in the server that is chosen, or
/// nobody who is known.
async fn find_asker(visit: &Visit, place: Option<ServerId>) -> Result<Asker, Trouble> {
    let caller = match visit.session.clone() {
        Some(session) => SignedIn { session }.caller_in(visit, place).await?,
        None => nobody_else(PersonId::UNKNOWN),
    };
    Ok(Asker::new(caller, &visit.origin))
}

/// The same, unless they are a visitor and everybody is stopped.
async fn find_admitted(visit: &Visit, place: Option<ServerId>) -> Result<Asker, Trouble> {
    let asker = find_asker(visit, place).await?;
    if asker.is_visitor()
        && let Some(stop) = stopped::find_for_visitor(visit, &asker.caller).await?
    {
        return Err(stop);
    }
    Ok(asker)
}

/// Waits for a whole answer.
async fn collect(begun: Result<Work, Trouble>) -> Reply {
    let mut reply = Reply::default();
    let mut work = match begun {
        Ok(work) => work,
        Err(trouble) => {
            reply.trouble = Some(trouble);
            return reply;
        }
    };
    loop {
        match work.next().await {
            Report::Payer(payer) => {
                reply.model = payer.model;
                reply.text.clear();
                if payer.source == Source::Demo {
                    reply.text = format!("{DEMO}\n\n");
                }
            }
            Report::Words(words) => reply.text.push_str(&words),
            Report::TakenBack => reply.text.clear(),
            Report::Stage(..) | Report::Steps(_) => {}
            Report::Charged(receipt) => reply.receipt = Some(*receipt),
            Report::Ended(ended) => {
                match *ended {
                    Ok(made) => reply.take(made),
                    Err(trouble) => reply.trouble = Some(trouble),
                }
                return reply;
            }
        }
    }
}

impl Reply {
    fn take(&mut self, made: WorkOutcome) {
        self.model = made.model;
        self.provider = made.provider;
        self.receipt = Some(made.receipt);
        self.pictures = made.pictures;
    }
}
