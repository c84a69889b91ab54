//! Finding Ollama on this computer: its list of models, as its own API gives it (`GET /api/tags`).
//!
//! It is looked for on this computer alone, when somebody wants to know, for a moment and no longer;
//! whoever answers there with anything else is taken for somebody else.

use crate::provider::{is_loopback, plain_client, read_address};
use futures_util::StreamExt as _;
use serde::Deserialize;
use std::time::Duration;

/// Where Ollama listens unless told otherwise.
pub const USUAL: &str = "http://127.0.0.1:11434";
/// How long it may take to answer, all in all.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The longest list that is read.
const LIST_BYTES: usize = 1 << 20;
/// Models that are told, at most.
const MODELS: usize = 200;

/// A model that Ollama has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalModel {
    /// As it is asked for: `llama3.2:latest`.
    pub name: String,
    /// Its size in words, as Ollama says it (`3.2B`); empty where it does not.
    pub size: String,
}

#[derive(Deserialize)]
struct List {
    models: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    parameter_size: String,
    family: String,
}

/// The models of an Ollama at this address on this computer, in its order; none where nobody answers,
/// or somebody else does. Models that only compare texts and never answer are left out.
pub async fn models_at(address: &str) -> Option<Vec<LocalModel>> {
    let base = read_address(address).ok().filter(is_loopback)?;
    let client = plain_client(&base).ok()?;
    let list = base.join("/api/tags").ok()?;
    tokio::time::timeout(PATIENCE, read(client, list))
        .await
        .ok()?
}

async fn read(client: reqwest::Client, list: reqwest::Url) -> Option<Vec<LocalModel>> {
    let answer = client.get(list).send().await.ok()?;
    if answer.status() != reqwest::StatusCode::OK {
        return None;
    }
    let mut bytes = Vec::new();
    let mut chunks = answer.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        if bytes.len() + chunk.len() > LIST_BYTES {
            return None;
        }
        bytes.extend_from_slice(&chunk);
    }
    let list: List = serde_json::from_slice(&bytes).ok()?;
    let usable = |row: &Row| {
        let plain = |c: char| c.is_ascii_graphic();
        (1..=200).contains(&row.name.len())
            && row.name.chars().all(plain)
            && !row.details.family.contains("bert")
    };
    let models = list.models.into_iter().filter(usable).take(MODELS);
    let shown = |text: String| {
        if text.len() <= 20 {
            text
        } else {
            String::new()
        }
    };
    Some(
        models
            .map(|row| LocalModel {
                name: row.name,
                size: shown(row.details.parameter_size),
            })
            .collect(),
    )
}

/// The address that `OLLAMA_HOST` stands for, as Ollama itself reads it; none where it is another
/// computer, or no address. What it listens on everywhere is asked for here.
#[must_use]
pub fn address_of(host: &str) -> Option<String> {
    let host = host.trim().trim_matches(['"', '\'']).trim();
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let rest = rest.trim_end_matches('/');
    let (name, port) = match rest.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) && !name.ends_with(':') => {
            (name, port)
        }
        _ => (rest, ""),
    };
    let name = match name {
        "" | "0.0.0.0" | "[::]" | "::" => "127.0.0.1",
        name => name,
    };
    let port = if port.is_empty() { "11434" } else { port };
    let address = format!("{scheme}://{name}:{port}");
    let url = read_address(&address).ok()?;
    (is_loopback(&url) && url.path() == "/").then_some(address)
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn the_host_of_the_environment_is_read_as_ollama_reads_it() {
        let table = [
            ("127.0.0.1:11500", Some("http://127.0.0.1:11500")),
            ("localhost", Some("http://localhost:11434")),
            ("0.0.0.0", Some("http://127.0.0.1:11434")),
            ("0.0.0.0:8000", Some("http://127.0.0.1:8000")),
            (":11435", Some("http://127.0.0.1:11435")),
            ("[::1]:7", Some("http://[::1]:7")),
            ("http://127.0.0.1:1/", Some("http://127.0.0.1:1")),
            (" \"127.0.0.1\" ", Some("http://127.0.0.1:11434")),
            ("", Some("http://127.0.0.1:11434")),
            ("gpu.example.com:11434", None),
            ("192.168.1.5", None),
            ("https://models.example.com", None),
            ("127.0.0.1:11434/x?y", None),
            ("127.0.0.1:999999", None),
            ("user:pw@127.0.0.1:1", None),
        ];
        for (host, expected) in table {
            assert_eq!(address_of(host).as_deref(), expected, "{host}");
        }
    }
}
