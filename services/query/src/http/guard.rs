//! What every request and answer must have.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::cookies::Secure;

const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds the security headers to every answer. What says nothing of caching is not kept.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The body is JSON by its own word: a form of another site can't say so.
pub fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The request comes from our own pages, or from no page at all.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host))
}

/// Whether a proxy before us took the request by https. Believing it wrongly only makes a cookie stricter.
pub fn secure(headers: &HeaderMap) -> Secure {
    Secure(headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_origin_or_none_is_ours() {
        assert!(is_same_origin(&with(&[(header::HOST, "a:1")])));
        assert!(is_same_origin(&with(&[(header::HOST, "a:1"), (header::ORIGIN, "http://a:1")])));
        for bad in ["http://a:2", "http://b:1", "null", "http://a:1.evil", "file://a:1"] {
            assert!(!is_same_origin(&with(&[(header::HOST, "a:1"), (header::ORIGIN, bad)])), "{bad}");
        }
        assert!(!is_same_origin(&with(&[(header::ORIGIN, "http://a:1")])));
    }

    #[test]
    fn a_form_is_not_json() {
        assert!(is_json(&with(&[(header::CONTENT_TYPE, "application/json; charset=utf-8")])));
        for bad in ["text/plain", "multipart/form-data", "application/jsonp", ""] {
            assert!(!is_json(&with(&[(header::CONTENT_TYPE, bad)])), "{bad}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
