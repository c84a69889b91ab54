//! Whatever happens to the registry, the application has a prompt, and knows how old it is.

use crate::faulty::{Answer, Faulty, KEY, STREAM, environment, event, quick, until};
use galley_sdk::{Galley, GetError, Options, Prompt, Source};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::sync::watch;

fn version(galley: &Galley) -> u32 {
    galley.get("a").map_or(0, |prompt| prompt.version)
}

fn problem(galley: &Galley) -> String {
    galley.status().problem.unwrap_or_default()
}

fn disk_problem(galley: &Galley) -> String {
    galley.status().disk_problem.unwrap_or_default()
}

/// Lets a client keep version `number` in a file, as it does itself.
async fn keep(path: &Path, number: u32) {
    let faulty = Faulty::start().await;
    faulty.release(number);
    let galley = faulty.open(Options::default().disk(path));
    galley.ready().await;
    until("the file", || path.exists()).await;
}

fn written_at(path: &Path, when: SystemTime) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(when).unwrap();
}

#[tokio::test]
async fn a_release_arrives_by_the_stream() {
    let faulty = Faulty::start().await;
    let galley = faulty.open(Options::default());
    galley.ready().await;
    assert_eq!(version(&galley), 1);
    until("the stream", || galley.status().live).await;
    faulty.release(2);
    until("the release", || version(&galley) == 2).await;
    assert!(!galley.is_stale());
}

#[tokio::test]
async fn the_same_is_read_again_without_its_body() {
    let faulty = Faulty::start().await;
    let galley = faulty.open(Options::default());
    until("a second read", || faulty.count() >= 2).await;
    let asked = faulty.asked("/v1/environment");
    assert!(!asked[0].contains("if-none-match") && asked[1].contains("if-none-match: \"1\""));
    assert_eq!(version(&galley), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_who_miss_at_once_make_one_request() {
    let faulty = Faulty::start().await;
    let gate = watch::Sender::new(false);
    faulty.reads(Answer::Gated(gate.subscribe()));
    faulty.streams(&[Answer::Hold]);
    let galley = Arc::new(faulty.open(Options::default()));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let galley = Arc::clone(&galley);
        callers.spawn(async move {
            galley.ready().await;
            version(&galley)
        });
    }
    until("the request", || faulty.count() == 1).await;
    gate.send_replace(true);
    assert_eq!((callers.join_all().await, faulty.count()), (vec![1; 16], 1));
}

#[tokio::test]
async fn a_broken_stream_is_resumed_where_it_ended() {
    let faulty = Faulty::start().await;
    faulty.streams(&[
        Answer::Bytes(format!("{STREAM}{}", event(41)).into_bytes()),
        Answer::Good,
    ]);
    let _galley = faulty.open(Options::default());
    until("another stream", || {
        faulty.asked("/v1/environment/changes").len() == 2
    })
    .await;
    let asked = faulty.asked("/v1/environment/changes");
    assert!(!asked[0].contains("last-event-id") && asked[1].contains("last-event-id: 41\r\n"));
}

#[tokio::test]
async fn streams_that_tell_nothing_are_polled_around() {
    let table = [
        (
            "a proxy that holds events back",
            Answer::BytesAndHold(STREAM.as_bytes().to_vec()),
        ),
        ("a stream that never begins", Answer::Hold),
        (
            "a stream that is refused",
            Answer::status("503 Unavailable", ""),
        ),
        ("a stream that is a web page", Answer::body("<html>")),
    ];
    for (what, stream) in table {
        let faulty = Faulty::start().await;
        faulty.streams(&[stream]);
        let galley = faulty.open(Options::default());
        galley.ready().await;
        faulty.release(2);
        until(what, || version(&galley) == 2).await;
        assert!(!galley.is_stale(), "{what}");
    }
}

#[tokio::test]
async fn a_half_open_stream_is_given_up() {
    let faulty = Faulty::start().await;
    // One event, then nothing, and no end either: as when a network drops packets.
    faulty.streams(&[
        Answer::BytesAndHold(format!("{STREAM}{}", event(1)).into_bytes()),
        Answer::Good,
    ]);
    let galley = faulty.open(Options::default());
    galley.ready().await;
    until("another stream", || {
        faulty.asked("/v1/environment/changes").len() == 2
    })
    .await;
    faulty.release(2);
    until("the release", || version(&galley) == 2).await;
}

#[tokio::test]
async fn a_slow_registry_holds_nobody_up_for_longer_than_they_wait() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kept.json");
    keep(&path, 7).await;
    let faulty = Faulty::start().await;
    faulty.reads(Answer::Hold);
    let galley = faulty.open(Options::default().disk(&path));
    galley.ready().await;
    let prompt = galley.get("a").unwrap();
    assert_eq!(
        (prompt.version, prompt.source, galley.is_stale()),
        (7, Source::Kept, true)
    );
    let bare = faulty.open(Options::default());
    bare.ready().await;
    let error = bare.get("a").unwrap_err();
    assert!(error.to_string().contains("no answer in time"), "{error}");
    let fallback = bare
        .get("a")
        .unwrap_or_else(|_| Prompt::fallback("a", "Be {{ how }}."));
    assert_eq!(
        fallback.text(serde_json::json!({"how": "kind"})).unwrap(),
        "Be kind."
    );
}

