//! Finds the keys in a `.env` file or a list of them, and whose each is: by
//! the variable's name, or by how the key begins. Pure, and nobody is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use secrecy::{ExposeSecret, SecretString};

use crate::model::ProviderId;
use crate::providers::catalogue::{Catalogue, Extra, Provider};

use super::key_lines::{KeyLine, read_key_lines};
use super::named::named_providers;
use super::peel::{names_a_key, peel};
use super::{PasteProblem, begins_as_key, holds_secret, read_pasted_key};

/// A value that a shell, a workflow or a template would put another in the place
/// of: `$NAME`, `${NAME:-more}`, `$(command)`, `%NAME%`, `{{ name }}`.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^(?:\$[A-Za-z_][A-Za-z0-9_]*|\$\{[^}]*\}|\$\{\{.*\}\}|\$\(.*\)|%[A-Za-z_][A-Za-z0-9_]*%|\{\{.*\}\}|<%.*%>|op://.*)$";
    Regex::new(pattern).expect("the pattern is a regex")
});

/// A key that was found in a file.
#[derive(Debug)]
pub struct FoundKey {
    pub provider: ProviderId,
    pub secret: SecretString,
    /// What the file has for the provider beside the key.
    pub extras: BTreeMap<String, SecretString>,
    /// The names that it has in the file, without those that look like a
    /// secret themselves.
    pub names: Vec<String>,
    /// The number of its first line.
    pub line: usize,
}

/// A line that holds no key which could be used.
#[derive(Debug, PartialEq, Eq)]
pub struct UnusedLine {
    pub line: usize,
    /// None where there is none, or it looks like a secret itself.
    pub name: Option<String>,
    pub why: WhyUnused,
}

/// Why a line was not taken for a key.
#[derive(Debug, PartialEq, Eq)]
pub enum WhyUnused {
    /// It is neither `NAME=value` nor a key.
    Unread,
    /// It has no value.
    Empty,
    /// It is the name of a variable for a key, or for what stands beside one,
    /// and nothing else.
    NameAlone,
    /// It has the key of this provider that an earlier line has.
    Repeats(ProviderId, usize),
    /// Neither its name nor its value is known: another setting.
    AnotherSetting,
    /// Keys of these providers begin so, and its name tells of none.
    OneOfSeveral(Vec<ProviderId>),
    /// It has a zero byte in it.
    Binary,
    /// It is for this provider, and tells of another variable instead of
    /// holding a key.
    Reference(ProviderId),
    /// It is for this provider, and can be no key of theirs.
    NoKey(ProviderId, PasteProblem),
    /// It is for this provider, who needs this variable beside it.
    Lacks(ProviderId, &'static str),
}

/// What was found in a file.
#[derive(Debug, Default)]
pub struct KeyFile {
    pub keys: Vec<FoundKey>,
    pub unused: Vec<UnusedLine>,
}

/// A value whose provider is known.
struct RecognizedKey<'a> {
    provider: &'a Provider,
    secret: SecretString,
}

/// Finds the keys in a file; none where it is larger than `bytes_max`.
pub fn read_key_file(
    catalogue: &Catalogue,
    typed: &SecretString,
    bytes_max: usize,
) -> Option<KeyFile> {
    if typed.expose_secret().len() > bytes_max {
        return None;
    }
    let is_key = |text: &str| begins_as_key(catalogue, text);
    let lines = read_key_lines(typed.expose_secret(), &is_key);
    let extras = find_extras(catalogue, &lines.values);
    let mut file = KeyFile::default();
    for line in &lines.values {
        if line
            .name
            .is_some_and(|name| names_an_extra(catalogue, name))
        {
            continue;
        }
        let name = line.name.or_else(|| name_alone(catalogue, line));
        let name = name.filter(|name| !holds_secret(catalogue, name));
        let added = recognize(catalogue, line, &extras)
            .and_then(|found| file.add_key(found, &extras, (line.number, name)));
        file.unused.extend(added.err().map(|why| UnusedLine {
            line: line.number,
            name: name.map(str::to_owned),
            why,
        }));
    }
    let nameless = |line: &usize, why| UnusedLine {
        line: *line,
        name: None,
        why,
    };
    let unread = lines.unread.iter();
    let binary = lines.binary.iter();
    let nameless = unread
        .map(|line| nameless(line, WhyUnused::Unread))
        .chain(binary.map(|line| nameless(line, WhyUnused::Binary)));
    file.unused.extend(nameless);
    file.unused.sort_by_key(|unused| unused.line);
    Some(file)
}

