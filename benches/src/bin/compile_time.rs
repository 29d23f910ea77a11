//! How long a service takes to build, by its RPCs and interceptors.
//!
//! ```text
//! cargo run -p grpc-interceptor-benches --bin compile-time              # `cargo build`
//! cargo run -p grpc-interceptor-benches --bin compile-time -- release   # `cargo build --release`
//! ```
//!
//! It writes a crate with a generated service, its impl and as many interceptors as asked for, under
//! `target/compile-time`, builds what the crate depends on, and then times `cargo build` of that one
//! crate, not incremental, several times in turn with the others. The table has the fastest of each.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

const RUNS: usize = 5;
const RPCS: usize = 20;
const INTERCEPTORS: [usize; 3] = [0, 4, 8];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize()?;
    let target = root.join("target/compile-time");

    let plain = Crate::write(&root, &target, "plain", None)?;
    let intercepted = INTERCEPTORS
        .iter()
        .map(|&count| Crate::write(&root, &target, &format!("fns_{count}"), Some(count)))
        .collect::<Result<Vec<_>, _>>()?;
    let crates: Vec<&Crate> = std::iter::once(&plain).chain(&intercepted).collect();

    let profile = std::env::args().nth(1).unwrap_or_else(|| "dev".to_owned());
    for each in &crates {
        each.build(&profile)?;
    }
    let mut fastest = vec![Duration::MAX; crates.len()];
    // In turn, so that a slow moment of the machine hits all alike.
    for _ in 0..RUNS {
        for (each, fastest) in crates.iter().zip(&mut fastest) {
            *fastest = (*fastest).min(each.build(&profile)?);
        }
    }
    print_table(&profile, &fastest);
    Ok(())
}

fn print_table(profile: &str, fastest: &[Duration]) {
    let seconds = |duration: Duration| format!("{:.2} s", duration.as_secs_f64());
    println!("\n{RPCS} unary RPCs, `{profile}` profile, fastest of {RUNS}\n");
    println!("| interceptors | build | ms per RPC × interceptor |");
    println!("| --- | --- | --- |");
    println!("| none, without the attribute | {} | |", seconds(fastest[0]));
    let none = fastest[1];
    for (count, build) in INTERCEPTORS.into_iter().zip(&fastest[1..]) {
        let each = if count == 0 {
            String::new()
        } else {
            let added = build.as_secs_f64() - none.as_secs_f64();
            format!("{:.1}", added * 1e3 / (RPCS * count) as f64)
        };
        println!("| {count} fns | {} | {each} |", seconds(*build));
    }
}

/// A crate with a service, in a folder of its own.
struct Crate {
    manifest: PathBuf,
    target: PathBuf,
    source: PathBuf,
}

impl Crate {
    /// Writes one with as many interceptors, or, with `None`, without the attribute.
    fn write(
        root: &Path,
        target: &Path,
        name: &str,
        interceptors: Option<usize>,
    ) -> Result<Self, Box<dyn Error>> {
        let folder = target.join(name);
        fs::create_dir_all(folder.join("src"))?;
        let manifest = folder.join("Cargo.toml");
        let root = root.display();
        fs::write(
            &manifest,
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 [dependencies]\ngrpc-interceptor = {{ path = \"{root}\" }}\nprost = \"0.14\"\n\
                 tonic = {{ version = \"0.14\", default-features = false, features = [\"codegen\"] }}\n\
                 tonic-prost = \"0.14\"\n[workspace]\n"
            ),
        )?;
        fs::copy(format!("{root}/Cargo.lock"), folder.join("Cargo.lock"))?;
        let source = folder.join("src/lib.rs");
        fs::write(&source, service(&folder, interceptors)?)?;
        Ok(Crate { manifest, target: target.join("target"), source })
    }

    /// Builds it and says how long that took, everything it depends on being there.
    fn build(&self, profile: &str) -> Result<Duration, Box<dyn Error>> {
        // As an edit does.
        fs::File::open(&self.source)?.set_modified(std::time::SystemTime::now())?;
        let start = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--profile", profile, "--manifest-path"])
            .arg(&self.manifest)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .status()?;
        if !status.success() {
            return Err(format!("{} doesn't build", self.manifest.display()).into());
        }
        Ok(start.elapsed())
    }
}

/// The crate's source: what tonic generates, the interceptors, the impl, and a fn that makes the
/// compiler generate all of it.
fn service(folder: &Path, interceptors: Option<usize>) -> Result<String, Box<dyn Error>> {
    let mut proto = String::from("syntax = \"proto3\";\npackage many.v1;\nservice Many {\n");
    for rpc in 0..RPCS {
        writeln!(proto, "  rpc Call{rpc}(Question{rpc}) returns (Answer{rpc});")?;
    }
    proto.push_str("}\n");
    for rpc in 0..RPCS {
        writeln!(proto, "message Question{rpc} {{ string text = 1; int32 number = 2; }}")?;
        writeln!(proto, "message Answer{rpc} {{ string text = 1; int32 number = 2; }}")?;
    }
    fs::write(folder.join("many.proto"), proto)?;
    let descriptors = protox::compile(["many.proto"], [folder])?;
    let out_dir = folder.join("src");
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .out_dir(&out_dir)
        .compile_fds(descriptors)?;

    let mut source = String::from("include!(\"many.v1.rs\");\n");
    source.push_str("use tonic::{Request, Response, Status};\n");
    source.push_str("use many_server::{Many, ManyServer};\n");
    source.push_str("pub struct Service;\n");
    match interceptors {
        None => source.push_str("#[tonic::async_trait]\n"),
        Some(count) => {
            for at in 0..count {
                writeln!(
                    source,
                    "async fn interceptor{at}<N: grpc_interceptor::Next>(\n\
                     \x20   request: Request<N::Request>, context: grpc_interceptor::Context, next: N,\n\
                     ) -> grpc_interceptor::Outcome<N> {{\n\
                     \x20   let outcome = next.run(request).await;\n\
                     \x20   if outcome.is_err() {{ eprintln!(\"{at} {{}}\", context.method_name()); }}\n\
                     \x20   outcome\n}}"
                )?;
            }
            let list: Vec<String> = (0..count).map(|at| format!("interceptor{at}")).collect();
            writeln!(source, "#[grpc_interceptor::intercepted({})]", list.join(", "))?;
        }
    }
    source.push_str("impl Many for Service {\n");
    for rpc in 0..RPCS {
        writeln!(
            source,
            "    async fn call{rpc}(&self, request: Request<Question{rpc}>) -> Result<Response<Answer{rpc}>, Status> {{\n\
             \x20       let Question{rpc} {{ text, number }} = request.into_inner();\n\
             \x20       Ok(Response::new(Answer{rpc} {{ text, number }}))\n\
             \x20   }}"
        )?;
    }
    source.push_str("}\n");
    // The generated server is generic: this has its code, and with it the chain's, made here.
    source.push_str(
        "pub fn call(request: tonic::codegen::http::Request<tonic::body::Body>) \
         -> impl Future + Send {\n    tonic::codegen::Service::call(&mut ManyServer::new(Service), request)\n}\n",
    );
    Ok(source)
}
