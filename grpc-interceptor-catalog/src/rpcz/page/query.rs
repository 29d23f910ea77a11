//! The query of a request.

/// The known parameters. Unknown ones are ignored.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Query {
    pub(super) method: Option<String>,
    pub(super) filter: String,
    pub(super) sort: String,
    pub(super) format: String,
}

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        let mut parsed = Query::default();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value);
            match key {
                "method" if !value.is_empty() => parsed.method = Some(value),
                "filter" => parsed.filter = value,
                "sort" => parsed.sort = value,
                "format" => parsed.format = value,
                _ => {}
            }
        }
        parsed
    }

    /// Returns a link to the same page in another order.
    pub(super) fn sorted_by(&self, sort: &str) -> String {
        let mut link = format!("?sort={}", encoded(sort));
        if !self.filter.is_empty() {
            link.push_str("&filter=");
            link.push_str(&encoded(&self.filter));
        }
        link
    }
}

/// Decodes a value that an HTML form submitted.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', &rest[1..]),
            },
            (byte, _) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{Query, decoded, encoded};

    #[test]
    fn encoding_round_trips() {
        for text in ["", "server/a.B/C", "a b&c=d+e%", "é😀", "<script>\"'"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("a+b%2"), "a b%2");
        assert_eq!(decoded("%zz%ff"), "%zz\u{fffd}");
    }

    #[test]
    fn unknown_parameters_are_ignored() {
        let query = Query::parse("x=1&filter=a+b&sort=-rate&&method=&format");
        assert_eq!(
            query,
            Query { filter: "a b".to_owned(), sort: "-rate".to_owned(), ..Query::default() }
        );
        assert_eq!(query.sorted_by("p99"), "?sort=p99&filter=a%20b");
    }
}
