//! Browsers in which people are signed in, sign-ins on their way, and what the
//! next page of a session says once. Of cookies there are only hashes.

use anyhow::Context;

use crate::model::{BrowserSession, BrowserSessionId, PersonId, ServerId};

use crate::store::Store;
use crate::store::database::change::{Change, Table};
use crate::store::database::retention::BATCH;
use crate::store::database::value::{Row, Statement};

/// How many messages wait for the next page of a session.
const FLASHES_MAX: i64 = 4;

/// A sign-in that was begun. What it is found by are hashes.
pub struct OpenSignIn<'s> {
    pub state_hash: &'s [u8; 32],
    pub cookie_hash: &'s [u8; 32],
    pub next: &'s str,
    pub expires_at_ms: i64,
}

/// From when on a session must have been seen, and which moment it is.
#[derive(Clone, Copy)]
pub struct SessionsAt {
    pub seen_after_ms: i64,
    pub now_ms: i64,
}

/// Ends sessions, and what their next pages would have said.
const END_ONE: [Change; 2] = [
    Change::to(
        Table::FlashMessage,
        "delete from flash_message where session_id in \
         (select session_id from session where session_id = $1 and person_id = $2)",
    ),
    Change::to(
        Table::Session,
        "delete from session where session_id = $1 and person_id = $2",
    ),
];

macro_rules! select_sessions {
    ($which:literal) => {
        concat!(
            "select session_id, person_id, name, servers, browser, signed_in_at_ms, \
             seen_at_ms, ends_at_ms, hash, joined from session ",
            $which
        )
    };
}

impl Store {
    /// Opens a sign-in. Where `max` are open already, the oldest goes.
    pub async fn open_sign_in(&self, opened: OpenSignIn<'_>, max: u32) -> anyhow::Result<()> {
        const MAKE_ROOM: Change = Change::to(
            Table::SignIn,
            "delete from sign_in where state_hash in (select state_hash from sign_in \
             order by expires_at_ms desc, state_hash limit $1 offset $2)",
        );
        const OPEN: Change = Change::to(
            Table::SignIn,
            "insert into sign_in (state_hash, cookie_hash, next, expires_at_ms) \
             values ($1, $2, $3, $4)",
        );
        let others = i64::from(max) - 1;
        let values = [
            opened.state_hash.as_slice().into(),
            opened.cookie_hash.as_slice().into(),
            opened.next.into(),
            opened.expires_at_ms.into(),
        ];
        let room = MAKE_ROOM.with([BATCH.into(), others.into()]);
        self.write_all(vec![room, OPEN.with(values)]).await
    }

    /// Takes a sign-in, once and before it expires, for the browser in which it
    /// was opened; the address that comes next.
    pub async fn take_sign_in(
        &self,
        state_hash: &[u8; 32],
        cookie_hash: &[u8; 32],
        now_ms: i64,
    ) -> anyhow::Result<Option<String>> {
        const SQL: Change = Change::to(
            Table::SignIn,
            "delete from sign_in where state_hash = $1 and cookie_hash = $2 \
             and expires_at_ms > $3 returning next",
        );
        let (state, cookie) = (state_hash.as_slice().into(), cookie_hash.as_slice().into());
        let taken = self.write(SQL.with([state, cookie, now_ms.into()])).await?;
        let next = taken.rows.first().map(|row| row.text(0)).transpose()?;
        Ok(next.map(str::to_owned))
    }

