//! Refusals about who may do something, and where.

/// Why something about access was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    #[error("the person may not manage this server")]
    NotAManager,
    #[error("budgets are for who manages the server")]
    BudgetForManagers,
    #[error("a server's usage is for who manages it")]
    UsageForManagers,
    #[error("only who manages the server may do this")]
    OnlyManagers,
    #[error("only who manages the server chooses for everybody")]
    OnlyManagersChoose,
    #[error("what the whole bot used is for the operator's people")]
    UsageForOperators,
    #[error("only the operator's people may do this")]
    NotAnOperator,
    #[error("this needs a server")]
    NotInAServer,
    #[error("the bot is not installed in this server")]
    NotInstalledHere,
    #[error("this is about a server, and needs one")]
    NeedsServer,
    #[error("this is about a server, in which the bot is not installed")]
    NeedsBotInServer,
    #[error("the person is no member of the server")]
    NotAMember,
    #[error("Discord can't be asked")]
    DiscordAway,
    #[error("the form was used, is too old, or is somebody else's")]
    StaleForm,
    #[error("what confirms it was not typed")]
    NotConfirmed,
    #[error("it is somebody else's")]
    NotYours,
}
