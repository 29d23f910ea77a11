//! What an impl's file says about it: where its trait is imported from, whether it is inside a fn, and which fields
//! its type has.

use std::fs;

use proc_macro2::Ident;
use syn::{Block, Expr, ImplItem, Item, ItemConst, ItemImpl, Path, Stmt, Token, Type};

use crate::imports::{self, Beside, Imported};

/// What the file tells about an impl.
#[derive(Default)]
pub(crate) struct Place {
    /// How its trait is imported, if the file says so, and what is beside it under the name of its server.
    pub(crate) imported: Option<(Imported, Beside)>,
    /// Whether it is inside a fn.
    pub(crate) in_fn: bool,
    /// The fields of its type, if the file shows them.
    pub(crate) fields: Vec<Ident>,
}

/// Where this impl is.
///
/// The file is read only if it may tell something: if the trait is written without a path, or the impl doesn't
/// begin its line.
pub(crate) fn of_impl(impl_token: Token![impl], service_trait: &Path, self_type: &Type) -> Place {
    // Only inside a macro's call are there files: not in a unit test.
    if !proc_macro::is_available() {
        return Place::default();
    }
    let is_indented = impl_token.span.unwrap().column() > 1;
    if service_trait.get_ident().is_none() && !is_indented {
        return Place::default();
    }
    in_its_file(service_trait, self_type).unwrap_or_default()
}

fn in_its_file(service_trait: &Path, self_type: &Type) -> Option<Place> {
    let name = &service_trait.segments.last()?.ident;
    let span = name.span().unwrap();
    let source = fs::read_to_string(span.local_file()?).ok()?;
    let source = with_mark(&source, span.line(), span.column(), name)?;
    in_source(&source, service_trait, self_type)
}

/// The name that the trait gets in the impl in question, to tell this impl from others with the same text.
const MARK: &str = "__TheTrait";

/// The source with the mark in place of the trait's name, which is at this line and character, counted from 1.
fn with_mark(source: &str, line: usize, character: usize, name: &Ident) -> Option<String> {
    let start: usize = source.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let (before, _) = source[start..].char_indices().nth(character.checked_sub(1)?)?;
    let (before, rest) = source.split_at(start + before);
    let after = rest.strip_prefix(&name.to_string())?;
    Some([before, MARK, after].concat())
}

fn in_source(source: &str, service_trait: &Path, self_type: &Type) -> Option<Place> {
    let file = syn::parse_file(source).ok()?;
    let self_type = match self_type {
        Type::Path(path) => path.path.get_ident(),
        _ => None,
    };
    let search = Search { trait_name: service_trait.get_ident(), self_type };
    let top = Around { scopes: &[], modules: &[], in_fn: false };
    search.look_into(&file.items, top).or_else(|| {
        // A macro of this file writes the impl: it is most likely used where the imports are.
        let imported = search.imported(&[&file.items], &[&file.items]);
        Some(Place { imported, ..Place::default() })
    })
}

struct Search<'a> {
    /// The trait's name, if the impl has it without a path.
    trait_name: Option<&'a Ident>,
    /// The type's name, if the impl has it without a path.
    self_type: Option<&'a Ident>,
}

/// The scopes and modules around some items.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// The items of the modules and fns whose names are in scope, the outermost first.
    scopes: &'a [&'a [Item]],
    /// The items of all modules around, whether their names are in scope or not.
    modules: &'a [&'a [Item]],
    in_fn: bool,
}

