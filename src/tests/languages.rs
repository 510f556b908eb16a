//! People read the bot in the language of their app, or of their server.

use insta::assert_snapshot;
use latchkey_emulator::providers::Standing;
use regex::Regex;
use serde_json::Value;

use super::{Stage, bad, good, run};

/// Sets the language of a person's app.
fn set_locale(stage: &Stage, person: u64, locale: &str) {
    stage.world().with(|state| {
        let person = state.people.iter_mut().find(|it| it.id == person);
        locale.clone_into(&mut person.unwrap().locale);
    });
}

#[tokio::test]
async fn a_german_member_reads_german() {
    run(async |stage| {
        set_locale(stage, stage.scene.member, "de");
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/keys list").await, @"
        (only you) **Deine Schlüssel**
        Noch keine. Füge einen mit `/keys add scope:user` hinzu.
        Dieser Server hat keine Schlüssel.
        [menu: Eigenen Schlüssel hinzufügen]
        [Mit OpenRouter anmelden]
        ");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        (only you) Kein API-Schlüssel eingerichtet: Es gibt keinen Schlüssel für OpenAI, der hier zahlen kann.
        Füge deinen mit `/keys add provider:openai scope:user` hinzu; du bekommst einen auf <https://platform.openai.com/api-keys>.
        ");
        assert_snapshot!(mia.adds("openai", "user", &bad("openai")).await, @"
        (only you) Schlüssel ungültig: OpenAI akzeptiert diesen Schlüssel nicht, deshalb wurde er nicht gespeichert. Vielleicht wurde er nicht ganz kopiert, ist abgelaufen, oder mit seinem Konto stimmt etwas nicht. Erstelle auf <https://platform.openai.com/api-keys> einen neuen, dann drück den Button, oder nimm `/keys add provider:openai scope:user`.
        [OpenAI-Schlüssel hinzufügen]
        ");
        assert_snapshot!(mia.adds("openai", "user", &good("openai")).await, @"
        (only you) Gespeichert (persönlicher Schlüssel): **OpenAI** `…6789`.
        OpenAI akzeptiert ihn.
        Er zahlt überall für deine Anfragen an OpenAI, vor jedem Server-Schlüssel. Probier `/ask provider:openai`.
        ");
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        > hello

        You asked: hello
        This is a made-up model, so that is all it knows.
        -# OpenAI gpt-6-luna · 👤 persönlicher Schlüssel · 12 Token hinein, 14 heraus · < 0,0001 $
        [Nochmal]
        [Anderes Modell]
        [Details]
        ");
        let details = mia.presses("Details").await;
        let seconds = Regex::new(r"[0-9.,]+ s").unwrap();
        assert_snapshot!(seconds.replace_all(&details, "# s"), @"
        (only you) **gpt-6-luna**: 12 Token hinein, 14 heraus, < 0,0001 $.
        ```
        Token hinein  12  0,10 $ je Mio.
        Token heraus  14  0,50 $ je Mio.
        ```
        Summe: < 0,0001 $, nach den Preisen von genai-prices 0.2.1, Stand 2026-10-26.
        Erste Wörter nach # s, alles nach # s.
        **Wer zahlen konnte, in dieser Reihenfolge**
        - OpenAI, persönlicher Schlüssel: zahlt
        Sonst hat niemand einen Schlüssel; `/keys status` zeigt jeden Anbieter.
        ");
        assert_snapshot!(mia.runs("/quota status").await, @"
        (only you) **Persönlicher Schlüssel**: keine Limits.
        **Standardschlüssel des Bots** · Deine Stufe, community: 10 Anfragen pro Minute (0 genutzt) · 100 Anfragen in 24 Stunden (0 genutzt) · 40 Bilder in 24 Stunden (0 genutzt)
        Ein `/ask` ginge jetzt an OpenAI; es würde zahlen: persönlicher Schlüssel.
        ");
        // Others read what they always read.
        assert_snapshot!(stage.omar().runs("/keys list").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        **This server's keys**
        None yet. Add one with `/keys add scope:guild`.
        [menu: Add a key of your own]
        [menu: Add a key for this server]
        [Sign in with OpenRouter]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_message_is_answered_in_the_servers_language_or_its_writers() {
    run(async |stage| {
        let mia = stage.mia();
        assert_snapshot!(mia.says("@Latchkey").await, @"Write what you want to know after my name, or reply to a message and mention me. `/ask` works too.");
        stage.world().set_server_locale(stage.scene.server, "ja");
        assert_snapshot!(mia.says("@Latchkey").await, @"このBotの名前に続けて知りたいことを書くか、メッセージに返信してメンションしてください。`/ask`も使えます。");
        // Her app tells of its language with a command; a message does not.
        set_locale(stage, stage.scene.member, "es-419");
        mia.runs("/keys list").await;
        assert_snapshot!(mia.says("@Latchkey").await, @"Escribe lo que quieres saber después de mi nombre, o responde a un mensaje y mencióname. `/ask` también funciona.");
        assert_snapshot!(mia.directly().says("").await, @"No encontré ahí nada que pueda leer. Escribe lo que quieres saber; `/ask` también funciona.");
    })
    .await;
}

#[tokio::test]
async fn a_brazilian_types_keys_into_a_brazilian_form() {
    run(async |stage| {
        set_locale(stage, stage.scene.member, "pt-BR");
        let mia = stage.mia();
        assert_snapshot!(mia.runs("/keys add provider:openai scope:user").await, @"
        Form: Sua chave de OpenAI
        - Chave de API (visível aqui, guardada cifrada): De https://platform.openai.com/api-keys
        - Provedor (optional): [OpenAI]
        - Nome (optional): Como chamá-la
        - Por quanto tempo é usada: [Enquanto funcionar]
        ");
        assert_snapshot!(mia.runs("/privacy erase").await, @"
        Form: Apagar o que é guardado sobre você
        - Digite ERASE para apagar tudo: ERASE
        ");
    })
    .await;
}

#[tokio::test]
async fn an_app_in_a_language_that_there_is_not_reads_english() {
    run(async |stage| {
        stage.world().set_server_locale(stage.scene.server, "fr");
        set_locale(stage, stage.scene.member, "sv-SE");
        assert_snapshot!(stage.mia().runs("/keys list").await, @"
        (only you) **Your keys**
        None yet. Add one with `/keys add scope:user`.
        This server has no keys.
        [menu: Add a key of your own]
        [Sign in with OpenRouter]
        ");
    })
    .await;
}

#[tokio::test]
async fn an_owner_hears_of_a_dead_key_in_their_own_language() {
    run(async |stage| {
        let (mia, omar) = (stage.mia(), stage.omar());
        set_locale(stage, stage.scene.manager, "fr");
        let key = good("openai");
        omar.adds("openai", "guild", &key).await;
        set_locale(stage, stage.scene.member, "de");
        stage.key_stands(&key, Standing::Bad);
        assert_snapshot!(mia.runs("/ask prompt:hello provider:openai").await, @"
        (only you) > hello

        OpenAI hat den Schlüssel dieses Servers abgelehnt, und wer ihn hinzugefügt hat, erfährt davon. Ein eigener Schlüssel geht ohne das: `/keys add provider:openai scope:user`.
        ");
        stage.app().await.idle().await;
        assert_snapshot!(omar.directly().reads_channel(), @"
        OpenAI n’accepte plus la clé que tu as ajoutée à un serveur, donc j’ai cessé de l’utiliser. Remplace-la là-bas avec `/keys add provider:openai scope:guild`, ou teste-la à nouveau avec `/keys test provider:openai scope:guild`.
        Le serveur est **Lantern Club**.
        ");
    })
    .await;
}

#[tokio::test]
async fn discord_has_the_commands_in_every_language() {
    run(async |stage| {
        let commands = stage.world().look(|state| state.commands.clone());
        let all = commands.as_array().unwrap();
        let of = |name: &str| all.iter().find(|it| it["name"] == name).unwrap();
        let texts = |of: &Value| -> Vec<String> {
            let texts = of["description_localizations"].as_object().unwrap();
            texts
                .iter()
                .map(|(locale, text)| format!("{locale}: {text}"))
                .collect()
        };
        assert_snapshot!(texts(of("ask")).join("\n"), @r#"
        de: "Frag ein Sprachmodell."
        es-419: "Pregunta a un modelo de lenguaje."
        es-ES: "Pregunta a un modelo de lenguaje."
        fr: "Pose une question à un modèle de langage."
        ja: "言語モデルに質問します。"
        pt-BR: "Pergunta a um modelo de linguagem."
        "#);
        let add = &of("keys")["options"][0];
        assert_snapshot!(texts(add).join("\n"), @r#"
        de: "Füge einen Schlüssel hinzu, oder ersetze ihn. Du tippst ihn in ein Formular, das nur du siehst."
        es-419: "Añade o reemplaza una clave. Se escribe en un formulario que solo ves tú."
        es-ES: "Añade o reemplaza una clave. Se escribe en un formulario que solo ves tú."
        fr: "Ajoute ou remplace une clé. Elle se saisit dans un formulaire que personne d’autre ne voit."
        ja: "キーを追加するか置き換えます。自分だけに見えるフォームに入力します。"
        pt-BR: "Adiciona ou substitui uma chave. Ela é digitada em um formulário que só você vê."
        "#);
        let choices = &add["options"][1]["choices"][0];
        assert_snapshot!(choices["name_localizations"].to_string(), @r#"{"de":"user (nur du)","es-419":"user (lo tuyo)","es-ES":"user (lo tuyo)","fr":"user (ta clé personnelle)","ja":"user（自分）","pt-BR":"user (o que é seu)"}"#);
    })
    .await;
}
