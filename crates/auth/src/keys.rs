//! Session and service tokens.

use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use vedetta_model::{
    TenantId, Timestamp, UserId,
    control::{Actor, Permission},
};
use zeroize::Zeroizing;

use crate::{Caller, TenantCtx, key_file};

/// The one algorithm: a token that names another is refused, whatever it is signed with.
const ALGORITHM: Algorithm = Algorithm::HS256;
const ISSUER: &str = "vedetta";
const AUDIENCE: &str = "vedetta-api";
/// How long a role's own token is good for: it is made anew for each call.
const SERVICE_TTL_SECONDS: i64 = 60;
/// How far clocks of two processes may differ.
const LEEWAY_SECONDS: i64 = 5;
const KEY_BYTES: usize = 32;
const FILE: &str = "session.key";

/// Why a credential is no good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// None was given.
    #[error("not signed in")]
    Missing,
    /// Its signature, issuer, audience or form is wrong.
    #[error("the session is not valid here; sign in again")]
    Invalid,
    /// Its time is over.
    #[error("the session has ended; sign in again")]
    Expired,
    /// A key file that has to be there already.
    #[error("{path} is missing")]
    NoKeyFile {
        /// Which file.
        path: String,
    },
    /// A key file can't be made or used.
    #[error("{path}: {what}")]
    KeyFile {
        /// Which file.
        path: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
}

/// The installation's token key: signs and verifies session and service tokens.
pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// A user id, or `service:` and a role.
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    /// When it was issued, to the nanosecond: a password changed in the same second ends it.
    iat_nanos: i64,
    tenant: Option<TenantId>,
    name: String,
    permissions: Vec<Permission>,
}

/// What a person's session token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where they are.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// Their sign-in name.
    pub name: String,
    /// What they may do.
    pub permissions: Vec<Permission>,
}

/// A verified role that calls outside of any tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCtx {
    service: String,
}

impl ServiceCtx {
    /// The role's name.
    pub fn service(&self) -> &str {
        &self.service
    }
}

/// Whom a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Somebody in a tenant.
    Tenant(TenantCtx),
    /// A role outside of any tenant.
    Service(ServiceCtx),
}

impl Keys {
    /// Opens `session.key` below `dir`, made at the first start. A file that others may read, or that
    /// is damaged, is refused: making a new one would silently end every session.
    pub fn open_or_create(dir: &Path, rng: &mut (impl rand::RngCore + ?Sized)) -> Result<Self, AuthError> {
        let path = dir.join(FILE);
        let mut fresh = Zeroizing::new([0u8; KEY_BYTES]);
        rng.fill_bytes(&mut *fresh);
        let key = key_file::open_or_create(&path, || Ok(Zeroizing::new(fresh.to_vec())))?;
        Self::of(&path, &key)
    }

    /// Opens what [`Self::open_or_create`] made, here or elsewhere; makes nothing.
    pub fn open(dir: &Path) -> Result<Self, AuthError> {
        let path = dir.join(FILE);
        Self::of(&path, &key_file::open(&path)?)
    }

    fn of(path: &Path, key: &[u8]) -> Result<Self, AuthError> {
        if key.len() != KEY_BYTES {
            return Err(AuthError::KeyFile {
                path: path.display().to_string(),
                what: format!(
                    "holds {} bytes instead of {KEY_BYTES}; put it back from a backup, or remove it to make a new one (everyone signs in again)",
                    key.len()
                ),
            });
        }
        Ok(Self { encoding: EncodingKey::from_secret(key), decoding: DecodingKey::from_secret(key) })
    }

    /// A token for a person's session.
    pub fn session_token(&self, session: &Session, now: Timestamp, ttl: std::time::Duration) -> String {
        let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        self.sign(&Claims {
            sub: session.user.to_string(),
            tenant: Some(session.tenant.clone()),
            name: session.name.clone(),
            permissions: session.permissions.clone(),
            ..claims(now, ttl)
        })
    }

    /// A short-lived token for a role that calls another, inside a tenant or outside of any.
    pub fn service_token(&self, service: &str, tenant: Option<&TenantId>, now: Timestamp) -> String {
        self.sign(&Claims {
            sub: format!("service:{service}"),
            tenant: tenant.cloned(),
            name: service.to_owned(),
            ..claims(now, SERVICE_TTL_SECONDS)
        })
    }

