//! Keeps what an environment serves in memory.
//!
//! Two tasks: one follows the stream of changes and says that something is due; the other reads. All
//! reads are made by one task, so however many callers wait, one request is made.

use crate::disk::{Disk, Kept};
use crate::http::{Body, Failed, Http, words};
use crate::prompt::Source;
use crate::served::Board;
use crate::stream::{Events, Told};
use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How patient the client is. The defaults suit a registry that sends a sign of life every 15 seconds,
/// as Galley's does.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long [`crate::Galley::ready`] waits for the registry before it takes what is on disk.
    pub wait: Duration,
    /// How long one read may take.
    pub timeout: Duration,
    /// How often to ask while the stream is silent or down: a proxy may hold its events back.
    pub poll: Duration,
    /// How often to ask while the stream is up, to be sure.
    pub poll_behind: Duration,
    /// A stream that is silent for longer is dead.
    pub silence: Duration,
    /// The first and the longest pause after a failure.
    pub pause: (Duration, Duration),
    /// The pause after a refusal that asking again doesn't change: a revoked key.
    pub refused: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            poll: Duration::from_secs(5),
            poll_behind: Duration::from_secs(60),
            silence: Duration::from_secs(20),
            pause: (Duration::from_millis(250), Duration::from_secs(5)),
            refused: Duration::from_secs(30),
        }
    }
}

/// How often a file that still holds is marked as young.
const TOUCH: Duration = Duration::from_secs(60);

#[derive(Default)]
struct State {
    tag: Option<String>,
    kept: Option<Kept>,
    confirmed: Option<Confirmed>,
    fresh_until: Option<Instant>,
    touched: Option<Instant>,
    /// Reasons to read so far, and up to which of them was read.
    events: u64,
    read_upto: u64,
    /// How often the registry answered again after it had not.
    nudges: u64,
    last_id: Option<String>,
    heard: Option<Instant>,
    problem: Option<String>,
    disk_problem: Option<String>,
}

/// When the registry last vouched for what is in memory: at a moment of this program, or so long before.
#[derive(Clone, Copy)]
struct Confirmed {
    at: Instant,
    before: Duration,
}

pub(crate) struct Keeper {
    pub(crate) board: ArcSwap<Board>,
    http: Http,
    disk: Option<Disk>,
    timing: Timing,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    warm: watch::Sender<bool>,
}

impl Keeper {
    pub(crate) fn new(http: Http, disk: Option<Disk>, timing: Timing) -> Self {
        Self {
            board: ArcSwap::default(),
            http,
            disk,
            timing,
            state: Mutex::new(State {
                events: 1,
                ..State::default()
            }),
            changed: watch::Sender::new(()),
            warm: watch::Sender::new(false),
        }
    }

    // What callers ask

    /// Waits for the first read, no longer than callers are willing to.
    pub(crate) async fn ready(&self) {
        let mut warm = self.warm.subscribe();
        let waited = tokio::time::timeout(self.timing.wait, warm.wait_for(|warm| *warm)).await;
        if waited.is_err() {
            let mut state = self.state.lock();
            state
                .problem
                .get_or_insert_with(|| "the registry did not answer in time".to_owned());
            drop(state);
            self.settle();
        }
    }

    pub(crate) fn age(&self) -> Option<Duration> {
        let confirmed = self.state.lock().confirmed?;
        Some(confirmed.at.elapsed() + confirmed.before)
    }

    pub(crate) fn is_stale(&self) -> bool {
        let until = self.state.lock().fresh_until;
        until.is_none_or(|until| Instant::now() > until)
    }

    /// The stream is up, and was heard of lately.
    pub(crate) fn is_live(&self) -> bool {
        self.live(&self.state.lock())
    }

    fn live(&self, state: &State) -> bool {
        state
            .heard
            .is_some_and(|heard| heard.elapsed() < self.timing.silence)
    }

    pub(crate) fn problems(&self) -> (Option<String>, Option<String>) {
        let state = self.state.lock();
        (state.problem.clone(), state.disk_problem.clone())
    }

    /// From now on nobody waits: what is on disk stands in if nothing was read.
    fn settle(&self) {
        let kept = if *self.warm.borrow() {
            None
        } else {
            self.state.lock().kept.take()
        };
        if let Some(kept) = kept
            && self.board.load().source.is_none()
        {
            match Board::read(kept.body.as_bytes(), Source::Kept) {
                Some(board) => {
                    self.board.store(Arc::new(board));
                    let mut state = self.state.lock();
                    state.tag = kept.tag;
                    state.confirmed = Some(Confirmed {
                        at: Instant::now(),
                        before: kept.age,
                    });
                }
                None => {
                    self.state.lock().disk_problem =
                        Some("the file on disk is damaged: it is passed over".to_owned());
                }
            }
        }
        self.warm
            .send_if_modified(|warm| !std::mem::replace(warm, true));
    }

