//! What the ledger has of asks that end in every way.

use std::time::Duration;

use latchkey_emulator::providers::ProviderFault;

use crate::app::{AnswerEvent, nobody_else};
use crate::model::{Ask, Choices, PersonId, ProviderId};
use crate::providers::Timeouts;
use crate::store::AuditedAttempt;
use crate::tests::{Setup, Stage, good, run, run_with};

/// The newest row, in one line.
async fn last_row(stage: &Stage) -> String {
    let rows = stage.app().await.audit().await;
    line(rows.last().expect("there is a row"))
}

fn line(row: &AuditedAttempt) -> String {
    let cost = match row.used.cost {
        Some(cost) => cost.in_full(),
        None => "price unknown".into(),
    };
    let mut line = format!(
        "{} {} ({}), {} in, {} out, {cost}",
        row.source,
        row.state,
        row.outcome.as_deref().unwrap_or("running"),
        row.used.input_tokens,
        row.used.output_tokens,
    );
    for (flag, word) in [
        (row.estimated, "estimated"),
        (row.clamped, "clamped"),
        (row.overshoot, "overshoot"),
        (row.cost_reported, "cost reported"),
    ] {
        if flag {
            line += ", ";
            line += word;
        }
    }
    line
}

#[tokio::test]
async fn an_ask_is_settled_however_it_ends() {
    let setup = Setup {
        config: "[ask]\nedit_interval_ms = 100\n[[quota.tiers]]\nname = 'community'\n\
             limits = [{ output_tokens = 1000000, per = 'day' }, { requests = 100, per = 'day' }]\n"
            .into(),
        ..Setup::default()
    };
    run_with(setup, async |stage| {
        let mia = stage.mia();
        let mut seen = Vec::new();
        for fault in [
            None,
            Some(ProviderFault::CachedInput),
            Some(ProviderFault::NoUsage),
            Some(ProviderFault::WrongUsage),
            Some(ProviderFault::AbsurdUsage),
            Some(ProviderFault::Cut),
            Some(ProviderFault::EndEarly),
            Some(ProviderFault::Stall),
            Some(ProviderFault::ErrorInStream),
            Some(ProviderFault::HugeLine),
            Some(ProviderFault::Html(200)),
            Some(ProviderFault::Html(503)),
            Some(ProviderFault::Status(418)),
            Some(ProviderFault::Status(429)),
        ] {
            // One after the other, also by the clock.
            stage.clock.advance_ms(1);
            match &fault {
                Some(fault) => stage.fails("groq", fault.clone()),
                None => stage.recovers("groq"),
            }
            mia.runs("/ask prompt:count").await;
            seen.push(format!("{fault:?}: {}", last_row(stage).await));
        }
        insta::assert_snapshot!(seen.join("\n"), @"
        None: bot_default settled (answered), 12 in, 10 out, $0.0000039
        Some(CachedInput): bot_default settled (answered), 12 in, 10 out, $0.000003525
        Some(NoUsage): bot_default settled (answered), 20 in, 13 out, $0.0000054, estimated
        Some(WrongUsage): bot_default settled (answered), 12 in, 13 out, $0.0000048, estimated
        Some(AbsurdUsage): bot_default settled (answered), 12 in, 131072 out, $0.0393225, clamped, overshoot
        Some(Cut): bot_default settled (cut_off), 79 in, 1500 out, $0.000455925, estimated
        Some(EndEarly): bot_default settled (cut_off), 79 in, 1500 out, $0.000455925, estimated
        Some(Stall): bot_default settled (cut_off), 79 in, 1500 out, $0.000455925, estimated
        Some(ErrorInStream): bot_default settled (cut_off), 79 in, 1500 out, $0.000455925, estimated
        Some(HugeLine): bot_default settled (cut_off), 79 in, 1500 out, $0.000455925, estimated
        Some(Html(200)): bot_default settled (cut_off), 79 in, 1500 out, $0.000455925, estimated
        Some(Html(503)): bot_default released (failed), 0 in, 0 out, $0.00
        Some(Status(418)): bot_default released (failed), 0 in, 0 out, $0.00
        Some(Status(429)): bot_default released (failed), 0 in, 0 out, $0.00
        ");
        stage.recovers("groq");
        insta::assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Bot default** · Your tier, community: 140,118 of 1,000,000 output tokens in 24 hours, renews <t:1795306501:R> · 11 of 100 requests in 24 hours, renews <t:1795306501:R>
        An `/ask` now would go to Groq, paid by the bot default.
        A key of your own (`/keys add`) has no limits here.
        ");
    })
    .await;
}

#[tokio::test]
async fn what_the_provider_says_it_cost_is_taken() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openrouter", "user", &good("openrouter")).await;
        mia.runs("/ask prompt:count provider:openrouter").await;
        insta::assert_snapshot!(last_row(stage).await, @"personal settled (answered), 12 in, 10 out, $0.0000123, cost reported");
    })
    .await;
}

