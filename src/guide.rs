//! How to use this crate, chapter by chapter.
//!
#![doc = include_str!("guide/chapters.md")]
//!
//! # The service in the examples
//!
//! `pb` is the module that tonic generated from this file, which has one RPC of each kind:
//!
//! ```proto
#![doc = include_str!("guide/orders.proto")]
//! ```

/// A chapter is a Markdown file. Its examples are tests, and its links are checked.
macro_rules! chapters {
    ($folder:literal: $($chapter:ident)*) => {
        $(
            pub mod $chapter {
                #![doc = include_str!(concat!($folder, "/", stringify!($chapter), ".md"))]
                // Without a feature, links to its items lead to docs.rs.
                #![cfg_attr(not(feature = "tracing"), doc = "", doc = include_str!("guide/without/tracing.md"))]
                #![cfg_attr(not(feature = "opentelemetry"), doc = "", doc = include_str!("guide/without/opentelemetry.md"))]
                #![cfg_attr(not(any(feature = "opentelemetry", feature = "metrics")), doc = "", doc = include_str!("guide/without/metrics.md"))]
                #![cfg_attr(not(feature = "prost-reflect"), doc = "", doc = include_str!("guide/without/prost-reflect.md"))]
                #![cfg_attr(not(feature = "rpcz"), doc = "", doc = include_str!("guide/without/rpcz.md"))]
                #![cfg_attr(not(feature = "testing"), doc = "", doc = include_str!("guide/without/testing.md"))]

                // The chapter's links refer to these.
                #[cfg(doc)]
                #[allow(unused_imports)]
                use crate::{guide::*, interceptors::*, *};
            }
        )*
    };
}

chapters! { "guide":
    getting_started
    writing_interceptors
    end_of_a_call
    streams
    errors
    deadlines_and_retries
    order
    seeing_every_call
    writing_tests
    names
    costs
    security
    faq
}

// The recipes are in separate chapters, by topic.
pub mod cookbook {
    #![doc = include_str!("guide/cookbook.md")]

    chapters! { "guide/cookbook":
        identity
        observability
        reliability
        streams
        tests
    }

    // The links refer to these.
    #[cfg(doc)]
    #[allow(unused_imports)]
    use crate::{guide::*, interceptors::*, *};
}

/// The same code with other libraries and with this crate.
pub mod coming_from {
    chapters! { "guide/coming_from":
        tower_layers
        tonic_interceptor
        tonic_middleware
        python
        go
    }
}
