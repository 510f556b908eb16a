//! Citations lead somewhere: documents, their sections, links.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// The one file that knows of what lies outside of the repository.
const KNOWS_THE_OUTSIDE: &str = "src/tests/outside.rs";
/// Where this is.
const THIS_FILE: &str = "src/tests/citations.rs";
/// Folders that hold nothing that people write.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules"];
/// The documents whose links are followed, beside those in `docs/`.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
];

/// Names that documents mention and that are other people's: a header, what
/// serenity calls things, an example.
const NAMES_OF_OTHERS: &[&str] = &[
    "Close",
    "PromptCacheOptionsParam",
    "RateLimit",
    "ShardRunnerMessage",
    "shutdown_all",
    "timeout_ms",
];
/// The document with fields on the wire, which providers name.
const WIRE_DOCUMENT: &str = "docs/providers.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the repository: its path and its text. Several tests
/// look at them, and they are read once.
fn texts() -> &'static [(String, String)] {
    static TEXTS: LazyLock<Vec<(String, String)>> = LazyLock::new(read_texts);
    &TEXTS
}

fn read_texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if NOT_OURS.contains(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file()
                // Pictures and fonts are no text.
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((below_root(&path), text));
            }
        }
    }
    found.sort();
    found
}

fn below_root(path: &Path) -> String {
    let below = path.strip_prefix(root()).unwrap_or(path);
    below.to_str().unwrap().to_owned()
}

/// The texts whose links are followed.
fn documents() -> impl Iterator<Item = &'static (String, String)> {
    let is_document = |name: &str| {
        DOCUMENTS.contains(&name)
            || (name.starts_with("docs/")
                && Path::new(name).extension().is_some_and(|it| it == "md"))
    };
    texts().iter().filter(move |(name, _)| is_document(name))
}

/// A text with its comments joined, so that a citation that goes on in the
/// next line is one, and without addresses: other repositories have `docs/`
/// too.
fn unwrapped(text: &str) -> String {
    let address = Regex::new(r"https?://\S+").unwrap();
    let line_break = Regex::new(r"\n[ \t]*(?://[/!]?|#|--|\*)?[ \t]*").unwrap();
    let text = address.replace_all(text, "");
    line_break.replace_all(&text, " ").into_owned()
}

/// A document below `docs/` that a text cites.
#[derive(Debug, PartialEq)]
struct Citation {
    document: String,
    /// The heading that stands behind a `#`.
    heading: Option<String>,
    /// The numbers of its sections.
    sections: Vec<String>,
}

/// What a text cites of `docs/`.
fn citations(text: &str) -> Vec<Citation> {
    if !text.contains("docs/") {
        return Vec::new();
    }
    let cited =
        "docs/([\\w./-]+\\.md)(?:#([\\w-]+))?`?((?:[^\u{a7}.`]{0,60}\u{a7}[0-9]+(?:\\.[0-9]+)*)*)";
    let cited = Regex::new(cited).unwrap();
    let text = unwrapped(text);
    let all = cited.captures_iter(&text);
    all.map(|found| Citation {
        document: found[1].to_owned(),
        heading: found.get(2).map(|it| it.as_str().to_owned()),
        sections: sections(&found[3]),
    })
    .collect()
}

/// The numbers of the sections that a text names.
fn sections(text: &str) -> Vec<String> {
    if !text.contains('\u{a7}') {
        return Vec::new();
    }
    let section = Regex::new("\u{a7}([0-9]+(?:\\.[0-9]+)*)").unwrap();
    let all = section.captures_iter(text);
    all.map(|found| found[1].to_owned()).collect()
}

/// The numbers of a document's headings; none if there is no such document.
fn numbered(document: &str) -> Option<BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("docs").join(document)).ok()?;
    let heading = Regex::new(r"(?m)^#{2,4} ([0-9]+(?:\.[0-9]+)*)\.? ").unwrap();
    let all = heading.captures_iter(&text);
    Some(all.map(|found| found[1].to_owned()).collect())
}

