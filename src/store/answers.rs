//! Answers: where each stands and how it came about, but nothing of its text.

use anyhow::Context;

use crate::model::{
    AnswerRecord, AttemptId, Choices, PersonId, ProviderId, ServerId, Skip, Source, Step, Trace,
    Verdict,
};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::{Row, Statement};
use crate::store::privacy::{OwnAttempt, read_attempt, select_attempts};

macro_rules! select_answers {
    ($which:literal) => {
        concat!(
            "select answer_id, person_id, server_id, channel_id, first_message_id, \
             last_message_id, reply_to, provider, model, persona, began_at_ms, ended_at_ms, \
             attempt_id, trace from answer ",
            $which
        )
    };
}

/// The words for skipped offers in a trace as it is stored: one step a line,
/// its parts separated by tabs.
const SKIP_WORDS: &[(&str, Skip)] = &[
    ("direct", Skip::DirectMessage),
    ("not_installed", Skip::NotInstalledHere),
    ("another_person", Skip::AnotherPerson),
    ("request", Skip::RequestHasItsOwn),
    ("tier", Skip::Tier),
    ("locked", Skip::Locked),
    ("paused", Skip::Paused),
    ("expired", Skip::Expired),
    ("refused", Skip::Refused),
    ("out_of_credit", Skip::OutOfCredit),
    ("limit", Skip::Limit),
    ("unknown_price", Skip::UnknownPrice),
    ("own_key_only", Skip::OwnKeyOnly),
    ("other_address", Skip::OtherAddress),
    ("not_set_up", Skip::NotSetUp),
    ("restricted", Skip::Restricted),
    ("model_not_allowed", Skip::ModelNotAllowed),
    ("blocked", Skip::Blocked),
    ("damaged", Skip::Damaged),
];
const ANOTHER_SERVER: &str = "another_server";
/// The words for all other verdicts.
const VERDICT_WORDS: &[(&str, Verdict)] = &[
    ("taken", Verdict::Taken),
    ("behind", Verdict::Behind),
    ("absent", Verdict::Absent),
];

impl Store {
    /// Inserts an answer that begins.
    pub async fn begin_answer(&self, answer: &AnswerRecord) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Answer,
            "insert into answer (answer_id, person_id, server_id, channel_id, \
             first_message_id, last_message_id, reply_to, provider, model, persona, \
             began_at_ms) values ($1, $2, $3, $4, $10, $10, $5, $6, $7, $8, $9)",
        );
        let Choices {
            provider,
            model,
            persona,
        } = &answer.choices;
        let values = [
            answer.id.as_str().into(),
            answer.person.0.into(),
            answer.server.map(|server| server.0).into(),
            answer.channel.into(),
            answer.reply_to.into(),
            provider.as_ref().map(ProviderId::as_str).into(),
            model.as_deref().into(),
            persona.as_deref().into(),
            answer.began_at_ms.into(),
            answer.first.into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Sets the message that an answer ends in so far; the first one is kept as
    /// the one that it begins in.
    pub async fn set_answer_message(&self, id: &str, message: u64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Answer,
            "update answer set first_message_id = coalesce(first_message_id, $2), \
             last_message_id = $2 where answer_id = $1",
        );
        let values = [id.into(), message.into()];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Sets when an answer ended, the attempt that gave it, and its trace.
    pub async fn end_answer(
        &self,
        id: &str,
        attempt: Option<AttemptId>,
        trace: &Trace,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Answer,
            "update answer set ended_at_ms = $2, attempt_id = $3, trace = $4 \
             where answer_id = $1",
        );
        let values = [
            id.into(),
            now_ms.into(),
            attempt.into(),
            format_trace(trace).into(),
        ];
        self.write(SQL.with(values)).await?;
        Ok(())
    }

    /// Loads an answer, and the attempt that gave it.
    pub async fn load_answer(
        &self,
        id: &str,
    ) -> anyhow::Result<Option<(AnswerRecord, Option<OwnAttempt>)>> {
        let sql = select_answers!("where answer_id = $1");
        let rows = self.query(Statement::new(sql, [id.into()])).await?;
        let Some(answer) = rows.first().map(read_answer).transpose()? else {
            return Ok(None);
        };
        let Some(attempt) = answer.attempt else {
            return Ok(Some((answer, None)));
        };
        let sql = select_attempts!("where attempt_id = $1");
        let rows = self.query(Statement::new(sql, [attempt.into()]));
        let attempt = rows.await?.first().map(read_attempt).transpose()?;
        Ok(Some((answer, attempt)))
    }

    /// Answers that began before a moment and have not ended: at most `max`.
    pub async fn unfinished_answers(
        &self,
        before_ms: i64,
        max: u32,
    ) -> anyhow::Result<Vec<AnswerRecord>> {
        let sql = select_answers!(
            "where ended_at_ms is null and began_at_ms < $1 and answer_id not in \
             (select picture_id from picture where ended_at_ms is null) \
             order by began_at_ms limit $2"
        );
        let values = [before_ms.into(), i64::from(max).into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_answer).collect()
    }

    /// A person's answers, newest first: at most `max`.
    pub async fn answers_of(
        &self,
        person: PersonId,
        max: u32,
    ) -> anyhow::Result<Vec<AnswerRecord>> {
        let sql = select_answers!("where person_id = $1 order by began_at_ms desc limit $2");
        let values = [person.0.into(), i64::from(max).into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_answer).collect()
    }

    /// Deletes answers that began before a moment.
    pub async fn forget_answers(&self, before_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Answer,
            "delete from answer where answer_id in (select answer_id from answer \
             where began_at_ms < $1 order by began_at_ms limit $2)",
        );
        let batch = SQL.with([before_ms.into(), BATCH.into()]);
        self.delete_in_batches(batch).await.map(drop)
    }
}

