/// Emits a `tracing` event whose level is only known at run time. `tracing` needs a separate call
/// site for each level.
macro_rules! event {
    ($target:literal, $level:expr, $parent:expr, $($fields:tt)*) => {
        match $level {
            ::tracing::Level::ERROR => $crate::event::event!(@ERROR $target, $parent, $($fields)*),
            ::tracing::Level::WARN => $crate::event::event!(@WARN $target, $parent, $($fields)*),
            ::tracing::Level::INFO => $crate::event::event!(@INFO $target, $parent, $($fields)*),
            ::tracing::Level::DEBUG => $crate::event::event!(@DEBUG $target, $parent, $($fields)*),
            ::tracing::Level::TRACE => $crate::event::event!(@TRACE $target, $parent, $($fields)*),
        }
    };
    (@$level:ident $target:literal, $parent:expr, $($fields:tt)*) => {
        ::tracing::event!(target: $target, parent: $parent, ::tracing::Level::$level, $($fields)*)
    };
}

pub(crate) use event;
