//! The shape of the source as its syntax tree shows it: which modules a file
//! uses, what it re-exports, and how many parameters its functions take.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, ItemFn, ItemUse, Signature, Type, UseTree, Visibility};

/// How many parameters a function may take beside `self`. A tuple counts as
/// many as it has members.
pub const PARAMETERS_MAX: usize = 4;

/// What one file of the source shows.
#[derive(Default)]
pub struct Shape {
    /// Top modules of the crate that it uses, in imports and in paths.
    pub uses: BTreeSet<String>,
    /// What it re-exports, by the crate's top module that has it.
    pub re_exports: BTreeMap<String, Vec<String>>,
    /// Functions with more parameters than they may have.
    pub crowded: Vec<String>,
}

impl Shape {
    /// Reads the source text of a file.
    pub fn parse(text: &str) -> Self {
        let file = syn::parse_file(text).expect("the source is Rust");
        let mut shape = Self::default();
        shape.visit_file(&file);
        shape
    }
}

impl<'a> Visit<'a> for Shape {
    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if !matches!(item.vis, Visibility::Inherited) {
            for [module, name] in exported_names(&item.tree) {
                self.re_exports.entry(module).or_default().push(name);
            }
        }
        self.uses.extend(imported_modules(&item.tree));
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let mut segments = path.segments.iter().map(|it| it.ident.to_string());
        match segments.next().as_deref() {
            Some("crate") => self.uses.extend(segments.next()),
            Some("latchkey_emulator") => self.uses.extend(["emulator".to_owned()]),
            _ => {}
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a syn::Macro) {
        // Inside a macro there are only tokens.
        let tokens: Vec<String> = item
            .tokens
            .clone()
            .into_iter()
            .map(|it| it.to_string())
            .collect();
        for window in tokens.windows(4) {
            if let [first, colon, other, module] = window
                && first == "crate"
                && colon == ":"
                && other == ":"
            {
                self.uses.insert(module.clone());
            }
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

/// The top modules that an import names: `crate::{app, model::Key}` names
/// `app` and `model`.
fn imported_modules(tree: &UseTree) -> BTreeSet<String> {
    let UseTree::Path(path) = tree else {
        return BTreeSet::new();
    };
    if path.ident == "latchkey_emulator" {
        return BTreeSet::from(["emulator".to_owned()]);
    }
    if path.ident != "crate" {
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    let mut open = vec![&*path.tree];
    while let Some(tree) = open.pop() {
        match tree {
            UseTree::Path(path) => {
                found.insert(path.ident.to_string());
            }
            UseTree::Name(name) => {
                found.insert(name.ident.to_string());
            }
            UseTree::Rename(rename) => {
                found.insert(rename.ident.to_string());
            }
            UseTree::Group(group) => open.extend(&group.items),
            UseTree::Glob(_) => {}
        }
    }
    found
}

/// Top module and last name of everything that an import names.
fn exported_names(tree: &UseTree) -> Vec<[String; 2]> {
    let mut found = Vec::new();
    let mut open = vec![(Vec::new(), tree)];
    while let Some((path, tree)) = open.pop() {
        let with = |name: &syn::Ident| [path.clone(), vec![name.to_string()]].concat();
        let whole = match tree {
            UseTree::Path(inner) => {
                open.push((with(&inner.ident), &inner.tree));
                continue;
            }
            UseTree::Group(group) => {
                open.extend(group.items.iter().map(|item| (path.clone(), item)));
                continue;
            }
            UseTree::Name(name) => with(&name.ident),
            UseTree::Rename(rename) => with(&rename.ident),
            UseTree::Glob(_) => [path.clone(), vec!["*".to_owned()]].concat(),
        };
        if let [first, module, .., name] = &whole[..]
            && first == "crate"
        {
            found.push([module.clone(), name.clone()]);
        }
    }
    found
}

fn weight(parameter: &FnArg) -> usize {
    match parameter {
        FnArg::Receiver(_) => 0,
        FnArg::Typed(typed) => match &*typed.ty {
            Type::Tuple(tuple) => tuple.elems.len(),
            _ => 1,
        },
    }
}

#[test]
fn grouped_imports_macros_and_tuples_are_seen() {
    let shape = Shape::parse(
        "pub use crate::providers::Body;
         use crate::{app, model::{self, Key}};
         fn f(a: u8, (b, c): (u8, u8), d: crate::store::Row, e: u8) { g!(crate::vault::x()); }
         fn h(&self, a: u8, b: u8, c: u8, d: u8) {}",
    );
    let uses: Vec<&str> = shape.uses.iter().map(String::as_str).collect();
    assert_eq!(uses, ["app", "model", "providers", "store", "vault"]);
    assert_eq!(shape.re_exports["providers"], ["Body"]);
    assert_eq!(shape.crowded, ["f takes 5"]);
}
