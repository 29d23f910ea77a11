//! The table of all methods.

use std::fmt::{self, Write as _};

use super::{
    super::{
        escape::Escaped,
        plot,
        query::Query,
        sort::{Column, Order},
        units,
    },
    method_link,
};
use crate::rpcz::snapshot::{Row, Snapshot};

/// A column's heading and its tooltip.
const fn heading(column: Column) -> (&'static str, &'static str) {
    match column {
        Column::Method => ("Method", "Side, service and method"),
        Column::InFlight => ("In flight", "Calls that have started and not ended"),
        Column::Rate => ("Calls/s, 1 min", "Calls that ended, per second, over the last minute"),
        Column::RateHour => ("1 h", "The same over the last hour"),
        Column::RateStart => ("all", "The same since the start"),
        Column::Started => ("Started", "Calls that have started"),
        Column::Ok => ("OK", "Calls that succeeded"),
        Column::Errors => ("Errors", "Calls that failed"),
        Column::P50 => ("p50", "Half of the calls took at most this long, since the start"),
        Column::P90 => ("p90", "90% of the calls took at most this long"),
        Column::P99 => ("p99", "99% of the calls took at most this long"),
        Column::Messages => ("Messages", "Requests and responses"),
    }
}

pub(super) fn write(
    html: &mut String,
    snapshot: &Snapshot,
    query: &Query,
    order: Order,
) -> fmt::Result {
    html.write_str("<section id=\"methods\">")?;
    if snapshot.methods.is_empty() {
        let text = match query.filter.is_empty() {
            true => "No calls yet.",
            false => "No method matches the filter.",
        };
        return writeln!(html, "<p class=\"nothing\">{text}</p></section>");
    }
    html.write_str("<table><thead><tr>")?;
    for column in Column::ALL {
        write_heading(html, column, query, order)?;
    }
    html.write_str(
        "<th scope=\"col\" class=\"plots\">Rate, 10 min</th>\
         <th scope=\"col\" class=\"plots\">Latency, 10 min</th></tr></thead><tbody>",
    )?;
    snapshot.methods.iter().try_for_each(|row| write_row(html, row))?;
    html.write_str("</tbody></table></section>\n")
}

fn write_heading(html: &mut String, column: Column, query: &Query, order: Order) -> fmt::Result {
    let (text, title) = heading(column);
    let link = query.sorted_by(&order.after_click(column));
    let sorted = match (order.column == column, order.is_descending) {
        (false, _) => "",
        (true, false) => " aria-sort=\"ascending\"",
        (true, true) => " aria-sort=\"descending\"",
    };
    write!(
        html,
        "<th scope=\"col\" class=\"{}\"{sorted}><a href=\"{}\" title=\"{title}\">{text}</a></th>",
        column.name(),
        Escaped(link)
    )
}

fn write_row(html: &mut String, row: &Row) -> fmt::Result {
    let with_errors = if row.errors > 0 { " class=\"failing\"" } else { "" };
    write!(
        html,
        "<tr data-key=\"{}\"{with_errors}><th scope=\"row\">{}<small>{}</small></th>",
        Escaped(&row.id),
        method_link(&row.id),
        row.kind
    )?;
    for column in &Column::ALL[1..] {
        let value = value(*column, row);
        let is_nothing = if matches!(&*value, "0" | "–") { " nothing" } else { "" };
        write!(
            html,
            "<td class=\"{}{is_nothing}\" data-label=\"{}\"",
            column.name(),
            heading(*column).0
        )?;
        if *column == Column::Errors && row.errors > 0 {
            write!(html, " title=\"{}\"", Escaped(codes(row)))?;
        }
        write!(html, ">{value}</td>")?;
    }
    write!(
        html,
        "<td class=\"plots\" data-label=\"Rate, 10 min\">{}</td>\
         <td class=\"plots\" data-label=\"Latency, 10 min\">{}</td></tr>",
        plot::rate(&row.windows),
        plot::latency(&row.windows)
    )
}

fn value(column: Column, row: &Row) -> String {
    match column {
        Column::Method => row.id.clone(),
        Column::InFlight => units::count(row.in_flight),
        Column::Rate => units::rate(row.rates.minute.calls_per_second),
        Column::RateHour => units::rate(row.rates.hour.calls_per_second),
        Column::RateStart => units::rate(row.rates.start.calls_per_second),
        Column::Started => units::count(row.started),
        Column::Ok => units::count(row.ok),
        Column::Errors => units::count(row.errors),
        Column::P50 => units::time_or_none(row.latency.p50_ms),
        Column::P90 => units::time_or_none(row.latency.p90_ms),
        Column::P99 => units::time_or_none(row.latency.p99_ms),
        Column::Messages => {
            format!(
                "{} / {}",
                units::count(row.request_messages),
                units::count(row.response_messages)
            )
        }
    }
}

/// Formats the codes as `INTERNAL 3, NOT_FOUND 1`.
fn codes(row: &Row) -> String {
    let codes = row.errors_by_code.iter();
    codes.map(|(code, count)| format!("{code} {count}")).collect::<Vec<_>>().join(", ")
}
