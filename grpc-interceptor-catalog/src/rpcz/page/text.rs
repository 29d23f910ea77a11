//! The page as plain text.

use std::fmt::{self, Write as _};

use super::units::{count, methods, rate, time, time_or_none};
use crate::rpcz::snapshot::{AtStart, Ended, Flying, Row, Snapshot};

pub(super) fn text(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write_page(&mut text, snapshot);
    text
}

fn write_page(text: &mut String, snapshot: &Snapshot) -> fmt::Result {
    let up = time(snapshot.uptime_seconds.floor() * 1000.0);
    writeln!(text, "rpcz: {}, up {up}\n", methods(snapshot.methods_in_all))?;
    write_rows(text, &snapshot.methods)?;
    write_codes(text, &snapshot.methods)?;
    let in_all = snapshot.in_flight.len() as u64 + snapshot.in_flight_unlisted;
    writeln!(text, "\nin flight: {}", count(in_all))?;
    snapshot.in_flight.iter().try_for_each(|call| write_flying(text, call))?;
    if snapshot.in_flight_unlisted > 0 {
        writeln!(text, "  and {} more", count(snapshot.in_flight_unlisted))?;
    }
    let Some(details) = &snapshot.method else { return Ok(()) };
    for of in &details.codes {
        writeln!(text, "\n{}: {}", of.code, count(of.count))?;
        of.samples.iter().try_for_each(|sample| write_sample(text, sample))?;
    }
    for of in details.buckets.iter().filter(|of| of.count > 0) {
        let to = of.to_ms.map_or_else(|| "and more".to_owned(), |to| format!("to {}", time(to)));
        writeln!(text, "\nOK, {} {to}: {}", time(of.from_ms), count(of.count))?;
        of.samples.iter().try_for_each(|sample| write_sample(text, sample))?;
    }
    Ok(())
}

const HEADINGS: [&str; 14] = [
    "method",
    "kind",
    "started",
    "in flight",
    "ok",
    "errors",
    "/s 1 min",
    "1 h",
    "all",
    "p50",
    "p90",
    "p99",
    "requests",
    "responses",
];

fn write_rows(text: &mut String, rows: &[Row]) -> fmt::Result {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: [usize; HEADINGS.len()] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for line in &lines {
        // Names are left-aligned, numbers right-aligned.
        write!(text, "{:<2$}  {:<3$}", line[0], line[1], widths[0], widths[1])?;
        for (cell, width) in line.iter().zip(widths).skip(2) {
            write!(text, "  {cell:>width$}")?;
        }
        text.push('\n');
    }
    Ok(())
}

fn cells(row: &Row) -> [String; HEADINGS.len()] {
    [
        row.id.clone(),
        row.kind.to_owned(),
        count(row.started),
        count(row.in_flight),
        count(row.ok),
        count(row.errors),
        rate(row.rates.minute.calls_per_second),
        rate(row.rates.hour.calls_per_second),
        rate(row.rates.start.calls_per_second),
        time_or_none(row.latency.p50_ms),
        time_or_none(row.latency.p90_ms),
        time_or_none(row.latency.p99_ms),
        count(row.request_messages),
        count(row.response_messages),
    ]
}

fn write_codes(text: &mut String, rows: &[Row]) -> fmt::Result {
    let mut failing = rows.iter().filter(|row| row.errors > 0).peekable();
    if failing.peek().is_some() {
        writeln!(text, "\nerrors:")?;
    }
    failing.try_for_each(|row| {
        let codes = row.errors_by_code.iter();
        let codes: Vec<_> = codes.map(|(code, of)| format!("{code} {}", count(*of))).collect();
        writeln!(text, "  {}: {}", row.id, codes.join(", "))
    })
}

fn write_flying(text: &mut String, call: &Flying) -> fmt::Result {
    let (requests, responses) = (call.request_messages, call.response_messages);
    let age = time(call.age_ms);
    write!(text, "  {age:>8}  {}  {requests} in, {responses} out", call.method)?;
    write_start(text, &call.start)
}

fn write_sample(text: &mut String, sample: &Ended) -> fmt::Result {
    let (requests, responses) = (sample.request_messages, sample.response_messages);
    let (took, ago) = (time(sample.elapsed_ms), time(sample.ended_ms_ago));
    write!(text, "  {took:>8}  {ago} ago  {requests} in, {responses} out")?;
    if !matches!(sample.cause, "complete" | "failed") {
        write!(text, "  {}", sample.cause)?;
    }
    if !sample.message.is_empty() {
        write!(text, "  {}", one_line(&sample.message))?;
    }
    match &sample.start {
        Some(start) => write_start(text, start),
        None => writeln!(text),
    }
}

fn write_start(text: &mut String, start: &AtStart) -> fmt::Result {
    if let Some(deadline) = start.deadline_ms {
        write!(text, "  deadline {}", time(deadline))?;
    }
    if let Some(peer) = &start.peer {
        write!(text, "  {peer}")?;
    }
    writeln!(text)?;
    if !start.fields.is_empty() {
        writeln!(text, "            {}", one_line(&start.fields))?;
    }
    start.metadata.iter().try_for_each(|(key, value)| {
        writeln!(text, "            {}: {}", one_line(key), one_line(value))
    })
}

/// Escapes everything that a terminal would act on or that would start another line.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        match char.is_control() || turns_or_breaks(char) {
            true => line.extend(char.escape_unicode()),
            false => line.push(char),
        }
    }
    line
}

/// Returns whether a character changes the writing direction or ends a line.
const fn turns_or_breaks(char: char) -> bool {
    matches!(
        char,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(one_line("a\nb\x1b[31m"), "a\\u{a}b\\u{1b}[31m");
        assert_eq!(one_line("\u{202e}é 😀"), "\\u{202e}é 😀");
        for char in "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{2066}\u{2069}".chars() {
            assert_eq!(one_line(&char.to_string()), char.escape_unicode().to_string());
        }
    }

    #[test]
    fn ordinary_punctuation_is_kept() {
        let text = "It’s “long” – or — not … • \u{2030}";
        assert_eq!(one_line(text), text);
    }
}
