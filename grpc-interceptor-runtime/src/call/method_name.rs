use std::{error, fmt};

/// The full name of an RPC, as it appears on the wire: `"/pkg.Service/Method"`.
///
/// ```
/// use grpc_interceptor::MethodName;
///
/// let name = MethodName::parse("/helloworld.v1.Greeter/SayHello")?;
/// assert_eq!(name.package(), "helloworld.v1");
/// assert_eq!(name.service(), "Greeter");
/// assert_eq!(name.method(), "SayHello");
/// assert_eq!(name.fully_qualified_service(), "helloworld.v1.Greeter");
/// assert_eq!(name.path(), "/helloworld.v1.Greeter/SayHello");
/// # Ok::<(), grpc_interceptor::InvalidMethodName>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MethodName<'a> {
    path: &'a str,
}

impl<'a> MethodName<'a> {
    /// Parses a name from the path of a request.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidMethodName`] unless `path` consists of a slash, a service, a slash and a
    /// method.
    pub const fn parse(path: &'a str) -> Result<Self, InvalidMethodName> {
        let bytes = path.as_bytes();
        if bytes.is_empty() || bytes[0] != b'/' {
            return Err(InvalidMethodName(()));
        }
        let (mut second_slash, mut at) = (0, 1);
        while at < bytes.len() {
            if bytes[at] == b'/' {
                if second_slash != 0 {
                    return Err(InvalidMethodName(()));
                }
                second_slash = at;
            }
            at += 1;
        }
        // Both names need at least one character.
        if second_slash < 2 || second_slash + 1 == bytes.len() {
            return Err(InvalidMethodName(()));
        }
        Ok(MethodName { path })
    }

    /// Returns the whole name, as it appears on the wire: `"/pkg.Service/Method"`.
    #[must_use]
    pub const fn path(self) -> &'a str {
        self.path
    }

    /// Returns the package: `"pkg"` in `"/pkg.Service/Method"`, or `""` without a package.
    #[must_use]
    pub fn package(self) -> &'a str {
        self.split_service().0
    }

    /// Returns the service without its package: `"Service"` in `"/pkg.Service/Method"`.
    #[must_use]
    pub fn service(self) -> &'a str {
        self.split_service().1
    }

    /// Returns the method: `"Method"` in `"/pkg.Service/Method"`.
    #[must_use]
    pub fn method(self) -> &'a str {
        self.split().1
    }

    /// Returns the service with its package: `"pkg.Service"` in `"/pkg.Service/Method"`.
    ///
    /// This is tonic's `NamedService::NAME`, and the `service` of gRPC health checks.
    #[must_use]
    pub fn fully_qualified_service(self) -> &'a str {
        self.split().0
    }

    /// Wraps a request path without validating it. If the path isn't a valid name, the method is
    /// the part after the last slash.
    pub(crate) const fn of_path(path: &'a str) -> Self {
        MethodName { path }
    }

    /// Splits the name into service and method. `const`, so that this needn't run on each call.
    pub(crate) const fn split(self) -> (&'a str, &'a str) {
        let path = self.path.as_bytes();
        let mut at = path.len();
        while at > 0 && path[at - 1] != b'/' {
            at -= 1;
        }
        let (service, method) = self.path.split_at(at);
        match service.as_bytes() {
            [b'/', .., b'/'] => (service.split_at(at - 1).0.split_at(1).1, method),
            _ => ("", method),
        }
    }

    fn split_service(self) -> (&'a str, &'a str) {
        let service = self.fully_qualified_service();
        service.rsplit_once('.').unwrap_or(("", service))
    }
}

/// Writes the whole name: `/pkg.Service/Method`.
impl fmt::Display for MethodName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.path)
    }
}

impl fmt::Debug for MethodName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.path, formatter)
    }
}

/// The error of [`MethodName::parse`]: the text doesn't have the form `"/pkg.Service/Method"`.
///
/// ```
/// use grpc_interceptor::MethodName;
///
/// let error = MethodName::parse("SayHello").unwrap_err();
/// assert_eq!(error.to_string(), "a method name has the form \"/pkg.Service/Method\"");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMethodName(());

impl fmt::Display for InvalidMethodName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a method name has the form \"/pkg.Service/Method\"")
    }
}

impl error::Error for InvalidMethodName {}

#[cfg(test)]
mod tests {
    use super::MethodName;

    #[test]
    fn a_service_without_a_package_has_an_empty_one() {
        let name = MethodName::parse("/DummyService/Execute").unwrap();
        assert_eq!(name.package(), "");
        assert_eq!(name.service(), "DummyService");
        assert_eq!(name.fully_qualified_service(), "DummyService");
        assert_eq!(name.method(), "Execute");
    }

    #[test]
    fn other_texts_are_refused() {
        for path in
            ["", "/", "//", "///", "a", "a/b", "/a", "/a/", "//b", "/a/b/", "/a/b/c", "//a/b"]
        {
            assert!(MethodName::parse(path).is_err(), "{path:?}");
        }
        assert!(MethodName::parse("/a/b").is_ok());
    }

    #[test]
    fn a_path_that_is_no_name_has_a_method_and_maybe_a_service() {
        for (path, service, method) in [
            ("", "", ""),
            ("*", "", "*"),
            ("/", "", ""),
            ("/a", "", "a"),
            ("//a", "", "a"),
            ("/a/", "a", ""),
            ("/a/b/c", "a/b", "c"),
            ("/pre/pkg.A/b", "pre/pkg.A", "b"),
            ("a/b", "", "b"),
        ] {
            let name = MethodName::of_path(path);
            assert_eq!(name.path(), path);
            assert_eq!(
                (name.fully_qualified_service(), name.method()),
                (service, method),
                "{path:?}"
            );
        }
        assert_eq!(MethodName::of_path("/pre/pkg.A/b").service(), "A");
    }

    #[test]
    fn a_width_pads_it() {
        let name = MethodName::parse("/a/b").unwrap();
        assert_eq!(format!("{name:>6}|{name:?}"), "  /a/b|\"/a/b\"");
    }
}
