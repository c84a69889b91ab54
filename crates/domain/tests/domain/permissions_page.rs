//! Who may do what: the page for people and the table in the code say the same.

use domain::permissions::{COMMANDS, Least, Role, ServiceMay, may_manage_webhooks};

const ROLES: [Role; 4] = [Role::Viewer, Role::Author, Role::Reviewer, Role::Admin];

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

#[test]
fn webhooks_are_for_admins_who_are_human() {
    let page = include_str!("../../../../docs/permissions.md");
    let told: Vec<&str> = page
        .lines()
        .filter(|l| l.starts_with("| webhooks:"))
        .collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("| admin | – |"), "{told:?}");
    for role in ROLES {
        assert_eq!(may_manage_webhooks(role, false), role == Role::Admin);
        assert!(!may_manage_webhooks(role, true), "a service has no role");
    }
}