    fn sign(&self, claims: &Claims) -> String {
        // Signing a map of strings and numbers with a key of the right length can't fail; an empty
        // token would be refused everywhere.
        jsonwebtoken::encode(&Header::new(ALGORITHM), claims, &self.encoding).unwrap_or_default()
    }

    /// Checks a token at `now` and says whom it speaks for.
    pub fn verify_any(&self, token: &str, now: Timestamp) -> Result<Verified, AuthError> {
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Times are checked against the caller's clock below.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| AuthError::Invalid)?
            .claims;
        let seconds = now.as_nanos().div_euclid(1_000_000_000);
        if seconds >= claims.exp.saturating_add(LEEWAY_SECONDS) {
            return Err(AuthError::Expired);
        }
        if claims.iat.max(claims.nbf) > seconds.saturating_add(LEEWAY_SECONDS) {
            return Err(AuthError::Invalid);
        }
        let issued = Timestamp::from_nanos(claims.iat_nanos);
        match (claims.sub.strip_prefix("service:"), claims.tenant) {
            (Some(service), Some(tenant)) => {
                let caller = Caller::Service(service.to_owned());
                Ok(Verified::Tenant(TenantCtx::verified(tenant, caller, Vec::new(), issued)))
            }
            (Some(service), None) => Ok(Verified::Service(ServiceCtx { service: service.to_owned() })),
            (None, Some(tenant)) => {
                let id: UserId = claims.sub.parse().map_err(|_| AuthError::Invalid)?;
                let caller = Caller::User(Actor::User { id, name: claims.name });
                Ok(Verified::Tenant(TenantCtx::verified(tenant, caller, claims.permissions, issued)))
            }
            (None, None) => Err(AuthError::Invalid),
        }
    }

    /// Checks a token at `now`; it must speak for somebody in a tenant.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<TenantCtx, AuthError> {
        match self.verify_any(token, now)? {
            Verified::Tenant(ctx) => Ok(ctx),
            Verified::Service(_) => Err(AuthError::Invalid),
        }
    }
}

