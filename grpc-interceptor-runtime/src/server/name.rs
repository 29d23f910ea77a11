use crate::MethodName;

/// The length of `"/service/method"`.
pub const fn name_length(service: &str, method: &str) -> usize {
    service.len() + method.len() + 2
}

/// `"/service/method"`, put together at compile time.
pub const fn name_bytes<const LENGTH: usize>(service: &str, method: &str) -> [u8; LENGTH] {
    let mut name = [b'/'; LENGTH];
    let (service, method) = (service.as_bytes(), method.as_bytes());
    let mut at = 0;
    while at < service.len() {
        name[1 + at] = service[at];
        at += 1;
    }
    at = 0;
    while at < method.len() {
        name[2 + service.len() + at] = method[at];
        at += 1;
    }
    name
}

/// The name that [`name_bytes`] put together. What isn't a name is a compile error.
pub const fn method_name(bytes: &'static [u8]) -> MethodName<'static> {
    match std::str::from_utf8(bytes) {
        Ok(path) => match MethodName::parse(path) {
            Ok(name) => name,
            Err(_) => panic!("the service's or the RPC's name is empty or has a slash in it"),
        },
        Err(_) => panic!("a name is UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::{method_name, name_bytes, name_length};

    #[test]
    fn a_name_is_put_together_at_compile_time() {
        const NAME: &[u8] = &name_bytes::<{ name_length("a.B", "C") }>("a.B", "C");
        assert_eq!(const { method_name(NAME) }.path(), "/a.B/C");
    }
}
