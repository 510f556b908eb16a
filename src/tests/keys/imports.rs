//! Importing keys from a `.env` file: what is found, what is checked, and what
//! is stored once its person has chosen.

use latchkey_emulator::Attachment;
use latchkey_emulator::providers::{ProviderFault, Standing, sample};
use secrecy::SecretString;

use crate::app::{ChosenKeys, Error, ImportOutcome, KeyImport, WhySkipped, nobody_else};
use crate::model::{Caller, KeyId, PersonId, Place, Scope, ServerId};
use crate::tests::{Actor, Stage, bad, good, run, without_seconds_left};

fn mia(stage: &Stage) -> Caller {
    nobody_else(PersonId(stage.scene.member))
}

async fn imports(stage: &Stage, caller: &Caller, file: &str) -> KeyImport {
    let app = stage.app().await;
    let file = SecretString::from(file);
    app.keys
        .begin_import(caller, Scope::User, file)
        .await
        .unwrap()
}

/// Has as many keys checked as one person may in an hour.
async fn uses_up_checks(stage: &Stage, person: &Actor<'_>) {
    for _ in 0..4 {
        for _ in 0..5 {
            person.adds("openai", "user", &bad("openai")).await;
        }
        stage.clock.advance_ms(60_000);
    }
}

fn told(import: &KeyImport) -> String {
    let keys = import.keys.iter().map(|key| {
        let variable = key.variable.as_deref().unwrap_or("-");
        let hint = key.hint.as_deref().unwrap_or("-");
        let health = key.health.map_or("not checked", |health| health.as_str());
        let (provider, replaces) = (&key.provider, key.replaces.is_some());
        let chosen = key.id.map_or("", |_| " can be chosen");
        format!("{provider} {variable} …{hint} {health} replaces={replaces}{chosen}")
    });
    let skipped = import.skipped.iter();
    let skipped = skipped.map(|it| format!("line {} {:?} {:?}", it.line, it.variable, it.why));
    keys.chain(skipped).collect::<Vec<_>>().join("\n")
}

fn ids(import: &KeyImport) -> Vec<KeyId> {
    import.keys.iter().filter_map(|key| key.id).collect()
}

