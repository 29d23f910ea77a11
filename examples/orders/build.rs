fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["orders.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .server_mod_attribute(".", "#[grpc_interceptor::intercepted]")
        .client_mod_attribute(".", "#[grpc_interceptor::intercepted]")
        .compile_fds(files)?;
    Ok(())
}
