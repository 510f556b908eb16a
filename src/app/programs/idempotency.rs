//! Idempotency: a call that a program sends twice with the same key is made
//! once; `docs/security.md` §6. Only how it ended is kept of the answer.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::{AttemptId, DAY_MS, TokenId, TokenRefusal};
use crate::store::EndedCall;

use crate::app::Error;
use crate::app::programs::Programs;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// A call that is made under a key of its program's choice. Dropped before
/// it has ended well, it may be made again.
pub struct CallClaim {
    programs: Arc<Programs>,
    token: TokenId,
    key_hash: [u8; 32],
    call_hash: [u8; 32],
    began_at_ms: i64,
    ended: bool,
}

/// What a key stands for.
pub enum ClaimOutcome {
    /// The call is to be made.
    New(CallClaim),
    /// The call was made before, and came to this.
    Before {
        status: u16,
        attempt: Option<AttemptId>,
    },
}

impl Programs {
    /// Looks whether a call was made before under this key.
    pub async fn claim_call(
        self: &Arc<Self>,
        token: TokenId,
        key: &str,
        address: &str,
        body: &[u8],
    ) -> Result<ClaimOutcome, Error> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(TokenRefusal::BadIdempotencyKey.into());
        }
        let key_hash: [u8; 32] = Sha256::digest(key).into();
        let call = Sha256::new()
            .chain_update(address)
            .chain_update([0])
            .chain_update(body);
        let call_hash: [u8; 32] = call.finalize().into();
        let now_ms = self.clock.now_ms();
        let before = self
            .store
            .claim_call(token, &key_hash, &call_hash, now_ms)
            .await?;
        let Some(before) = before else {
            return Ok(ClaimOutcome::New(CallClaim {
                programs: Arc::clone(self),
                token,
                key_hash,
                call_hash,
                began_at_ms: now_ms,
                ended: false,
            }));
        };
        if before.call_hash != call_hash {
            return Err(TokenRefusal::IdempotencyKeyReused.into());
        }
        match before.status {
            Some(status) => Ok(ClaimOutcome::Before {
                status,
                attempt: before.attempt,
            }),
            None => Err(TokenRefusal::CallInFlight.into()),
        }
    }

    /// Forgets calls of which nobody sends another, and jobs of long ago.
    pub(in crate::app) async fn sweep(&self, now_ms: i64) -> anyhow::Result<()> {
        self.store.forget_calls(now_ms - DAY_MS).await?;
        self.forget_jobs(now_ms).await
    }
}

impl CallClaim {
    /// The call was answered so, and must not be made again.
    pub async fn end(mut self, status: u16, attempt: Option<AttemptId>) -> anyhow::Result<()> {
        self.ended = true;
        let call = EndedCall {
            token: self.token,
            key_hash: self.key_hash,
            call_hash: self.call_hash,
            began_at_ms: self.began_at_ms,
            status,
            attempt,
        };
        self.programs.store.end_call(&call).await
    }
}

impl Drop for CallClaim {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (store, token, key_hash) = (self.programs.store.clone(), self.token, self.key_hash);
        self.programs.tasks.spawn(async move {
            if let Err(error) = store.forget_call(token, &key_hash).await {
                tracing::warn!("could not forget a call: {error:#}");
            }
        });
    }
}
