//! The page for application engineers gives examples of slots; whoever writes a client checks
//! against them.

use domain::ReleaseId;
use domain::split::slot;

#[test]
fn the_examples_on_the_page_are_right() {
    let page = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/serving.md"
    ))
    .expect("the page");
    let mut examples = 0;
    for line in page.lines() {
        let cells: Vec<_> = line
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        let ["", salt, unit, number, ""] = cells.as_slice() else {
            continue;
        };
        let (Ok(salt), Ok(number)) = (salt.parse::<ReleaseId>(), number.parse::<u32>()) else {
            continue;
        };
        assert_eq!(slot(salt, unit), number, "{unit} under {salt}");
        examples += 1;
    }
    assert_eq!(examples, 5);
}