fn outcomes(outcomes: &[ImportOutcome]) -> String {
    let told = outcomes.iter().map(|outcome| match outcome {
        ImportOutcome::Stored { key, replaced } => {
            format!(
                "{} stored {} replaced={replaced}",
                key.provider,
                key.health.as_str()
            )
        }
        // How many of its seconds are over depends on the machine.
        ImportOutcome::Later {
            provider,
            retry_after_s: 1..=60,
        } => format!("{provider} later, within a minute"),
        other => format!("{other:?}"),
    });
    told.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_file_is_read_checked_and_what_is_wanted_is_stored() {
    run(async |stage| {
        let (app, mia) = (stage.app().await, mia(stage));
        let old = format!("{}-old", good("groq"));
        stage.mia().adds("groq", "user", &old).await;
        let file = format!(
            "# my keys\r\nexport OPENAI_API_KEY=\"{}\"\r\nGROQ_KEY={}\r\nMISTRAL_API_KEY={}\r\nDATABASE_URL=postgres://made.up/x\r\nCEREBRAS_API_KEY=your-key-here\r\n",
            good("openai"),
            good("groq"),
            bad("mistral"),
        );
        let import = imports(stage, &mia, &file).await;
        insta::assert_snapshot!(told(&import), @r#"
        openai OPENAI_API_KEY …6789 valid replaces=false can be chosen
        groq GROQ_KEY …6789 valid replaces=true can be chosen
        mistral MISTRAL_API_KEY …6789 refused replaces=false
        line 5 Some("DATABASE_URL") AnotherSetting
        line 6 Some("CEREBRAS_API_KEY") NoKey(Key(NotAKey { what: Placeholder, wanted: ProviderId("cerebras"), goal: Stored(User) }))
        "#);
        // The same after the page was loaded again, without what was not kept.
        let again = app.keys.show_import(&mia, &import.id).await.unwrap();
        assert_eq!(again.keys.len(), 2);
        let only_openai = &ids(&import)[..1];
        let stored = app.keys.finish_import(&mia, &import.id, &ChosenKeys::checked(only_openai)).await;
        assert_eq!(outcomes(&stored.unwrap()), "openai stored valid replaced=false");
        let answered = stage.mia().runs("/ask prompt:hello provider:openai").await;
        assert!(answered.contains("personal key"), "{answered}");
        assert_eq!(stage.keys_that_paid("openai"), [good("openai")]);
        // The rest is forgotten.
        let gone = app.keys.show_import(&mia, &import.id).await;
        assert!(matches!(gone, Err(Error::Refused(_))));
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_sealed_for_one_person_and_ends() {
    run(async |stage| {
        let (app, mia) = (stage.app().await, mia(stage));
        let file = format!("OPENAI_API_KEY={}", good("openai"));
        let import = imports(stage, &mia, &file).await;
        let zoe = nobody_else(PersonId(stage.scene.stranger));
        let elsewhere = Caller {
            place: Place::Server(ServerId(1)),
            ..mia.clone()
        };
        for other in [&zoe, &elsewhere] {
            let refused = app
                .keys
                .finish_import(other, &import.id, &ChosenKeys::checked(&ids(&import)))
                .await;
            assert!(matches!(refused, Err(Error::Refused(_))));
        }
        let bytes = std::fs::read(stage.database()).unwrap();
        let wal = std::fs::read(stage.database().with_extension("db-wal")).unwrap_or_default();
        let key = good("openai");
        for stored in [bytes, wal] {
            assert!(!stored.windows(key.len()).any(|part| part == key.as_bytes()));
        }
        // Moved to where stored keys are, the seal does not open.
        let open = || rusqlite::Connection::open(stage.database()).unwrap();
        let moved = "insert into provider_key (key_id, scope, owner_id, provider, sealed, \
             master_kid, health, paused, added_by, added_at_ms) select imported_key_id, 'user', \
             person_id, provider, sealed, (select master_kid from master_key), 'valid', 0, \
             person_id, 0 from imported_key";
        assert_eq!(open().execute(moved, []).unwrap(), 1);
        let told = stage
            .mia()
            .runs("/keys test provider:openai scope:user")
            .await;
        assert!(told.contains("can't be opened"), "{told}");
        let ended = "update imported_key set expires_at_ms = 1";
        open().execute(ended, []).unwrap();
        let late = app.keys.show_import(&mia, &import.id).await;
        assert!(matches!(late, Err(Error::Refused(_))));
        app.sweep().await.unwrap();
        let left = "select count(*) from imported_key";
        let left: i64 = open().query_row(left, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
    })
    .await;
}

#[tokio::test]
async fn keys_over_the_limit_wait_and_one_of_two_is_stored() {
    run(async |stage| {
        let (app, mia) = (stage.app().await, mia(stage));
        for silent in ["openai", "anthropic", "groq", "xai", "cerebras"] {
            stage.fails(silent, ProviderFault::Html(502));
        }
        let providers = ["openai", "anthropic", "groq", "xai", "cerebras", "mistral"];
        let file = providers.map(|id| {
            let variable = id.to_uppercase();
            format!("{variable}_API_KEY={}\n", good(id))
        });
        let file = format!("{}OPENAI_KEY_2={}-two\n", file.concat(), good("openai"));
        let import = imports(stage, &mia, &file).await;
        insta::assert_snapshot!(told(&import), @"
        openai OPENAI_API_KEY …6789 unverified replaces=false can be chosen
        anthropic ANTHROPIC_API_KEY …6789 unverified replaces=false can be chosen
        groq GROQ_API_KEY …6789 unverified replaces=false can be chosen
        xai XAI_API_KEY …6789 unverified replaces=false can be chosen
        cerebras CEREBRAS_API_KEY …6789 unverified replaces=false can be chosen
        mistral MISTRAL_API_KEY …6789 not checked replaces=false can be chosen
        openai OPENAI_KEY_2 …-two not checked replaces=false can be chosen
        ");
        let stored = app
            .keys
            .finish_import(&mia, &import.id, &ChosenKeys::checked(&ids(&import)))
            .await;
        insta::assert_snapshot!(outcomes(&stored.unwrap()), @r#"
        openai stored unverified replaced=false
        anthropic stored unverified replaced=false
        groq stored unverified replaced=false
        xai stored unverified replaced=false
        cerebras stored unverified replaced=false
        mistral later, within a minute
        OneOfTwo(ProviderId("openai"))
        "#);
        let left = app.keys.show_import(&mia, &import.id).await.unwrap();
        insta::assert_snapshot!(told(&left), @"mistral MISTRAL_API_KEY …6789 not checked replaces=false can be chosen");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_too_large_or_for_another_owner_is_refused() {
    run(async |stage| {
        let (app, mia) = (stage.app().await, mia(stage));
        let large = SecretString::from("#".repeat(70_000));
        let refused = app.keys.begin_import(&mia, Scope::User, large).await;
        assert!(matches!(refused, Err(Error::Refused(_))));
        let server = app
            .keys
            .begin_import(&mia, Scope::Guild, SecretString::from("A=b"));
        assert!(matches!(server.await, Err(Error::Refused(_))));
    })
    .await;
}

#[tokio::test]
async fn of_too_many_keys_the_first_are_taken_and_the_others_named() {
    run(async |stage| {
        let mia = mia(stage);
        let line = |number| format!("gsk_made{number:03}up0made0up1made0up\n");
        let file: String = (0..50).map(line).collect();
        let import = imports(stage, &mia, &file).await;
        assert_eq!(import.keys.len(), 40);
        let skipped: Vec<usize> = import.skipped.iter().map(|it| it.line).collect();
        assert_eq!(skipped, (41..=50).collect::<Vec<_>>());
        let mut whys = import.skipped.iter().map(|it| &it.why);
        assert!(whys.all(|why| *why == WhySkipped::TooMany("groq".into())));
        // Nobody's provider is asked about those.
        assert!(stage.calls() <= 40);
    })
    .await;
}

#[tokio::test]
async fn what_is_stored_already_stands_twice_or_tells_no_provider_is_named_so() {
    run(async |stage| {
        let omar = stage.omar();
        let two = format!(
            "GROQ_API_KEY={}\nGROQ_KEY_2={}2\n",
            good("groq"),
            good("groq")
        );
        omar.runs("/keys import").await;
        insta::assert_snapshot!(omar.submits(&[("lines", &two)]).await, @"
        (only you) I found 1 key that can be stored. Nothing is stored yet, and it waits for 15 minutes.
        - **Groq** `…6789` · works
        - **Groq** `…7892` · works · left out: there is one key for each provider, and the one above is taken
        [Store them]
        [Forget them]
        ");
        insta::assert_snapshot!(omar.presses("Store them").await, @"(only you) Stored the personal key: **Groq** `…6789`.");
        let first = format!("GROQ_API_KEY={}", good("groq"));
        omar.runs("/keys import").await;
        insta::assert_snapshot!(omar.submits(&[("lines", &first)]).await, @"
        (only you) What I found is stored already, so nothing changed.
        - **Groq** `…6789` · works · stored already
        ");
        let mixed = format!("{first}\nMISTRAL_API_KEY={}", bad("mistral"));
        omar.runs("/keys import").await;
        insta::assert_snapshot!(omar.submits(&[("lines", &mixed)]).await, @"
        (only you) Nothing of this is new and can be stored. Make new ones of those that can't at their providers, and run `/keys import` again.
        - **Groq** `…6789` · works · stored already
        - **Mistral** `…6789` · refused by the provider
        [Add several keys]
        ");
        omar.runs("/keys import").await;
        let shared = "sk-made0up1made0up1made0up1";
        insta::assert_snapshot!(omar.submits(&[("lines", shared)]).await, @"
        (only you) Nothing is stored: I can't tell whose this is, and sent it to nobody.
        - Whose is the key in line 1? Keys of OpenAI, DeepSeek, Moonshot AI or Qwen begin so. Paste it again by the button of its provider or with `/keys add provider:…`, or write a name before it, such as `DEEPSEEK_API_KEY=`.
        ");
        insta::assert_snapshot!(omar.offers(), @"[Add a key for DeepSeek] [Add a key for Moonshot AI] [Add a key for OpenAI] [Add a key for Qwen] [Add a key]");
        omar.runs("/keys import").await;
        let beside = format!("MISTRAL_API_KEY={}\n{shared}", good("mistral"));
        omar.submits(&[("lines", &beside)]).await;
        insta::assert_snapshot!(omar.offers(), @"[Store them] [Forget them] [Add a key for DeepSeek] [Add a key for Moonshot AI] [Add a key for OpenAI] [Add a key for Qwen]");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_too_large_or_empty_is_called_so() {
    run(async |stage| {
        let omar = stage.omar();
        let mut told = Vec::new();
        let picture = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        for (name, bytes) in [
            (".env", b"# made up\n".repeat(8_192)),
            (".env", Vec::new()),
            ("keys.png", picture),
            ("keys.zip", b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec()),
        ] {
            omar.runs("/keys import").await;
            let file = Attachment::uploaded(name, &bytes);
            let id = stage.world().keep_upload(omar.person, file).to_string();
            told.push(omar.submits(&[("file", &id)]).await);
        }
        omar.runs("/keys import").await;
        told.push(omar.submits(&[("lines", " ")]).await);
        insta::assert_snapshot!(told.join("\n"), @"
        (only you) I could not read that file: it has 80 kB, and text files may have up to 64 kB. I looked for no key in it, and nothing was stored. Run `/keys import` again with another file, or paste its lines.
        [Add several keys]
        (only you) I could not read that file: it is empty. I looked for no key in it, and nothing was stored. Run `/keys import` again with another file, or paste its lines.
        [Add several keys]
        (only you) That file holds no text, so I looked for no key in it, and nothing was stored. Run `/keys import` again with a text file such as a `.env` file, or paste its lines.
        [Add several keys]
        (only you) That file holds no text, so I looked for no key in it, and nothing was stored. Run `/keys import` again with a text file such as a `.env` file, or paste its lines.
        [Add several keys]
        (only you) No lines were pasted and no file was chosen, so there was nothing to look at. Run `/keys import` again.
        [Add several keys]
        ");
    })
    .await;
}

#[tokio::test]
async fn keys_that_wait_for_their_check_wait_as_long_as_that_takes() {
    run(async |stage| {
        let mia = stage.mia();
        uses_up_checks(stage, &mia).await;
        mia.runs("/keys import").await;
        let lines = format!("GROQ_API_KEY={}", good("groq"));
        let found = mia.submits(&[("lines", &lines)]).await;
        insta::assert_snapshot!(without_seconds_left(&found), @"
        (only you) I found 1 key. Nothing is stored yet. It can be checked in 56 minutes, and waits for 15 minutes more.
        - **Groq** `…6789` · not checked yet
        [Store them]
        [Forget them]
        ");
        let later = mia.presses("Store them").await;
        assert!(later.contains("Press the button again in"), "{later}");
        // Past the quarter of an hour for which others wait.
        stage.clock.advance_ms(57 * 60_000);
        stage.app().await.sweep().await.unwrap();
        insta::assert_snapshot!(mia.presses("Store them").await, @"(only you) Stored the personal key: **Groq** `…6789`.");
    })
    .await;
}

/// What is accepted gives its place back, within one import too.
#[tokio::test]
async fn keys_that_are_accepted_are_all_checked_however_many_they_are() {
    run(async |stage| {
        let mia = mia(stage);
        let providers = [
            "groq",
            "openai",
            "mistral",
            "cerebras",
            "deepseek",
            "xai",
            "anthropic",
        ];
        let lines = providers.map(|id| format!("{}_API_KEY={}\n", id.to_uppercase(), good(id)));
        let file = format!("{}GROQ_KEY_2={}2\n", lines.concat(), good("groq"));
        for silent in ["openai", "mistral", "cerebras", "deepseek"] {
            stage.fails(silent, ProviderFault::Html(502));
        }
        // One place is left, in which one follows the other.
        let import = imports(stage, &mia, &file).await;
        assert_eq!(import.checkable_in_s, None);
        let told = told(&import);
        assert!(!told.contains("not checked"), "{told}");
        assert_eq!(told.matches(" valid ").count(), 4, "{told}");
    })
    .await;
}

/// One is checked and can be stored; one is not, and so takes no place yet.
#[tokio::test]
async fn all_keys_that_wait_are_counted_where_some_are_not_checked() {
    run(async |stage| {
        let mia = stage.mia();
        let old = format!("{}-old", good("anthropic"));
        mia.adds("anthropic", "user", &old).await;
        for minute in 0..4 {
            for _ in 0..5 - usize::from(minute == 3) {
                mia.adds("openai", "user", &bad("openai")).await;
            }
            stage.clock.advance_ms(60_000);
        }
        mia.runs("/keys import").await;
        let lines = format!(
            "MISTRAL_API_KEY={}\nANTHROPIC_API_KEY={}",
            sample("mistral", Standing::Empty),
            good("anthropic")
        );
        let found = mia.submits(&[("lines", &lines)]).await;
        insta::assert_snapshot!(without_seconds_left(&found), @"
        (only you) I found 2 keys. Nothing is stored yet. Those that are not checked can be in 56 minutes, and all wait for 15 minutes more.
        - **Mistral** `…6789` · out of credit
        - **Anthropic** `…6789` · not checked yet · **Anthropic** `…-old` stays
        [Store them]
        [Forget them]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_not_checked_takes_no_place_and_is_not_called_unfit() {
    run(async |stage| {
        let mia = stage.mia();
        mia.adds("groq", "user", &format!("{}-old", good("groq"))).await;
        uses_up_checks(stage, &mia).await;
        mia.runs("/keys import").await;
        let lines = format!("GROQ_API_KEY={}", good("groq"));
        let found = mia.submits(&[("lines", &lines)]).await;
        insta::assert_snapshot!(without_seconds_left(&found), @"
        (only you) Nothing is stored: I can't ask about all of these right now, and no key makes way for one that is not checked. Run `/keys import` again in 56 minutes.
        - **Groq** `…6789` · not checked yet · **Groq** `…-old` stays
        [Add several keys]
        ");
    })
    .await;
}

#[tokio::test]
async fn of_presses_at_once_one_stores_and_the_others_change_nothing() {
    run(async |stage| {
        let (app, mia) = (stage.app().await, mia(stage));
        let file = format!(
            "GROQ_API_KEY={}\nGROQ_KEY_2={}2\n",
            good("groq"),
            good("groq")
        );
        let import = imports(stage, &mia, &file).await;
        let chosen = ChosenKeys::checked(&ids(&import));
        let press = || app.keys.finish_import(&mia, &import.id, &chosen);
        let (one, two, three) = tokio::join!(press(), press(), press());
        let mut told: Vec<String> = [one, two, three]
            .into_iter()
            .map(|pressed| match pressed {
                Ok(stored) => outcomes(&stored),
                Err(error) => error.to_string(),
            })
            .collect();
        told.sort();
        insta::assert_snapshot!(told.join("\n---\n"), @r#"
        groq stored valid replaced=false
        OneOfTwo(ProviderId("groq"))
        ---
        the form was used, is too old, or is somebody else's
        ---
        the form was used, is too old, or is somebody else's
        "#);
        let listed = stage.mia().runs("/keys list").await;
        assert!(listed.contains("`…6789`"), "{listed}");
    })
    .await;
}

#[tokio::test]
async fn a_key_that_was_left_out_is_stored_by_no_later_press() {
    run(async |stage| {
        let (app, mia) = (stage.app().await, mia(stage));
        let mut file = format!(
            "GROQ_API_KEY={}\nGROQ_KEY_2={}2\n",
            good("groq"),
            good("groq")
        );
        for id in ["openai", "mistral", "cerebras", "deepseek", "xai"] {
            let name = id.to_uppercase();
            file.extend([&name, "_API_KEY=", &good(id), "\n"]);
        }
        for silent in ["groq", "openai", "mistral", "cerebras", "deepseek"] {
            stage.fails(silent, ProviderFault::Html(502));
        }
        let import = imports(stage, &mia, &file).await;
        let chosen = ChosenKeys::checked(&ids(&import));
        let first = app.keys.finish_import(&mia, &import.id, &chosen).await;
        let first = outcomes(&first.unwrap());
        assert!(first.contains("groq stored unverified"), "{first}");
        assert!(first.contains("xai later"), "{first}");
        stage.clock.advance_ms(61_000);
        let second = app.keys.finish_import(&mia, &import.id, &chosen).await;
        let second = outcomes(&second.unwrap());
        assert!(!second.contains("groq"), "{second}");
        assert!(second.contains("xai stored valid"), "{second}");
    })
    .await;
}
