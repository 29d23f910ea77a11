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

/// A compile error if the service's name that was given isn't the one in the generated code, if that has one.
pub const fn assert_service(exact: Option<&'static str>, given: &str) {
    if let Some(path) = exact
        && !names_service(path, given)
    {
        panic!("the generated code has another name for this service: leave `service = …` out");
    }
}

/// The name that the generated code has, if it has one, else what [`name_bytes`] put together.
///
/// # Panics
///
/// That is a compile error: if the name that was given isn't the exact one, and if there is neither an
/// exact one nor a service.
pub const fn exact_name(
    exact: Option<&'static str>,
    given: &str,
    put_together: &'static [u8],
    help: &'static str,
) -> MethodName<'static> {
    match exact {
        Some(path) if given.is_empty() || names_method(path, given) => method_name(path.as_bytes()),
        Some(_) => panic!("the generated code has another name for this RPC: leave `name = …` out"),
        // There is no service in it.
        None if put_together[1] == b'/' => panic!("{}", help),
        None => method_name(put_together),
    }
}

/// Whether `"/service/method"` starts with this service.
const fn names_service(path: &str, service: &str) -> bool {
    let (path, service) = (path.as_bytes(), service.as_bytes());
    let mut at = 0;
    while at < service.len() {
        if at + 1 >= path.len() || path[at + 1] != service[at] {
            return false;
        }
        at += 1;
    }
    at + 1 < path.len() && path[at + 1] == b'/'
}

/// Whether `"/service/method"` ends in this method.
const fn names_method(path: &str, method: &str) -> bool {
    let (path, method) = (path.as_bytes(), method.as_bytes());
    let Some(start) = path.len().checked_sub(method.len() + 1) else { return false };
    let mut at = 0;
    while at < method.len() {
        if path[start + 1 + at] != method[at] {
            return false;
        }
        at += 1;
    }
    path[start] == b'/'
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
    use super::{assert_service, exact_name, method_name, name_bytes, name_length};

    #[test]
    fn an_exact_name_goes_first() {
        assert_eq!(exact_name(Some("/a.B/C"), "", b"/a.B/c", "").path(), "/a.B/C");
        assert_eq!(exact_name(Some("/a.B/C"), "C", b"/a.B/c", "").path(), "/a.B/C");
        assert_eq!(exact_name(None, "c", b"/a.B/c", "").path(), "/a.B/c");
    }

    #[test]
    #[should_panic = "the generated code has another name for this RPC"]
    fn a_name_that_is_given_has_to_be_the_exact_one() {
        exact_name(Some("/a.B/CC"), "C", b"/a.B/C", "");
    }

    #[test]
    fn a_service_that_is_given_may_be_the_exact_one() {
        assert_service(Some("/a.B/C"), "a.B");
        assert_service(None, "a.C");
    }

    #[test]
    fn a_service_that_is_given_may_not_be_another() {
        for other in ["a.C", "a", "a.B/C", "a.B/C/D", "a.BC", ".B"] {
            let given = std::panic::catch_unwind(|| assert_service(Some("/a.B/C"), other));
            assert!(given.is_err(), "{other}");
        }
    }

    #[test]
    #[should_panic = "say where it is"]
    fn a_service_without_a_name_is_refused() {
        exact_name(None, "", b"//C", "say where it is");
    }

    #[test]
    fn a_name_is_put_together_at_compile_time() {
        const NAME: &[u8] = &name_bytes::<{ name_length("a.B", "C") }>("a.B", "C");
        assert_eq!(const { method_name(NAME) }.path(), "/a.B/C");
    }
}
