//! The seed of a picture as an option of a command.

use poise::{SlashArgError, SlashArgument};
use serenity::all::{
    CommandInteraction, CommandOptionType, Context, CreateCommandOption, ResolvedValue,
};
use serenity::async_trait;

/// What was typed for a seed. Discord's own numbers are too small for one, so
/// that the option is a text. It was a number once, and an app that still has
/// the commands of that time sends one.
pub struct TypedSeed(pub String);

#[async_trait]
impl SlashArgument for TypedSeed {
    async fn extract(
        context: &Context,
        interaction: &CommandInteraction,
        value: &ResolvedValue<'_>,
    ) -> Result<Self, SlashArgError> {
        if let ResolvedValue::Integer(number) = value {
            return Ok(Self(number.to_string()));
        }
        String::extract(context, interaction, value).await.map(Self)
    }

    fn create(builder: CreateCommandOption) -> CreateCommandOption {
        builder.kind(CommandOptionType::String)
    }
}
