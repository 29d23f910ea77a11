//! What `use` items say.

use proc_macro2::Ident;
use quote::{ToTokens as _, format_ident};
use syn::{
    Item, ItemEnum, ItemMod, ItemStruct, ItemTrait, ItemType, Path, PathSegment, Token, UseTree,
    ext::IdentExt as _, punctuated::Punctuated,
};

/// `use module::name;`, or `use module::name as …;`
pub(crate) struct Imported {
    pub(crate) module: Path,
    pub(crate) name: Ident,
}

/// What a name stands for in a scope.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Beside {
    Nothing,
    Import,
    /// The scope defines something of its own.
    Own,
}

/// Where these items import a name from.
pub(crate) fn of_name(items: &[Item], name: &Ident) -> Option<Imported> {
    items.iter().find_map(|item| match item {
        Item::Use(item) => {
            let leading_colon = item.leading_colon;
            find(&item.tree, name, leading_colon, &mut Vec::new())
        }
        _ => None,
    })
}

/// What these items have under a name.
pub(crate) fn beside(items: &[Item], name: &Ident) -> Beside {
    let is_own = items.iter().any(|item| match item {
        Item::Struct(ItemStruct { ident, .. })
        | Item::Enum(ItemEnum { ident, .. })
        | Item::Trait(ItemTrait { ident, .. })
        | Item::Type(ItemType { ident, .. })
        | Item::Mod(ItemMod { ident, .. }) => ident == name,
        _ => false,
    });
    match () {
        () if is_own => Beside::Own,
        () if of_name(items, name).is_some() => Beside::Import,
        () => Beside::Nothing,
    }
}

/// `use super::*;`
pub(crate) fn all_of_super(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Use(item) => match &item.tree {
            UseTree::Path(path) => path.ident == "super" && matches!(*path.tree, UseTree::Glob(_)),
            _ => false,
        },
        _ => false,
    })
}

impl Imported {
    /// How often the path says `super`, if it says nothing else: the name is then in an outer module.
    pub(crate) fn supers(&self) -> Option<usize> {
        let segments = &self.module.segments;
        segments.iter().all(|segment| segment.ident == "super").then_some(segments.len())
    }

    /// The same import, as a module sees it that is this many levels inside the importing one, whose items these are.
    pub(crate) fn seen_from(mut self, depth: usize, items: &[Item]) -> Self {
        let Some(first) = self.module.segments.first().map(|first| first.ident.clone()) else {
            return self;
        };
        let is_absolute = self.module.leading_colon.is_some() || first == "crate";
        // If these items don't have it, it is another crate.
        let is_here =
            first == "self" || first == "super" || beside(items, &first) != Beside::Nothing;
        if is_absolute || !is_here {
            return self;
        }
        let rest = self.module.segments.into_iter().skip(usize::from(first == "self"));
        let supers = (0..depth).map(|_| PathSegment::from(format_ident!("super")));
        self.module.segments = supers.chain(rest).collect();
        self
    }

    /// `pb::shop_server`
    pub(crate) fn module_text(&self) -> String {
        as_written(&self.module)
    }

    /// The name of its server.
    pub(crate) fn server(&self) -> Ident {
        server_of(&self.name)
    }
}

/// `ShopServer` for the trait `Shop`.
pub(crate) fn server_of(service_trait: &Ident) -> Ident {
    format_ident!("{}Server", service_trait.unraw(), span = service_trait.span())
}