    // Reading

    /// Reads whenever something is due. Ends when it is dropped.
    pub(crate) async fn keep(self: Arc<Self>) {
        self.load().await;
        let mut pause = self.timing.pause.0;
        loop {
            let upto = self.state.lock().events;
            let read = self.read(upto).await;
            self.say(read.as_ref().err());
            let rest = match &read {
                Ok(()) => {
                    pause = self.timing.pause.0;
                    None
                }
                Err(failed) => {
                    self.failed();
                    let asked = asked(failed, &self.timing);
                    let rest = asked.unwrap_or_else(|| jittered(pause));
                    pause = (pause * 2).min(self.timing.pause.1);
                    Some((rest, asked.is_none()))
                }
            };
            self.settle();
            self.rest(rest).await;
        }
    }

    async fn read(&self, upto: u64) -> Result<(), Failed> {
        let tag = self.state.lock().tag.clone();
        match self.http.read("/v1/environment", tag.as_deref()).await? {
            Some(body) => self.take(body).await?,
            // What was kept is what is served.
            None => self.now_from_registry(),
        }
        let touch = {
            let now = Instant::now();
            let mut state = self.state.lock();
            state.read_upto = state.read_upto.max(upto);
            state.confirmed = Some(Confirmed {
                at: now,
                before: Duration::ZERO,
            });
            let fresh = if self.live(&state) {
                self.timing.silence
            } else {
                self.timing.poll + self.timing.timeout
            };
            state.fresh_until = Some(now + fresh);
            let old = state
                .touched
                .is_none_or(|touched| now.duration_since(touched) > TOUCH);
            if old {
                state.touched = Some(now);
            }
            old
        };
        if touch {
            self.on_disk(|disk| disk.touch()).await;
        }
        Ok(())
    }

    async fn take(&self, Body { bytes, tag }: Body) -> Result<(), Failed> {
        let board = Board::read(&bytes, Source::Registry);
        let body = String::from_utf8(bytes).ok();
        let (Some(board), Some(body)) = (board, body) else {
            return Err(Failed::new("the answer is not that of a Galley registry"));
        };
        self.board.store(Arc::new(board));
        {
            let mut state = self.state.lock();
            state.tag.clone_from(&tag);
            state.touched = Some(Instant::now());
        }
        // Callers don't wait for the disk.
        self.warm
            .send_if_modified(|warm| !std::mem::replace(warm, true));
        self.on_disk(move |disk| disk.save(&body, tag)).await;
        Ok(())
    }

    fn now_from_registry(&self) {
        let board = self.board.load();
        if board.source == Some(Source::Kept) {
            self.board.store(Arc::new(board.confirmed()));
        }
    }

    /// Until something is due. After a failure for as long as given, unless the stream comes back
    /// first; what the registry asked for (not soft) is kept to.
    async fn rest(&self, failed: Option<(Duration, bool)>) {
        let mut changed = self.changed.subscribe();
        let since = Instant::now();
        let seen = {
            let state = self.state.lock();
            if failed.is_some() {
                state.events
            } else {
                state.read_upto
            }
        };
        loop {
            let (events, live) = {
                let state = self.state.lock();
                (state.events, self.live(&state))
            };
            let soft = failed.is_none_or(|(_, soft)| soft);
            let due = match failed {
                Some((rest, _)) => rest,
                None if live => self.timing.poll_behind,
                None => self.timing.poll,
            };
            let left = due.saturating_sub(since.elapsed());
            if left.is_zero() || (soft && events > seen) {
                return;
            }
            // A sender that is gone can't happen: it is ours. Time goes on in any case.
            let _ = tokio::time::timeout(left.min(self.timing.poll), changed.changed()).await;
        }
    }

    fn failed(&self) {
        let mut state = self.state.lock();
        if state.events > state.read_upto || !self.live(&state) {
            state.fresh_until = None;
        }
    }

    fn say(&self, failed: Option<&Failed>) {
        let mut state = self.state.lock();
        match failed {
            Some(failed) if state.problem.as_ref() != Some(&failed.message) => {
                tracing::warn!("galley: {}; going on with what is known", failed.message);
            }
            // A registry that answers again is followed again at once.
            None if state.problem.is_some() => state.nudges += 1,
            _ => {}
        }
        state.problem = failed.map(|failed| failed.message.clone());
        drop(state);
        self.changed.send_replace(());
    }

    // Disk

