use std::{borrow::Cow, net::Ipv6Addr};

use opentelemetry::KeyValue;

use super::conventions::{SERVER_ADDRESS, SERVER_PORT};

/// Parses a client's target, a URI or gRPC target syntax, into `server.address` and `server.port`.
/// If it is neither, the whole target is the address, as the conventions require.
pub(crate) fn server(target: &str) -> Vec<KeyValue> {
    let target = without_user(target);
    let (address, port) = split(&target).unwrap_or((&target, None));
    let mut attributes = vec![KeyValue::new(SERVER_ADDRESS, address.to_owned())];
    if let Some(port) = port {
        attributes.push(KeyValue::new(SERVER_PORT, i64::from(port)));
    }
    attributes
}

/// Returns the target without a user name and password, which a URI can contain and which must not
/// be recorded.
pub(crate) fn without_user(target: &str) -> Cow<'_, str> {
    let after_scheme = target.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = target.split_at(after_scheme);
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}{}", &rest[at + 1..]).into(),
        None => target.into(),
    }
}

/// Returns `None` if the syntax isn't known.
fn split(target: &str) -> Option<(&str, Option<u16>)> {
    if let Some((scheme, rest)) = target.split_once("://") {
        return match scheme {
            "http" | "https" => host_and_port(rest.split('/').next()?),
            // In `dns://1.2.3.4/host:port` the first part is the name server.
            "dns" => host_and_port(rest.rsplit('/').next()?),
            "unix" => Some((rest, None)),
            _ => None,
        };
    }
    match target.split_once(':') {
        Some(("dns", rest)) => host_and_port(rest),
        Some(("unix", rest)) => Some((rest, None)),
        _ => host_and_port(target),
    }
}

fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        return match port.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => port.is_empty().then_some((host, None)),
        };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Some((text, None));
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::{split, without_user};

    #[test]
    fn targets_are_split_into_address_and_port() {
        for (target, address, port) in [
            ("grpc.io:50051", "grpc.io", Some(50051)),
            ("grpc.io", "grpc.io", None),
            ("dns:grpc.io:50051", "grpc.io", Some(50051)),
            ("dns:///grpc.io:50051", "grpc.io", Some(50051)),
            ("dns://1.2.3.4/grpc.io:50051", "grpc.io", Some(50051)),
            ("http://[::1]:50051", "::1", Some(50051)),
            ("https://orders.internal/", "orders.internal", None),
            ("http://127.0.0.1:80/path", "127.0.0.1", Some(80)),
            ("::1", "::1", None),
            ("unix:///run/containerd/containerd.sock", "/run/containerd/containerd.sock", None),
            ("unix:run/it.sock", "run/it.sock", None),
            ("[::1]", "::1", None),
            ("https://orders:443", "orders", Some(443)),
        ] {
            assert_eq!(split(target), Some((address, port)), "{target}");
        }
    }

    #[test]
    fn unknown_syntax_is_not_split() {
        for target in [
            "zk://zookeeper:2181/my-server",
            "xds:orders",
            "ipv4:1.2.3.4",
            "ipv4:1.2.3.4:50051,5.6.7.8:50051",
            "unix-abstract:/run/it",
            "http://orders:none",
            "[::1",
        ] {
            assert_eq!(split(target), None, "{target}");
        }
    }

    #[test]
    fn user_names_and_passwords_are_removed() {
        for (target, without) in [
            ("http://user:secret@orders:50051/path@", "http://orders:50051/path@"),
            ("user@orders", "orders"),
            ("http://orders/@", "http://orders/@"),
            ("unix:/run/a@b", "unix:/run/a@b"),
        ] {
            assert_eq!(without_user(target), without);
        }
    }
}
