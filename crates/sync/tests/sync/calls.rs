//! The client against servers that answer with anything but the contract.

use std::net::SocketAddr;
use std::time::Duration;
use sync::{Address, Bearer, Client, ClientError, ClientOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const SECRET: &str = "gal_usr_a-very-secret-thing";

/// Answers every request with these bytes, then closes; says what it was asked. No bytes: it
/// takes the request and stays silent.
async fn answers(with: impl Into<Vec<u8>>) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let with = with.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 16 << 10];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let _ = told.send(String::from_utf8_lossy(&request[..length]).into_owned());
            if with.is_empty() {
                silent.push(stream);
            } else {
                // The client may leave in the middle.
                let _ = stream.write_all(&with).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (address, asked)
}

fn client(address: SocketAddr) -> Client {
    let options = ClientOptions {
        silence: Duration::from_millis(200),
        ..ClientOptions::default()
    };
    let address = Address::read(&format!("http://{address}")).unwrap();
    Client::with_bearer(address, Bearer::new(SECRET), &options).unwrap()
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[derive(Debug, PartialEq)]
enum Kind {
    Offline,
    Refused,
    Broken,
}

#[tokio::test]
async fn what_is_not_of_the_contract_is_told_apart() {
    use Kind::{Broken, Offline, Refused};
    let refusal = r#"{"code":"forbidden","message":"this key is for another project"}"#;
    let status = |line: &str, body: &str| {
        format!(
            "HTTP/1.1 {line}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let table = [
        ("no JSON", ok("<html>hello</html>"), Broken),
        ("another form", ok(r#"{"bearer":"robot"}"#), Broken),
        (
            "more than it may be",
            ok(&format!("\"{}\"", "x".repeat(80 << 10))),
            Broken,
        ),
        (
            "cut",
            ok(r#"{"bearer":"founding"}"#).replace("length: 21", "length: 90"),
            Offline,
        ),
        (
            "no HTTP",
            "220 mail.example.com ESMTP\r\n".to_owned(),
            Offline,
        ),
        ("its own refusal", status("403 Forbidden", refusal), Refused),
        (
            "a code of a newer registry",
            status("418 x", &refusal.replace("forbidden", "new")),
            Refused,
        ),
        (
            "another server's 404",
            status("404 Not Found", "nothing here"),
            Broken,
        ),
        (
            "what stands before it",
            status("502 Bad Gateway", "<html>"),
            Offline,
        ),
        ("silence", String::new(), Offline),
    ];
    for (what, answer, expected) in table {
        let (address, _asked) = answers(answer).await;
        let error = client(address).me().await.unwrap_err();
        let kind = match &error {
            ClientError::Offline { .. } => Offline,
            ClientError::Refused { .. } => Refused,
            ClientError::Broken(_) => Broken,
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!(kind, expected, "{what}: {error:?}");
        assert!(
            !format!("{error:?} {error}").contains("secret"),
            "{error:?}"
        );
    }
    // Nobody there at all.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let error = client(nobody).me().await.unwrap_err();
    assert!(
        error.is_passing() && matches!(error, ClientError::Offline { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_key_is_not_carried_to_where_a_registry_points() {
    let (elsewhere, mut asked) = answers(ok("{}")).await;
    let redirect = format!(
        "HTTP/1.1 307 x\r\nlocation: http://{elsewhere}/v1/me\r\ncontent-length: 0\r\n\r\n"
    );
    let (address, mut first) = answers(redirect).await;
    let client = client(address);
    let error = client.me().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Broken(what) if what.contains("redirects")),
        "{error:?}"
    );
    let request = first.recv().await.unwrap().to_lowercase();
    assert!(
        request.contains("authorization: bearer gal_usr_"),
        "{request}"
    );
    assert!(asked.try_recv().is_err(), "it went there");
    let shown = format!("{client:?} {:?}", Bearer::new(SECRET));
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn lines_and_pages_are_held_to_their_limits() {
    let project = domain::ProjectId(uuid::Uuid::from_u128(1));
    let head = format!("galley-head: 0:9:{}", domain::Digest::of(b"x"));
    let endless = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{}", "x".repeat(3 << 20));
    let (address, _asked) = answers(endless).await;
    let mut page = client(address).ledger(project, 0).await.unwrap();
    let error = page.lines.next(usize::MAX).await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Broken(what) if what.contains("line")),
        "{error:?}"
    );

    let lines = format!(
        "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{}",
        "some line\n".repeat(5 << 20)
    );
    let (address, _asked) = answers(lines).await;
    let mut page = client(address).ledger(project, 0).await.unwrap();
    let error = loop {
        match page.lines.next(1 << 20).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("all of it was read"),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&error, ClientError::Broken(what) if what.contains("larger")),
        "{error:?}"
    );

    let (address, _asked) = answers(ok("no head")).await;
    let error = client(address).ledger(project, 0).await.unwrap_err();
    assert!(matches!(error, ClientError::Broken(_)), "{error:?}");
}

#[tokio::test]
async fn without_a_key_nothing_is_sent() {
    let (address, mut asked) = answers(ok("{}")).await;
    let address = Address::read(&format!("http://{address}")).unwrap();
    let locked: sync::BearerSource = std::sync::Arc::new(|| None);
    let client = Client::new(address, locked, &ClientOptions::default()).unwrap();
    assert!(matches!(client.me().await, Err(ClientError::NoKey)));
    assert!(asked.try_recv().is_err());
}

#[tokio::test]
async fn beyond_this_computer_it_is_tls_with_a_certificate_that_somebody_vouches_for() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls = registry::Tls {
        cert: dir.path().join("cert.pem"),
        key: dir.path().join("key.pem"),
    };
    std::fs::write(&tls.cert, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let file = dir.path().join("registry.db");
    let server = registry::Registry::open(file, registry::Options::create()).unwrap();
    let listening = registry::Listening {
        tls: Some(tls),
        ..registry::Listening::loopback()
    };
    let running = server.serve(&listening).await.unwrap();
    let address = format!("https://localhost:{}", running.address().port());
    let address = Address::read(&address).unwrap();
    let bearer = || Bearer::new(server.founding_token().unwrap().reveal());

    let trusting = ClientOptions {
        extra_roots_pem: Some(made.cert.pem().into_bytes()),
        ..ClientOptions::default()
    };
    let client = Client::with_bearer(address.clone(), bearer(), &trusting).unwrap();
    assert_eq!(client.me().await.unwrap(), protocol::ledger::Me::Founding);

    let stranger = Client::with_bearer(address, bearer(), &ClientOptions::default()).unwrap();
    let error = stranger.me().await.unwrap_err();
    assert!(matches!(error, ClientError::Untrusted(_)), "{error:?}");
    assert!(!error.is_passing());
    running.stop().await;
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_away() {
    let (plain, _asked) = answers("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let address = Address::read(&format!("https://{plain}")).unwrap();
    let client = Client::with_bearer(address, Bearer::new(SECRET), &ClientOptions::default());
    let error = client.unwrap().me().await.unwrap_err();
    assert!(matches!(error, ClientError::NotTls), "{error:?}");
    assert!(
        !error.is_passing() && error.to_string().contains("http://"),
        "{error}"
    );
}
