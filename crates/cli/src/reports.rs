//! Outcomes as files that pipelines read: JUnit XML and Markdown.

use crate::Failure;
use crate::gate_arguments::Reports;
use domain::statistics::verdict::GateOutcome;
use std::path::Path;
use workbench::views::{GateView, ResultCell, RunView};

/// Writes the files that were asked for.
pub fn write(reports: &Reports, run: Option<&RunView>, gates: &[GateView]) -> Result<(), Failure> {
    let put = |path: &Path, text: String| {
        std::fs::write(path, text)
            .map_err(|error| Failure::other(format!("{}: {error}", path.display())))
    };
    if let Some(path) = &reports.junit {
        put(path, junit(run, gates))?;
    }
    if let Some(path) = &reports.markdown {
        put(path, markdown(run, gates))?;
    }
    Ok(())
}

/// Whether an answer waits for a person's mark: it has neither passed nor failed, for a reason.
pub fn waits(cell: &ResultCell) -> bool {
    cell.error.is_none() && cell.pass.is_none() && !cell.reason.is_empty()
}

/// What an outcome is called.
pub fn outcome(outcome: GateOutcome) -> &'static str {
    match outcome {
        GateOutcome::Pass => "pass",
        GateOutcome::Fail => "fail",
        GateOutcome::CantTell => "can't tell",
    }
}

// One suite for each column of the run with one case for each row, and one for the gates. A gate
// that can't tell is an error: the test did not come to an end.
fn junit(run: Option<&RunView>, gates: &[GateView]) -> String {
    let mut suites = Vec::new();
    for (side, column) in run.iter().flat_map(|run| run.columns.iter().enumerate()) {
        let rows = run.iter().flat_map(|run| &run.rows);
        let cases: Vec<(String, Told, String)> = rows
            .filter_map(|row| {
                let cell = row.cells.get(side)?.as_ref()?;
                let told = match (&cell.error, cell.pass) {
                    (Some(_), _) => Told::Error,
                    (None, Some(false)) => Told::Failure,
                    // Not marked by a person yet: the test did not come to an end.
                    (None, None) if waits(cell) => Told::Error,
                    _ => Told::Good,
                };
                let name = format!("{} {}", row.case + 1, row.input_text);
                let why = cell.error.clone().unwrap_or_else(|| cell.reason.clone());
                Some((name, told, why))
            })
            .collect();
        suites.push(suite(&column.label, &cases));
    }
    let told: Vec<_> = gates
        .iter()
        .map(|gate| {
            let told = match gate.outcome {
                GateOutcome::Pass => Told::Good,
                GateOutcome::Fail => Told::Failure,
                GateOutcome::CantTell => Told::Error,
            };
            (
                format!("{} for {}", gate.name, gate.place),
                told,
                gate.words.clone(),
            )
        })
        .collect();
    if !told.is_empty() {
        suites.push(suite("gate", &told));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{}</testsuites>\n",
        suites.concat()
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Good,
    Failure,
    Error,
}

/// Characters of a case's name.
const NAME: usize = 200;

fn suite(name: &str, cases: &[(String, Told, String)]) -> String {
    let count = |which: Told| cases.iter().filter(|(_, told, _)| *told == which).count();
    let mut text = format!(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
        xml(name),
        cases.len(),
        count(Told::Failure),
        count(Told::Error)
    );
    for (case, told, why) in cases {
        let head = format!(
            "    <testcase classname=\"{}\" name=\"{}\"",
            xml(name),
            xml(&short(case))
        );
        text.push_str(&match told {
            Told::Good => format!("{head}/>\n"),
            Told::Failure => format!("{head}><failure message=\"{}\"/></testcase>\n", xml(why)),
            Told::Error => format!("{head}><error message=\"{}\"/></testcase>\n", xml(why)),
        });
    }
    text.push_str("  </testsuite>\n");
    text
}

// A case is named by what it asks, which may be a whole book: readers of such files show a line.
fn short(case: &str) -> String {
    let mut name: String = case.chars().take(NAME).collect();
    if name.len() < case.len() {
        name.push('…');
    }
    name
}

// What XML 1.0 has no way to write, even escaped, is left out.
fn xml(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\n' => written.push_str("&#10;"),
            '\r' => written.push_str("&#13;"),
            '\t' => written.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other < ' ' => {}
            other => written.push(other),
        }
    }
    written
}

fn markdown(run: Option<&RunView>, gates: &[GateView]) -> String {
    let mut text = String::new();
    for gate in gates {
        text.push_str(&format!(
            "## {} for {}: {}\n\n{}\n\n",
            plain(&gate.name),
            plain(&gate.place),
            outcome(gate.outcome),
            plain(&gate.words)
        ));
        for dependent in &gate.dependents {
            text.push_str(&format!("- {}\n", plain(&dependent.words)));
        }
    }
    let Some(run) = run else {
        return text;
    };
    text.push_str(&format!(
        "### {}\n\n{}\n\n",
        plain(&run.title),
        plain(&run.summary)
    ));
    let labels: Vec<_> = run
        .columns
        .iter()
        .map(|column| plain(&column.label))
        .collect();
    text.push_str(&format!("| case | input | {} |\n", labels.join(" | ")));
    text.push_str(&format!(
        "| ---: | --- |{}\n",
        " --- |".repeat(labels.len())
    ));
    let failing = |row: &&workbench::views::ResultRow| {
        let mut cells = row.cells.iter().flatten();
        cells.any(|cell| cell.pass == Some(false) || cell.error.is_some() || waits(cell))
    };
    for row in run.rows.iter().filter(failing) {
        let cells = row.cells.iter().map(|cell| match cell {
            None => "–".to_owned(),
            Some(cell) => match (&cell.error, cell.pass) {
                (Some(error), _) => plain(error),
                (None, Some(false)) => format!("✗ {}", plain(&cell.reason)),
                (None, None) if waits(cell) => plain(&cell.reason),
                (None, _) => "✓".to_owned(),
            },
        });
        text.push_str(&format!(
            "| {} | {} | {} |\n",
            row.case + 1,
            plain(&row.input_text),
            cells.collect::<Vec<_>>().join(" | ")
        ));
    }
    text
}

// What people and models wrote is shown as text: no mark-up of theirs, and one line.
fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                written.push('\\');
                written.push(letter);
            }
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '&' => written.push_str("&amp;"),
            other if other.is_control() => written.push(' '),
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_models_wrote_stays_text() {
        assert_eq!(
            xml("a<b & \"c\"\u{0}\u{b}\nd"),
            "a&lt;b &amp; &quot;c&quot;&#10;d"
        );
        assert_eq!(
            plain("|x| <b>[y](z)</b>\n# h"),
            "\\|x\\| &lt;b&gt;\\[y\\](z)&lt;/b&gt; \\# h"
        );
    }

    #[test]
    fn a_suite_counts_what_it_holds() {
        let told = suite(
            "v2",
            &[
                ("1".to_owned(), Told::Good, String::new()),
                ("2".to_owned(), Told::Failure, "no <yes>".to_owned()),
                ("3".to_owned(), Told::Error, "cut off".to_owned()),
            ],
        );
        assert!(
            told.contains(r#"tests="3" failures="1" errors="1""#),
            "{told}"
        );
        assert!(
            told.contains(r#"<failure message="no &lt;yes&gt;"/>"#),
            "{told}"
        );
        assert!(told.contains(r#"<error message="cut off"/>"#), "{told}");
    }
}
