use grpc_interceptor_runtime::Scope;
use tonic::Status;

/// Makes a call's span current while a part of the call runs.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) context: opentelemetry::Context,
    /// A disabled span if the call has no `tracing` span.
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
