//! Compiles the .proto files in Rust, so nothing has to be installed.

use std::{env, fs, path::PathBuf};

use tonic_prost_build::{Builder, configure};

/// The folder with the service of the guide.
const GUIDE: &str = "../src/guide";

fn main() {
    // The clients and the servers take interceptors.
    let standard = || {
        configure()
            .client_mod_attribute(".", "#[grpc_interceptor::intercepted]")
            .server_mod_attribute(".", "#[grpc_interceptor::intercepted]")
    };
    compile("standard", standard(), "greeter.proto");
    compile("standard", standard(), "odd.proto");
    compile("standard", standard(), "bare.proto");
    compile("standard", standard(), "shop_v1.proto");
    compile("standard", standard(), "shop_v2.proto");
    compile("standard", standard(), "vault.proto");
    compile("standard", standard(), "orders.proto");
    // The same service again, with the same messages.
    let again = || configure().extern_path(".greeter.v1", "crate::greeter");
    // With the attribute on the structs, which has to find everything else.
    let arc_self = again()
        .use_arc_self(true)
        .client_attribute("greeter.v1.Greeter", "#[grpc_interceptor::intercepted]")
        .server_attribute("greeter.v1.Greeter", "#[grpc_interceptor::intercepted]");
    compile("arc_self", arc_self, "greeter.proto");
    let default_stubs = again()
        .generate_default_stubs(true)
        .server_mod_attribute(".", "#[grpc_interceptor::intercepted]");
    compile("default_stubs", default_stubs, "greeter.proto");
    let orders = standard().extern_path(".orders.v1", "crate::orders").generate_default_stubs(true);
    compile("default_stubs", orders, "orders.proto");
    // As tonic generates it, without the attribute.
    compile("plain", again(), "greeter.proto");
    let shop = |version| {
        configure().extern_path(format!(".shop.{version}"), format!("crate::shop::{version}"))
    };
    compile("plain", shop("v1"), "shop_v1.proto");
    compile("plain", shop("v2"), "shop_v2.proto");
    compile("plain", configure().extern_path(".Word", "crate::bare::Word"), "bare.proto");
    // Messages that only this crate can see.
    let within = standard().extern_path(".greeter.v1", "crate::messages_of_the_crate");
    compile("messages_of_the_crate", within, "greeter.proto");
    custom_codec();
}

fn out_dir(name: &str) -> PathBuf {
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(name);
    fs::create_dir_all(&out_dir).expect("OUT_DIR can be written to");
    out_dir
}

fn compile(name: &str, builder: Builder, file: &str) {
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed={GUIDE}");
    let mut compiler = protox::Compiler::new(["proto", GUIDE]).expect("the folder is there");
    compiler.include_imports(true).open_file(file).expect("the .proto file is valid");
    let set = out_dir(name).join(file).with_extension("bin");
    // Not through the types of `prost-types`, which drop unknown options.
    fs::write(set, compiler.encode_file_descriptor_set()).expect("OUT_DIR can be written to");
    let descriptors = compiler.file_descriptor_set();
    builder.out_dir(out_dir(name)).compile_fds(descriptors).expect("the code can be generated");
}

/// A service whose messages aren't prost's.
fn custom_codec() {
    use tonic_prost_build::manual::{Builder, Method, Service};

    let method = |name: &str, route_name: &str| {
        Method::builder()
            .name(name)
            .route_name(route_name)
            .input_type("String")
            .output_type("crate::text::Line")
            .codec_path("crate::text::TextCodec")
    };
    let service = Service::builder()
        .package("text")
        .name("Lines")
        .method(method("one", "One").build())
        .method(method("many", "Many").client_streaming().server_streaming().build())
        .build();
    for folder in ["standard", "plain"] {
        Builder::new().out_dir(out_dir(folder)).compile(std::slice::from_ref(&service));
    }

    // This builder doesn't support attributes.
    let generated = out_dir("standard").join("text.Lines.rs");
    let code = fs::read_to_string(&generated).expect("it was written just now");
    let with_attributes =
        ["pub mod lines_client {", "pub mod lines_server {"].iter().fold(code, |code, module| {
            assert!(code.contains(module));
            code.replace(module, &format!("#[grpc_interceptor::intercepted]\n{module}"))
        });
    fs::write(generated, with_attributes).expect("OUT_DIR can be written to");
}
