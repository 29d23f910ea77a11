//! An impl's tokens, read into the [model](crate::model).

#[cfg(test)]
mod tests;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Error, FnArg, Generics, ImplItem, LitStr, Path, Result, ReturnType, Signature,
    Token, Type, Visibility, braced,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    token::Brace,
};

use crate::{
    arguments::Arguments,
    errors::Errors,
    item::EXPECTED,
    model::{
        Entry, Receiver, Returns, Rpc, Service, Stream, Streams, depends_on_parameters, idents_in,
        is_called,
    },
    place::{self, Place},
    rpc_attribute::RpcAttribute,
    service_name,
};

/// Reads the impl that the attribute is on. `None` if it can't be expanded: the errors say why.
pub(crate) fn service(
    arguments: Arguments,
    item: TokenStream,
    errors: &mut Errors,
) -> Option<Service> {
    let service = (|input: ParseStream<'_>| parse_impl(arguments, input, errors)).parse2(item);
    errors.ok(service).flatten()
}

fn parse_impl(
    arguments: Arguments,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> Result<Option<Service>> {
    let attributes = input.call(Attribute::parse_outer)?;
    let impl_token = input.parse()?;
    let mut generics: Generics =
        if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
    let service_trait = parse_trait(input)?;
    input.parse::<Token![for]>().map_err(|error| Error::new(error.span(), EXPECTED))?;
    let self_type: Type = input.parse()?;
    generics.where_clause = input.parse()?;
    let content;
    braced!(content in input);

    let (async_traits, attributes): (Vec<_>, Vec<_>) =
        attributes.into_iter().partition(|attribute| is_named(attribute, "async_trait"));
    let (again, attributes): (Vec<_>, Vec<_>) =
        attributes.into_iter().partition(|attribute| is_named(attribute, "intercepted"));
    for attribute in again {
        errors.push(Error::new_spanned(
            attribute,
            "`#[intercepted(…)]` is on this impl already: put all interceptors into one list",
        ));
    }
    let (outer_attributes, other_attributes) = attributes.into_iter().partition(holds_inside);
    let mut streams = Vec::new();
    let mut methods = Vec::new();
    let mut whole = true;
    while !content.is_empty() {
        match parse_item(&content, errors)? {
            Item::Stream(stream) => streams.push(stream),
            Item::Method(method) => methods.push(method),
            Item::Wrong(error) => {
                errors.push(error);
                whole = false;
            }
        }
    }

    let context = ImplContext {
        generics: &generics,
        streams: &streams,
        methods: methods.iter().map(|method| method.signature.ident.unraw().to_string()).collect(),
        entries: &arguments.entries,
    };
    let mut rpcs = Vec::new();
    let mut receiver = Receiver::Reference;
    for method in methods {
        let rpc = context.rpc(method, errors);
        match errors.ok(rpc) {
            Some((rpc, its_receiver)) => {
                rpcs.push(rpc);
                receiver = its_receiver;
            }
            None => whole = false,
        }
    }
    let runtime = arguments.crate_path();
    let Place { imported, in_fn, fields } = place::of_impl(impl_token, &service_trait, &self_type);
    let name = service_name::find(arguments.service, &service_trait, imported);
    let Some(name) = errors.ok(name).filter(|_| whole) else { return Ok(None) };
    Ok(Some(Service {
        runtime,
        name,
        outer_attributes,
        async_traits: async_traits.iter().map(|attribute| attribute.path().clone()).collect(),
        other_attributes,
        generics,
        service_trait,
        self_type,
        fields,
        in_fn,
        receiver,
        streams,
        rpcs,
    }))
}

fn parse_trait(input: ParseStream<'_>) -> Result<Path> {
    let mut service_trait: Type = input.parse()?;
    // A path that comes through a `macro_rules!` is in a group.
    while let Type::Group(group) = service_trait {
        service_trait = *group.elem;
    }
    match service_trait {
        Type::Path(path) if path.qself.is_none() => Ok(path.path),
        other => Err(Error::new_spanned(other, EXPECTED)),
    }
}

/// Whether an attribute has this name, with any path.
fn is_named(attribute: &Attribute, name: &str) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == name)
}

/// Whether an attribute of the impl applies to everything in it.
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

