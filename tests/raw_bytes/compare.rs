//! Runs one call at a time, and collects the differences.

use std::{fmt::Write as _, future::Future, time::Duration};

use crate::text::Lines;

/// Everything that can be observed about a call.
pub struct Seen {
    pub lines: Lines,
    /// A body after a layer could panic on such a poll.
    pub polls_behind_the_end: usize,
}

impl Seen {
    /// For a call that can panic or never end.
    pub async fn of(call: impl Future<Output = Seen> + Send + 'static) -> Seen {
        let mut task = tokio::spawn(call);
        let failure = match tokio::time::timeout(Duration::from_secs(10), &mut task).await {
            Ok(Ok(seen)) => return seen,
            Ok(Err(error)) => panic_message(error),
            Err(_) => "never ends".to_owned(),
        };
        task.abort();
        Seen { lines: vec![failure], polls_behind_the_end: 0 }
    }

    /// The lines that the other one doesn't have in the same place.
    fn unlike(&self, other: &Seen) -> Lines {
        let longest = self.lines.len().max(other.lines.len());
        let differing = (0..longest).filter(|&at| self.lines.get(at) != other.lines.get(at));
        differing
            .map(|at| self.lines.get(at).map_or("nothing".to_owned(), |line| shorten(line)))
            .collect()
    }
}

fn panic_message(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    format!("panics: {}", text.or(panic.downcast_ref().copied()).unwrap_or_default())
}

/// They contain raw bytes.
fn shorten(line: &str) -> String {
    const ENOUGH: usize = 300;
    let start: String = line.chars().take(ENOUGH).collect();
    let more = match line.len() - start.len() {
        0 => String::new(),
        more => format!("… and {more} bytes"),
    };
    start.replace(char::is_control, ".") + &more
}

/// What is wrong with a call, in one form or several.
struct Difference {
    call: String,
    what: String,
    forms: Vec<&'static str>,
}

/// What intercepted calls have in common with bare ones, and how they differ.
#[derive(Default)]
pub struct Comparison {
    calls: usize,
    comparisons: usize,
    differences: Vec<Difference>,
}

impl Comparison {
    /// Makes one call in the bare form, then in each of the other forms, which are given with their
    /// names.
    pub async fn call<F>(
        &mut self,
        call: &str,
        bare: F,
        forms: impl Iterator<Item = (&'static str, F)>,
    ) where
        F: Future<Output = Seen> + Send + 'static,
    {
        self.calls += 1;
        let bare = Seen::of(bare).await;
        for (form, intercepted) in forms {
            self.compare(call, form, &bare, &Seen::of(intercepted).await);
        }
    }

    fn compare(&mut self, call: &str, form: &'static str, bare: &Seen, intercepted: &Seen) {
        self.comparisons += 1;
        if bare.lines != intercepted.lines {
            let (wanted, found) = (bare.unlike(intercepted), intercepted.unlike(bare));
            let (wanted, found) = (wanted.join("; "), found.join("; "));
            self.add(call, form, format!("bare:        {wanted}\n    intercepted: {found}"));
        }
        // A missing poll does no harm.
        let (wanted, found) = (bare.polls_behind_the_end, intercepted.polls_behind_the_end);
        if found > wanted {
            self.add(call, form, format!("polls behind the end: {found} instead of {wanted}"));
        }
    }

    fn add(&mut self, call: &str, form: &'static str, what: String) {
        let mut of_call = self.differences.iter_mut().rev().take_while(|other| other.call == call);
        match of_call.find(|other| other.what == what) {
            Some(same) => same.forms.push(form),
            None => {
                let call = call.to_owned();
                self.differences.push(Difference { call, what, forms: vec![form] });
            }
        }
    }

    /// Fails with all differences at once. Takes the number of calls and forms, and how many pairs
    /// of them are left out, so that none gets lost.
    pub fn finish(self, calls: usize, forms: usize, left_out: usize) {
        assert_eq!((self.calls, self.comparisons), (calls, calls * forms - left_out));
        let mut report = String::new();
        for Difference { call, what, forms } in &self.differences {
            let _ = writeln!(report, "{call}, in the forms {forms:?}\n    {what}");
        }
        let differing: usize = self.differences.iter().map(|found| found.forms.len()).sum();
        let comparisons = self.comparisons;
        assert!(differing == 0, "{differing} differences in {comparisons} comparisons:\n{report}");
    }
}
