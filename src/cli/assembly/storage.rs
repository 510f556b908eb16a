//! The settings of pictures, and the bucket for those that Discord does not take:
//! from its settings and from the variables that other programs know it by.

use std::time::Duration;

use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::app::{
    Finding, ImageSettings, Moderation, Storage, StorageSettings, StorageTrouble, judge_storage,
};
use crate::config::{self, Config, ConfigError, ConfigErrors, Environment, Wrong};
use crate::model::{Clock, NanoDollars, PREVIEWS_MAX};

const KEY_ID: &str = "S3_ACCESS_KEY_ID";
const SECRET: &str = "S3_SECRET_ACCESS_KEY";

/// The settings of pictures, without the bucket.
pub fn images(config: &Config, errors: &mut ConfigErrors) -> Option<ImageSettings> {
    let wanted = &config.images;
    let moderation = Moderation::parse(&wanted.moderation).ok_or_else(|| {
        let problem = "must be \"off\", \"provider\" or \"openai\"";
        ConfigError::new("images.moderation", problem)
    });
    let moderation = errors.keep(moderation);
    let previews = errors.keep(previews(wanted.previews));
    let confirm_above = errors.keep(confirm_above(wanted.confirm_above_dollars));
    Some(ImageSettings {
        moderation: moderation?,
        deadline: Duration::from_mins(u64::from(wanted.deadline_minutes)),
        poll: Duration::from_millis(u64::from(wanted.poll_ms)),
        age_restricted_only: wanted.age_restricted_only,
        previews: previews?,
        loras: wanted.loras.clone(),
        confirm_above: confirm_above?,
        storage: None,
    })
}

/// How many pictures people see on the way to one.
fn previews(wanted: u8) -> Result<u8, ConfigError> {
    if wanted <= PREVIEWS_MAX {
        return Ok(wanted);
    }
    let problem = "must be from 0 to 3, which is the most that a provider shows";
    Err(ConfigError::new("images.previews", problem))
}

/// From which price on people are asked; none where they never are.
fn confirm_above(dollars: f64) -> Result<Option<NanoDollars>, ConfigError> {
    let above = NanoDollars::from_dollars(dollars).ok_or_else(|| {
        let problem = "must be an amount of dollars, such as 0.5; 0 asks nobody";
        ConfigError::new("images.confirm_above_dollars", problem)
    })?;
    Ok(Some(above).filter(|above| above.0 > 0))
}

/// The bucket, or none where nothing is said of one. One that is named by half
/// is refused, since nobody would notice that it is not used.
pub fn storage(
    config: &Config,
    environment: &Environment,
    errors: &mut ConfigErrors,
) -> Result<Option<StorageSettings>, Wrong> {
    let key_id = errors.keep(environment.secret(&[KEY_ID]));
    let secret = errors.keep(environment.secret(&[SECRET]));
    let wanted = with_variables(&config.images.storage, environment);
    let (key_id, secret) = key_id.zip(secret).ok_or(Wrong)?;
    errors.keep(bucket(wanted, key_id, secret)).ok_or(Wrong)
}

/// The bucket that is wanted, with its key.
fn bucket(
    wanted: config::Storage,
    key_id: Option<SecretString>,
    secret: Option<SecretString>,
) -> Result<Option<StorageSettings>, ConfigError> {
    let is_wanted = !wanted.endpoint.is_empty() || !wanted.bucket.is_empty();
    if !is_wanted && key_id.is_none() && secret.is_none() {
        return Ok(None);
    }
    let missing = |name: &str, or: &str| {
        let problem = format!("is not set{or}, and pictures can't be put into a bucket without it");
        ConfigError::new(name, problem)
    };
    if wanted.bucket.is_empty() {
        return Err(missing(
            "images.storage.bucket",
            " and neither is S3_BUCKET",
        ));
    }
    let endpoint = read_url("images.storage.endpoint", &wanted.endpoint)?;
    let endpoint = endpoint
        .ok_or_else(|| missing("images.storage.endpoint", " and neither is S3_ENDPOINT"))?;
    let settings = StorageSettings {
        endpoint,
        bucket: wanted.bucket,
        region: wanted.region,
        key_id: key_id.ok_or_else(|| missing(KEY_ID, ""))?,
        secret: secret.ok_or_else(|| missing(SECRET, ""))?,
        public_url: read_url("images.storage.public_url", &wanted.public_url)?,
        link_hours: wanted.link_hours,
    };
    if settings.bucket_address().is_none() {
        let problem = "makes no address with `images.storage.endpoint`";
        return Err(ConfigError::new("images.storage.bucket", problem));
    }
    Ok(Some(settings))
}

/// Puts a file into a bucket, and takes it out again; what came of it.
pub async fn check_storage(settings: StorageSettings, http: &Client) -> Finding {
    let bucket = Storage::new(settings, http.clone(), Clock::default());
    let checked = match bucket {
        Some(bucket) => bucket.check().await,
        None => Err(StorageTrouble::Unreachable),
    };
    judge_storage(&checked)
}

/// The settings, with what variables say where the settings say nothing.
fn with_variables(wanted: &config::Storage, environment: &Environment) -> config::Storage {
    let usual = config::Storage::default();
    let either = |set: &str, usual: &str, name: &str| {
        let said = environment.plain(name).filter(|_| set == usual);
        said.map_or(set.to_owned(), |said| said.expose_secret().to_owned())
    };
    config::Storage {
        endpoint: either(&wanted.endpoint, &usual.endpoint, "S3_ENDPOINT"),
        bucket: either(&wanted.bucket, &usual.bucket, "S3_BUCKET"),
        region: either(&wanted.region, &usual.region, "S3_REGION"),
        public_url: either(&wanted.public_url, &usual.public_url, "S3_PUBLIC_URL"),
        link_hours: wanted.link_hours,
    }
}

/// The address that a setting holds; none where it is empty.
fn read_url(setting: &str, text: &str) -> Result<Option<Url>, ConfigError> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).ok();
    let url = url.filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    let problem = "must be an http:// or https:// URL";
    url.map(Some)
        .ok_or_else(|| ConfigError::new(setting, problem))
}