/// What is wrong with a citation.
fn faults(citation: &Citation) -> Vec<String> {
    let document = &citation.document;
    let Some(known) = numbered(document) else {
        return vec![format!("docs/{document}, which does not exist")];
    };
    let sections = citation.sections.iter();
    let missing = sections.filter(|section| !known.contains(*section));
    let missing = missing.map(|section| format!("\u{a7}{section}"));
    let leads = |heading: &&String| leads_somewhere("docs/", &format!("{document}#{heading}"));
    let heading = citation.heading.iter().filter(|it| !leads(it));
    missing
        .chain(heading.cloned())
        .map(|place| format!("docs/{document} {place}, which it does not have"))
        .collect()
}

/// The lines of Markdown that are neither code nor in a fence.
fn prose(text: &str) -> String {
    let fences = Regex::new(r"(?ms)^ *```.*?^ *```").unwrap();
    let code = Regex::new(r"`[^`\n]*`").unwrap();
    let text = fences.replace_all(text, "");
    code.replace_all(&text, "``").into_owned()
}

/// Where a document's links lead, those to other sites left out.
fn relative_links(text: &str) -> Vec<String> {
    let link = Regex::new(r"(?m)\]\(([^()\s]+)\)|^ *\[[^\]\n]+\]: +(\S+)").unwrap();
    let text = prose(text);
    let targets = link.captures_iter(&text).map(|found| {
        let target = found.get(1).or(found.get(2)).unwrap();
        target.as_str().trim_matches(['<', '>']).to_owned()
    });
    targets
        .filter(|to| !to.contains("://") && !to.starts_with("mailto:"))
        .collect()
}

/// Labels of links that a document uses and does not explain.
fn unexplained_labels(text: &str) -> Vec<String> {
    let used = Regex::new(r"\]\[([^\]\n]+)\]").unwrap();
    let explained = Regex::new(r"(?m)^ *\[([^\]\n]+)\]: ").unwrap();
    let text = prose(text);
    let labels = |pattern: &Regex| -> BTreeSet<String> {
        let found = pattern.captures_iter(&text);
        found.map(|found| found[1].to_lowercase()).collect()
    };
    let explained = labels(&explained);
    labels(&used).difference(&explained).cloned().collect()
}

/// The anchors of a document's headings, as GitHub writes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let fences = Regex::new(r"(?ms)^ *```.*?^ *```").unwrap();
    let heading = Regex::new(r"(?m)^#{1,6} (.+)$").unwrap();
    let text = fences.replace_all(text, "");
    let mut anchors = BTreeSet::new();
    for found in heading.captures_iter(&text) {
        let anchor = anchor(&found[1]);
        // One that comes again is numbered.
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let mut free = std::iter::once(anchor.clone())
            .chain(numbered)
            .filter(|name| !anchors.contains(name));
        let free = free.next().unwrap();
        anchors.insert(free);
    }
    anchors
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    kept.collect::<String>().to_lowercase()
}

/// Whether a link of a document leads to a file, and to a heading in it.
fn leads_somewhere(document: &str, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let folder = root().join(document);
    let folder = if document.ends_with('/') {
        folder
    } else {
        folder.parent().map(PathBuf::from).unwrap()
    };
    let path = if file.is_empty() {
        root().join(document)
    } else {
        folder.join(file)
    };
    if heading.is_empty() {
        return path.exists();
    }
    std::fs::read_to_string(path).is_ok_and(|text| anchors(&text).contains(heading))
}

