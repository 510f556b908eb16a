//! Keys as people paste them, in a table.

use proptest::prelude::*;

use super::*;
use crate::providers::Override;

/// Made-up keys, one for each provider whose keys have a shape of their own.
const KEYS: &[(&str, &str)] = &[
    ("openai", "sk-proj-Made0Up1Made0Up1Made0Up1_made-up"),
    ("openai", "sk-made0up1made0up1made0up1"),
    ("anthropic", "sk-ant-api03-Made0Up1-made_up0made0up1AA"),
    ("google", "AIzaMade0Up1Made0Up1Made0Up1"),
    ("google", "AQ.Made0Up1Made0Up1-Made0Up1"),
    ("openrouter", "sk-or-v1-made0up1made0up1made0up1"),
    ("xai", "xai-Made0Up1Made0Up1Made0Up1"),
    ("deepseek", "sk-made0up1made0up1made0up1"),
    ("groq", "gsk_Made0Up1Made0Up1Made0Up1"),
    ("cerebras", "csk-made0up1made0up1made0up1"),
    ("saladcloud", "salad_cloud_user_made0up1made0up1"),
    ("runpod", "rpa_MADE0UP1MADE0UP1made0up"),
    ("together", "tgp_v1_made0up1made0up1made0up1"),
    ("fireworks", "fw_made0up1made0up1made0up1"),
    ("perplexity", "pplx-made0up1made0up1made0up1"),
    ("nvidia", "nvapi-made0up1made0up1made0up1"),
    ("huggingface", "hf_madeupmadeupmadeupmadeup"),
    ("moonshot", "sk-made0up1made0up1made0up1"),
    ("minimax", "sk-api-made0up1made0up1made0up1"),
    ("qwen", "sk-made0up1made0up1made0up1"),
    ("vercel", "vck_made0up1made0up1made0up1"),
    ("lmstudio", "sk-lm-made0up1made0up1made0up1"),
];

fn read(provider: &str, typed: &str) -> Result<(String, Vec<Wrapping>), PasteProblem> {
    let own = Override {
        id: "acme".into(),
        base_url: Some("https://llm.acme.example/v1".into()),
        ..Override::default()
    };
    let proxy = Override {
        id: "proxy".into(),
        base_url: Some("https://proxy.acme.example/v1".into()),
        key_prefixes: vec!["sk-ant-".into(), "ghp_".into()],
        ..Override::default()
    };
    let added = if provider == "proxy" { proxy } else { own };
    let catalogue = Catalogue::new(&[added]).unwrap();
    let provider = catalogue.find(provider).unwrap();
    let read = read_pasted_key(&catalogue, provider, &SecretString::from(typed))?;
    Ok((read.secret.expose_secret().to_owned(), read.removed))
}

