//! Pages as a person reads them: what they say, and the forms on them.

#![expect(
    clippy::format_push_string,
    clippy::string_slice,
    reason = "pages of tests are small, and are cut at signs of HTML"
)]

use std::sync::LazyLock;

use regex::Regex;

/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "caption",
    "details",
    "div",
    "dd",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "header",
    "label",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tr",
    "ul",
];

/// A form of a page, filled in as the page has it.
#[derive(Clone, Debug, Default)]
pub struct PageForm {
    pub action: String,
    /// "get" or "post".
    pub method: String,
    pub fields: Vec<(String, String)>,
    /// All that can be chosen, ticked or pressed, with what that sends.
    offered: Vec<(String, String)>,
    /// Fields in which anything can be typed.
    free: Vec<String>,
    boxes: Vec<String>,
}

/// A tag, or what stands between two.
enum Piece<'t> {
    Text(&'t str),
    Open(&'t str, &'t str),
    Close(&'t str),
}

/// Where a form is sent: a place in the page is the browser's own business.
fn sent_to(of: &str, address: &str) -> String {
    let action = attribute(of, "action").unwrap_or_else(|| address.to_owned());
    action.split('#').next().unwrap_or_default().to_owned()
}

fn pieces(html: &str) -> Vec<Piece<'_>> {
    static TAG: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^>"]|"[^"]*")*)>|<!(?:[^>]*)>"#).unwrap()
    });
    let (mut pieces, mut at) = (Vec::new(), 0);
    for found in TAG.captures_iter(html) {
        let whole = found.get(0).unwrap();
        pieces.push(Piece::Text(&html[at..whole.start()]));
        at = whole.end();
        let Some(name) = found.get(2) else { continue };
        if found[1].is_empty() {
            pieces.push(Piece::Open(name.as_str(), found.get(3).unwrap().as_str()));
        } else {
            pieces.push(Piece::Close(name.as_str()));
        }
    }
    pieces.push(Piece::Text(&html[at..]));
    pieces
}

/// The value of an attribute of a tag; empty for one that stands alone.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    static PAIR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"([^\s="/]+)(?:="([^"]*)")?"#).unwrap());
    let mut pairs = PAIR.captures_iter(attributes);
    let pair = pairs.find(|pair| &pair[1] == name)?;
    Some(unescape(pair.get(2).map_or("", |value| value.as_str())))
}

/// Text without its escapes.
pub fn unescape(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
    ];
    let text = pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&amp;", "&")
}

/// The forms of a page that has this address.
pub fn forms(html: &str, address: &str) -> Vec<PageForm> {
    let mut found: Vec<PageForm> = Vec::new();
    let (mut inside, mut area, mut list) = (false, None, None);
    for piece in pieces(html) {
        match piece {
            Piece::Open("form", of) => {
                inside = true;
                found.push(PageForm {
                    action: sent_to(of, address),
                    method: attribute(of, "method").unwrap_or_else(|| "get".to_owned()),
                    ..PageForm::default()
                });
            }
            Piece::Close("form") => inside = false,
            _ if !inside => {}
            Piece::Open("textarea", of) => area = attribute(of, "name"),
            Piece::Text(text) => {
                if let (Some(name), Some(form)) = (area.take(), found.last_mut()) {
                    form.free.push(name.clone());
                    form.fields.push((name, unescape(text)));
                }
            }
            Piece::Open("select", of) => list = attribute(of, "name"),
            Piece::Open(tag, of) => {
                if let Some(form) = found.last_mut() {
                    form.add(tag, of, list.as_deref());
                }
            }
            Piece::Close("select") => list = None,
            Piece::Close(_) => {}
        }
    }
    found
}

impl PageForm {
    /// Adds a field of the form, or one choice of its list.
    fn add(&mut self, tag: &str, of: &str, list: Option<&str>) {
        let value = attribute(of, "value");
        if let (Some(list), "option") = (list, tag) {
            let choice = (list.to_owned(), value.unwrap_or_default());
            let is_first = !self.offered.iter().any(|(name, _)| name == list);
            self.offered.push(choice.clone());
            if is_first {
                self.fields.push(choice);
            } else if attribute(of, "selected").is_some() {
                self.fields.retain(|(name, _)| name != list);
                self.fields.push(choice);
            }
            return;
        }
        let Some(name) = attribute(of, "name") else {
            return;
        };
        let kind = attribute(of, "type").unwrap_or_default();
        match (tag, kind.as_str()) {
            ("button", _) => self.offered.push((name, value.unwrap_or_default())),
            ("input", "checkbox" | "radio") => {
                let choice = (name.clone(), value.unwrap_or_else(|| "on".to_owned()));
                if attribute(of, "checked").is_some() {
                    self.fields.push(choice.clone());
                }
                self.offered.push(choice);
                self.boxes.push(name);
            }
            ("input", kind) => {
                if kind != "hidden" {
                    self.free.push(name.clone());
                }
                self.fields.push((name, value.unwrap_or_default()));
            }
            _ => {}
        }
    }

