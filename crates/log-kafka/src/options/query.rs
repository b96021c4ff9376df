//! What stands behind the `?`.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use super::{OptionsError, SecretSource, value};

/// Options that nobody has taken yet.
pub struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads `name=value&name=value`, with `%20` for what can't be written.
    pub fn read(query: &str) -> Result<Self, OptionsError> {
        let mut options = BTreeMap::new();
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            // A name is shown in errors; more than this is none.
            let name: String = name.chars().take(40).collect();
            if options.insert(name.clone(), decoded(value)).is_some() {
                return Err(OptionsError::Twice(name));
            }
        }
        Ok(Self(options))
    }

    /// Nothing may be left.
    pub fn finish(mut self) -> Result<(), OptionsError> {
        self.0.pop_first().map_or(Ok(()), |(name, _)| Err(OptionsError::Unknown(name)))
    }

    /// The value of an option, once; an empty one counts as none.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// Refuses options that belong to something else.
    pub fn none_of(&self, names: &[&str], what: &'static str) -> Result<(), OptionsError> {
        match names.iter().find(|name| self.0.contains_key(**name)) {
            Some(name) => Err(OptionsError::Stray { name: (*name).into(), what }),
            None => Ok(()),
        }
    }

    /// One of a few words.
    pub fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&'static str, T)],
        usual: T,
    ) -> Result<T, OptionsError> {
        let Some(given) = self.take(name) else { return Ok(usual) };
        let found = words.iter().find(|(word, _)| *word == given).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            value(name, words.join(" or "))
        })
    }

    /// A number within bounds.
    pub fn number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u64>,
        usual: u64,
    ) -> Result<u64, OptionsError> {
        let Some(given) = self.take(name) else { return Ok(usual) };
        given
            .parse()
            .ok()
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| value(name, format!("a number from {} to {}", bounds.start(), bounds.end())))
    }

    pub fn millis(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u64>,
        usual: Duration,
    ) -> Result<Duration, OptionsError> {
        let usual = u64::try_from(usual.as_millis()).unwrap_or(u64::MAX);
        self.number(name, bounds, usual).map(Duration::from_millis)
    }

    /// In bytes.
    pub fn mebibytes(&mut self, name: &'static str, usual: usize) -> Result<usize, OptionsError> {
        self.number(name, 1..=1024, (usual >> 20) as u64).map(|mebibytes| (mebibytes as usize) << 20)
    }

    /// Where a secret lies: a variable or a file, not both.
    pub fn secret(
        &mut self,
        env: &'static str,
        file: &'static str,
    ) -> Result<Option<SecretSource>, OptionsError> {
        match (self.take(env), self.take(file)) {
            (Some(_), Some(_)) => Err(OptionsError::Twice(format!("{env} or {file}"))),
            (Some(name), None) => Ok(Some(SecretSource::Env(name))),
            (None, file) => Ok(file.map(|path| SecretSource::File(path.into()))),
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten();
        let escaped = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
