//! A package with a service, in a separate folder.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use crate::{
    choice::{Choice, Form, Kind, Named as _, Subject},
    measure::{self, Cost},
    source,
};

pub struct Package {
    name: String,
    folder: PathBuf,
    target: PathBuf,
}

/// The features of the ready-made interceptors, for all packages, so that their dependencies are
/// the same.
const FEATURES: &str = "'metrics', 'opentelemetry', 'rpcz', 'tracing'";

impl Package {
    pub fn write(
        root: &Path,
        target: &Path,
        rpcs: usize,
        kind: Kind,
        subject: Subject,
    ) -> Result<Self, Box<dyn Error>> {
        let name = format!("{}_{rpcs}_{}", kind.name(), name_of(subject));
        let folder = target.join(&name);
        fs::create_dir_all(folder.join("src"))?;
        let root = root.display();
        fs::write(
            folder.join("Cargo.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 [dependencies]\ngrpc-interceptor = {{ path = \"{root}\", features = [{FEATURES}] }}\nprost = \"0.14\"\n\
                 tonic = {{ version = \"0.14\", default-features = false, features = [\"codegen\"] }}\n\
                 tonic-prost = \"0.14\"\n[workspace]\n"
            ),
        )?;
        fs::copy(format!("{root}/Cargo.lock"), folder.join("Cargo.lock"))?;
        let proto = folder.join("many.proto");
        fs::write(&proto, source::proto(rpcs, kind))?;
        let mut builder = tonic_prost_build::configure()
            .build_client(false)
            .build_transport(false)
            .out_dir(folder.join("src"));
        if matches!(subject.form(), Some(Form::Creation | Form::List)) {
            builder = builder.server_mod_attribute(".", "#[grpc_interceptor::intercepted]");
        }
        builder.compile_fds(protox::compile([&proto], [&folder])?)?;
        fs::write(folder.join("src/lib.rs"), source::library(rpcs, kind, subject))?;
        Ok(Package { name, folder, target: target.join("target") })
    }

    /// Compiles the package. Its dependencies already exist from the second run on.
    pub fn compile(&self, choice: &Choice) -> Result<Cost, Box<dyn Error>> {
        measure::cargo(&mut self.cargo(choice)?, &self.name, &self.report())
    }

    /// Compiles the package, and counts the compiler's instructions.
    pub fn instructions(&self, choice: &Choice) -> Result<u64, Box<dyn Error>> {
        measure::instructions(&mut self.cargo(choice)?, &self.name, &self.report())
    }

    fn report(&self) -> PathBuf {
        self.target.with_file_name("report")
    }

    fn cargo(&self, choice: &Choice) -> Result<Command, Box<dyn Error>> {
        // As an edit would.
        fs::File::open(self.folder.join("src/lib.rs"))?.set_modified(SystemTime::now())?;
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([&choice.command, "--quiet", "--profile", &choice.profile])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0");
        Ok(cargo)
    }
}

fn name_of(subject: Subject) -> String {
    match subject {
        Subject::Nothing => "alone".to_owned(),
        Subject::EmptyList(form) => format!("{}_empty", form.name()),
        Subject::Interceptors(form, entries, count) => {
            format!("{}_{}_{count}", form.name(), entries.name())
        }
        Subject::Boxed(count) => format!("boxed_{count}"),
        Subject::Layers(count) => format!("layers_{count}"),
    }
}
