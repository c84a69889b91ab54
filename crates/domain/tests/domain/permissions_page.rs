//! Who may do what: the page for people and the table in the code say the same.

use domain::permissions::{COMMANDS, Least, ServiceMay};

fn in_words(least: Least) -> &'static str {
    match least {
        Least::Role(role) => role.as_str(),
        Least::Nobody => "nobody",
        Least::Otherwise => "otherwise",
    }
}

fn service_in_words(may: ServiceMay) -> &'static str {
    match may {
        ServiceMay::Never => "–",
        ServiceMay::Save => "save",
        ServiceMay::Run => "run",
        ServiceMay::Ask => "ask",
        ServiceMay::AskOwn => "ask, its own",
        ServiceMay::Release => "release, there",
    }
}

#[test]
fn the_page_and_the_table_say_the_same() {
    let page = include_str!("../../../../docs/permissions.md");
    let told: Vec<&str> = page.lines().filter(|l| l.starts_with("| `")).collect();
    let table: Vec<String> = COMMANDS
        .iter()
        .map(|row| {
            format!(
                "| `{}` | {} | {} | {} |",
                row.command,
                in_words(row.own),
                in_words(row.other),
                service_in_words(row.service)
            )
        })
        .collect();
    assert_eq!(told, table);
}
