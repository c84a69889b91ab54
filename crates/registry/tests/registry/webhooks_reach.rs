//! Where webhooks go and where they never go, and that one receiver holds up no other.

use crate::receiver::{Receiver, Say, Sending};
use protocol::webhooks::WebhookKind as Kind;
use registry::webhooks::resolver::{Found, Lookup};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let sending = Sending::open().await;
    let (mut receiver, mut other) = (Receiver::open().await, Receiver::open().await);
    receiver.will_say([Say::Elsewhere(other.url.clone())]);
    let ada = &sending.team.ada;
    let id = ada
        .hooks(&receiver.url, &[Kind::VersionSaved])
        .await
        .webhook
        .id;
    ada.tests_hook(id).await;
    receiver.next().await;
    let last = ada.sees_attempts(id, 1).await.last.unwrap();
    assert_eq!(last.status, Some(307));
    assert!(last.error.unwrap().contains("redirects are not followed"));
    assert!(other.rest().is_empty());
}

/// Says that every name is this address, and counts how often it was asked.
#[derive(Debug)]
struct Names(SocketAddr, AtomicUsize);

impl Lookup for Names {
    fn look_up(&self, _name: String) -> Found {
        self.1.fetch_add(1, Ordering::Relaxed);
        let found = vec![self.0];
        Box::pin(async move { Ok(found) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_reached_only_where_the_operator_allows_it() {
    let mut door = Receiver::open().await;
    let port = door
        .url
        .split(':')
        .nth(2)
        .unwrap()
        .trim_end_matches("/hook")
        .to_owned();
    let literal = format!("https://127.0.0.1:{port}/hook");
    // By the name that every machine has, and by one that somebody points here.
    let strict = Sending::with(|webhooks| webhooks.allow_private = false).await;
    let ada = &strict.team.ada;
    for refused in [
        &*literal,
        "https://[::ffff:7f00:1]/",
        "https://2130706433/",
        &door.url,
        "http://example.com/",
    ] {
        let response = ada.tries_to_hook(refused, &[Kind::VersionSaved]).await;
        assert_eq!(response.status(), 400, "{refused}");
    }
    let named = format!("https://localhost:{port}/hook");
    let id = ada.hooks(&named, &[Kind::VersionSaved]).await.webhook.id;
    ada.tests_hook(id).await;
    let last = ada.sees_attempts(id, 1).await.last.unwrap();
    assert_eq!(last.status, None);
    let words = last.error.unwrap();
    assert!(
        words.contains("private address") && words.contains("nothing was sent"),
        "{words}"
    );

    // The same receiver is reached where it is allowed, by the address that was checked.
    let names = Arc::new(Names(([127, 0, 0, 1], 0).into(), AtomicUsize::new(0)));
    let lookup: Arc<dyn Lookup> = names.clone();
    let open = Sending::with(|webhooks| webhooks.lookup = lookup).await;
    let ada = &open.team.ada;
    let named = format!("http://hooks.example:{port}/hook");
    let id = ada.hooks(&named, &[Kind::VersionSaved]).await.webhook.id;
    ada.tests_hook(id).await;
    assert_eq!(
        door.next().await.header("host"),
        format!("hooks.example:{port}")
    );
    ada.sees_attempts(id, 1).await;
    assert_eq!(
        names.1.load(Ordering::Relaxed),
        1,
        "asked once for one connection"
    );
    // Even there: never this link, where clouds tell their secrets.
    let response = ada
        .tries_to_hook("http://169.254.169.254/latest", &[Kind::VersionSaved])
        .await;
    assert_eq!(response.status(), 400);
    assert!(door.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tls_the_certificate_counts_for_the_name() {
    // Any server with a certificate will do; this one answers 404 to whoever may come in.
    let folder = tempfile::TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["hooks.example".to_owned()]).unwrap();
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server =
        registry::Registry::open(folder.path().join("r.sqlite"), registry::Options::create())
            .unwrap();
    let listening = registry::Listening {
        tls: Some(registry::Tls {
            cert: cert.clone(),
            key,
        }),
        hosts: vec!["hooks.example".into(), "other.example".into()],
        ..registry::Listening::loopback()
    };
    let running = server.serve(&listening).await.unwrap();
    let port = running.address().port();
    let lookup: Arc<dyn Lookup> = Arc::new(Names(([127, 0, 0, 1], 0).into(), AtomicUsize::new(0)));
    let sending = Sending::with(|webhooks| {
        webhooks.lookup = lookup;
        webhooks.ca_file = Some(cert);
    })
    .await;
    let ada = &sending.team.ada;
    for (name, status) in [("hooks.example", Some(404)), ("other.example", None)] {
        let url = format!("https://{name}:{port}/hook");
        let id = ada.hooks(&url, &[Kind::VersionSaved]).await.webhook.id;
        ada.tests_hook(id).await;
        let last = ada.sees_attempts(id, 1).await.last.unwrap();
        assert_eq!(last.status, status, "{name}: {last:?}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_slow_or_silent_stops_nobody() {
    let sending = Sending::with(|webhooks| webhooks.patience = Duration::from_secs(600)).await;
    let (mut silent, mut quick) = (Receiver::open().await, Receiver::open().await);
    silent.will_say((0..100).map(|_| Say::Nothing));
    let ada = &sending.team.ada;
    let held = ada
        .hooks(&silent.url, &[Kind::VersionSaved])
        .await
        .webhook
        .id;
    ada.hooks(&quick.url, &[Kind::VersionSaved]).await;
    let prompt = ada.creates_prompt("one").await;
    let mut last = ada.saves(prompt, "0").await;
    for number in 1..20 {
        last = ada.saves_after(prompt, last, &number.to_string()).await;
    }
    // While the silent one holds all that it may, everything arrives at the other.
    for _ in 0..20 {
        quick.next().await;
    }
    let [most, ..] = registry::limits::WEBHOOK_AT_ONCE;
    for _ in 0..most {
        silent.next().await;
    }
    assert_eq!(silent.rest().len(), 0, "no more at once than it may have");
    // All is kept for it, what it was not asked yet among it.
    while ada.webhook(held).await.waiting < 20 {
        tokio::task::yield_now().await;
    }
    sending.house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_answer_in_time_is_told_so() {
    let sending = Sending::with(|webhooks| webhooks.patience = Duration::from_millis(100)).await;
    let mut silent = Receiver::open().await;
    silent.will_say([Say::Nothing]);
    let ada = &sending.team.ada;
    let id = ada
        .hooks(&silent.url, &[Kind::VersionSaved])
        .await
        .webhook
        .id;
    ada.tests_hook(id).await;
    silent.next().await;
    let last = ada.sees_attempts(id, 1).await.last.unwrap();
    assert!(last.error.unwrap().contains("did not answer within"));
    let closed = format!("http://127.0.0.1:{}/", 1);
    let id = ada.hooks(&closed, &[Kind::VersionSaved]).await.webhook.id;
    ada.tests_hook(id).await;
    let last = ada.sees_attempts(id, 1).await.last.unwrap();
    assert!(last.error.unwrap().contains("no connection"));
}