impl Search<'_> {
    /// Looks for the impl with the mark in a module's items.
    fn look_into(&self, items: &[Item], around: Around<'_>) -> Option<Place> {
        let modules: Vec<&[Item]> = around.modules.iter().copied().chain([items]).collect();
        self.look_into_scope(items, Around { modules: &modules, ..around })
    }

    fn look_into_scope(&self, items: &[Item], around: Around<'_>) -> Option<Place> {
        let scopes: Vec<&[Item]> = around.scopes.iter().copied().chain([items]).collect();
        let here = Around { scopes: &scopes, ..around };
        items.iter().find_map(|item| match item {
            Item::Impl(item) if has_mark(item) => {
                let imported = self.imported(&scopes, around.modules);
                let fields = self.fields(&scopes).unwrap_or_default();
                Some(Place { imported, in_fn: around.in_fn, fields })
            }
            Item::Impl(item) => item.items.iter().find_map(|item| match item {
                ImplItem::Fn(item) => self.look_into_block(&item.block, here),
                _ => None,
            }),
            Item::Fn(item) => self.look_into_block(&item.block, here),
            Item::Const(ItemConst { expr, .. }) => match &**expr {
                Expr::Block(block) => self.look_into_block(&block.block, here),
                _ => None,
            },
            Item::Mod(item) => {
                let (_, items) = item.content.as_ref()?;
                // A module sees the names of the one around it only if it imports them.
                let scopes: &[&[Item]] = if imports::all_of_super(items) { &scopes } else { &[] };
                self.look_into(items, Around { scopes, ..around })
            }
            _ => None,
        })
    }

    fn look_into_block(&self, block: &Block, around: Around<'_>) -> Option<Place> {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(item) => Some(item.clone()),
            _ => None,
        });
        self.look_into_scope(&items.collect::<Vec<_>>(), Around { in_fn: true, ..around })
    }

    /// The fields of the innermost struct with the type's name.
    fn fields(&self, scopes: &[&[Item]]) -> Option<Vec<Ident>> {
        let self_type = self.self_type?;
        let found = scopes.iter().rev().copied().flatten().find_map(|item| match item {
            Item::Struct(item) if item.ident == *self_type => Some(item),
            _ => None,
        })?;
        Some(found.fields.iter().filter_map(|field| field.ident.clone()).collect())
    }

    /// The innermost import of the trait.
    fn imported(&self, scopes: &[&[Item]], modules: &[&[Item]]) -> Option<(Imported, Beside)> {
        let trait_name = self.trait_name?;
        let import = scopes.iter().rev().find_map(|items| imports::of_name(items, trait_name))?;
        let import = followed(import, modules);
        let server = import.server();
        // The trait's own name is not the server's.
        let beside = match server == *trait_name {
            true => Beside::Own,
            false => beside(scopes, &server),
        };
        Some((import, beside))
    }
}

fn has_mark(item: &ItemImpl) -> bool {
    let service_trait = item.trait_.as_ref().and_then(|(path, _)| path.segments.last());
    service_trait.is_some_and(|last| last.ident == MARK)
}

/// What `use super::Shop;` means, if the file has the outer module, which imports `Shop`.
fn followed(import: Imported, modules: &[&[Item]]) -> Imported {
    let outer = import.supers().and_then(|supers| {
        let at = modules.len().checked_sub(supers + 1)?;
        let outer = imports::of_name(modules[at], &import.name)?;
        Some(followed(outer, &modules[..=at]).seen_from(supers, modules[at]))
    });
    outer.unwrap_or(import)
}

/// What has this name in these scopes.
fn beside(scopes: &[&[Item]], name: &Ident) -> Beside {
    scopes
        .iter()
        .rev()
        .map(|items| imports::beside(items, name))
        .find(|beside| *beside != Beside::Nothing)
        .unwrap_or(Beside::Nothing)
}

#[cfg(test)]
mod tests {
    use quote::format_ident;
    use syn::{Path, parse_quote, parse_str};

    use super::{Place, in_source, with_mark};

    /// The place of the last `impl … for My` of this trait.
    fn place(source: &str, service_trait: &str) -> Place {
        let service_trait: Path = parse_str(service_trait).unwrap();
        let name = &service_trait.segments.last().unwrap().ident;
        let at = source.rfind(&format!("{name} for My")).unwrap();
        let source = with_mark(source, 1, at + 1, name).unwrap();
        in_source(&source, &service_trait, &parse_quote!(My)).unwrap()
    }

    /// The server's module and the trait's name there.
    fn found(source: &str, trait_name: &str) -> Option<(String, String)> {
        let (import, _) = place(source, trait_name).imported?;
        Some((import.module_text(), import.name.to_string()))
    }

    fn some(module: &str, name: &str) -> Option<(String, String)> {
        Some((module.to_owned(), name.to_owned()))
    }

