//! Writes files of languages, for whoever translates them.

use std::path::Path;

use polib::catalog::Catalog;
use polib::message::Message;
use polib::metadata::CatalogMetadata;
use polib::po_file::{parse_from_reader, write_to_file};

use crate::bot::words::languages::english::{Sentence, Sentences};
use crate::bot::words::phrasebook::{LANGUAGES, Phrasebook};

/// Writes every language as it should be: what it has and what it lacks, in
/// the order of the places where it is said; and one that has nothing.
pub fn write_all(folder: &Path, sentences: &Sentences) {
    std::fs::create_dir_all(folder).unwrap();
    let none = Catalog::new(CatalogMetadata::default());
    let english = make_catalog(none.metadata, None, sentences);
    write_to_file(&english, &folder.join("english.pot")).unwrap();
    for language in LANGUAGES {
        let book = Phrasebook::read(language).unwrap();
        let metadata = parse_from_reader(language.file.as_bytes())
            .unwrap()
            .metadata;
        let catalog = make_catalog(metadata, Some(&book), sentences);
        write_to_file(&catalog, &folder.join(format!("{}.po", language.name))).unwrap();
    }
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
