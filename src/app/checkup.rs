//! Whether everything is well that the program needs, one finding for each
//! thing: for `latchkey doctor` and for the operator's page, in the same words.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::model::{Caller, Check, Health, lock, redact};
use crate::providers::Provider;
use crate::store::Store;

use crate::app::keys::SystemKey;
use crate::app::people::SignInTrouble;
use crate::app::pictures::StorageTrouble;
use crate::app::unasked::why_unasked;
use crate::app::{App, DatabaseFault, DiskRoom, Error, Readiness};

/// How long a check may take on the operator's page.
const CHECK_WITHIN: Duration = Duration::from_secs(3);
/// What is found stands for so long, where it takes long to find out.
const PAGES_STAND_MS: i64 = 60 * 60_000;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wellness {
    Good,
    /// It works, and somebody should know this.
    Note,
    /// Somebody must act.
    Bad,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub what: String,
    pub wellness: Wellness,
    /// What was seen, and what to do where it is not good.
    pub words: String,
}

impl Finding {
    /// Something is as it should be.
    pub fn good(what: &str, words: impl Into<String>) -> Self {
        Self::new(what, Wellness::Good, words.into())
    }

    /// Something should be known.
    pub fn note(what: &str, words: impl Into<String>) -> Self {
        Self::new(what, Wellness::Note, words.into())
    }

    /// Something must be mended.
    pub fn bad(what: &str, words: impl Into<String>) -> Self {
        Self::new(what, Wellness::Bad, redact(&words.into()).into_owned())
    }

    fn new(what: &str, wellness: Wellness, words: String) -> Self {
        Self {
            what: what.to_owned(),
            wellness,
            words,
        }
    }
}

/// What is known of the pages of the database's file.
#[derive(Debug, Default)]
pub struct KnownPages(Mutex<PagesState>);

#[derive(Clone, Debug, Default)]
enum PagesState {
    #[default]
    Unread,
    Reading,
    Read(Finding, i64),
}

/// Judges the master key that seals.
pub fn judge_master(active: Option<&str>) -> Finding {
    match active {
        Some(kid) => Finding::good("master key", format!("active key is {kid}")),
        None => Finding::note(
            "master key",
            "not set, so people can't store keys; run `latchkey keygen`",
        ),
    }
}

/// Judges the keys that one master key has sealed.
pub fn judge_stored_keys(kid: &str, keys: i64, can_open: bool) -> Finding {
    if can_open {
        return Finding::good("stored keys", format!("{keys} under master key {kid}"));
    }
    Finding::bad(
        "stored keys",
        format!(
            "{keys} are locked: configure master key {kid}, or put it into BYOK_MASTER_KEY_PREVIOUS"
        ),
    )
}

/// Has SQLite read every page of its file.
pub async fn check_pages(store: &Store) -> Finding {
    let wrong = match store.find_damage().await {
        Ok(damage) if damage.is_empty() => {
            return Finding::good("database pages", "none is damaged");
        }
        Ok(damage) => damage.join("; "),
        Err(error) => format!("{error:#}"),
    };
    Finding::bad(
        "database pages",
        format!(
            "{wrong}; stop the program and put back a backup, or save what can be read with `sqlite3 … .recover`"
        ),
    )
}

/// What lines about the bucket for pictures are called.
pub const PICTURE_STORAGE: &str = "picture storage";

/// Judges what the bucket for pictures does.
pub fn judge_storage(checked: &Result<(), StorageTrouble>) -> Finding {
    let (status, code) = match checked {
        Ok(()) => return Finding::good(PICTURE_STORAGE, "takes files, and links to them work"),
        Err(StorageTrouble::Unreachable) => {
            let words = "not reached; check S3_ENDPOINT and S3_PUBLIC_URL, and that nothing blocks \
                         the way there";
            return Finding::bad(PICTURE_STORAGE, words);
        }
        Err(StorageTrouble::Changed) => {
            let words = "a link to a file gave out something else; check S3_PUBLIC_URL";
            return Finding::bad(PICTURE_STORAGE, words);
        }
        Err(StorageTrouble::NotDeleted) => {
            let words = "takes files, and links to them work; its key may delete none, so a small \
                         one below `latchkey/` stays";
            return Finding::note(PICTURE_STORAGE, words);
        }
        Err(StorageTrouble::Refused { status, code }) => (status, code),
    };
    let todo = match code.as_str() {
        "NoSuchBucket" => "there is no such bucket; check S3_BUCKET and S3_ENDPOINT",
        "InvalidAccessKeyId" => "the key is unknown there; check S3_ACCESS_KEY_ID",
        "SignatureDoesNotMatch" => "the secret is another one; check S3_SECRET_ACCESS_KEY",
        "AuthorizationQueryParametersError"
        | "AuthorizationHeaderMalformed"
        | "PermanentRedirect"
        | "InvalidRegionName" => "the bucket is in another region; check S3_REGION and S3_ENDPOINT",
        "RequestTimeTooSkewed" => "the clock of this machine is wrong; set it",
        "AccessDenied" => {
            "the key may not do this; allow it to put and to get objects below `latchkey/`, and \
             check S3_PUBLIC_URL and the clock of this machine"
        }
        _ => "check S3_ENDPOINT, S3_BUCKET and the bucket's own settings",
    };
    Finding::bad(
        PICTURE_STORAGE,
        format!("refused with {status} {code}: {todo}"),
    )
}

