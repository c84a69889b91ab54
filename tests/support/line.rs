//! The line between a laptop and a registry, on which what is sent can be lost.

use super::Registry;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to the next commands that are sent.
#[derive(Clone, Copy)]
enum Fate {
    /// They never arrive.
    RequestLost,
    /// They arrive, and their answer never does.
    AnswerLost,
    /// They arrive, and their answer does not come while the line is there.
    AnswerHeld,
}

struct Shared {
    own: SocketAddr,
    registry: watch::Sender<SocketAddr>,
    next: Mutex<Option<Fate>>,
    holding: watch::Sender<bool>,
}

/// A line before a registry. Everything passes, unless it was told otherwise.
pub struct Line {
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Line {
    /// Lays a line to a registry.
    pub async fn before(registry: &Registry) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let shared = Arc::new(Shared {
            own: listener.local_addr().expect("an address"),
            registry: watch::Sender::new(place_of(registry)),
            next: Mutex::default(),
            holding: watch::Sender::new(false),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { shared, accepting }
    }

    /// The address at this end of it.
    pub fn address(&self) -> String {
        format!("http://{}", self.shared.own)
    }

    /// From now on it leads to another registry, and what was connected is cut.
    pub fn leads_to(&self, registry: &Registry) {
        self.shared.registry.send_replace(place_of(registry));
    }

    /// From now on it leads nowhere: no network.
    pub fn leads_nowhere(&self) {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, super::program::free_port()));
        self.shared.registry.send_replace(nowhere);
    }

    /// The next commands never arrive.
    pub fn loses_the_next_request(&self) {
        *self.shared.next.lock().expect("a fate") = Some(Fate::RequestLost);
    }

    /// The next commands arrive, and whoever sent them never hears.
    pub fn loses_the_next_answer(&self) {
        *self.shared.next.lock().expect("a fate") = Some(Fate::AnswerLost);
    }

    /// The next commands arrive, and whoever sent them waits for the answer.
    pub fn holds_the_next_answer(&self) {
        *self.shared.next.lock().expect("a fate") = Some(Fate::AnswerHeld);
    }

    /// Waits until the registry has answered and the answer is held.
    pub async fn is_holding(&self) {
        let mut holding = self.shared.holding.subscribe();
        tokio::time::timeout(super::wait::PATIENCE, holding.wait_for(|held| *held))
            .await
            .expect("an answer comes that can be held")
            .expect("the line is there");
    }
}

fn place_of(registry: &Registry) -> SocketAddr {
    registry
        .address()
        .trim_start_matches("http://")
        .parse()
        .expect("an address")
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((laptop, _)) = listener.accept().await {
        tokio::spawn(carry(laptop, Arc::clone(&shared)));
    }
}

async fn carry(laptop: TcpStream, shared: Arc<Shared>) {
    let mut leads = shared.registry.subscribe();
    let there = *leads.borrow_and_update();
    let Ok(registry) = TcpStream::connect(there).await else {
        return;
    };
    let (from_laptop, to_laptop) = laptop.into_split();
    let (from_registry, to_registry) = registry.into_split();
    let fate = Arc::new(Mutex::new(None));
    tokio::select! {
        () = up(from_laptop, to_registry, there, &shared, &fate) => {}
        () = down(from_registry, to_laptop, &shared, &fate) => {}
        _ = leads.changed() => {}
    }
}

async fn up(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    there: SocketAddr,
    shared: &Shared,
    fate: &Mutex<Option<Fate>>,
) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        let text = String::from_utf8_lossy(&chunk[..length]).into_owned();
        let begins = text.contains(" HTTP/1.1\r\n");
        if begins && text.starts_with("POST ") && text.contains("/commands ") {
            let met = shared.next.lock().expect("a fate").take();
            *fate.lock().expect("a fate") = met;
            if matches!(met, Some(Fate::RequestLost)) {
                return;
            }
        }
        let passed = if begins {
            // The registry answers to its own name only.
            let (own, there) = (shared.own.to_string(), there.to_string());
            to.write_all(text.replacen(&own, &there, 1).as_bytes())
                .await
        } else {
            to.write_all(&chunk[..length]).await
        };
        if passed.is_err() {
            return;
        }
    }
}

async fn down(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    fate: &Mutex<Option<Fate>>,
) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        let met = *fate.lock().expect("a fate");
        match met {
            Some(Fate::AnswerLost | Fate::RequestLost) => return,
            Some(Fate::AnswerHeld) => {
                shared.holding.send_replace(true);
                std::future::pending::<()>().await;
            }
            None => {}
        }
        if to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
}
