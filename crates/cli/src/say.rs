//! Answers: words for people, or one JSON document.

use crate::{Arguments, Failure};
use serde::Serialize;
use std::io::Write as _;
use std::process::ExitCode;
use workbench::views::PersonRole;

/// Writes an answer: `words` for people, `value` as JSON.
pub fn answer(arguments: &Arguments, value: &impl Serialize, words: impl FnOnce() -> String) {
    let text = if arguments.json {
        serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string())
    } else {
        words()
    };
    line(&text);
}

/// One line on standard output. A reader that went away is no fault of ours.
pub fn line(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// One line on standard error: questions and hints, which no pipe should carry.
pub fn hint(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Says why something was not done.
pub fn failure(arguments: &Arguments, failure: &Failure) -> ExitCode {
    if arguments.json {
        let json = serde_json::json!({
            "code": failure.code, "message": failure.message, "details": failure.details,
        });
        line(&serde_json::to_string_pretty(&json).unwrap_or_default());
    } else {
        hint(&format!("galley: {}", failure.message));
    }
    ExitCode::from(1)
}

/// Rows with columns as wide as what stands in them.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|text| text.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let draw = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| {
            let space = width.saturating_sub(cell.chars().count());
            format!("{cell}{}", " ".repeat(space))
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![draw(head.to_vec())];
    lines.extend(
        rows.iter()
            .map(|row| draw(row.iter().map(String::as_str).collect())),
    );
    lines.join("\n")
}

/// A time as people read it.
pub fn when(at: domain::Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// Reads a secret: `GALLEY_SECRET` (unless that is who acts), or a prompt that shows nothing, or a line of standard input.
pub fn secret(question: &str) -> Result<workbench::Secret, Failure> {
    if crate::service_mode::secret()?.is_none()
        && let Ok(secret) = std::env::var("GALLEY_SECRET")
    {
        return Ok(workbench::Secret::new(secret.trim()));
    }
    let typed = if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        rpassword::prompt_password(question).map_err(|error| Failure::other(error.to_string()))?
    } else {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .map_err(|error| Failure::other(error.to_string()))?;
        line
    };
    Ok(workbench::Secret::new(typed.trim()))
}

/// Asks a plain question; `option` would have answered it beforehand.
pub fn agreed(words: &[String], option: &str) -> Result<bool, Failure> {
    for line in words {
        hint(&format!("  {line}"));
    }
    if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return Err(Failure::other(format!(
            "say {option} to do it without being asked"
        )));
    }
    hint("Do it? [y/N]");
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::other(error.to_string()))?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// `1 entry`, `2 entries`.
pub fn count(number: u64, one: &str, several: &str) -> String {
    let what = if number == 1 { one } else { several };
    format!("{number} {what}")
}

/// What a role is called.
pub fn role(role: PersonRole) -> &'static str {
    match role {
        PersonRole::Viewer => "viewer",
        PersonRole::Author => "author",
        PersonRole::Reviewer => "reviewer",
        PersonRole::Admin => "admin",
    }
}
