//! The services that the examples, the tests and the benchmarks use, and how they are compiled: a
//! crate of its own, as many workspaces have one.

/// `greeter.v1`, as tonic generates it by default.
pub mod greeter {
    include!(concat!(env!("OUT_DIR"), "/standard/greeter.v1.rs"));
}

/// What `greeter.proto` says, as gRPC's reflection tells it.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/standard/greeter.bin"));

/// `odd.v1beta1`: names and types that most services don't have.
#[allow(non_camel_case_types)] // `Watch_ALL` is the name in the .proto file.
#[allow(clippy::match_single_binding)] // What tonic writes for a service without RPCs.
pub mod odd {
    include!(concat!(env!("OUT_DIR"), "/standard/odd.v1beta1.rs"));
}

/// A service without a package.
pub mod bare {
    include!(concat!(env!("OUT_DIR"), "/standard/_.rs"));
}

/// `vault.v1`: messages with fields that should not be in a log.
pub mod vault {
    include!(concat!(env!("OUT_DIR"), "/standard/vault.v1.rs"));

    /// What `vault.proto` says.
    pub const FILE_DESCRIPTOR_SET: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/standard/vault.bin"));
}

/// Two versions of a service.
pub mod shop {
    /// `shop.v1`
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/standard/shop.v1.rs"));
    }

    /// `shop.v2`
    pub mod v2 {
        include!(concat!(env!("OUT_DIR"), "/standard/shop.v2.rs"));
    }
}

/// `greeter.v1` with `use_arc_self`.
pub mod arc_self {
    include!(concat!(env!("OUT_DIR"), "/arc_self/greeter.v1.rs"));
}

/// `greeter.v1` with `generate_default_stubs`.
pub mod default_stubs {
    include!(concat!(env!("OUT_DIR"), "/default_stubs/greeter.v1.rs"));
}

/// `orders.v1`: the service of the guide.
pub mod orders {
    include!(concat!(env!("OUT_DIR"), "/standard/orders.v1.rs"));

    /// The same service with tonic's default stubs: an example can leave RPCs out.
    pub mod with_stubs {
        include!(concat!(env!("OUT_DIR"), "/default_stubs/orders.v1.rs"));
    }
}

/// Services whose code has no attribute.
pub mod plain {
    /// `greeter.v1`
    pub mod greeter {
        include!(concat!(env!("OUT_DIR"), "/plain/greeter.v1.rs"));
    }

    /// `Bare`
    pub mod bare {
        include!(concat!(env!("OUT_DIR"), "/plain/_.rs"));
    }

    /// Two versions of a service.
    pub mod shop {
        /// `shop.v1`
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/plain/shop.v1.rs"));
        }

        /// `shop.v2`
        pub mod v2 {
            include!(concat!(env!("OUT_DIR"), "/plain/shop.v2.rs"));
        }
    }

    /// `text.Lines`
    pub mod text {
        include!(concat!(env!("OUT_DIR"), "/plain/text.Lines.rs"));
    }
}

/// A service with a codec of its own, and messages that aren't prost's.
pub mod text;

#[cfg(test)]
mod foreign_types;

#[cfg(test)]
mod messages_of_the_crate;
