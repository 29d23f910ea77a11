//! `#[interceptor]` on an async fn.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Attribute, Error, FnArg, GenericParam, Generics, ItemFn, Path, Result, Signature, Type,
    Visibility, parse_quote,
};

use crate::arguments::Arguments;
use crate::expand::without_lints;

const EXPECTED: &str = "an interceptor is `async fn name<N: Next>(request: Request<N::Request>, \
                        context: Context, next: N) -> Outcome<N>`";

/// The fn, read.
struct Interceptor {
    /// Documentation, lints, and other attributes that are about the name.
    outer_attributes: Vec<Attribute>,
    visibility: Visibility,
    /// The fn, with the type of `next` as a parameter, and the attributes that are about its body.
    function: ItemFn,
    name: Ident,
    next: Ident,
}

/// A unit struct of the fn's name, which is an interceptor.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options: Arguments = syn::parse2(arguments.clone())?;
    if !options.entries.is_empty() || options.service.is_some() {
        return Err(Error::new_spanned(
            arguments,
            "`#[interceptor]` takes no argument except `crate = …`",
        ));
    }
    Ok(print(read(item)?, &options.crate_path()))
}

fn read(item: TokenStream) -> Result<Interceptor> {
    let mut function: ItemFn = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), format!("`#[interceptor]` goes on an async fn: {EXPECTED}"))
    })?;
    let signature = &mut function.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new(
            signature.fn_token.span,
            format!("this fn isn't async: {EXPECTED}"),
        ));
    }
    let arguments = signature.inputs.len();
    let Some(FnArg::Typed(next)) = signature.inputs.iter_mut().nth(2).filter(|_| arguments == 3)
    else {
        return Err(Error::new(
            signature.ident.span(),
            format!("this fn has {arguments} arguments: {EXPECTED}"),
        ));
    };
    // `next: impl Next<…>` is a type parameter without a name: it gets one.
    if let Type::ImplTrait(bounds) = &*next.ty {
        let bounds = &bounds.bounds;
        let unnamed: GenericParam = parse_quote!(__N: #bounds);
        signature.generics.params.push(unnamed);
        next.ty = parse_quote!(__N);
    }
    let is_parameter =
        |ident: &Ident| signature.generics.type_params().any(|parameter| parameter.ident == *ident);
    let next = match &*next.ty {
        Type::Path(path) => path.path.get_ident().filter(|ident| is_parameter(ident)).cloned(),
        _ => None,
    };
    let Some(next) = next else {
        return Err(Error::new_spanned(
            &signature.inputs[2],
            format!("the type of `next` is a parameter of the fn: {EXPECTED}"),
        ));
    };
    let (outer_attributes, inner_attributes) =
        std::mem::take(&mut function.attrs).into_iter().partition(|attribute| {
            ["doc", "allow", "warn", "deny", "cfg", "deprecated", "must_use"]
                .iter()
                .any(|name| attribute.path().is_ident(name))
        });
    function.attrs = inner_attributes;
    let visibility = std::mem::replace(&mut function.vis, Visibility::Inherited);
    let name = function.sig.ident.clone();
    Ok(Interceptor { outer_attributes, visibility, function, name, next })
}

fn print(interceptor: Interceptor, runtime: &Path) -> TokenStream {
    let Interceptor { outer_attributes, visibility, function, name, next } = interceptor;
    let name = without_lints(&name);
    let generics = function.sig.generics.clone();
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let method = match function.attrs.is_empty() {
        true => as_method(function),
        false => calling(&function),
    };
    // The others are about the name alone.
    let of_the_body = outer_attributes.iter().filter(|attribute| {
        ["allow", "warn", "deny", "cfg"].iter().any(|name| attribute.path().is_ident(name))
    });
    let deprecated =
        outer_attributes.iter().any(|attribute| attribute.path().is_ident("deprecated"));
    let deprecated = deprecated.then(|| quote!(#[allow(deprecated)]));
    quote! {
        #(#outer_attributes)*
        #[derive(
            ::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::default::Default,
        )]
        #visibility struct #name;

        #(#of_the_body)*
        #deprecated
        const _: () = {
            impl #impl_generics #runtime::Interceptor<#next> for #name #where_clause {
                #method
            }
        };
    }
}

/// The fn itself, as the method.
fn as_method(mut function: ItemFn) -> ItemFn {
    function.sig.ident = format_ident!("intercept", span = function.sig.ident.span());
    function.sig.generics = Generics::default();
    function.sig.inputs.insert(0, parse_quote!(&self));
    function
}

/// A method that calls the fn. The fn keeps its name, because an attribute such as `#[tracing::instrument]`
/// uses that: the span is named after the fn.
fn calling(function: &ItemFn) -> ItemFn {
    let Signature { ident, inputs, output, .. } = &function.sig;
    let types = inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(argument) => Some(&argument.ty),
        FnArg::Receiver(_) => None,
    });
    let method = format_ident!("intercept", span = ident.span());
    let names = ["request", "context", "next"].map(|name| format_ident!("__{name}"));
    parse_quote! {
        async fn #method(&self, #(#names: #types),*) #output {
            #function
            #ident(#(#names),*).await
        }
    }
}