/// What is pasted around a key, and what is said to be taken out.
const AROUND: &[(&str, &str)] = &[
    ("KEY", ""),
    ("  KEY\r\n", ""),
    ("\"KEY\"", "Quotes"),
    ("'KEY'", "Quotes"),
    ("“KEY”", "Quotes"),
    ("‘KEY’", "Quotes"),
    ("„KEY“", "Quotes"),
    ("«KEY»", "Quotes"),
    ("\"KEY", "Quotes"),
    ("KEY”", "Quotes"),
    ("\\\"KEY\\\"", "Quotes"),
    ("<KEY>", "Brackets"),
    ("[KEY]", "Brackets"),
    ("`KEY`", "Formatting"),
    ("**KEY**", "Formatting"),
    ("||KEY||", "Formatting"),
    ("```\nKEY\n```", "Formatting"),
    ("```sh\nKEY\n```", "Formatting"),
    ("```KEY```", "Formatting"),
    ("Bearer KEY", "Scheme"),
    ("bearer\u{a0}KEY", "Scheme"),
    ("Authorization: Bearer KEY", "Name Scheme"),
    ("authorization:Bearer KEY", "Name Scheme"),
    ("-H \"Authorization: Bearer KEY\"", "Name Scheme Quotes"),
    ("--header 'x-api-key: KEY'", "Name Quotes"),
    ("x-api-key: KEY", "Name"),
    ("X-Goog-Api-Key:KEY", "Name"),
    ("SOME_API_KEY=KEY", "Name"),
    ("SOME_API_KEY = KEY", "Name"),
    ("SOME_API_KEY='KEY'", "Name Quotes"),
    ("export SOME_API_KEY=\"KEY\"", "Name Quotes"),
    ("$ export SOME_API_KEY=KEY", "Name"),
    ("set SOME_API_KEY=KEY", "Name"),
    ("setx SOME_API_KEY \"KEY\"", "Name Quotes"),
    ("$env:SOME_API_KEY = \"KEY\"", "Name Quotes"),
    ("ENV SOME_API_KEY KEY", "Name"),
    ("-e SOME_API_KEY=KEY", "Name"),
    ("const apiKey = \"KEY\";", "Name Quotes Punctuation"),
    ("api_key='KEY',", "Name Quotes Punctuation"),
    ("\"apiKey\": \"KEY\",", "Name Quotes Punctuation"),
    ("api_key: KEY", "Name"),
    ("My key: KEY", "Name"),
    ("{\"key\": \"KEY\"}", "Snippet"),
    (
        "{\"openai\": {\"apiKey\": \"KEY\", \"model\": \"made-up\"}}",
        "Snippet",
    ),
    ("[\"KEY\"]", "Snippet"),
    ("{ apiKey: \"KEY\" }", "Name Quotes Brackets"),
    ("openai:\n  api_key: KEY\n", "Name Snippet"),
    (
        "# settings\n[openai]\napi_key = \"KEY\"\nmodel = \"made-up\"\n",
        "Name Quotes Snippet",
    ),
    ("MODEL=made-up\nSOME_API_KEY=KEY\n", "Name Snippet"),
    ("\u{200b}KEY\u{200b}", "Invisible"),
    ("\u{feff}KEY", "Invisible"),
    ("\u{202a}KEY\u{202c}", "Invisible"),
    ("KEY\u{ad}", "Invisible"),
    ("\u{a0}KEY\u{3000}", ""),
    ("KEY\\n", "LineBreaks"),
    ("KEY,", "Punctuation"),
    ("My key is KEY, thanks", "Words"),
    (
        "curl https://api.example/v1/models -H \"Authorization: Bearer KEY\"",
        "Words",
    ),
    ("Here it is:\nKEY", "Words LineBreaks"),
];

#[test]
fn a_key_is_taken_out_of_what_is_around_it() {
    for (around, said) in AROUND {
        for (provider, key) in KEYS {
            let typed = put_key(around, key);
            let (found, removed) = read(provider, &typed)
                .unwrap_or_else(|problem| panic!("{provider}: {typed:?}: {problem:?}"));
            assert_eq!(found, *key, "{provider}: {typed:?}");
            let mut said: Vec<&str> = said.split_whitespace().collect();
            let mut named: Vec<String> = removed.iter().map(|it| format!("{it:?}")).collect();
            said.sort_unstable();
            named.sort_unstable();
            assert_eq!(named, said, "{typed:?}");
        }
    }
}

/// Puts the key where `KEY` stands alone, and not in a name.
fn put_key(around: &str, key: &str) -> String {
    let named = around.replace("API_KEY", "API_\u{1}").replace("KEY", key);
    named.replace('\u{1}', "KEY")
}

#[test]
fn a_wrapped_key_is_put_together() {
    for (provider, key) in KEYS {
        for at in [5, 12, 20] {
            for wrap in ["\n", "\r\n", "\n    ", "\u{2028}", "\u{200b}\n"] {
                let (head, tail) = key.split_at(at);
                let typed = format!("{head}{wrap}{tail}\n");
                assert_eq!(read(provider, &typed).unwrap().0, *key, "{typed:?}");
            }
        }
    }
    // A text processor makes dashes of hyphens.
    let dashed = "sk–ant—api03‑Made0Up1−made_up0made0up1AA";
    assert_eq!(read("anthropic", dashed).unwrap().0, KEYS[2].1);
}

