//! Interceptors for a whole server or channel, whichever tool generated the services.

mod boxed_errors;
mod call;
mod hash;
mod head;
mod inner_service;
mod interceptor_layer;
mod known;
mod names;
mod next;
mod options;
mod original;
mod request;
mod response;
mod service;
mod target;

pub use boxed_errors::{BoxedErrors, StatusErrors};
pub use interceptor_layer::InterceptorLayer;
pub use next::{LayerInterceptors, LayerNext};
pub use service::LayerService;
