use tonic::codegen::http::HeaderMap;

/// Tells whether metadata was changed, at the cost of one pass over it: a value that was put there is somewhere
/// else in memory than the one that came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(usize);

impl Mark {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Mark(headers.iter().fold(headers.len(), |mark, (_, value)| {
            let value = value.as_bytes();
            mark.rotate_left(5) ^ value.as_ptr().addr() ^ value.len()
        }))
    }
}

#[cfg(test)]
mod tests {
    use tonic::codegen::http::{HeaderMap, HeaderValue};

    use super::Mark;

    #[test]
    fn each_change_is_seen() {
        let mut headers = HeaderMap::new();
        headers.insert("user", HeaderValue::from_str("ada").unwrap());
        headers.insert("other", HeaderValue::from_str("1").unwrap());
        let mark = Mark::of(&headers);
        assert!(mark == Mark::of(&headers));

        let changes: [fn(&mut HeaderMap); 5] = [
            |headers| drop(headers.insert("user", HeaderValue::from_static("admin"))),
            |headers| drop(headers.insert("user", HeaderValue::from_str("ada").unwrap())),
            |headers| drop(headers.insert("new", HeaderValue::from_static("1"))),
            |headers| drop(headers.remove("other")),
            |headers| assert!(headers.append("user", HeaderValue::from_static("admin"))),
        ];
        for change in changes {
            let mut changed = headers.clone();
            let mark = Mark::of(&changed);
            change(&mut changed);
            assert!(mark != Mark::of(&changed));
        }
    }
}
