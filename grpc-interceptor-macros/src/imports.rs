//! What the file of an impl says about where its trait is from.

use std::fs;

use proc_macro2::Ident;
use quote::{ToTokens as _, format_ident};
use syn::{
    Block, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, ItemType, Path, PathSegment, Stmt, Type,
    UseTree, ext::IdentExt as _, punctuated::Punctuated,
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

/// How the trait of this impl is imported, if the file says so, and says it once.
pub(crate) fn of_trait(service_trait: &Path, self_type: &Type) -> Option<Imported> {
    let trait_name = service_trait.get_ident()?;
    // There is no file if this runs as a plain fn, in a test, or for what a macro wrote.
    if !proc_macro::is_available() {
        return None;
    }
    let file = trait_name.span().unwrap().local_file()?;
    let source = fs::read_to_string(file).ok()?;
    in_source(&source, trait_name, self_type)
}

fn in_source(source: &str, trait_name: &Ident, self_type: &Type) -> Option<Imported> {
    let file = syn::parse_file(source).ok()?;
    let wanted = Wanted { trait_name, self_type: self_type.to_token_stream().to_string() };
    let mut found = Vec::new();
    wanted.look_into(&file.items, &[], &mut found);
    let first = found.pop()?;
    // Two impls of this text, in two modules, may mean two traits.
    found.iter().all(|other| other.same_as(&first)).then_some(first)
}

impl Imported {
    fn same_as(&self, other: &Self) -> bool {
        let text = |path: &Path| path.to_token_stream().to_string();
        text(&self.module) == text(&other.module) && self.name == other.name
    }
}

/// The impl that is looked for.
struct Wanted<'a> {
    trait_name: &'a Ident,
    self_type: String,
}

impl Wanted<'_> {
    fn is(&self, item: &ItemImpl) -> bool {
        let is_trait = item.trait_.as_ref().is_some_and(|(path, _)| path.is_ident(self.trait_name));
        is_trait && item.self_ty.to_token_stream().to_string() == self.self_type
    }

    /// Looks for the impl in these items, of which those around are seen if the innermost import all of
    /// them.
    fn look_into(&self, items: &[Item], around: &[&[Item]], found: &mut Vec<Imported>) {
        let scopes: Vec<&[Item]> = around.iter().copied().chain([items]).collect();
        for item in items {
            match item {
                Item::Impl(item) if self.is(item) => found.extend(self.imported(&scopes)),
                Item::Impl(item) => {
                    for item in &item.items {
                        if let ImplItem::Fn(item) = item {
                            self.look_into_block(&item.block, &scopes, found);
                        }
                    }
                }
                Item::Fn(item) => self.look_into_block(&item.block, &scopes, found),
                Item::Mod(item) => {
                    if let Some((_, items)) = &item.content {
                        // A module sees the names of the one around it only if it imports them.
                        let around: &[&[Item]] =
                            if imports_all_around(items) { &scopes } else { &[] };
                        self.look_into(items, around, found);
                    }
                }
                _ => {}
            }
        }
    }

    fn look_into_block(&self, block: &Block, around: &[&[Item]], found: &mut Vec<Imported>) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(item) => Some(item.clone()),
            _ => None,
        });
        self.look_into(&items.collect::<Vec<_>>(), around, found);
    }

    /// The innermost import of the trait.
    fn imported(&self, scopes: &[&[Item]]) -> Option<Imported> {
        scopes.iter().rev().find_map(|items| {
            let (module, name) = items.iter().find_map(|item| match item {
                Item::Use(item) => {
                    let leading = item.leading_colon.is_some();
                    find(&item.tree, self.trait_name, leading, &mut Vec::new())
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
    use quote::{ToTokens as _, format_ident};
    use syn::parse_quote;

    use super::in_source;

    /// The server's module and the trait's name there.
    fn found(source: &str, trait_name: &str) -> Option<(String, String)> {
        let found = in_source(source, &format_ident!("{trait_name}"), &parse_quote!(My))?;
        let module = found.module.to_token_stream().to_string().replace(' ', "");
        Some((module, found.name.to_string()))
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
}
