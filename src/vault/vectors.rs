//! Project Wycheproof's vectors through our own seal code.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::KeyInit;
use serde_json::Value;

use crate::tests::outside;

use super::seal::{aes_gcm_decrypt, aes_gcm_encrypt, hkdf_expand, hkdf_extract};

fn vectors(file: &str) -> Option<Value> {
    let path = outside::file(&format!("specs/{file}"))?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn bytes(case: &Value, field: &str) -> Vec<u8> {
    let hex = case[field].as_str().unwrap();
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap())
        .collect()
}

fn cases(document: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    document["testGroups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| {
            group["tests"]
                .as_array()
                .unwrap()
                .iter()
                .map(move |case| (group, case))
        })
}

#[test]
fn wycheproof_aes_gcm_passes() {
    let Some(document) = vectors("aes_gcm_test.json") else {
        return;
    };
    let mut run = 0;
    for (group, case) in cases(&document) {
        if (group["keySize"].as_u64(), group["ivSize"].as_u64()) != (Some(256), Some(96)) {
            continue;
        }
        let (aad, message, nonce) = (bytes(case, "aad"), bytes(case, "msg"), bytes(case, "iv"));
        let key: [u8; 32] = bytes(case, "key").try_into().unwrap();
        let sealed = [bytes(case, "ct"), bytes(case, "tag")].concat();
        let valid = case["result"] == "valid";
        let cipher = Aes256Gcm::new((&key).into());
        let opened = aes_gcm_decrypt(&cipher, &nonce, &aad, &sealed);
        assert_eq!(
            opened.as_deref() == Some(&message),
            valid,
            "case {}",
            case["tcId"]
        );
        if valid {
            assert_eq!(
                aes_gcm_encrypt(&cipher, &nonce, &aad, &message),
                Some(sealed)
            );
        }
        run += 1;
    }
    assert_eq!(run, 66);
}

#[test]
fn wycheproof_hkdf_passes() {
    let Some(document) = vectors("hkdf_sha256_test.json") else {
        return;
    };
    let mut run = 0;
    for (_, case) in cases(&document) {
        let size = usize::try_from(case["size"].as_u64().unwrap()).unwrap();
        let prk = hkdf_extract(&bytes(case, "salt"), &bytes(case, "ikm"));
        let mut out = vec![0; size];
        // Longer outputs than the standard allows are the crate's to refuse.
        if case["result"] == "valid" {
            hkdf_expand(&prk, &[&bytes(case, "info")], &mut out);
            assert_eq!(out, bytes(case, "okm"), "case {}", case["tcId"]);
        } else {
            assert!(prk.expand(&bytes(case, "info"), &mut out).is_err());
        }
        run += 1;
    }
    assert_eq!(run, 86);
}
