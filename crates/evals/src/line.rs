//! The line before a provider: everything of this process that asks it stands here, so that its limits
//! hold for all runs and tries together, and when it asks one to wait all wait.
//!
//! A limit a minute holds for every span of sixty seconds, not only for those on the clock. Who came
//! first is let through first.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

/// What a provider may be asked at most; none: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct CallLimits {
    /// Calls in any sixty seconds, repeated attempts included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_a_minute: Option<u32>,
    /// Tokens sent and answered in any sixty seconds. What a call will take is guessed before, and
    /// put right when its answer is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_a_minute: Option<u32>,
    /// Calls under way at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<u32>,
}

/// All who ask one provider.
#[derive(Debug, Default)]
pub struct Line {
    // Whoever holds it stands first; the others wait for it in the order they came.
    first: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct State {
    limits: CallLimits,
    held: Option<Instant>,
    under_way: u32,
    calls: u64,
    /// The calls of the last minute: when, which, and their tokens.
    lately: VecDeque<(Instant, u64, u64)>,
}

enum When {
    Now(u64),
    At(Instant),
    /// When another call ends.
    Later,
}

impl Line {
    /// A line with limits.
    #[must_use]
    pub fn new(limits: CallLimits) -> Self {
        let line = Self::default();
        line.state.lock().limits = limits;
        line
    }

    /// Other limits from now on, also for those who wait.
    pub fn limit(&self, limits: CallLimits) {
        self.state.lock().limits = limits;
        self.moved.notify_one();
    }

    /// Nobody asks for this long.
    pub(crate) fn hold(&self, pause: Duration) {
        self.state.lock().hold(Instant::now() + pause);
    }

    /// Waits until a call of about so many tokens may be made.
    pub(crate) async fn turn(&self, tokens: u64) -> Turn<'_> {
        let _first = self.first.lock().await;
        loop {
            let when = self.state.lock().when(Instant::now(), tokens);
            match when {
                When::Now(call) => return Turn { line: self, call },
                When::At(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = self.moved.notified() => {}
                },
                When::Later => self.moved.notified().await,
            }
        }
    }
}

impl State {
    fn hold(&mut self, until: Instant) {
        self.held = Some(self.held.map_or(until, |already| already.max(until)));
    }

    fn took(&mut self, call: u64, tokens: u64) {
        if let Some(own) = self.lately.iter_mut().find(|(_, made, _)| *made == call) {
            own.2 = tokens;
        }
    }

    fn when(&mut self, now: Instant, tokens: u64) -> When {
        while self
            .lately
            .front()
            .is_some_and(|(at, ..)| *at + MINUTE <= now)
        {
            self.lately.pop_front();
        }
        if let Some(until) = self.held.filter(|until| *until > now) {
            return When::At(until);
        }
        if self
            .limits
            .at_once
            .is_some_and(|most| self.under_way >= most.max(1))
        {
            return When::Later;
        }
        let mut earliest = now;
        if let Some(most) = self.limits.requests_a_minute {
            let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
            let before = self.lately.len().checked_sub(most);
            if let Some((at, ..)) = before.and_then(|place| self.lately.get(place)) {
                earliest = earliest.max(*at + MINUTE);
            }
        }
        if let Some(most) = self.limits.tokens_a_minute {
            let mut sum: u64 = self.lately.iter().map(|(.., tokens)| *tokens).sum();
            // A call that is larger than the limit by itself goes when nothing else counts.
            for (at, _, gone) in &self.lately {
                if sum == 0 || sum + tokens <= u64::from(most) {
                    break;
                }
                sum -= gone;
                earliest = earliest.max(*at + MINUTE);
            }
        }
        if earliest > now {
            return When::At(earliest);
        }
        self.calls += 1;
        self.under_way += 1;
        self.lately.push_back((now, self.calls, tokens));
        When::Now(self.calls)
    }
}

/// One call under way.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    line: &'a Line,
    call: u64,
}

