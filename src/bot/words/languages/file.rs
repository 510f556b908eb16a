//! Writes files of languages, for whoever translates them: one sentence a line,
//! as gettext does with `--no-wrap`, so that what nobody touched stays as it is.

use std::io::BufWriter;
use std::path::Path;

use polib::catalog::Catalog;
use polib::message::Message;
use polib::metadata::CatalogMetadata;
use polib::po_file::{parse_from_reader, write};

use crate::bot::words::languages::english::{Sentence, Sentences};
use crate::bot::words::speech::phrasebook::{LANGUAGES, Language, Phrasebook};

/// Writes every language as it should be: what it has and what it lacks, in
/// the order of the places where it is said; and one that has nothing.
pub fn write_all(folder: &Path, sentences: &Sentences) {
    std::fs::create_dir_all(folder).unwrap();
    let none = Catalog::new(CatalogMetadata::default());
    let english = make_catalog(none.metadata, None, sentences);
    std::fs::write(folder.join("english.pot"), write_catalog(&english)).unwrap();
    for language in LANGUAGES {
        let path = folder.join(format!("{}.po", language.name));
        std::fs::write(path, write_language(language, sentences)).unwrap();
    }
}

/// The file of a language as it should be.
pub fn write_language(language: &'static Language, sentences: &Sentences) -> String {
    let book = Phrasebook::read(language).unwrap();
    let catalog = parse_from_reader(language.file.as_bytes()).unwrap();
    write_catalog(&make_catalog(catalog.metadata, Some(&book), sentences))
}

fn write_catalog(catalog: &Catalog) -> String {
    let mut bytes = Vec::new();
    write(catalog, &mut BufWriter::new(&mut bytes)).unwrap();
    let lines = join_wrapped(std::str::from_utf8(&bytes).unwrap());
    let mut written: Vec<String> = Vec::new();
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        let is_last = !lines.peek().is_some_and(|next| next.starts_with('"'));
        let begins = |field: &&mut String| field.ends_with(" \"\"");
        match written.last_mut().filter(begins) {
            // What is one line stands beside its name.
            Some(field) if is_last && line.starts_with('"') => {
                field.truncate(field.len() - 2);
                field.push_str(&line);
            }
            _ => written.push(line),
        }
    }
    written.join("\n").trim_end().to_owned() + "\n"
}

/// Lines of a file, those in one that were broken where the text has no end of
/// a line.
fn join_wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let goes_on = |line: &&mut String| line.starts_with('"') && !line.ends_with("\\n\"");
    for line in text.lines() {
        match (lines.last_mut().filter(goes_on), line.strip_prefix('"')) {
            (Some(before), Some(rest)) => {
                before.pop();
                before.push_str(rest);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn make_catalog(
    metadata: CatalogMetadata,
    book: Option<&Phrasebook>,
    sentences: &Sentences,
) -> Catalog {
    let forms = metadata.plural_rules.nplurals;
    let mut catalog = Catalog::new(metadata);
    let mut all: Vec<(&String, &Sentence)> = sentences.iter().collect();
    all.sort_by_key(|(english, sentence)| (&sentence.places, &sentence.notes, *english));
    for (english, sentence) in all {
        let theirs = book.and_then(|book| {
            let mut phrases = book.phrases();
            phrases.find(|(it, _)| it == english)
        });
        let theirs = theirs.map(|(_, forms)| forms.to_vec()).unwrap_or_default();
        let mut message = match &sentence.many {
            Some(_) => Message::build_plural(),
            None => Message::build_singular(),
        };
        match &sentence.many {
            Some(many) => {
                let mut theirs = theirs;
                theirs.resize(forms, String::new());
                message.with_msgid_plural(many.clone());
                message.with_msgstr_plural(theirs);
            }
            None => {
                message.with_msgstr(theirs.into_iter().next().unwrap_or_default());
            }
        }
        message.with_msgid(english.clone());
        message.with_source(sentence.places.join("\n"));
        message.with_extracted_comments(notes(sentence).join("\n"));
        catalog.append_or_update(message.done());
    }
    catalog
}

/// What translators read of a sentence.
fn notes(sentence: &Sentence) -> Vec<String> {
    let most = sentence.characters_max;
    let most = most.map(|max| format!("At most {max} characters."));
    sentence.notes.iter().cloned().chain(most).collect()
}
