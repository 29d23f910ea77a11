//! The headers of each response.

use tonic::codegen::http::{HeaderMap, HeaderValue, header};

/// The page may run its own script, use its own style, and connect to its own origin. The hashes
/// are those of `page.js` and `page.css`; a test prints the expected ones.
const POLICY: &str = "default-src 'none'; connect-src 'self'; img-src data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'; \
    script-src 'sha256-CbyV+wR/4gsT0DINuym0Suk+YASlB9mxEhVWOiWp0kc='; \
    style-src 'sha256-u53KQIcYhLFKc00ectoqtbw0RsT+2FpSXegGuiYli/g='";

const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    // The response depends on it.
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
    fn the_policy_has_the_hashes_of_the_style_and_script() {
        for (directive, text) in [("script-src", SCRIPT), ("style-src", STYLE)] {
            let hash = STANDARD.encode(Sha256::digest(text));
            let right = format!("{directive} 'sha256-{hash}'");
            assert!(POLICY.contains(&right), "it has to be {right}");
        }
    }
}