fn parse_item(input: ParseStream<'_>, errors: &mut Errors) -> Result<Item> {
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
        // A tonic service has nothing else in it.
        let start = input.span();
        let item: ImplItem = input.parse()?;
        let tokens = item.to_token_stream();
        let message = "an intercepted impl has handlers (`async fn`) and stream types \
                       (`type SayHelloStream = …;`), and nothing else";
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
        let message = "a method of a trait has no visibility: leave it out";
        errors.push(Error::new_spanned(visibility, message));
    }
    Ok(Item::Method(Method { attributes, signature, body }))
}

/// What the reading of a method needs of its impl.
struct ImplContext<'a> {
    generics: &'a Generics,
    streams: &'a [Stream],
    /// The names of all methods.
    methods: Vec<String>,
    entries: &'a [Entry],
}

impl ImplContext<'_> {
    /// Reads a method. An error in its `#[rpc]` is kept, and the method is read without the attribute.
    fn rpc(&self, method: Method, errors: &mut Errors) -> Result<(Rpc, Receiver)> {
        let Method { mut attributes, mut signature, body } = method;
        let attribute = errors.ok(RpcAttribute::take(&mut attributes)).unwrap_or_default();
        mend(&mut signature, errors);
        let (receiver, argument, takes_context) = parse_inputs(&signature)?;
        let ReturnType::Type(_, returned) = &signature.output else {
            return Err(Error::new(
                signature.ident.span(),
                "a handler returns `Result<tonic::Response<…>, tonic::Status>`",
            ));
        };
        let returned = (**returned).clone();

        if let Some(missing) = self.missing_stream(&returned) {
            return Err(missing);
        }
        let stream = self.stream_of(&signature.ident, attribute.name.as_ref());
        let returns = match stream {
            Some(at) => Returns::OwnStream(at),
            None => Returns::MessageOrBoxedStream(self.streams(&returned, &["BoxStream"])),
        };
        let stream = stream.map(|at| &self.streams[at]);
        let name = rpc_name(&signature.ident, attribute.name.as_ref(), stream, errors);
        let rpc = Rpc {
            given_name: attribute.name.clone().filter(|given| given.value() == name),
            name,
            chain: self.chain(&attribute, errors),
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

    /// The index of `type SayHelloStream` for `say_hello`. It is the stream that `#[rpc(name = "…")]` names, or the
    /// one whose name is the method's in UpperCamelCase. If there is neither, it is one that differs only in
    /// capitals and underscores, unless that is exactly another method's.
    fn stream_of(&self, method: &Ident, given: Option<&LitStr>) -> Option<usize> {
        let of = |is_named: &dyn Fn(&str) -> bool| {
            self.streams
                .iter()
                .position(|stream| stream.rpc_name().is_some_and(|name| is_named(&name)))
        };
        let method = method.unraw().to_string();
        if let Some(given) = given
            && let stream @ Some(_) = of(&|name| name == given.value())
        {
            return stream;
        }
        of(&|name| name == upper_camel(&method)).or_else(|| {
            of(&|name| {
                folded(name) == folded(&method)
                    && !self.methods.iter().any(|other| upper_camel(other) == name)
            })
        })
    }

    /// The error for `Self::ChatStream` in what a handler returns, if the impl has no such type. `Self::` can mean
    /// nothing else there.
    fn missing_stream(&self, returned: &Type) -> Option<Error> {
        let stream = after_self(returned.to_token_stream())?;
        let is_there = self.streams.iter().any(|other| other.ident == stream);
        (!is_there).then(|| {
            let message =
                format!("the stream's type is missing: `type {stream} = …;` in this impl");
            Error::new(stream.span(), message)
        })
    }

    fn streams(&self, ty: &Type, stream_types: &[&str]) -> Streams {
        if depends_on_parameters(self.generics, ty) {
            let idents = idents_in(ty);
            Streams::Known(stream_types.iter().any(|name| idents.contains(*name)))
        } else {
            Streams::Ask
        }
    }

    /// The impl's list, without what the RPC skips, and with what it adds.
    fn chain(&self, attribute: &RpcAttribute, errors: &mut Errors) -> Vec<Entry> {
        let mut chain = self.entries.to_vec();
        for skipped in &attribute.skip {
            if !self.entries.iter().any(|entry| entry.text() == skipped.text()) {
                let listed: Vec<String> =
                    self.entries.iter().map(|entry| format!("`{}`", as_written(entry))).collect();
                let listed =
                    if listed.is_empty() { "nothing".to_owned() } else { listed.join(", ") };
                errors.push(Error::new_spanned(
                    &skipped.expression,
                    format!(
                        "`{}` is not in the list of `#[intercepted(…)]`, which has {listed}",
                        as_written(skipped)
                    ),
                ));
            }
            chain.retain(|entry| entry.text() != skipped.text());
        }
        chain.extend(attribute.with.iter().cloned());
        chain
    }
}

/// `ChatStream` in tokens with `Self::ChatStream`.
fn after_self(tokens: TokenStream) -> Option<Ident> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let inside = tokens.iter().find_map(|token| match token {
        TokenTree::Group(group) => after_self(group.stream()),
        _ => None,
    });
    inside.or_else(|| {
        tokens.windows(4).find_map(|window| match window {
            [
                TokenTree::Ident(self_type),
                TokenTree::Punct(one),
                TokenTree::Punct(other),
                TokenTree::Ident(name),
            ] if self_type == "Self" && one.as_char() == ':' && other.as_char() == ':' => {
                Some(name.clone())
            }
            _ => None,
        })
    })
}

