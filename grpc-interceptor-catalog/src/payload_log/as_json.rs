mod depth;
mod redact;

use std::{
    collections::HashSet,
    fmt::{self, Write},
};

use grpc_interceptor_runtime::{__private::EncodedMessage, MethodName};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};

use super::{
    info::{Direction, MessageInfo},
    show::ShowMessage,
};
use depth::is_too_deep;
use redact::Redaction;

/// Logs messages as JSON, without the fields that their `.proto` file marks by `debug_redact = true`.
///
/// It knows the messages by the encoded descriptors that tonic's build scripts write for reflection
/// (`file_descriptor_set_path`). So it works in a layer, too, and for services that others generated.
///
/// **Without `protoc`, the option may be lost**: `prost-types` 0.14 doesn't know it, so a `FileDescriptorSet` of its types
/// forgets it. With `protox`, write what `protox::Compiler::encode_file_descriptor_set` gives. A test of your own that looks
/// for a secret in the log is a good idea.
///
/// ```proto
/// message Login {
///   string user = 1;
///   string password = 2 [debug_redact = true];
/// }
/// ```
///
/// ```
/// use grpc_interceptor::{
///     InterceptorLayer,
///     interceptors::{AsJson, PayloadLog},
/// };
///
/// let show = AsJson::new(grpc_interceptor_proto::FILE_DESCRIPTOR_SET)
///     // In a file that isn't yours to change.
///     .redact(["greeter.v1.HelloRequest.name"]);
/// let layer = InterceptorLayer::new(PayloadLog::new().show_with(show));
/// ```
///
/// ```text
/// DEBUG grpc_interceptor::payload_log: request message side="server" method="/greeter.v1.Greeter/SayHello" number=1 payload={"name":"[redacted]"}
/// ```
///
/// The JSON is protobuf's own: names in camel case, 64-bit numbers as text, bytes in Base64. A field that is redacted is
/// `"[redacted]"`, whatever its type, and isn't there if it isn't set. Fields that the descriptors don't know are left out.
/// A message of an RPC that they don't know, that can't be decoded, or that is [too large](Self::max_message_size) is
/// described by a text in brackets that has nothing of its content.
///
/// The message is encoded for this (in a layer it is already), decoded by the descriptors and made into JSON: that costs
/// several times what a service pays for it. Use it with [`sample`](super::PayloadLog::sample), or for a few methods.
#[derive(Clone, Debug)]
pub struct AsJson {
    descriptors: DescriptorPool,
    redacted: HashSet<String>,
    max_message_size: usize,
}

impl AsJson {
    /// Knows the messages of all services of a file.
    ///
    /// # Panics
    ///
    /// If these bytes aren't a `FileDescriptorSet`, or one that lacks a file that it imports.
    #[must_use]
    pub fn new(file_descriptor_set: &[u8]) -> Self {
        let descriptors = DescriptorPool::decode(file_descriptor_set);
        let descriptors =
            descriptors.expect("it is an encoded `FileDescriptorSet` with all its imports");
        AsJson { descriptors, redacted: HashSet::new(), max_message_size: 64 * 1024 }
    }

    /// Redacts these fields, too: `pkg.Message.field`.
    ///
    /// # Panics
    ///
    /// If the descriptors don't have such a field: then a secret would be in the log.
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

    /// Shows messages of at most this many encoded bytes: 64 KiB unless this says otherwise. Of a larger one the log has
    /// only the size: as JSON it may take a hundred times as much memory.
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

    /// Not generic: it is compiled once.
    fn show_bytes(&self, bytes: &[u8], info: &MessageInfo, text: &mut dyn Write) -> fmt::Result {
        let Some(descriptor) = self.message_of(info) else {
            return write!(text, "[{} bytes of an unknown type]", bytes.len());
        };
        let name = descriptor.full_name().to_owned();
        if bytes.len() > self.max_message_size {
            return write!(text, "[{} bytes of {name}]", bytes.len());
        }
        // An error may say what is in the message.
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
