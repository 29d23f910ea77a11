//! How to use this crate, chapter by chapter.
//!
//! The service in the examples is `orders.v1.Orders`, which has one RPC of each kind. `pb` is the
//! module that tonic generated for it.

/// A chapter is a file of Markdown: its examples are tests, its links are checked.
macro_rules! chapters {
    ($folder:literal: $($chapter:ident)*) => {
        $(
            pub mod $chapter {
                #![doc = include_str!(concat!($folder, "/", stringify!($chapter), ".md"))]

                // What the chapter's links name.
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
    testing
    names
    costs
    security
    cookbook
    faq
}

/// Your code's shape before, and with this crate.
pub mod coming_from {
    chapters! { "guide/coming_from":
        tower_layers
        tonic_interceptor
        tonic_middleware
        python
        go
    }
}
