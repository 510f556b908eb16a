//! What is stored of a person: told, handed out, erased.

use serde_json::{Value, json};

use crate::model::{
    ANSWERS_KEPT_DAYS, AccessRefusal, AnswerRecord, BrowserSession, Caller, Choice, DAY_MS, Key,
    Owner, PictureJob, ProviderId, Scope, ServerId, Token,
};
use crate::store::{PendingAction, PendingKind, Total, TotalScope, UsageOwner};

use crate::app::Error;
use crate::app::people::People;

/// More attempts than these are in the sums only.
const ATTEMPTS_MAX: u32 = 10_000;
/// More lines of sums than anybody's years have.
const LINES_MAX: u32 = 100_000;
/// What must be typed to erase.
const CONFIRMATION: &str = "ERASE";

/// What is stored of a person, in short.
pub struct StoredSummary {
    pub keys: Vec<Key>,
    /// Everything they ever used.
    pub used: Total,
    pub tier: Option<String>,
    /// How long attempts are kept.
    pub keep_days: u32,
    /// Tokens for programs, and browsers that they are signed in with.
    pub tokens: usize,
    pub sessions: usize,
    /// What they chose beforehand.
    pub choices: usize,
    /// How long it is kept where answers stand.
    pub answer_days: i64,
}

impl People {
    /// What is stored of the caller, in short.
    pub async fn stored_summary(&self, caller: &Caller) -> Result<StoredSummary, Error> {
        let keys = self.store.keys_of(Owner::Person(caller.person)).await?;
        let lines = self.all_totals(caller).await?;
        let mut used = Total::default();
        for line in &lines {
            used.add(&line.total);
        }
        let rules = self.store.rules(caller.person, None, None).await?;
        Ok(StoredSummary {
            keys,
            used,
            tokens: self.store.tokens_of(caller.person).await?.len(),
            sessions: self.list_sessions(caller.person).await?.len(),
            choices: rules.choices.len(),
            tier: rules.tier.map(|(tier, _)| tier),
            keep_days: self.settings.keep_days,
            answer_days: ANSWERS_KEPT_DAYS,
        })
    }

    /// All that is stored of the caller, as JSON. Never a key.
    pub async fn export_data(&self, caller: &Caller) -> Result<Value, Error> {
        let keys = self.store.keys_of(Owner::Person(caller.person)).await?;
        let totals = self.all_totals(caller).await?;
        let attempts = self.store.attempts_of(caller.person, ATTEMPTS_MAX).await?;
        let rules = self.store.rules(caller.person, None, None).await?;
        let answers = self.store.answers_of(caller.person, ATTEMPTS_MAX).await?;
        let pictures = self.store.pictures_of(caller.person, ATTEMPTS_MAX).await?;
        let tokens = self.store.tokens_of(caller.person).await?;
        let sessions = self.list_sessions(caller.person).await?;
        let keys: Vec<Value> = keys.iter().map(exported_key).collect();
        let totals = totals.iter().map(|line| {
            json!({
                "day": line.day, "source": line.source, "provider": line.provider,
                "model": line.model, "requests": line.total.requests,
                "input_tokens": line.total.input_tokens,
                "output_tokens": line.total.output_tokens, "images": line.total.images,
                "cost_nano_dollars": line.total.cost_nano,
                "requests_without_price": line.total.unpriced,
            })
        });
        let attempts = attempts.iter().map(|attempt| {
            json!({
                "at_ms": attempt.held_at_ms, "server": attempt.server.map(|id| id.to_string()),
                "source": attempt.source, "provider": attempt.provider, "model": attempt.model,
                "state": attempt.state, "input_tokens": attempt.input_tokens,
                "output_tokens": attempt.output_tokens, "images": attempt.images,
                "cost_nano_dollars": attempt.cost_nano, "estimated": attempt.estimated,
            })
        });
        Ok(json!({
            "person": caller.person.to_string(),
            "keys": keys,
            "tier": rules.tier.map(|(tier, until_ms)| json!({"name": tier, "until_ms": until_ms})),
            "usage_by_day": totals.collect::<Vec<_>>(),
            "attempts": attempts.collect::<Vec<_>>(),
            "answers": answers.iter().map(exported_answer).collect::<Vec<_>>(),
            "pictures": pictures.iter().map(exported_picture).collect::<Vec<_>>(),
            "tokens": tokens.iter().map(exported_token).collect::<Vec<_>>(),
            "sessions": sessions.iter().map(exported_session).collect::<Vec<_>>(),
            "chosen": rules.choices.iter().map(exported_choice).collect::<Vec<_>>(),
        }))
    }

