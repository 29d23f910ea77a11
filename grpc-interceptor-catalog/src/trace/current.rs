use grpc_interceptor_runtime::Scope;
use tonic::Status;

/// Makes a call's span the current one while a piece of the call runs.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) context: opentelemetry::Context,
    /// A disabled span if the call has none.
    #[cfg(feature = "tracing")]
    pub(super) span: tracing::Span,
}

impl Scope for Current {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        let _current = self.context.clone().attach();
        #[cfg(feature = "tracing")]
        let _entered = self.span.enter();
        run();
        Ok(())
    }
}
