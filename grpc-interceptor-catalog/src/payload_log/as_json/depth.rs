use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _, Value};

/// The maximum nesting depth of messages, protobuf's own limit. Decoding enforces it, but starts
/// from zero again inside an `Any`. So a small message could nest deeply enough to overflow a
/// thread's stack, which can't be caught.
const DEEPEST: usize = 100;

/// Returns whether messages are nested too deeply, including the contents of an `Any`.
pub(super) fn is_too_deep(descriptors: &DescriptorPool, message: &DynamicMessage) -> bool {
    has_more(descriptors, message, DEEPEST)
}

/// Returns whether there are more levels than this.
fn has_more(descriptors: &DescriptorPool, message: &DynamicMessage, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else { return true };
    if message.descriptor().full_name() == "google.protobuf.Any" {
        return content(descriptors, message)
            .is_some_and(|content| has_more(descriptors, &content, levels));
    }
    let in_value = |value: &Value| match value {
        Value::Message(message) => has_more(descriptors, message, levels),
        Value::List(items) => items.iter().any(|item| is_deeper(descriptors, item, levels)),
        Value::Map(entries) => entries.values().any(|entry| is_deeper(descriptors, entry, levels)),
        _ => false,
    };
    message.fields().any(|(_, value)| in_value(value))
        || message.extensions().any(|(_, value)| in_value(value))
}

fn is_deeper(descriptors: &DescriptorPool, value: &Value, levels: usize) -> bool {
    value.as_message().is_some_and(|message| has_more(descriptors, message, levels))
}

/// Decodes the contents of an `Any`. If they can't be decoded, they can't be shown either.
fn content(descriptors: &DescriptorPool, any: &DynamicMessage) -> Option<DynamicMessage> {
    let url = any.get_field_by_name("type_url")?;
    let descriptor = descriptors.get_message_by_name(url.as_str()?.rsplit('/').next()?)?;
    let bytes = any.get_field_by_name("value")?;
    DynamicMessage::decode(descriptor, bytes.as_bytes()?.clone()).ok()
}
