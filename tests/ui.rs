//! Wrong use is a compile error that says what to write instead. Each file under `ui` is named
//! after the mistake in it; beside it are the compiler's words.

#[test]
fn wrong_use_is_a_compile_error() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
