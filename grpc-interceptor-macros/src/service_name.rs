//! Where the service's full name comes from.

use proc_macro2::Ident;
use syn::{Error, Path, Result, parse_quote};

use crate::{
    arguments::{ServiceOption, ServiceValue},
    imports::{Beside, Imported, as_written, server_of},
    model::{Lookup, ServiceName},
};

/// What `service = …` says. Without it, the server beside the trait.
pub(crate) fn find(
    option: Option<ServiceOption>,
    service_trait: &Path,
    imported: Option<(Imported, Beside)>,
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
                    "`service` takes the full name, as in the .proto file: `service = \"pkg.Greeter\"`",
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
            let server: Path = if is_a_type { path } else { parse_quote!(#path::#server) };
            let text = as_written(&server);
            let help = format!(
                "`{text}` is not this trait's server, which is in the module that tonic generated with the trait"
            );
            Ok(ServiceName::Lookup(Lookup { server, modules: Vec::new(), help }))
        }
        None => Ok(ServiceName::Lookup(lookup(service_trait, trait_name, imported))),
    }
}

/// Looks for the server's module: the one in the trait's path, or the one that the file imports the trait from.
fn lookup(
    service_trait: &Path,
    trait_name: &Ident,
    imported: Option<(Imported, Beside)>,
) -> Lookup {
    let mut module = service_trait.clone();
    module.segments.pop();
    module.segments.pop_punct();
    if !module.segments.is_empty() {
        let server = server_of(trait_name);
        return Lookup { help: help(&server, None), server: server.into(), modules: vec![module] };
    }
    match imported {
        Some((mut import, beside)) => {
            // An error about it is shown where the impl names the trait.
            import.name.set_span(trait_name.span());
            let server = import.server();
            let help = help(&server, Some(&import));
            let modules = match beside {
                _ if is_generated(&import.module) => vec![import.module],
                Beside::Own => vec![import.module],
                // A glob may import it.
                Beside::Nothing | Beside::Import => vec![parse_quote!(self), import.module],
            };
            Lookup { help, server: server.into(), modules }
        }
        None => {
            let server = server_of(trait_name);
            let modules = vec![parse_quote!(self)];
            Lookup { help: help(&server, None), server: server.into(), modules }
        }
    }
}

/// Whether this module is named as tonic names a server's: `shop_server`.
fn is_generated(module: &Path) -> bool {
    module.segments.last().is_some_and(|last| last.ident.to_string().ends_with("_server"))
}

fn help(server: &Ident, import: Option<&Imported>) -> String {
    let seen =
        import.map_or_else(String::new, |import| format!(" and not in `{}`", import.module_text()));
    format!(
        "the service's name comes from this trait's `{server}`, which is not in scope here{seen}: say where it is, \
         `#[intercepted(service = path::to::the_module_with::{server})]`, or have the generated code say it, with \
         `.server_mod_attribute(\".\", \"#[grpc_interceptor::intercepted]\")` in build.rs"
    )
}
