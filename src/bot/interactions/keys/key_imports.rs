//! Several keys at once: a form takes lines or a file of them, and what is found
//! is stored when its person says so.

use secrecy::SecretString;
use serenity::all::{Attachment, ComponentInteraction, ModalInteraction};

use crate::app::{ChosenKeys, FileContent, IMPORT_BYTES_MAX, PendingKey};
use crate::bot::answers::running::promise::find_before_form;
use crate::bot::callers::raw_caller::RawCaller;
use crate::bot::connection::calls::interaction_calls::InteractionHandle;
use crate::bot::conversation::files::FileReader;
use crate::bot::interactions::forms::take_text;
use crate::bot::interactions::keys::key_presses::open_or_explain;
use crate::bot::interactions::private_reply::{answer_in_place, show_privately};
use crate::bot::words;
use crate::bot::{Bot, explain_error};
use crate::model::{FileKind, KeyId, Scope, WhyUnread};

/// Opens the form into which several keys are put.
pub async fn open_import(
    bot: &Bot,
    press: &ComponentInteraction,
    scope: Scope,
) -> anyhow::Result<()> {
    let caller = bot.complete_caller(RawCaller::from_button(press)).await;
    let voice = bot.voice_for(&caller, &press.locale).await;
    let form = find_before_form(bot.app.keys.open_import(&caller, scope)).await;
    let modal = form.map(|form| words::keys::import_form(voice, &form));
    open_or_explain(bot, press, modal).await
}

/// Takes a form with keys in it.
pub async fn handle_import(bot: &Bot, mut form: ModalInteraction, id: &str) -> anyhow::Result<()> {
    let handle = InteractionHandle::from(&form);
    bot.rest.defer_ephemeral(&handle).await?;
    let caller = bot.complete_caller(RawCaller::from_form(&form)).await;
    let voice = bot.voice_for(&caller, &form.locale).await;
    let scope = take_text(&mut form, words::keys::SCOPE_FIELD);
    let card = match read_lines(bot, &mut form).await {
        Err(why) => words::keys::file_unread(voice, &why),
        Ok(None) => words::keys::nothing_pasted(voice),
        Ok(Some(lines)) => {
            let read = bot.app.keys.read_import(&caller, id, (scope, lines)).await;
            match read {
                Ok(import) => words::keys::found(voice, &import),
                Err(error) => explain_error(voice, &error),
            }
        }
    };
    show_privately(bot, &handle, words::with_offers(voice, card)).await
}

/// What was pasted and what is in the file; none where there is neither. Or why
/// the file is not read.
async fn read_lines(
    bot: &Bot,
    form: &mut ModalInteraction,
) -> Result<Option<SecretString>, WhyUnread> {
    let pasted = take_text(form, words::keys::LINES_FIELD).unwrap_or_default();
    let files = take_text(form, words::keys::FILE_FIELD).unwrap_or_default();
    let files: Vec<Attachment> = serde_json::from_str(&files).unwrap_or_default();
    let Some(file) = files.first() else {
        let is_blank = pasted.trim().is_empty();
        return Ok((!is_blank).then(|| SecretString::from(pasted)));
    };
    refuse_too_large(u64::from(file.size))?;
    let mut reader = FileReader::new(bot.app.http(), &bot.api_url, &bot.chat.file_limits);
    let lines = match reader.read_file(file).await.content {
        FileContent::Text(text) if pasted.trim().is_empty() => text,
        FileContent::Text(text) => [pasted, text].join("\n"),
        FileContent::Picture(_)
        | FileContent::Said(_)
        | FileContent::Unread(WhyUnread::NotTried | WhyUnread::Kind(FileKind::Audio)) => {
            return Err(WhyUnread::Kind(FileKind::Unknown));
        }
        FileContent::Unread(why) => return Err(why),
    };
    refuse_too_large(lines.len() as u64)?;
    Ok(Some(SecretString::from(lines)))
}

/// Refuses what is larger than a file of keys may be.
fn refuse_too_large(bytes: u64) -> Result<(), WhyUnread> {
    let bytes_max = IMPORT_BYTES_MAX as u64;
    if bytes > bytes_max {
        return Err(WhyUnread::TextTooLarge { bytes, bytes_max });
    }
    Ok(())
}

/// Stores the keys of an import that can be.
pub async fn store_import(bot: &Bot, press: &ComponentInteraction, id: &str) -> anyhow::Result<()> {
    answer_in_place(bot, press, async |caller, voice| {
        let keys = &bot.app.keys;
        let waiting = keys.show_import(caller, id).await?.keys;
        let chosen: Vec<KeyId> = waiting.iter().filter_map(PendingKey::storable).collect();
        let outcomes = keys
            .finish_import(caller, id, &ChosenKeys::checked(&chosen))
            .await?;
        Ok(words::keys::imported(voice, id, &outcomes))
    })
    .await
}

/// Forgets the keys of an import.
pub async fn forget_import(
    bot: &Bot,
    press: &ComponentInteraction,
    id: &str,
) -> anyhow::Result<()> {
    answer_in_place(bot, press, async |caller, voice| {
        bot.app.keys.forget_import(caller, id).await?;
        Ok(words::keys::forgotten(voice))
    })
    .await
}
