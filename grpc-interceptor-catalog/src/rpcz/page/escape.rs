use std::fmt;

/// Text escaped for HTML, inside an element or a quoted attribute.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        write!(Escaping(formatter), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '`']) {
            let (before, special) = rest.split_at(at);
            self.0.write_str(before)?;
            self.0.write_str(match special.as_bytes()[0] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\'' => "&#39;",
                _ => "&#96;",
            })?;
            rest = &special[1..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn html_special_characters_are_escaped() {
        for (text, escaped) in [
            ("", ""),
            ("Ada", "Ada"),
            ("é 😀 \u{202e}", "é 😀 \u{202e}"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onmouseover='x' `", "&quot; onmouseover=&#39;x&#39; &#96;"),
            ("&amp;", "&amp;amp;"),
            ("a<é>", "a&lt;é&gt;"),
        ] {
            assert_eq!(Escaped(text).to_string(), escaped);
        }
        // Text that is written in pieces.
        assert_eq!(Escaped(format_args!("{}<{}", "<", '>')).to_string(), "&lt;&lt;&gt;");
    }
}
