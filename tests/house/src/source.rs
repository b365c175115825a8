//! One Rust file, read with a real parser: its tokens, its length, and the names in its public signatures.
//!
//! Tests inside a file do not count: they may do what a library must not. Not here: which words are allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Item, UseTree, Visibility};

use crate::{Error, File};

/// One token that is not part of a comment, a document or a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token as it is written, a text with its quotes.
    pub text: String,
    /// Its line, counted from 1.
    pub line: usize,
}

/// One Rust file without its tests.
pub struct Source {
    items: Vec<Item>,
    code_lines: usize,
}

impl Source {
    /// Parses `file`.
    ///
    /// # Errors
    /// When the file is not Rust.
    pub fn parse(file: &File) -> Result<Self, Error> {
        let parsed = syn::parse_file(&file.text).map_err(|error| format!("{}: {error}", file.path))?;
        let (tests, items): (Vec<Item>, Vec<Item>) =
            parsed.items.into_iter().partition(|item| is_test(attributes(item)));
        let tested: BTreeSet<usize> =
            tests.iter().flat_map(|item| item.span().start().line..=item.span().end().line).collect();
        let code_lines = file
            .lines()
            .filter(|(number, line)| {
                let line = line.trim_start();
                !line.is_empty() && !line.starts_with("//") && !tested.contains(number)
            })
            .count();
        Ok(Self { items, code_lines })
    }

    /// Lines that hold code: no comments, no empty lines, no tests.
    pub fn code_lines(&self) -> usize {
        self.code_lines
    }

    /// All tokens in order, documents left out.
    pub fn tokens(&self) -> Vec<Token> {
        let mut found = Vec::new();
        for item in &self.items {
            flatten(item.to_token_stream(), &mut found);
        }
        found
    }

    /// Names from `crates` that stand in a public signature, each as `crate: name`.
    ///
    /// A name counts when it is a path into one of the crates, or was imported from one. Macro bodies are not seen.
    pub fn exposed(&self, crates: &BTreeSet<String>) -> BTreeSet<String> {
        let mut imported = BTreeMap::new();
        for item in &self.items {
            if let Item::Use(import) = item {
                imports(&import.tree, None, crates, &mut imported);
            }
        }
        let mut surface = Surface { crates, imported, found: BTreeSet::new() };
        for item in &self.items {
            surface.item(item);
        }
        surface.found
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("code_lines", &self.code_lines).finish_non_exhaustive()
    }
}

/// Whether one of the attributes keeps the item for tests.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

fn flatten(tokens: TokenStream, found: &mut Vec<Token>) {
    for token in tokens {
        let line = token.span().start().line;
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                found.push(Token { text: open.to_owned(), line });
                flatten(group.stream(), found);
                found.push(Token { text: close.to_owned(), line: group.span().end().line });
            }
            TokenTree::Ident(word) => found.push(Token { text: word.to_string(), line }),
            TokenTree::Punct(mark) => found.push(Token { text: mark.to_string(), line }),
            TokenTree::Literal(value) => found.push(Token { text: value.to_string(), line }),
        }
    }
}

/// Notes the names that a `use` brings in from one of the crates.
fn imports(
    tree: &UseTree,
    from: Option<&str>,
    crates: &BTreeSet<String>,
    found: &mut BTreeMap<String, String>,
) {
    match tree {
        UseTree::Path(path) => {
            let head = path.ident.to_string();
            let from = from.or_else(|| crates.get(&head).map(String::as_str));
            imports(&path.tree, from, crates, found);
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, from, crates, found)),
        UseTree::Name(name) => note(&name.ident, from, found),
        UseTree::Rename(name) => note(&name.rename, from, found),
        UseTree::Glob(_) => {}
    }
}

fn note(name: &syn::Ident, from: Option<&str>, found: &mut BTreeMap<String, String>) {
    if let Some(from) = from {
        found.insert(name.to_string(), from.to_owned());
    }
}

/// Walks signatures, never bodies, and notes the paths that lead outside.
struct Surface<'a> {
    crates: &'a BTreeSet<String>,
    imported: BTreeMap<String, String>,
    found: BTreeSet<String>,
}

