use opentelemetry::KeyValue;

use super::conventions::{SERVER_ADDRESS, SERVER_PORT};

/// Where a client's calls go, as `server.address` and `server.port`: out of a URI, or a target in gRPC's form. If it is
/// neither, all of it is the address, as the conventions say.
pub(crate) fn server(target: &str) -> Vec<KeyValue> {
    let (address, port) = split(target);
    let mut attributes = vec![KeyValue::new(SERVER_ADDRESS, address.to_owned())];
    if let Some(port) = port {
        attributes.push(KeyValue::new(SERVER_PORT, i64::from(port)));
    }
    attributes
}

fn split(target: &str) -> (&str, Option<u16>) {
    let (scheme, rest) = match target.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        // `dns:host:port`, `unix:path`.
        None => match target.split_once(':') {
            Some((scheme @ ("dns" | "unix"), rest)) => (scheme, rest),
            _ => ("dns", target),
        },
    };
    match scheme {
        "http" | "https" => host_and_port(rest.split('/').next().unwrap_or(rest)),
        // In `dns://1.2.3.4/host:port` the first is the name server.
        "dns" => host_and_port(rest.rsplit('/').next().unwrap_or(rest)),
        "unix" => (rest, None),
        _ => (target, None),
    }
}

fn host_and_port(text: &str) -> (&str, Option<u16>) {
    let (host, port) = match text.rsplit_once(':') {
        // An address of IPv6 alone has colons, too.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().ok())
        }
        _ => (text, None),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    (bare.unwrap_or(host), port)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_target_has_an_address_and_maybe_a_port() {
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
            ("zk://zookeeper:2181/my-server", "zk://zookeeper:2181/my-server", None),
        ] {
            assert_eq!(split(target), (address, port), "{target}");
        }
    }
}
