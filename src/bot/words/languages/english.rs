//! Collects every English sentence that the bot says in Discord: from the
//! source of its words, and from what commands, keys' forms and personas say
//! of themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use regex::Regex;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

use crate::app::Persona;
use crate::bot::interactions::commands;
use crate::bot::interactions::commands::context::Command;
use crate::bot::words::Reader;
use crate::bot::words::speech::phrasebook::has_words;
use crate::providers::Catalogue;

/// Where the bot's words stand.
const WORDS: &str = "src/bot/words";
/// Files in that folder that say nothing.
const NO_WORDS: &[&str] = &[
    "lang.rs",
    "phrasebook.rs",
    "punctuation.rs",
    "walk.rs",
    "chart.rs",
    "languages",
];
/// Files elsewhere with reasons that the bot passes on.
const REASONS: &str = "src/app/keys/adding/credential.rs";
/// Texts among the words that nobody reads as a sentence: names that programs
/// read, and what is the same in every language.
const NOT_SAID: &[&str] = &[
    "%b %-d",
    "%m-%d",
    "/admin resume",
    "/admin unblock",
    "/server unblock",
    "ERASE",
    "That",
    "This",
    "application/json",
    "confirm",
    ".env",
    ".txt",
    "days",
    "file",
    "here",
    "image/png",
    "key",
    "latchkey-data.json",
    "lines",
    "members.csv",
    "more:",
    "name",
    "prompt",
    "provider",
    "requests,input_tokens,output_tokens,cached_tokens,reasoning_tokens,images,cost_usd,requests_without_price,requests_estimated",
    "scope",
    "text/csv",
    "usage.csv",
    "usage.png",
    // What `{here}` and `{this}` stand for in a whole sentence.
    "that",
    "there",
    "this",
];
/// Labels of buttons, of which a phone shows so many characters.
const BUTTONS: &[&str] = &[
    "Add a key",
    "Add a key for {provider}",
    "Again",
    "Cancel",
    "Choose another model",
    "Details",
    "Keep",
    "Leave it",
    "Make it",
    "Leave it",
    "Make it",
    "Next page",
    "Other model",
    "Pause",
    "Previous page",
    "Remove",
    "Replace",
    "Replace it all the same",
    "Replace the {provider} key",
    "Resume",
    "Seed",
    "Show my keys",
    "Show my limits",
    "Stop",
    "Test",
    "Test again",
    "Type the key again",
    "Use my own {provider} key",
    "Vary",
    "Who pays here",
];
const BUTTON_CHARACTERS_MAX: usize = 38;
/// Titles and labels of forms: `docs/discord.md` §3.3.
const FORMS: &[&str] = &[
    "API key (shown while you type, stored sealed)",
    "API key (used once, never stored)",
    "Ask with a key for this once",
    "Erase what is stored about you",
    "That server's {provider} key",
    "The bot's {provider} key",
    "This server's {provider} key",
    "Type ERASE to erase all of it",
    "What to ask",
    "Your {provider} key",
];
const FORM_CHARACTERS_MAX: usize = 45;
/// Methods whose arguments nobody reads.
const SILENT_METHODS: &[&str] = &["expect", "context", "strftime", "unwrap_or_default"];
/// Macros with arguments that may say something.
const SPEAKING_MACROS: &[&str] = &["vec", "format", "write"];

/// An English sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// The form for all numbers but one, where it counts something.
    pub many: Option<String>,
    /// The files that say it, and what says it there.
    pub places: Vec<String>,
    /// What its place tells of it.
    pub notes: Vec<String>,
    /// How many characters Discord takes at the most, if it is no message.
    pub characters_max: Option<usize>,
    /// Replies name it in English, so that everybody must find it.
    pub begins_in_english: bool,
}

/// Where a sentence is said, and what its place tells of it.
#[derive(Clone, Copy)]
struct SpokenPlace<'a> {
    place: &'a str,
    note: &'a str,
    characters_max: Option<usize>,
}

fn in_a_form(note: &str, characters_max: usize) -> SpokenPlace<'_> {
    SpokenPlace {
        place: "a form or a button",
        note,
        characters_max: Some(characters_max),
    }
}

/// Discord's limit is that of descriptions: `docs/discord.md` §3.4.
fn in_a_command(note: &str) -> SpokenPlace<'_> {
    SpokenPlace {
        place: "a command",
        note,
        characters_max: Some(100),
    }
}

