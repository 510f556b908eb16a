//! What is taken for a key, and what passes.

use super::*;

/// What is left of a text; none where no key stood in it.
fn rest_of(text: &str) -> Option<String> {
    without_keys(text).map(|rest| rest.text)
}

fn says_no_more(text: &str) -> bool {
    let rest = WithoutKeys {
        text: text.to_owned(),
        kinds: TypedKinds::default(),
    };
    rest.says_no_more()
}

#[test]
fn a_key_is_taken_out_of_words() {
    for key in [
        "sk-proj-Made0Up1Made0Up1Made0Up1_made-up",
        "sk-ant-api03-Made0Up1-made_up0made0up1AA",
        "sk-or-v1-made0up1made0up1made0up1",
        "csk-made0up1made0up1made0up1",
        "AIzaMadeUp0192837465madeup",
        "AQ.MadeUp0192837465madeup-x",
        "gsk_Made0Up1Made0Up1Made0Up1",
        "xai-Made0Up1Made0Up1Made0Up1",
        "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",
        "nvapi-Made0Up1Made0Up1Made0Up1",
        "MTAwMDAwMTAwMDAyMDAwMDAw.GmadeU.madeupMadeup7madeup8madeupqw",
        "latchkey_madeupMadeup7madeup8madeupqwmadeup01",
        "ghp_madeupMadeupMadeupMadeupMadeupMadeup",
        "ghs_madeupMadeup7madeup8madeupqwmadeup01",
        "github_pat_madeupMadeup7madeup8_madeupqwmadeup01",
        "AKIAMADEUPKQWZTYVBXC",
        "glpat-madeupMadeup7madeup",
        "xoxb-0918273645-madeupMadeup7",
        "sk_live_madeupMadeup7madeup8",
        "npm_madeupMadeup7madeup8madeupqwmadeup01",
        "eyJtYWRlVXAiOjF9.eyJ1cCI6Im1hZGUifQ.madeupMadeup7madeup8",
        "-----BEGIN PRIVATE KEY-----\nMIImadeupMadeup7madeup8madeupqwmadeup01MadeupMadeup\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\\nMIImadeupMadeup7madeup8madeupqwmadeup01MadeupMadeup\\n-----END RSA PRIVATE KEY-----",
    ] {
        for (text, plain) in [
            ("% what is wrong?", "[key removed] what is wrong?"),
            ("my key is %.", "my key is [key removed]."),
            ("my key is %. Why?", "my key is [key removed]. Why?"),
            ("api_key=\"%\"", "api_key=\"[key removed]\""),
            ("`%`\nand %", "`[key removed]`\nand [key removed]"),
            ("||%||", "||[key removed]||"),
        ] {
            let text = text.replace('%', key);
            assert_eq!(rest_of(&text).as_deref(), Some(plain), "{text}");
        }
    }
}

#[test]
fn what_stands_for_a_key_passes() {
    for text in [
        "client = OpenAI(api_key=\"sk-...\")",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-proj-XXXXXXXXXXXXXXXXXXXXXXXX",
        "sk-ant-api03-your-key-goes-here-1234",
        "sk-1234567890abcdef1234567890abcdef",
        "export GROQ_API_KEY=gsk_yourkeyhere0000000000",
        "sk-proj-Made0Up1Made0Up1…",
        "sk-proj-Made0Up1Made0Up1...",
        "sk-proj-Made0Up1****up01",
        "pip install sk-learn-intelex-extension",
        "a task-management-system-for-2027-and-2028",
        "hf_transfer_is_a_library_for_downloads",
        "gpt-6-luna and claude-haiku-5-5",
        "no key at all",
        "api_key = os.environ[\"MISTRAL_API_KEY\"]",
        "const token = process.env.MISTRAL_API_KEY_2024_V123;",
        "token = getUserAccessToken2024(request1, request2)",
        "MISTRAL_API_KEY=your-mistral-api-key-1234567",
        "SECRET_KEY = 'django-insecure-0qz7w8x9v1b2n3m4k5'",
        "TOKEN=my-super-secret-token-2024-v1",
        "API_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "API_KEY=<your key>, secret: ${{ secrets.API_KEY_2024_123 }}",
        "max_tokens=16384, tokens: 123456789012345678901234",
        "\"nextPageToken\": \"CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA\"",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "key: d41d8cd98f00b204e9800998ecf8427e",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\nMIImadeupMadeup7madeup8madeupqwmadeup01MadeupMadeup\n-----END PUBLIC KEY-----",
        "why does password: correct-horse-battery-staple-2024 fail",
        "",
    ] {
        assert_eq!(rest_of(text), None, "{text}");
    }
}

