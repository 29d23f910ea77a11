//! Checks that the names in an impl are those on the wire. The check runs as a test in the user's
//! crate.
//!
//! A generated server knows the names of its RPCs but doesn't expose them: they are in a `match` on
//! the path. So the test finds them by calling. It builds a server around a service whose methods
//! all return their own names, calls each RPC by the name that its interceptors would see, and
//! checks which method answers.

use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use tonic::{
    Code, Status,
    body::Body,
    codegen::{Service, http},
    server::NamedService,
};

/// Answers a call to the check's service with the method's Rust name.
pub fn answer_with_name<T>(rust_name: &'static str) -> Result<T, Status> {
    Err(Status::aborted(rust_name))
}

/// Calls each RPC, given as its Rust name and its name in the .proto file.
///
/// # Panics
///
/// Panics if the server has no RPC with a given name, if another method answers, or if the check
/// can't tell. The message lists all such RPCs.
#[track_caller]
pub fn assert_names_on_the_wire<S>(mut server: S, rpcs: &[(&'static str, &str)])
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + NamedService,
{
    let wrong: Vec<_> =
        rpcs.iter().filter_map(|(rust_name, name)| wrong(&mut server, rust_name, name)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the problem with an RPC's name, if there is one.
fn wrong<S>(server: &mut S, rust_name: &'static str, name: &str) -> Option<String>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + NamedService,
{
    let service = S::NAME;
    match ask(server, name, rust_name) {
        Answer::Itself => None,
        Answer::Untold => Some(format!(
            "whether `{rust_name}` is the RPC `/{service}/{name}` can't be told, because its codec rejects an empty \
             message: make the generated code expose the name, with \
             `.server_mod_attribute(\".\", \"#[grpc_interceptor::intercepted]\")` in build.rs, or with that \
             attribute above the generated module"
        )),
        Answer::Unknown => {
            let spellings = spellings(rust_name);
            let mut answered = |wanted: fn(&Answer) -> bool| {
                spellings.iter().find(|spelling| wanted(&ask(server, spelling, rust_name)))
            };
            let found = answered(|answer| matches!(answer, Answer::Itself))
                .or_else(|| answered(|answer| matches!(answer, Answer::Untold)));
            let found = found.map_or("…", String::as_str);
            Some(format!(
                "`{rust_name}` is not the RPC `/{service}/{name}`: write `#[rpc(name = \"{found}\")]` on it, \
                 with the name that the .proto file has"
            ))
        }
    }
}

enum Answer {
    /// The intended method answered.
    Itself,
    /// There is no such RPC, or another method answered.
    Unknown,
    /// The RPC exists, but its codec rejected the empty message before any method answered.
    Untold,
}

fn ask<S>(server: &mut S, name: &str, rust_name: &str) -> Answer
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + NamedService,
{
    // One empty message.
    let body = Body::new("\0\0\0\0\0".to_owned());
    let mut request = http::Request::new(body);
    *request.uri_mut() = match format!("/{}/{name}", S::NAME).parse() {
        Ok(uri) => uri,
        Err(_) => return Answer::Unknown,
    };
    let mut response = pin!(server.call(request));
    // Everything it waits for is available, so one poll completes it.
    let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    else {
        return Answer::Untold;
    };
    match Status::from_header_map(response.headers()) {
        Some(status) if status.code() == Code::Unimplemented => Answer::Unknown,
        Some(status) if status.code() == Code::Aborted => match status.message() == rust_name {
            true => Answer::Itself,
            false => Answer::Unknown,
        },
        _ => Answer::Untold,
    }
}

/// Returns the names in a .proto file that a Rust name can come from: each word capitalized or in
/// upper case, with or without underscores.
fn spellings(rust_name: &str) -> Vec<String> {
    let words: Vec<&str> = rust_name.split('_').filter(|word| !word.is_empty()).collect();
    let mut names = vec![
        rust_name.to_owned(),
        rust_name.to_uppercase(),
        words.iter().map(|word| capitalized(word)).collect::<Vec<_>>().join("_"),
    ];
    // Each word doubles the number, so stop at six words.
    if words.len() <= 6 {
        let mut joined = vec![String::new()];
        for (at, word) in words.iter().enumerate() {
            let mut forms = vec![capitalized(word), word.to_uppercase()];
            if at == 0 {
                forms.push((*word).to_owned());
            }
            joined = forms
                .iter()
                .flat_map(|form| joined.iter().map(move |before| format!("{before}{form}")))
                .collect();
        }
        names.extend(joined);
    }
    names
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::spellings;

    #[test]
    fn the_spellings_of_a_name_hold_the_usual_ones() {
        for (rust_name, name) in [
            ("get_url", "GetURL"),
            ("get_url", "getUrl"),
            ("get_url", "get_url"),
            ("get_url", "Get_Url"),
            ("get_url", "GET_URL"),
            ("list_ids_by_url", "ListIDSByURL"),
        ] {
            let spellings = spellings(rust_name);
            assert!(spellings.iter().any(|spelling| spelling == name), "{name}: {spellings:?}");
        }
    }
}
