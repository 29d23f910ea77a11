//! A section's figures as a Markdown table.

use crate::{
    cases::{Added, Section},
    instructions,
    measure::Figures,
};

const HEAD: [&str; 9] = [
    "around the handler",
    "interceptors",
    "ns, fastest",
    "ns, median",
    "vs. bare tonic",
    "vs. the best peer",
    "allocations",
    "bytes",
    "instructions",
];

/// Prints the table. The first figures are those of bare tonic. All are per call or, for streams,
/// per message.
pub fn print(section: &Section, figures: &[Figures], instructions: Option<&[u64]>) {
    println!("### {}\n", section.title);
    let mut head = HEAD.to_vec();
    head.extend(match section.added {
        Added::Nothing => &[][..],
        Added::PerInterceptor => {
            &["ns per additional interceptor", "instructions per additional interceptor"]
        }
        Added::Whole => &["ns added", "instructions added"],
    });
    println!("| {} |", head.join(" | "));
    println!("|{}", " --- |".repeat(head.len()));
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
        // Relative to the first of the same kind, which contains the fixed costs.
        let first = figures.iter().position(|first| is_alike(first, each)).unwrap_or(at);
        let further = each.interceptors - figures[first].interceptors;
        let added = |each: f64, first: f64, bare: f64| match section.added {
            Added::PerInterceptor if further > 0 => {
                number((each - first) / messages / f64::from(further))
            }
            Added::Whole if at > 0 => number((each - bare) / messages),
            _ => String::new(),
        };
        let best = best_peer(figures, each).map_or(String::new(), |best| ratio(each.fastest, best));
        let (counted, counted_more) =
            match (instructions_of(at), instructions_of(first), instructions_of(0)) {
                (Some(counted), Some(of_first), Some(of_bare)) => (
                    format!("{counted:.0}"),
                    added(counted * messages, of_first * messages, of_bare * messages),
                ),
                _ => ("no valgrind".to_owned(), String::new()),
            };
        let mut cells = vec![
            name,
            each.interceptors.to_string(),
            number(each.fastest / messages),
            number(each.median / messages),
            if at == 0 { String::new() } else { ratio(each.fastest, bare.fastest) },
            best,
            number(each.allocations as f64 / messages),
            number(each.bytes as f64 / messages),
            counted,
        ];
        if section.added != Added::Nothing {
            cells.push(added(each.fastest, figures[first].fastest, bare.fastest));
            cells.push(counted_more);
        }
        println!("| {} |", cells.join(" | "));
    }
    println!();
}

/// Returns whether two cases differ only in their number of interceptors.
fn is_alike(a: &Figures, b: &Figures) -> bool {
    a.peer.name() == b.peer.name() && a.note == b.note
}

/// Returns the fastest peer that does the same as this case of ours.
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

/// Formats small numbers with one decimal place.
fn number(number: f64) -> String {
    if number.abs() < 100.0 && number.fract().abs() > 0.005 {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    }
}
