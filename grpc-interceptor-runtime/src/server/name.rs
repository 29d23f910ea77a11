use crate::MethodName;

/// Returns the length of `"/service/method"`.
pub const fn name_length(service: &str, method: &str) -> usize {
    service.len() + method.len() + 2
}

/// Builds `"/service/method"` at compile time.
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

/// Returns the service's name: the one in the generated code, or else the first one found.
///
/// # Panics
///
/// Panics if there is no name. This is a compile error with the text of `help`.
#[track_caller]
pub const fn service_name(
    exact: Option<&'static str>,
    found: &[&'static str],
    help: &'static str,
) -> &'static str {
    if let Some(name) = exact {
        return name;
    }
    let mut at = 0;
    while at < found.len() {
        if !found[at].is_empty() {
            return found[at];
        }
        at += 1;
    }
    panic!("{}", help)
}

/// Returns the given name of the service.
///
/// # Panics
///
/// Panics, as a compile error, if the generated code has a different name.
#[track_caller]
pub const fn given_service(exact: Option<&'static str>, given: &'static str) -> &'static str {
    match exact {
        Some(exact) if !equal(exact, given) => {
            panic!("the generated code has another name for this service: leave `service = …` out")
        }
        _ => given,
    }
}

const fn equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Returns the name in the generated code, or else the one built by [`name_bytes`].
///
/// # Panics
///
/// Panics, as a compile error, if the given name isn't the exact one, or if there is neither an
/// exact name nor a service.
#[track_caller]
pub const fn exact_name(
    exact: Option<&'static str>,
    given: &str,
    put_together: &'static [u8],
    help: &'static str,
) -> MethodName<'static> {
    match exact {
        Some(path) if given.is_empty() || names_method(path, given) => method_name(path.as_bytes()),
        Some(_) => panic!("the generated code has another name for this RPC: leave `name = …` out"),
        // The service is empty.
        None if put_together[1] == b'/' => panic!("{}", help),
        None => method_name(put_together),
    }
}

/// Returns whether `"/service/method"` ends with this method.
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

/// Parses the name built by [`name_bytes`]. An invalid name is a compile error.
#[track_caller]
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
    use super::{exact_name, given_service, method_name, name_bytes, name_length, service_name};

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
    fn a_service_that_is_given_has_to_be_the_exact_one() {
        assert_eq!(given_service(Some("a.B"), "a.B"), "a.B");
        assert_eq!(given_service(None, "a.C"), "a.C");
        for other in ["a.C", "a", "a.BC", ".B", ""] {
            let given = std::panic::catch_unwind(|| given_service(Some("a.B"), other));
            assert!(given.is_err(), "{other}");
        }
    }

    #[test]
    fn a_service_has_the_exact_name_or_the_first_that_is_found() {
        assert_eq!(service_name(Some("a.B"), &["a.C"], ""), "a.B");
        assert_eq!(service_name(None, &["", "a.C", "a.D"], ""), "a.C");
    }

    #[test]
    #[should_panic = "say where it is"]
    fn a_service_that_is_not_found_is_refused() {
        service_name(None, &[""], "say where it is");
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