impl KeyFile {
    /// Adds a key, or another name of one that stands in the file already.
    fn add_key(
        &mut self,
        found: RecognizedKey<'_>,
        extras: &BTreeMap<&'static str, &str>,
        (line, name): (usize, Option<&str>),
    ) -> Result<(), WhyUnused> {
        let RecognizedKey { provider, secret } = found;
        let is_same = |key: &&mut FoundKey| {
            key.provider == provider.id && key.secret.expose_secret() == secret.expose_secret()
        };
        if let Some(same) = self.keys.iter_mut().find(is_same) {
            let is_new = |name: &&str| !same.names.iter().any(|before| before == name);
            same.names.extend(name.filter(is_new).map(str::to_owned));
            return Err(WhyUnused::Repeats(provider.id.clone(), same.line));
        }
        let beside = provider.extras.iter().filter_map(|extra| {
            let value = extras.get(extra.env)?;
            Some((extra.field.to_owned(), SecretString::from(*value)))
        });
        self.keys.push(FoundKey {
            provider: provider.id.clone(),
            secret,
            extras: beside.collect(),
            names: name.map(str::to_owned).into_iter().collect(),
            line,
        });
        Ok(())
    }
}

/// Whether a variable is for what a provider needs beside its key.
fn names_an_extra(catalogue: &Catalogue, name: &str) -> bool {
    let mut extras = catalogue.iter().flat_map(|provider| provider.extras);
    extras.any(|extra| extra.env.eq_ignore_ascii_case(name))
}

/// The name on a line that has nothing but the name of a variable for a key, or
/// for what stands beside one.
fn name_alone<'a>(catalogue: &Catalogue, line: &KeyLine<'a>) -> Option<&'a str> {
    let bare = peel(line.value, &mut BTreeSet::new());
    let is_one = line.name.is_none()
        && !begins_as_key(catalogue, bare)
        && (names_an_extra(catalogue, bare)
            || names_a_key(bare) && !named_providers(catalogue, bare).is_empty());
    is_one.then_some(bare)
}

/// The values that providers need beside their keys, by their variables.
fn find_extras<'a>(
    catalogue: &Catalogue,
    lines: &[KeyLine<'a>],
) -> BTreeMap<&'static str, &'a str> {
    let extras = catalogue.iter().flat_map(|provider| provider.extras);
    let found = extras.filter_map(|extra| {
        let is_its = |line: &&KeyLine| {
            let name = line.name.unwrap_or_default();
            name.eq_ignore_ascii_case(extra.env) && !line.value.is_empty()
        };
        let line = lines.iter().rfind(is_its)?;
        let is_one = Provider::accepts_extra(&SecretString::from(line.value));
        is_one.then_some((extra.env, line.value))
    });
    found.collect()
}

/// Tells whose key a line holds, and takes it out of what is around it.
fn recognize<'a>(
    catalogue: &'a Catalogue,
    line: &KeyLine<'_>,
    extras: &BTreeMap<&'static str, &str>,
) -> Result<RecognizedKey<'a>, WhyUnused> {
    let bare = peel(line.value, &mut BTreeSet::new());
    if bare.is_empty() {
        return Err(WhyUnused::Empty);
    }
    if name_alone(catalogue, line).is_some() {
        return Err(WhyUnused::NameAlone);
    }
    let named = line.name.map(|name| named_providers(catalogue, name));
    let named = named.unwrap_or_default();
    let provider = choose_provider(catalogue, &named, bare, extras)?;
    let id = provider.id.clone();
    if REFERENCE.is_match(line.value) {
        return Err(WhyUnused::Reference(id));
    }
    let lacks = |extra: &&Extra| extra.required && !extras.contains_key(extra.env);
    let typed = SecretString::from(line.value);
    let pasted = read_pasted_key(catalogue, provider, &typed);
    let secret = match pasted {
        Ok(pasted) => pasted.secret,
        Err(problem) => return Err(WhyUnused::NoKey(id, problem)),
    };
    if let Some(extra) = provider.extras.iter().find(lacks) {
        return Err(WhyUnused::Lacks(id, extra.env));
    }
    Ok(RecognizedKey { provider, secret })
}

