//! Webhooks as the registry keeps them: who may look after them, where their secrets are, and that
//! nothing is lost between a command and its delivery.

use crate::process::{Process, init, run};
use crate::receiver::{Receiver, Say, Sending, is_signed};
use crate::team::{Member, Team, bits, id};
use domain::KeyId;
use domain::ledger::{Body, DeviceKey};
use domain::permissions::{Rights, Role};
use protocol::paths;
use protocol::token::{Kind as TokenKind, Token};
use protocol::webhooks::{Delivery, DeliveryState, WebhookId, WebhookKind as Kind};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A bearer for a service account with every right there is.
async fn service(team: &Team) -> String {
    let person = match team.ada.me().await {
        protocol::ledger::Me::Person { person, .. } => person,
        other => panic!("{other:?}"),
    };
    let at = domain::CommandId(id());
    let token = Token::new(TokenKind::Personal, KeyId::from(at), bits());
    let body = Body::CreateService {
        name: "CI".into(),
        owner: person,
        rights: Rights {
            save: true,
            run: true,
            ask: true,
            release: vec![team.production],
        },
        device: DeviceKey::from_seed(&bits()).public(),
        token: token.hash(),
    };
    let command = team.ada.signed(at, domain::ledger::Seen::default(), body);
    let outcomes = team.ada.send(&[command]).await;
    assert!(crate::team::is_accepted(&outcomes[0]), "{outcomes:?}");
    token.reveal()
}

