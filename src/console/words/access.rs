//! Words for refusals about access.

use axum::http::StatusCode;

use crate::console::trouble::Trouble;
use crate::model::AccessRefusal;

/// The trouble that a refusal about access is.
pub fn describe_access(refusal: &AccessRefusal) -> Trouble {
    match refusal {
        AccessRefusal::NotAManager
        | AccessRefusal::BudgetForManagers
        | AccessRefusal::UsageForManagers
        | AccessRefusal::OnlyManagers
        | AccessRefusal::OnlyManagersChoose => Trouble::not_managing(),
        AccessRefusal::UsageForOperators | AccessRefusal::NotAnOperator => {
            Trouble::operators_only()
        }
        AccessRefusal::NotAMember | AccessRefusal::NotYours => Trouble::nothing_here(),
        AccessRefusal::NotInAServer | AccessRefusal::NeedsServer => Trouble::new(
            StatusCode::BAD_REQUEST,
            "Choose a server",
            "This is about a server, and none is chosen.",
        )
        .way("/servers", "Servers that you manage"),
        AccessRefusal::NotInstalledHere | AccessRefusal::NeedsBotInServer => Trouble::new(
            StatusCode::FORBIDDEN,
            "The bot is not in this server",
            "The server has not added the bot. Whoever manages the server can add it; a key of \
             your own works without.",
        )
        .way("/keys", "Go to your keys"),
        AccessRefusal::DiscordAway => {
            let words = "Discord does not answer, so nobody can say what you may do in that \
                         server. Nothing was changed. Try again in a minute.";
            let mut trouble = Trouble::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Discord does not answer",
                words,
            );
            trouble.retry_after_s = Some(60);
            trouble
        }
        AccessRefusal::StaleForm => Trouble::new(
            StatusCode::CONFLICT,
            "This form was used already",
            "It was sent before, is too old, or is somebody else’s. Nothing was changed; open \
             the page again.",
        ),
        AccessRefusal::NotConfirmed => Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "It was not confirmed",
            "The words that confirm it were not typed, so nothing was changed. Go back and type them as they \
             stand there.",
        ),
    }
}
