//! The headers of each answer.

use tonic::codegen::http::{HeaderMap, HeaderValue, header};

/// What the page may do: run its own script, have its own style, and ask for itself. The hashes are those of `page.js`
/// and `page.css`; a test says what they have to be.
const POLICY: &str = "default-src 'none'; connect-src 'self'; img-src data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'; \
    script-src 'sha256-VhNJw/uFC/bRfGBLeMCf091W3i8eMmE6R97H5O9a66Y='; \
    style-src 'sha256-u53KQIcYhLFKc00ectoqtbw0RsT+2FpSXegGuiYli/g='";

const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    // The answer depends on it.
    (header::VARY, "accept"),
];

pub(super) fn add(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};

    use super::{
        super::html::{SCRIPT, STYLE},
        POLICY,
    };

    #[test]
    fn the_policy_has_the_hashes_of_style_and_script() {
        for (directive, text) in [("script-src", SCRIPT), ("style-src", STYLE)] {
            let hash = STANDARD.encode(Sha256::digest(text));
            let right = format!("{directive} 'sha256-{hash}'");
            assert!(POLICY.contains(&right), "it has to be {right}");
        }
    }
}
