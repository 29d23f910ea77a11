//! The parts of a generated method's body that have to be read.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, GenericArgument, PathArguments, Type};

use super::kind::Kind;

/// All tokens of a body. Those inside a group come after it.
pub(crate) struct Body(Vec<TokenTree>);

impl Body {
    pub(crate) fn new(body: impl ToTokens) -> Self {
        fn flatten(tokens: TokenStream, flat: &mut Vec<TokenTree>) {
            for token in tokens {
                match token {
                    TokenTree::Group(group) => {
                        flat.push(TokenTree::Group(group.clone()));
                        flatten(group.stream(), flat);
                    }
                    token => flat.push(token),
                }
            }
        }
        let mut flat = Vec::new();
        flatten(body.to_token_stream(), &mut flat);
        Body(flat)
    }

    /// The kind, by `unary` in `grpc.unary(…)`. The argument is the name of `grpc`.
    pub(crate) fn kind(&self, grpc: &str) -> Option<Kind> {
        self.0.windows(4).find_map(|window| match window {
            [
                TokenTree::Ident(receiver),
                TokenTree::Punct(_),
                TokenTree::Ident(name),
                TokenTree::Group(_),
            ] if receiver == grpc => Kind::of(&name.to_string()),
            _ => None,
        })
    }

    /// `say_hello` in `<T as Greeter>::say_hello(&inner, request)`.
    pub(crate) fn method_of(&self, service_trait: &Ident) -> Option<&Ident> {
        self.0.windows(6).find_map(|window| match window {
            [
                TokenTree::Ident(_),
                TokenTree::Ident(name),
                TokenTree::Punct(_),
                TokenTree::Punct(_),
                TokenTree::Punct(_),
                TokenTree::Ident(method),
            ] if name == service_trait => Some(method),
            _ => None,
        })
    }

    /// What is in the parentheses after this name.
    pub(crate) fn argument_of(&self, function: &str) -> Option<TokenStream> {
        self.0.windows(2).find_map(|pair| match pair {
            [TokenTree::Ident(name), TokenTree::Group(argument)] if name == function => {
                Some(argument.stream())
            }
            _ => None,
        })
    }
}

/// `T` in `Name<T, …>`.
pub(crate) fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

/// The error for what can't be read.
pub(crate) fn unknown(ident: &Ident) -> Error {
    Error::new(
        ident.span(),
        "this is unlike what tonic 0.14 generates: `#[intercepted]` can't read it",
    )
}
