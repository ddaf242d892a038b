//! Operating systems as data: one TOML file each, every number with its source.
//!
//! A profile holds the values that a `[[host]]` table of a scenario would hold, each as `value` and `source`; the
//! scenario reader takes from it what the file leaves out. To add one, add a file here and a line to `PROFILES`.
//! Knows no port, no allocator and no rule by itself: a test reads every profile as a host.

use std::sync::LazyLock;

/// The profile of hosts that name none.
pub const DEFAULT: &str = "linux-6.18";

/// Every profile: file stem and text.
const PROFILES: &[(&str, &str)] =
    &[("linux-6.18", include_str!("linux-6.18.toml")), ("macos", include_str!("macos.toml"))];

/// An operating system, as data.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What scenarios call it.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: String,
    /// Its numbers, sorted by key.
    pub settings: Vec<Setting>,
}

/// One number of a profile.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The key of a host that it stands for, dotted: `time_wait.timer_wheel.hz`. `exhausted`, the error that a
    /// full range gives, is no key of a host.
    pub key: String,
    /// The value, as a scenario would have it.
    pub value: toml::Value,
    /// Where it is from: a kernel file, a sysctl, an RFC, a vendor's page.
    pub source: String,
}

impl Setting {
    /// The value as a scenario file has it.
    pub fn written(&self) -> String {
        // Strings, numbers and arrays of them are the same in JSON.
        serde_json::json!(self.value).to_string()
    }
}

/// Every profile there is, in the order of `dryport list profiles`.
pub fn all() -> &'static [Profile] {
    static ALL: LazyLock<Vec<Profile>> =
        LazyLock::new(|| PROFILES.iter().map(|(name, text)| Profile::parse(name, text)).collect());
    &ALL
}

/// The profile of that name.
pub fn find(name: &str) -> Option<&'static Profile> {
    all().iter().find(|profile| profile.name == name)
}

impl Profile {
    fn parse(name: &'static str, text: &str) -> Self {
        let table: toml::Table = toml::from_str(text).expect("a test reads every profile");
        let mut profile = Self { name, summary: text_of(&table, "summary"), settings: Vec::new() };
        for (key, value) in &table {
            if let toml::Value::Table(inner) = value {
                profile.collect(key, inner);
            }
        }
        profile
    }

    fn collect(&mut self, path: &str, table: &toml::Table) {
        if let Some(value) = table.get("value") {
            let setting = Setting { key: path.to_owned(), value: value.clone(), source: text_of(table, "source") };
            self.settings.push(setting);
            return;
        }
        for (key, value) in table {
            if let toml::Value::Table(inner) = value {
                self.collect(&format!("{path}.{key}"), inner);
            }
        }
    }

    /// The setting of a key.
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// The error that a program sees when the range is full: `EADDRNOTAVAIL`.
    pub fn exhausted(&self) -> &str {
        self.setting("exhausted").and_then(|setting| setting.value.as_str()).unwrap_or("")
    }
}

fn text_of(table: &toml::Table, key: &str) -> String {
    table.get(key).and_then(toml::Value::as_str).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_every_profile_has_a_source_and_the_name_is_the_file_stem() {
        for ((stem, text), profile) in PROFILES.iter().zip(all()) {
            let table: toml::Table = toml::from_str(text).unwrap();
            assert_eq!(text_of(&table, "name"), *stem);
            assert!((1..=60).contains(&profile.summary.len()), "{stem}: {}", profile.summary);
            assert!(!profile.exhausted().is_empty(), "{stem}");
            for setting in &profile.settings {
                assert!(setting.source.len() > 10, "{stem}: {} has no source", setting.key);
            }
            // Nothing but name, summary and what was collected with its source.
            let top = profile.settings.iter().map(|setting| setting.key.split('.').next().unwrap().to_owned());
            let mut keys: Vec<String> = top.chain(["name".to_owned(), "summary".to_owned()]).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys, table.keys().cloned().collect::<Vec<_>>(), "{stem}");
        }
        assert!(find(DEFAULT).is_some());
    }

    #[test]
    fn names_are_unique() {
        for (index, profile) in all().iter().enumerate() {
            assert!(all()[..index].iter().all(|earlier| earlier.name != profile.name));
        }
    }
}
