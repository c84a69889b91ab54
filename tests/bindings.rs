//! `ui/src/bindings.ts` is what the code would generate now. That the window calls what there is
//! follows from it: `ipc.ts` is checked against it by TypeScript.
//!
//! After a change to a command or a view: `make bindings`.

const WRITTEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/bindings.ts");

/// What the code would generate now. No line ends in a space.
fn generated() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bindings.ts");
    desktop::bindings::export(&path).expect("every type has its TypeScript");
    let text = std::fs::read_to_string(&path).expect("it was written");
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
        + "\n"
}

#[test]
fn the_typescript_is_what_the_code_says() {
    let now = generated();
    if std::env::var_os("GALLEY_WRITE_BINDINGS").is_some() {
        std::fs::write(WRITTEN, &now).expect("ui/src/bindings.ts can be written");
    }
    let written = std::fs::read_to_string(WRITTEN).expect("ui/src/bindings.ts is there");
    let first_difference = now
        .lines()
        .zip(written.lines())
        .position(|(now, written)| now != written);
    assert!(
        now == written,
        "ui/src/bindings.ts is out of date from line {}: run `make bindings`",
        first_difference.unwrap_or_else(|| now.lines().count().min(written.lines().count())) + 1
    );
}