    /// Stores a session. Where its person has `max` already, those that were
    /// seen longest ago end.
    pub async fn begin_session(
        &self,
        session: &BrowserSession,
        hash: &[u8; 32],
        max: u32,
    ) -> anyhow::Result<()> {
        const MAKE_ROOM: Change = Change::to(
            Table::Session,
            "delete from session where session_id in (select session_id from session \
             where person_id = $1 order by seen_at_ms desc, session_id limit $2 offset $3)",
        );
        const BEGIN: Change = Change::to(
            Table::Session,
            "insert into session (session_id, person_id, hash, name, servers, browser, \
             signed_in_at_ms, seen_at_ms, ends_at_ms, joined) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        );
        let others = i64::from(max) - 1;
        let room = [session.person.0.into(), BATCH.into(), others.into()];
        let values = [
            session.id.to_string().into(),
            session.person.0.into(),
            hash.as_slice().into(),
            session.name.as_str().into(),
            write_servers(&session.servers).into(),
            session.browser.as_str().into(),
            session.signed_in_at_ms.into(),
            session.seen_at_ms.into(),
            session.ends_at_ms.into(),
            write_servers(&session.joined).into(),
        ];
        self.write_all(vec![MAKE_ROOM.with(room), BEGIN.with(values)])
            .await
    }

    /// The session with this hash, if it has not ended, and the hash as its
    /// row has it.
    pub async fn session_by_hash(
        &self,
        hash: &[u8; 32],
        at: SessionsAt,
    ) -> anyhow::Result<Option<(BrowserSession, Vec<u8>)>> {
        let sql = select_sessions!("where hash = $1 and ends_at_ms > $2 and seen_at_ms > $3");
        let values = [
            hash.as_slice().into(),
            at.now_ms.into(),
            at.seen_after_ms.into(),
        ];
        let rows = self.query(Statement::new(sql, values)).await?;
        let found = |row: &Row| Ok((read_session(row)?, row.blob(8)?.to_vec()));
        rows.first().map(found).transpose()
    }

    /// A person's sessions that have not ended, the newest first.
    pub async fn sessions_of(
        &self,
        person: PersonId,
        at: SessionsAt,
    ) -> anyhow::Result<Vec<BrowserSession>> {
        let sql = select_sessions!(
            "where person_id = $1 and ends_at_ms > $2 and seen_at_ms > $3 \
             order by signed_in_at_ms desc, session_id"
        );
        let values = [person.0.into(), at.now_ms.into(), at.seen_after_ms.into()];
        let rows = self.query(Statement::new(sql, values)).await?;
        rows.iter().map(read_session).collect()
    }

    /// Sets when a session was seen last.
    pub async fn touch_session(&self, id: BrowserSessionId, now_ms: i64) -> anyhow::Result<()> {
        const SQL: Change = Change::to(
            Table::Session,
            "update session set seen_at_ms = $2 where session_id = $1 and seen_at_ms < $2",
        );
        let values = [id.to_string().into(), now_ms.into()];
        self.write(SQL.with(values)).await.map(drop)
    }

    /// Ends a person's session, if it is theirs.
    pub async fn end_session(&self, person: PersonId, id: BrowserSessionId) -> anyhow::Result<()> {
        let end = |change: Change| change.with([id.to_string().into(), person.0.into()]);
        self.write_all(END_ONE.map(end).into()).await
    }

    /// Ends a person's sessions, all but one where one is to be kept; how many
    /// there were.
    pub async fn end_sessions(
        &self,
        person: PersonId,
        kept: Option<BrowserSessionId>,
    ) -> anyhow::Result<u64> {
        const FORGET: Change = Change::to(
            Table::FlashMessage,
            "delete from flash_message where session_id in \
             (select session_id from session where person_id = $1 and session_id <> $2)",
        );
        const END: Change = Change::to(
            Table::Session,
            "delete from session where person_id = $1 and session_id <> $2",
        );
        // No session has an empty name.
        let kept = kept.map_or_else(String::new, |kept| kept.to_string());
        let values = || [person.0.into(), kept.as_str().into()];
        self.write(FORGET.with(values())).await?;
        Ok(self.write(END.with(values())).await?.changed)
    }

    /// Keeps what a session's next page will say, under an id of its own.
    /// Where too many wait already, the oldest goes.
    pub async fn put_flash(
        &self,
        session: BrowserSessionId,
        id: &str,
        text: &str,
        now_ms: i64,
    ) -> anyhow::Result<()> {
        const MAKE_ROOM: Change = Change::to(
            Table::FlashMessage,
            "delete from flash_message where flash_id in (select flash_id from flash_message \
             where session_id = $1 order by put_at_ms desc, flash_id limit $2 offset $3)",
        );
        const PUT: Change = Change::to(
            Table::FlashMessage,
            "insert into flash_message (flash_id, session_id, text, put_at_ms) \
             values ($1, $2, $3, $4)",
        );
        let session = session.to_string();
        let others = FLASHES_MAX - 1;
        let room = MAKE_ROOM.with([session.as_str().into(), BATCH.into(), others.into()]);
        let values = [
            id.into(),
            session.as_str().into(),
            text.into(),
            now_ms.into(),
        ];
        self.write_all(vec![room, PUT.with(values)]).await
    }

    /// Takes what a session's next page says, the oldest first.
    pub async fn take_flashes(&self, session: BrowserSessionId) -> anyhow::Result<Vec<String>> {
        const SQL: Change = Change::to(
            Table::FlashMessage,
            "delete from flash_message where session_id = $1 returning text, put_at_ms",
        );
        // Most pages find none, and need no turn of the writer for that.
        let any = "select flash_id from flash_message where session_id = $1 limit 1";
        let any = Statement::new(any, [session.to_string().into()]);
        if self.query(any).await?.is_empty() {
            return Ok(Vec::new());
        }
        let taken = self.write(SQL.with([session.to_string().into()])).await?;
        let read = |row: &Row| Ok((row.int(1)?, row.text(0)?.to_owned()));
        let mut taken: Vec<(i64, String)> =
            taken.rows.iter().map(read).collect::<anyhow::Result<_>>()?;
        taken.sort_by_key(|(put_at_ms, _)| *put_at_ms);
        Ok(taken.into_iter().map(|(_, text)| text).collect())
    }

    /// Deletes sign-ins and sessions that have ended, and messages from before
    /// a moment.
    pub async fn forget_sessions(
        &self,
        at: SessionsAt,
        flashes_before_ms: i64,
    ) -> anyhow::Result<()> {
        const SIGN_INS: Change = Change::to(
            Table::SignIn,
            "delete from sign_in where state_hash in (select state_hash from sign_in \
             where expires_at_ms <= $1 order by expires_at_ms limit $2)",
        );
        const SESSIONS: Change = Change::to(
            Table::Session,
            "delete from session where session_id in (select session_id from session \
             where ends_at_ms <= $1 or seen_at_ms <= $2 limit $3)",
        );
        const FLASHES: Change = Change::to(
            Table::FlashMessage,
            "delete from flash_message where flash_id in (select flash_id from flash_message \
             where put_at_ms < $1 order by put_at_ms limit $2)",
        );
        let batches = [
            SIGN_INS.with([at.now_ms.into(), BATCH.into()]),
            SESSIONS.with([at.now_ms.into(), at.seen_after_ms.into(), BATCH.into()]),
            FLASHES.with([flashes_before_ms.into(), BATCH.into()]),
        ];
        for batch in batches {
            self.delete_in_batches(batch).await?;
        }
        Ok(())
    }
}

/// Ids with spaces between.
fn write_servers(servers: &[ServerId]) -> String {
    let ids: Vec<String> = servers.iter().map(ServerId::to_string).collect();
    ids.join(" ")
}

fn read_servers(text: &str) -> anyhow::Result<Vec<ServerId>> {
    let server = |id: &str| Ok(id.parse().map(ServerId)?);
    text.split_ascii_whitespace().map(server).collect()
}

fn read_session(row: &Row) -> anyhow::Result<BrowserSession> {
    Ok(BrowserSession {
        id: BrowserSessionId::parse(row.text(0)?).context("a row has a malformed id")?,
        person: PersonId(row.int(1)?.cast_unsigned()),
        name: row.text(2)?.to_owned(),
        servers: read_servers(row.text(3)?)?,
        joined: read_servers(row.text(9)?)?,
        browser: row.text(4)?.to_owned(),
        signed_in_at_ms: row.int(5)?,
        seen_at_ms: row.int(6)?,
        ends_at_ms: row.int(7)?,
    })
}