    /// Whether it has a field of this name.
    pub fn has(&self, name: &str) -> bool {
        let mut offered = self.offered.iter().chain(&self.fields);
        self.free.iter().any(|it| it == name) || offered.any(|(it, _)| it == name)
    }

    /// What can be chosen or ticked under this name.
    pub fn offered(&self, name: &str) -> Vec<String> {
        let offered = self.offered.iter().filter(|(it, _)| it == name);
        offered.map(|(_, value)| value.clone()).collect()
    }

    /// Types, chooses and ticks as a person can, and nothing else. A box is
    /// unticked with "".
    pub fn fill(&self, typed: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = self.fields.clone();
        fields.retain(|(name, _)| !typed.iter().any(|(it, _)| it == name));
        for (name, value) in typed {
            let (name, value) = ((*name).to_owned(), (*value).to_owned());
            if value.is_empty() && self.boxes.contains(&name) {
                continue;
            }
            let pair = (name, value);
            let can = self.free.contains(&pair.0) || self.offered.contains(&pair);
            assert!(can, "nobody can choose {pair:?} in {self:#?}");
            fields.push(pair);
        }
        fields
    }
}

/// What a page says, line by line: its main part alone. Links say where they
/// lead, and buttons stand in round brackets.
pub fn read(html: &str) -> String {
    let main = html.split_once("<main").map_or(html, |(_, main)| main);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    let main = format!("<main{main}");
    let mut text = String::new();
    let (mut link, mut drawings, mut listed) = (None, 0, 0_usize);
    for piece in pieces(&main) {
        match piece {
            Piece::Open("svg", _) => drawings += 1,
            Piece::Close("svg") => drawings -= 1,
            _ if drawings > 0 => {}
            Piece::Open("select", of) => {
                text += &format!("\n{{{}:", attribute(of, "name").unwrap_or_default());
                listed = 1;
            }
            Piece::Close("select") => {
                text += &format!(" of {}}}\n", listed - 1);
                listed = 0;
            }
            Piece::Open("option", of) if listed > 0 => {
                // The first is chosen where none is; a later one replaces it.
                let chosen = attribute(of, "selected").is_some();
                let start = text.rfind('{').unwrap();
                let named = text[start..].find(':').unwrap() + start + 1;
                if chosen || listed == 1 {
                    text.truncate(named);
                    text += &format!(" {}", attribute(of, "value").unwrap_or_default());
                }
                listed += 1;
            }
            Piece::Text(words) if listed == 0 => text += &unescape(&words.replace('\n', " ")),
            Piece::Text(_) => {}
            Piece::Open(tag, of) => {
                link = attribute(of, "href").filter(|_| tag == "a").or(link);
                text += &opened(tag, of);
            }
            Piece::Close("a") => text += &format!(" [{}]", link.take().unwrap_or_default()),
            Piece::Close("button") => text += ") ",
            Piece::Close("td" | "th") => text += " | ",
            Piece::Close(tag) if BLOCKS.contains(&tag) => text += "\n",
            Piece::Close(_) => {}
        }
    }
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines = lines.map(|line| line.trim_end_matches(" |").trim().to_owned());
    let lines = lines.filter(|line| !line.is_empty() && line != "|");
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands for the beginning of an element.
fn opened(tag: &str, of: &str) -> String {
    let name = attribute(of, "name").unwrap_or_default();
    let value = attribute(of, "value").unwrap_or_default();
    match tag {
        "h1" => "\n# ".to_owned(),
        "h2" => "\n## ".to_owned(),
        "h3" => "\n### ".to_owned(),
        "li" => "\n- ".to_owned(),
        "button" => " (".to_owned(),
        "textarea" => format!("\n{{{name}}} "),
        "input" => match attribute(of, "type").as_deref() {
            Some("hidden") => String::new(),
            Some("checkbox" | "radio") => {
                let mark = attribute(of, "checked").map_or(' ', |_| 'x');
                format!("[{mark}] ")
            }
            Some("password") => format!("\n{{{name}: masked{value}}}\n"),
            _ => format!("\n{{{name}: {value}}}\n"),
        },
        tag if BLOCKS.contains(&tag) => "\n".to_owned(),
        _ => String::new(),
    }
}