    async fn load(&self) {
        let Some(disk) = self.disk.clone() else {
            return;
        };
        let loaded = tokio::task::spawn_blocking(move || disk.load()).await;
        match loaded.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(kept) => self.state.lock().kept = kept,
            Err(problem) => {
                tracing::warn!("galley: {problem}");
                self.state.lock().disk_problem = Some(problem);
            }
        }
    }

    async fn on_disk(&self, act: impl FnOnce(&Disk) -> Result<(), String> + Send + 'static) {
        let Some(disk) = self.disk.clone() else {
            return;
        };
        let done = tokio::task::spawn_blocking(move || act(&disk)).await;
        let problem = done.unwrap_or_else(|error| Err(error.to_string())).err();
        let mut state = self.state.lock();
        if let Some(problem) = &problem
            && state.disk_problem.as_ref() != Some(problem)
        {
            tracing::warn!("galley: {problem}");
        }
        state.disk_problem = problem;
    }

    // Following

    /// Follows the stream of changes. Ends when it is dropped.
    pub(crate) async fn follow(self: Arc<Self>) {
        // The first read comes first: whoever waits for it waits for one request only.
        let _ = self.warm.subscribe().wait_for(|warm| *warm).await;
        let mut pause = self.timing.pause.0;
        loop {
            let began = Instant::now();
            let ended = self.stream().await.err();
            let streamed = self.state.lock().heard.take().is_some();
            if streamed {
                // Did it miss something? Reading says so, or that the registry is gone.
                self.happened();
            }
            if began.elapsed() > self.timing.silence {
                pause = self.timing.pause.0;
            }
            self.rest_from_following(ended.and_then(|failed| asked(&failed, &self.timing)), pause)
                .await;
            pause = (pause * 2).min(self.timing.pause.1);
        }
    }

    async fn rest_from_following(&self, asked: Option<Duration>, pause: Duration) {
        let mut changed = self.changed.subscribe();
        let nudged = self.state.lock().nudges;
        let until = Instant::now() + asked.unwrap_or_else(|| jittered(pause));
        while Instant::now() < until && (asked.is_some() || self.state.lock().nudges == nudged) {
            let _ = tokio::time::timeout_at(until, changed.changed()).await;
        }
    }

    fn happened(&self) {
        self.state.lock().events += 1;
        self.changed.send_replace(());
    }

    async fn stream(&self) -> Result<(), Failed> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("text/event-stream"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let last = self.state.lock().last_id.clone();
        if let Some(last) = last.and_then(|last| HeaderValue::from_str(&last).ok()) {
            headers.insert("last-event-id", last);
        }
        let mut response = self.http.open("/v1/environment/changes", headers).await?;
        let kind = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let nonsense = || Failed::new("the stream of changes is not one");
        if response.status() != StatusCode::OK
            || !kind.is_some_and(|kind| kind.contains("text/event-stream"))
        {
            return Err(nonsense());
        }
        self.state.lock().heard = Some(Instant::now());
        // What changed between the last read and now is read.
        self.happened();
        let mut events = Events::default();
        loop {
            let piece = tokio::time::timeout(self.timing.silence, response.chunk()).await;
            let silent = |_| Failed::new("the stream of changes is silent");
            let broke = |error| Failed::new(words(&error));
            let Some(piece) = piece.map_err(silent)?.map_err(broke)? else {
                return Ok(());
            };
            for told in events.read(&piece) {
                match told {
                    Told::Event => self.happened(),
                    Told::Id(id) => self.state.lock().last_id = Some(id),
                    Told::Nonsense => return Err(nonsense()),
                }
            }
            self.alive();
        }
    }

    /// A sign of life: if nothing is due, what is in memory is what is served.
    fn alive(&self) {
        let from_registry = self.board.load().source == Some(Source::Registry);
        let now = Instant::now();
        let mut state = self.state.lock();
        state.heard = Some(now);
        if from_registry && state.events <= state.read_upto {
            state.confirmed = Some(Confirmed {
                at: now,
                before: Duration::ZERO,
            });
            state.fresh_until = Some(now + self.timing.silence);
        }
    }
}

/// How long the registry asked to wait, or how long it is of no use to ask.
fn asked(failed: &Failed, timing: &Timing) -> Option<Duration> {
    failed
        .retry_after
        .or(failed.is_final.then_some(timing.refused))
}

/// Between half and all of it: a thousand clients don't come back at once.
fn jittered(pause: Duration) -> Duration {
    let chance = RandomState::new().build_hasher().finish() % 1_000;
    let part = u32::try_from(chance).unwrap_or(0);
    pause / 2 + pause / 2 * part / 1_000
}
