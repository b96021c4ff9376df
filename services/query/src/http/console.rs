//! The console's files, built into this program.

use axum::{
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use vedetta_api::Code;

use super::refusal;

#[derive(RustEmbed)]
#[folder = "../../web-ui/dist"]
struct Files;

const INDEX: &str = "index.html";
/// Names in there carry a hash of the content.
const HASHED: &str = "assets/";

/// A file of the console; for every other path the page that finds its own way.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return refusal(StatusCode::METHOD_NOT_ALLOWED, Code::Invalid, "only GET here");
    }
    let path = uri.path().trim_start_matches('/');
    match Files::get(path) {
        Some(file) => answer(path, &file, &headers),
        // A missing script answered with a page would only confuse whoever loads it.
        None if path.starts_with(HASHED) => refusal(StatusCode::NOT_FOUND, Code::NotFound, "no such file"),
        None => match Files::get(INDEX) {
            Some(file) => answer(INDEX, &file, &headers),
            None => (StatusCode::SERVICE_UNAVAILABLE, "the console is not built: run make\n").into_response(),
        },
    }
}

fn answer(path: &str, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let kept = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let about = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, kept.to_owned())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    (about, [(header::CONTENT_TYPE, kind.to_string())], file.data.to_vec()).into_response()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
