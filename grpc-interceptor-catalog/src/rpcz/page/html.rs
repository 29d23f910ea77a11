//! The page as HTML. All external text goes through [`Escaped`].

mod method;
mod rows;

use std::fmt::{self, Write};

use super::{escape::Escaped, query::Query, sort::Order, units};
use crate::rpcz::snapshot::{AtStart, Flying, Snapshot};

/// The page's content security policy contains their hashes.
pub(super) const STYLE: &str = include_str!("html/page.css");
pub(super) const SCRIPT: &str = include_str!("html/page.js");

/// Renders the page.
pub(super) fn html(snapshot: &Snapshot, query: &Query) -> String {
    let mut html = String::with_capacity(16 * 1024);
    // Writing to a string can't fail.
    let _ = write_page(&mut html, snapshot, query);
    html
}

fn write_page(html: &mut String, snapshot: &Snapshot, query: &Query) -> fmt::Result {
    write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}rpcz</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n",
        Escaped(query.method.as_ref().map_or_else(String::new, |id| format!("{id} – ")))
    )?;
    write!(
        html,
        "<header><h1><a href=\"?\">rpcz</a></h1>\
         <form role=\"search\"><input type=\"search\" name=\"filter\" id=\"filter\" \
         placeholder=\"Filter methods\" aria-label=\"Filter methods\" autocomplete=\"off\" \
         value=\"{}\">",
        Escaped(&query.filter)
    )?;
    if !query.sort.is_empty() {
        write!(html, "<input type=\"hidden\" name=\"sort\" value=\"{}\">", Escaped(&query.sort))?;
    }
    html.write_str("</form>")?;
    write_about(html, snapshot)?;
    html.write_str("</header>\n<main id=\"main\">\n")?;
    match (&query.method, &snapshot.method, &snapshot.methods[..]) {
        (Some(_), Some(details), [row]) => method::write(html, row, details)?,
        (Some(id), ..) => write!(
            html,
            "<p class=\"nothing\">No call of <bdi>{}</bdi> was seen. \
             <a href=\"?\">All methods</a></p>",
            Escaped(id)
        )?,
        (None, ..) => rows::write(html, snapshot, query, Order::parse(&query.sort))?,
    }
    write_in_flight(html, snapshot)?;
    write!(html, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

fn write_about(html: &mut String, snapshot: &Snapshot) -> fmt::Result {
    let methods = units::methods(snapshot.methods_in_all);
    write!(
        html,
        "<p id=\"about\">{methods}, up {} <span id=\"live\"></span></p>",
        units::time(snapshot.uptime_seconds.floor() * 1000.0)
    )
}

fn write_in_flight(html: &mut String, snapshot: &Snapshot) -> fmt::Result {
    let listed = &snapshot.in_flight;
    let in_all = listed.len() as u64 + snapshot.in_flight_unlisted;
    write!(
        html,
        "<section id=\"in-flight\"><h2>In flight <small>{}</small></h2>",
        units::count(in_all)
    )?;
    if in_all == 0 {
        return html.write_str("<p class=\"nothing\">No calls in flight.</p></section>\n");
    }
    if !listed.is_empty() {
        html.write_str("<ul class=\"calls\">")?;
        listed.iter().try_for_each(|call| write_flying(html, call))?;
        html.write_str("</ul>")?;
    }
    if snapshot.in_flight_unlisted > 0 {
        let more = units::count(snapshot.in_flight_unlisted);
        write!(html, "<p class=\"more\">and {more} more</p>")?;
    }
    html.write_str("</section>\n")
}

fn write_flying(html: &mut String, call: &Flying) -> fmt::Result {
    write!(
        html,
        "<li class=\"call\" data-key=\"{}\"><p><b class=\"time\">{}</b> {}<span>{}</span>",
        Escaped(&call.key),
        units::time(call.age_ms),
        method_link(&call.method),
        messages(call.request_messages, call.response_messages)
    )?;
    write_facts(html, &call.start)?;
    html.write_str("</p>")?;
    write_texts(html, &call.start)?;
    html.write_str("</li>")
}

fn method_link(id: &str) -> String {
    format!(
        "<a class=\"name\" href=\"?method={}\">{}</a>",
        Escaped(super::query::encoded(id)),
        breakable(id)
    )
}

/// A name that can wrap after a slash or a dot.
fn breakable(id: &str) -> String {
    Escaped(id).to_string().replace('/', "/<wbr>").replace('.', ".<wbr>")
}

/// Requests, then responses.
fn messages(requests: u64, responses: u64) -> String {
    format!("{} in, {} out", units::count(requests), units::count(responses))
}

/// The facts that fit on one line.
fn write_facts(html: &mut String, start: &AtStart) -> fmt::Result {
    if let Some(deadline) = start.deadline_ms {
        write!(html, "<span>deadline {}</span>", units::time(deadline))?;
    }
    if let Some(peer) = &start.peer {
        write!(html, "<span class=\"peer\">{}</span>", Escaped(peer))?;
    }
    Ok(())
}

fn write_texts(html: &mut String, start: &AtStart) -> fmt::Result {
    if !start.fields.is_empty() {
        write!(html, "<p class=\"fields\"><bdi>{}</bdi></p>", Escaped(&start.fields))?;
    }
    if start.metadata.is_empty() {
        return Ok(());
    }
    write!(
        html,
        "<details><summary>Metadata <small>{}</small></summary><dl>",
        start.metadata.len()
    )?;
    for (key, value) in &start.metadata {
        write!(html, "<dt>{}</dt><dd><bdi>{}</bdi></dd>", Escaped(key), Escaped(value))?;
    }
    html.write_str("</dl></details>")
}
