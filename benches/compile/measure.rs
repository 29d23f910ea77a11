//! The cost of one compiler run.
//!
//! cargo runs this program as its own `RUSTC_WRAPPER`. In that role it waits for the compiler, then
//! writes down the resource usage that the operating system reports for it.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fs,
    path::Path,
    process::{Command, exit},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike as _,
};

/// The crate to measure, and the file that the cost is written to.
const CRATE: &str = "COMPILE_TIME_CRATE";
const REPORT: &str = "COMPILE_TIME_REPORT";
/// The file for its instruction count, if instructions are counted.
const COUNTED: &str = "COMPILE_TIME_COUNTED";

#[derive(Clone, Copy)]
pub struct Cost {
    /// Wall-clock time.
    pub time: Duration,
    /// Total over all processors.
    pub processor_time: Duration,
    /// Peak memory, in kilobytes.
    pub memory: u64,
    /// Present if instructions were counted.
    pub instructions: Option<u64>,
}

impl Cost {
    pub const MOST: Cost = Cost {
        time: Duration::MAX,
        processor_time: Duration::MAX,
        memory: u64::MAX,
        instructions: None,
    };

    pub fn min(self, other: Cost) -> Cost {
        Cost {
            time: self.time.min(other.time),
            processor_time: self.processor_time.min(other.processor_time),
            memory: self.memory.min(other.memory),
            // They don't vary.
            ..self
        }
    }
}

pub fn is_wrapper() -> bool {
    env::var_os(REPORT).is_some()
}

/// Runs as cargo's wrapper: the first argument is the compiler.
pub fn run_compiler() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let (compiler, arguments) = arguments.split_first().ok_or("a wrapper wraps a program")?;
    let name = env::var_os(CRATE).unwrap_or_default();
    let is_measured = arguments.windows(2).any(|pair| pair[0] == "--crate-name" && pair[1] == name);
    let mut command = match env::var_os(COUNTED).filter(|_| is_measured) {
        Some(file) => under_cachegrind(compiler, Path::new(&file)),
        None => Command::new(compiler),
    };
    let start = Instant::now();
    let status = command.args(arguments).status()?;
    let time = start.elapsed();
    if is_measured {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let processor_time = (usage.user_time() + usage.system_time()).num_microseconds();
        let report = format!("{} {processor_time} {}", time.as_micros(), usage.max_rss());
        fs::write(env::var_os(REPORT).unwrap_or_default(), report)?;
    }
    exit(status.code().unwrap_or(1));
}

fn under_cachegrind(compiler: &OsStr, file: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=cachegrind", "--cache-sim=no"])
        .arg(format!("--cachegrind-out-file={}", file.display()))
        .arg(compiler);
    command
}

/// Runs cargo on the package with this name, and returns the compiler's instruction count for it
/// alone. Needs valgrind, and takes about fifty times as long.
pub fn instructions(
    command: &mut Command,
    name: &str,
    report: &Path,
) -> Result<u64, Box<dyn Error>> {
    let file = report.with_file_name("instructions");
    cargo(command.env(COUNTED, &file), name, report)?;
    let text = fs::read_to_string(file)?;
    let total = text.lines().rev().find_map(|line| line.strip_prefix("summary: "));
    Ok(total.ok_or("cachegrind writes a summary")?.trim().parse()?)
}

/// Runs cargo on the package with this name, and returns the compiler's cost for it alone.
pub fn cargo(command: &mut Command, name: &str, report: &Path) -> Result<Cost, Box<dyn Error>> {
    if report.exists() {
        fs::remove_file(report)?;
    }
    let status = command
        .env("RUSTC_WRAPPER", env::current_exe()?)
        .env(CRATE, name)
        .env(REPORT, report)
        .status()?;
    if !status.success() {
        return Err(format!("{name} doesn't compile").into());
    }
    let report = fs::read_to_string(report)?;
    let numbers = report.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    let [time, processor_time, memory] = numbers[..] else {
        return Err(format!("a report has three numbers: {report}").into());
    };
    Ok(Cost {
        time: Duration::from_micros(time),
        processor_time: Duration::from_micros(processor_time),
        memory,
        instructions: None,
    })
}
