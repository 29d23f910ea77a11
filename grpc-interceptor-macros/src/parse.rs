//! An impl's tokens, read into the [model](crate::model).

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{
    Attribute, Error, FnArg, Generics, ImplItem, Path, ReceiverKind, Result, ReturnType, Signature,
    Token, Type, Visibility, braced,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    parse_quote,
    token::Brace,
};

use crate::{
    arguments::{Arguments, ServiceOption},
    model::{
        Entry, Receiver, Returns, Rpc, Service, ServiceName, Stream, Streams,
        depends_on_parameters, idents_in,
    },
    rpc_attribute::RpcAttribute,
};

const EXPECTED: &str = "`#[intercepted(…)]` goes on the impl of a tonic service: \
                        `impl greeter_server::Greeter for MyGreeter`";

/// Reads the impl that the attribute is on.
pub(crate) fn service(arguments: Arguments, item: TokenStream) -> Result<Service> {
    (|input: ParseStream<'_>| parse_impl(arguments, input)).parse2(item)
}

fn parse_impl(arguments: Arguments, input: ParseStream<'_>) -> Result<Service> {
    let attributes = input.call(Attribute::parse_outer)?;
    if !input.peek(Token![impl]) {
        return Err(other_item(input));
    }
    input.parse::<Token![impl]>()?;
    let mut generics: Generics =
        if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
    let first: Type = input.parse()?;
    let Some((service_trait, self_type)) = parse_for(&first, input)? else {
        let error = Error::new_spanned(&first, format!("this impl is of no trait: {EXPECTED}"));
        let _rest: TokenStream = input.parse()?;
        return Err(error);
    };
    generics.where_clause = input.parse()?;
    let content;
    braced!(content in input);

    let (async_traits, attributes): (Vec<_>, Vec<_>) =
        attributes.into_iter().partition(is_async_trait);
    let (outer_attributes, other_attributes) = attributes.into_iter().partition(holds_inside);
    let mut streams = Vec::new();
    let mut methods = Vec::new();
    let mut errors = Errors(None);
    while !content.is_empty() {
        match parse_item(&content)? {
            Item::Stream(stream) => streams.push(stream),
            Item::Method(method) => methods.push(method),
            Item::Wrong(error) => errors.push(error),
        }
    }

    let context =
        ImplContext { generics: &generics, streams: &streams, entries: &arguments.entries };
    let mut rpcs = Vec::new();
    let mut receiver = Receiver::Reference;
    for method in methods {
        match context.rpc(method) {
            Ok((rpc, its_receiver)) => {
                rpcs.push(rpc);
                receiver = its_receiver;
            }
            Err(error) => errors.push(error),
        }
    }
    errors.none()?;
    Ok(Service {
        runtime: arguments.runtime.unwrap_or_else(|| parse_quote!(::grpc_interceptor)),
        name: service_name(arguments.service, &service_trait)?,
        outer_attributes,
        async_traits: async_traits.iter().map(|attribute| attribute.path().clone()).collect(),
        other_attributes,
        generics,
        service_trait,
        self_type,
        receiver,
        streams,
        rpcs,
    })
}

/// `Greeter for MyGreeter`, of which the first type is read already; `None` where there is no `for`.
fn parse_for(first: &Type, input: ParseStream<'_>) -> Result<Option<(Path, Type)>> {
    if !input.peek(Token![for]) {
        return Ok(None);
    }
    input.parse::<Token![for]>()?;
    let mut service_trait = first;
    while let Type::Group(group) = service_trait {
        service_trait = &group.elem;
    }
    match service_trait {
        Type::Path(path) if path.qself.is_none() => Ok(Some((path.path.clone(), input.parse()?))),
        other => Err(Error::new_spanned(other, EXPECTED)),
    }
}

/// The error for an item that is no impl, on the word that says what it is.
fn other_item(input: ParseStream<'_>) -> Error {
    let mut span = input.span();
    let mut error = None;
    while !input.is_empty() {
        match input.parse::<TokenTree>() {
            Ok(TokenTree::Ident(ident)) if error.is_none() => {
                let ident_text = ident.to_string();
                let kind = match ident_text.as_str() {
                    "struct" | "enum" | "union" => Some("a type"),
                    "fn" => Some("a fn"),
                    "trait" => Some("a trait"),
                    "mod" => Some("a module"),
                    _ => None,
                };
                if let Some(kind) = kind {
                    span = ident.span();
                    error = Some(format!("this is {kind}: {EXPECTED}"));
                }
            }
            Ok(_) => {}
            Err(error) => return error,
        }
    }
    Error::new(span, error.unwrap_or_else(|| EXPECTED.to_owned()))
}

fn is_async_trait(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "async_trait")
}

