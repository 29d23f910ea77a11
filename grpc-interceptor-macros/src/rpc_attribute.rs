//! `#[rpc(name = "…", skip(…), with(…))]` on a method.

use syn::{
    Attribute, Error, Ident, LitStr, Meta, Result, Token, ext::IdentExt as _, parenthesized,
    parse::ParseStream,
};

use crate::{arguments::parse_entries, model::Entry};

/// The attribute's contents, empty if there is no attribute.
#[derive(Default)]
pub(crate) struct RpcAttribute {
    pub(crate) name: Option<LitStr>,
    pub(crate) skip: Vec<Entry>,
    pub(crate) with: Vec<Entry>,
}

const OPTIONS: &str = "`name = \"…\"`, `skip(…)` and `with(…)`";

impl RpcAttribute {
    /// Takes the `#[rpc]` attributes out of a method's.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        let mut found = RpcAttribute::default();
        for attribute in attributes.extract_if(.., |attribute| attribute.path().is_ident("rpc")) {
            match &attribute.meta {
                Meta::List(_) => {
                    attribute.parse_args_with(|input: ParseStream<'_>| found.parse(input))?;
                }
                meta => {
                    return Err(Error::new_spanned(meta, format!("`#[rpc(…)]` takes {OPTIONS}")));
                }
            }
        }
        Ok(found)
    }

    fn parse(&mut self, input: ParseStream<'_>) -> Result<()> {
        while !input.is_empty() {
            let option = input.call(Ident::parse_any)?;
            match option.to_string().as_str() {
                "name" => {
                    let name = parse_name(input).map_err(|_| {
                        Error::new(
                            option.span(),
                            "`name` takes the name in the .proto file: `name = \"GetURL\"`",
                        )
                    })?;
                    if name.value().is_empty() || name.value().contains('/') {
                        return Err(Error::new(
                            name.span(),
                            "`name` takes the RPC's own name, without the service: `name = \"GetURL\"`",
                        ));
                    }
                    if self.name.replace(name).is_some() {
                        return Err(Error::new(option.span(), "`name` is given twice"));
                    }
                }
                "skip" => parse_list(input, &option, &mut self.skip)?,
                "with" => parse_list(input, &option, &mut self.with)?,
                other => {
                    return Err(Error::new(
                        option.span(),
                        format!("unknown option `{other}`: `#[rpc(…)]` takes {OPTIONS}"),
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

fn parse_name(input: ParseStream<'_>) -> Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn parse_list(input: ParseStream<'_>, option: &Ident, list: &mut Vec<Entry>) -> Result<()> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(
            option.span(),
            format!("`{option}` takes interceptors in parentheses: `{option}(self.auth)`"),
        ));
    }
    let entries;
    parenthesized!(entries in input);
    while !entries.is_empty() {
        parse_entries(&entries, list)?;
        if !entries.is_empty() {
            entries.parse::<Token![,]>()?;
        }
    }
    Ok(())
}
