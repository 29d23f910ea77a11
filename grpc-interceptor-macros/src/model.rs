//! What `#[intercepted]` knows about an impl. How it is printed is not in here.

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
    /// Attributes that apply to everything in the impl: lints, `cfg`, documentation.
    pub(crate) outer_attributes: Vec<Attribute>,
    /// `#[async_trait]` on the impl, which is not needed.
    pub(crate) async_traits: Vec<Path>,
    /// The impl's other attributes, which belong to other macros.
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

    /// Its `#[cfg]`s, which everything printed beside it needs, too.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        cfgs(&self.outer_attributes)
    }

    /// Whether this entry is the name of a field, without `self.` before it. For a generic service the answer is
    /// no: its fields are not looked at.
    pub(crate) fn is_like_a_field(&self, entry: &Entry) -> bool {
        match &entry.expression {
            Expr::Path(path) if !self.is_generic() => {
                self.fields.iter().any(|field| path.path.is_ident(field))
            }
            _ => false,
        }
    }

    /// Whether a type can be written only inside the impl.
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
    /// Without it: the name of the generated server.
    Lookup(Lookup),
}

/// Where the generated server may be.
pub(crate) struct Lookup {
    /// `GreeterServer`, without its type argument. Its whole path, if `service = …` says that.
    pub(crate) server: Path,
    /// The modules that it may be in, the most likely one last. Empty if the whole path is known.
    pub(crate) modules: Vec<Path>,
    /// What to write if it isn't there.
    pub(crate) help: String,
}

/// The receiver of a service's methods. All methods have the same one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Receiver {
    /// `&self`
    Reference,
    /// `self: Arc<Self>`, if tonic generated the service with `use_arc_self`.
    Arc,
}

impl Receiver {
    /// `None` if no tonic service has such a receiver.
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
    /// Its `#[cfg]`s, which everything printed for it needs, too.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        cfgs(&self.attributes)
    }

    /// Whether it is `impl Stream<…>`: its type is known only where its handler is.
    pub(crate) fn is_opaque(&self) -> bool {
        idents_in(&self.ty).contains("impl")
    }

    /// The name that its RPC has in the .proto file. tonic appends `Stream` to that.
    pub(crate) fn rpc_name(&self) -> Option<String> {
        let name = self.ident.to_string();
        name.strip_suffix("Stream").map(str::to_owned)
    }
}

/// A method of the impl.
pub(crate) struct Rpc {
    /// The method's attributes, without `#[rpc]`.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) signature: Signature,
    /// The body with its braces. Nothing here reads it.
    pub(crate) body: TokenStream,
    /// The name in the .proto file: `SayHello`. If the generated code says another, that one counts.
    pub(crate) name: String,
    /// What `#[rpc(name = "…")]` says.
    pub(crate) given_name: Option<LitStr>,
    /// The type of the request argument, as it is written.
    pub(crate) argument: Type,
    pub(crate) returned: Type,
    /// Whether the handler takes a `Context`, too.
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

    /// The stream that it returns, if that is one of the impl's types.
    pub(crate) fn stream<'a>(&self, streams: &'a [Stream]) -> Option<&'a Stream> {
        match self.returns {
            Returns::OwnStream(at) => streams.get(at),
            Returns::MessageOrBoxedStream(_) => None,
        }
    }

    /// The method's `#[cfg]`s, which everything printed for it needs, too.
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
    /// The compiler tells, and looks through aliases.
    Ask,
    /// The text tells. The type depends on the impl's parameters, so the compiler can't.
    Known(bool),
}

/// What a handler's response is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Returns {
    /// The stream at this index of [`Service::streams`].
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
    /// Its text, for comparisons and messages.
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
    /// As a fn, because it is named like one. If it isn't a fn, the call only costs more.
    Function,
    /// By a reference: it is a const, a static or a field, which outlives the call.
    Place,
    /// As a value, which is kept until the interceptor is done.
    Value,
    /// As a value that a fn makes: `metrics()`. The fn may be an interceptor itself, with `()` after it by mistake.
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

/// Whether a type is a path that ends with this name.
pub(crate) fn is_called(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    }
}

fn is_named_like_fn(path: &Path) -> bool {
    let name = path.segments.last().map(|last| last.ident.to_string());
    name.is_some_and(|name| !name.contains(char::is_uppercase))
}

/// `metrics` in `metrics()`. Not `Metrics::new` in `Metrics::new()`, which belongs to a type.
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
