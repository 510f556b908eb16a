//! The commands that a reply names: they stand between back-ticks, and are
//! the same in every language.

use crate::bot::interactions::keys::key_target::PanelView;
use crate::model::{ProviderId, Scope};

/// A command that a reply names, and for which a button can stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedCommand {
    /// `/keys add`, with the key that it names.
    AddKey(NamedKey),
    /// `/keys add`, without a provider.
    AddAnyKey(PanelView),
    ImportKeys(Scope),
    TestKey(NamedKey),
    ResumeKey(NamedKey),
    ListKeys,
    ShowPayers,
    ShowLimits,
    ChooseModel,
}

/// A key, as a command names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    pub scope: Scope,
    pub provider: ProviderId,
}

/// The commands that a text names, in their order.
pub fn named_commands(text: &str) -> impl Iterator<Item = NamedCommand> {
    let inside = text.split('`').skip(1).step_by(2);
    inside.filter_map(read_command)
}

/// Reads a command as it would be typed.
fn read_command(line: &str) -> Option<NamedCommand> {
    let (options, words): (Vec<&str>, Vec<&str>) =
        line.split_whitespace().partition(|word| word.contains(':'));
    let option = |name: &str| {
        let mut values = options.iter().filter_map(|option| option.split_once(':'));
        values
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    };
    let scope = option("scope").and_then(Scope::parse);
    let scope = scope.unwrap_or(Scope::User);
    // What stands for any provider is none.
    let provider = option("provider").filter(|name| *name != "…");
    let key = provider.map(|provider| NamedKey {
        scope,
        provider: ProviderId::from(provider),
    });
    Some(match (words.join(" ").as_str(), key) {
        ("/keys add", Some(key)) => NamedCommand::AddKey(key),
        ("/keys add", None) => NamedCommand::AddAnyKey(PanelView::of(scope)),
        ("/keys import", _) => NamedCommand::ImportKeys(scope),
        ("/keys test", Some(key)) => NamedCommand::TestKey(key),
        ("/keys resume", Some(key)) => NamedCommand::ResumeKey(key),
        ("/keys list", _) => NamedCommand::ListKeys,
        ("/keys status", _) => NamedCommand::ShowPayers,
        ("/quota status", _) => NamedCommand::ShowLimits,
        ("/model set", _) => NamedCommand::ChooseModel,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_they_would_be_typed() {
        let key = |scope| NamedKey {
            scope,
            provider: ProviderId::from("openai"),
        };
        let text = "Run `/keys test provider:openai scope:guild`, or `/keys resume provider:openai`. \
                    `/keys add provider:… scope:guild`, `/ask once:True provider:openai`, `latchkey keygen`, \
                    /keys list, `/keys remove provider:openai`, `/keys list scope:user`, `/model set model:x/y`";
        let found: Vec<NamedCommand> = named_commands(text).collect();
        assert_eq!(
            found,
            [
                NamedCommand::TestKey(key(Scope::Guild)),
                NamedCommand::ResumeKey(key(Scope::User)),
                NamedCommand::AddAnyKey(PanelView::of(Scope::Guild)),
                NamedCommand::ListKeys,
                NamedCommand::ChooseModel,
            ]
        );
    }
}
