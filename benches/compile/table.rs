//! The measurements as a table.

use crate::{
    choice::{Choice, Form, Kind, Named as _, Subject},
    measure::Cost,
};

pub fn print(choice: &Choice, rpcs: usize, kind: Kind, rows: &[(Subject, Cost)]) {
    let (kind, runs) = (kind.name(), choice.runs);
    let (command, profile) = (&choice.command, &choice.profile);
    println!("\n{rpcs} {kind} RPCs, `cargo {command}`, `{profile}` profile, least of {runs}\n");
    println!(
        "| around the service | time | to the service alone | to as many layers \
         | ms per RPC × interceptor | processor time | of that, ms per RPC × interceptor | memory \
         | instructions | of those, per RPC × interceptor |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (subject, cost) in rows {
        let ratio = |to: Option<Cost>| {
            to.map(|to| format!("{:.2}", cost.time.as_secs_f64() / to.time.as_secs_f64()))
        };
        let each = |figure: fn(&Cost) -> Option<f64>| {
            let (base, count) = per_interceptor(*subject, rows)?;
            let added = figure(cost)? - figure(&base)?;
            Some(format!("{:.1}", added / (rpcs * count) as f64))
        };
        let instructions = |cost: &Cost| cost.instructions.map(|count| count as f64 / 1e6);
        println!(
            "| {} | {:.2} s | {} | {} | {} | {:.2} s | {} | {} MB | {} | {} |",
            words(*subject),
            cost.time.as_secs_f64(),
            ratio(rows.first().map(|(_, alone)| *alone)).unwrap_or_default(),
            ratio(layers(*subject, rows)).unwrap_or_default(),
            each(|cost| Some(cost.time.as_secs_f64() * 1e3)).unwrap_or_default(),
            cost.processor_time.as_secs_f64(),
            each(|cost| Some(cost.processor_time.as_secs_f64() * 1e3)).unwrap_or_default(),
            cost.memory / 1024,
            instructions(cost).map(|millions| format!("{millions:.0} M")).unwrap_or_default(),
            each(instructions).map(|millions| format!("{millions} M")).unwrap_or_default(),
        );
    }
}

fn words(subject: Subject) -> String {
    match subject {
        Subject::Nothing => "nothing".to_owned(),
        Subject::EmptyList(Form::Attribute) => "an empty list".to_owned(),
        Subject::EmptyList(Form::Creation) => "an empty list, in `with_interceptors`".to_owned(),
        Subject::EmptyList(Form::List) => "an empty List".to_owned(),
        Subject::Interceptors(form, entries, count) => {
            let place = match form {
                Form::Attribute => "",
                Form::Creation => ", in `with_interceptors`",
                Form::List => ", in a List",
            };
            format!("{count} {}{place}", entries.name())
        }
        Subject::Boxed(count) => format!("{count} fns, by hand, with a boxed next"),
        Subject::Layers(count) => format!("{count} tower layers"),
    }
}

/// Returns the cost with the same number of layers.
fn layers(subject: Subject, rows: &[(Subject, Cost)]) -> Option<Cost> {
    let Subject::Interceptors(.., count) = subject else { return None };
    cost_of(Subject::Layers(count), rows)
}

/// Returns the baseline cost, either without any interceptors or with an empty list in the same
/// form, and the number of additional interceptors.
fn per_interceptor(subject: Subject, rows: &[(Subject, Cost)]) -> Option<(Cost, usize)> {
    let (base, count) = match subject {
        Subject::Interceptors(form, _, count) => (Subject::EmptyList(form), count),
        Subject::Boxed(count) => (Subject::Nothing, count),
        _ => return None,
    };
    Some((cost_of(base, rows)?, count))
}

fn cost_of(subject: Subject, rows: &[(Subject, Cost)]) -> Option<Cost> {
    rows.iter().find(|(other, _)| *other == subject).map(|(_, cost)| *cost)
}
