//! What follows when Discord closes a connection of its gateway, by the code
//! that it closes with (`docs/discord.md` §5.5).

/// What follows when Discord closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The session goes on over another connection, and nothing is lost.
    Resume,
    /// The session is over, and another begins.
    BeginAnew,
    /// Discord would close every other connection too.
    End(EndReason),
}

/// Why Discord lets the bot in no more, and what the operator does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndReason {
    #[error(
        "Discord does not accept `DISCORD_TOKEN` any more (401, close code 4004): it was reset, or the bot was removed; \
         copy the token from https://discord.com/developers/applications (Bot, Reset Token), and start again with it"
    )]
    TokenRefused,
    #[error(
        "Discord knows no such shard (close code 4010): shards are counted from 0, so the largest of `--shards A-B/TOTAL` \
         is TOTAL - 1; correct `--shards`, with the same TOTAL for all processes, and start again"
    )]
    WrongShard,
    #[error(
        "the bot is in too many servers for so few shards (close code 4011): Discord takes at most 2,500 servers a shard; \
         raise the total in `--shards A-B/TOTAL` for all processes, to one shard for every 1,000 servers, and start again"
    )]
    ShardingRequired,
    #[error(
        "Discord no longer speaks version 10 of its gateway (close code 4012), and this program speaks no other: \
         update Latchkey"
    )]
    OldVersion,
    #[error(
        "Discord does not know one of the intents that this program asks for (close code 4013): update Latchkey"
    )]
    UnknownIntent,
    #[error(
        "Discord has not granted this bot the intent Message Content (close code 4014): switch it on at \
         https://discord.com/developers/applications (Bot, Privileged Gateway Intents), or set \
         `discord.message_content = false`, and start again"
    )]
    IntentNotGranted,
}

/// Says what follows a code; none stands for a connection that broke off, or
/// was closed without a code.
pub fn consequence(code: Option<u16>) -> Consequence {
    match code {
        // Not authenticated, invalid sequence, session timed out; 4006 was
        // "session no longer valid" and may still come.
        Some(4_003 | 4_006 | 4_007 | 4_009) => Consequence::BeginAnew,
        Some(4_004) => Consequence::End(EndReason::TokenRefused),
        Some(4_010) => Consequence::End(EndReason::WrongShard),
        Some(4_011) => Consequence::End(EndReason::ShardingRequired),
        Some(4_012) => Consequence::End(EndReason::OldVersion),
        Some(4_013) => Consequence::End(EndReason::UnknownIntent),
        Some(4_014) => Consequence::End(EndReason::IntentNotGranted),
        _ => Consequence::Resume,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Discord's table says for each code whether to reconnect.
    #[test]
    fn every_code_has_the_consequence_that_discord_names() {
        let ends = [4_004, 4_010, 4_011, 4_012, 4_013, 4_014];
        let reconnects = [4_000, 4_001, 4_002, 4_003, 4_005, 4_007, 4_008, 4_009];
        for code in ends {
            let follows = consequence(Some(code));
            let Consequence::End(reason) = follows else {
                panic!("{code}: {follows:?}");
            };
            let words = reason.to_string();
            assert!(words.contains(&format!("close code {code})")), "{words}");
            let leads_on = ["start again", "update Latchkey"];
            assert!(
                leads_on
                    .iter()
                    .any(|step| words.ends_with(step) || words.contains("start again with it"))
            );
        }
        for code in reconnects {
            assert!(
                !matches!(consequence(Some(code)), Consequence::End(_)),
                "{code}"
            );
        }
        for code in [None, Some(1_000), Some(1_001), Some(1_006), Some(4_999)] {
            assert_eq!(consequence(code), Consequence::Resume);
        }
    }
}