#[test]
fn every_cited_document_and_section_exists() {
    let mut wrong = BTreeSet::new();
    // This file cites made-up documents, to show that they are found.
    let others = texts().iter().filter(|(file, _)| file != THIS_FILE);
    for (file, text) in others {
        for fault in citations(text).iter().flat_map(faults) {
            wrong.insert(format!("{file} cites {fault}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_section_is_cited_with_its_document() {
    for (file, text) in texts() {
        let cited = citations(text);
        let with_document: usize = cited.iter().map(|it| it.sections.len()).sum();
        let Some(own) = file.strip_prefix("docs/").and_then(numbered) else {
            let all = sections(text).len();
            assert_eq!(with_document, all, "{file} cites a section of nothing");
            continue;
        };
        // Inside of a document its own sections need no name before them.
        let elsewhere: BTreeSet<String> = cited.into_iter().flat_map(|it| it.sections).collect();
        for section in sections(text) {
            let known = own.contains(&section) || elsewhere.contains(&section);
            assert!(known, "{file} has no section {section}");
        }
    }
}

#[test]
fn nothing_but_one_file_knows_of_the_outside() {
    let outside = concat!(
        r"\bDES",
        r"IGN\b",
        r"|\.\./sha",
        r"red\b",
        r"|(?m:^|[^\w/.-])(?:refer",
        r"ence|sha",
        r"red)/",
        // By its path from the top of a machine too.
        r"|(?m:^|[^\w/.-])(?:/[\w.-]+)+/(?:refer",
        r"ence|sha",
        r"red)/|(?m:^|[^\w/.-])/wo",
        r"rk/",
    );
    let outside = Regex::new(outside).unwrap();
    let knows: Vec<&String> = texts()
        .iter()
        .filter(|(file, text)| file != KNOWS_THE_OUTSIDE && outside.is_match(text))
        .map(|(file, _)| file)
        .collect();
    assert!(knows.is_empty(), "{knows:#?}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut dead = BTreeSet::new();
    for (file, text) in documents() {
        for link in relative_links(text) {
            if !leads_somewhere(file, &link) {
                dead.insert(format!("{file}: {link}"));
            }
        }
        let labels = unexplained_labels(text);
        dead.extend(labels.iter().map(|label| format!("{file}: [{label}]")));
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// What stands in backticks in a document, its fenced examples left out.
fn quoted(text: &str) -> Vec<String> {
    let fences = Regex::new(r"(?ms)^ *```.*?^ *```").unwrap();
    let code = Regex::new(r"`([^`\n]+)`").unwrap();
    let text = fences.replace_all(text, "");
    let all = code.captures_iter(&text);
    all.map(|found| found[1].to_owned()).collect()
}

/// A file or folder that a document names, below the repository or `src/`.
fn find_named(path: &str) -> Option<PathBuf> {
    let below = ["", "src"].map(|folder| root().join(folder).join(path));
    below.into_iter().find(|path| path.exists())
}

/// Whether a text has a word, and not only as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.strip_prefix(word).unwrap_or_default();
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

#[test]
fn files_that_documents_name_exist() {
    let file = r"^(?:[\w.-]+/)+(?:[\w-]+\.(?:rs|toml|md|sql|yml|txt|json))?$";
    let file = Regex::new(file).unwrap();
    let mut missing = BTreeSet::new();
    for (document, text) in documents() {
        let files = quoted(text).into_iter().filter(|it| file.is_match(it));
        // `models/` alone is a part of an address.
        let files = files.filter(|it| it.trim_end_matches('/').contains('/'));
        let lost = files.filter(|it| find_named(it).is_none());
        missing.extend(lost.map(|it| format!("{document} names {it}")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// `app/mod.rs` and then `assemble`, say: the function stands in that file.
#[test]
fn functions_stand_in_the_files_beside_which_documents_name_them() {
    let named = r"`((?:[\w-]+/)*[\w-]+\.rs)`((?:(?: |, )`[\w:]+`)+)";
    let (named, name) = (Regex::new(named).unwrap(), Regex::new(r"(\w+)`").unwrap());
    let mut missing = BTreeSet::new();
    for (document, text) in documents() {
        for found in named.captures_iter(text) {
            let path = find_named(&found[1]).filter(|path| path.is_file());
            let source = path.map(|path| std::fs::read_to_string(path).unwrap());
            let source = source.unwrap_or_default();
            for name in name.captures_iter(&found[2]) {
                let is_function = name[1].chars().all(|c| !c.is_uppercase());
                let item = if is_function { "fn " } else { "" };
                if !has_word(&source, &format!("{item}{}", &name[1])) {
                    missing.insert(format!("{document}: {} is not in {}", &name[1], &found[1]));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn names_that_documents_mention_are_in_the_code() {
    let name = r"^(?:[A-Z]\w*[a-z]\w*[A-Z]\w*|[a-z]\w*_\w+|\w+(?:::\w+)+)$";
    let name = Regex::new(name).unwrap();
    let is_code = |file: &str| {
        let folders = ["src/", "crates/", "migrations/", "assets/", "tests/"];
        let files = ["Cargo.toml", "config.example.toml", "Dockerfile"];
        file != THIS_FILE
            && (files.contains(&file) || folders.iter().any(|it| file.starts_with(it)))
    };
    let code: Vec<&String> = texts()
        .iter()
        .filter(|(file, _)| is_code(file))
        .map(|(_, text)| text)
        .collect();
    let mut mentioned = BTreeSet::new();
    for (document, text) in documents().filter(|(file, _)| file != "CHANGELOG.md") {
        let is_field = |it: &str| !it.contains("::") && it.chars().all(|c| !c.is_uppercase());
        let names = quoted(text).into_iter().filter(|it| name.is_match(it));
        let names = names.filter(|it| document != WIRE_DOCUMENT || !is_field(it));
        mentioned.extend(names.flat_map(|it| {
            let parts = it.split("::").map(str::to_owned);
            parts.collect::<Vec<_>>()
        }));
    }
    mentioned.retain(|it| !NAMES_OF_OTHERS.contains(&it.as_str()));
    mentioned.retain(|it| !code.iter().any(|text| has_word(text, it)));
    assert!(mentioned.is_empty(), "{mentioned:#?}");
}

#[test]
fn citations_and_links_are_found_in_every_form() {
    let comment =
        "//! Sorts; `docs/a.md` \u{a7}4.1 (one), \u{a7}12\n//! and \u{a7}3. See `docs/b.md`.";
    let cites = |document: &str, heading: Option<&str>, sections: &[&str]| Citation {
        document: document.to_owned(),
        heading: heading.map(str::to_owned),
        sections: sections.iter().map(|it| (*it).to_owned()).collect(),
    };
    let found = [
        cites("a.md", None, &["4.1", "12", "3"]),
        cites("b.md", None, &[]),
    ];
    assert_eq!(citations(comment), found);
    let comment = "// `docs/adr/x.md`, docs/Nope.md, and `docs/x.md#one-two`";
    let found = [
        cites("adr/x.md", None, &[]),
        cites("Nope.md", None, &[]),
        cites("x.md", Some("one-two"), &[]),
    ];
    assert_eq!(citations(comment), found);
    assert!(found.iter().all(|it| faults(it).len() == 1));
    let lost = cites("security.md", Some("no-such-heading"), &["99"]);
    assert_eq!(faults(&lost).len(), 2);
    assert_eq!(
        unexplained_labels("[a][b] [c][D] `[e][f]`\n[d]: x.md\n"),
        ["b"]
    );
    let text = "[a](docs/a.md#one-two) `[code](x.md)` [b](https://b.example)\n[c]: ../c.md\n";
    assert_eq!(relative_links(text), ["docs/a.md#one-two", "../c.md"]);
    let anchors = anchors("# One `two`\n## One two\n### 3.1 A key's *end*\n");
    let anchors: Vec<&str> = anchors.iter().map(String::as_str).collect();
    assert_eq!(anchors, ["31-a-keys-end", "one-two", "one-two-1"]);
}
