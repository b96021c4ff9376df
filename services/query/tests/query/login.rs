//! In and out, and what keeps others out.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Bench, code, facts::tenant, tenant_double::PASSWORD};

const ME: &str = "{ me { name permissions tenants { slug } } }";

fn login() -> http::request::Builder {
    Request::post("/api/login").header(header::CONTENT_TYPE, "application/json")
}

async fn try_login(
    bench: &Bench,
    tenant: &str,
    name: &str,
    password: &str,
) -> (StatusCode, HeaderMap, Value) {
    let body = json!({ "tenant": tenant, "name": name, "password": password }).to_string();
    let (status, headers, body) = bench.send(login().body(body.into()).unwrap()).await;
    (status, headers, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn the_right_password_gives_a_cookie_that_opens_the_api_and_logout_clears_it() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.tenants.sign_in(&acme, "ada");
    let (status, headers, _) = try_login(&bench, "acme", "ada", PASSWORD).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let cookie = headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let token = cookie.strip_prefix("vedetta_session=").unwrap().split(';').next().unwrap();
    let data = bench.data(token, ME, json!({})).await;
    assert_eq!((&data["me"]["name"], &data["me"]["tenants"][0]["slug"]), (&json!("ada"), &json!("acme")));

    let out = Request::post("/api/logout").body(Body::empty()).unwrap();
    let (status, headers, _) = bench.send(out).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn a_wrong_name_password_or_tenant_gets_one_and_the_same_answer() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.tenants.sign_in(&acme, "ada");
    let wrong = json!({ "code": "UNAUTHENTICATED", "message": "name or password is wrong" });
    for (tenant, name, password) in [
        ("acme", "ada", "x"),
        ("acme", "bob", PASSWORD),
        ("other", "ada", PASSWORD),
        ("No!", "ada", PASSWORD),
    ] {
        let (status, headers, body) = try_login(&bench, tenant, name, password).await;
        assert_eq!((status, body), (StatusCode::UNAUTHORIZED, wrong.clone()), "{tenant} {name}");
        assert!(!headers.contains_key(header::SET_COOKIE));
    }
    let (status, headers, body) = try_login(&bench, "acme", "throttled", "x").await;
    assert_eq!((status, &body["retryAfterSeconds"]), (StatusCode::TOO_MANY_REQUESTS, &json!(7)));
    assert_eq!(headers[header::RETRY_AFTER], "7");
}

#[tokio::test]
async fn the_token_comes_in_the_body_only_when_asked_for() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    bench.tenants.sign_in(&acme, "ada");
    let body = json!({ "tenant": "acme", "name": "ada", "password": PASSWORD }).to_string();
    let request = login().header(header::ACCEPT, "application/vnd.vedetta.token+json");
    let (status, _, answer) = bench.send(request.body(body.into()).unwrap()).await;
    let token = serde_json::from_slice::<Value>(&answer).unwrap()["token"].as_str().unwrap().to_owned();
    assert_eq!(status, StatusCode::OK);
    let ask = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(json!({ "query": ME }).to_string().into())
        .unwrap();
    let (_, _, answer) = bench.send(ask).await;
    assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["data"]["me"]["name"], "ada");
}

#[tokio::test]
async fn without_a_session_me_is_null_and_all_else_is_refused() {
    let bench = Bench::new().await;
    let forged = "eyJhbGciOiJub25lIn0.e30.";
    for token in [None, Some("x"), Some(forged)] {
        assert_eq!(bench.ask(token, ME, json!({})).await, json!({ "data": { "me": null } }));
        for query in [
            "{ tenant(id: \"acme\") { slug } }",
            "{ node(id: \"x\") { id } }",
            "mutation { removeNode(input: { nodeId: \"x\" }) { userErrors { code } } }",
        ] {
            assert_eq!(code(&bench.ask(token, query, json!({})).await), "UNAUTHENTICATED", "{query}");
        }
        let schema = bench.ask(token, "{ __schema { types { name } } }", json!({})).await;
        assert!(!schema.to_string().contains("Finding"), "{schema}");
    }
}

#[tokio::test]
async fn a_disabled_user_loses_access_when_the_cached_answer_is_old() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    bench.data(&token, ME, json!({})).await;
    bench.data(&token, ME, json!({})).await;
    assert_eq!(bench.tenants.asked(), 1);
    bench.tenants.disable("ada");
    bench.clock.advance(Duration::from_secs(6));
    assert_eq!(bench.ask(Some(&token), ME, json!({})).await, json!({ "data": { "me": null } }));
    assert_eq!(
        code(&bench.ask(Some(&token), "{ tenant(id: \"acme\") { slug } }", json!({})).await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn another_origin_and_forms_are_refused() {
    let (bench, acme) = (Bench::new().await, tenant("acme"));
    let token = bench.tenants.sign_in(&acme, "ada");
    let body = json!({ "query": ME }).to_string();
    let post = |kind: &'static str, origin: &'static str| {
        Request::post("/graphql")
            .header(header::CONTENT_TYPE, kind)
            .header(header::HOST, "vedetta:7600")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, format!("vedetta_session={token}"))
            .body(body.clone().into())
            .unwrap()
    };
    let status = async |kind, origin| bench.send(post(kind, origin)).await.0;
    assert_eq!(status("application/json", "http://vedetta:7600").await, StatusCode::OK);
    assert_eq!(status("application/json", "http://evil").await, StatusCode::FORBIDDEN);
    assert_eq!(status("text/plain", "http://vedetta:7600").await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let form = Request::post("/api/login").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(bench.send(form.body("a=b".into()).unwrap()).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn the_console_is_served_with_strict_headers_for_every_page_path() {
    let bench = Bench::new().await;
    for path in ["/", "/default/findings?severity=high", "/settings"] {
        let (status, headers, body) = bench.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(String::from_utf8_lossy(&body).to_lowercase().contains("<!doctype html>"));
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
    }
    let missing = async |path: &str| bench.send(Request::get(path).body(Body::empty()).unwrap()).await.0;
    assert_eq!(missing("/assets/gone-1234.js").await, StatusCode::NOT_FOUND);
    assert_eq!(missing("/api/nothing").await, StatusCode::NOT_FOUND);
    assert_eq!(missing("/healthz").await, StatusCode::OK);
    assert_eq!(missing("/readyz").await, StatusCode::OK);
}