#[test]
fn keys_without_a_shape_are_kept_as_they_are() {
    for key in [
        "MadeUpMadeUpMadeUpMadeUpMadeUp01",
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "made0up1-1234-5678:made0up1made0up1",
        "made.up+key/with_other~signs",
    ] {
        for provider in ["mistral", "acme", "ollama"] {
            assert_eq!(
                read(provider, key),
                Ok((key.to_owned(), Vec::new())),
                "{key}"
            );
        }
    }
    let named = "MISTRAL_API_KEY=QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    assert_eq!(
        read("mistral", named).unwrap().0,
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    );
}

#[test]
fn what_holds_no_key_or_several_is_refused() {
    use PasteProblem::{Empty, Malformed, Several};
    let (one, two) = (KEYS[0].1, KEYS[2].1);
    for (typed, problem) in [
        ("", Empty),
        (" \n\t", Empty),
        ("\u{200b}\u{feff}", Empty),
        ("\"\"", Empty),
        ("apiKey:", Empty),
        ("two words", Malformed),
        ("schlüssel", Malformed),
        // Half a key in two words may be a whole one that was wrapped.
        ("sk-proj-Made0Up1Made0Up1 Made0Up1Made0Up1", Malformed),
        (
            "sk-proj-MadeUpMadeUpMa deupmadeupmadeup0123456789",
            Malformed,
        ),
        (
            "sk-proj-MadeUpMadeUpMa\u{a0}deupmadeupmadeup0123456789",
            Malformed,
        ),
        (&format!("A_KEY={one}\nB_KEY={two}"), Several),
        (&format!("{one}\n{two}"), Several),
        (&format!("{one} or {two}"), Several),
        (
            &format!("{{\"a_key\": \"{one}\", \"b_key\": \"{two}\"}}"),
            Several,
        ),
    ] {
        assert_eq!(read("openai", typed).unwrap_err(), problem, "{typed:?}");
    }
}

#[test]
fn what_is_something_else_is_named() {
    use OtherSecret as O;
    let account = serde_json::json!({"type": "service_account", "project_id": "made-up",
        "private_key": "-----BEGIN PRIVATE KEY-----\nmadeup\n-----END PRIVATE KEY-----\n",
        "client_email": "made-up@made-up.example"});
    let client =
        serde_json::json!({"installed": {"client_id": "made-up", "client_secret": "made-up"}});
    let login =
        serde_json::json!({"claudeAiOauth": {"accessToken": "made-up", "refreshToken": "made-up"}});
    for (typed, other) in [
        (
            serde_json::to_string_pretty(&account).unwrap(),
            O::ServiceAccount,
        ),
        (account.to_string().replace('\n', " "), O::ServiceAccount),
        (client.to_string(), O::OauthClient),
        (login.to_string(), O::Login),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nmadeup".into(),
            O::PrivateKey,
        ),
        ("ya29.made-up-made-up-made-up".into(), O::Login),
        ("sk-ant-oat01-made-up-made-up-made".into(), O::Login),
        (
            "Bearer eyJtYWRlIjoidXAifQ.eyJtYWRlIjoidXAifQ.made-up".into(),
            O::Login,
        ),
        (
            "MTAwMDAwMDAwMDAwMDAwMDAw.GmadeU.madeupmadeupmadeupmadeupmadeup".into(),
            O::DiscordToken,
        ),
        (
            "DISCORD_TOKEN=MTAwMDAwMDAwMDAwMDAwMDAw.GmadeU.madeupmadeupmadeupmadeupmadeup".into(),
            O::DiscordToken,
        ),
        ("ghp_madeupmadeupmadeupmadeup".into(), O::GitHub),
        ("github_pat_madeupmadeupmadeup".into(), O::GitHub),
        (
            "r8_madeupmadeupmadeupmadeup".into(),
            O::Service("Replicate"),
        ),
        ("sk-admin-madeupmadeupmadeup".into(), O::AdminKey),
        ("sk-ant-admin01-madeupmadeup".into(), O::AdminKey),
        (
            "latchkey_madeupmadeupmadeupmadeupmadeup012345".into(),
            O::OurToken,
        ),
        ("https://platform.openai.com/api-keys".into(), O::Address),
        ("<https://console.groq.com/keys>".into(), O::Address),
    ] {
        assert_named(&typed, other);
    }
    // An operator's own provider may take what others do not.
    for token in [
        "ghp_madeupmadeupmadeupmadeup",
        "eyJtYWRl.eyJtYWRl.made-up-made-up",
    ] {
        assert_eq!(read("acme", token).unwrap().0, token);
    }
    assert!(read("acme", &account.to_string()).is_err());
}

