//! What the tests of webhooks share: a receiver that answers as it is told, a clock that is set by
//! hand, and a registry that sends.

use crate::team::{House, Member, Team};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::Millis;
use http::HeaderMap;
use parking_lot::Mutex;
use protocol::paths;
use protocol::webhooks::{
    Deliveries, Delivery, MadeWebhook, NewWebhook, Webhook, WebhookId, WebhookKind,
};
use registry::webhooks::schedule::{Clock, Waited};
use registry::{Options, WebhookOptions};
use serde_json::Value;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// One delivery as it arrived.
#[derive(Debug)]
pub struct Arrived {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Arrived {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// What the receiver says.
pub enum Say {
    Status(u16, String),
    /// Sends elsewhere.
    Elsewhere(String),
    /// Nothing, for ever.
    Nothing,
}

type Script = Arc<Mutex<VecDeque<Say>>>;

/// A real server on loopback. It says what is in its script, then 200.
pub struct Receiver {
    pub url: String,
    script: Script,
    arrived: mpsc::UnboundedReceiver<Arrived>,
}

impl Receiver {
    pub async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, arrived) = mpsc::unbounded_channel();
        let script = Script::default();
        let router = Router::new()
            .fallback(receive)
            .with_state((sender, Arc::clone(&script)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            script,
            arrived,
        }
    }

    pub fn will_say(&self, says: impl IntoIterator<Item = Say>) {
        self.script.lock().extend(says);
    }

    pub async fn next(&mut self) -> Arrived {
        tokio::time::timeout(PATIENCE, self.arrived.recv())
            .await
            .expect("something arrives")
            .unwrap()
    }

    /// What arrived and was not looked at.
    pub fn rest(&mut self) -> Vec<Arrived> {
        std::iter::from_fn(|| self.arrived.try_recv().ok()).collect()
    }
}

async fn receive(
    State((sender, script)): State<(mpsc::UnboundedSender<Arrived>, Script)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let _ = sender.send(Arrived { headers, body });
    let say = script.lock().pop_front();
    match say {
        None => "thank you".into_response(),
        Some(Say::Status(status, words)) => {
            let status = http::StatusCode::from_u16(status).unwrap();
            (status, words).into_response()
        }
        Some(Say::Elsewhere(url)) => Response::builder()
            .status(307)
            .header("location", url)
            .body(Body::empty())
            .unwrap(),
        Some(Say::Nothing) => std::future::pending().await,
    }
}

/// A clock that is set by hand.
#[derive(Clone, Debug)]
pub struct Hand(Arc<watch::Sender<Millis>>);

impl Hand {
    pub fn now() -> Self {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
        Self(Arc::new(watch::Sender::new(Millis(
            i64::try_from(since).unwrap(),
        ))))
    }

    pub fn set(&self, to: Millis) {
        self.0.send_replace(to);
    }
}

impl Clock for Hand {
    fn now(&self) -> Millis {
        *self.0.borrow()
    }

    fn until(&self, at: Millis) -> Waited<'_> {
        let mut now = self.0.subscribe();
        Box::pin(async move {
            let _ = now.wait_for(|now| *now >= at).await;
        })
    }
}

/// A registry that sends, its clock, and a project with its admin.
pub struct Sending {
    pub house: House,
    pub team: Team,
    pub clock: Hand,
}

/// How a registry in this folder sends.
pub fn sending(folder: &std::path::Path, clock: &Hand) -> WebhookOptions {
    WebhookOptions {
        allow_private: true,
        clock: Arc::new(clock.clone()),
        ..WebhookOptions::new(folder.join("secrets.json"))
    }
}

impl Sending {
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    /// With something about sending changed.
    pub async fn with(change: impl FnOnce(&mut WebhookOptions)) -> Self {
        let (dir, clock) = (tempfile::TempDir::new().unwrap(), Hand::now());
        let mut webhooks = sending(dir.path(), &clock);
        change(&mut webhooks);
        let options = Options {
            create: true,
            webhooks: Some(webhooks),
            // The tests of who may do what fail often, and from one address.
            limits: registry::Limits {
                failed_per_minute: std::num::NonZeroU32::new(10_000).unwrap(),
                ..registry::Limits::default()
            },
            ..Options::default()
        };
        let house = House::within(dir, options).await;
        let team = house.found().await;
        Self { house, team, clock }
    }