    #[test]
    fn the_mark_is_put_at_a_character_of_a_line() {
        let marked = with_mark("// Ü\n/* Ü */ impl r#A for B {}", 2, 14, &format_ident!("r#A"));
        assert_eq!(marked.unwrap(), "// Ü\n/* Ü */ impl __TheTrait for B {}");
        assert_eq!(with_mark("impl A for B {}", 1, 2, &parse_quote!(A)), None);
        assert_eq!(with_mark("impl A for B {}", 2, 1, &parse_quote!(A)), None);
        assert_eq!(with_mark("", 0, 0, &parse_quote!(A)), None);
    }

    #[test]
    fn the_import_is_that_of_the_module_that_the_impl_is_in() {
        let two = "use pb::a_server::A; impl Other for My {} mod b { use pb::b_server::B as A; impl A for My {} }";
        assert_eq!(found(two, "A"), some("pb::b_server", "B"));
        let in_a_fn = "fn f() { use pb::a_server::A; impl A for My {} }";
        assert_eq!(found(in_a_fn, "A"), some("pb::a_server", "A"));
        let from_around = "use pb::a_server::A; mod tests { use super::*; impl A for My {} }";
        assert_eq!(found(from_around, "A"), some("pb::a_server", "A"));
        let not_seen = "use pb::a_server::A; mod tests { impl A for My {} }";
        assert_eq!(found(not_seen, "A"), None);
        let two_of_one_text = "mod a { use pb::a_server::A; impl A for My {} } mod b { use pb::b_server::A; impl A for My {} }";
        assert_eq!(found(two_of_one_text, "A"), some("pb::b_server", "A"));
    }

    #[test]
    fn an_import_from_the_module_around_is_followed() {
        let outer = "use pb::a_server::A; mod pb {} mod tests { use super::A; impl A for My {} }";
        assert_eq!(found(outer, "A"), some("super::pb::a_server", "A"));
        let other_crate = "use pb::a_server::A as B; mod tests { use super::B; impl B for My {} }";
        assert_eq!(found(other_crate, "B"), some("pb::a_server", "A"));
        let two = "use pb::A; mod a { use super::A; mod b { use super::A; impl A for My {} } }";
        assert_eq!(found(two, "A"), some("pb", "A"));
        let beyond = "mod tests { use super::super::A; impl A for My {} }";
        assert_eq!(found(beyond, "A"), some("super::super", "A"));
    }

    /// The code of a macro that is used at the top sees the imports there.
    #[test]
    fn an_impl_that_a_macro_writes_has_the_imports_at_the_top() {
        let source = "use pb::a_server::A; macro_rules! m { () => { impl A for My {} } } m!();";
        assert_eq!(found(source, "A"), some("pb::a_server", "A"));
    }

    #[test]
    fn the_fields_are_those_of_the_innermost_struct() {
        let fields = |source| {
            place(source, "A").fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fields("struct My { a: u8, pub b: u8 } impl A for My {}"), "a b");
        assert_eq!(
            fields("struct My { a: u8 } fn f() { struct My { b: u8 } impl A for My {} }"),
            "b"
        );
        assert_eq!(fields("struct My(u8); impl A for My {}"), "");
        assert_eq!(fields("mod m { struct My { a: u8 } } use m::My; impl A for My {}"), "");
    }

    #[test]
    fn an_impl_in_a_fn_is_told_from_one_in_a_module() {
        let in_fn = |source| place(source, "a_server::A").in_fn;
        assert!(in_fn("fn f() { impl a_server::A for My {} }"));
        assert!(in_fn("impl Mine { fn f() { impl a_server::A for My {} } }"));
        assert!(in_fn("fn f() { fn g() { impl a_server::A for My {} } }"));
        assert!(in_fn("fn f() { mod m { impl a_server::A for My {} } }"));
        assert!(in_fn("const _: () = { impl a_server::A for My {} };"));
        assert!(!in_fn("impl a_server::A for My {}"));
        assert!(!in_fn("fn f() { impl a_server::A for My {} } impl a_server::A for My {}"));
    }
}
