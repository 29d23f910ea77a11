//! Measures the run-time cost of interceptors: this project next to its peers, around the same
//! handler, with the same messages, in one run.
//!
//! ```text
//! cargo run --release -p grpc-interceptor-benches --bin overhead                  # everything
//! cargo run --release -p grpc-interceptor-benches --bin overhead -- unary client  # some sections
//! ```
//!
//! It prints Markdown: a table for each section. Nanoseconds depend on the machine and its load;
//! allocations and instructions don't. Instructions are counted if `valgrind` is installed.

mod cases;
mod instructions;
mod machine;
mod measure;
mod peers;
mod table;

use std::{env, process::ExitCode};

use cases::{SECTIONS, Section, at_once, futures, loopback};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let counted = arguments.first().is_some_and(|first| first == instructions::MODE);
    if counted {
        arguments.remove(0);
    }
    let known = |name: &str| {
        [futures::NAME, loopback::NAME, at_once::NAME].contains(&name)
            || SECTIONS.iter().any(|section| section.name == name)
    };
    if let Some(unknown) = arguments.iter().find(|name| !known(name)) {
        let names = SECTIONS.map(|section| section.name).join(" ");
        eprintln!(
            "unknown section `{unknown}`; the sections are {names} {} {} {}",
            futures::NAME,
            loopback::NAME,
            at_once::NAME
        );
        return ExitCode::FAILURE;
    }

    let wanted =
        |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let sections: Vec<&Section> = SECTIONS.iter().filter(|section| wanted(section.name)).collect();
    if counted {
        sections.iter().for_each(|section| instructions::run((section.cases)(), section.messages));
        return ExitCode::SUCCESS;
    }

    machine::print(&arguments);
    for section in sections {
        let counts = instructions::count(section.name);
        let figures = measure::measure((section.cases)());
        table::print(section, &figures, counts.as_deref());
    }
    if wanted(futures::NAME) {
        futures::print();
    }
    if wanted(loopback::NAME) {
        loopback::print();
    }
    if wanted(at_once::NAME) {
        at_once::print();
    }
    ExitCode::SUCCESS
}
