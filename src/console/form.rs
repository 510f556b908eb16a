//! What somebody typed into a form. Keys come this way, so that all of it is
//! wiped afterwards.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The field that carries the form's token.
pub const TOKEN_FIELD: &str = "form_token";
/// The longest form, in bytes.
pub const FORM_BYTES_MAX: usize = 64 * 1024;
/// The most fields of a form.
const FIELDS_MAX: usize = 500;

/// The fields of a form, in the order in which they came.
#[derive(Default)]
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads a body of type `application/x-www-form-urlencoded`.
    pub fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body).take(FIELDS_MAX);
        let fields = pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
        Self(fields.collect())
    }

    /// The text of a field without the space around it; empty where there is
    /// no such field.
    pub fn text<'a>(&'a self, name: &'a str) -> &'a str {
        let mut values = self.all(name);
        values.next().unwrap_or_default().trim()
    }

    /// The text of a field, if anything was typed.
    pub fn typed<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// The text of a field as it was typed, if anything was, as a secret.
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        let value = self.all(name).next()?;
        (!value.trim().is_empty()).then(|| value.into())
    }

    /// Whether a box is ticked, or a button of this name was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Every value of a field, such as the ticked ones of several boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(its_name, _)| its_name == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether the form came from a page of ours that was made for the holder
    /// of this token.
    pub fn carries(&self, token: &SecretString) -> bool {
        let given = self.text(TOKEN_FIELD).as_bytes();
        given.ct_eq(token.expose_secret().as_bytes()).into()
    }

    /// What was typed, but for secrets and the form's token: what can be
    /// shown again.
    pub fn shown_again(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.0.iter();
        let plain = fields.filter(|(name, _)| name != TOKEN_FIELD && !is_secret(name));
        plain.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a secret was typed.
    pub fn holds_secret(&self) -> bool {
        let mut fields = self.0.iter();
        fields.any(|(name, value)| is_secret(name) && !value.is_empty())
    }
}

/// Whether a field takes secrets. Forms name such fields `key`, or something
/// that begins so.
fn is_secret(name: &str) -> bool {
    name.starts_with("key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_secrets_are_not_shown_again() {
        let form = Form::read(b"form_token=t&name=+My+key+&key=sk-made-up&keep=1&keep=2&empty=");
        assert_eq!(form.text("name"), "My key");
        assert_eq!(form.typed("empty"), None);
        assert!(form.has("empty") && !form.has("other"));
        assert_eq!(form.all("keep").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(form.secret("key").unwrap().expose_secret(), "sk-made-up");
        assert!(form.carries(&"t".into()) && !form.carries(&"x".into()));
        assert!(form.holds_secret());
        let again: Vec<_> = form.shown_again().collect();
        assert_eq!(
            again,
            [
                ("name", " My key "),
                ("keep", "1"),
                ("keep", "2"),
                ("empty", "")
            ]
        );
    }

    #[test]
    fn a_form_without_a_token_carries_none() {
        assert!(!Form::default().carries(&"t".into()));
    }
}