#[tokio::test]
async fn an_answer_that_trickles_ends_too() {
    let faulty = Faulty::start().await;
    faulty.reads(Answer::Trickle(
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_vec(),
    ));
    let galley = faulty.open(Options::default());
    until("an end", || problem(&galley).contains("no answer in time")).await;
    faulty.reads(Answer::Good);
    until("a good read", || version(&galley) == 1).await;
}

#[tokio::test]
async fn bad_answers_change_nothing() {
    let whole = environment(9).to_string();
    let half = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}",
        whole.len(),
        &whole[..100]
    );
    let table = [
        ("half an answer", Answer::Bytes(half.into_bytes())),
        ("no answer", Answer::Bytes(Vec::new())),
        ("a web page", Answer::body("<html>Sign in</html>")),
        (
            "another program's JSON",
            Answer::body("{\"status\":\"ok\"}"),
        ),
        ("no HTTP", Answer::Bytes(b"\xff\xfe".to_vec())),
    ];
    for (what, answer) in table {
        let faulty = Faulty::start().await;
        let galley = faulty.open(Options::default());
        galley.ready().await;
        faulty.reads(answer);
        faulty.release(9);
        until(what, || galley.status().problem.is_some()).await;
        assert_eq!((version(&galley), galley.is_stale()), (1, true), "{what}");
        faulty.reads(Answer::Good);
        until("the release", || version(&galley) == 9).await;
        until("no problem", || {
            galley.status().problem.is_none() && !galley.is_stale()
        })
        .await;
    }
}

#[tokio::test]
async fn a_revoked_key_is_said_and_what_is_known_stays() {
    let faulty = Faulty::start().await;
    let galley = faulty.open(Options::default());
    galley.ready().await;
    faulty.reads(Answer::status("401 Unauthorized", ""));
    faulty.streams(&[Answer::status("401 Unauthorized", "")]);
    faulty.release(2);
    until("the problem", || {
        problem(&galley).contains("refuses the key")
    })
    .await;
    assert_eq!((version(&galley), galley.is_stale()), (1, true));
    let late = faulty.open(Options::default());
    late.ready().await;
    let error = late.get("a").unwrap_err().to_string();
    assert!(
        error.contains("refuses the key") && !error.contains(KEY),
        "{error}"
    );
}

#[tokio::test]
async fn too_many_calls_wait_as_long_as_they_are_told() {
    let faulty = Faulty::start().await;
    let refusal = Answer::status("429 Too Many Requests", "retry-after: 1\r\n");
    faulty.reads(refusal.clone());
    faulty.streams(&[refusal]);
    let galley = faulty.open(Options::default());
    galley.ready().await;
    let asked = std::time::Instant::now();
    assert!(matches!(galley.get("a"), Err(GetError::NotReady { .. })));
    faulty.reads(Answer::Good);
    until("the next read", || version(&galley) == 1).await;
    // Not sooner than told: this is about not asking, so it is the one place that looks at a clock.
    assert!(asked.elapsed() > Duration::from_millis(800));
    assert_eq!(faulty.count(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (faulty, other) = (Faulty::start().await, Faulty::start().await);
    faulty.reads(Answer::status(
        "302 Found",
        &format!("location: {}/v1/environment\r\n", other.url),
    ));
    let galley = faulty.open(Options::default());
    galley.ready().await;
    assert!(
        galley
            .get("a")
            .unwrap_err()
            .to_string()
            .contains("redirect")
    );
    assert_eq!(other.count(), 0);
}

#[tokio::test]
async fn what_is_known_survives_a_restart_without_a_registry() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kept.json");
    keep(&path, 1).await;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!std::fs::read_to_string(&path).unwrap().contains(KEY));
    written_at(&path, SystemTime::now() - Duration::from_secs(3_600));
    let gone = {
        let faulty = Faulty::start().await;
        faulty.url.clone()
    };
    let galley = Galley::start(&gone, KEY, Options::default().disk(&path).timing(quick())).unwrap();
    galley.ready().await;
    let prompt = galley.get("a").unwrap();
    assert_eq!(
        (prompt.version, prompt.source, galley.is_stale()),
        (1, Source::Kept, true)
    );
    let age = galley.age().unwrap().as_secs();
    assert!((3_590..3_700).contains(&age), "{age}");
    assert!(
        problem(&galley).contains("can't be reached"),
        "{}",
        problem(&galley)
    );
    let error = galley.get("b").unwrap_err().to_string();
    assert_eq!(error, "production serves no prompt b; it serves a");
}

#[tokio::test]
async fn a_clock_that_was_turned_back_makes_no_negative_age() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kept.json");
    keep(&path, 7).await;
    written_at(&path, SystemTime::now() + Duration::from_secs(86_400));
    let faulty = Faulty::start().await;
    faulty.reads(Answer::status("503 Unavailable", ""));
    let galley = faulty.open(Options::default().disk(&path));
    galley.ready().await;
    assert_eq!(version(&galley), 7);
    assert!(galley.age().unwrap() < Duration::from_secs(60));
}