/// All sentences, by their English text.
pub type Sentences = BTreeMap<String, Sentence>;

/// Everything that the bot says.
pub fn collect() -> Sentences {
    let mut all = Sentences::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    list_files(&root.join(WORDS), &mut files);
    files.sort();
    for path in files {
        read_file(root, &path, None, &mut all);
    }
    read_file(root, &root.join(REASONS), Some("refuse_paste"), &mut all);
    for command in commands::all() {
        describe_command("/", &command, &mut all);
    }
    for provider in Catalogue::new(&[]).unwrap().iter() {
        for extra in provider.extras {
            let note = "A field of a form, beside the key.";
            add(&mut all, extra.label, in_a_form(note, FORM_CHARACTERS_MAX));
            let note = "What stands in an empty field of a form.";
            add(&mut all, extra.placeholder, in_a_form(note, 100));
        }
    }
    for persona in Persona::built_in().unwrap() {
        let spoken = SpokenPlace {
            place: "assets/personas/",
            note: "Describes a persona in `/persona list`.",
            characters_max: None,
        };
        add(&mut all, &persona.description, spoken);
    }
    for (texts, note, max) in [
        (BUTTONS, "The label of a button.", BUTTON_CHARACTERS_MAX),
        (FORMS, "Stands in a form.", FORM_CHARACTERS_MAX),
    ] {
        for text in texts {
            assert!(all.contains_key(*text), "nobody says {text:?}");
            add(&mut all, text, in_a_form(note, max));
        }
    }
    note_named_choices(&mut all);
    all
}

/// Notes which choices replies name as they are typed in English.
fn note_named_choices(all: &mut Sentences) {
    let option = Regex::new("`(\\w+:)` of").unwrap();
    let is_named = |typed: &str| {
        let said = Regex::new(&format!("`[^`]*{}\\b[^`]*`", regex::escape(typed))).unwrap();
        all.keys().any(|english| said.is_match(english))
    };
    let named: Vec<String> = all
        .iter()
        .filter(|(english, sentence)| {
            let choices = sentence
                .notes
                .iter()
                .filter(|note| note.starts_with("A choice"));
            let mut options = choices.filter_map(|note| option.captures(note));
            options.any(|option| is_named(&format!("{}{english}", &option[1])))
        })
        .map(|(english, _)| english.clone())
        .collect();
    for english in named {
        let sentence = all.entry(english).or_default();
        sentence.begins_in_english = true;
        sentence.notes.push(
            "Replies name this choice in English: begin with that, and say yours in brackets."
                .to_owned(),
        );
    }
}

fn list_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if NO_WORDS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            list_files(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn read_file(root: &Path, path: &Path, only: Option<&'static str>, all: &mut Sentences) {
    let source = std::fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root).unwrap().to_str().unwrap();
    let mut reader = FileReader {
        file: name.to_owned(),
        only,
        function: String::new(),
        note: String::new(),
        all,
    };
    reader.visit_file(&syn::parse_file(&source).unwrap());
}

/// Adds a sentence, in both readings if it has two.
fn add(all: &mut Sentences, text: &str, spoken: SpokenPlace<'_>) {
    let SpokenPlace {
        place,
        note,
        characters_max,
    } = spoken;
    if !is_sentence(text) {
        return;
    }
    for reader in [Reader::Here, Reader::Elsewhere] {
        let sentence = all.entry(reader.reading(text)).or_default();
        for (list, text) in [(&mut sentence.places, place), (&mut sentence.notes, note)] {
            if !text.is_empty() && !list.iter().any(|it| it == text) {
                list.push(text.to_owned());
            }
        }
        sentence.characters_max = sentence
            .characters_max
            .into_iter()
            .chain(characters_max)
            .min();
    }
}

/// Whether somebody reads a text as words.
fn is_sentence(text: &str) -> bool {
    has_words(text) && !NOT_SAID.contains(&text)
}

