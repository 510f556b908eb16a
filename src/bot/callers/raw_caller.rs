//! What one payload of Discord's says of whoever sent it. It is never the
//! whole: `Bot::complete_caller` makes a caller of it.

use serenity::all::{
    AuthorizingIntegrationOwner, AuthorizingIntegrationOwners, ChannelId, CommandInteraction,
    ComponentInteraction, Entitlement, GuildId, Member, Message, ModalInteraction, Permissions,
    RoleId, UserId,
};

use crate::bot::callers::entitlements::active_skus;
use crate::model::{PersonId, Place, ServerId};

/// What one payload of Discord's says of whoever sent it.
pub struct RawCaller {
    pub person: PersonId,
    pub place: Place,
    pub channel: Option<u64>,
    /// May manage the server that they are in.
    pub manages_server: bool,
    /// Their roles in the server that they are in.
    pub roles: Vec<u64>,
    /// The SKUs that they are entitled to; none where the payload does not
    /// say it.
    pub skus: Option<Vec<u64>>,
}

impl RawCaller {
    /// Who sent a command, or asks for completion of one.
    pub fn from_command(interaction: &CommandInteraction) -> Self {
        let owners = &interaction.authorizing_integration_owners;
        let place = place(interaction.guild_id, owners);
        Self::from_interaction(interaction.user.id, place, interaction.channel_id)
            .with_member(interaction.member.as_deref())
            .with_entitlements(&interaction.entitlements)
    }

    /// Who pressed a button.
    pub fn from_button(interaction: &ComponentInteraction) -> Self {
        let owners = &interaction.authorizing_integration_owners;
        let place = place(interaction.guild_id, owners);
        Self::from_interaction(interaction.user.id, place, interaction.channel_id)
            .with_member(interaction.member.as_ref())
            .with_entitlements(&interaction.entitlements)
    }

    /// Who sent a form. serenity drops who installed the app from a form's
    /// payload; that was looked at when the form was handed out, and a form
    /// is good only in the server that it was handed out in.
    pub fn from_form(interaction: &ModalInteraction) -> Self {
        let place = interaction.guild_id.map_or(Place::Direct, |server| {
            Place::Server(ServerId(server.get()))
        });
        Self::from_interaction(interaction.user.id, place, interaction.channel_id)
            .with_member(interaction.member.as_ref())
            .with_entitlements(&interaction.entitlements)
    }

    /// Who wrote a message. Nobody may manage anything by writing.
    pub fn from_message(message: &Message) -> Self {
        let place = message.guild_id.map_or(Place::Direct, |server| {
            // The gateway tells us only of servers that installed the bot.
            Place::Server(ServerId(server.get()))
        });
        let member = message.member.as_ref();
        Self {
            roles: member.map_or_else(Vec::new, |member| role_ids(&member.roles)),
            ..Self::from_interaction(message.author.id, place, message.channel_id)
        }
    }

    /// A person of whom nothing else is known.
    pub fn of_person(person: PersonId) -> Self {
        Self {
            person,
            place: Place::Direct,
            channel: None,
            manages_server: false,
            roles: Vec::new(),
            skus: None,
        }
    }

    fn from_interaction(person: UserId, place: Place, channel: ChannelId) -> Self {
        Self {
            place,
            channel: Some(channel.get()),
            ..Self::of_person(PersonId(person.get()))
        }
    }

    fn with_member(mut self, member: Option<&Member>) -> Self {
        if let Some(member) = member {
            self.manages_server = member.permissions.is_some_and(may_manage_server);
            self.roles = role_ids(&member.roles);
        }
        self
    }

    fn with_entitlements(mut self, entitlements: &[Entitlement]) -> Self {
        self.skus = Some(active_skus(entitlements));
        self
    }
}

/// Whether permissions let a member manage their server.
pub fn may_manage_server(permissions: Permissions) -> bool {
    permissions.intersects(Permissions::MANAGE_GUILD | Permissions::ADMINISTRATOR)
}

fn role_ids(roles: &[RoleId]) -> Vec<u64> {
    roles.iter().map(|role| role.get()).collect()
}

/// A server counts as the bot's only where the server itself installed it:
/// `docs/discord.md` §2.4.
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
