//! Citations lead somewhere: documents, their sections, links.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the repository: its path and its text.
fn texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !NOT_OURS.contains(&name) {
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
fn documents() -> Vec<(String, String)> {
    let is_document = |name: &str| {
        DOCUMENTS.contains(&name)
            || (name.starts_with("docs/")
                && Path::new(name).extension().is_some_and(|it| it == "md"))
    };
    let mut all = texts();
    all.retain(|(name, _)| is_document(name));
    all
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

/// A citation: the document, and the numbers of its sections.
type Citation = (String, Vec<String>);

/// What a text cites of `docs/`.
fn citations(text: &str) -> Vec<Citation> {
    if !text.contains("docs/") {
        return Vec::new();
    }
    let cited = "docs/([a-z0-9_-]+\\.md)`?((?:[^\u{a7}.`]{0,60}\u{a7}[0-9]+(?:\\.[0-9]+)*)*)";
    let cited = Regex::new(cited).unwrap();
    let text = unwrapped(text);
    let all = cited.captures_iter(&text);
    all.map(|found| (found[1].to_owned(), sections(&found[2])))
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
fn faults((document, sections): &Citation) -> Vec<String> {
    let Some(known) = numbered(document) else {
        return vec![format!("docs/{document}, which does not exist")];
    };
    let missing = sections.iter().filter(|section| !known.contains(*section));
    missing
        .map(|section| format!("docs/{document} \u{a7}{section}, which it does not have"))
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
    let folder = root().join(document).parent().map(PathBuf::from).unwrap();
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
    let others = texts().into_iter().filter(|(file, _)| file != THIS_FILE);
    for (file, text) in others {
        for fault in citations(&text).iter().flat_map(faults) {
            wrong.insert(format!("{file} cites {fault}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_section_is_cited_with_its_document() {
    for (file, text) in texts() {
        let cited = citations(&text);
        let with_document: usize = cited.iter().map(|(_, sections)| sections.len()).sum();
        let Some(own) = file.strip_prefix("docs/").and_then(numbered) else {
            let all = sections(&text).len();
            assert_eq!(with_document, all, "{file} cites a section of nothing");
            continue;
        };
        // Inside of a document its own sections need no name before them.
        let elsewhere: BTreeSet<String> = cited.into_iter().flat_map(|(_, all)| all).collect();
        for section in sections(&text) {
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
    );
    let outside = Regex::new(outside).unwrap();
    let knows: Vec<String> = texts()
        .into_iter()
        .filter(|(file, text)| file != KNOWS_THE_OUTSIDE && outside.is_match(text))
        .map(|(file, _)| file)
        .collect();
    assert!(knows.is_empty(), "{knows:#?}");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut dead = BTreeSet::new();
    for (file, text) in documents() {
        for link in relative_links(&text) {
            if !leads_somewhere(&file, &link) {
                dead.insert(format!("{file}: {link}"));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn citations_and_links_are_found_in_every_form() {
    let comment =
        "//! Sorts; `docs/a.md` \u{a7}4.1 (one), \u{a7}12\n//! and \u{a7}3. See `docs/b.md`.";
    let found = [
        (
            "a.md".to_owned(),
            vec!["4.1".to_owned(), "12".to_owned(), "3".to_owned()],
        ),
        ("b.md".to_owned(), Vec::new()),
    ];
    assert_eq!(citations(comment), found);
    let text = "[a](docs/a.md#one-two) `[code](x.md)` [b](https://b.example)\n[c]: ../c.md\n";
    assert_eq!(relative_links(text), ["docs/a.md#one-two", "../c.md"]);
    let anchors = anchors("# One `two`\n## One two\n### 3.1 A key's *end*\n");
    let anchors: Vec<&str> = anchors.iter().map(String::as_str).collect();
    assert_eq!(anchors, ["31-a-keys-end", "one-two", "one-two-1"]);
}