fn question(stage: &Stage) -> Ask {
    let caller = nobody_else(PersonId(stage.scene.member));
    let choices = Choices {
        provider: Some(ProviderId::from("groq")),
        ..Choices::default()
    };
    Ask::of(caller, "count", choices)
}

#[tokio::test]
async fn whoever_stops_listening_pays_for_what_was_said() {
    run(async |stage| {
        stage
            .world()
            .with(|state| state.providers.pace = Duration::from_millis(20));
        let app = stage.app().await;
        let prepared = app.asks.prepare(question(stage)).await;
        let ready = prepared.secure().await.unwrap();
        let (words, mut listening) = tokio::sync::mpsc::unbounded_channel();
        let mut listener = |heard: AnswerEvent<'_>| {
            if let AnswerEvent::Words(text) = heard {
                drop(words.send(text.to_owned()));
            }
        };
        let never = tokio_util::sync::CancellationToken::new();
        // The client is gone after the third word.
        let three_words = async {
            for _ in 0..3 {
                listening.recv().await;
            }
        };
        tokio::select! {
            _ = app.asks.answer_ask(ready, &never, &mut listener) => panic!("it was to be cut"),
            () = three_words => {}
        }
        let row = last_row(stage).await;
        assert!(
            row.starts_with("bot_default settled (abandoned), "),
            "{row}"
        );
        assert!(row.ends_with("estimated"), "{row}");
        // One that never began gives everything back but its request.
        stage.clock.advance_ms(1);
        let prepared = app.asks.prepare(question(stage)).await;
        drop(prepared.secure().await.unwrap());
        insta::assert_snapshot!(last_row(stage).await, @"bot_default released (failed), 0 in, 0 out, $0.00");
    })
    .await;
}

#[tokio::test]
async fn an_ask_that_is_cut_by_a_stop_is_settled() {
    let timeouts = Timeouts {
        idle: Duration::from_mins(1),
        progress: Duration::from_mins(1),
        ..Setup::default().timeouts
    };
    let patient = Setup {
        timeouts,
        ..Setup::default()
    };
    run_with(patient, async |stage| {
        stage.fails("groq", ProviderFault::Stall);
        let mia = stage.mia();
        mia.starts("/ask prompt:count");
        let began = |state: &latchkey_emulator::WorldState| {
            let mut messages = state.messages.iter();
            messages.any(|m| m.content.contains("five")).then_some(())
        };
        stage.world().until(began).await;
        stage.stop().await;
        assert!(mia.reads_channel().contains("being restarted"));
        stage.start().await;
        insta::assert_snapshot!(last_row(stage).await, @"bot_default settled (abandoned), 79 in, 1500 out, $0.000455925, estimated");
    })
    .await;
}

/// Holds the database's only pen, on a thread of its own.
struct HeldPen {
    give_back: std::sync::mpsc::Sender<()>,
    holder: std::thread::JoinHandle<()>,
}

impl HeldPen {
    fn take(file: std::path::PathBuf) -> Self {
        let (give_back, wanted) = std::sync::mpsc::channel();
        let (taken, is_taken) = std::sync::mpsc::channel();
        let holder = std::thread::spawn(move || {
            let other = rusqlite::Connection::open(file).unwrap();
            other.execute_batch("begin immediate").unwrap();
            taken.send(()).unwrap();
            wanted.recv().unwrap();
            other.execute_batch("rollback").unwrap();
        });
        is_taken.recv().unwrap();
        Self { give_back, holder }
    }

    fn give_back(self) {
        self.give_back.send(()).unwrap();
        self.holder.join().unwrap();
    }
}

#[tokio::test]
async fn an_exempt_ask_waits_for_no_commit() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("openai", "user", &good("openai")).await;
        stage.app().await.idle().await;
        // Somebody else holds the database's only pen.
        let pen = HeldPen::take(stage.database());
        let asked = mia.starts("/ask prompt:count");
        let answered = |state: &latchkey_emulator::WorldState| {
            let done = state
                .messages
                .iter()
                .any(|m| m.content.contains("-# OpenAI"));
            done.then_some(())
        };
        stage.world().until(answered).await;
        pen.give_back();
        mia.sees(asked).await;
        insta::assert_snapshot!(last_row(stage).await, @"personal settled (answered), 12 in, 10 out, $0.0000062");
    })
    .await;
}
