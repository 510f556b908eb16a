//! Words of refusals about who may do something, and where.

use crate::bot::words::speech::voice::{OwnKeys, Voice};
use crate::model::AccessRefusal;

const USAGE_FOR_OPERATORS: &str = "What the whole bot used is shown to the people that its operator listed \
     (`discord.operators`), and you are not one of them. `/usage` shows what you used, and `/usage scope:guild` what \
     the key of a server paid that you manage.";
const NOT_IN_A_SERVER: &str = "This is a direct message, and a server key belongs to a server. Run the \
     command in that server, or use `scope:user`.";
const NOT_INSTALLED_HERE: &str = "This server has not added me; only you have. Server keys need the bot in \
     the server: ask somebody who manages it, or use `scope:user`.";
const NEEDS_SERVER: &str = "This is a direct message, and that belongs to a server. Run the command in the \
     server that it is about. Nothing was changed.";
const NEEDS_BOT_IN_SERVER: &str = "This server has not added me; only you have, so I keep nothing for it. Ask \
     somebody who manages it to add me. Nothing was changed.";
const NOT_YOURS: &str = "That is for the person who asked. Ask yourself, with `/ask` or `/imagine`: the buttons \
     under your own answer are yours.";

/// What a person reads when they may not do something.
pub fn about_access(voice: Voice<'_>, refusal: &AccessRefusal) -> String {
    let lang = voice.lang;
    match refusal {
        AccessRefusal::NotAManager => lang.say(
            "Server keys are for whoever has the Manage Server permission here, and you \
             don't right now. {advice}",
            &[("advice", &without_permission(voice))],
        ),
        AccessRefusal::BudgetForManagers => lang.say(
            "This server's budget is for whoever has the Manage Server permission here, and \
             you don't right now. `/quota status` shows the limits that apply to you.",
            &[],
        ),
        AccessRefusal::UsageForManagers => lang.say(
            "What this server's key paid is shown to whoever has the Manage Server \
             permission here, and you don't right now. `/usage` shows what you used.",
            &[],
        ),
        AccessRefusal::OnlyManagers => lang.say(
            "That is for whoever has the Manage Server permission here, and you don't \
             right now. Nothing was changed.",
            &[],
        ),
        AccessRefusal::OnlyManagersChoose => lang.say(
            "Choosing for everybody is for whoever has the Manage Server permission \
             here, in a server that has added me. For yourself, say `for:me`.",
            &[],
        ),
        AccessRefusal::UsageForOperators => lang.words(USAGE_FOR_OPERATORS).to_owned(),
        AccessRefusal::NotAnOperator => lang.say(
            "`/admin` is for the people that the bot's operator listed \
             (`discord.operators`), and you are not one of them. In a server that you manage \
             there is `/server budget`.",
            &[],
        ),
        AccessRefusal::NotInAServer => lang.words(NOT_IN_A_SERVER).to_owned(),
        AccessRefusal::NotInstalledHere => lang.words(NOT_INSTALLED_HERE).to_owned(),
        AccessRefusal::NeedsServer => lang.words(NEEDS_SERVER).to_owned(),
        AccessRefusal::NeedsBotInServer => lang.words(NEEDS_BOT_IN_SERVER).to_owned(),
        AccessRefusal::NotAMember => {
            lang.say("You or I are not in that server, so nothing was done.", &[])
        }
        AccessRefusal::DiscordAway => lang.say(
            "Discord can't be asked right now who may do this. Nothing was changed; try \
             it again in a minute.",
            &[],
        ),
        AccessRefusal::StaleForm => lang.say(
            "That form or button was used already, is older than 15 minutes, or is not \
             yours. Nothing was changed. Run the command again for a fresh one.",
            &[],
        ),
        AccessRefusal::NotConfirmed => lang.say(
            "You did not type ERASE, so nothing was erased. `/privacy erase` asks again.",
            &[],
        ),
        AccessRefusal::NotYours => lang.words(NOT_YOURS).to_owned(),
    }
}

/// What works without the Manage Server permission.
fn without_permission(voice: Voice<'_>) -> &str {
    voice.lang.words(match voice.own_keys {
        OwnKeys::Stored => "Your own key works without it: `/keys add scope:user`.",
        OwnKeys::Once => "A key that you type for a single ask works without it: `/ask once:True`.",
        OwnKeys::No => "`/keys status` shows who pays here.",
    })
}