/// Where a process of its own is to keep its file, with a disk that takes nothing.
const FULL: &str = "GALLEY_TEST_FULL";

#[tokio::test]
async fn a_disk_that_takes_nothing_more_leaves_the_old_file_whole() {
    if let Some(path) = std::env::var_os(FULL) {
        let faulty = Faulty::start().await;
        let galley = faulty.open(Options::default().disk(&path));
        galley.ready().await;
        assert_eq!(version(&galley), 1);
        until("the words", || disk_problem(&galley).contains("written")).await;
        faulty.release(2);
        until("the release", || version(&galley) == 2).await;
        return;
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kept.json");
    keep(&path, 7).await;
    let before = std::fs::read(&path).unwrap();
    // The system itself refuses to write, as it does on a full disk: no file of that process may
    // hold a byte.
    let this = "faults::a_disk_that_takes_nothing_more_leaves_the_old_file_whole";
    let told = std::process::Command::new("bash")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 0; exec \"$0\" --exact \"$1\"",
        ])
        .arg(std::env::current_exe().unwrap())
        .arg(this)
        .env(FULL, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(
        told.status.success() && said.contains("1 passed"),
        "{told:?}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["kept.json"]);
}

/// No time that this program tells can be moved by a clock that jumps: only the file's age is told by
/// the computer's clock, and that is measured against the file's own time.
#[test]
fn nothing_but_the_file_looks_at_a_clock_that_can_jump() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = vec![sources];
    let mut looking = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if std::fs::read_to_string(&path)
                .unwrap()
                .contains("SystemTime")
            {
                looking.push(path.file_name().unwrap().to_owned());
            }
        }
    }
    looking.sort();
    assert_eq!(
        looking,
        ["disk.rs", "http.rs"],
        "http.rs reads dates in Retry-After"
    );
}

#[tokio::test]
async fn a_lump_of_events_cut_anywhere_is_read_as_they_were() {
    // A proxy gathers what is sent and lets it through when it likes.
    let lump = format!("{STREAM}{}{}:\n\n{}", event(39), event(40), event(41));
    let (head, rest) = lump.split_at(lump.len() - 12);
    let faulty = Faulty::start().await;
    faulty.streams(&[
        Answer::Bytes(lump.clone().into_bytes()),
        Answer::Bytes(head.as_bytes().to_vec()),
        Answer::Good,
    ]);
    let galley = faulty.open(Options::default());
    galley.ready().await;
    until("another stream", || {
        faulty.asked("/v1/environment/changes").len() >= 3
    })
    .await;
    // The event that broke off was not there yet.
    let asked = faulty.asked("/v1/environment/changes");
    assert!(asked[1].contains("last-event-id: 41\r\n"), "{}", asked[1]);
    assert!(
        asked[2].contains("last-event-id: 40\r\n"),
        "{} {rest}",
        asked[2]
    );
}

#[tokio::test]
async fn a_damaged_file_is_passed_over_and_said() {
    for damage in ["cut", "changed", "foreign", "empty", "binary", "folder"] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("kept.json");
        keep(&path, 7).await;
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        match damage {
            "cut" => std::fs::write(&path, &whole[..200]).unwrap(),
            "changed" => std::fs::write(&path, whole.replace("This is 7", "This is 8")).unwrap(),
            "foreign" => std::fs::write(&path, "[1]").unwrap(),
            "empty" => std::fs::write(&path, "").unwrap(),
            "binary" => std::fs::write(&path, [0xff, 0]).unwrap(),
            _ => std::fs::create_dir(&path).unwrap(),
        }
        let faulty = Faulty::start().await;
        faulty.reads(Answer::status("503 Unavailable", ""));
        let galley = faulty.open(Options::default().disk(&path));
        galley.ready().await;
        assert_eq!(version(&galley), 0, "{damage}");
        assert!(disk_problem(&galley).contains("kept.json"), "{damage}");
        faulty.reads(Answer::Good);
        until("a good read", || version(&galley) == 1).await;
        if damage != "folder" {
            until("a good file", || galley.status().disk_problem.is_none()).await;
        }
    }
}

#[tokio::test]
async fn a_disk_that_can_not_be_written_is_said_and_survived() {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let path = inner.join("kept.json");
    let faulty = Faulty::start().await;
    let galley = faulty.open(Options::default().disk(&path));
    galley.ready().await;
    until("the file", || path.exists()).await;
    // Root may write anywhere, so the folder itself goes away under it.
    let aside = folder.path().join("aside");
    std::fs::rename(&inner, &aside).unwrap();
    faulty.release(2);
    until("the release", || version(&galley) == 2).await;
    until("the words", || {
        disk_problem(&galley).contains("kept.json can't be written")
    })
    .await;
    std::fs::rename(&aside, &inner).unwrap();
    faulty.release(3);
    until("space again", || {
        version(&galley) == 3 && galley.status().disk_problem.is_none()
    })
    .await;
    let names = std::fs::read_dir(&inner)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["kept.json"]);
}
