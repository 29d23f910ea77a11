//! What of a call's metadata isn't shown.

/// What stands in place of a value that isn't shown.
pub(crate) const REDACTED: &str = "[redacted]";

/// Keys whose values let somebody in.
const SECRET: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

/// If the value of this key lets somebody in.
pub(crate) fn is_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

/// If the value of this key may let somebody in, by its name. For those who show all there is.
#[cfg(feature = "rpcz")]
pub(crate) fn seems_secret(key: &str) -> bool {
    let key = key.as_bytes();
    // The first letter chooses: this runs for each key of each call.
    (0..key.len()).any(|at| {
        let words: &[&str] = match key[at] {
            b'a' => &["apikey", "api-key", "api_key", "assertion", "auth"],
            b'c' => &["cookie", "cred"],
            b'j' => &["jwt"],
            b'p' => &["passw", "private"],
            b's' => &["secret", "session", "signature"],
            b't' => &["token"],
            _ => return false,
        };
        words.iter().any(|word| key[at..].starts_with(word.as_bytes()))
    })
}
