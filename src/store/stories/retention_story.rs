//! What is too old goes, on both databases, and nothing else does.

use secrecy::SecretString;

use crate::model::AttemptId;
use crate::store::database::change::{Change, Table};
use crate::store::database::value::Value;
use crate::store::*;
use crate::tests::postgres;

const NOW_MS: i64 = 1_000_000_000;

#[tokio::test]
async fn everything_old_is_deleted_however_much_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("old.db").display());
    deletes_everything_old(&Store::open(&SecretString::from(url)).await.unwrap()).await;
    if let Some(url) = postgres::database() {
        deletes_everything_old(&Store::open(&url).await.unwrap()).await;
    }
}

async fn deletes_everything_old(store: &Store) {
    const ATTEMPT: Change = Change::to(
        Table::Attempt,
        "insert into attempt (attempt_id, source, provider, model, state, held_at_ms, \
         held_input_tokens, held_output_tokens, held_images, counted, input_tokens, \
         output_tokens, cached_tokens, reasoning_tokens, images, estimated, cost_reported, \
         clamped) values ($1, 'personal', 'openai', 'm', $2, $3, 0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0)",
    );
    const COUNTER: Change = Change::to(
        Table::QuotaCounter,
        "insert into quota_counter (counter, state, touched_at_ms) values ($1, '', $2)",
    );
    const ANSWER: Change = Change::to(
        Table::Answer,
        "insert into answer (answer_id, person_id, channel_id, began_at_ms) values ($1, 1, 1, $2)",
    );
    let old = 1_700_i64;
    let attempts = (0..old + 20).map(|number| {
        let at_ms = NOW_MS + number;
        let state = if number % 100 == 7 { "held" } else { "settled" };
        ATTEMPT.with([
            AttemptId::first_at(at_ms).into(),
            state.into(),
            at_ms.into(),
        ])
    });
    let others = (0..old + 20).flat_map(|number| {
        let name = format!("{number:05}");
        let at: Value = (NOW_MS + number).into();
        let counter = COUNTER.with([name.as_str().into(), at.clone()]);
        [counter, ANSWER.with([name.into(), at])]
    });
    store
        .write_all(attempts.chain(others).collect())
        .await
        .unwrap();
    let before = NOW_MS + old;
    assert_eq!(store.forget_attempts(0, before).await.unwrap(), 1_683);
    // Those that are held stay until they are settled; then a look from the
    // start finds them.
    let count = async |sql| {
        let rows = store.query(Statement::new(sql, [])).await.unwrap();
        rows[0].int(0).unwrap()
    };
    assert_eq!(count("select count(*) from attempt").await, 17 + 20);
    assert_eq!(store.forget_attempts(0, before).await.unwrap(), 0);
    store.forget_answers(before).await.unwrap();
    assert_eq!(count("select count(*) from answer").await, 20);
    assert_eq!(store.forget_counters(before).await.unwrap(), 1_700);
    assert_eq!(count("select count(*) from quota_counter").await, 20);
}