/// A path's text, as people write it.
pub(crate) fn as_written(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

/// What a `use` tree brings into scope under this name: its module, and its name there.
fn find(
    tree: &UseTree,
    wanted: &Ident,
    leading_colon: Option<Token![::]>,
    module: &mut Vec<Ident>,
) -> Option<Imported> {
    let found = |name: &Ident, module: &[Ident]| {
        let segments: Punctuated<PathSegment, _> =
            module.iter().cloned().map(PathSegment::from).collect();
        let module = Path { leading_colon, segments };
        (!module.segments.is_empty()).then(|| Imported { module, name: name.clone() })
    };
    match tree {
        UseTree::Path(path) => {
            module.push(path.ident.clone());
            let found = find(&path.tree, wanted, leading_colon, module);
            module.pop();
            found
        }
        UseTree::Name(name) if name.ident == *wanted => found(&name.ident, module),
        UseTree::Rename(rename) if rename.rename == *wanted => found(&rename.ident, module),
        UseTree::Group(group) => {
            group.items.iter().find_map(|tree| find(tree, wanted, leading_colon, module))
        }
        UseTree::Name(_) | UseTree::Rename(_) | UseTree::Glob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::format_ident;
    use syn::parse_quote;

    use super::{Beside, beside, of_name};

    #[test]
    fn an_import_is_found_under_any_name() {
        let found = |item| {
            let import = of_name(&[item], &format_ident!("Shop")).unwrap();
            (import.module_text(), import.name.to_string(), import.server().to_string())
        };
        let expected = ("pb::shop_server".to_owned(), "Shop".to_owned(), "ShopServer".to_owned());
        assert_eq!(
            found(parse_quote!(
                use pb::shop_server::Shop;
            )),
            expected
        );
        assert_eq!(
            found(parse_quote!(
                use pb::shop_server::{self, Shop};
            )),
            expected
        );
        assert_eq!(
            found(parse_quote!(
                use pb::{
                    Order,
                    shop_server::{Shop, ShopServer},
                };
            )),
            expected
        );
        let renamed = ("pb::api_server".to_owned(), "Api".to_owned(), "ApiServer".to_owned());
        assert_eq!(
            found(parse_quote!(
                use pb::api_server::Api as Shop;
            )),
            renamed
        );
        assert_eq!(
            found(parse_quote!(
                use ::pb::shop_server::Shop;
            ))
            .0,
            "::pb::shop_server"
        );
        assert!(
            of_name(
                &[parse_quote!(
                    use pb::*;
                )],
                &format_ident!("Shop")
            )
            .is_none()
        );
    }

    #[test]
    fn an_import_is_seen_from_a_module_inside() {
        let items = [
            parse_quote!(
                use a::pb;
            ),
            parse_quote!(
                mod own {}
            ),
        ];
        let seen = |item, depth| {
            let import = of_name(&[item], &format_ident!("Shop")).unwrap();
            import.seen_from(depth, &items).module_text()
        };
        assert_eq!(
            seen(
                parse_quote!(
                    use pb::shop_server::Shop;
                ),
                1
            ),
            "super::pb::shop_server"
        );
        assert_eq!(
            seen(
                parse_quote!(
                    use own::Shop;
                ),
                2
            ),
            "super::super::own"
        );
        assert_eq!(
            seen(
                parse_quote!(
                    use self::own::Shop;
                ),
                1
            ),
            "super::own"
        );
        assert_eq!(
            seen(
                parse_quote!(
                    use super::Shop;
                ),
                1
            ),
            "super::super"
        );
        assert_eq!(
            seen(
                parse_quote!(
                    use other::Shop;
                ),
                1
            ),
            "other"
        );
        assert_eq!(
            seen(
                parse_quote!(
                    use crate::own::Shop;
                ),
                1
            ),
            "crate::own"
        );
        assert_eq!(
            seen(
                parse_quote!(
                    use ::own::Shop;
                ),
                1
            ),
            "::own"
        );
    }

    #[test]
    fn what_is_defined_is_told_from_what_is_imported() {
        let items = [
            parse_quote!(
                use a::A;
            ),
            parse_quote!(
                struct B;
            ),
        ];
        let beside = |name| beside(&items, &format_ident!("{name}"));
        assert_eq!(beside("A"), Beside::Import);
        assert_eq!(beside("B"), Beside::Own);
        assert_eq!(beside("C"), Beside::Nothing);
    }
}
