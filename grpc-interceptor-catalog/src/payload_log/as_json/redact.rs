use std::collections::HashSet;

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value as OptionValue,
};
use serde_json::Value;

use crate::redact::REDACTED;

/// The option's field number.
const DEBUG_REDACT: u32 = 16;

/// Removes the secrets from a message's JSON.
pub(super) struct Redaction<'a> {
    pub(super) descriptors: &'a DescriptorPool,
    /// The full names of additional fields, which the option doesn't mark.
    pub(super) also: &'a HashSet<String>,
}

impl Redaction<'_> {
    pub(super) fn message(&self, descriptor: &MessageDescriptor, json: &mut Value) {
        // A well-known type can have another form: a timestamp, for example, is a string.
        let Value::Object(fields) = json else { return };
        if descriptor.full_name() == "google.protobuf.Any" {
            return self.any(json);
        }
        for field in descriptor.fields() {
            let Some(value) = fields.get_mut(field.json_name()) else { continue };
            if self.is_secret(&field) {
                *value = REDACTED.into();
            } else {
                self.field(&field, value);
            }
        }
        for (key, value) in fields.iter_mut() {
            if let Some(name) = key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
                self.extension(name, value);
            }
        }
    }

    fn extension(&self, name: &str, json: &mut Value) {
        let extension = self.descriptors.get_extension_by_name(name);
        let Some(extension) = extension.filter(|known| !self.is_marked(name, &known.options()))
        else {
            *json = REDACTED.into();
            return;
        };
        if let Kind::Message(descriptor) = extension.kind() {
            self.each(&descriptor, json);
        }
    }

    /// A single message or several.
    fn each(&self, descriptor: &MessageDescriptor, json: &mut Value) {
        match json {
            Value::Array(items) => items.iter_mut().for_each(|item| self.message(descriptor, item)),
            one => self.message(descriptor, one),
        }
    }

    fn field(&self, field: &FieldDescriptor, json: &mut Value) {
        let Kind::Message(descriptor) = field.kind() else { return };
        match json {
            Value::Object(entries) if field.is_map() => {
                let value = descriptor.map_entry_value_field();
                entries.values_mut().for_each(|entry| {
                    if self.is_secret(&value) {
                        *entry = REDACTED.into();
                    } else {
                        self.field(&value, entry);
                    }
                });
            }
            other => self.each(&descriptor, other),
        }
    }

    /// An `Any` names its own type in `@type`. The message's fields are next to it; a well-known
    /// type is in `value`.
    fn any(&self, json: &mut Value) {
        let name = json.get("@type").and_then(|url| url.as_str()?.rsplit('/').next());
        let inner = name.and_then(|name| self.descriptors.get_message_by_name(name));
        match inner {
            Some(inner) if inner.full_name() == "google.protobuf.Any" => {
                if let Some(value) = json.get_mut("value") {
                    self.any(value);
                }
            }
            Some(inner) => self.message(&inner, json),
            None => *json = REDACTED.into(),
        }
    }

    fn is_secret(&self, field: &FieldDescriptor) -> bool {
        self.is_marked(field.full_name(), &field.options())
    }

    fn is_marked(&self, name: &str, options: &DynamicMessage) -> bool {
        let mark = options.get_field_by_name("debug_redact");
        mark.is_some_and(|mark| *mark == OptionValue::Bool(true))
            // A `descriptor.proto` from before the option was added doesn't know its name.
            || options.unknown_fields().any(|option| option.number() == DEBUG_REDACT)
            || self.also.contains(name)
    }
}