impl Visit<'_> for Surface<'_> {
    fn visit_path(&mut self, path: &syn::Path) {
        if let Some(first) = path.segments.first().map(|segment| segment.ident.to_string()) {
            let owner = self.crates.get(&first).or_else(|| self.imported.get(&first));
            if let Some(owner) = owner {
                let name = path.segments.last().map_or(first, |segment| segment.ident.to_string());
                self.found.insert(format!("{owner}: {name}"));
            }
        }
        syn::visit::visit_path(self, path);
    }

    // Attributes name derives and serde helpers: not part of a signature.
    fn visit_attribute(&mut self, _: &Attribute) {}
}

impl Surface<'_> {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(it) if is_public(&it.vis) => self.visit_signature(&it.sig),
            Item::Const(it) if is_public(&it.vis) => self.visit_type(&it.ty),
            Item::Static(it) if is_public(&it.vis) => self.visit_type(&it.ty),
            Item::Type(it) if is_public(&it.vis) => self.visit_item_type(it),
            Item::Enum(it) if is_public(&it.vis) => self.visit_item_enum(it),
            Item::Trait(it) if is_public(&it.vis) => self.visit_item_trait(it),
            Item::Struct(it) if is_public(&it.vis) => self.fields(&it.fields),
            Item::Impl(it) => self.implementation(it),
            Item::Use(it) if is_public(&it.vis) => self.reexport(&it.tree),
            Item::Mod(it) => {
                it.content.iter().flat_map(|(_, items)| items).for_each(|item| self.item(item));
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &syn::Fields) {
        for field in fields.iter().filter(|field| is_public(&field.vis)) {
            self.visit_type(&field.ty);
        }
    }

    fn implementation(&mut self, block: &syn::ItemImpl) {
        if let Some((_, path, _)) = &block.trait_ {
            // A trait of another crate may be implemented; what stands between its brackets is a promise.
            path.segments.iter().for_each(|segment| self.visit_path_arguments(&segment.arguments));
        }
        for item in &block.items {
            match item {
                syn::ImplItem::Fn(it) if is_public(&it.vis) => self.visit_signature(&it.sig),
                syn::ImplItem::Const(it) if is_public(&it.vis) => self.visit_type(&it.ty),
                _ => {}
            }
        }
    }

    fn reexport(&mut self, tree: &UseTree) {
        let mut names = BTreeMap::new();
        imports(tree, None, self.crates, &mut names);
        self.found.extend(names.into_iter().map(|(name, owner)| format!("{owner}: {name}")));
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse(&File { path: "a.rs".to_owned(), text: text.to_owned() }).unwrap()
    }

    fn exposed(text: &str) -> Vec<String> {
        source(text).exposed(&BTreeSet::from(["graph".to_owned()])).into_iter().collect()
    }

    #[test]
    fn a_private_field_hides_what_it_holds() {
        assert!(exposed("pub struct A(graph::Index); pub fn f() { graph::walk() }").is_empty());
        assert!(
            exposed("use graph::Index; fn f(_: Index) {} impl Walk for A { type I = Index; }").is_empty()
        );
    }

    #[test]
    fn public_signatures_show_what_they_name() {
        assert_eq!(exposed("use graph::Index as I; pub fn f(_: Vec<I>) {}"), ["graph: I"]);
        assert_eq!(exposed("pub struct A { pub at: graph::Index }"), ["graph: Index"]);
        assert_eq!(exposed("pub enum E { One(graph::Index) }"), ["graph: Index"]);
        assert_eq!(exposed("pub use graph::{Index};"), ["graph: Index"]);
        assert_eq!(
            exposed("impl From<graph::Index> for A { fn from(_: graph::Index) -> A { A } }"),
            ["graph: Index"]
        );
    }

    #[test]
    fn comments_documents_and_tests_are_no_code() {
        let source =
            source("//! Doc.\n\n// Why.\nfn f() {\n}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n");
        assert_eq!(source.code_lines(), 2);
        assert!(source.tokens().iter().all(|token| token.text != "g"));
    }
}
