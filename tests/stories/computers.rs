//! One person on two computers, from the terminal, each with a keychain of its own.

use super::command_line::{done, galley};
use super::terminal::{founded, writes};
use crate::support::{Desk, Registry};

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
