//! Streams of changes to a registry in a process of its own, from a client in another: how soon a
//! release is known at the end of every one of them, and what memory they take while nothing happens.

use crate::client::call;
use crate::row::{Budget, ms_since, row};
use crate::starts::memory;
use crate::team::Team;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

const RELEASES: usize = 11;
/// The word by which this program knows that it is the client.
pub const CLIENT: &str = "client";

/// With 1,000 streams, the number of the budget, and with 10,000.
pub async fn measure() {
    for count in [1_000, 10_000] {
        let team = Team::beside();
        let before = memory(&team.pid());
        let mut client = Client::start(&team, count);
        client.hears("open");
        // What opening took is given back; what stays is what a stream costs.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let kib = |megabytes: f64| megabytes * 1_024.0 / f64::from(count);
        row(
            &format!("stream_memory_{count}"),
            &format!("memory of the registry for each of {count} idle streams"),
            &[kib(memory(&team.pid()) - before)],
            "KiB",
            Budget::None,
            &format!(
                "from {before:.0} to {:.0} MB; in the client {:.1} KiB for each",
                memory(&team.pid()),
                kib(memory(&client.child.id().to_string())),
            ),
        );
        let mut stream = TcpStream::connect(team.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut buffer, mut times, mut replaces) = (Vec::new(), Vec::new(), team.first_release);
        for n in 0..RELEASES {
            let (id, request) = team.release(team.versions[(n + 1) % 2], replaces);
            replaces = id.into();
            let began = Instant::now();
            let (status, _, body) = call(&mut stream, &request, &mut buffer).await;
            assert!(status == 200 && body.contains("accepted"), "{body}");
            client.hears("told");
            times.push(ms_since(began));
        }
        let budget = match count {
            1_000 => Budget::AtMost(1_000.0),
            _ => Budget::None,
        };
        row(
            &format!("release_told_{count}"),
            &format!("a release, until every one of {count} streams of another process told it"),
            &times,
            "ms",
            budget,
            "from sending the command to the last event; the disk included",
        );
        drop(client);
        team.stop().await;
    }
}

/// The other process.
struct Client {
    child: Child,
    lines: BufReader<ChildStdout>,
    _in: ChildStdin,
}

impl Client {
    fn start(team: &Team, count: u32) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([CLIENT, &team.address.to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // Not as an argument: those are seen by everybody on the computer.
        for app in &team.apps {
            writeln!(input, "{}", app.reveal()).unwrap();
        }
        writeln!(input).unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            lines,
            _in: input,
        }
    }

    fn hears(&mut self, word: &str) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word, "the client goes on");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the client does: opens the streams, and says a word when each has told something.
pub fn follow(words: &[String]) {
    let [address, count] = words else {
        panic!("the address and how many")
    };
    let (address, count): (SocketAddr, usize) = (address.parse().unwrap(), count.parse().unwrap());
    let lines = std::io::stdin().lock().lines();
    let keys: Vec<String> = lines
        .map_while(|line| line.ok().filter(|line| !line.is_empty()))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (tell, mut heard) = unbounded_channel();
        for n in 0..count {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!(
                "GET {} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n",
                protocol::paths::ENVIRONMENT_CHANGES,
                keys[n % keys.len()]
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            tokio::spawn(events(stream, tell.clone()));
            // Each says at once where the ledger is.
            heard.recv().await.unwrap();
        }
        say("open");
        loop {
            for _ in 0..count {
                heard.recv().await.unwrap();
            }
            say("told");
        }
    });
}

#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn say(word: &str) {
    println!("{word}");
}

/// Says once for each event that it came. What is read is looked at and thrown away.
async fn events(mut stream: TcpStream, tell: UnboundedSender<()>) {
    let mut buffer = Vec::with_capacity(1_024);
    while let Ok(1..) = stream.read_buf(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer);
        assert!(
            text.starts_with("HTTP/1.1 200") || !text.starts_with("HTTP"),
            "{text}"
        );
        let ended = text.trim_end_matches("\r\n").ends_with("\n\n");
        let events = text.matches("event: change").count();
        // An event that came in two pieces stays until its end is there.
        if ended {
            buffer.clear();
            for _ in 0..events {
                let _ = tell.send(());
            }
        }
    }
}
