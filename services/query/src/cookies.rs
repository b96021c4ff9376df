//! The session cookie.

use http::{HeaderMap, header};

/// Its name.
pub const NAME: &str = "vedetta_session";

/// Whether the caller came by https.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Secure(pub bool);

/// A header value that sets the session.
pub fn session(token: &str, secure: Secure) -> String {
    format!("{NAME}={token}; HttpOnly; SameSite=Strict; Path=/{}", attribute(secure))
}

/// A header value that ends the session.
pub fn cleared(secure: Secure) -> String {
    format!("{NAME}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0{}", attribute(secure))
}

const fn attribute(secure: Secure) -> &'static str {
    if secure.0 { "; Secure" } else { "" }
}

/// The session token of a request: from `Authorization: Bearer`, else from the cookie.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let cookie = || {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
    };
    bearer.or_else(cookie).map(str::trim).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_comes_from_the_header_or_the_cookie_of_that_very_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; vedetta_session_x=no; vedetta_session=yes".parse().unwrap());
        assert_eq!(token(&headers), Some("yes"));
        headers.insert(header::AUTHORIZATION, "Bearer other".parse().unwrap());
        assert_eq!(token(&headers), Some("other"));
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
