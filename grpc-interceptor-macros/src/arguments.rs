//! `#[intercepted(log, self.auth, service = …, crate = …)]`

use proc_macro2::Span;
use syn::{
    Error, Expr, Ident, LitStr, Path, Result, Token,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    parse_quote,
};

use crate::model::Entry;

/// The attribute's arguments: interceptors, and options anywhere among them.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) entries: Vec<Entry>,
    pub(crate) service: Option<ServiceOption>,
    pub(crate) runtime: Option<Path>,
}

/// `service = …`
pub(crate) struct ServiceOption {
    /// The word `service`.
    word: Ident,
    pub(crate) value: ServiceValue,
}

pub(crate) enum ServiceValue {
    Path(Path),
    Literal(LitStr),
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Arguments::default();
        while !input.is_empty() {
            if input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
                arguments.parse_option(input)?;
            } else {
                parse_entries(input, &mut arguments.entries)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

impl Arguments {
    /// The path to `grpc_interceptor`.
    pub(crate) fn crate_path(&self) -> Path {
        self.runtime.clone().unwrap_or_else(|| parse_quote!(::grpc_interceptor))
    }

    /// On generated code, `crate = …` is the only argument: its interceptors are given when a client or a
    /// server is created, and it has the service's name.
    pub(crate) fn refuse_those_of_an_impl(&self) -> Result<()> {
        if let Some(entry) = self.entries.first() {
            return Err(Error::new_spanned(
                &entry.expression,
                "interceptors of a generated client or server are given where it is created: \
                 `GreeterClient::with_interceptors(channel, (Log, Auth::new()))`, \
                 `GreeterServer::with_interceptors(service, (Log, Auth::new()))`",
            ));
        }
        if let Some(service) = &self.service {
            return Err(Error::new(
                service.word.span(),
                "the generated code has the service's name: leave `service` out",
            ));
        }
        Ok(())
    }

    fn parse_option(&mut self, input: ParseStream<'_>) -> Result<()> {
        let option = input.call(Ident::parse_any)?;
        let equals: Token![=] = input.parse()?;
        let taken = match option.to_string().as_str() {
            "service" => {
                let value = if input.peek(LitStr) {
                    ServiceValue::Literal(input.parse()?)
                } else {
                    ServiceValue::Path(parse_path(
                        input,
                        equals.span,
                        "`service` takes the generated module, `service = greeter_server`, \
                         or the full name, `service = \"pkg.Greeter\"`",
                    )?)
                };
                let word = option.clone();
                self.service.replace(ServiceOption { word, value }).is_some()
            }
            "crate" => {
                let path = parse_path(
                    input,
                    equals.span,
                    "`crate` takes the path to grpc_interceptor: `crate = ::grpc_interceptor`",
                )?;
                self.runtime.replace(path).is_some()
            }
            other => {
                return Err(Error::new(
                    option.span(),
                    format!(
                        "unknown option `{other}`: the options are `service` and `crate`, \
                         and an interceptor is listed without a name"
                    ),
                ));
            }
        };
        if taken {
            return Err(Error::new(option.span(), format!("`{option}` is given twice")));
        }
        Ok(())
    }
}

fn parse_path(input: ParseStream<'_>, equals: Span, expected: &str) -> Result<Path> {
    let span = if input.is_empty() { equals } else { input.span() };
    input.call(Path::parse_mod_style).map_err(|_| Error::new(span, expected))
}

/// Reads one interceptor, or those of a tuple that is written out. A tuple's elements may be async fns, so they
/// become entries of their own: a generic fn isn't a value until its RPC is known.
pub(crate) fn parse_entries(input: ParseStream<'_>, entries: &mut Vec<Entry>) -> Result<()> {
    push_entries(input.parse()?, entries)
}

fn push_entries(expression: Expr, entries: &mut Vec<Entry>) -> Result<()> {
    match expression {
        // `&self.auth` is what `self.auth` means.
        Expr::Reference(reference) => push_entries(*reference.expr, entries)?,
        Expr::Tuple(tuple) => {
            for element in tuple.elems {
                push_entries(element, entries)?;
            }
        }
        // Its arguments would need types that nobody can write, as they differ by RPC.
        Expr::Closure(closure) => {
            return Err(Error::new_spanned(
                closure,
                "a closure takes one type of request, and each RPC has another: write an async fn, \
                 `async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> \
                 Outcome<N>`, and list its name",
            ));
        }
        Expr::Array(array) => {
            return Err(Error::new_spanned(
                array,
                "the parentheses are the list: leave the brackets out, `#[intercepted(log, self.auth)]`",
            ));
        }
        Expr::Lit(literal) => {
            return Err(Error::new_spanned(
                literal,
                "an interceptor is listed by its name, without quotes: `#[intercepted(log, self.auth)]`",
            ));
        }
        expression => entries.push(Entry { expression }),
    }
    Ok(())
}