/// Whether an attribute of the impl means all that is in it.
fn holds_inside(attribute: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid", "expect", "cfg", "doc"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

enum Item {
    Stream(Stream),
    Method(Method),
    Wrong(Error),
}

struct Method {
    attributes: Vec<Attribute>,
    signature: Signature,
    body: TokenStream,
}

fn parse_item(input: ParseStream<'_>) -> Result<Item> {
    let attributes = input.call(Attribute::parse_outer)?;
    if input.peek(Token![type]) {
        input.parse::<Token![type]>()?;
        let ident: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let ty = input.parse()?;
        input.parse::<Token![;]>()?;
        return Ok(Item::Stream(Stream { attributes, ident, ty }));
    }
    let ahead = input.fork();
    let is_method = ahead.parse::<Visibility>().is_ok() && ahead.parse::<Signature>().is_ok();
    if !is_method {
        // Whatever else it is, it is no part of a tonic service.
        let start = input.span();
        let item: ImplItem = input.parse()?;
        let tokens = item.to_token_stream();
        let message = "an intercepted impl has handlers (`async fn`) and stream types \
                       (`type SayHelloStream = …;`), written out";
        return Ok(Item::Wrong(if tokens.is_empty() {
            Error::new(start, message)
        } else {
            Error::new_spanned(tokens, message)
        }));
    }
    let visibility: Visibility = input.parse()?;
    let signature: Signature = input.parse()?;
    if !input.peek(Brace) {
        let error = Error::new_spanned(&signature, "a handler has a body");
        input.parse::<Token![;]>()?;
        return Ok(Item::Wrong(error));
    }
    let body = input.parse::<TokenTree>()?.into_token_stream();
    if !matches!(visibility, Visibility::Inherited) {
        return Ok(Item::Wrong(Error::new_spanned(
            visibility,
            "a trait's methods have no visibility of their own",
        )));
    }
    Ok(Item::Method(Method { attributes, signature, body }))
}

/// Where the service's name comes from: what `service = …` says, else the server beside the trait.
fn service_name(option: Option<ServiceOption>, service_trait: &Path) -> Result<ServiceName> {
    let Some(trait_name) = service_trait.segments.last() else {
        return Err(Error::new_spanned(service_trait, EXPECTED));
    };
    let server =
        format_ident!("{}Server", trait_name.ident.unraw(), span = trait_name.ident.span());
    let path = match option {
        Some(ServiceOption::Literal(literal)) => {
            let name = literal.value();
            if name.is_empty() || name.contains('/') {
                return Err(Error::new(
                    literal.span(),
                    "the service's full name, as in the .proto file: `service = \"pkg.Greeter\"`",
                ));
            }
            return Ok(ServiceName::Literal(literal));
        }
        // A path to the server itself, or to the module that it is in.
        Some(ServiceOption::Path(path)) => {
            let names_a_type = path.segments.last().is_some_and(|last| {
                last.ident.to_string().starts_with(|first: char| first.is_uppercase())
            });
            if names_a_type { path } else { parse_quote!(#path::#server) }
        }
        None => {
            let mut path = service_trait.clone();
            if let Some(last) = path.segments.last_mut() {
                *last = server.into();
            }
            path
        }
    };
    Ok(ServiceName::Server(path))
}

/// What a method needs to know of the impl that it is in.
struct ImplContext<'a> {
    generics: &'a Generics,
    streams: &'a [Stream],
    entries: &'a [Entry],
}

impl ImplContext<'_> {
    fn rpc(&self, method: Method) -> Result<(Rpc, Receiver)> {
        let Method { mut attributes, mut signature, body } = method;
        let attribute = RpcAttribute::take(&mut attributes)?;
        let (receiver, argument, takes_context) = parse_inputs(&mut signature)?;
        let ReturnType::Type(_, returned) = &signature.output else {
            return Err(Error::new(
                signature.ident.span(),
                "a handler returns `Result<tonic::Response<…>, tonic::Status>`",
            ));
        };
        let returned = (**returned).clone();

        let stream = self.stream_of(&signature.ident);
        let returns = match stream {
            Some(at) => Returns::OwnStream(at),
            None => Returns::MessageOrBoxedStream(self.streams(&returned, &["BoxStream"])),
        };
        let rpc = Rpc {
            name: rpc_name(&signature.ident, &attribute, stream.map(|at| &self.streams[at]))?,
            chain: self.chain(attribute)?,
            client_streams: self.streams(&argument, &["Streaming"]),
            attributes,
            signature,
            body,
            argument,
            returned,
            takes_context,
            returns,
        };
        Ok((rpc, receiver))
    }

    /// The place of `type SayHelloStream` for `say_hello`.
    fn stream_of(&self, method: &Ident) -> Option<usize> {
        let method = folded(&method.unraw().to_string());
        self.streams
            .iter()
            .position(|stream| stream.rpc_name().is_some_and(|name| folded(&name) == method))
    }

    fn streams(&self, ty: &Type, stream_types: &[&str]) -> Streams {
        if depends_on_parameters(self.generics, ty) {
            let idents = idents_in(ty);
            Streams::Known(stream_types.iter().any(|name| idents.contains(*name)))
        } else {
            Streams::Ask
        }
    }

    /// The impl's list, less what the RPC skips, with what it adds.
    fn chain(&self, attribute: RpcAttribute) -> Result<Vec<Entry>> {
        let mut chain = self.entries.to_vec();
        for skipped in attribute.skip {
            let before = chain.len();
            chain.retain(|entry| entry.text() != skipped.text());
            if chain.len() == before {
                let listed: Vec<String> =
                    self.entries.iter().map(|entry| format!("`{}`", spaceless(entry))).collect();
                let listed = match listed.as_slice() {
                    [] => "nothing".to_owned(),
                    listed => listed.join(", "),
                };
                return Err(Error::new_spanned(
                    &skipped.expression,
                    format!(
                        "`{}` is not in the list of `#[intercepted(…)]`, which has {listed}",
                        spaceless(&skipped)
                    ),
                ));
            }
        }
        chain.extend(attribute.with);
        Ok(chain)
    }
}

/// The text of an entry as a person would write it.
fn spaceless(entry: &Entry) -> String {
    entry.text().replace(" . ", ".").replace(" :: ", "::").replace(" (", "(").replace(" ,", ",")
}

/// Reads the receiver, the request and the context, and says what is wrong with other arguments.
fn parse_inputs(signature: &mut Signature) -> Result<(Receiver, Type, bool)> {
    if signature.asyncness.is_none() {
        let made_by_async_trait =
            signature.generics.lifetimes().any(|param| param.lifetime.ident == "async_trait");
        return Err(if made_by_async_trait {
            Error::new(
                signature.ident.span(),
                "`#[async_trait]` came first: swap the two lines, so that `#[intercepted(…)]` stands \
                 above it, or leave `#[async_trait]` out",
            )
        } else {
            Error::new(
                signature.fn_token.span,
                format!("a handler is async: `async fn {}`", signature.ident),
            )
        });
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "tonic's trait has no type parameters on its methods",
        ));
    }
    let mut inputs = signature.inputs.iter();
    let receiver = match inputs.next() {
        Some(FnArg::Receiver(receiver)) => match &receiver.kind {
            ReceiverKind::Reference(_, _, None) => Receiver::Reference,
            ReceiverKind::Typed(_, ty) => match &**ty {
                Type::Reference(reference) if reference.mutability.is_none() => Receiver::Reference,
                _ => Receiver::Arc,
            },
            _ => {
                return Err(Error::new_spanned(
                    receiver,
                    "a handler takes `&self`, or `self: Arc<Self>` where tonic generated the \
                     service with `use_arc_self`",
                ));
            }
        },
        _ => return Err(Error::new(signature.ident.span(), "a handler takes `&self` first")),
    };
    let Some(FnArg::Typed(request)) = inputs.next() else {
        return Err(Error::new(
            signature.ident.span(),
            "a handler takes the request: `request: tonic::Request<…>`",
        ));
    };
    let argument = (*request.ty).clone();
    let takes_context = inputs.next().is_some();
    if let Some(third) = inputs.next() {
        return Err(Error::new_spanned(
            third,
            "a handler takes the request and, if it wants it, `context: Context`, and nothing more",
        ));
    }
    Ok((receiver, argument, takes_context))
}

/// The name in the .proto file. tonic's stream types have it, `#[rpc(name)]` says it, and where
/// there is neither, it is the Rust name in UpperCamelCase.
fn rpc_name(method: &Ident, attribute: &RpcAttribute, stream: Option<&Stream>) -> Result<String> {
    let from_stream = stream.and_then(Stream::rpc_name);
    match (&attribute.name, from_stream) {
        (Some(name), Some(from_stream)) if name.value() != from_stream => Err(Error::new(
            name.span(),
            format!("tonic generates `{from_stream}Stream` for the RPC `{from_stream}`"),
        )),
        (Some(name), _) => Ok(name.value()),
        (None, Some(from_stream)) => Ok(from_stream),
        (None, None) => Ok(upper_camel(&method.unraw().to_string())),
    }
}

fn upper_camel(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut characters = word.chars();
            characters.next().into_iter().flat_map(char::to_uppercase).chain(characters)
        })
        .collect()
}

/// What `SayHello` and `say_hello` have in common.
fn folded(name: &str) -> String {
    name.chars().filter(|character| *character != '_').flat_map(char::to_lowercase).collect()
}

/// All that is wrong, so that a person reads it at once.
struct Errors(Option<Error>);

impl Errors {
    fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn none(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
