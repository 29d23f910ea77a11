//! Runs cases in a child process, which they can abort.

use std::{
    env,
    process::{self, Command, Output},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::case::Case;

/// The child starts with this case.
const FROM: &str = "PANICS_FROM";

/// The child writes this before the output that the parent reads.
const CASE: &str = "case ";
const DIFFERENCE: &str = "difference ";
const RAN: &str = "ran ";

/// In the child: runs the cases one by one, and writes each result.
pub(crate) async fn run(cases: Vec<Case>) {
    let from = env::var(FROM).map_or(0, |from| from.parse().expect("it is a number"));
    let alive = abort_when_stuck();
    for (index, case) in cases.iter().enumerate().skip(from) {
        let _ = alive.send(());
        eprintln!("{CASE}{index}");
        for difference in case.run().await {
            eprintln!("{DIFFERENCE}{difference}");
        }
    }
    eprintln!("{RAN}{}", cases.len());
}

/// A timeout can't end a case that blocks its thread, for example on a lock.
fn abort_when_stuck() -> mpsc::Sender<()> {
    let (alive, heard) = mpsc::channel();
    thread::spawn(move || {
        loop {
            match heard.recv_timeout(Duration::from_secs(60)) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => process::abort(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    alive
}

/// In the parent: runs the cases in a child, and starts another child for the cases after one that
/// aborted. Returns all differences.
pub(crate) fn run_in_child(test: &str, cases: &[Case]) -> Vec<String> {
    let mut differences = Vec::new();
    let mut from = 0;
    loop {
        let Output { status, stderr, .. } = Command::new(env::current_exe().expect("it runs"))
            .args([test, "--exact", "--ignored", "--nocapture"])
            .env(FROM, from.to_string())
            .output()
            .expect("this program can be started again");
        let stderr = String::from_utf8_lossy(&stderr);
        differences.extend(lines(&stderr, DIFFERENCE).map(str::to_owned));
        let all = lines(&stderr, RAN).any(|count| count == cases.len().to_string());
        if status.success() && all {
            return differences;
        }
        let last = lines(&stderr, CASE).last().and_then(|index| index.parse().ok());
        let last: usize = last.unwrap_or_else(|| panic!("it didn't begin, {status}: {stderr}"));
        differences.push(format!("{}: the process ended, {status}", cases[last]));
        from = last + 1;
    }
}

fn lines<'a>(output: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    output.lines().filter_map(move |line| line.strip_prefix(start))
}