fn describe_command(before: &str, command: &Command, all: &mut Sentences) {
    let name = format!("{before}{}", command.name);
    if command.context_menu_action.is_none() {
        let description = command.description.as_deref().unwrap_or_default();
        let note = format!("Describes the command `{name}`.");
        add(all, description, in_a_command(&note));
    }
    for parameter in &command.parameters {
        let option = format!("`{}:` of `{name}`", parameter.name);
        let description = parameter.description.as_deref().unwrap_or_default();
        let note = format!("Describes the option {option}.");
        add(all, description, in_a_command(&note));
        for choice in parameter.choices.iter() {
            let note = format!("A choice of the option {option}.");
            add(all, &choice.name, in_a_command(&note));
        }
    }
    for inner in &command.subcommands {
        describe_command(&format!("{name} "), inner, all);
    }
}

/// Reads one file.
struct FileReader<'a> {
    file: String,
    only: Option<&'static str>,
    function: String,
    note: String,
    all: &'a mut Sentences,
}

impl FileReader<'_> {
    fn say(&mut self, text: &str) {
        if self.only.is_none_or(|only| only == self.function) {
            let spoken = SpokenPlace {
                place: &self.file,
                note: &self.note,
                characters_max: None,
            };
            add(self.all, text, spoken);
        }
    }

    fn read_macro(&mut self, name: &str, tokens: TokenStream) {
        if !SPEAKING_MACROS.contains(&name) {
            return;
        }
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens);
        // What is written in another way, such as `vec![x; 10]`, says nothing.
        let Ok(arguments) = arguments else { return };
        let mut arguments = arguments.iter().peekable();
        if name != "vec" {
            while let Some(argument) = arguments.next_if(|it| literal(it).is_none()) {
                self.visit_expr(argument);
            }
            if let Some(template) = arguments.next().and_then(literal) {
                assert!(
                    !is_sentence(&without_marks(&template)),
                    "{}: {template:?} is put together without a language",
                    self.file
                );
            }
        }
        arguments.for_each(|argument| self.visit_expr(argument));
    }
}

/// A template without Discord's marks and a few other texts that are the same
/// in every language.
fn without_marks(template: &str) -> String {
    const SAME: &[&str] = &[
        "<t:{}:R>",
        "<t:{}:f>",
        "<t:{}:D>",
        "<t:{}:T>",
        "<t:{now_s}:R>",
        "<t:{until_s}:f>",
        "```sh",
        "export",
        "OPENAI_BASE_URL=",
        "OPENAI_API_KEY=",
        "/v1",
        " kB",
        " MB",
        "date,source,provider,model,",
        "member_id,",
        "/admin resume server:",
    ];
    let shown = SAME
        .iter()
        .fold(template.to_owned(), |text, same| text.replace(same, ""));
    shown.replace("-# ", "")
}

fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<Meta>()
                .is_ok_and(|meta| meta.path().is_ident("test"))
    })
}

/// The doc comment of an item, as one line.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => literal(&meta.value),
            _ => None,
        });
    lines
        .map(|line| line.trim().to_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

impl<'ast> Visit<'ast> for FileReader<'_> {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function = function.sig.ident.to_string();
        self.note = documentation(&function.attrs);
        visit::visit_item_fn(self, function);
        self.note.clear();
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function = function.sig.ident.to_string();
        self.note = documentation(&function.attrs);
        visit::visit_impl_item_fn(self, function);
        self.note.clear();
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let name = called.path.segments.last().unwrap().ident.to_string();
        self.read_macro(&name, called.tokens.clone());
    }

    fn visit_expr_tuple(&mut self, tuple: &'ast syn::ExprTuple) {
        // The name of a value that is filled in.
        let first = tuple.elems.first().and_then(literal);
        let is_name = |text: String| text.chars().all(|c| c.is_alphanumeric() || c == '_');
        let is_named = tuple.elems.len() == 2 && first.is_some_and(is_name);
        for element in tuple.elems.iter().skip(usize::from(is_named)) {
            self.visit_expr(element);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let is_plural = matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Plural"));
        let texts: Vec<String> = call.args.iter().filter_map(literal).collect();
        if let (true, [one, many]) = (is_plural, texts.as_slice()) {
            self.say(one);
            let sentence = self.all.get_mut(one).unwrap();
            sentence.many = Some(many.clone());
            return;
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.visit_expr(&call.receiver);
        if !SILENT_METHODS.contains(&call.method.to_string().as_str()) {
            call.args
                .iter()
                .for_each(|argument| self.visit_expr(argument));
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.say(&text.value());
    }
}
