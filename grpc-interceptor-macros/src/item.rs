//! What `#[intercepted]` is on.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::Error;

/// The item, by its first words. Its body is read later.
pub(crate) enum Item {
    /// `impl greeter_server::Greeter for MyGreeter { … }`
    ServiceImpl,
    /// A generated client or server, if it is on the right one.
    Struct,
    Module,
    /// An item that the attribute can't be on.
    Other(Error),
}

impl Item {
    pub(crate) fn of(item: &TokenStream) -> Self {
        // Tokens inside an attribute, or inside the item's braces, are not at this level.
        let mut words = item.clone().into_iter().filter_map(|token| match token {
            TokenTree::Ident(ident) => Some(ident),
            _ => None,
        });
        while let Some(word) = words.next() {
            return match word.to_string().as_str() {
                "impl" if words.any(|word| word == "for") => Item::service_impl(item),
                "impl" => Item::other(&word, "an impl without a trait"),
                "struct" => Item::Struct,
                "mod" => Item::Module,
                "enum" | "union" => Item::other(&word, "a type"),
                "fn" => Item::other(&word, "a fn"),
                "trait" => Item::other(&word, "a trait"),
                _ => continue,
            };
        }
        Item::Other(Error::new(Span::call_site(), EXPECTED))
    }

    fn service_impl(item: &TokenStream) -> Self {
        match is_of_async_trait(item) {
            false => Item::ServiceImpl,
            // Its methods are complete, so it can stay as it is.
            true => Item::Other(Error::new(
                Span::call_site(),
                "`#[async_trait]` came first: swap the two lines, so that `#[intercepted(…)]` stands above \
                 it, or leave `#[async_trait]` out",
            )),
        }
    }

    fn other(word: &Ident, kind: &str) -> Self {
        Item::Other(Error::new(word.span(), format!("this is {kind}: {EXPECTED}")))
    }
}

/// Whether `#[async_trait]` has written this impl's methods already: they have the lifetime `'async_trait`.
fn is_of_async_trait(item: &TokenStream) -> bool {
    let mut after_tick = false;
    item.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => is_of_async_trait(&group.stream()),
        TokenTree::Ident(ident) => std::mem::take(&mut after_tick) && ident == "async_trait",
        token => {
            after_tick = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '\'');
            false
        }
    })
}

/// Where the attribute goes.
pub(crate) const EXPECTED: &str = "`#[intercepted(…)]` goes on the impl of a tonic service, \
                                   `impl greeter_server::Greeter for MyGreeter`; a line in \
                                   build.rs puts it on generated code, for clients \
                                   `.client_mod_attribute(\".\", \"#[grpc_interceptor::intercepted]\")`, \
                                   for servers `.server_mod_attribute(…)`";

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::Item;

    #[test]
    fn an_item_is_known_by_its_first_words() {
        let service = quote!(
            #[doc = "struct"]
            #[cfg(mod)]
            unsafe impl<T> Greeter for Mine<T> {}
        );
        assert!(matches!(Item::of(&service), Item::ServiceImpl));
        let client = quote!(
            #[derive(Debug)]
            pub struct GreeterClient<T> {
                inner: Grpc<T>,
            }
        );
        assert!(matches!(Item::of(&client), Item::Struct));
        assert!(matches!(
            Item::of(&quote!(
                pub mod greeter_client {
                    impl A for B {}
                }
            )),
            Item::Module
        ));
    }

    #[test]
    fn other_items_are_refused_by_what_they_are() {
        for (tokens, kind) in [
            (quote!(impl MyGreeter {}), "an impl without a trait"),
            (
                quote!(
                    pub(crate) enum Greeter {}
                ),
                "a type",
            ),
            (
                quote!(
                    pub async fn say_hello() {}
                ),
                "a fn",
            ),
            (
                quote!(
                    trait Greeter {}
                ),
                "a trait",
            ),
        ] {
            let Item::Other(error) = Item::of(&tokens) else { panic!("{tokens}") };
            assert!(error.to_string().starts_with(&format!("this is {kind}: ")), "{error}");
        }
        let Item::Other(error) = Item::of(&quote!(
            use Greeter as _;
        )) else {
            panic!("an import")
        };
        assert!(error.to_string().starts_with("`#[intercepted(…)]` goes on "), "{error}");
    }
}
