//! What the macros write is in the folder `snapshots`, to be read, and so that a change is seen.
//!
//! `GRPC_INTERCEPTOR_OVERWRITE=1 cargo test -p grpc-interceptor-macros` writes them anew.

use std::{env, fs, path::Path};

use proc_macro2::TokenStream;

/// Compares with `snapshots/{name}.txt`.
#[track_caller]
pub(crate) fn check(name: &str, expanded: TokenStream) {
    let expanded = syn2::parse2(expanded).expect("the expansion is Rust");
    let expanded = prettyplease::unparse(&expanded);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("snapshots/{name}.txt"));
    if env::var_os("GRPC_INTERCEPTOR_OVERWRITE").is_some() {
        fs::write(&file, &expanded).unwrap();
    }
    let snapshot = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        expanded == snapshot,
        "the expansion differs from snapshots/{name}.txt. If it should, run this test \
         with GRPC_INTERCEPTOR_OVERWRITE=1, and read the difference. It is now:\n\n{expanded}"
    );
}
