//! Rights beside the ledger: the page for people and the code say the same.

use domain::permissions::{Role, may_manage_webhooks};

#[test]
fn webhooks_are_for_admins_who_are_human() {
    let page = include_str!("../../../../docs/permissions.md");
    let told: Vec<&str> = page
        .lines()
        .filter(|l| l.starts_with("| webhooks:"))
        .collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("| admin | – |"), "{told:?}");
    for role in [Role::Viewer, Role::Author, Role::Reviewer, Role::Admin] {
        assert_eq!(may_manage_webhooks(role, false), role == Role::Admin);
        assert!(!may_manage_webhooks(role, true), "a service has no role");
    }
}
