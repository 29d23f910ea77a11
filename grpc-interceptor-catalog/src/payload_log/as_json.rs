mod depth;
mod redact;

use std::{
    collections::HashSet,
    fmt::{self, Write},
};

use grpc_interceptor_runtime::{EncodedMessage, MethodName};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};

use super::{
    info::{Direction, MessageInfo},
    show::ShowMessage,
};
use depth::is_too_deep;
use redact::Redaction;

/// Logs messages as JSON, without the fields that their `.proto` file marks with `debug_redact =
/// true`.
///
/// It finds the message types in the encoded descriptors that tonic's build scripts write for
/// reflection (`file_descriptor_set_path`). So it also works in a layer, and for services that you
/// didn't generate yourself.
///
/// **Without `protoc`, the option can get lost**: `prost-types` 0.14 doesn't know it, so a
/// `FileDescriptorSet` built from its types drops it. With `protox`, write the output of
/// `protox::Compiler::encode_file_descriptor_set` instead. We recommend a test of your own that
/// looks for a secret in the log.
///
/// ```proto
/// message Login {
///   string user = 1;
///   string password = 2 [debug_redact = true];
/// }
/// ```
///
/// ```
/// # use grpc_interceptor_proto as pb;
/// use grpc_interceptor::{
///     InterceptorLayer,
///     interceptors::{AsJson, PayloadLog},
/// };
///
/// let show = AsJson::new(pb::FILE_DESCRIPTOR_SET)
///     // For a file that you can't change.
///     .redact(["greeter.v1.HelloRequest.name"]);
/// let layer = InterceptorLayer::new(PayloadLog::new().show_with(show));
/// ```
///
/// ```text
/// DEBUG grpc_interceptor::payload_log: request message side="server" method="/greeter.v1.Greeter/SayHello" number=1 payload={"name":"[redacted]"}
/// ```
///
/// The JSON follows protobuf's JSON mapping: names in camel case, 64-bit numbers as strings, bytes
/// in Base64. A redacted field shows as `"[redacted]"` regardless of its type, and is absent if it
/// isn't set. Fields that the descriptors don't know are left out. A message that belongs to an
/// unknown RPC, can't be decoded, or is [too large](Self::max_message_size) is replaced by a
/// description in brackets, without any of its content.
///
/// Each message is encoded (except in a layer, where it already is), decoded with the descriptors
/// and converted to JSON. This costs several times as much as the service itself spends on the
/// message. Use it with [`sample`](super::PayloadLog::sample) or for a few methods.
#[cfg(feature = "prost-reflect")]
#[derive(Clone, Debug)]
pub struct AsJson {
    descriptors: DescriptorPool,
    redacted: HashSet<String>,
    max_message_size: usize,
}

impl AsJson {
    /// Creates a formatter for the messages of all services in a descriptor set.
    ///
    /// # Panics
    ///
    /// Panics if the bytes aren't a `FileDescriptorSet`, or if an imported file is missing from it.
    #[must_use]
    pub fn new(file_descriptor_set: &[u8]) -> Self {
        let descriptors = DescriptorPool::decode(file_descriptor_set);
        let descriptors =
            descriptors.expect("it is an encoded `FileDescriptorSet` with all its imports");
        AsJson { descriptors, redacted: HashSet::new(), max_message_size: 64 * 1024 }
    }

    /// Also redacts these fields, named `pkg.Message.field`.
    ///
    /// # Panics
    ///
    /// Panics if the descriptors have no such field: otherwise a typo would put a secret into the
    /// log.
    #[must_use]
    pub fn redact<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        for field in fields.into_iter().map(Into::into) {
            assert!(self.has_field(&field), "the descriptors have no field `{field}`");
            self.redacted.insert(field);
        }
        self
    }

    fn has_field(&self, name: &str) -> bool {
        let of_message = || {
            let (message, field) = name.rsplit_once('.')?;
            self.descriptors.get_message_by_name(message)?.get_field_by_name(field)
        };
        of_message().is_some() || self.descriptors.get_extension_by_name(name).is_some()
    }

    /// Sets the largest message that is shown, in encoded bytes: 64 KiB by default.
    ///
    /// Only the size of a larger message is logged, because its JSON can take a hundred times as
    /// much memory.
    #[must_use]
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    fn message_of(&self, info: &MessageInfo) -> Option<MessageDescriptor> {
        let method = self.method(info.context().method_name())?;
        Some(match info.direction() {
            Direction::Request => method.input(),
            Direction::Response => method.output(),
        })
    }

    fn method(&self, name: MethodName<'_>) -> Option<MethodDescriptor> {
        let service = self.descriptors.get_service_by_name(name.fully_qualified_service())?;
        service.methods().find(|method| method.name() == name.method())
    }

    /// Not generic, so it is compiled only once.
    fn show_bytes(&self, bytes: &[u8], info: &MessageInfo, text: &mut dyn Write) -> fmt::Result {
        let Some(descriptor) = self.message_of(info) else {
            return write!(text, "[{} bytes of an unknown type]", bytes.len());
        };
        let name = descriptor.full_name().to_owned();
        if bytes.len() > self.max_message_size {
            return write!(text, "[{} bytes of {name}]", bytes.len());
        }
        // The error is dropped: it could contain parts of the message.
        let json = DynamicMessage::decode(descriptor.clone(), bytes)
            .ok()
            .filter(|message| !is_too_deep(&self.descriptors, message))
            .and_then(|message| serde_json::to_value(&message).ok());
        let Some(mut json) = json else {
            return write!(text, "[{} bytes that are no {name}]", bytes.len());
        };
        let redaction = Redaction { descriptors: &self.descriptors, also: &self.redacted };
        redaction.message(&descriptor, &mut json);
        write!(text, "{json}")
    }
}

#[diagnostic::do_not_recommend]
impl<M: EncodedMessage> ShowMessage<M> for AsJson {
    fn show(&self, message: &M, info: &MessageInfo, text: &mut dyn Write) -> fmt::Result {
        match message.encoded() {
            Ok(bytes) => self.show_bytes(&bytes, info, text),
            Err(status) => write!(text, "[{}]", status.message()),
        }
    }
}