impl Turn<'_> {
    /// Says what it took in the end.
    pub(crate) fn took(&self, tokens: u64) {
        self.line.state.lock().took(self.call, tokens);
        self.line.moved.notify_one();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.line.state.lock();
        state.under_way = state.under_way.saturating_sub(1);
        drop(state);
        self.line.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn state(requests: Option<u32>, tokens: Option<u32>, at_once: Option<u32>) -> State {
        State {
            limits: CallLimits {
                requests_a_minute: requests,
                tokens_a_minute: tokens,
                at_once,
            },
            ..State::default()
        }
    }

    /// Lets a call through as soon as it may, by a clock of our own; says which it was.
    fn goes(state: &mut State, now: &mut Instant, tokens: u64) -> u64 {
        loop {
            match state.when(*now, tokens) {
                When::Now(call) => {
                    state.under_way = 0;
                    return call;
                }
                When::At(at) => *now = at,
                When::Later => panic!("nothing is under way"),
            }
        }
    }

    fn seconds_of(mut state: State, calls: &[u64]) -> Vec<u64> {
        let began = Instant::now();
        let mut now = began;
        let each = calls.iter().map(|tokens| {
            goes(&mut state, &mut now, *tokens);
            (now - began).as_secs()
        });
        each.collect()
    }

    #[test]
    fn limits_hold_in_any_minute() {
        assert_eq!(seconds_of(state(None, None, None), &[9; 5]), [0; 5]);
        let by_requests = state(Some(2), None, None);
        assert_eq!(seconds_of(by_requests, &[1; 5]), [0, 0, 60, 60, 120]);
        let by_tokens = state(None, Some(100), None);
        // 20 wait for the 60 to be over, 500 for everything, and 1 for the 500.
        let calls = [60, 30, 20, 500, 1];
        assert_eq!(seconds_of(by_tokens, &calls), [0, 0, 60, 120, 180]);
    }

    #[test]
    fn what_a_call_took_counts_instead_of_the_guess() {
        let mut state = state(None, Some(100), None);
        let began = Instant::now();
        let mut now = began;
        let call = goes(&mut state, &mut now, 90);
        state.took(call, 10);
        goes(&mut state, &mut now, 90);
        assert_eq!(now, began);
        goes(&mut state, &mut now, 1);
        assert_eq!(now, began + MINUTE);
    }

    #[test]
    fn the_longest_pause_counts() {
        let mut state = state(None, None, None);
        let began = Instant::now();
        let mut now = began;
        state.hold(began + Duration::from_secs(30));
        state.hold(began + Duration::from_secs(5));
        goes(&mut state, &mut now, 1);
        assert_eq!((now - began).as_secs(), 30);
    }

    #[tokio::test]
    async fn new_limits_are_heard_by_those_who_wait() {
        let line = Arc::new(Line::new(CallLimits {
            requests_a_minute: Some(1),
            ..CallLimits::default()
        }));
        drop(line.turn(1).await);
        let waiting = tokio::spawn({
            let line = Arc::clone(&line);
            async move { drop(line.turn(1).await) }
        });
        tokio::task::yield_now().await;
        // Without it being heard this would take a minute.
        line.limit(CallLimits::default());
        waiting.await.expect("it is let through");
        assert_eq!(line.state.lock().calls, 2);
    }

    #[tokio::test]
    async fn so_many_at_once_in_the_order_they_came() {
        let line = Arc::new(Line::new(CallLimits {
            at_once: Some(2),
            ..CallLimits::default()
        }));
        let order = Arc::new(Mutex::new(Vec::new()));
        let each = (0..6).map(|number| {
            let (line, order) = (Arc::clone(&line), Arc::clone(&order));
            tokio::spawn(async move {
                let turn = line.turn(1).await;
                order.lock().push((number, line.state.lock().under_way));
                tokio::task::yield_now().await;
                drop(turn);
            })
        });
        for one in each.collect::<Vec<_>>() {
            one.await.expect("it ends");
        }
        let order = order.lock();
        let numbers: Vec<_> = order.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        assert_eq!(order.iter().map(|(_, at_once)| *at_once).max(), Some(2));
    }

    proptest! {
        // The definition itself: no sixty seconds hold more than the limits allow.
        #[test]
        fn no_minute_holds_more(
            requests in 1..6_u32,
            most in 1..200_u32,
            calls in proptest::collection::vec((0..90_u64, 0..250_u64), 1..40),
        ) {
            let mut state = state(Some(requests), Some(most), None);
            let mut now = Instant::now();
            let mut made: Vec<(Instant, u64)> = Vec::new();
            for (later, tokens) in calls {
                now += Duration::from_secs(later);
                goes(&mut state, &mut now, tokens);
                made.push((now, tokens));
                let minute: Vec<u64> = made
                    .iter()
                    .filter(|(at, _)| *at + MINUTE > now)
                    .map(|(_, tokens)| *tokens)
                    .collect();
                prop_assert!(minute.len() <= requests as usize);
                let sum: u64 = minute.iter().sum();
                prop_assert!(sum <= u64::from(most) || minute.iter().rev().skip(1).sum::<u64>() == 0);
            }
        }
    }
}
