//! Bytes that are ready to be sent, with the tag that names them.

use bytes::Bytes;
use domain::Digest;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::io::Write as _;

/// Smaller answers are not worth compressing.
const WORTH_COMPRESSING: usize = 1_024;

/// An answer in the forms in which it is sent.
#[derive(Clone, Debug)]
pub struct Answer {
    plain: Bytes,
    tag: HeaderValue,
    /// Compressed once, with a tag of its own: other bytes, other tag.
    compressed: Option<(Bytes, HeaderValue)>,
}

impl Answer {
    /// An answer of this JSON.
    #[must_use]
    pub fn of(json: Vec<u8>) -> Self {
        let name = Digest::of(&json).to_string();
        let name = name.get(..32).unwrap_or_default();
        let compressed = (json.len() >= WORTH_COMPRESSING)
            .then(|| compress(&json))
            .flatten()
            .filter(|bytes| bytes.len() < json.len())
            .map(|bytes| (Bytes::from(bytes), tag(&format!("{name}-gz"))));
        Self {
            plain: Bytes::from(json),
            tag: tag(name),
            compressed,
        }
    }

    /// The JSON, as it is sent where nobody asks for compression.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.plain
    }

    /// The response to a request with these headers: the bytes, or "you have them".
    #[must_use]
    pub fn respond(&self, request: &HeaderMap) -> Response<axum::body::Body> {
        let gzip = self.compressed.as_ref().filter(|_| takes_gzip(request));
        let (bytes, tag) = gzip.map_or((&self.plain, &self.tag), |(bytes, tag)| (bytes, tag));
        let known = request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|asked| self.is_named_in(asked.as_bytes()));
        let mut response = Response::new(axum::body::Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, tag.clone());
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        if self.compressed.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        if gzip.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        *response.body_mut() = axum::body::Body::from(bytes.clone());
        response
    }

    fn is_named_in(&self, asked: &[u8]) -> bool {
        // The comparison of RFC 9110 §13.1.2 is the weak one: a proxy may have weakened the tag.
        asked
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|one| {
                let one = one.strip_prefix(b"W/").unwrap_or(one);
                one == b"*"
                    || one == self.tag.as_bytes()
                    || self
                        .compressed
                        .as_ref()
                        .is_some_and(|(_, tag)| one == tag.as_bytes())
            })
    }
}

fn takes_gzip(request: &HeaderMap) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value.split(',').any(|part| {
                let mut pieces = part.split(';').map(str::trim);
                pieces
                    .next()
                    .is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"))
                    && !pieces
                        .any(|quality| matches!(quality, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        })
}

fn tag(name: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{name}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