fn claims(now: Timestamp, ttl: i64) -> Claims {
    let seconds = now.as_nanos().div_euclid(1_000_000_000);
    Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: String::new(),
        iat: seconds,
        nbf: seconds,
        exp: seconds.saturating_add(ttl),
        iat_nanos: now.as_nanos(),
        tenant: None,
        name: String::new(),
        permissions: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn keys() -> (tempfile::TempDir, Keys) {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open_or_create(dir.path(), &mut rand::rng()).unwrap();
        (dir, keys)
    }

    fn session() -> Session {
        Session {
            tenant: "default".parse().unwrap(),
            user: UserId::random(&mut rand::rng()),
            name: "admin".into(),
            permissions: vec![Permission::Read],
        }
    }

    #[test]
    fn a_session_speaks_for_its_user_in_its_tenant_until_it_ends() {
        let (_dir, keys) = keys();
        let token = keys.session_token(&session(), NOW, HOUR);
        let ctx = keys.verify(&token, NOW).unwrap();
        assert_eq!(ctx.tenant().as_str(), "default");
        assert!(ctx.may(Permission::Read) && !ctx.may(Permission::Administer));
        assert_eq!(ctx.issued(), NOW);
        assert_eq!(keys.verify(&token, NOW.after(HOUR * 2)), Err(AuthError::Expired));
        assert_eq!(keys.verify(&token, NOW.before(HOUR)), Err(AuthError::Invalid), "issued in the future");
    }

    #[test]
    fn a_service_token_lives_for_a_minute_and_does_not_pass_for_a_session_without_a_tenant() {
        let (_dir, keys) = keys();
        let token = keys.service_token("ingest", None, NOW);
        assert!(matches!(keys.verify_any(&token, NOW), Ok(Verified::Service(_))));
        assert_eq!(keys.verify(&token, NOW), Err(AuthError::Invalid));
        assert_eq!(keys.verify_any(&token, NOW.after(Duration::from_secs(70))), Err(AuthError::Expired));
    }

    #[test]
    fn another_installations_token_and_a_changed_one_are_refused() {
        let (_dir, keys) = keys();
        let (_other_dir, other) = self::keys();
        assert_eq!(keys.verify(&other.session_token(&session(), NOW, HOUR), NOW), Err(AuthError::Invalid));
        let token = keys.session_token(&session(), NOW, HOUR);
        let mut parts: Vec<&str> = token.split('.').collect();
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        let changed = URL_SAFE_NO_PAD.encode(payload.replace("default", "victim"));
        parts[1] = &changed;
        assert_eq!(keys.verify(&parts.join("."), NOW), Err(AuthError::Invalid));
    }

    #[test]
    fn a_token_can_not_choose_its_algorithm_or_its_key() {
        let (_dir, keys) = keys();
        let token = keys.session_token(&session(), NOW, HOUR);
        let (_, rest) = token.split_once('.').unwrap();
        let (payload, signature) = rest.split_once('.').unwrap();
        for header in [json!({ "alg": "none" }), json!({ "alg": "RS256" }), json!({ "alg": "HS512" })] {
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            for signature in [signature, ""] {
                let forged = format!("{header}.{payload}.{signature}");
                assert_eq!(keys.verify(&forged, NOW), Err(AuthError::Invalid), "{header}");
            }
        }
    }

    #[test]
    fn a_key_that_a_token_brings_along_or_names_is_not_used() {
        let (_dir, keys) = keys();
        let foreign = EncodingKey::from_secret(b"a key that the forger knows well");
        let mut header = Header::new(ALGORITHM);
        header.kid = Some("/dev/null".into());
        header.jku = Some("https://forger.example/keys.json".into());
        let claims =
            Claims { sub: session().user.to_string(), tenant: Some(session().tenant), ..claims(NOW, 60) };
        let forged = jsonwebtoken::encode(&header, &claims, &foreign).unwrap();
        assert_eq!(keys.verify(&forged, NOW), Err(AuthError::Invalid));
        let ours = jsonwebtoken::encode(&header, &claims, &keys.encoding).unwrap();
        assert!(keys.verify(&ours, NOW).is_ok(), "with our key they are words that nobody reads");
    }

    #[test]
    fn a_token_without_an_end_or_from_the_future_is_refused() {
        let (_dir, keys) = keys();
        let sub = session().user.to_string();
        let good = Claims { sub, tenant: Some(session().tenant), ..claims(NOW, 60) };
        let mut endless = serde_json::to_value(&good).unwrap();
        endless.as_object_mut().unwrap().remove("exp");
        let token = jsonwebtoken::encode(&Header::new(ALGORITHM), &endless, &keys.encoding).unwrap();
        assert_eq!(keys.verify(&token, NOW), Err(AuthError::Invalid));
        let later = Claims { nbf: good.nbf + 30, ..good };
        assert_eq!(keys.verify(&keys.sign(&later), NOW), Err(AuthError::Invalid));
    }

    #[test]
    fn a_wrong_issuer_or_audience_is_refused() {
        let (_dir, keys) = keys();
        let good = Claims {
            sub: session().user.to_string(),
            tenant: Some("default".parse().unwrap()),
            ..claims(NOW, 60)
        };
        assert!(keys.verify(&keys.sign(&good), NOW).is_ok());
        let other = Claims { aud: "elsewhere".into(), ..good };
        assert_eq!(keys.verify(&keys.sign(&other), NOW), Err(AuthError::Invalid));
        let other = Claims { iss: "elsewhere".into(), aud: AUDIENCE.into(), ..other };
        assert_eq!(keys.verify(&keys.sign(&other), NOW), Err(AuthError::Invalid));
    }

    #[test]
    fn the_key_file_is_private_kept_and_never_replaced_silently() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, keys) = keys();
        let token = keys.session_token(&session(), NOW, HOUR);
        let file = dir.path().join("session.key");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Keys::open_or_create(dir.path(), &mut rand::rng()).unwrap();
        assert!(again.verify(&token, NOW).is_ok());

        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keys::open_or_create(dir.path(), &mut rand::rng()).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, b"short").unwrap();
        assert!(Keys::open_or_create(dir.path(), &mut rand::rng()).is_err());
    }
}