    /// Stops it, does something while it is down, and opens the same file again.
    pub async fn restart(self, meanwhile: impl AsyncFnOnce(House, &Team) -> House) -> Self {
        let Self { house, team, clock } = self;
        let house = house.reopen(Options::default()).await;
        let team = Team {
            ada: Member {
                url: house.url(),
                ..team.ada
            },
            ..team
        };
        let house = meanwhile(house, &team).await;
        let webhooks = Some(sending(house.dir.path(), &clock));
        let options = Options {
            webhooks,
            ..Options::default()
        };
        let house = house.reopen(options).await;
        let team = Team {
            ada: Member {
                url: house.url(),
                ..team.ada
            },
            ..team
        };
        Self { house, team, clock }
    }

    pub fn secrets(&self) -> PathBuf {
        self.house.dir.path().join("secrets.json")
    }
}

/// What an admin does with webhooks.
impl Member {
    pub async fn asks(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Response {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.bearer);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn tries_to_hook(&self, url: &str, kinds: &[WebhookKind]) -> reqwest::Response {
        let new = NewWebhook {
            url: url.to_owned(),
            kinds: kinds.to_vec(),
            environments: Vec::new(),
        };
        let body = serde_json::to_value(new).unwrap();
        let path = paths::webhooks(self.project);
        self.asks(reqwest::Method::POST, &path, Some(body)).await
    }

    pub async fn hooks(&self, url: &str, kinds: &[WebhookKind]) -> MadeWebhook {
        let response = self.tries_to_hook(url, kinds).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 201, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    pub async fn changes_hook(&self, id: WebhookId, change: Value) -> Webhook {
        let path = paths::webhook(self.project, id);
        let response = self.asks(reqwest::Method::PATCH, &path, Some(change)).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub async fn webhook(&self, id: WebhookId) -> Webhook {
        let response = self.gets(&paths::webhooks(self.project)).await;
        assert_eq!(response.status(), 200);
        let listed: protocol::webhooks::Webhooks = response.json().await.unwrap();
        let mut found = listed.webhooks.into_iter();
        found.find(|webhook| webhook.id == id).unwrap()
    }

    pub async fn tests_hook(&self, id: WebhookId) -> Delivery {
        let path = paths::webhook_test(self.project, id);
        let response = self.asks(reqwest::Method::POST, &path, None).await;
        assert_eq!(response.status(), 202);
        response.json().await.unwrap()
    }

    pub async fn replays(&self, id: WebhookId, delivery: &Delivery) -> Delivery {
        let path = paths::replay(self.project, id, delivery.id);
        let response = self.asks(reqwest::Method::POST, &path, None).await;
        assert_eq!(response.status(), 202);
        response.json().await.unwrap()
    }

    pub async fn log(&self, id: WebhookId) -> Deliveries {
        let response = self.gets(&paths::deliveries(self.project, id, None)).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// The newest delivery, once it is as it should be.
    pub async fn sees(
        &self,
        id: WebhookId,
        what: &str,
        good: impl Fn(&Delivery) -> bool,
    ) -> Delivery {
        let looked = async {
            loop {
                if let Some(found) = self.log(id).await.deliveries.into_iter().next()
                    && good(&found)
                {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, looked).await {
            Ok(found) => found,
            Err(_) => panic!("never {what}: {:?}", self.log(id).await),
        }
    }

    /// The newest delivery, after so many attempts.
    pub async fn sees_attempts(&self, id: WebhookId, attempts: u32) -> Delivery {
        let what = format!("{attempts} attempts");
        self.sees(id, &what, |found| found.attempts == attempts)
            .await
    }
}

/// Whether a delivery was signed with this secret, as a receiver's own library checks it.
pub fn is_signed(arrived: &Arrived, secret: &str) -> bool {
    let webhook = standardwebhooks::Webhook::new(secret).unwrap();
    webhook.verify(&arrived.body, &arrived.headers).is_ok()
}
