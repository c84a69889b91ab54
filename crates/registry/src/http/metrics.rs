//! `GET /metrics`: what was counted, in the text format that Prometheus reads (version 0.0.4).

use super::App;
use super::counts::{BUCKETS, Calls, Counts, Limited, METHODS, Refused, STATUSES};
use crate::Limits;
use axum::extract::State;
use http::header;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts, as Prometheus reads them.
pub async fn metrics(State(app): State<App>) -> ([(header::HeaderName, &'static str); 1], String) {
    let inner = &app.registry.inner;
    let mut page = Page::default();
    page.counts(&inner.counts);
    let (streams, most) = inner.rates.open_streams();
    page.gauge("galley_open_streams", "Open streams of changes.", streams);
    page.gauge(
        "galley_open_streams_of_one_key",
        "Open streams of the key that has the most.",
        most,
    );
    page.gauge(
        "galley_open_connections",
        "Open connections.",
        app.gate.connections.load(Relaxed),
    );
    page.limits(&inner.projects.limits);
    page.gauge(
        "galley_ready",
        "1 while /readyz says so, the data file aside.",
        u8::from(app.gate.unready().is_none()),
    );
    page.family(
        "galley_build_info",
        "gauge",
        "1; the version is in the label.",
    );
    page.sample(
        "galley_build_info",
        &[("version", env!("CARGO_PKG_VERSION"))],
        1,
    );
    page.gauge(
        "process_start_time_seconds",
        "When the listener began, in seconds since 1970.",
        app.gate.began.as_second(),
    );
    if let Some(bytes) = resident() {
        page.gauge(
            "process_resident_memory_bytes",
            "Memory that is in use.",
            bytes,
        );
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], page.text)
}

/// Bytes of memory in use, where the system tells it as Linux does.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1_024)
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn counts(&mut self, counts: &Counts) {
        let name = "galley_requests_total";
        self.family(name, "counter", "Requests by route, method and status.");
        self.each(counts, |page, labels, calls| {
            for (count, status) in calls.statuses.iter().zip(STATUSES) {
                let status = match status {
                    0 => "other".to_owned(),
                    known => known.to_string(),
                };
                let count = count.load(Relaxed);
                if count > 0 {
                    let [route, method] = *labels;
                    page.sample(name, &[route, method, ("status", &status)], count);
                }
            }
        });
        let name = "galley_request_duration_seconds";
        let help = "From the whole head of a request to the head of its answer.";
        self.family(name, "histogram", help);
        self.each(counts, |page, [route, method], calls| {
            let mut all = 0;
            for (count, end) in calls.buckets.iter().zip(&BUCKETS) {
                all += count.load(Relaxed);
                let end = seconds(*end);
                page.sample(
                    "galley_request_duration_seconds_bucket",
                    &[*route, *method, ("le", &end)],
                    all,
                );
            }
            all += calls.buckets.last().map_or(0, |count| count.load(Relaxed));
            page.sample(
                "galley_request_duration_seconds_bucket",
                &[*route, *method, ("le", "+Inf")],
                all,
            );
            let labels = [*route, *method];
            let sum = seconds(calls.micros.load(Relaxed));
            page.sample("galley_request_duration_seconds_sum", &labels, sum);
            page.sample("galley_request_duration_seconds_count", &labels, all);
        });
        let names = |all: &[(Refused, &'static str)]| all.iter().map(|(_, name)| *name).collect();
        self.labelled(
            ("galley_refused_total", "reason"),
            "Calls turned away before anything was looked up.",
            names(&Refused::ALL),
            &counts.refused,
        );
        self.labelled(
            ("galley_limited_total", "limit"),
            "Calls answered with 429, by the setting under `limits` that held them up.",
            Limited::ALL.iter().map(|(_, name)| *name).collect(),
            &counts.limited,
        );
        self.labelled(
            ("galley_commands_total", "outcome"),
            "Commands decided, repeated ones included.",
            vec!["accepted", "refused"],
            &counts.commands,
        );
        self.labelled(
            ("galley_webhook_attempts_total", "outcome"),
            "Attempts to deliver a webhook.",
            vec!["delivered", "failed"],
            &counts.webhooks,
        );
    }

    /// Every route and method that was called.
    fn each(&mut self, counts: &Counts, tell: impl Fn(&mut Self, &[(&str, &str); 2], &Calls)) {
        for (methods, path) in counts.calls.iter().zip(&counts.paths) {
            for (calls, method) in methods.iter().zip(METHODS) {
                if calls.statuses.iter().any(|count| count.load(Relaxed) > 0) {
                    tell(self, &[("route", path), ("method", method)], calls);
                }
            }
        }
    }

    fn limits(&mut self, limits: &Limits) {
        let name = "galley_limit";
        self.family(name, "gauge", "What the settings under `limits` allow.");
        let Ok(serde_json::Value::Object(all)) = serde_json::to_value(limits) else {
            return;
        };
        for (limit, value) in all {
            self.sample(name, &[("limit", &limit)], value);
        }
    }

    fn labelled(
        &mut self,
        (name, label): (&str, &str),
        help: &str,
        values: Vec<&str>,
        counts: &[AtomicU64],
    ) {
        self.family(name, "counter", help);
        for (count, value) in counts.iter().zip(values) {
            self.sample(name, &[(label, value)], count.load(Relaxed));
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// The labels' values are all of our own: none of them needs escaping.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(name);
        for (place, (label, of)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{of}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{after} {value}");
    }
}

/// Microseconds as seconds, exactly.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_are_written_exactly() {
        for (micros, text) in [
            (0, "0"),
            (100, "0.0001"),
            (250_000, "0.25"),
            (5_000_000, "5"),
            (10_000_001, "10.000001"),
        ] {
            assert_eq!(seconds(micros), text);
        }
    }
}
