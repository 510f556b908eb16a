//! Who is calling, read from an interaction's own payload every time.

use serenity::all::{
    ApplicationId, AuthorizingIntegrationOwner, AuthorizingIntegrationOwners, ChannelId,
    CommandInteraction, ComponentInteraction, Entitlement, GuildId, InteractionId, Member,
    ModalInteraction, Permissions, Timestamp, UserId,
};

use crate::model::{Caller, PersonId, Place, ServerId};

use crate::bot::connection::interaction_calls::Handle;

/// Who sent a command or asks for completion.
pub fn of_command(interaction: &CommandInteraction) -> Caller {
    let place = place(
        interaction.guild_id,
        &interaction.authorizing_integration_owners,
    );
    caller(
        interaction.user.id,
        (place, interaction.channel_id),
        interaction.member.as_deref(),
        &interaction.entitlements,
    )
}

/// Who pressed a button.
pub fn of_component(interaction: &ComponentInteraction) -> Caller {
    let place = place(
        interaction.guild_id,
        &interaction.authorizing_integration_owners,
    );
    caller(
        interaction.user.id,
        (place, interaction.channel_id),
        interaction.member.as_ref(),
        &interaction.entitlements,
    )
}

/// Who sent a form. serenity drops who installed the app from a form's
/// payload; that was looked at when the form was handed out, and a form is
/// good only in the server that it was handed out in.
pub fn of_modal(interaction: &ModalInteraction) -> Caller {
    let place = interaction.guild_id.map_or(Place::Direct, |server| {
        Place::Server(ServerId(server.get()))
    });
    caller(
        interaction.user.id,
        (place, interaction.channel_id),
        interaction.member.as_ref(),
        &interaction.entitlements,
    )
}

/// How to answer a command.
pub fn handle_of_command(interaction: &CommandInteraction) -> Handle {
    handle(
        interaction.application_id,
        (interaction.id, interaction.channel_id),
        &interaction.token,
    )
}

/// How to answer a button.
pub fn handle_of_component(interaction: &ComponentInteraction) -> Handle {
    handle(
        interaction.application_id,
        (interaction.id, interaction.channel_id),
        &interaction.token,
    )
}

/// How to answer a form.
pub fn handle_of_modal(interaction: &ModalInteraction) -> Handle {
    handle(
        interaction.application_id,
        (interaction.id, interaction.channel_id),
        &interaction.token,
    )
}

fn handle(
    application: ApplicationId,
    (interaction, channel): (InteractionId, ChannelId),
    token: &str,
) -> Handle {
    Handle {
        application: application.get(),
        interaction: interaction.get(),
        channel: channel.get(),
        token: token.to_owned(),
    }
}

fn caller(
    person: UserId,
    (place, channel): (Place, ChannelId),
    member: Option<&Member>,
    entitlements: &[Entitlement],
) -> Caller {
    let permissions = member
        .and_then(|member| member.permissions)
        .unwrap_or(Permissions::empty());
    let manages_server =
        permissions.intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR);
    Caller {
        person: PersonId(person.get()),
        place,
        channel: Some(channel.get()),
        manages_server,
        roles: member.map_or_else(Vec::new, |m| m.roles.iter().map(|r| r.get()).collect()),
        // Known only where a home server is set: see `Bot::caller`.
        home_roles: Vec::new(),
        skus: entitlements
            .iter()
            .filter(|e| is_on(e))
            .map(|e| e.sku_id.get())
            .collect(),
    }
}

/// Discord sends what somebody is entitled to with everything they do.
fn is_on(entitlement: &Entitlement) -> bool {
    let over = entitlement
        .ends_at
        .is_some_and(|end| end.unix_timestamp() <= Timestamp::now().unix_timestamp());
    !entitlement.deleted && !over
}

/// A server counts as the bot's only where the server itself installed it.
fn place(guild: Option<GuildId>, owners: &AuthorizingIntegrationOwners) -> Place {
    let Some(guild) = guild else {
        return Place::Direct;
    };
    let installed = owners.0.iter().any(
        |owner| matches!(owner, AuthorizingIntegrationOwner::GuildInstall(Some(id)) if *id == guild),
    );
    let server = ServerId(guild.get());
    if installed {
        Place::Server(server)
    } else {
        Place::VisitedServer(server)
    }
}
