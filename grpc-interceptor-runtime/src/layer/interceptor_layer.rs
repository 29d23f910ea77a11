use std::{fmt, sync::Arc};

use tonic::codegen::http::request::Parts;
use tower_layer::Layer;

use super::{boxed_errors::BoxedErrors, options::Options, service::LayerService};
use crate::{MethodName, RpcKind, Side};

/// Interceptors around a whole server or a whole channel.
pub struct InterceptorLayer<I> {
    interceptors: Arc<I>,
    options: Options,
}

impl<I> InterceptorLayer<I> {
    /// A layer of these interceptors, the first the outermost.
    #[must_use]
    pub fn new(interceptors: I) -> Self {
        InterceptorLayer { interceptors: Arc::new(interceptors), options: Options::default() }
    }

    /// Tells the layer which RPCs there are and of which kind, by a constant of generated code with
    /// `#[intercepted]`. Of other RPCs, [`Context::kind`](crate::Context::kind) is [`RpcKind::Unknown`].
    #[must_use]
    pub fn methods(mut self, methods: &[(MethodName<'static>, RpcKind)]) -> Self {
        self.options.known.extend(methods);
        self
    }

    /// The same for all services of a file, by the encoded descriptors that tonic's build scripts write for
    /// reflection (`file_descriptor_set_path`).
    ///
    /// # Panics
    ///
    /// If these bytes aren't a `FileDescriptorSet`.
    #[cfg(feature = "descriptors")]
    #[must_use]
    pub fn descriptors(mut self, file_descriptor_set: &[u8]) -> Self {
        let read = self.options.known.extend_by_descriptors(file_descriptor_set);
        read.expect("it is an encoded `FileDescriptorSet`");
        self
    }

    /// Says on which side the layer is, if it can't tell: it takes a request that one of tonic's clients made for
    /// a client's, and any other for a server's. In a test that puts a client on a service with no wire between them,
    /// both layers see the client's request.
    #[must_use]
    pub fn on_side(mut self, side: Side) -> Self {
        self.options.side = Some(side);
        self
    }

    /// Which requests are calls. Others pass by.
    #[must_use]
    pub fn calls(mut self, is_call: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.options.is_call = Arc::new(is_call);
        self
    }

    /// The same for a service that fails with a `Box<dyn Error>`, such as a channel in tower's `Buffer` or
    /// `Timeout`: its errors are made statuses, as tonic's clients make them.
    pub fn boxed_errors(self) -> BoxedErrors<I> {
        BoxedErrors { layer: self }
    }

    /// How large a message may be that an interceptor looks into, in bytes: 4 MiB unless this says otherwise.
    #[must_use]
    pub fn max_message_size(mut self, limit: usize) -> Self {
        self.options.limit = limit;
        self
    }
}

impl<I> Clone for InterceptorLayer<I> {
    fn clone(&self) -> Self {
        InterceptorLayer { interceptors: self.interceptors.clone(), options: self.options.clone() }
    }
}

impl<I> fmt::Debug for InterceptorLayer<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InterceptorLayer").finish_non_exhaustive()
    }
}

impl<S, I> Layer<S> for InterceptorLayer<I> {
    type Service = LayerService<S, I>;

    fn layer(&self, service: S) -> LayerService<S, I> {
        LayerService {
            service,
            interceptors: self.interceptors.clone(),
            options: Arc::new(self.options.clone()),
        }
    }
}