    /// Hands out the form that erases.
    pub async fn begin_erase(&self, caller: &Caller) -> Result<String, Error> {
        let action = PendingAction {
            kind: PendingKind::Erase,
            person: caller.person,
            server: caller.place.server(),
            scope: Scope::User,
            // It is about no provider.
            provider: ProviderId::from(""),
            name: None,
        };
        Ok(self.pending.hand_out(&action).await?)
    }

    /// Erases everything of the caller, if they typed what confirms it.
    pub async fn finish_erase(
        &self,
        caller: &Caller,
        form: &str,
        typed: &str,
    ) -> Result<(), Error> {
        self.pending.take(caller, PendingKind::Erase, form).await?;
        if !typed.trim().eq_ignore_ascii_case(CONFIRMATION) {
            return Err(AccessRefusal::NotConfirmed.into());
        }
        self.erase(caller).await
    }

    /// Erases everything of the caller, who has confirmed it.
    pub async fn erase(&self, caller: &Caller) -> Result<(), Error> {
        let now_ms = self.clock.now_ms();
        // A day more, since sweeping takes its time.
        let kept_ms = (i64::from(self.settings.keep_days) + 1) * DAY_MS;
        // What is written later would have their name.
        self.ledger.write_all().await?;
        self.store
            .erase_person(caller.person, now_ms, now_ms - kept_ms)
            .await?;
        self.tokens.forget(None);
        tracing::info!("erased everything of a person, who asked for it");
        Ok(())
    }

    async fn all_totals(&self, caller: &Caller) -> anyhow::Result<Vec<crate::store::TotalLine>> {
        let days = 0..=i64::from(i32::MAX);
        let owner = UsageOwner {
            scope: TotalScope::User,
            id: caller.person.0,
        };
        self.store.totals(owner, days, LINES_MAX).await
    }
}

fn exported_token(token: &Token) -> Value {
    json!({
        "id": token.id.to_string(), "name": token.name, "scopes": token.scopes.to_string(),
        "created_at_ms": token.created_at_ms, "expires_at_ms": token.expires_at_ms,
        "last_used_at_ms": token.last_used_at_ms,
    })
}

fn exported_session(session: &BrowserSession) -> Value {
    let ids =
        |servers: &[ServerId]| -> Vec<String> { servers.iter().map(ToString::to_string).collect() };
    json!({
        "id": session.id.to_string(), "name": session.name, "browser": session.browser,
        "servers": ids(&session.servers), "joined": ids(&session.joined),
        "signed_in_at_ms": session.signed_in_at_ms,
        "seen_at_ms": session.seen_at_ms, "ends_at_ms": session.ends_at_ms,
    })
}

fn exported_answer(answer: &AnswerRecord) -> Value {
    let id = |id: Option<u64>| id.map(|id| id.to_string());
    json!({
        "at_ms": answer.began_at_ms, "ended_at_ms": answer.ended_at_ms,
        "server": answer.server.map(|server| server.to_string()),
        "channel": answer.channel.to_string(), "message": id(answer.first),
        "question": id(answer.reply_to), "provider": answer.choices.provider.as_ref().map(ProviderId::as_str),
        "model": answer.choices.model, "persona": answer.choices.persona,
    })
}

fn exported_picture(picture: &PictureJob) -> Value {
    json!({
        "at_ms": picture.began_at_ms, "server": picture.server.map(|id| id.to_string()),
        "channel": picture.channel.map(|id| id.to_string()),
        "message": picture.message.map(|id| id.to_string()),
        "width": picture.size.map(|size| size.width),
        "height": picture.size.map(|size| size.height),
        "count": picture.count, "seed": picture.seed, "changes_a_picture": picture.is_edit,
        "is_hidden_at_first": picture.is_spoiler,
        "shown": picture.ended_at_ms.is_some(),
    })
}

fn exported_choice(choice: &Choice) -> Value {
    json!({"kind": choice.kind.as_str(), "value": choice.value})
}

fn exported_key(key: &Key) -> Value {
    json!({
        "id": key.id.to_string(), "provider": key.provider.as_str(), "name": key.name,
        "hint": key.hint, "health": key.health.as_str(), "paused": key.paused,
        "expires_at_ms": key.expires_at_ms, "added_at_ms": key.added_at_ms,
        "checked_at_ms": key.checked_at_ms, "last_used_at_ms": key.last_used_at_ms,
    })
}
