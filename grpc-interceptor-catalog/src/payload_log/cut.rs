use std::fmt::{self, Write};

/// Writes the text of a message.
type Show<'a> = &'a dyn Fn(&mut dyn Write) -> fmt::Result;

/// The text of a message, cut to at most `max` bytes with "…" appended. It is a single line:
/// control characters are escaped.
///
/// It is only written if a subscriber records the event, which `tracing` can't always tell in
/// advance.
pub(super) struct Cut<'a> {
    pub(super) max: usize,
    pub(super) show: Show<'a>,
}

impl fmt::Display for Cut<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cutting = Cutting { formatter, left: self.max };
        match (self.show)(&mut cutting) {
            Ok(()) => Ok(()),
            Err(fmt::Error) => formatter.write_char('…'),
        }
    }
}

/// Fails once the text is long enough.
struct Cutting<'a, 'b> {
    formatter: &'a mut fmt::Formatter<'b>,
    left: usize,
}

impl Write for Cutting<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            match self.left.checked_sub(letter.len_utf8()) {
                Some(left) => self.left = left,
                None => {
                    // A writer stops at this error. If it ignores the error, nothing more is
                    // written.
                    self.left = 0;
                    return Err(fmt::Error);
                }
            }
            match letter.is_control() {
                true => write!(self.formatter, "{}", letter.escape_default())?,
                false => self.formatter.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{self, Write};

    use super::Cut;

    fn cut(max: usize, show: &dyn Fn(&mut dyn Write) -> fmt::Result) -> String {
        Cut { max, show }.to_string()
    }

    #[test]
    fn text_is_cut_between_characters() {
        let cut = |max, text: &str| cut(max, &|to| write!(to, "{text}"));
        assert_eq!(cut(4, "abc"), "abc");
        assert_eq!(cut(3, "abc"), "abc");
        assert_eq!(cut(2, "abc"), "ab…");
        assert_eq!(cut(0, "abc"), "…");
        // A two-byte letter.
        assert_eq!(cut(1, "äb"), "…");
        assert_eq!(cut(2, "äb"), "ä…");
    }

    #[test]
    fn nothing_is_written_after_the_cut() {
        let cut = cut(3, &|to| {
            for text in ["ab", "cd", "e", "f"] {
                // Ignore the result, as a careless implementation would.
                let _ = to.write_str(text);
            }
            Err(fmt::Error)
        });
        assert_eq!(cut, "abc…");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(cut(100, &|to| to.write_str("a\nb\r\u{1b}[31m")), r"a\nb\r\u{1b}[31m");
    }
}
