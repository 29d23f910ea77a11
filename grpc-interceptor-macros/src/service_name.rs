//! Where the service's full name comes from.

use proc_macro2::Ident;
use quote::{ToTokens as _, format_ident};
use syn::{Error, Path, Result, ext::IdentExt as _, parse_quote};

use crate::{
    arguments::{ServiceOption, ServiceValue},
    model::{Lookup, ServiceName},
    place::{Beside, Imported},
};

/// What `service = …` says, else the server that is beside the trait.
pub(crate) fn find(
    option: Option<ServiceOption>,
    service_trait: &Path,
    imported: Option<Imported>,
) -> Result<ServiceName> {
    let Some(trait_name) = service_trait.segments.last().map(|segment| &segment.ident) else {
        return Err(Error::new_spanned(service_trait, "the trait has no name"));
    };
    match option.map(|option| option.value) {
        Some(ServiceValue::Literal(literal)) => {
            let name = literal.value();
            if name.is_empty() || name.contains('/') {
                return Err(Error::new(
                    literal.span(),
                    "the service's full name, as in the .proto file: `service = \"pkg.Greeter\"`",
                ));
            }
            Ok(ServiceName::Literal(literal))
        }
        Some(ServiceValue::Path(path)) => {
            // The server itself, or the module that it is in.
            let is_a_type = path.segments.last().is_some_and(|last| {
                last.ident.to_string().starts_with(|first: char| first.is_uppercase())
            });
            let server = server_of(trait_name);
            Ok(ServiceName::Server(if is_a_type { path } else { parse_quote!(#path::#server) }))
        }
        None => Ok(ServiceName::Lookup(lookup(service_trait, trait_name, imported))),
    }
}

/// `GreeterServer` for the trait `Greeter`.
fn server_of(trait_name: &Ident) -> Ident {
    format_ident!("{}Server", trait_name.unraw(), span = trait_name.span())
}

/// Looks for the server's module: the one that the trait is written with, or that the file imports the
/// trait from.
fn lookup(service_trait: &Path, trait_name: &Ident, imported: Option<Imported>) -> Lookup {
    let mut module = service_trait.clone();
    module.segments.pop();
    module.segments.pop_punct();
    if !module.segments.is_empty() {
        let server = server_of(trait_name);
        return Lookup { help: help(&server, None), server, modules: vec![module] };
    }
    match imported {
        Some(Imported { module, mut name, server: beside }) => {
            // An error about it is one about what the impl says.
            name.set_span(trait_name.span());
            let server = server_of(&name);
            let help = help(&server, Some(&module));
            let modules = match beside {
                // It may be imported by a `*`.
                Beside::Nothing => vec![parse_quote!(self), module],
                // Who imports it, maybe for this alone, shall not be told that it isn't used.
                Beside::Import => vec![module, parse_quote!(self)],
                Beside::Other => vec![module],
            };
            Lookup { help, server, modules }
        }
        None => {
            let server = server_of(trait_name);
            Lookup { help: help(&server, None), server, modules: vec![parse_quote!(self)] }
        }
    }
}

fn help(server: &Ident, module: Option<&Path>) -> String {
    let seen = module.map_or_else(String::new, |module| {
        let module = module.to_token_stream().to_string().replace(' ', "");
        format!(" and is not in `{module}`")
    });
    format!(
        "the service's name comes from `{server}`, which is not in sight{seen}: say where it is, \
         `#[intercepted(service = path::to::the_module_with::{server})]`, or have it in the generated code, by \
         `.server_mod_attribute(\".\", \"#[grpc_interceptor::intercepted]\")` in build.rs"
    )
}
