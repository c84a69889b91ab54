//! `ui/src/bindings.ts` is what the code would generate now, and `ipc.ts` calls what there is.
//!
//! After a change to a command or a view: `make bindings`.

use std::collections::BTreeMap;

const WRITTEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/bindings.ts");
const IPC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/ipc.ts");

/// What the code would generate now. No line ends in a space.
fn generated() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bindings.ts");
    desktop::bindings::export(&path).expect("every type has its TypeScript");
    let text = std::fs::read_to_string(&path).expect("it was written");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_typescript_is_what_the_code_says() {
    let now = generated();
    if std::env::var_os("GALLEY_WRITE_BINDINGS").is_some() {
        std::fs::write(WRITTEN, &now).expect("ui/src/bindings.ts can be written");
    }
    let written = std::fs::read_to_string(WRITTEN).expect("ui/src/bindings.ts is there");
    let first_difference = now.lines().zip(written.lines()).position(|(now, written)| now != written);
    assert!(
        now == written,
        "ui/src/bindings.ts is out of date from line {}: run `make bindings`",
        first_difference.map_or_else(|| now.lines().count().min(written.lines().count()), |line| line) + 1
    );
}

#[test]
fn the_window_calls_the_commands_by_their_names_and_arguments() {
    let ipc = std::fs::read_to_string(IPC).expect("ui/src/ipc.ts is there");
    let (_, table) = ipc.split_once("const commands = {").expect("ipc.ts has the table of commands");
    let (table, _) = table.split_once("} as const").expect("the table ends");
    let mut called = BTreeMap::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, arguments) = line.split_once(": [").expect("a line names a command and its arguments");
        let arguments = arguments.trim_end_matches([']', ',']).replace('"', "");
        let arguments: Vec<String> =
            arguments.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
        called.insert(name.to_owned(), arguments);
    }

    // In the generated file a command is `name: (a: A, b: B) => __TAURI_INVOKE<…>("name", { a, b })`.
    let text = generated();
    let (_, offered) = text.split_once("export const commands = {").expect("the commands are exported");
    let mut offers = BTreeMap::new();
    for line in offered.lines().take_while(|line| *line != "};") {
        let Some((head, call)) = line.split_once("__TAURI_INVOKE") else { continue };
        let name = head.trim_start().split([':', '(']).next().unwrap_or_default();
        let name = name.trim_start_matches("async ").trim().to_owned();
        let arguments = match call.rsplit_once('{').and_then(|(_, rest)| rest.split_once('}')) {
            Some((inside, _)) => {
                inside.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
            }
            None => Vec::new(),
        };
        offers.insert(name, arguments);
    }
    assert!(offers.len() > 50, "the generated file has another shape than this test reads: {offers:?}");
    for (name, arguments) in &called {
        assert_eq!(offers.get(name), Some(arguments), "ipc.ts calls {name}, which Rust offers otherwise");
    }
}
