//! What `#[intercepted]` knows of an impl: all that it was told, and nothing that it prints.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Attribute, Expr, GenericParam, Generics, Ident, LitStr, Path, ReceiverKind, Signature, Type,
    UnOp, spanned::Spanned as _,
};

/// An impl of a tonic service.
pub(crate) struct Service {
    /// The path to `grpc_interceptor`.
    pub(crate) runtime: Path,
    /// Where the service's name comes from.
    pub(crate) name: ServiceName,
    /// Attributes that hold for everything inside the impl: lints, `cfg`, documentation.
    pub(crate) outer_attributes: Vec<Attribute>,
    /// `#[async_trait]` on the impl, which is not needed.
    pub(crate) async_traits: Vec<Path>,
    /// Other attributes of the impl, which are another macro's.
    pub(crate) other_attributes: Vec<Attribute>,
    pub(crate) generics: Generics,
    /// The trait that tonic generated.
    pub(crate) service_trait: Path,
    pub(crate) self_type: Type,
    /// The type's fields, if its struct is in the same file.
    pub(crate) fields: Vec<Ident>,
    /// Whether the impl is in a fn, where no test runs.
    pub(crate) in_fn: bool,
    pub(crate) receiver: Receiver,
    pub(crate) streams: Vec<Stream>,
    pub(crate) rpcs: Vec<Rpc>,
}

impl Service {
    pub(crate) fn is_generic(&self) -> bool {
        !self.generics.params.is_empty()
    }

    /// Its `#[cfg]`, which what stands beside it needs as well.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        cfgs(&self.outer_attributes)
    }

    /// Whether this entry is the name of a field, without a `self.` before it. Of a generic service that isn't
    /// asked.
    pub(crate) fn is_like_a_field(&self, entry: &Entry) -> bool {
        match &entry.expression {
            Expr::Path(path) if !self.is_generic() => {
                self.fields.iter().any(|field| path.path.is_ident(field))
            }
            _ => false,
        }
    }

    /// Whether a type can't be written outside of the impl.
    pub(crate) fn depends_on_parameters(&self, ty: &Type) -> bool {
        depends_on_parameters(&self.generics, ty)
    }
}

/// The `#[cfg]`s among these.
pub(crate) fn cfgs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
}

/// Whether a type's text names a parameter of the impl, or `Self`.
pub(crate) fn depends_on_parameters(generics: &Generics, ty: &Type) -> bool {
    let idents = idents_in(ty);
    let mut params = generics.params.iter().map(|param| match param {
        GenericParam::Lifetime(param) => param.lifetime.ident.to_string(),
        GenericParam::Type(param) => param.ident.to_string(),
        GenericParam::Const(param) => param.ident.to_string(),
    });
    idents.contains("Self") || params.any(|param| idents.contains(&param))
}

/// All words in a type's text.
pub(crate) fn idents_in(ty: &Type) -> HashSet<String> {
    fn collect(tokens: TokenStream, idents: &mut HashSet<String>) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    idents.insert(ident.to_string());
                }
                TokenTree::Group(group) => collect(group.stream(), idents),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut idents = HashSet::new();
    collect(ty.to_token_stream(), &mut idents);
    idents
}

pub(crate) enum ServiceName {
    /// `service = "pkg.Greeter"`
    Literal(LitStr),
    /// The server's.
    Lookup(Lookup),
}

/// Where the generated server may be.
pub(crate) struct Lookup {
    /// `GreeterServer`, or its whole path if `service = …` says that. The type's argument isn't in it.
    pub(crate) server: Path,
    /// Modules that it may be in, the most likely one last. None if its whole path is known.
    pub(crate) modules: Vec<Path>,
    /// What to write if it isn't there.
    pub(crate) help: String,
}

/// What a service's methods are called on, all of them alike.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Receiver {
    /// `&self`
    Reference,
    /// `self: Arc<Self>`, where tonic generated the service with `use_arc_self`.
    Arc,
}

impl Receiver {
    /// `None` where a tonic service has no such.
    pub(crate) fn of(receiver: &syn::Receiver) -> Option<Self> {
        match &receiver.kind {
            ReceiverKind::Reference(_, _, None) => Some(Receiver::Reference),
            ReceiverKind::Typed(_, ty) => match &**ty {
                Type::Reference(reference) if reference.mutability.is_none() => {
                    Some(Receiver::Reference)
                }
                _ => Some(Receiver::Arc),
            },
            _ => None,
        }
    }
}

/// `type SayHelloStream = …;`
pub(crate) struct Stream {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

impl Stream {
    /// Its `#[cfg]`, which everything that is made for it needs as well.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        cfgs(&self.attributes)
    }

