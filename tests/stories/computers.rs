//! One person on two computers, from the terminal, each with a keychain of its own.

use super::command_line::{done, galley};
use super::terminal::{founded, writes};
use crate::support::{Desk, Line, Registry};

#[tokio::test(flavor = "multi_thread")]
async fn a_further_computer_begins_with_a_link_that_works_once() {
    let registry = Registry::start().await;
    let office = founded(&registry).await;
    writes(&office, "new", "Sort the mail.");
    done(&office, &["save", "support/triage", "-m", "The first"]);
    let made = done(&office, &["people", "add-computer"]);
    let link = made
        .split_whitespace()
        .find(|word| word.starts_with("gal_dev_"))
        .unwrap_or_else(|| panic!("it is written once: {made}"));

    let (home, address) = (Desk::new().await, registry.address());
    let begin = ["login", "computer", &address];
    let (code, said) = galley(&home, &begin, "", Some(link));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("you are Ana Ferreira in it"), "{said}");
    let shown = done(&home, &["show", "support/triage"]);
    assert!(shown.contains("Sort the mail."), "{shown}");
    writes(&home, "edit", "Sort the letters.");
    done(&home, &["save", "support/triage", "-m", "From home"]);
    done(&office, &["sync"]);
    let log = done(&office, &["log", "support/triage"]);
    assert!(
        log.contains("From home") && log.contains("Ana Ferreira"),
        "{log}"
    );

    let elsewhere = Desk::new().await;
    let (code, said) = galley(&elsewhere, &begin, "", Some(link));
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("make a new one on a computer that you work on"),
        "{said}"
    );
    let verified = done(&home, &["verify"]);
    assert!(
        verified.contains("In order") || verified.contains("in order"),
        "{verified}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_takes_nothing_from_a_joining_that_was_begun() {
    let registry = Registry::start().await;
    let office = founded(&registry).await;
    let secret = |arguments: &[&str], prefix: &str| {
        let made = done(&office, arguments);
        let found = made
            .split_whitespace()
            .find(|word| word.starts_with(prefix));
        found.unwrap_or_else(|| panic!("{made}")).to_owned()
    };
    let invitation = secret(&["people", "invite", "Ben"], "gal_inv_");
    let link = secret(&["people", "add-computer"], "gal_dev_");

    // Ben is let in, and his computer does not hear of it.
    let (desk, line) = (Desk::new().await, Line::before(&registry).await);
    line.loses_the_next_answer();
    let (far, near) = (line.address(), registry.address());
    let joins = ["login", "team", &far, "--as", "Ben"];
    let (code, said) = galley(&desk, &joins, "", Some(&invitation));
    assert_eq!(code, Some(1), "{said}");
    assert!(done(&desk, &["project", "list"]).contains("being set up"));

    let enters = ["login", "computer", &near];
    let (code, said) = galley(&desk, &enters, "", Some(&link));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is being set up here"), "{said}");
    let (code, said) = galley(&desk, &joins, "", Some(&invitation));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("you are Ben in it"), "{said}");
}
