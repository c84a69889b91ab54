//! What `docs/limits.md` tells people is what the code refuses.

use domain::limits;

/// A limit as the table writes it: `4 MiB`, `256 KiB`, `50,000`.
fn read(cell: &str) -> Option<usize> {
    let (number, unit) = cell.split_once(' ').unwrap_or((cell, ""));
    let number: usize = number.replace(',', "").parse().ok()?;
    match unit {
        "MiB" => Some(number << 20),
        "KiB" => Some(number << 10),
        "" => Some(number),
        _ => None,
    }
}

#[test]
fn the_table_of_a_project_is_the_code() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/limits.md"))
            .expect("the page is there");
    let table = page
        .split("\n## ")
        .find(|section| section.starts_with("In a project"))
        .expect("the section is there");
    let told: Vec<usize> = table
        .lines()
        .filter(|line| line.starts_with('|') && !line.contains("---"))
        .skip(1)
        .map(|line| {
            let cell = line.split('|').nth(2).unwrap_or_default().trim();
            read(cell).unwrap_or_else(|| panic!("no limit in: {line}"))
        })
        .collect();
    assert_eq!(
        told,
        [
            limits::CONTENT_BYTES,
            limits::DATASET_BYTES,
            limits::CASES,
            limits::MESSAGES,
            limits::INPUTS,
            limits::TOOLS,
            limits::INCLUDES,
            limits::INCLUDE_DEPTH,
            limits::NAME_CHARS,
            limits::TEXT_BYTES,
            limits::COMMAND_BYTES,
            limits::PARENTS,
            limits::CHANGES,
            limits::SIDES,
            limits::ENVIRONMENTS,
            limits::APPROVALS as usize,
            limits::DEMANDS,
            limits::OFFSETS,
            limits::STEPS,
            limits::GRADERS,
            limits::REPEATS as usize,
            limits::ASKINGS as usize,
            limits::RUN_COLUMNS,
            limits::RUN_ANSWERS,
            limits::EVIDENCE_DAYS as usize,
            usize::try_from(limits::OVERLAP_MILLIS / (24 * 60 * 60 * 1000)).expect("days"),
            limits::NAMED,
            limits::JSON_DEPTH,
            limits::RENDERED_BYTES,
            limits::RENDER_STEPS,
            limits::PATTERN_BYTES,
            limits::SCHEMA_BYTES,
        ],
        "docs/limits.md and crates/domain/src/limits.rs say the same, in this order"
    );
}
