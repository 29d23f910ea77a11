//! Misuse is a compile error that says what to write instead. Each file in `ui` is named after its
//! mistake; the expected compiler output is next to it.

#[rustversion::attr(not(stable(1.95)), ignore = "the compiler's words are those of Rust 1.95")]
#[test]
fn misuse_is_a_compile_error() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
