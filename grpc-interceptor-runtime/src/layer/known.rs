use std::collections::HashMap;

use super::{hash::CheapHash, names::known_rpc_info};
use crate::{MethodName, RpcKind, Side, call::RpcInfo};

/// The RPCs whose kind is known.
#[derive(Clone, Default)]
pub(super) struct Known(HashMap<&'static str, OfSides, CheapHash>);

#[derive(Clone, Copy)]
struct OfSides {
    server: &'static RpcInfo,
    client: &'static RpcInfo,
}

impl Known {
    pub(super) fn insert(&mut self, path: &str, kind: RpcKind) {
        let of = |side| known_rpc_info(path, kind, side);
        let of_sides = OfSides { server: of(Side::Server), client: of(Side::Client) };
        self.0.insert(of_sides.server.method_name().path(), of_sides);
    }

    pub(super) fn extend(&mut self, methods: &[(MethodName<'static>, RpcKind)]) {
        for (name, kind) in methods {
            self.insert(name.path(), *kind);
        }
    }

    pub(super) fn get(&self, path: &str, side: Side) -> Option<&'static RpcInfo> {
        let of_sides = self.0.get(path)?;
        Some(match side {
            Side::Server => of_sides.server,
            Side::Client => of_sides.client,
        })
    }

    /// Adds all RPCs of a file descriptor set.
    #[cfg(feature = "descriptors")]
    pub(super) fn extend_by_descriptors(
        &mut self,
        descriptors: &[u8],
    ) -> Result<(), prost::DecodeError> {
        use prost::Message as _;

        let files = prost_types::FileDescriptorSet::decode(descriptors)?;
        for file in &files.file {
            let package = file.package();
            let dot = if package.is_empty() { "" } else { "." };
            for service in &file.service {
                for method in &service.method {
                    let path = format!("/{package}{dot}{}/{}", service.name(), method.name());
                    let kind = RpcKind::new(method.client_streaming(), method.server_streaming());
                    self.insert(&path, kind);
                }
            }
        }
        Ok(())
    }
}