/// No provider takes it, and each says what it is.
fn assert_named(typed: &str, other: OtherSecret) {
    for provider in ["openai", "google", "mistral", "groq"] {
        let found = read(provider, typed).unwrap_err();
        assert_eq!(found, PasteProblem::Other(other), "{provider}: {typed:?}");
    }
}

#[test]
fn what_stands_in_the_place_of_a_key_is_named() {
    use OtherSecret as O;
    for (typed, other) in [
        ("sk-proj-...made", O::Masked),
        ("sk-made****madeup", O::Masked),
        ("sk-made…madeup", O::Masked),
        ("sk-proj-AbCd****", O::Masked),
        ("****Made0Up1", O::Masked),
        ("sk-proj-****AbCd", O::Masked),
        ("org-MadeUpMadeUpMadeUp", O::AccountId),
        ("proj_MadeUpMadeUpMadeUp", O::AccountId),
        ("whsec_MadeUpMadeUpMadeUp", O::WebhookSecret),
        ("OPENAI_API_KEY=", O::Placeholder),
        ("Authorization: Bearer", O::Placeholder),
        ("Authorization: Bearer ", O::Placeholder),
        ("Bearer", O::Placeholder),
        ("x-api-key:", O::Placeholder),
        ("api_key=\"\"", O::Placeholder),
        ("OPENAI_API_KEY", O::Placeholder),
        ("$OPENAI_API_KEY", O::Placeholder),
        ("OPENAI_API_KEY=your-api-key", O::Placeholder),
        ("sk-xxxxxxxxxxxxxxxxxxxx", O::Placeholder),
        ("process.env.OPENAI_API_KEY", O::Placeholder),
    ] {
        assert_named(typed, other);
    }
}

/// What else may be around a key: code, links, markup, other scripts.
const ODDLY_AROUND: &[&str] = &[
    "Anthropic(api_key=\"%\")",
    "<code>%</code>",
    "Bearer%20%",
    "%%0A",
    "密钥：%",
    "密钥：%。",
    "%.",
    "%!",
    "%?",
    "\"%\".",
    "apiKey:\"%\"",
    "{apiKey:'%'}",
    "x-api-key=%;",
    "\"%\"}",
    "https://user:%@api.example",
    "https://api.example/v1?key=%&x=1",
    "?key=%",
    "~~%~~",
    "__%__",
    "***%***",
    "_%_",
    "*%",
    "$%",
    "@%",
    "#%",
    "=%",
    ":%",
    "/%/",
    "\\\"%\\\"",
    "\\u0022%\\u0022",
    "&quot;%&quot;",
    "&#34;%&#34;",
    "process.env.K=\"%\"",
    "os.environ[\"K\"]=\"%\"",
    "curl -H\"x-api-key:%\"",
    "--header=x-api-key:%",
    "SOME_API_KEY=%\\nFOO=1",
    "[key](%)",
    "<%|x>",
    "\"K\":\"%\",\"z\":1",
    "set_key(\"%\")",
    "secrets/%",
    "→%",
    "✅%",
    "🔑%",
    "%✅",
    "K->%",
    "\\%",
    "$(echo %)",
    "1)%",
    "key:%:end",
    "base64,%",
    "KEY-%",
    "K|%|x",
    "%\n%",
    "% %",
    "Here:\nset_key(\"%\")\nthanks",
];

#[test]
fn a_key_is_found_in_code_links_and_markup() {
    for around in ODDLY_AROUND {
        for (provider, key) in KEYS {
            let typed = put_in(around, key);
            let found = read(provider, &typed).map(|found| found.0);
            assert_eq!(found.as_deref(), Ok(*key), "{provider}: {typed:?}");
        }
    }
}

/// Puts a key in the place of each `%` that begins no written-out character.
fn put_in(around: &str, key: &str) -> String {
    let kept = around.replace("%20", "\u{1}").replace("%0A", "\u{2}");
    let put = kept.replace('%', key);
    put.replace('\u{1}', "%20").replace('\u{2}', "%0A")
}

