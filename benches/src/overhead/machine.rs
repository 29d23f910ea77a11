//! Where and how the figures were measured.

use std::{fs, process::Command, thread};

/// Prints the lines above the tables.
pub fn print(arguments: &[String]) {
    let separator = if arguments.is_empty() { "" } else { " -- " };
    println!(
        "`cargo run --release -p grpc-interceptor-benches --bin overhead{separator}{}`\n",
        arguments.join(" ")
    );
    println!(
        "{}; {}, {} cores; {}; {}\n",
        output("date", &["-u", "+%Y-%m-%d"]),
        processor(),
        thread::available_parallelism().map_or(1, usize::from),
        output("uname", &["-sr"]),
        output("rustc", &["--version"]),
    );
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| format!("{program} unknown"),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// Returns the processor's name, on Linux.
fn processor() -> String {
    fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
