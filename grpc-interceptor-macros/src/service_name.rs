//! Where the service's full name comes from.

use std::fs;

use proc_macro2::Ident;
use quote::format_ident;
use syn::{Error, Path, Result, ext::IdentExt as _, parse_quote};

use crate::{
    arguments::{ServiceOption, ServiceValue},
    model::ServiceName,
};

/// What `service = …` says, else the server beside the trait.
pub(crate) fn find(option: Option<ServiceOption>, service_trait: &Path) -> Result<ServiceName> {
    let Some(trait_name) = service_trait.segments.last().map(|segment| &segment.ident) else {
        return Err(Error::new_spanned(service_trait, "the trait has no name"));
    };
    let server = format_ident!("{}Server", trait_name.unraw(), span = trait_name.span());
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
            Ok(ServiceName::Server(if is_a_type { path } else { parse_quote!(#path::#server) }))
        }
        None if service_trait.get_ident().is_some() && is_surely_not_imported(&server) => {
            Err(Error::new(
                trait_name.span(),
                format!(
                    "the service's name comes from `{server}`, which is not in sight: import it beside \
                     `{trait_name}`, write the trait with its module, as in \
                     `impl greeter_server::Greeter for …`, or say where it is: \
                     `#[intercepted(service = greeter_server)]`"
                ),
            ))
        }
        None => {
            let mut path = service_trait.clone();
            if let Some(last) = path.segments.last_mut() {
                *last = server.into();
            }
            Ok(ServiceName::Server(path))
        }
    }
}

/// Whether the file of the impl neither says the server's name anywhere nor imports all of some
/// module. The compiler finds it missing anyway, but can't tell what it is needed for.
fn is_surely_not_imported(server: &Ident) -> bool {
    // There is no file where this runs as a plain fn, in a test.
    let file = if proc_macro::is_available() { server.span().unwrap().local_file() } else { None };
    let source = file.and_then(|file| fs::read_to_string(file).ok());
    source.is_some_and(|source| !source.contains(&server.to_string()) && !source.contains("::*"))
}