/// Judges the tiers and who may change limits.
pub fn judge_quotas(tiers: &[&str], operators: usize) -> Vec<Finding> {
    let mut findings = vec![Finding::good(
        "quotas",
        format!("tiers {}", tiers.join(", ")),
    )];
    if operators == 0 {
        findings.push(Finding::note(
            "quotas",
            "nobody may use /admin; put ids of people into `discord.operators` to allow it",
        ));
    }
    findings
}

/// Judges what a provider says of a key that the operator pays with; `key` is
/// what that key is called.
pub fn judge_check(provider: &Provider, key: &str, check: &Check) -> Finding {
    let (name, page) = (&provider.name, &provider.key_page);
    match check {
        Check::Valid => Finding::good(name, format!("accepts {key}")),
        Check::Unguarded => Finding::good(
            name,
            "answers, with a key as without: this server checks no keys".to_owned(),
        ),
        Check::Invalid => Finding::bad(name, format!("refuses {key}; make a new one at {page}")),
        Check::OutOfCredit => Finding::bad(
            name,
            format!("the account is out of credit; top up at {page}"),
        ),
        Check::Restricted => Finding::note(
            name,
            format!("accepts {key}; its rights, plan or region may stop some questions"),
        ),
        Check::WrongExtra => Finding::bad(name, "knows the key but not the ids that go with it"),
        Check::Unknown(class) => Finding::bad(name, why_unasked(provider, *class)),
    }
}

/// Says from where a host's pictures are taken, if its workers may be set to keep
/// them elsewhere.
pub fn judge_buckets(provider: &Provider) -> Option<Finding> {
    let images = &provider.images;
    images.may_keep_in_buckets().then(|| {
        let (hosts, id) = (images.hosts.join(", "), &provider.id);
        let words = format!(
            "pictures are taken from {hosts}; where your workers keep them in another bucket \
             (BUCKET_ENDPOINT_URL), add its name to `providers.{id}.image_hosts`, or they are \
             paid for and not shown"
        );
        Finding::note(&provider.name, words)
    })
}

/// Says that another address than the vendor's may have models of anybody's.
pub fn judge_address(provider: &Provider) -> Option<Finding> {
    let has_own_models = provider.is_elsewhere && provider.has_plain_names();
    has_own_models.then(|| {
        let (host, id) = (provider.base_url.host_str(), &provider.id);
        let words = format!(
            "is asked at {}, which may have other vendors' models; if it has this one's alone, \
             set `providers.{id}.only_vendor_models`",
            host.unwrap_or_default()
        );
        Finding::note(&provider.name, words)
    })
}

/// Judges what is known of a key that the operator pays with, where its
/// provider is not asked anew.
pub fn judge_health(provider: &Provider, key: &str, health: Health) -> Finding {
    match (check_of(health), health) {
        (Some(check), _) => judge_check(provider, key, &check),
        (None, Health::Damaged) => Finding::bad(
            &provider.name,
            format!("{key} does not open: its row was changed or damaged; add it again"),
        ),
        (None, _) => Finding::note(&provider.name, format!("{key} was not checked yet")),
    }
}

/// Judges what a provider of the operator's says that needs no key.
pub fn judge_keyless(provider: &Provider, check: &Check) -> Finding {
    let name = &provider.name;
    match check {
        Check::Valid | Check::Unguarded => Finding::good(name, "answers; it needs no key"),
        Check::Invalid => {
            let variable = provider.env.first().map_or("a system key", String::as_str);
            Finding::bad(
                name,
                format!("answers no call without a key; set {variable}"),
            )
        }
        check => judge_check(provider, "calls without a key", check),
    }
}

