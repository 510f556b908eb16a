//! The world of the demo, and of most tests: a server with a member and a
//! manager, a stranger elsewhere, and providers that are all emulated.

use latchkey_emulator::providers::{PROVIDERS, Standing, sample};
use latchkey_emulator::{Emulator, MANAGER, MEMBER, World};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::config::{Config, ConfigErrors, Environment};
use crate::vault::MasterKey;

/// Good for nothing but the emulated Discord.
const CLIENT_SECRET: &str = "made-up-client-secret-of-the-scene";

/// The emulated world and what the program must know of it.
#[cfg_attr(
    not(any(test, fuzzing, feature = "internals")),
    expect(dead_code, reason = "the demo's page finds people by itself")
)]
pub struct Scene {
    pub emulator: Emulator,
    /// Mia, a member of the server.
    pub member: u64,
    /// Omar, who manages it.
    pub manager: u64,
    /// Zoe, who has the app in her own account and is not in the server.
    pub stranger: u64,
    pub server: u64,
}

impl Scene {
    /// Sets the stage behind a listener.
    pub fn start(listener: TcpListener) -> anyhow::Result<Self> {
        let world = World::new();
        let member = world.add_person("mia");
        let manager = world.add_person("omar");
        let stranger = world.add_person("zoe");
        let server = world.add_server("Lantern Club", true, &["general", "workshop"]);
        world.join(server, member, MEMBER);
        world.join(server, manager, MANAGER);
        world.give_role(server, member, "regulars");
        // A server that never installed the bot.
        let elsewhere = world.add_server("Elsewhere", false, &["lobby"]);
        world.join(elsewhere, stranger, MANAGER);
        world.join(elsewhere, member, MEMBER);
        world.with(|state| CLIENT_SECRET.clone_into(&mut state.sign_ins.client_secret));
        let emulator = Emulator::start(world, listener)?;
        Ok(Self {
            emulator,
            member,
            manager,
            stranger,
            server,
        })
    }

    /// Settings that lead every call into the emulator.
    pub fn config(&self, store_url: &str, more: &str) -> Result<Config, ConfigErrors> {
        let mut text = format!("[store]\nurl = \"{store_url}\"\n");
        // Later settings of the same name would be an error, so a provider
        // that the caller settles is left to the caller.
        let settled = |id: &str| more.contains(&format!("[providers.{id}]"));
        let ours = PROVIDERS
            .iter()
            .filter(|p| !p.is_on_own_machine() && !settled(p.id));
        text.extend(ours.map(|provider| {
            let url = self.emulator.provider_url(provider.id);
            format!(
                "[providers.{}]
base_url = \"{url}\"
only_vendor_models = true
",
                provider.id
            )
        }));
        // Last, so that what comes without a section's name belongs to it.
        let discord = self.emulator.discord_api();
        let (manager, server) = (self.manager, self.server);
        let ours = format!(
            "[discord]\napi_url = \"{discord}\"\noperators = [{manager}]\nhome_server = {server}\n"
        );
        text += &ours;
        text += more;
        let mut config = Config::parse(&text, &Environment::default())?;
        // No gateway listens, unless whoever runs the scene opens one.
        config.gateway.listen.clear();
        Ok(config)
    }

    /// Settings that offer a ComfyUI to everybody.
    pub fn with_comfyui(&self, more: &str) -> String {
        let url = self.emulator.provider_url("comfyui");
        format!("{more}\n[providers.comfyui]\nbase_url = \"{url}\"\n")
    }

    /// The environment that leads a process of its own into this world, its
    /// database in a folder.
    #[cfg(any(test, fuzzing, feature = "internals"))]
    pub fn variables(
        &self,
        folder: &std::path::Path,
        master: &MasterKey,
    ) -> Vec<(String, SecretString)> {
        let mut variables = self.secrets(Some(master));
        let settings = [
            ("LATCHKEY_DISCORD__API_URL", self.emulator.discord_api()),
            (
                "LATCHKEY_STORE__URL",
                format!("sqlite:{}", folder.join("process.db").display()),
            ),
            ("LATCHKEY_GATEWAY__LISTEN", String::new()),
            (
                "LATCHKEY_PROVIDERS__GROQ__BASE_URL",
                self.emulator.provider_url("groq"),
            ),
        ];
        variables
            .extend(settings.map(|(name, value)| (name.to_owned(), SecretString::from(value))));
        variables
    }

    /// The secrets that go with it: a token of no use anywhere, a fresh
    /// master key, and a bot default for one provider.
    pub fn secrets(&self, master: Option<&MasterKey>) -> Vec<(String, SecretString)> {
        let token = self.emulator.world.look(|state| state.bot_token.clone());
        let mut secrets = vec![
            ("DISCORD_TOKEN".to_owned(), SecretString::from(token)),
            (
                "DISCORD_CLIENT_SECRET".to_owned(),
                SecretString::from(CLIENT_SECRET),
            ),
            (
                "GROQ_API_KEY".to_owned(),
                SecretString::from(sample("groq", Standing::Good)),
            ),
        ];
        if let Some(master) = master {
            secrets.push(("BYOK_MASTER_KEY".to_owned(), master.to_hex()));
        }
        secrets
    }
}
