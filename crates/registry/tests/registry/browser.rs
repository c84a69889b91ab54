//! A page in a real browser attacks a registry on the same machine: by a simple POST, by reading
//! across origins, and by a name that was made to point at it (DNS rebinding).

use crate::team::House;
use domain::ledger::Body;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};

/// Serves one page to whoever asks, as an attacker's site would; says what the registry's side of
/// the attack came to in the page itself.
fn evil_site(page: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                page.len()
            );
        }
    });
    address
}

/// What the page says when it has finished.
fn dump(url: &str, rules: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-extensions",
            "--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessSendPreflights,BlockInsecurePrivateNetworkRequests",
            "--virtual-time-budget=20000",
            "--dump-dom",
        ])
        .arg(format!("--host-resolver-rules={rules}"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .stdin(Stdio::null())
        .output()
        .expect("this test needs chromium: apt-get install chromium");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_browser_can_neither_write_nor_read() {
    let house = House::open().await;
    let team = house.found().await;
    let port = house.running.address().port();
    // The attacker even holds a good token and a good command: the door alone must hold.
    let command = team.ada.command(Body::CreatePrompt {
        name: "planted".into(),
    });
    let request = protocol::commands::CommandsRequest {
        commands: vec![(&command).into()],
    };
    let body = serde_json::to_string(&request).unwrap();
    let path = protocol::paths::commands(team.project);
    let script = r#"
<body><pre id="out">started</pre><script>
const out = [];
const attempt = async (name, call) => {
  try { const r = await call(); out.push(name + ": " + r.type + " " + r.status + " " + (await r.text()).slice(0, 60)); }
  catch (e) { out.push(name + ": blocked"); }
};
(async () => {
  const body = BODY, bearer = { authorization: "Bearer TOKEN" };
  await attempt("simple-post", () => fetch("REGISTRY" + "PATH", { method: "POST", mode: "no-cors", body }));
  await attempt("cors-post", () => fetch("REGISTRY" + "PATH", { method: "POST", body, headers: bearer }));
  await attempt("cors-read", () => fetch("REGISTRY/v1/me", { headers: bearer }));
  await attempt("no-cors-read", () => fetch("REGISTRY/healthz", { mode: "no-cors" }));
  document.getElementById("out").textContent = "finished\n" + out.join("\n");
})();
</script></body>"#;
    let page = |registry: &str| {
        script
            .replace("BODY", &serde_json::to_string(&body).unwrap())
            .replace("TOKEN", &team.ada.bearer)
            .replace("REGISTRY", registry)
            .replace("PATH", &path)
    };
    let before = team.ada.head().await;

    // From its own origin, across to the registry.
    let evil = evil_site(page(&house.url()));
    let said = dump(
        &format!("http://evil.example:{}/", evil.port()),
        "MAP evil.example 127.0.0.1",
    );
    assert!(
        said.contains("finished"),
        "the page did not run to its end: {said}"
    );
    for (attempt, outcome) in [("cors-post", "blocked"), ("cors-read", "blocked")] {
        assert!(said.contains(&format!("{attempt}: {outcome}")), "{said}");
    }
    assert_eq!(team.ada.head().await, before, "a simple POST wrote: {said}");

    // Rebound: the attacker's name points at the registry, and the page is of that very origin.
    let rules = "MAP evil.example 127.0.0.1";
    let said = dump(&format!("http://evil.example:{port}/healthz"), rules);
    assert!(said.contains("does not go by the name"), "{said}");
    assert!(!said.contains(">ok<"), "{said}");
    assert_eq!(team.ada.head().await, before);

    // The same browser does reach the registry by its own name: what failed above failed at the door.
    let said = dump(&format!("{}/healthz", house.url()), rules);
    assert!(said.contains("ok"), "{said}");
}