/// The provider of a key: the only one whose keys begin so, unless its name
/// tells of a provider of the operator's own; else the one that its name
/// tells of.
fn choose_provider<'a>(
    catalogue: &'a Catalogue,
    named: &[&'a Provider],
    bare: &str,
    extras: &BTreeMap<&'static str, &str>,
) -> Result<&'a Provider, WhyUnused> {
    let has_all = |provider: &&&Provider| {
        let mut required = provider.extras.iter().filter(|extra| extra.required);
        required.all(|extra| extras.contains_key(extra.env))
    };
    let by_name = named.iter().find(has_all).or(named.first()).copied();
    let owners = if begins_as_key(catalogue, bare) {
        catalogue.owners_of_shape(bare)
    } else {
        Vec::new()
    };
    match (by_name, &owners[..]) {
        (Some(own), _) if !own.is_built_in => Ok(own),
        (_, [owner]) => Ok(owner),
        (Some(provider), _) => Ok(provider),
        (None, []) => Err(WhyUnused::AnotherSetting),
        (None, several) => {
            let ids = several.iter().map(|owner| owner.id.clone());
            Err(WhyUnused::OneOfSeveral(ids.collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::providers::Override;

    fn catalogue() -> Catalogue {
        let own = Override {
            id: "acme-ai".into(),
            base_url: Some("https://llm.acme.example/v1".into()),
            ..Override::default()
        };
        Catalogue::new(&[own]).unwrap()
    }

    fn told(text: &str) -> String {
        let file = read_key_file(&catalogue(), &SecretString::from(text), usize::MAX).unwrap();
        let keys = file.keys.iter().map(|key| {
            let beside: Vec<&str> = key.extras.keys().map(String::as_str).collect();
            format!(
                "[{}] {} {} {beside:?}",
                key.line,
                key.provider,
                key.names.join(" ")
            )
        });
        let unused = file.unused.iter().map(|it| {
            format!(
                "{} {} {:?}",
                it.line,
                it.name.as_deref().unwrap_or("-"),
                it.why
            )
        });
        keys.chain(unused).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn keys_are_told_by_their_names_and_by_how_they_begin() {
        insta::assert_snapshot!(told("\
            OPENAI_API_KEY=sk-made0up1made0up1made0up1\n\
            my_key=sk-ant-api03-Made0Up1-made_up0made0up1AA\n\
            NEXT_PUBLIC_OPENAI_KEY=sk-proj-Made0Up1Made0Up1Made0Up1_made-up\n\
            CLAUDE_KEY=made0up1made0up1made0up1made\n\
            mistral=aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY\n\
            ACME_AI_API_KEY=made0up1made0up1\n\
            AGAIN=sk-ant-api03-Made0Up1-made_up0made0up1AA\n\
            gsk_Made0Up1Made0Up1Made0Up1\n\
            OPENAI_API_KEY_2=sk-or-v1-made0up1made0up1made0up1\n\
            DEEPSEEK_API_KEY=sk-made0up1made0up1made0up1\n"), @r#"
        [1] openai OPENAI_API_KEY []
        [2] anthropic my_key AGAIN []
        [3] openai NEXT_PUBLIC_OPENAI_KEY []
        [4] anthropic CLAUDE_KEY []
        [5] mistral mistral []
        [6] acme-ai ACME_AI_API_KEY []
        [8] groq  []
        [9] openrouter OPENAI_API_KEY_2 []
        [10] deepseek DEEPSEEK_API_KEY []
        7 AGAIN Repeats(ProviderId("anthropic"), 2)
        "#);
    }

    #[test]
    fn what_is_no_key_is_named_and_why() {
        insta::assert_snapshot!(told("\
            AZURE_OPENAI_API_KEY=0123456789abcdef0123456789abcdef\n\
            DATABASE_URL=postgres://made:up@localhost/made\n\
            OPENAI_BASE_URL=https://made.up.example/v1\n\
            OPENAI_API_KEY=\n\
            GROQ_API_KEY=your-key-here\n\
            SECRET=sk-made0up1made0up1made0up1\n\
            GITHUB_TOKEN=ghp_Made0Up1Made0Up1Made0Up1Made0Up1\n\
            ANTHROPIC_API_KEY=ghp_Made0Up1Made0Up1Made0Up1Made0Up1\n\
            sk-ant-api03-Made0Up1-made_up0made0up1AA=1\n\
            some prose here\n\
            RUNPOD_API_KEY=rpa_MADE0UP1MADE0UP1made0up\n\
            OPENAI_API_KEY\n\
            export MY_GROQ_KEY\n\
            RUNPOD_ENDPOINT_ID\n\
            SOMETHING_ELSE\n"), @r#"
        [9] anthropic  []
        1 AZURE_OPENAI_API_KEY AnotherSetting
        2 DATABASE_URL AnotherSetting
        3 OPENAI_BASE_URL AnotherSetting
        4 OPENAI_API_KEY Empty
        5 GROQ_API_KEY NoKey(ProviderId("groq"), Other(Placeholder))
        6 SECRET OneOfSeveral([ProviderId("openai"), ProviderId("deepseek"), ProviderId("moonshot"), ProviderId("qwen")])
        7 GITHUB_TOKEN AnotherSetting
        8 ANTHROPIC_API_KEY NoKey(ProviderId("anthropic"), Other(GitHub))
        10 - Unread
        11 RUNPOD_API_KEY Lacks(ProviderId("runpod"), "RUNPOD_ENDPOINT_ID")
        12 OPENAI_API_KEY NameAlone
        13 MY_GROQ_KEY NameAlone
        14 RUNPOD_ENDPOINT_ID NameAlone
        15 - AnotherSetting
        "#);
    }

    #[test]
    fn values_that_only_another_program_knows_and_lines_that_are_no_text_are_told() {
        insta::assert_snapshot!(told("\
            OPENAI_API_KEY=${OTHER}\n\
            GROQ_API_KEY=\"$MY_GROQ\"\n\
            MISTRAL_API_KEY=${{ secrets.MISTRAL }}\n\
            XAI_API_KEY=%XAI%\n\
            CEREBRAS_API_KEY=$(pass cerebras)\n\
            DEEPSEEK_API_KEY=op://made/up/key\n\
            DATABASE_URL=${OTHER}\n\
            O\0P\0E\0N\0A\0I\0=\0s\0k\0\n\
            ANTHROPIC_API_KEY=sk-ant-api03-\0made0up\n"), @r#"
        1 OPENAI_API_KEY Reference(ProviderId("openai"))
        2 GROQ_API_KEY Reference(ProviderId("groq"))
        3 MISTRAL_API_KEY Reference(ProviderId("mistral"))
        4 XAI_API_KEY Reference(ProviderId("xai"))
        5 CEREBRAS_API_KEY Reference(ProviderId("cerebras"))
        6 DEEPSEEK_API_KEY Reference(ProviderId("deepseek"))
        7 DATABASE_URL AnotherSetting
        8 - Binary
        9 - Binary
        "#);
    }

    #[test]
    fn what_a_provider_needs_beside_its_key_is_taken_along() {
        insta::assert_snapshot!(told("\
            RUNPOD_ENDPOINT_ID=made-up\n\
            RUNPOD_API_KEY=rpa_MADE0UP1MADE0UP1made0up\n\
            RUNCOMFY_API_KEY=made0up1-made-0up1-made-0up1made0up1\n\
            RUNCOMFY_DEPLOYMENT_ID=made-up\n"), @r#"
        [2] runpod RUNPOD_API_KEY ["endpoint"]
        [3] runcomfy-serverless RUNCOMFY_API_KEY ["deployment"]
        "#);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_no_key_is_told(text in "(\\PC|\n|=|\"|'|#|sk-|_KEY){0,200}") {
            let file = read_key_file(&catalogue(), &SecretString::from(text.as_str()), usize::MAX).unwrap();
            let names = file.keys.iter().flat_map(|key| &key.names);
            let names = names.chain(file.unused.iter().filter_map(|it| it.name.as_ref()));
            for name in names {
                prop_assert!(!holds_secret(&catalogue(), name));
            }
        }

        #[test]
        fn a_key_is_found_in_any_company(
            before in "(# made up\n|A=1\n|B=\"two\"\n){0,4}",
            after in "(\n# made up|\nC='three'|\nD=){0,4}",
            quote in "[\"']?",
            rest in "[a-z0-9]{24}",
            breaks in "(\n|\r\n)",
        ) {
            let text = format!("{before}GROQ_API_KEY={quote}gsk_{rest}{quote}{after}");
            let text = text.replace('\n', &breaks);
            let file = read_key_file(&catalogue(), &SecretString::from(text), usize::MAX).unwrap();
            prop_assert_eq!(file.keys.len(), 1);
            prop_assert_eq!(file.keys[0].secret.expose_secret(), &format!("gsk_{rest}"));
            prop_assert_eq!(file.keys[0].provider.as_str(), "groq");
        }
    }
}
