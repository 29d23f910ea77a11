//! What the file of an impl says about it: where its trait is from, and whether it is in a fn.

use std::fs;

use proc_macro2::Ident;
use quote::{ToTokens, format_ident};
use syn::{
    Block, Expr, ImplItem, Item, ItemConst, ItemEnum, ItemImpl, ItemStruct, ItemType, Path,
    PathSegment, Stmt, Token, Type, UseTree, ext::IdentExt as _, punctuated::Punctuated,
};

/// `use module::name;`, or `use module::name as …;`
pub(crate) struct Imported {
    pub(crate) module: Path,
    pub(crate) name: Ident,
    /// What has the name of the generated server beside the impl.
    pub(crate) server: Beside,
}

/// What stands beside an impl.
#[derive(Clone, Copy)]
pub(crate) enum Beside {
    Nothing,
    /// Somebody imports it.
    Import,
    /// The file defines something of its own.
    Other,
}

/// What is known of an impl by its file.
#[derive(Default)]
pub(crate) struct Place {
    /// How its trait is imported, if the file says so, and says it once.
    pub(crate) imported: Option<Imported>,
    /// Whether it is in a fn.
    pub(crate) in_fn: bool,
}

/// Where this impl is.
///
/// A file is read only if it may tell something: if the trait goes by its name alone, or the impl isn't at the
/// start of a line.
pub(crate) fn of_impl(impl_token: Token![impl], service_trait: &Path, self_type: &Type) -> Place {
    source(impl_token, service_trait)
        .map(|source| in_source(&source, service_trait, self_type))
        .unwrap_or_default()
}

fn source(impl_token: Token![impl], service_trait: &Path) -> Option<String> {
    // There is no file if this runs as a plain fn, in a test, or for what a macro wrote.
    if !proc_macro::is_available() {
        return None;
    }
    let span = service_trait.segments.first()?.ident.span().unwrap();
    let is_indented = impl_token.span.unwrap().column() > 1;
    let may_tell = service_trait.get_ident().is_some() || is_indented;
    fs::read_to_string(span.local_file().filter(|_| may_tell)?).ok()
}

fn in_source(source: &str, service_trait: &Path, self_type: &Type) -> Place {
    let Ok(file) = syn::parse_file(source) else { return Place::default() };
    let wanted = Wanted { service_trait, text: [text(service_trait), text(self_type)] };
    let mut found = Vec::new();
    wanted.look_into(&file.items, Around::default(), &mut found);
    // Two impls of this text, in two modules, may mean two traits.
    let in_fn = !found.is_empty() && found.iter().all(|place| place.in_fn);
    let mut imported = found.into_iter().filter_map(|place| place.imported);
    let first = imported.next();
    let is_one = imported.all(|other| first.as_ref().is_some_and(|first| other.same_as(first)));
    Place { imported: first.filter(|_| is_one), in_fn }
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

impl Imported {
    fn same_as(&self, other: &Self) -> bool {
        text(&self.module) == text(&other.module) && self.name == other.name
    }
}

/// The impl that is looked for.
struct Wanted<'a> {
    service_trait: &'a Path,
    /// Its trait and its type.
    text: [String; 2],
}

/// What is around some items.
#[derive(Clone, Copy, Default)]
struct Around<'a> {
    /// The items of the modules and fns whose names are seen, the outermost first.
    scopes: &'a [&'a [Item]],
    in_fn: bool,
}

impl Wanted<'_> {
    fn is(&self, item: &ItemImpl) -> bool {
        let Some((service_trait, _)) = &item.trait_ else { return false };
        [text(service_trait), text(&item.self_ty)] == self.text
    }

    /// Looks for the impl in these items.
    fn look_into(&self, items: &[Item], around: Around<'_>, found: &mut Vec<Place>) {
        let scopes: Vec<&[Item]> = around.scopes.iter().copied().chain([items]).collect();
        let here = Around { scopes: &scopes, ..around };
        for item in items {
            match item {
                Item::Impl(item) if self.is(item) => {
                    found.push(Place { imported: self.imported(&scopes), in_fn: around.in_fn });
                }
                Item::Impl(item) => {
                    for item in &item.items {
                        if let ImplItem::Fn(item) = item {
                            self.look_into_block(&item.block, here, found);
                        }
                    }
                }
                Item::Fn(item) => self.look_into_block(&item.block, here, found),
                Item::Const(ItemConst { expr, .. }) => {
                    if let Expr::Block(block) = &**expr {
                        self.look_into_block(&block.block, here, found);
                    }
                }
                Item::Mod(item) => {
                    if let Some((_, items)) = &item.content {
                        // A module sees the names of the one around it only if it imports them.
                        let scopes: &[&[Item]] =
                            if imports_all_around(items) { &scopes } else { &[] };
                        self.look_into(items, Around { scopes, ..around }, found);
                    }
                }
                _ => {}
            }
        }
    }

    fn look_into_block(&self, block: &Block, around: Around<'_>, found: &mut Vec<Place>) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(item) => Some(item.clone()),
            _ => None,
        });
        let in_fn = Around { in_fn: true, ..around };
        self.look_into(&items.collect::<Vec<_>>(), in_fn, found);
    }

    /// The innermost import of the trait, if it goes by its name alone.
    fn imported(&self, scopes: &[&[Item]]) -> Option<Imported> {
        let trait_name = self.service_trait.get_ident()?;
        scopes.iter().rev().find_map(|items| {
            let (module, name) = items.iter().find_map(|item| match item {
                Item::Use(item) => {
                    let leading = item.leading_colon.is_some();
                    find(&item.tree, trait_name, leading, &mut Vec::new())
                }
                _ => None,
            })?;
            let server = format_ident!("{}Server", name.unraw());
            Some(Imported { module, name, server: beside(scopes, &server) })
        })
    }
}