/// Every call on webhooks, in an order in which an admin can make them, with the status they get.
fn calls(
    project: domain::ProjectId,
    hook: WebhookId,
    delivery: &Delivery,
) -> Vec<(Method, String, Option<Value>, u16)> {
    let new = json!({ "url": "https://example.com/", "kinds": ["release.made"] });
    vec![
        (Method::GET, paths::webhooks(project), None, 200),
        (Method::POST, paths::webhooks(project), Some(new), 201),
        (
            Method::PATCH,
            paths::webhook(project, hook),
            Some(json!({ "kinds": ["release.made"] })),
            200,
        ),
        (
            Method::POST,
            paths::webhook_secret(project, hook),
            None,
            200,
        ),
        (Method::POST, paths::webhook_test(project, hook), None, 202),
        (
            Method::GET,
            paths::deliveries(project, hook, None),
            None,
            200,
        ),
        (
            Method::POST,
            paths::replay(project, hook, delivery.id),
            None,
            202,
        ),
        (Method::DELETE, paths::webhook(project, hook), None, 204),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_of_the_project_looks_after_its_webhooks() {
    let sending = Sending::open().await;
    let (house, team, ada) = (&sending.house, &sending.team, &sending.team.ada);
    let receiver = Receiver::open().await;
    let hook = ada
        .hooks(&receiver.url, &[Kind::VersionSaved])
        .await
        .webhook;
    let delivery = ada.tests_hook(hook.id).await;
    let elsewhere = house.found().await;
    let theirs = elsewhere
        .ada
        .hooks(&receiver.url, &[Kind::VersionSaved])
        .await;

    let mut others = vec![
        ("a service with every right", service(team).await),
        (
            "an application",
            ada.issues_key(team.production).await.0.bearer,
        ),
        ("another project's admin", elsewhere.ada.bearer.clone()),
        ("nobody", "hello".to_owned()),
    ];
    for role in [Role::Viewer, Role::Author, Role::Reviewer] {
        let (invitation, invited) = ada.invites(role).await;
        if role == Role::Viewer {
            others.push(("an invitation", invitation.bearer()));
            let (second, invited) = ada.invites(role).await;
            let (ben, _) = Member::joins(&ada.url, &second, invited).await;
            others.push((role.as_str(), ben.bearer));
        } else {
            let (ben, _) = Member::joins(&ada.url, &invitation, invited).await;
            others.push((role.as_str(), ben.bearer));
        }
    }
    for (method, path, body, _) in calls(team.project, hook.id, &delivery) {
        for (who, bearer) in &others {
            let other = Member {
                bearer: bearer.clone(),
                ..ada.clone()
            };
            let status = other
                .asks(method.clone(), &path, body.clone())
                .await
                .status();
            assert!(
                status == 403 || status == 401,
                "{method} {path} by {who}: {status}"
            );
        }
    }
    // An admin gets no further through their own project's path than to their own.
    for (method, path, body, _) in calls(team.project, theirs.webhook.id, &delivery) {
        if path.contains(&theirs.webhook.id.to_string()) {
            let status = ada.asks(method.clone(), &path, body).await.status();
            assert_eq!(status, 404, "{method} {path}");
        }
    }
    assert_eq!(
        ada.webhook(hook.id).await.url,
        hook.url,
        "nothing was changed"
    );
    for (method, path, body, expected) in calls(team.project, hook.id, &delivery) {
        let status = ada.asks(method.clone(), &path, body).await.status();
        assert_eq!(status, expected, "{method} {path}");
    }
    let left = elsewhere.ada.webhook(theirs.webhook.id).await;
    assert!(left.enabled && left.has_secret);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptops_own_registry_sends_none_and_says_so() {
    let house = crate::team::House::open().await;
    let ada = house.found().await.ada;
    let response = ada
        .tries_to_hook("https://example.com/", &[Kind::ReleaseMade])
        .await;
    assert_eq!(response.status(), 404);
    let error: protocol::ApiError = response.json().await.unwrap();
    assert!(error.message.contains("team's registry"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_so_many_and_no_more() {
    let sending = Sending::open().await;
    let ada = &sending.team.ada;
    let mut last = None;
    for number in 0..registry::limits::WEBHOOKS {
        let url = format!("https://example.com/{number}");
        last = Some(ada.hooks(&url, &[Kind::ReleaseMade]).await.webhook.id);
    }
    let one_more = || ada.tries_to_hook("https://example.com/", &[Kind::ReleaseMade]);
    let response = one_more().await;
    assert_eq!(response.status(), 413);
    let error: protocol::ApiError = response.json().await.unwrap();
    assert!(error.message.contains("at most 20"), "{error}");
    let path = paths::webhook(ada.project, last.unwrap());
    assert_eq!(ada.asks(Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(one_more().await.status(), 201);
    let long = json!({ "url": "x".repeat(100_000), "kinds": [] });
    let path = paths::webhooks(ada.project);
    assert_eq!(
        ada.asks(Method::POST, &path, Some(long)).await.status(),
        413
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_while_nothing_was_sent_is_sent_after_the_start() {
    let sending = Sending::open().await;
    let mut receiver = Receiver::open().await;
    receiver.will_say([Say::Nothing]);
    let ada = &sending.team.ada;
    let made = ada.hooks(&receiver.url, &[Kind::VersionSaved]).await;
    let prompt = ada.creates_prompt("one").await;
    let first = ada.saves(prompt, "under way when it stopped").await;
    let under_way = receiver.next().await;
    let mut saved = None;
    // Accepted by a registry that looks at no webhook: as if it had stopped right after each.
    let sending = sending
        .restart(async |house, team| {
            saved = Some(team.ada.saves_after(prompt, first, "meanwhile").await);
            house
        })
        .await;
    let (one, two) = (receiver.next().await, receiver.next().await);
    let again = [&one, &two]
        .into_iter()
        .find(|found| found.header("webhook-id") == under_way.header("webhook-id"))
        .expect("the one under way comes again under its id");
    assert_eq!(again.body, under_way.body);
    let fresh = [&one, &two]
        .into_iter()
        .find(|found| found.header("webhook-id") != under_way.header("webhook-id"))
        .unwrap();
    assert_eq!(fresh.json()["data"]["version"]["id"], json!(saved));
    assert!(is_signed(&one, &made.secret) && is_signed(&two, &made.secret));
    // And once: nothing is left.
    let ada = &sending.team.ada;
    ada.sees(made.webhook.id, "delivered", |found| {
        found.state == DeliveryState::Delivered
    })
    .await;
    ada.tests_hook(made.webhook.id).await;
    assert_eq!(receiver.next().await.kind(), "test");
    assert!(receiver.rest().is_empty());
}

/// The bytes of every file below a folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// A registry in a process of its own, that sends to this machine.
fn starts(home: &Path) -> Process {
    let config = home.join("conf/registry.toml");
    std::fs::create_dir_all(home.join("conf")).unwrap();
    std::fs::write(&config, "[webhooks]\nallow_private = true\n").unwrap();
    Process::start(home, &["--config", config.to_str().unwrap()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_nothing_and_the_secret_is_in_one_file_only() {
    let home = TempDir::new().unwrap();
    let invitation = init(home.path());
    let mut process = starts(home.path());
    let team = Team::found(&process.url, &invitation).await;
    let mut receiver = Receiver::open().await;
    receiver.will_say([Say::Nothing]);
    let made = team.ada.hooks(&receiver.url, &[Kind::VersionSaved]).await;
    let prompt = team.ada.creates_prompt("one").await;
    let mut last = team.ada.saves(prompt, "0").await;
    let first = receiver.next().await;
    for number in 1..10 {
        last = team
            .ada
            .saves_after(prompt, last, &number.to_string())
            .await;
    }
    // Accepted, and perhaps taken up, perhaps not: killed at whatever moment this is.
    process.kill();
    let mut process = starts(home.path());
    let ada = Member {
        url: process.url.clone(),
        http: crate::team::client(),
        ..team.ada
    };
    let mut told = std::collections::BTreeMap::new();
    let mut count = |arrived: &crate::receiver::Arrived| {
        let number = arrived.json()["data"]["version"]["number"]
            .as_u64()
            .unwrap();
        told.insert(number, arrived.header("webhook-id").to_owned());
        told.len()
    };
    count(&first);
    loop {
        let arrived = receiver.next().await;
        assert!(is_signed(&arrived, &made.secret));
        if count(&arrived) == 10 {
            break;
        }
    }
    assert_eq!(
        told.keys().copied().collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>()
    );

    let path = paths::webhook_secret(ada.project, made.webhook.id);
    let response = ada.asks(Method::POST, &path, None).await;
    let again: protocol::webhooks::MadeWebhook = response.json().await.unwrap();
    let copy = home.path().join("copy.sqlite");
    let output = run(home.path(), &["backup", copy.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let listed = ada
        .gets(&paths::webhooks(ada.project))
        .await
        .text()
        .await
        .unwrap();
    let logged = ada
        .gets(&paths::deliveries(ada.project, made.webhook.id, None))
        .await
        .text()
        .await
        .unwrap();
    assert!(process.stop().success());
    for secret in [&made.secret, &again.secret] {
        let bits = secret.trim_start_matches("whsec_");
        assert!(!listed.contains(bits) && !logged.contains(bits));
        let mut with: Vec<PathBuf> = files(home.path())
            .into_iter()
            .filter(|(_, bytes)| holds(bytes, bits))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(with.pop(), Some(home.path().join("conf/secrets.json")));
        assert!(with.is_empty(), "{with:?}");
    }
    // The log names the webhook, and not its address.
    let log = std::fs::read(home.path().join("log")).unwrap();
    assert!(holds(&log, &made.webhook.id.to_string()) && !holds(&log, &receiver.url));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let secrets = home.path().join("conf/secrets.json");
        let mode = std::fs::metadata(secrets).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_has_no_secret_until_there_is_a_new_one() {
    let sending = Sending::open().await;
    let mut receiver = Receiver::open().await;
    let made = sending
        .team
        .ada
        .hooks(&receiver.url, &[Kind::VersionSaved])
        .await;
    let id = made.webhook.id;
    std::fs::remove_file(sending.secrets()).unwrap();
    let sending = sending.restart(async |house, _| house).await;
    let ada = &sending.team.ada;
    assert!(!ada.webhook(id).await.has_secret);
    ada.tests_hook(id).await;
    let waiting = ada.sees_attempts(id, 1).await;
    assert!(waiting.last.unwrap().error.unwrap().contains("new secret"));
    assert!(receiver.rest().is_empty());
    let path = paths::webhook_secret(ada.project, id);
    let again = ada.asks(Method::POST, &path, None).await;
    let again: protocol::webhooks::MadeWebhook = again.json().await.unwrap();
    ada.tests_hook(id).await;
    let arrived = receiver.next().await;
    assert!(is_signed(&arrived, &again.secret) && !is_signed(&arrived, &made.secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_gone_and_the_log_is_read_in_pages() {
    let sending = Sending::open().await;
    let mut receiver = Receiver::open().await;
    let ada = &sending.team.ada;
    let id = ada
        .hooks(&receiver.url, &[Kind::VersionSaved])
        .await
        .webhook
        .id;
    let page = registry::limits::WEBHOOK_PAGE;
    for _ in 0..page + 5 {
        ada.tests_hook(id).await;
        receiver.next().await;
    }
    let first = ada.log(id).await;
    assert!(first.more && first.deliveries.len() == page);
    let before = first.deliveries.last().unwrap().id;
    let path = paths::deliveries(ada.project, id, Some(before));
    let rest: protocol::webhooks::Deliveries = ada.gets(&path).await.json().await.unwrap();
    assert!(!rest.more && rest.deliveries.len() == 5);
    let path = paths::webhook(ada.project, id);
    assert_eq!(ada.asks(Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(ada.asks(Method::DELETE, &path, None).await.status(), 404);
    let path = paths::deliveries(ada.project, id, None);
    assert_eq!(ada.gets(&path).await.status(), 404);
    let secrets = std::fs::read_to_string(sending.secrets()).unwrap();
    assert!(!secrets.contains(&id.to_string()), "{secrets}");
    let file = rusqlite::Connection::open(sending.house.file()).unwrap();
    let left: i64 = file
        .query_row("SELECT count(*) FROM deliveries", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn the_page_of_limits_says_what_the_code_says() {
    use registry::limits::{
        WEBHOOK_ANSWER_CHARS, WEBHOOK_AT_ONCE, WEBHOOK_BODY_BYTES, WEBHOOK_LOG, WEBHOOK_PATIENCE,
        WEBHOOK_REQUEST_BYTES, WEBHOOK_URL_BYTES, WEBHOOK_WAITING, WEBHOOKS,
    };
    let page = include_str!("../../../../docs/limits.md").replace(',', "");
    let [one, project, all] = WEBHOOK_AT_ONCE;
    for row in [
        format!("| webhooks of one project | {WEBHOOKS} |"),
        format!("| bytes of a webhook's address | {WEBHOOK_URL_BYTES} |"),
        format!(
            "| bytes of a request about a webhook | {} KiB |",
            WEBHOOK_REQUEST_BYTES >> 10
        ),
        format!(
            "| bytes of what is delivered | {} KiB |",
            WEBHOOK_BODY_BYTES >> 10
        ),
        format!("| deliveries of one webhook that wait | {WEBHOOK_WAITING} |"),
        format!("in its log after they ended | {WEBHOOK_LOG} |"),
        format!("| characters of a receiver's answer that are kept | {WEBHOOK_ANSWER_CHARS} |"),
        format!("| deliveries under way at once to one webhook | {one} |"),
        format!("| deliveries under way at once for one project | {project} |"),
        format!("| deliveries under way at once in all | {all} |"),
        format!(
            "| time for a receiver to answer | {} s |",
            WEBHOOK_PATIENCE.as_secs()
        ),
        format!(
            "| attempts to deliver | {} over",
            registry::webhooks::schedule::WAITS.len() + 1
        ),
    ] {
        assert!(page.contains(&row), "docs/limits.md lacks {row}");
    }
}