/// The text of an entry, as people write it.
fn as_written(entry: &Entry) -> String {
    entry.text().replace(" . ", ".").replace(" :: ", "::").replace(" (", "(").replace(" ,", ",")
}

/// Mends a signature if its meaning is clear. The mistake still is an error, and the only one: the impl is there
/// for the code that needs it.
fn mend(signature: &mut Signature, errors: &mut Errors) {
    if signature.asyncness.is_none() {
        let message = format!("a handler is async: `async fn {}`", signature.ident);
        errors.push(Error::new(signature.fn_token.span, message));
        signature.asyncness = Some(Token![async](signature.fn_token.span));
    }
    let inputs = &mut signature.inputs;
    if inputs.len() == 3 && is_context(&inputs[1]) {
        errors.push(Error::new_spanned(
            &inputs[1],
            "the request comes first, and the context last: \
             `&self, request: tonic::Request<…>, context: Context`",
        ));
        let [context, request] = [1, 2].map(|at| inputs[at].clone());
        (inputs[1], inputs[2]) = (request, context);
    }
}

/// Reads the receiver, the request and the context, and says what is wrong with other arguments.
fn parse_inputs(signature: &Signature) -> Result<(Receiver, Type, bool)> {
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "tonic's trait has no type parameters on its methods",
        ));
    }
    let mut inputs = signature.inputs.iter();
    let receiver = match inputs.next() {
        Some(FnArg::Receiver(receiver)) => Receiver::of(receiver).ok_or_else(|| {
            Error::new_spanned(
                receiver,
                "a handler takes `&self`, or `self: Arc<Self>` if tonic generated the service \
                 with `use_arc_self`",
            )
        })?,
        _ => return Err(Error::new(signature.ident.span(), "a handler takes `&self` first")),
    };
    let Some(FnArg::Typed(request)) = inputs.next().filter(|input| !is_context(input)) else {
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
            "a handler takes the request, may take `context: Context` after it, and takes nothing else",
        ));
    }
    Ok((receiver, argument, takes_context))
}

/// Whether an argument's type is called `Context`, with any path.
fn is_context(input: &FnArg) -> bool {
    matches!(input, FnArg::Typed(input) if is_called(&input.ty, "Context"))
}

/// The name in the .proto file. tonic's stream types have it, and `#[rpc(name)]` says it. If there is neither, it
/// is the Rust name in UpperCamelCase.
fn rpc_name(
    method: &Ident,
    given: Option<&LitStr>,
    stream: Option<&Stream>,
    errors: &mut Errors,
) -> String {
    match (stream.and_then(Stream::rpc_name), given) {
        (Some(name), given) => {
            if let Some(given) = given.filter(|given| given.value() != name) {
                let message = format!("tonic generates `{name}Stream` for the RPC `{name}`");
                errors.push(Error::new(given.span(), message));
            }
            name
        }
        (None, Some(given)) => given.value(),
        (None, None) => upper_camel(&method.unraw().to_string()),
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