/// What there is of this name in these scopes.
fn beside(scopes: &[&[Item]], name: &Ident) -> Beside {
    let mut beside = Beside::Nothing;
    for item in scopes.iter().copied().flatten() {
        match item {
            Item::Struct(ItemStruct { ident, .. })
            | Item::Enum(ItemEnum { ident, .. })
            | Item::Type(ItemType { ident, .. })
                if ident == name =>
            {
                return Beside::Other;
            }
            Item::Use(item) if find(&item.tree, name, false, &mut Vec::new()).is_some() => {
                beside = Beside::Import;
            }
            _ => {}
        }
    }
    beside
}

/// `use super::*;`
fn imports_all_around(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Use(item) => match &item.tree {
            UseTree::Path(path) => path.ident == "super" && matches!(*path.tree, UseTree::Glob(_)),
            _ => false,
        },
        _ => false,
    })
}

/// The module and the name there of what a tree brings into scope by this name.
fn find(
    tree: &UseTree,
    wanted: &Ident,
    leading: bool,
    module: &mut Vec<Ident>,
) -> Option<(Path, Ident)> {
    let found = |name: &Ident, module: &[Ident]| {
        let segments: Punctuated<PathSegment, _> =
            module.iter().cloned().map(PathSegment::from).collect();
        let leading_colon = leading.then(Default::default);
        (!segments.is_empty()).then(|| (Path { leading_colon, segments }, name.clone()))
    };
    match tree {
        UseTree::Path(path) => {
            module.push(path.ident.clone());
            let found = find(&path.tree, wanted, leading, module);
            module.pop();
            found
        }
        UseTree::Name(name) if name.ident == *wanted => found(&name.ident, module),
        UseTree::Rename(rename) if rename.rename == *wanted => found(&rename.ident, module),
        UseTree::Group(group) => {
            group.items.iter().find_map(|tree| find(tree, wanted, leading, module))
        }
        UseTree::Name(_) | UseTree::Rename(_) | UseTree::Glob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::{Path, parse_quote, parse_str};

    use super::{in_source, text};

    /// The server's module and the trait's name there.
    fn found(source: &str, trait_name: &str) -> Option<(String, String)> {
        let service_trait: Path = parse_str(trait_name).unwrap();
        let found = in_source(source, &service_trait, &parse_quote!(My)).imported?;
        Some((text(&found.module).replace(' ', ""), found.name.to_string()))
    }

    fn some(module: &str, name: &str) -> Option<(String, String)> {
        Some((module.to_owned(), name.to_owned()))
    }

    #[test]
    fn an_import_is_found_under_any_name() {
        let expected = some("pb::shop_server", "Shop");
        assert_eq!(found("use pb::shop_server::Shop; impl Shop for My {}", "Shop"), expected);
        assert_eq!(
            found("use pb::shop_server::{self, Shop}; impl Shop for My {}", "Shop"),
            expected
        );
        let renamed = "use pb::{shop_server::{Shop as Api, ShopServer}, Order}; impl Api for My {}";
        assert_eq!(found(renamed, "Api"), expected);
        let global = "use ::pb::shop_server::Shop; impl Shop for My {}";
        assert_eq!(found(global, "Shop"), some("::pb::shop_server", "Shop"));
        assert_eq!(found("use pb::shop_server::*; impl Shop for My {}", "Shop"), None);
    }

    #[test]
    fn it_is_that_of_the_module_that_the_impl_is_in() {
        let two = "use pb::a_server::A; impl Other for My {} mod b { use pb::b_server::B as A; impl A for My {} }";
        assert_eq!(found(two, "A"), some("pb::b_server", "B"));
        let in_a_fn = "fn f() { use pb::a_server::A; impl A for My {} }";
        assert_eq!(found(in_a_fn, "A"), some("pb::a_server", "A"));
        let from_around = "use pb::a_server::A; mod tests { use super::*; impl A for My {} }";
        assert_eq!(found(from_around, "A"), some("pb::a_server", "A"));
        let not_seen = "use pb::a_server::A; mod tests { impl A for My {} }";
        assert_eq!(found(not_seen, "A"), None);
        let two_of_one_text = "mod a { use pb::a_server::A; impl A for My {} } mod b { use pb::b_server::A; impl A for My {} }";
        assert_eq!(found(two_of_one_text, "A"), None);
    }
    #[test]
    fn an_impl_in_a_fn_is_told_from_one_in_a_module() {
        let in_fn =
            |source: &str| in_source(source, &parse_quote!(a_server::A), &parse_quote!(My)).in_fn;
        assert!(in_fn("fn f() { impl a_server::A for My {} }"));
        assert!(in_fn("impl Mine { fn f() { impl a_server::A for My {} } }"));
        assert!(in_fn("fn f() { mod m { impl a_server::A for My {} } }"));
        assert!(in_fn("const _: () = { impl a_server::A for My {} };"));
        assert!(!in_fn("impl a_server::A for My {}"));
        assert!(!in_fn("fn f() { impl a_server::A for My {} } impl a_server::A for My {}"));
        assert!(!in_fn("fn f() { impl b_server::B for My {} }"));
    }
}
