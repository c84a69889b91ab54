//! Reading a request's body within its limit, at a pace, and only while there is room for it.

use super::room::{Full, Room};
use super::{App, Failure, Limited};
use crate::people::Access;
use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, header};
use protocol::ErrorCode;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};

/// How long nothing may arrive.
const SILENCE: Duration = Duration::from_secs(15);
/// How long a body may take to come up to its pace.
const GRACE: Duration = Duration::from_secs(30);
/// Bytes a second, over all the time since it began, that a body must keep up after [`GRACE`].
const PACE: u64 = 16 << 10;
/// What is read and thrown away of a body that is refused, so that its sender comes to read why:
/// a connection that is closed under a sender takes the answer with it.
const DRAINED: usize = 256 << 20;
/// How long that may take.
const DRAINING: Duration = Duration::from_secs(5);

/// A body, with the room that it holds for as long as it is kept.
pub struct Taken {
    /// What was sent.
    pub bytes: Bytes,
    /// Dropped when the work with the body is done.
    pub room: Room,
}

/// The body, if it is no larger than `max`, arrives in time and there is room for it.
pub async fn body(
    app: &App,
    access: &Access,
    headers: &HeaderMap,
    body: Body,
    max: usize,
) -> Result<Taken, Failure> {
    let room = app.registry.inner.rooms.room(access.principal.counts_as());
    let mut stream = body.into_data_stream();
    match read(&mut stream, announced(headers), max, room).await {
        Ok(taken) => Ok(taken),
        Err(failure) => {
            if failure.code() == ErrorCode::TooMany {
                app.registry.inner.counts.limited(Limited::Bodies);
            }
            if failure.code() == ErrorCode::TooLarge {
                let _ = tokio::time::timeout(DRAINING, drain(&mut stream)).await;
            }
            Err(failure)
        }
    }
}

/// What a body says, if it is a JSON object of this form. (A reader of structs also takes a list of
/// their fields in order, which is nothing that anybody means to send.)
///
/// # Errors
/// Words for whoever sent it.
pub fn object<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Failure> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Failure::bad(format!(
            "this is no {what}: it is no JSON object"
        )));
    }
    serde_json::from_slice(body)
        .map_err(|error| Failure::bad(format!("this is no {what}: {error}")))
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

async fn read(
    stream: &mut BodyDataStream,
    announced: Option<usize>,
    max: usize,
    mut room: Room,
) -> Result<Taken, Failure> {
    let too_large = || Failure::too_large("the body (in bytes)", max);
    // One that says it is larger is not kept at all.
    if announced.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    let began = Instant::now();
    let mut bytes = Vec::new();
    loop {
        let piece = match tokio::time::timeout(SILENCE, stream.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Failure::bad("the body did not arrive whole")),
            Err(_) => return Err(too_slow()),
        };
        if bytes.len() + piece.len() > max {
            return Err(too_large());
        }
        room.grow(piece.len()).map_err(|Full| no_room())?;
        bytes.extend_from_slice(&piece);
        if lags(bytes.len() as u64, began.elapsed()) {
            return Err(too_slow());
        }
    }
    Ok(Taken {
        bytes: bytes.into(),
        room,
    })
}

async fn drain(stream: &mut BodyDataStream) {
    let mut left = DRAINED;
    while let Some(Ok(piece)) = stream.next().await {
        left = left.saturating_sub(piece.len());
        if left == 0 {
            return;
        }
    }
}

/// Whether so many bytes after so long are too few.
fn lags(bytes: u64, after: Duration) -> bool {
    after > GRACE && bytes < after.as_secs().saturating_mul(PACE)
}

fn too_slow() -> Failure {
    Failure::bad("the body took too long to arrive; nothing was taken, send it again")
}

fn no_room() -> Failure {
    Failure::too_many(
        "the registry is taking in as much as it can hold; nothing of this was taken, send it again",
        5,
    )
}

#[cfg(test)]
mod tests {
    use super::lags;
    use std::time::Duration;

    #[test]
    fn a_body_must_keep_its_pace_after_a_while() {
        for (bytes, seconds, lagging) in [
            (0, 0, false),
            (0, 30, false),
            (0, 31, true),
            (16 * 1_024 * 31 - 1, 31, true),
            (16 * 1_024 * 31, 31, false),
            (64 << 20, 4_096, false),
            (64 << 20, 4_097, true),
        ] {
            let after = Duration::from_secs(seconds);
            assert_eq!(lags(bytes, after), lagging, "{bytes} bytes in {seconds} s");
        }
    }
}
