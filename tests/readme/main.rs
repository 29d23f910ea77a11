//! The README's code is compiled: each snippet is an excerpt of a file in `examples/orders`, and
//! each expression in its tables one of `used.rs`.

mod used;

use std::{fs, path::Path};

const README: &str = include_str!("../../README.md");

#[test]
fn each_snippet_is_an_excerpt_of_the_example() {
    let sources = sources();
    let snippets = snippets();
    assert!(snippets.len() > 8, "the README has snippets: {snippets:#?}");
    for snippet in snippets {
        assert!(
            sources.iter().any(|source| source.contains(&snippet)),
            "no file in examples/orders has this snippet of the README:\n{snippet}"
        );
    }
}

#[test]
fn the_expressions_in_its_tables_compile() {
    let used = squeezed(include_str!("used.rs"));
    let expressions: Vec<&str> = README
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .filter(|code| code.contains('('))
        .collect();
    assert!(expressions.len() > 10, "the tables have expressions: {expressions:#?}");
    for expression in expressions {
        assert!(used.contains(&squeezed(expression)), "used.rs doesn't have `{expression}`");
    }
}

#[test]
fn it_can_be_read_in_a_few_minutes() {
    let words = README.split_whitespace().count();
    assert!(words <= 1_500, "the README has {words} words: the rest belongs in the guide");
}

/// The files of `examples/orders`.
fn sources() -> Vec<String> {
    fn add(folder: &Path, sources: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, sources);
            } else {
                sources.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut sources = Vec::new();
    add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/orders"), &mut sources);
    sources
}

/// What stands between the fences, except pictures.
fn snippets() -> Vec<String> {
    let mut snippets = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let snippet: String = lines
            .by_ref()
            .take_while(|line| !line.starts_with("```"))
            .flat_map(|line| [line, "\n"])
            .collect();
        if language != "text" {
            snippets.push(snippet);
        }
    }
    snippets
}

/// Without spaces and line breaks, which rustfmt sets.
fn squeezed(code: &str) -> String {
    code.split_whitespace().collect()
}
