//! Measures compile time and memory for a service, by its RPCs and interceptors.
//!
//! ```text
//! cargo run -p grpc-interceptor-benches --bin compile-time
//! cargo run -p grpc-interceptor-benches --bin compile-time -- profile=release rpcs=5,20 \
//!     interceptors=0,4,8,16 entries=fns,structs,mixed,ready forms=attribute,creation,list \
//!     kinds=unary,streaming command=check runs=5 instructions=counted
//! ```
//!
//! For each choice it writes four sorts of crates under `target/compile-time`: a service without
//! interceptors, the same with as many tower layers, with as many hand-written async fns that take
//! a boxed fn as their `next`, and with interceptors in these forms:
//!
//! - `attribute`, the default: `#[intercepted(…)]` is on the impl;
//! - `creation`: it is on the generated server, and `with_interceptors` takes a tuple of them;
//! - `list`: the same with an `interceptors::List` in place of the tuple.
//!
//! It builds their dependencies, and then times the compiler on each of those crates alone, without
//! incremental compilation, several times, alternating between the crates. The table shows the
//! minimum for each. With `instructions=counted`, it also compiles each crate under valgrind, whose
//! instruction counts are free of noise.

mod around;
mod choice;
mod measure;
mod package;
mod source;
mod table;

use std::{error::Error, path::Path};

use choice::{Choice, Subject};
use measure::Cost;
use package::Package;

fn main() -> Result<(), Box<dyn Error>> {
    if measure::is_wrapper() {
        return measure::run_compiler();
    }
    let choice = Choice::parse(std::env::args().skip(1))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let folder = root.join("target/compile-time");
    for (rpcs, kind) in choice.services() {
        let subjects = choice.subjects();
        let packages = subjects
            .iter()
            .map(|&subject| Package::write(&root, &folder, rpcs, kind, subject))
            .collect::<Result<Vec<_>, _>>()?;
        // The first time, a package's dependencies are built as well.
        for package in &packages {
            package.compile(&choice)?;
        }
        let mut least = vec![Cost::MOST; subjects.len()];
        // Alternate, so that a slow moment of the machine affects all of them.
        for _ in 0..choice.runs {
            for (package, least) in packages.iter().zip(&mut least) {
                *least = least.min(package.compile(&choice)?);
            }
        }
        if choice.instructions {
            for (package, least) in packages.iter().zip(&mut least) {
                least.instructions = Some(package.instructions(&choice)?);
            }
        }
        let rows: Vec<(Subject, Cost)> = subjects.into_iter().zip(least).collect();
        table::print(&choice, rpcs, kind, &rows);
    }
    Ok(())
}
