//! Messages to programs for refusals about access.

use crate::gateway::messages::Message;
use crate::model::AccessRefusal;

/// The message for a refusal about access.
pub fn about_access(refusal: &AccessRefusal) -> Message {
    let text = |text: &str| text.to_owned();
    match refusal {
        AccessRefusal::NotAManager
        | AccessRefusal::BudgetForManagers
        | AccessRefusal::UsageForManagers
        | AccessRefusal::OnlyManagers
        | AccessRefusal::OnlyManagersChoose => (
            403,
            "not_a_manager",
            text("That is for whoever has the Manage Server permission there."),
        ),
        AccessRefusal::UsageForOperators | AccessRefusal::NotAnOperator => (
            403,
            "not_an_operator",
            text("That is for the people that the operator listed (`discord.operators`)."),
        ),
        AccessRefusal::NotInAServer | AccessRefusal::NeedsServer => (
            400,
            "server_missing",
            text(
                "That is about a server, and the call names none. Use a token that was made with `/token create here:True` in the server.",
            ),
        ),
        AccessRefusal::NotInstalledHere | AccessRefusal::NeedsBotInServer => (
            403,
            "not_installed",
            text(
                "The server has not added the bot. Somebody who manages it can; a key of your own works without.",
            ),
        ),
        AccessRefusal::NotAMember => (
            404,
            "no_such_server",
            text("There is no such server, or you or the bot are not in it."),
        ),
        AccessRefusal::DiscordAway => (
            503,
            "discord_unreachable",
            text("Discord can't be asked right now who you are. Try again in a minute."),
        ),
        AccessRefusal::StaleForm => (
            409,
            "stale_form",
            text(
                "The form was used already, is too old, or is somebody else's. Nothing was changed; open a new one.",
            ),
        ),
        AccessRefusal::NotConfirmed => (
            400,
            "not_confirmed",
            text("What confirms it was not typed, so nothing was erased."),
        ),
        AccessRefusal::NotYours => (403, "not_yours", text("That is for the person who asked.")),
    }
}
