//! Whether a delivery really comes from GitHub.
//!
//! GitHub signs the raw body with the webhook secret and sends the HMAC-SHA256 in `X-Hub-Signature-256`
//! ([Validating webhook deliveries](https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries)). The older
//! SHA-1 header is never looked at, and nothing is parsed before the signature is good.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the X-Hub-Signature-256 header is missing")]
    Missing,
    #[error("the X-Hub-Signature-256 header is not `sha256=` and 64 hexadecimal digits")]
    Malformed,
    #[error("the signature does not match")]
    Mismatch,
    #[error("no webhook secret is configured")]
    NoSecret,
}

/// Checks `header`, the value of `X-Hub-Signature-256`, against the raw `body`.
///
/// Any of `secrets` may have signed it, so that a secret can be replaced without losing deliveries; empty ones are passed
/// over, because anyone can sign with nothing. Every secret is tried and each comparison takes constant time.
pub fn verify(secrets: &[SecretString], body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let digits = header.strip_prefix("sha256=").ok_or(SignatureError::Malformed)?;
    let mut given = [0_u8; 32];
    hex::decode_to_slice(digits, &mut given).map_err(|_| SignatureError::Malformed)?;

    let mut usable = false;
    let mut good = false;
    for secret in secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty()) {
        usable = true;
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { continue };
        mac.update(body);
        good |= mac.verify_slice(&given).is_ok();
    }
    match (usable, good) {
        (_, true) => Ok(()),
        (true, false) => Err(SignatureError::Mismatch),
        (false, false) => Err(SignatureError::NoSecret),
    }
}

/// The value of `X-Hub-Signature-256` for `body`, as GitHub would send it.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    // HMAC takes keys of any length, so the empty signature is never reached.
    let digest = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map(|mut mac| {
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    });
    format!("sha256={}", digest.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[&str]) -> Vec<SecretString> {
        values.iter().map(|value| SecretString::from(*value)).collect()
    }

    /// The example in GitHub's documentation.
    const BODY: &[u8] = b"Hello, World!";
    const SECRET: &str = "It's a Secret to Everybody";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn the_documented_example_is_believed() {
        assert_eq!(verify(&secrets(&[SECRET]), BODY, Some(SIGNATURE)), Ok(()));
        assert_eq!(sign(&SecretString::from(SECRET), BODY), SIGNATURE);
    }

    #[test]
    fn an_old_and_a_new_secret_are_both_good_during_a_rotation() {
        assert_eq!(verify(&secrets(&["new", SECRET]), BODY, Some(SIGNATURE)), Ok(()));
        assert_eq!(verify(&secrets(&[SECRET, "old"]), BODY, Some(SIGNATURE)), Ok(()));
    }

    #[test]
    fn anything_else_is_refused() {
        let known = secrets(&[SECRET]);
        assert_eq!(verify(&known, BODY, None), Err(SignatureError::Missing));
        for malformed in ["", "sha256=", "sha1=757107ea0eb2509fc211221cce984b8a37570b6d", "757107ea", "sha256=zz", "SHA256=00"] {
            assert_eq!(verify(&known, BODY, Some(malformed)), Err(SignatureError::Malformed), "{malformed}");
        }
        assert_eq!(verify(&known, BODY, Some(&format!("{SIGNATURE}00"))), Err(SignatureError::Malformed));
        assert_eq!(verify(&known, b"Hello, World", Some(SIGNATURE)), Err(SignatureError::Mismatch));
        assert_eq!(verify(&secrets(&["wrong"]), BODY, Some(SIGNATURE)), Err(SignatureError::Mismatch));
    }

    #[test]
    fn an_empty_secret_opens_nothing() {
        let forged = sign(&SecretString::from(""), BODY);
        assert_eq!(verify(&secrets(&[""]), BODY, Some(&forged)), Err(SignatureError::NoSecret));
        assert_eq!(verify(&[], BODY, Some(&forged)), Err(SignatureError::NoSecret));
        assert_eq!(verify(&secrets(&["", SECRET]), BODY, Some(&forged)), Err(SignatureError::Mismatch));
    }
}
