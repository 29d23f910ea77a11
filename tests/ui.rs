//! Wrong use is a compile error that says what to write instead. Each file under `ui` is named
//! after the mistake in it; beside it are the compiler's words.

#[rustversion::attr(not(stable(1.95)), ignore = "the compiler's words are those of Rust 1.95")]
#[test]
fn wrong_use_is_a_compile_error() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
