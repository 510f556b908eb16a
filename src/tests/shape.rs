//! The shape of the source as its syntax tree shows it: which modules a file
//! uses, what it re-exports, and how many parameters its functions take.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, FnArg, GenericArgument, Item, ItemFn, ItemMod, ItemType, ItemUse, Meta,
    PathArguments, Signature, Type, UseTree, Visibility,
};

/// How many parameters a function may take beside `self`. A tuple counts as
/// many as it has members, behind a reference or in an option too.
pub const PARAMETERS_MAX: usize = 4;
/// What stands for the whole crate where a file imports that, after which
/// nobody sees what is used of it.
pub const WHOLE_CRATE: &str = "crate";

/// What one file of the source shows.
#[derive(Default)]
pub struct Shape {
    /// Top modules of the crate that it uses, in imports and in paths.
    pub uses: BTreeSet<String>,
    /// What it re-exports, by the crate's top module that has it.
    pub re_exports: BTreeMap<String, Vec<String>>,
    /// Functions with more parameters than they may have.
    pub crowded: Vec<String>,
    /// Structs of which it makes values field by field.
    pub literals: BTreeSet<String>,
    /// Modules that stand in the file itself, or in a file of another name.
    pub inline_modules: Vec<String>,
    /// Modules of its own that are compiled for tests alone, from the
    /// crate's root.
    pub test_modules: Vec<String>,
    /// Whether anything stands below the unit tests.
    pub goes_on_below_tests: bool,
    /// The module in which the visitor is, from the crate's root.
    module: Vec<String>,
    /// Names that the file imports, and their paths from the crate's root.
    imported: BTreeMap<String, Vec<String>>,
}

impl Shape {
    /// Reads the source text of a file: its path below `src`.
    pub fn parse(path: &str, text: &str) -> Self {
        let file = syn::parse_file(text).expect("the source is Rust");
        let mut shape = Self {
            module: module_path(path),
            ..Self::default()
        };
        let tests = file.items.iter().position(is_unit_tests);
        shape.goes_on_below_tests = tests.is_some_and(|at| at + 1 < file.items.len());
        let mut imports = Imports {
            module: shape.module.clone(),
            imported: BTreeMap::new(),
        };
        imports.visit_file(&file);
        shape.imported = imports.imported;
        shape.visit_file(&file);
        shape
    }

    /// A path from the crate's root, if that is where it leads.
    fn resolve(&self, path: &[String]) -> Option<Vec<String>> {
        let aliased = path.first().and_then(|first| self.imported.get(first));
        match aliased {
            Some(whole) => Some([&whole[..], &path[1..]].concat()),
            None => from_root(&self.module, path),
        }
    }

    fn use_path(&mut self, path: &[String]) {
        if path.first().is_some_and(|it| it == "latchkey_emulator") {
            self.uses.insert("emulator".to_owned());
        } else if let Some(whole) = from_root(&self.module, path) {
            let top = whole.into_iter().next();
            self.uses
                .insert(top.unwrap_or_else(|| WHOLE_CRATE.to_owned()));
        }
    }

    fn export(&mut self, path: &[String]) {
        if let Some(whole) = self.resolve(path)
            && let (Some(module), Some(name)) = (whole.first(), whole.last())
        {
            let names = self.re_exports.entry(module.clone()).or_default();
            names.push(name.clone());
        }
    }
}

