//! Keys as people paste them: into the form, into `/ask once:True`, into a
//! program's call.

use insta::assert_snapshot;
use latchkey_emulator::MEMBER;
use serde_json::json;

use crate::tests::program::{Program, send};
use crate::tests::{Stage, good, run};

/// The keys that a provider was asked about or with.
fn sent(stage: &Stage, provider: &str) -> Vec<String> {
    stage.world().look(|state| {
        let calls = state.providers.calls.iter();
        let of_it = calls.filter(|call| call.provider == provider);
        of_it.filter_map(|call| call.key.clone()).collect()
    })
}

#[tokio::test]
async fn what_is_around_a_key_is_taken_out_and_that_is_said() {
    run(async |stage| {
        let mia = stage.mia();
        let key = good("openai");
        let (head, tail) = key.split_at(9);
        assert_snapshot!(mia.adds("openai", "user", &format!("Authorization: Bearer {key}")).await, @"
        (only you) Stored the personal key: **OpenAI** `…6789`.
        I took out what is no part of the key: the name before it, the word before it (`Bearer`).
        OpenAI accepts it.
        It pays for your asks with OpenAI everywhere, before any server's key. Try `/ask provider:openai`.
        ");
        for (typed, said) in [
            (format!("\"{key}\""), "quotation marks"),
            (format!("“{key}”"), "quotation marks"),
            (format!("```\n{key}\n```"), "formatting"),
            (format!("OPENAI_API_KEY={key}"), "the name before it"),
            (format!("\u{200b}{key}\u{feff}"), "invisible characters"),
            (format!("{head}\n{tail}"), "line breaks"),
            (json!({"openai": {"key": key}}).to_string(), "the settings around it"),
        ] {
            stage.clock.advance_ms(60_000);
            let seen = mia.adds("openai", "user", &typed).await;
            assert!(seen.contains(&format!("no part of the key: {said}.")), "{typed:?}: {seen}");
        }
        assert!(sent(stage, "openai").iter().all(|sent| *sent == key));
    })
    .await;
}

#[tokio::test]
async fn a_key_of_another_provider_is_sent_to_nobody_and_leads_to_the_right_form() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        assert_snapshot!(mia.adds("mistral", "user", &good("anthropic")).await, @"
        (only you) That looks like a key of Anthropic, not of Mistral, so I sent it to nobody. Nothing was stored.
        For a key of Anthropic: press the button, or `/keys add provider:anthropic scope:user`.
        [Add a key for Anthropic]
        [Add a key for Mistral]
        ");
        assert_eq!(stage.calls(), 0);
        assert_snapshot!(mia.presses("Add a key for Anthropic").await, @"
        Form: Your Anthropic key
        - API key (shown while you type, stored sealed): From https://platform.claude.com/settings/keys
        - Workspace ID, if the key has several (optional): wrkspc_…
        - Provider (optional): [Anthropic]
        - Name (optional): What to call it
        - How long it is used: [As long as it works]
        ");
        assert_snapshot!(mia.submits(&[("key", &good("anthropic"))]).await, @"
        (only you) Stored the personal key: **Anthropic** `…6789`.
        Anthropic accepts it.
        It pays for your asks with Anthropic everywhere, before any server's key. Try `/ask provider:anthropic`.
        ");
        assert_snapshot!(omar.adds("groq", "guild", &good("openai")).await, @"
        (only you) That looks like a key of OpenAI, DeepSeek, Moonshot AI or Qwen, not of Groq, so I sent it to nobody. Nothing was stored.
        Press the button of the provider that it comes from.
        [Add a key for OpenAI]
        [Add a key for DeepSeek]
        [Add a key for Moonshot AI]
        [Add a key for Qwen]
        [Add a key for Groq]
        ");
        let (message, button) = omar.button("Add a key for OpenAI");
        assert!(omar.presses_as(message, &button).await.starts_with("Form: This server's OpenAI key"));
        // Permission is read again from the press.
        stage.world().join(stage.scene.server, omar.person, MEMBER);
        assert!(omar.presses_as(message, &button).await.contains("Manage Server"));
        assert!(sent(stage, "groq").is_empty() && sent(stage, "mistral").is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_is_no_key_is_named_and_sent_to_nobody() {
    run(async |stage| {
        let mia = stage.mia();
        let account = json!({"type": "service_account", "project_id": "made-up",
            "private_key": "-----BEGIN PRIVATE KEY-----\nmadeup\n-----END PRIVATE KEY-----\n"});
        let account = serde_json::to_string_pretty(&account).unwrap();
        assert_snapshot!(mia.adds("google", "user", &account).await, @"
        (only you) That is a service account file of Google Cloud's (JSON), and Google wants an API key: one line, which you get at <https://aistudio.google.com/apikey>. I sent the file to nobody. Nothing was stored.
        For a key of Google: press the button, or `/keys add provider:google scope:user`.
        [Add a key for Google]
        ");
        let token = "MTAwMDAwMDAwMDAwMDAwMDAw.GmadeU.madeupmadeupmadeupmadeupmadeup";
        assert_snapshot!(mia.adds("openai", "user", token).await, @"
        (only you) That looks like a Discord token, and whoever has one acts as that bot or person. I sent it to nobody; reset it if you showed it to somebody else. A key of OpenAI comes from <https://platform.openai.com/api-keys>. Nothing was stored.
        For a key of OpenAI: press the button, or `/keys add provider:openai scope:user`.
        [Add a key for OpenAI]
        ");
        for typed in [
            "https://keys.example/made-up",
            "ghp_madeupmadeupmadeupmadeup",
            "ya29.made-up-made-up-made-up",
            "sk-proj-…made",
            "YOUR_API_KEY",
            "latchkey_madeupmadeupmadeupmadeupmadeup012345",
        ] {
            let seen = mia.adds("openai", "user", typed).await;
            assert!(seen.contains("Nothing was stored."), "{typed}: {seen}");
            assert!(!seen.contains(typed), "{seen}");
        }
        assert_eq!(stage.calls(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_key_for_one_ask_is_cleaned_too_and_one_that_is_refused_is_seen_by_nobody_else() {
    run(async |stage| {
        let mia = stage.mia();
        mia.runs("/ask prompt:count provider:openai persona:code once:true").await;
        let key = format!("Bearer {}", good("openai"));
        let seen = mia.submits(&[("prompt", "count"), ("key", &key)]).await;
        assert!(seen.contains("🔑 one-time key"), "{seen}");
        assert_eq!(stage.keys_that_paid("openai"), [good("openai")]);
        // Nothing that was chosen for it is dropped.
        let asked = stage.world().look(|state| state.providers.calls.back().unwrap().body.to_string());
        assert!(asked.contains("programmer"), "{asked}");
        mia.runs("/ask prompt:count provider:openai once:true").await;
        assert_snapshot!(mia.submits(&[("prompt", "count"), ("key", &good("groq"))]).await, @"
        (only you) That looks like a key of Groq, not of OpenAI, so I sent it to nobody. Nothing was asked.
        For a key of Groq: `/ask once:True provider:groq`.
        > count
        [Type the key again]
        ");
        mia.runs("/ask prompt:count provider:openai once:true").await;
        assert_snapshot!(mia.submits(&[("prompt", "count"), ("key", &crate::tests::bad("openai"))]).await, @"
        (only you) OpenAI turned down the key that you typed for this ask. It was not stored, and no other key paid. Check it at <https://platform.openai.com/api-keys> and ask again.
        > count
        [Type the key again]
        ");
        assert!(!stage.omar().reads_channel().contains("could not answer"));
    })
    .await;
}

#[tokio::test]
async fn programs_are_cleaned_for_and_refused_alike() {
    run(async |stage| {
        let program = Program::of(stage, &stage.mia(), "scopes:chat,keys:read,keys:write").await;
        let store = async |key: String| {
            let body = json!({"provider": "openai", "key": key});
            send(program.call("POST", "/api/v1/api-keys").json(&body)).await
        };
        let said = store(format!("\"Bearer {}\"", good("openai"))).await.json();
        assert_eq!(said["removed"], json!(["scheme", "quotes"]));
        let said = store(good("anthropic")).await.json();
        assert_eq!(said["error"]["code"], "key_for_another_provider", "{said}");
        let said = store("ghp_madeupmadeupmadeupmadeup".into()).await.json();
        assert_eq!(said["error"]["code"], "not_a_key", "{said}");
        let body = json!({"model": "openai/gpt-6-luna", "messages": [{"role": "user", "content": "count"}]});
        let call = |key: String| program.call("POST", "/v1/chat/completions").header("x-openai-key", key).json(&body);
        assert_eq!(send(call(format!("Bearer {}", good("openai")))).await.status, 200);
        let said = send(call(good("groq"))).await;
        assert!(said.text.contains("key_for_another_provider"), "{}", said.text);
        assert!(sent(stage, "openai").iter().all(|key| *key == good("openai")));
    })
    .await;
}

/// Names are kept and shown as they are, wherever they are typed.
#[tokio::test]
async fn a_key_is_no_name() {
    run(async |stage| {
        let mia = stage.mia();
        let key = "sk-0123456789abcdef0123456789abcdef";
        let add = format!("/keys add provider:openai scope:user name:{key}");
        assert_snapshot!(mia.runs(&add).await, @"(only you) That name looks like a key or another secret. Names are kept and shown as they are, so nothing was stored. Run the command again with a plain name, such as `laptop`, or without one. A key belongs only into the form for it. If what you typed is a real key, replace it where you got it.");
        let token = format!("/token create name:my {key}");
        assert!(mia.runs(&token).await.contains("looks like a key"));
        let program = Program::of(stage, &mia, "scopes:chat,keys:read,keys:write").await;
        let keys = "/api/v1/api-keys";
        let mut new = json!({"provider": "openai", "key": good("openai"), "name": key});
        let said = program.posts(keys, &new).await;
        assert_eq!(said.code(), "400 secret_as_name");
        assert!(!said.text.contains(key));
        new["name"] = "work laptop".into();
        let stored = program.posts(keys, &new).await.json();
        let one = format!("{keys}/{}", stored["key"]["id"].as_str().unwrap());
        let renamed = json!({"name": format!("home={key}")});
        let said = send(program.call("PATCH", &one).json(&renamed)).await;
        assert_eq!(said.code(), "400 secret_as_name");
        let listed = mia.runs("/keys list").await + &mia.runs("/token list").await;
        assert!(listed.contains("work laptop") && !listed.contains(key), "{listed}");
    })
    .await;
}
