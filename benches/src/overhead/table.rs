//! A section's figures as a table in Markdown.

use crate::{cases::Section, instructions, measure::Figures};

const HEAD: [&str; 11] = [
    "around the handler",
    "interceptors",
    "ns, fastest",
    "ns, median",
    "beside bare tonic",
    "beside the best peer",
    "ns per further interceptor",
    "allocations",
    "bytes",
    "instructions",
    "per further interceptor",
];

/// The first of the figures are those of bare tonic. All are per call or, for streams, per message.
pub fn print(section: &Section, figures: &[Figures], instructions: Option<&[u64]>) {
    println!("### {}\n", section.title);
    println!("| {} |", HEAD.join(" | "));
    println!("|{}", " --- |".repeat(HEAD.len()));
    let messages = f64::from(section.messages);
    let bare = &figures[0];
    let instructions_of = |at: usize| {
        let counted = *instructions?.get(at)?;
        Some(instructions::per_call(counted, section.messages) / messages)
    };
    for (at, each) in figures.iter().enumerate() {
        let name = match each.note {
            "" => each.peer.name().to_owned(),
            note => format!("{}, {note}", each.peer.name()),
        };
        // Against the first of the same kind: what is paid once for all is in that.
        let first = figures.iter().position(|first| is_alike(first, each)).unwrap_or(at);
        let further = each.interceptors - figures[first].interceptors;
        let added = |each: f64, first: f64| match section.per_interceptor && further > 0 {
            true => number((each - first) / messages / f64::from(further)),
            false => String::new(),
        };
        let best = best_peer(figures, each).map_or(String::new(), |best| ratio(each.fastest, best));
        let (counted, counted_per) = match (instructions_of(at), instructions_of(first)) {
            (Some(counted), Some(of_first)) => {
                (format!("{counted:.0}"), added(counted * messages, of_first * messages))
            }
            _ => ("no valgrind".to_owned(), String::new()),
        };
        let cells = [
            name,
            each.interceptors.to_string(),
            number(each.fastest / messages),
            number(each.median / messages),
            if at == 0 { String::new() } else { ratio(each.fastest, bare.fastest) },
            best,
            added(each.fastest, figures[first].fastest),
            number(each.allocations as f64 / messages),
            number(each.bytes as f64 / messages),
            counted,
            counted_per,
        ];
        println!("| {} |", cells.join(" | "));
    }
    println!();
}

/// Whether two cases differ by their number of interceptors alone.
fn is_alike(a: &Figures, b: &Figures) -> bool {
    a.peer.name() == b.peer.name() && a.note == b.note
}

/// The fastest of the others that do the same as this one, which is ours.
fn best_peer(figures: &[Figures], ours: &Figures) -> Option<f64> {
    if !ours.peer.is_ours() {
        return None;
    }
    figures
        .iter()
        .filter(|each| each.peer.is_interceptor() && !each.peer.is_ours())
        .filter(|each| each.interceptors == ours.interceptors && each.note == ours.note)
        .map(|each| each.fastest)
        .min_by(f64::total_cmp)
}

fn ratio(each: f64, of: f64) -> String {
    format!("{:.2} ×", each / of)
}

/// With one digit behind the point where it is small.
fn number(number: f64) -> String {
    if number.abs() < 100.0 && number.fract().abs() > 0.005 {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    }
}
