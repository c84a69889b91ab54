//! Policies on the command line: read, changed by options and by a file, and refused in words and codes.

use super::command_line::{done, galley};
use super::terminal_review::{fails, json, says, team, wrong_use};

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_read_changed_and_given_back_by_admins() {
    let team = team().await;
    let (ana, ben) = (&team.ana, &team.ben);
    let set = |more: &[&str]| {
        [&["policy", "set", "production"][..], more]
            .concat()
            .join(" ")
    };
    for wrong in [
        set(&["--approvals"]),
        set(&["--approvals", "many"]),
        set(&["--independent", "perhaps"]),
        set(&["--from", "p.yaml", "--approvals", "1"]),
        "policy show".to_owned(),
        "policy unset production".to_owned(),
    ] {
        wrong_use(ana, &wrong.split(' ').collect::<Vec<_>>());
    }
    for (refused, words) in [
        (set(&["--approvals", "11"]), "at most 10 approvals"),
        (set(&["--independent", "true"]), "none can be independent"),
        (set(&["--after", "production"]), "can't come before itself"),
        (set(&["--after", "nowhere"]), "nowhere"),
        (set(&["--from", "/no/such/file"]), "/no/such/file"),
        (
            "policy show nowhere".to_owned(),
            "there is no environment named nowhere",
        ),
    ] {
        let (_, said) = fails(ana, &refused.split(' ').collect::<Vec<_>>());
        says(&said, &[words]);
    }
    assert_eq!(
        json(ana, &["policy", "show", "production"])["draft"]["approvals"],
        0
    );

    // An author reads it; an admin changes it by the options, and by the file that `show` writes.
    let (code, said) = fails(ben, &["policy", "set", "production", "--approvals", "1"]);
    assert_eq!(code, "not_allowed", "{said}");
    done(ana, &["policy", "set", "production", "--approvals", "2"]);
    done(
        ana,
        &["policy", "set", "production", "--may-override", "true"],
    );
    let yaml = done(ben, &["policy", "show", "production"]);
    says(&yaml, &["approvals: 2", "may_override: true"]);
    let yaml = yaml.replace("approvals: 2", "approvals: 3").replace(
        "freezes: []",
        "freezes:\n- name: Weekend\n  zone: Europe/Berlin\n  weekly: true\n  from: Friday 18:00\n  until: Monday 08:00",
    );
    let from = ["policy", "set", "production", "--from", "-"];
    let (code, said) = galley(ana, &from, &yaml, None);
    assert_eq!(code, Some(0), "{said}");
    says(
        &said,
        &["3 approvals", "Weekend", "An admin may set this aside"],
    );
    let view = json(ben, &["policy", "show", "production"]);
    assert_eq!(view["set_by"], "Ana Ferreira");
    assert_eq!(view["draft"]["freezes"][0]["zone"], "Europe/Berlin");
    for (broken, words) in [
        (
            yaml.replace("Europe/Berlin", "Europe/Nowhere"),
            "Europe/Nowhere",
        ),
        (yaml.replace("Friday 18:00", "Friday 25:00"), "25:00"),
        (yaml.replace("approvals: 3", "approvals: some"), "approvals"),
    ] {
        let (code, said) = galley(ana, &from, &broken, None);
        assert_eq!(code, Some(1), "{said}");
        says(&said, &[words]);
    }
    assert_eq!(
        json(ana, &["policy", "show", "production"])["draft"]["approvals"],
        3
    );
    says(&done(ben, &["log"]), &["policy"]);
}