    /// Whether it is `impl Stream<…>`, which is known only together with the handler that returns it.
    pub(crate) fn is_opaque(&self) -> bool {
        idents_in(&self.ty).contains("impl")
    }

    /// The RPC that this is the stream of: tonic puts `Stream` behind the name that it has in the
    /// .proto file.
    pub(crate) fn rpc_name(&self) -> Option<String> {
        let name = self.ident.to_string();
        name.strip_suffix("Stream").map(str::to_owned)
    }
}

/// A method of the impl.
pub(crate) struct Rpc {
    /// The method's attributes, less `#[rpc]`.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) signature: Signature,
    /// The body in its braces, which nothing here reads.
    pub(crate) body: TokenStream,
    /// The name in the .proto file: `SayHello`. If the generated code has it, that counts.
    pub(crate) name: String,
    /// What `#[rpc(name = "…")]` says.
    pub(crate) given_name: Option<LitStr>,
    /// The type of the request argument, as it is written.
    pub(crate) argument: Type,
    pub(crate) returned: Type,
    /// Whether the handler takes the `Context` as well.
    pub(crate) takes_context: bool,
    pub(crate) client_streams: Streams,
    pub(crate) returns: Returns,
    /// The chain, the outermost first.
    pub(crate) chain: Vec<Entry>,
}

impl Rpc {
    pub(crate) fn ident(&self) -> &Ident {
        &self.signature.ident
    }

    /// The stream that it returns, if the impl names one.
    pub(crate) fn stream<'a>(&self, streams: &'a [Stream]) -> Option<&'a Stream> {
        match self.returns {
            Returns::OwnStream(at) => streams.get(at),
            Returns::MessageOrBoxedStream(_) => None,
        }
    }

    /// The method's `#[cfg]`, which everything that is made for it needs as well.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        cfgs(&self.attributes)
    }

    pub(crate) fn docs(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("doc"))
    }
}

/// Whether a type in a signature holds a stream.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Streams {
    /// The compiler can tell, through aliases.
    Ask,
    /// Only the text tells, as the type depends on the impl's parameters.
    Known(bool),
}

/// What a handler's response is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Returns {
    /// The stream at this place in [`Service::streams`].
    OwnStream(usize),
    /// One message, or the boxed stream that tonic's default stubs have.
    MessageOrBoxedStream(Streams),
}

/// An interceptor in a list.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) expression: Expr,
}

impl Entry {
    /// As it is compared and shown.
    pub(crate) fn text(&self) -> String {
        let expression = &self.expression;
        quote::quote!(#expression).to_string()
    }

    pub(crate) fn called_as(&self) -> CalledAs {
        CalledAs::new(&self.expression)
    }

    /// The fn that makes it: `metrics` in `metrics()`.
    pub(crate) fn callee(&self) -> Option<&Expr> {
        callee(&self.expression)
    }

    pub(crate) fn span(&self) -> Span {
        self.expression.span()
    }
}

/// How an interceptor is called.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum CalledAs {
    /// As the fn that its name says it is. If it is none, it only costs more.
    Function,
    /// By a reference to what is there for longer than the call: a const, a static, a field.
    Place,
    /// As a value, which has to be kept until the interceptor is done.
    Value,
    /// As a value that a fn makes, which may be an interceptor itself, with `()` after it by mistake.
    Made,
}

impl CalledAs {
    fn new(expression: &Expr) -> Self {
        match expression {
            Expr::Paren(paren) => Self::new(&paren.expr),
            Expr::Group(group) => Self::new(&group.expr),
            Expr::Path(path) if is_named_like_fn(&path.path) => CalledAs::Function,
            place if is_place(place) => CalledAs::Place,
            made if callee(made).is_some() => CalledAs::Made,
            _ => CalledAs::Value,
        }
    }
}

fn is_named_like_fn(path: &Path) -> bool {
    let name = path.segments.last().map(|last| last.ident.to_string());
    name.is_some_and(|name| !name.contains(char::is_uppercase))
}

/// `metrics` in `metrics()`. `Metrics::new` of `Metrics::new()` isn't one: it belongs to a type.
fn callee(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::Paren(paren) => callee(&paren.expr),
        Expr::Group(group) => callee(&group.expr),
        Expr::Call(call) if call.args.is_empty() => match &*call.func {
            Expr::Path(path) if path.qself.is_none() && is_of_no_type(&path.path) => {
                Some(&call.func)
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_of_no_type(path: &Path) -> bool {
    path.segments.iter().all(|segment| !segment.ident.to_string().contains(char::is_uppercase))
}

fn is_place(expression: &Expr) -> bool {
    match expression {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Paren(paren) => is_place(&paren.expr),
        Expr::Group(group) => is_place(&group.expr),
        Expr::Index(index) => is_place(&index.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)),
        _ => false,
    }
}
