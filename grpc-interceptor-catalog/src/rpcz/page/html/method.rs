//! The page of one method: its numbers, plots and samples.

use std::fmt::{self, Write as _};

use super::{
    super::{escape::Escaped, plot, units},
    breakable, messages, write_facts, write_texts,
};
use crate::rpcz::snapshot::{Bucket, Details, Ended, PerSecond, Row};

pub(super) fn write(html: &mut String, row: &Row, details: &Details) -> fmt::Result {
    write!(
        html,
        "<section id=\"method\"><p class=\"back\"><a href=\"?\">All methods</a></p>\
         <h2 class=\"name\"><bdi>{}</bdi> <small>{}</small></h2>",
        breakable(&row.id),
        row.kind
    )?;
    write_numbers(html, row)?;
    write_plots(html, row)?;
    html.write_str("</section>\n")?;
    write_errors(html, details)?;
    write_buckets(html, details)
}

fn write_numbers(html: &mut String, row: &Row) -> fmt::Result {
    let rate = |rate: &PerSecond| format!("{}/s", units::rate(rate.calls_per_second));
    let numbers = [
        ("In flight", units::count(row.in_flight)),
        ("Started", units::count(row.started)),
        ("OK", units::count(row.ok)),
        ("Errors", units::count(row.errors)),
        ("Last minute", rate(&row.rates.minute)),
        ("Last hour", rate(&row.rates.hour)),
        ("Since the start", rate(&row.rates.start)),
        ("p50", units::time_or_none(row.latency.p50_ms)),
        ("p90", units::time_or_none(row.latency.p90_ms)),
        ("p99", units::time_or_none(row.latency.p99_ms)),
        ("Requests", units::count(row.request_messages)),
        ("Responses", units::count(row.response_messages)),
    ];
    html.write_str("<dl class=\"numbers\">")?;
    for (name, value) in numbers {
        write!(html, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    html.write_str("</dl>")
}

fn write_plots(html: &mut String, row: &Row) -> fmt::Result {
    let points = &row.windows;
    write!(
        html,
        "<div class=\"large\"><figure><figcaption>Calls per second <span class=\"calls\">all</span> \
         <span class=\"errors\">errors</span><small>up to {}/s</small></figcaption>{}\
         <p class=\"axis\"><span>10 min ago</span><span>now</span></p></figure>",
        units::rate(plot::most_calls(points)),
        plot::rate(points)
    )?;
    write!(
        html,
        "<figure><figcaption>Latency <span class=\"p50\">p50</span> <span class=\"p99\">p99</span>\
         <small>up to {}</small></figcaption>{}\
         <p class=\"axis\"><span>10 min ago</span><span>now</span></p></figure></div>",
        units::time_or_none(plot::longest(points)),
        plot::latency(points)
    )
}

fn write_errors(html: &mut String, details: &Details) -> fmt::Result {
    if details.codes.is_empty() {
        return Ok(());
    }
    html.write_str("<section id=\"errors\"><h2>Errors</h2>")?;
    let most = details.codes.iter().map(|of| of.count).max().unwrap_or(0);
    for of in &details.codes {
        write_class(html, of.code, "bad", of.count, most, &of.samples)?;
    }
    html.write_str("</section>\n")
}

fn write_buckets(html: &mut String, details: &Details) -> fmt::Result {
    html.write_str("<section id=\"latency\"><h2>Latency of calls that succeeded</h2>")?;
    let most = details.buckets.iter().map(|of| of.count).max().unwrap_or(0);
    for of in &details.buckets {
        write_class(html, &range(of), "good", of.count, most, &of.samples)?;
    }
    html.write_str("</section>\n")
}

fn range(of: &Bucket) -> String {
    let from = units::time(of.from_ms);
    match of.to_ms {
        None => format!("{from} and more"),
        Some(to) if of.from_ms == 0.0 => format!("below {}", units::time(to)),
        Some(to) => format!("{from} to {}", units::time(to)),
    }
}

fn write_class(
    html: &mut String,
    name: &str,
    kind: &str,
    count: u64,
    most: u64,
    samples: &[Ended],
) -> fmt::Result {
    let part = count as f64 / most.max(1) as f64 * 100.0;
    write!(
        html,
        "<div class=\"class\" data-key=\"{name}\"><h3>{name} <small>{}</small>\
         <svg class=\"bar {kind}\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><rect width=\"{part:.2}\" height=\"1\"/></svg></h3>",
        units::count(count)
    )?;
    if !samples.is_empty() {
        html.write_str("<ul class=\"calls\">")?;
        samples.iter().try_for_each(|sample| write_sample(html, sample))?;
        html.write_str("</ul>")?;
    }
    html.write_str("</div>")
}

fn write_sample(html: &mut String, sample: &Ended) -> fmt::Result {
    write!(
        html,
        "<li class=\"call\" data-key=\"{}\"><p><b class=\"time\">{}</b><span>{} ago</span>\
         <span>{}</span>",
        sample.key,
        units::time(sample.elapsed_ms),
        units::time(sample.ended_ms_ago),
        messages(sample.request_messages, sample.response_messages)
    )?;
    if !matches!(sample.cause, "complete" | "failed") {
        write!(html, "<span class=\"cause\">{}</span>", sample.cause.replace('_', " "))?;
    }
    if let Some(start) = &sample.start {
        write_facts(html, start)?;
    }
    html.write_str("</p>")?;
    if !sample.message.is_empty() {
        write!(html, "<p class=\"message\"><bdi>{}</bdi></p>", Escaped(&sample.message))?;
    }
    match &sample.start {
        Some(start) => write_texts(html, start),
        None => html.write_str("<p class=\"nothing\">Its metadata wasn't kept.</p>"),
    }?;
    html.write_str("</li>")
}
