//! Which version of tonic the user's Cargo.toml requires.
//!
//! With another version, every type of every RPC is an error that doesn't say why. So this is checked first.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::Error;

/// The version that grpc-interceptor is for.
const OURS: &str = "0.14";

/// Fails if the package being compiled requires another version of tonic.
pub(crate) fn check() -> syn::Result<()> {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").map(|folder| PathBuf::from(folder).join("Cargo.toml"));
    match manifest.and_then(|manifest| asked_for(&manifest)) {
        Some(other) if is_another(&other) => Err(Error::new(
            Span::call_site(),
            format!(
                "grpc-interceptor is for tonic {OURS}, and this package's Cargo.toml asks for tonic {other}: \
                 write `tonic = \"{OURS}\"` there"
            ),
        )),
        _ => Ok(()),
    }
}

/// The impl as it would be without this crate. Without an impl there would be more errors.
pub(crate) fn without_interceptors(item: TokenStream) -> TokenStream {
    let is_async_trait = |attribute: TokenTree| match attribute {
        TokenTree::Group(group) => group
            .stream()
            .into_iter()
            .any(|token| matches!(token, TokenTree::Ident(ident) if ident == "async_trait")),
        _ => false,
    };
    match item.clone().into_iter().any(is_async_trait) {
        true => item,
        false => quote!(#[::tonic::async_trait] #item),
    }
}

/// The version of `tonic` in a manifest, or in that of its workspace.
fn asked_for(manifest: &Path) -> Option<String> {
    match tonic_in(&fs::read_to_string(manifest).ok()?, "dependencies")? {
        Tonic::Version(version) => Some(version),
        Tonic::OfTheWorkspace => manifest.ancestors().skip(2).find_map(|folder| {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
            match tonic_in(&manifest, "workspace.dependencies")? {
                Tonic::Version(version) => Some(version),
                Tonic::OfTheWorkspace => None,
            }
        }),
    }
}

#[derive(PartialEq, Debug)]
enum Tonic {
    Version(String),
    OfTheWorkspace,
}

/// What a manifest's table of dependencies says about `tonic`. `None` if the manifest has a second tonic, under
/// another name: an impl may be of either.
fn tonic_in(manifest: &str, table: &str) -> Option<Tonic> {
    if manifest.replace(' ', "").contains("package=\"tonic\"") {
        return None;
    }
    let (table, of_tonic) = (format!("[{table}]"), format!("[{table}.tonic]"));
    let mut current = "";
    manifest.lines().map(str::trim).find_map(|line| {
        if line.starts_with('[') {
            current = line;
        }
        let value = if current == table {
            // `tonic = "0.14"`, `tonic = { version = "0.14" }`, `tonic.workspace = true`
            line.strip_prefix("tonic")?.trim_start().strip_prefix(['=', '.'])?.trim_start()
        } else if current == of_tonic {
            // `version = "0.14"`
            line
        } else {
            return None;
        };
        let version = match value.strip_prefix('"') {
            Some(version) => version,
            None if is_of_workspace(value) => return Some(Tonic::OfTheWorkspace),
            None => after(value, "version")?.strip_prefix('"')?,
        };
        Some(Tonic::Version(version.split('"').next()?.to_owned()))
    })
}

fn is_of_workspace(value: &str) -> bool {
    after(value, "workspace").is_some_and(|value| value.starts_with("true"))
}

/// What comes after `key =`.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(key)?;
    Some(after.trim_start().strip_prefix('=')?.trim_start())
}

/// Whether a requirement certainly excludes our version. `0.13` and `=0.13.1` do. `>=0.12, <0.15` and `*` may allow
/// it.
fn is_another(requirement: &str) -> bool {
    let version = requirement.trim_start_matches(['=', '^', '~', ' ']);
    let is_one = version.chars().all(|character| character.is_ascii_digit() || character == '.');
    let minor: Vec<&str> = version.split('.').take(2).collect();
    is_one && minor.len() == 2 && minor.join(".") != OURS
}

#[cfg(test)]
mod tests {
    use super::{Tonic, is_another, tonic_in};

    fn version(version: &str) -> Option<Tonic> {
        Some(Tonic::Version(version.to_owned()))
    }

    #[test]
    fn the_version_is_found_in_all_ways_to_write_it() {
        let dependencies = |text: &str| tonic_in(text, "dependencies");
        for text in [
            "[dependencies]\ntonic = \"0.13\"",
            "[package]\nversion = \"1\"\n[dependencies]\nprost = \"1\"\ntonic=\"0.13\" # old",
            "[dependencies]\ntonic = { version = \"0.13\", features = [\"tls\"] }",
            "[dependencies]\ntonic = { features = [\"tls\"], version = \"0.13\" }",
            "[dependencies.tonic]\nversion = \"0.13\"",
            "[dependencies]\ntonic.version = \"0.13\"",
        ] {
            assert_eq!(dependencies(text), version("0.13"), "{text}");
        }
        for text in [
            "[dependencies]\ntonic.workspace = true",
            "[dependencies]\ntonic = { workspace = true, features = [\"tls\"] }",
            "[dependencies.tonic]\nworkspace = true",
        ] {
            assert_eq!(dependencies(text), Some(Tonic::OfTheWorkspace), "{text}");
        }
        let workspace = "[workspace.dependencies]\ntonic = \"0.12.3\"";
        assert_eq!(tonic_in(workspace, "workspace.dependencies"), version("0.12.3"));
        assert_eq!(dependencies(workspace), None);
    }

    #[test]
    fn another_package_or_another_table_says_nothing() {
        for text in [
            "",
            "[dependencies]\ntonic-prost = \"0.13\"",
            "[dependencies]\ntonic-prost = { version = \"0.13\" }",
            "[dependencies]\ntonic = { path = \"../tonic\" }",
            "[dependencies]\ntonic = { git = \"https://github.com/hyperium/tonic\" }",
            "[build-dependencies]\ntonic = \"0.13\"",
            "[dependencies]\ntonic = \"0.13\"\nnew = { package = \"tonic\", version = \"0.14\" }",
        ] {
            assert_eq!(tonic_in(text, "dependencies"), None, "{text}");
        }
    }

    #[test]
    fn a_requirement_is_refused_only_if_it_is_certain() {
        for another in ["0.13", "0.13.1", "=0.12.3", "^0.9", "~0.13.0", "0.15"] {
            assert!(is_another(another), "{another}");
        }
        for may_be_ours in ["0.14", "0.14.2", "=0.14.9", "*", ">=0.12, <0.15", "0", "0.14.0-beta"] {
            assert!(!is_another(may_be_ours), "{may_be_ours}");
        }
    }
}
