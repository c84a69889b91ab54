//! A display that nobody looks at. One for all windows of a test run.

use super::program::installed;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The display's name, for `DISPLAY`. It is always our own: screenshots have one size everywhere,
/// and nobody's desktop is disturbed.
pub fn name() -> &'static str {
    static DISPLAY: OnceLock<String> = OnceLock::new();
    DISPLAY.get_or_init(start)
}

fn start() -> String {
    // The shell holds Xvfb on a leash: it ends with us, however we end, because then its input
    // closes. (A static is never dropped.)
    let leash = r#""$0" -displayfd 3 -screen 0 1360x860x24 -nolisten tcp 3>&1 >/dev/null 2>&1 & read -r _; kill $!"#;
    let mut shell = Command::new("sh")
        .args(["-c", leash])
        .arg(installed("Xvfb"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut out = std::io::BufReader::new(shell.stdout.take().expect("its output is a pipe"));
    let mut number = String::new();
    std::io::BufRead::read_line(&mut out, &mut number).expect("Xvfb says its display");
    let number: u32 = number
        .trim()
        .parse()
        .expect("Xvfb started and said its display");
    // Dropping the handle would close the pipe that is the leash.
    std::mem::forget(shell);
    format!(":{number}")
}