#[test]
fn another_providers_key_is_sent_to_nobody_whatever_is_around_it() {
    let more = [
        "sk-%", "%…", "…%", "%...", "x%", "a %, b %", "%/", "%=", "+%",
    ];
    let catalogue = Catalogue::new(&[]).unwrap();
    let secrets = [
        "ghp_madeupmadeupmadeupmadeup",
        "r8_madeupmadeupmadeupmadeup",
    ];
    for around in ODDLY_AROUND.iter().chain(&more) {
        for (_, key) in KEYS {
            let is_glued = *around == "x%" && !key.starts_with("sk-ant-");
            for provider in catalogue.iter().filter(|_| !is_glued) {
                let owned = catalogue.owners_of_shape(key);
                if owned.iter().any(|owner| owner.id == provider.id) {
                    continue;
                }
                let typed = put_in(around, key);
                // Two vendors' beginnings in one: theirs that is better known.
                let is_both = *around == "sk-%" && !key.starts_with("sk-ant-");
                let found = read(provider.id.as_str(), &typed);
                assert!(found.is_err() || is_both, "{}: {typed:?}", provider.id);
            }
        }
        for secret in secrets.iter().filter(|_| !matches!(*around, "x%")) {
            let typed = put_in(around, secret);
            assert!(read("openai", &typed).is_err(), "{typed:?}");
        }
    }
    for key in ["x-AIzaMade0Up1Made0Up1", "user:sk-ant-api03-Made0Up1Made"] {
        assert!(read("mistral", key).is_err());
    }
}

#[test]
fn a_key_of_another_provider_is_never_taken() {
    for (owner, key) in KEYS {
        for provider in Catalogue::new(&[]).unwrap().iter() {
            let found = read(provider.id.as_str(), key);
            let owners: Vec<&str> = KEYS
                .iter()
                .filter(|it| it.1 == *key)
                .map(|it| it.0)
                .collect();
            if owners.contains(&provider.id.as_str()) {
                assert_eq!(found.unwrap().0, *key);
                continue;
            }
            let Err(PasteProblem::KeyOf(of)) = found else {
                panic!("{}: a key of {owner}: {found:?}", provider.id);
            };
            let of: Vec<&str> = of.iter().map(ProviderId::as_str).collect();
            assert_eq!(of, owners, "{}", provider.id);
        }
    }
    // Where an operator says that such keys are meant for a provider, they
    // are; where the shape is shared, an own provider may be meant.
    assert!(read("proxy", KEYS[2].1).is_ok());
    assert!(read("proxy", "ghp_madeupmadeupmadeupmadeup").is_ok());
    assert!(read("anthropic", KEYS[2].1).is_ok());
    assert!(read("acme", KEYS[2].1).is_err());
    assert!(read("acme", KEYS[1].1).is_ok());
}

proptest! {
    /// No text makes it panic, and what it finds is what a key can be.
    #[test]
    fn whatever_is_pasted_is_a_key_or_a_no(typed in ".{0,300}", provider in 0..KEYS.len()) {
        if let Ok((key, _)) = read(KEYS[provider].0, &typed) {
            prop_assert!(!key.is_empty() && key.chars().all(|c| c.is_ascii_graphic()));
        }
    }

    /// A key in layers of what people paste is found, whatever their order.
    #[test]
    fn layers_in_any_order_are_taken_off(
        layers in prop::collection::vec(0_usize..7, 0..5),
        which in 0..KEYS.len(),
    ) {
        let (provider, key) = KEYS[which];
        let mut typed = key.to_owned();
        for layer in layers {
            typed = match layer {
                0 => format!("\"{typed}\""),
                1 => format!("`{typed}`"),
                2 => format!("“{typed}”"),
                3 => format!("\u{200b} {typed}\u{feff}"),
                4 => format!("<{typed}>"),
                5 => format!(" {typed},\n"),
                _ => format!("SOME_API_KEY={typed}"),
            };
        }
        prop_assert_eq!(read(provider, &typed).unwrap().0, key, "{:?}", typed);
    }
}