/// Judges what is known of such a provider, where it is not asked anew.
fn judge_known_keyless(provider: &Provider, health: Health) -> Finding {
    match check_of(health) {
        Some(check) => judge_keyless(provider, &check),
        None => Finding::note(
            &provider.name,
            "needs no key, and was not asked yet; “Check” among the system keys asks",
        ),
    }
}

/// What a provider last said; none where it said nothing of the key.
fn check_of(health: Health) -> Option<Check> {
    match health {
        Health::Valid => Some(Check::Valid),
        Health::Unguarded => Some(Check::Unguarded),
        Health::Refused => Some(Check::Invalid),
        Health::OutOfCredit => Some(Check::OutOfCredit),
        Health::Restricted => Some(Check::Restricted),
        Health::Unverified | Health::Damaged => None,
    }
}

/// Judges whether people can sign in.
pub fn judge_sign_in(found: Result<(), SignInTrouble>) -> Finding {
    const CONSOLE: &str = "console";
    match found {
        Ok(()) => Finding::good(CONSOLE, "Discord takes the client secret"),
        Err(SignInTrouble::NoSecret) => Finding::note(
            CONSOLE,
            "nobody can sign in: DISCORD_CLIENT_SECRET is not set; copy it from OAuth2 on the application's page",
        ),
        Err(SignInTrouble::WrongSecret) => Finding::bad(
            CONSOLE,
            "Discord refuses DISCORD_CLIENT_SECRET; copy it again, or reset it, under OAuth2 on the application's page",
        ),
        Err(trouble) => Finding::bad(
            CONSOLE,
            format!("the client secret can't be tried: {trouble}"),
        ),
    }
}

impl App {
    /// Checks everything that can be checked while serving, for the operator's
    /// people. What does not answer in time is said to be so, and keeps
    /// nothing else waiting.
    pub async fn check_up(&self, caller: &Caller) -> Result<Vec<Finding>, Error> {
        self.people.require_operator(caller)?;
        let pages = in_time("database pages", async { vec![self.find_pages().await] });
        let stored = in_time("stored keys", self.check_stored_keys());
        let keys = in_time("bot default", self.check_system_keys(caller));
        let holds = in_time("holds", async { vec![self.check_holds().await] });
        let checks: [futures_util::future::BoxFuture<'_, Vec<Finding>>; 4] = [
            Box::pin(pages),
            Box::pin(stored),
            Box::pin(keys),
            Box::pin(holds),
        ];
        let (readiness, found) = tokio::join!(self.check_readiness(), join_all(checks));
        let mut findings = judge_readiness(&readiness);
        findings.push(judge_master(self.keys.active_kid().as_deref()));
        findings.extend(found.into_iter().flatten());
        let signs_in = self.people.check_sign_in();
        findings.push(match signs_in {
            Ok(()) => Finding::good("console", "people can sign in"),
            Err(_) => judge_sign_in(signs_in),
        });
        let tiers: Vec<&str> = self.people.tier_names().collect();
        findings.extend(judge_quotas(&tiers, 1));
        Ok(findings)
    }

    /// What is known of the pages of the database's file. All are read once in
    /// an hour, which takes long where the file is large.
    async fn find_pages(&self) -> Finding {
        let now_ms = self.clock.now_ms();
        let known = lock(&self.known_pages.0).clone();
        match known {
            PagesState::Read(finding, at_ms) if now_ms - at_ms < PAGES_STAND_MS => return finding,
            PagesState::Reading => return Finding::note("database pages", "being read"),
            PagesState::Unread | PagesState::Read(..) => {}
        }
        *lock(&self.known_pages.0) = PagesState::Reading;
        let (store, known) = (self.store.clone(), std::sync::Arc::clone(&self.known_pages));
        let reading = self.tasks.spawn(async move {
            let finding = check_pages(&store).await;
            *lock(&known.0) = PagesState::Read(finding.clone(), now_ms);
            finding
        });
        let found = reading.await;
        found.unwrap_or_else(|_| Finding::note("database pages", "were not read"))
    }

    async fn check_stored_keys(&self) -> Vec<Finding> {
        match self.store.keys_by_master().await {
            Ok(counts) => {
                let judge = |(kid, keys): &(String, i64)| {
                    judge_stored_keys(kid, *keys, self.keys.can_open(kid))
                };
                counts.iter().map(judge).collect()
            }
            Err(error) => vec![Finding::bad("stored keys", format!("{error:#}"))],
        }
    }

