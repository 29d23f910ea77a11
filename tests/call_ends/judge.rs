//! Compares what was reported with what is expected.

use crate::{
    observers::{By, Event, OUTSIDE, Told, What},
    right::Right,
};

/// Returns all differences.
pub(crate) fn judge(events: &[Event], right: &Right) -> Vec<String> {
    let of = |by: By| -> Vec<&What> {
        events.iter().filter(|event| event.by == by).map(|event| &event.what).collect()
    };
    let mut differences: Vec<String> = OUTSIDE
        .into_iter()
        .flat_map(|by| {
            let differences = judge_one(by, &of(by), right);
            differences.into_iter().map(move |difference| format!("{by:?} {difference}"))
        })
        .collect();
    let ends: Vec<_> = OUTSIDE.into_iter().flat_map(|by| ends(&of(by))).collect();
    if ends.windows(2).any(|two| two[0] != two[1]) {
        differences.push(format!("they don't agree: {ends:?}"));
    }
    differences.extend(judge_attempts(&of(By::Inside), right));
    differences
}

fn judge_one(by: By, whats: &[&What], right: &Right) -> Vec<String> {
    let mut differences = Vec::new();
    match ends(whats)[..] {
        [told] => differences.extend(judge_told(told, right)),
        ref ends => differences.push(format!("reported {} ends: {ends:?}", ends.len())),
    }
    if by.is_observer() {
        differences.extend(judge_order(whats));
        differences.extend(judge_messages(whats));
    }
    differences
}

fn ends<'a>(whats: &[&'a What]) -> Vec<&'a Told> {
    let end = |what: &&'a What| match what {
        What::End(told) => Some(told),
        _ => None,
    };
    whats.iter().filter_map(end).collect()
}

fn judge_told(told: &Told, right: &Right) -> Option<String> {
    let is_right = told.code == right.code
        && told.cause == right.cause
        && told.tail.as_deref() == right.tail
        && right.requests.contains(&told.requests)
        && told.responses == right.responses;
    (!is_right).then(|| {
        let Right { code, cause, tail, requests, responses, .. } = right;
        format!(
            "told {told:?}; right: {code:?}, {cause:?}, tail {tail:?}, {requests:?} requests, \
             {responses} responses"
        )
    })
}

/// The start comes first, no response comes after the end, and the counts match the messages.
fn judge_order(whats: &[&What]) -> Vec<String> {
    let mut differences = Vec::new();
    let starts = whats.iter().filter(|what| matches!(what, What::Start { .. })).count();
    if starts != 1 || !matches!(whats.first(), Some(What::Start { marked: true })) {
        differences.push(format!("reported {starts} starts: {whats:?}"));
    }
    let end = whats.iter().position(|what| matches!(what, What::End(_)));
    let (before, after) = whats.split_at(end.unwrap_or(whats.len()));
    if after.iter().any(|what| matches!(what, What::Response(_))) {
        differences.push(format!("reported a response after the end: {whats:?}"));
    }
    if let Some(What::End(told)) = after.first() {
        let requests = texts(before, |what| matches!(what, What::Request(_))).len() as u64;
        let responses = texts(before, |what| matches!(what, What::Response(_))).len() as u64;
        if (requests, responses) != (told.requests, told.responses) {
            differences.push(format!("the counts differ from the reported messages: {whats:?}"));
        }
    }
    differences
}

/// The messages are "a" and "b" in both directions. In a list, their text is only their type.
fn judge_messages(whats: &[&What]) -> Option<String> {
    let are_right = |texts: Vec<&str>| {
        let names = [r#": "a""#, r#": "b""#];
        texts.len() <= names.len()
            && texts
                .iter()
                .zip(names)
                .all(|(text, name)| text.contains(name) || text.starts_with("AnyMessage("))
    };
    let is_right = are_right(texts(whats, |what| matches!(what, What::Request(_))))
        && are_right(texts(whats, |what| matches!(what, What::Response(_))));
    (!is_right).then(|| format!("reported other messages: {whats:?}"))
}

fn texts<'a>(whats: &[&'a What], is_wanted: impl Fn(&What) -> bool) -> Vec<&'a str> {
    let text = |what: &&'a What| match what {
        What::Request(text) | What::Response(text) if is_wanted(what) => Some(text.as_str()),
        _ => None,
    };
    whats.iter().filter_map(text).collect()
}

/// Inside a retry, each attempt is a call.
fn judge_attempts(whats: &[&What], right: &Right) -> Option<String> {
    let ends = ends(whats);
    let starts = whats.iter().filter(|what| matches!(what, What::Start { .. })).count();
    let told: Vec<_> = ends.iter().map(|told| (told.code, told.cause)).collect();
    let is_right = match right.attempts {
        Some(attempts) => told == attempts && starts == 2,
        None => starts <= 1 && starts == ends.len(),
    };
    (!is_right).then(|| format!("the attempts inside were reported as {whats:?}"))
}
