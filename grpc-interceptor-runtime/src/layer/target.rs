use tonic::codegen::http::uri::{Authority, Parts, Scheme, Uri};

/// The URI of a request, for further attempts: the first attempt takes the request's own. Cloning
/// that for each call would allocate if it hasn't been cloned before.
#[derive(Clone)]
pub(super) enum Target {
    /// The path is the RPC's name, which is kept forever.
    Name {
        scheme: Option<Scheme>,
        authority: Option<Authority>,
        path: &'static str,
    },
    Other(Uri),
}

impl Target {
    /// Creates a target for an RPC with this path, which can differ from the URI's.
    pub(super) fn new(uri: &Uri, path: &'static str) -> Self {
        let has_path = uri.path_and_query().is_some_and(|own| *own == *path);
        match (uri.scheme(), uri.authority()) {
            (None, None) if has_path => Target::Name { scheme: None, authority: None, path },
            (Some(scheme), Some(authority)) if has_path => Target::Name {
                scheme: Some(scheme.clone()),
                authority: Some(authority.clone()),
                path,
            },
            _ => Target::Other(uri.clone()),
        }
    }

    pub(super) fn uri(&self) -> Uri {
        let (scheme, authority, path) = match self {
            Target::Name { scheme, authority, path } => (scheme, authority, *path),
            Target::Other(uri) => return uri.clone(),
        };
        let mut parts = Parts::default();
        parts.scheme.clone_from(scheme);
        parts.authority.clone_from(authority);
        parts.path_and_query = path.parse().ok();
        Uri::from_parts(parts).expect("a URI had these parts")
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, Uri};

    #[test]
    fn a_uri_is_made_again_as_it_was() {
        for text in [
            "/a.B/c",
            "http://host/a.B/c",
            "https://host:50051/a.B/c",
            "/prefix/a.B/c",
            "http://host/prefix/a.B/c",
            "/a.B/c?query",
            "http://host",
            "host:50051",
            "*",
        ] {
            let uri: Uri = text.parse().unwrap();
            let again = Target::new(&uri, "/a.B/c").uri();
            assert_eq!((&again, again.to_string()), (&uri, uri.to_string()));
        }
    }

    #[test]
    fn the_usual_ones_are_not_cloned() {
        for text in ["/a.B/c", "http://host/a.B/c"] {
            let target = Target::new(&text.parse().unwrap(), "/a.B/c");
            assert!(matches!(target, Target::Name { .. }), "{text}");
        }
    }
}