    /// What is known of the keys that the operator pays with.
    async fn check_system_keys(&self, caller: &Caller) -> Vec<Finding> {
        let keys = match self.keys.list_system(caller).await {
            Ok(keys) if keys.is_empty() => {
                return vec![Finding::note(
                    "providers",
                    "no bot default key is set; only people's own keys will pay",
                )];
            }
            Ok(keys) => keys,
            Err(error) => return vec![Finding::bad("providers", error.to_string())],
        };
        let judge = |key: &SystemKey| {
            let provider = self.models.catalogue().get(key.provider())?;
            Some(match key {
                SystemKey::Environment(it) if it.variable.is_none() => {
                    judge_known_keyless(provider, key.health())
                }
                SystemKey::Environment(_) => {
                    judge_health(provider, "the bot default key", key.health())
                }
                SystemKey::Stored { .. } => judge_health(provider, "the system key", key.health()),
            })
        };
        keys.iter().filter_map(judge).collect()
    }

    /// Whether anything is reserved for longer than a call can take.
    async fn check_holds(&self) -> Finding {
        let now_ms = self.clock.now_ms();
        match self.store.held_sums().await {
            Ok(held) => {
                let longest_ms = i64::try_from(self.ledger.longest_call().as_millis());
                let longest_ms = longest_ms.unwrap_or(i64::MAX);
                let is_old = held
                    .oldest_at_ms
                    .is_some_and(|at_ms| now_ms - at_ms > longest_ms);
                let holds = held.holds;
                if is_old {
                    let words = format!("{holds} open, and the oldest is older than a call can be");
                    return Finding::note("holds", words);
                }
                Finding::good("holds", format!("{holds} open, none too old"))
            }
            Err(error) => Finding::bad("holds", format!("{error:#}")),
        }
    }
}

/// What a check finds, or that it does not answer.
async fn in_time(what: &str, check: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let seconds = CHECK_WITHIN.as_secs();
    let silent = || vec![Finding::bad(what, format!("no answer for {seconds} s"))];
    timeout(CHECK_WITHIN, check)
        .await
        .unwrap_or_else(|_| silent())
}

/// Judges what readiness is made of.
fn judge_readiness(readiness: &Readiness) -> Vec<Finding> {
    let database = match &readiness.database {
        Ok(()) => Finding::good("database", "takes writes and answers"),
        Err(DatabaseFault::Trouble(trouble)) => {
            Finding::bad("database", format!("{trouble}; the log says more"))
        }
        Err(DatabaseFault::Unknown) => {
            Finding::bad("database", "does not do its work; the log says why")
        }
    };
    let ledger = if readiness.ledger_is_stuck() {
        Finding::bad(
            "ledger",
            "its writes wait too long, so new calls are refused; look at the database's disk",
        )
    } else {
        let unwritten = readiness.ledger.unwritten;
        Finding::good("ledger", format!("{unwritten} writes wait"))
    };
    let shards = readiness.shards;
    let connected = format!("{} of {} shards connected", shards.connected, shards.all);
    let discord = if shards.is_whole() {
        Finding::good("Discord", connected)
    } else if readiness.discord_is_there() {
        Finding::note("Discord", connected)
    } else {
        Finding::bad("Discord", format!("{connected}; the log says why"))
    };
    let mut findings = vec![database, ledger, discord];
    let free = describe_free(readiness.disk_free_bytes.unwrap_or_default());
    findings.extend(readiness.disk_room().map(|room| match room {
        DiskRoom::Enough => Finding::good("disk", free),
        DiskRoom::Low => Finding::note("disk", format!("{free}; make room")),
        DiskRoom::Full => Finding::bad("disk", format!("{free}, so nothing is written; make room")),
    }));
    findings
}

/// How much of a disk is free, in the unit that reads best.
fn describe_free(bytes: u64) -> String {
    match bytes >> 20 {
        mb @ 0..=1_023 => format!("{mb} MB free"),
        mb @ 1_024..=10_239 => format!("{}.{} GB free", mb / 1_024, mb % 1_024 * 10 / 1_024),
        mb => format!("{} GB free", mb / 1_024),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_on_a_disk_is_said_in_the_unit_that_reads_best() {
        let told = [0, 900 << 20, 1 << 30, 1_588 << 20, 55_239 << 20];
        let told = told.map(describe_free).join(", ");
        insta::assert_snapshot!(told, @"0 MB free, 900 MB free, 1.0 GB free, 1.5 GB free, 53 GB free");
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_is_said_to_be_silent_and_keeps_no_other_waiting() {
        let hangs = in_time("database", std::future::pending());
        let answers = in_time("disk", async { vec![Finding::good("disk", "38 GB free")] });
        let (silent, answered) = tokio::join!(hangs, answers);
        assert_eq!(silent, [Finding::bad("database", "no answer for 3 s")]);
        assert_eq!(answered, [Finding::good("disk", "38 GB free")]);
    }
}