impl<'a> Visit<'a> for Shape {
    fn visit_item(&mut self, item: &'a Item) {
        // Unit tests may use everything.
        if !is_unit_tests(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        let elsewhere = |it: &Attribute| it.path().is_ident("path");
        if item.content.is_some() || item.attrs.iter().any(elsewhere) {
            self.inline_modules.push(item.ident.to_string());
        }
        self.module.push(item.ident.to_string());
        if item.attrs.iter().any(is_for_tests) {
            self.test_modules.push(self.module.join("::"));
        }
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let is_exported = !matches!(item.vis, Visibility::Inherited);
        for Import { path, .. } in imports(&item.tree) {
            // `*` is no part of the path to what it takes all of.
            let (last, above) = path.split_last().expect("an import has a name");
            self.use_path(if last == "*" { above } else { &path });
            if is_exported {
                self.export(&path);
            }
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'a syn::ItemExternCrate) {
        if item.ident == "self" {
            self.uses.insert(WHOLE_CRATE.to_owned());
        }
        self.use_path(&[item.ident.to_string()]);
    }

    fn visit_vis_restricted(&mut self, _: &'a syn::VisRestricted) {
        // Who may see an item is no use of a module.
    }

    fn visit_item_type(&mut self, item: &'a ItemType) {
        if !matches!(item.vis, Visibility::Inherited) {
            let mut named = Paths::default();
            named.visit_type(&item.ty);
            for path in named.paths {
                self.export(&path);
            }
        }
        visit::visit_item_type(self, item);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.use_path(&segments(path));
        visit::visit_path(self, path);
    }

    fn visit_expr_struct(&mut self, made: &'a syn::ExprStruct) {
        let path = segments(&made.path);
        let whole = self.resolve(&path).unwrap_or(path);
        self.literals.extend(whole.into_iter().next_back());
        visit::visit_expr_struct(self, made);
    }

    fn visit_macro(&mut self, item: &'a syn::Macro) {
        for path in paths_in(item.tokens.clone()) {
            self.use_path(&path);
        }
        visit::visit_macro(self, item);
    }

    fn visit_item_fn(&mut self, function: &'a ItemFn) {
        // The parameters of a command are the options that Discord shows.
        let is_command = |it: &Attribute| it.path().segments.iter().any(|it| it.ident == "poise");
        if function.attrs.iter().any(is_command) {
            self.visit_block(&function.block);
        } else {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_signature(&mut self, signature: &'a Signature) {
        let parameters: usize = signature.inputs.iter().map(weight).sum();
        if parameters > PARAMETERS_MAX {
            self.crowded
                .push(format!("{} takes {parameters}", signature.ident));
        }
        visit::visit_signature(self, signature);
    }
}

/// Collects the names that a file imports from the crate.
struct Imports {
    module: Vec<String>,
    imported: BTreeMap<String, Vec<String>>,
}

impl<'a> Visit<'a> for Imports {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_unit_tests(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        for Import { path, name } in imports(&item.tree) {
            if let Some(whole) = from_root(&self.module, &path) {
                self.imported.insert(name, whole);
            }
        }
    }
}

/// Collects the paths in a type.
#[derive(Default)]
struct Paths {
    paths: Vec<Vec<String>>,
}

impl<'a> Visit<'a> for Paths {
    fn visit_path(&mut self, path: &'a syn::Path) {
        self.paths.push(segments(path));
        visit::visit_path(self, path);
    }
}

/// One thing that an import takes: its path as written, and its name here.
struct Import {
    path: Vec<String>,
    name: String,
}

/// Everything that an import takes: `crate::{app, model::Key}` takes `app`
/// and `Key`.
fn imports(tree: &UseTree) -> Vec<Import> {
    let mut found = Vec::new();
    let mut open = vec![(Vec::new(), tree)];
    while let Some((path, tree)) = open.pop() {
        let with = |name: &syn::Ident| [&path[..], &[name.to_string()]].concat();
        let (path, name) = match tree {
            UseTree::Path(inner) => {
                open.push((with(&inner.ident), &inner.tree));
                continue;
            }
            UseTree::Group(group) => {
                open.extend(group.items.iter().map(|item| (path.clone(), item)));
                continue;
            }
            // `self` in a group is what stands before the group.
            UseTree::Name(name) if name.ident == "self" && !path.is_empty() => {
                let name = path.last().cloned().unwrap_or_default();
                (path, name)
            }
            UseTree::Rename(rename) if rename.ident == "self" && !path.is_empty() => {
                (path, rename.rename.to_string())
            }
            UseTree::Name(name) => (with(&name.ident), name.ident.to_string()),
            UseTree::Rename(rename) => (with(&rename.ident), rename.rename.to_string()),
            UseTree::Glob(_) => ([&path[..], &["*".to_owned()]].concat(), "*".to_owned()),
        };
        found.push(Import { path, name });
    }
    found
}

/// The path from the crate's root of what a module calls `path`; none where
/// it begins neither with `crate`, nor with `self` or `super`.
fn from_root(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut whole = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.to_vec(),
        _ => return None,
    };
    let mut path = path.iter().peekable();
    while let Some(up) = path.next_if(|it| ["crate", "self", "super"].contains(&it.as_str())) {
        if up == "super" {
            whole.pop();
        }
    }
    whole.extend(path.cloned());
    Some(whole)
}

/// The module that a file of the source is: `bot/words/mod.rs` is
/// `bot::words`.
pub fn module_path(file: &str) -> Vec<String> {
    let parts = file.trim_end_matches(".rs").split('/').map(str::to_owned);
    let mut parts: Vec<String> = parts.collect();
    parts.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
    parts
}

fn segments(path: &syn::Path) -> Vec<String> {
    let names = path.segments.iter().map(|it| it.ident.to_string());
    names.collect()
}

/// The paths among the tokens of a macro, in brackets too: inside a macro
/// there is no syntax tree.
fn paths_in(tokens: TokenStream) -> Vec<Vec<String>> {
    let mut words = Vec::new();
    let mut open: Vec<TokenTree> = tokens.into_iter().collect();
    open.reverse();
    while let Some(token) = open.pop() {
        match token {
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                open.extend(inner.into_iter().rev());
            }
            TokenTree::Ident(ident) => words.push(ident.to_string()),
            TokenTree::Punct(punct) => words.push(punct.as_char().to_string()),
            // What is between two names keeps them apart.
            TokenTree::Literal(_) => words.push(String::new()),
        }
    }
    let mut paths = Vec::new();
    for (at, first) in words.iter().enumerate() {
        if ["crate", "self", "super", "latchkey_emulator"].contains(&first.as_str()) {
            let rest = words[at + 1..].chunks(3);
            let names = rest.map_while(|chunk| match chunk {
                [colon, other, name] if colon == ":" && other == ":" => Some(name.clone()),
                _ => None,
            });
            let path: Vec<String> = std::iter::once(first.clone()).chain(names).collect();
            // `self` alone is a value.
            paths.extend(Some(path).filter(|path| path.len() > 1));
        }
    }
    paths
}

/// Whether an item is the unit tests of its file.
fn is_unit_tests(item: &Item) -> bool {
    let Item::Mod(module) = item else {
        return false;
    };
    let is_inline = module.ident == "tests" && module.content.is_some();
    is_inline && module.attrs.iter().any(is_for_tests)
}

/// Whether an attribute is `#[cfg(test)]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    }
}

fn weight(parameter: &FnArg) -> usize {
    match parameter {
        FnArg::Receiver(_) => 0,
        FnArg::Typed(typed) => members(&typed.ty),
    }
}

/// How many things a parameter of this type is.
fn members(of: &Type) -> usize {
    match of {
        Type::Tuple(tuple) => tuple.elems.iter().map(members).sum(),
        Type::Reference(reference) => members(&reference.elem),
        Type::Paren(inner) => members(&inner.elem),
        Type::Group(inner) => members(&inner.elem),
        Type::Path(path) => {
            let last = path.path.segments.last();
            let holds_one = last.filter(|it| ["Option", "Box"].contains(&&*it.ident.to_string()));
            match holds_one.map(|it| &it.arguments) {
                Some(PathArguments::AngleBracketed(inner)) => match inner.args.first() {
                    Some(GenericArgument::Type(inner)) => members(inner),
                    _ => 1,
                },
                _ => 1,
            }
        }
        _ => 1,
    }
}

#[test]
fn imports_macros_and_tuples_are_seen_in_every_form() {
    let shape = Shape::parse(
        "app/keys/mod.rs",
        "pub use crate::providers::Body;
         use crate::{app, model::{self, Key}};
         fn f(a: u8, (b, c): (u8, u8), d: crate::store::Row, e: u8) { g!(crate::vault::x()); }
         use crate::model::Caller as C;
         fn g() -> C { C { person: 1 } }
         fn h(&self, a: u8, b: u8, c: u8, d: u8) {}
         fn i(a: &(u8, (u8, u8)), b: Option<(u8, u8)>) {}
         fn j() { use super::super::bot; k!([[crate::cli::x], (super::super::config::y)]); }
         mod inner { use crate::gateway; }
         #[cfg(test)] mod story;
         #[cfg(test)] mod tests { use crate::resolver; }",
    );
    let uses: Vec<&str> = shape.uses.iter().map(String::as_str).collect();
    let seen = [
        "app",
        "bot",
        "cli",
        "config",
        "gateway",
        "model",
        "providers",
        "store",
        "vault",
    ];
    assert_eq!(uses, seen);
    assert_eq!(shape.re_exports["providers"], ["Body"]);
    assert_eq!(shape.crowded, ["f takes 5", "i takes 5"]);
    assert!(shape.literals.contains("Caller"));
    assert_eq!(shape.inline_modules, ["inner"]);
    assert_eq!(shape.test_modules, ["app::keys::story"]);
    assert!(!shape.goes_on_below_tests);
}

#[test]
fn whoever_imports_the_whole_crate_or_hides_code_below_the_tests_is_seen() {
    for text in [
        "use crate as root;",
        "use crate::*;",
        "use super::*;",
        "use super::{self as root};",
        "extern crate self as root;",
    ] {
        let shape = Shape::parse("bot/mod.rs", text);
        assert!(shape.uses.contains(WHOLE_CRATE), "{text}");
    }
    let below = "#[cfg(test)]\nmod tests {}\nuse crate::store;";
    let shape = Shape::parse("bot/mod.rs", below);
    assert!(shape.goes_on_below_tests && shape.uses.contains("store"));
    assert!(
        !Shape::parse("bot/words/mod.rs", "use super::*;")
            .uses
            .contains(WHOLE_CRATE)
    );
}

#[test]
fn re_exports_are_seen_in_every_form() {
    for text in [
        "use crate::providers; pub use providers::Body;",
        "use crate::providers as p; pub use p::Body;",
        "pub use super::providers::Body;",
        "pub use crate::providers::*;",
        "pub use crate::{providers as p};",
        "pub(in crate::app) use crate::providers;",
        "pub type Body = crate::providers::Body;",
        "use crate::providers::Body; pub type Bodies = Vec<Body>;",
    ] {
        let shape = Shape::parse("app/mod.rs", text);
        assert!(shape.re_exports.contains_key("providers"), "{text}");
    }
}