fn read_answer(row: &Row) -> anyhow::Result<AnswerRecord> {
    let id = |at| anyhow::Ok(row.maybe_int(at)?.map(i64::cast_unsigned));
    let attempt = row.maybe_blob(12)?.map(<[u8; 16]>::try_from).transpose();
    let attempt = attempt.context("an answer has a malformed attempt")?;
    Ok(AnswerRecord {
        id: row.text(0)?.to_owned(),
        person: PersonId(row.int(1)?.cast_unsigned()),
        server: id(2)?.map(ServerId),
        channel: row.int(3)?.cast_unsigned(),
        first: id(4)?,
        last: id(5)?,
        reply_to: id(6)?,
        choices: Choices {
            provider: row.maybe_text(7)?.map(ProviderId::from),
            model: row.maybe_text(8)?.map(str::to_owned),
            persona: row.maybe_text(9)?.map(str::to_owned),
        },
        began_at_ms: row.int(10)?,
        ended_at_ms: row.maybe_int(11)?,
        attempt: attempt.map(AttemptId),
        trace: parse_trace(row.maybe_text(13)?.unwrap_or_default()),
    })
}

fn format_trace(trace: &Trace) -> String {
    let lines = trace.0.iter().map(|step| {
        let verdict = VERDICT_WORDS
            .iter()
            .find(|(_, verdict)| *verdict == step.verdict);
        let skip = SKIP_WORDS
            .iter()
            .find(|(_, skip)| Verdict::Skipped(*skip) == step.verdict);
        // The only other verdict is another server's key.
        let word = verdict
            .map(|it| it.0)
            .or(skip.map(|it| it.0))
            .unwrap_or(ANOTHER_SERVER);
        format!("{}\t{}\t{word}", step.provider, step.source.as_str())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn parse_trace(text: &str) -> Trace {
    let step = |line: &str| {
        let mut parts = line.split('\t');
        let (provider, source, word) = (parts.next()?, parts.next()?, parts.next()?);
        let verdict = VERDICT_WORDS
            .iter()
            .find(|(name, _)| *name == word)
            .map(|it| it.1);
        let skip = SKIP_WORDS
            .iter()
            .find(|(name, _)| *name == word)
            .map(|it| it.1);
        let skip = skip.unwrap_or(Skip::AnotherServer(ServerId(0)));
        Some(Step {
            provider: ProviderId::from(provider),
            source: Source::parse(source)?,
            key: None,
            is_partial: false,
            verdict: verdict.unwrap_or(Verdict::Skipped(skip)),
        })
    };
    Trace(text.lines().filter_map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_reads_as_it_was_written() {
        let all = VERDICT_WORDS.iter().map(|it| it.1);
        let all = all.chain(SKIP_WORDS.iter().map(|it| Verdict::Skipped(it.1)));
        let steps = all.map(|verdict| Step {
            provider: ProviderId::from("openai"),
            source: Source::Server,
            key: None,
            is_partial: false,
            verdict,
        });
        let trace = Trace(steps.collect());
        assert_eq!(parse_trace(&format_trace(&trace)), trace);
        assert_eq!(parse_trace("nonsense\n\t\t"), Trace::default());
    }
}