#[test]
fn a_key_with_its_name_asks_nothing() {
    for text in [
        "[key removed]",
        "<@12> [key removed]",
        "OPENAI_API_KEY=[key removed]",
        "key: `[key removed]`, \"[key removed]\"",
        "export MISTRAL_API_KEY=\"[key removed]\"",
        "{\"apiKey\": \"[key removed]\"}",
        "Authorization: Bearer [key removed]",
    ] {
        assert!(says_no_more(text), "{text}");
    }
    for text in [
        "[key removed] is wrong",
        "why? [key removed]",
        "日本 [key removed]",
    ] {
        assert!(!says_no_more(text), "{text}");
    }
}

#[test]
fn a_key_that_is_broken_up_is_taken_out() {
    const LEFT: &str = "my key [key removed] is refused";
    for text in [
        "my key sk-proj-Made0Up1\u{200b}Made0Up1\u{200b}Made0Up1 is refused",
        "my key sk\u{2060}-proj-Made\u{ad}0Up1Made0Up1Made0\u{feff}Up1 is refused",
        "my key sk-proj-Made0Up1**Made0Up1**Made0Up1 is refused",
        "my key sk-proj-Made0Up1*Made0Up1*Made0Up1 is refused",
        "my key gsk_Made0Up1`Made0Up1`Made0Up1 is refused",
        "my key gsk_Made0Up1__Made0Up1__Made0Up1 is refused",
        "my key gsk_Made0Up1_Made0Up1_Made0Up1 is refused",
        "my key gsk\\_Made0Up1Made0Up1Made0Up1 is refused",
        "my key AIzaMade||Up0192837465||madeup is refused",
        "my key ghp_madeup~~Madeup7~~madeup8madeupqwmadeup01 is refused",
        "my key sk-proj-Made0Up1Made0\nUp1Made0Up1 is refused",
        "my key sk-ant-api03\n-Made0Up1-made_up0made0up1AA is refused",
        "my key sk-or-v1-made0up1ma\r\n  de0up1made0up1 is refused",
    ] {
        assert_eq!(rest_of(text).as_deref(), Some(LEFT), "{text}");
    }
    for (text, left) in [
        (
            "***sk-proj-Made0Up1Made0Up1Made0Up1*** why",
            "***[key removed]*** why",
        ),
        ("**sk-proj-Made0Up1Made0Up1Made0Up1**", "**[key removed]**"),
        (
            "sk-proj-Made0Up1Made0Up1Made0Up1\npython3 app.py",
            "[key removed]\npython3 app.py",
        ),
    ] {
        assert_eq!(rest_of(text).as_deref(), Some(left), "{text}");
    }
}

#[test]
fn a_key_that_only_its_name_gives_away_is_taken_out() {
    const KEY: &str = "Qw7Made0Up1Made8Up2Made9Up3Zx";
    for text in [
        "MISTRAL_API_KEY=%",
        "export X_TOKEN=%",
        "export X_TOKEN='%' && python app.py",
        "\"apiKey\": \"%\",",
        "api_key: %",
        "my api key is %",
        "Authorization: Bearer %",
        "curl -H \"X-Api-Key: %\" https://api.example.org",
        "https://api.example.org/v1?api_key=%&x=1",
        "aws_secret_access_key = %",
        "client --api-key % --verbose",
        "NEXTAUTH_SECRET=%",
        "clientSecret := \"%\"",
    ] {
        let left = text.replace('%', MARK);
        let text = text.replace('%', KEY);
        assert_eq!(rest_of(&text), Some(left), "{text}");
    }
}

#[test]
fn each_kind_of_key_is_told_apart() {
    let kinds = |text: &str| {
        let kinds = without_keys(text).unwrap().kinds;
        (kinds.keys, kinds.tokens, kinds.others)
    };
    let token = "latchkey_madeupMadeup7madeup8madeupqwmadeup01";
    let key = "sk-proj-Made0Up1Made0Up1Made0Up1";
    assert_eq!(kinds(token), (false, true, false));
    assert_eq!(kinds(key), (true, false, false));
    assert_eq!(kinds(&format!("TOKEN={key}")), (true, false, false));
    assert_eq!(kinds(&format!("{token} {key}")), (true, true, false));
    for other in [
        "ghp_madeupMadeup7madeup8madeupqwmadeup01",
        "AKIAMADEUPKQWZTYVBXC",
        "MTAwMDAwMTAwMDAyMDAwMDAw.GmadeU.madeupMadeup7madeup8madeupqw",
        "DB_PASSWORD=Qw7Made0Up1Made8Up2Made9Up3Zx",
    ] {
        assert_eq!(kinds(other), (false, false, true), "{other}");
    }
}
