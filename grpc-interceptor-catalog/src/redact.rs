//! Which metadata is hidden.

/// Shown in place of a hidden value.
pub(crate) const REDACTED: &str = "[redacted]";

/// Keys whose values are credentials.
const SECRET: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

/// Returns whether the value of this key is a credential.
pub(crate) fn is_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

/// Returns whether the key's name suggests a credential. For interceptors that show all metadata by
/// default.
#[cfg(feature = "rpcz")]
pub(crate) fn seems_secret(key: &str) -> bool {
    // This runs for each key of each call. Most positions are ruled out by looking at two letters.
    let key = key.as_bytes();
    let mut pairs = key.windows(2).enumerate();
    matches!(key, [.., b'-' | b'_', b'k', b'e', b'y'])
        || pairs.any(|(at, pair)| MAY_BEGIN[hash(pair[0], pair[1])] && begins_word(&key[at..]))
}

/// Indexed by the hash of two letters: whether one of the words can begin with them.
#[cfg(feature = "rpcz")]
const MAY_BEGIN: [bool; 256] = {
    let (mut may_begin, mut word) = ([false; 256], 0);
    while word < WORDS.len() {
        let letters = WORDS[word].as_bytes();
        may_begin[hash(letters[0], letters[1])] = true;
        word += 1;
    }
    may_begin
};

#[cfg(feature = "rpcz")]
const fn hash(first: u8, second: u8) -> usize {
    (first.wrapping_mul(31) ^ second) as usize
}

#[cfg(feature = "rpcz")]
const WORDS: [&str; 16] = [
    "apikey",
    "api-key",
    "api_key",
    "assertion",
    "auth",
    "bearer",
    "cookie",
    "cred",
    "jwt",
    "passw",
    "private",
    "pwd",
    "secret",
    "session",
    "signature",
    "token",
];

#[cfg(feature = "rpcz")]
fn begins_word(key: &[u8]) -> bool {
    WORDS.iter().any(|word| key[..2] == word.as_bytes()[..2] && key.starts_with(word.as_bytes()))
}

#[cfg(all(test, feature = "rpcz"))]
mod tests {
    use super::{WORDS, seems_secret};

    #[test]
    fn words_are_found_anywhere_in_a_key() {
        for word in WORDS {
            for key in
                [word.to_owned(), format!("x-{word}"), format!("{word}-2"), format!("aas{word}s")]
            {
                assert!(seems_secret(&key), "{key}");
            }
            assert!(!seems_secret(&word[..word.len() - 1]), "{word}");
        }
        for key in [
            "",
            "user-agent",
            "tenant",
            "x-request-id",
            "request_id",
            "traceparent",
            "accept",
            "key",
            "monkey",
            "key-count",
        ] {
            assert!(!seems_secret(key), "{key}");
        }
    }

    #[test]
    fn common_api_key_headers_are_secret() {
        for key in [
            "ocp-apim-subscription-key",
            "x-functions-key",
            "x-access-key",
            "access_key",
            "x-bearer",
            "db-pwd",
        ] {
            assert!(seems_secret(key), "{key}");
        }
    }
}
