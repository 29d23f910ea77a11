//! The dummy service's generated code is checked in, so that users of the feature `testing` don't
//! need a build script. This test regenerates it from the .proto file and compares. It is in this
//! package because the package doesn't depend on that code, which can therefore be regenerated even
//! if it doesn't compile.

use std::{env, fs, path::Path};

/// Overwrites the file if set: `GRPC_INTERCEPTOR_OVERWRITE=1 cargo test -p grpc-interceptor-proto
/// --test dummy_service`.
const OVERWRITE: &str = "GRPC_INTERCEPTOR_OVERWRITE";

#[test]
fn the_dummy_services_code_is_what_tonic_generates() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../grpc-interceptor-testing");
    let descriptors = protox::compile(["dummy.proto"], [package.join("proto")])
        .expect("the .proto file is valid");
    let attribute = "#[grpc_interceptor_macros::intercepted(crate = ::grpc_interceptor_runtime)]";
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tonic_prost_build::configure()
        .client_mod_attribute(".", attribute)
        .server_mod_attribute(".", attribute)
        .out_dir(directory)
        .compile_fds(descriptors)
        .expect("the code can be generated");
    // The file would be named after the package, but there is no package.
    let new = fs::read_to_string(directory.join("_.rs")).expect("it was written just now");

    let path = package.join("src/generated.rs");
    if env::var_os(OVERWRITE).is_some() {
        fs::write(&path, new).expect("the file can be written to");
        return;
    }
    let old = fs::read_to_string(&path).unwrap_or_default();
    // Not `assert_eq`, which would print each file on a single line.
    assert!(old == new, "{} isn't what tonic generates: set {OVERWRITE}=1", path.display());
}
