//! Instructions per call. They hardly vary, so a few calls are enough, and they show differences of
//! a nanosecond, which no clock can.
//!
//! The program runs itself under valgrind's callgrind, which writes a file each time a certain
//! function returns, with the counts since the previous one.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::measure::Case;

/// The first argument of the run under callgrind.
pub const MODE: &str = "under-callgrind";

/// The number of counted calls when each has few messages.
const CALLS: u32 = 100;

/// Runs under callgrind.
pub fn run(cases: Vec<Case>, messages: u32) {
    for mut case in cases {
        // The first call may set up lasting state. Its file also includes everything before it.
        count_these(&mut case, 1);
        count_these(&mut case, calls(messages));
    }
}

/// The function that callgrind looks for by this name.
#[inline(never)]
fn count_these(case: &mut Case, calls: u32) {
    for _ in 0..calls {
        case.call();
    }
}

fn calls(messages: u32) -> u32 {
    if messages == 1 { CALLS } else { 1 }
}

/// Returns the instructions inside that function, for each case of the section; `None` if valgrind
/// isn't installed.
pub fn count(section: &str) -> Option<Vec<u64>> {
    let program = env::current_exe().ok()?;
    let folder = program.with_file_name("callgrind");
    // Left over from an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).ok()?;
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--dump-after=*count_these*"])
        .arg(format!("--callgrind-out-file={}", folder.join("out").display()))
        .arg(&program)
        .args([MODE, section])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    if !status.success() {
        return None;
    }
    // Numbered from 1, with two files for each case.
    Some((1..).map_while(|case| total(&folder.join(format!("out.{}", case * 2)))).collect())
}

fn total(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
    line.trim().parse().ok()
}

/// Returns the share of one call in a case's count.
pub fn per_call(counted: u64, messages: u32) -> f64 {
    counted as f64 / f64::from(calls(messages))
}
