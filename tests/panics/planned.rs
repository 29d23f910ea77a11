//! The test's own panics, which it can recognize.

use std::{any::Any, panic, sync::Once};

/// The panic that a case tests.
pub(crate) const PLANNED: &str = "planned";
/// A value panics when it is dropped.
pub(crate) const DROPPED: &str = "dropped";
/// A lock was poisoned by [`PLANNED`].
pub(crate) const POISONED: &str = "poisoned";

/// The payload of each of the test's panics.
pub(crate) struct Planned {
    text: &'static str,
    /// Whether dropping the payload panics again.
    armed: bool,
}

impl Planned {
    pub(crate) fn raise(text: &'static str, armed: bool) -> ! {
        panic::panic_any(Planned { text, armed })
    }
}

impl Drop for Planned {
    fn drop(&mut self) {
        if self.armed {
            Planned::raise("the payload is dropped", false);
        }
    }
}

/// Returns a panic's text.
pub(crate) fn text_of(payload: &(dyn Any + Send)) -> String {
    let planned = payload.downcast_ref().map(|planned: &Planned| planned.text);
    let text = planned.or_else(|| payload.downcast_ref().copied());
    let string = payload.downcast_ref().cloned();
    text.map(str::to_owned).or(string).unwrap_or_else(|| "another payload".to_owned())
}

/// Rust prints each panic. The planned ones are so many that no one would notice another.
pub(crate) fn be_silent() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Planned>() {
                print(info);
            }
        }));
    });
}
