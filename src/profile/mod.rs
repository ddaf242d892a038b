//! Operating systems as data: one TOML file each, every number with its source.
//!
//! A profile holds the values that a `[[host]]` table of a scenario would hold, each as `value` and `source`; the
//! scenario reader takes from it what the file leaves out. A profile that `extends` another says only what differs; a
//! table that it says anything of, such as `time_wait`, is its own as a whole. To add one, add a file here and a line to
//! `PROFILES`, after the one that it extends.
//! Knows no port, no allocator and no rule by itself: a test reads every profile as a host.

mod stand_in;

use std::sync::LazyLock;

pub use stand_in::{StandIn, stand_in};

/// The profile of hosts that name none.
pub const DEFAULT: &str = "linux-6.18";

/// Every profile: file stem and text.
const PROFILES: &[(&str, &str)] = &[
    ("linux-6.18", include_str!("linux-6.18.toml")),
    ("linux-3.10", include_str!("linux-3.10.toml")),
    ("linux-4.4", include_str!("linux-4.4.toml")),
    ("linux-5.4", include_str!("linux-5.4.toml")),
    ("linux-5.15", include_str!("linux-5.15.toml")),
    ("linux-6.1", include_str!("linux-6.1.toml")),
    ("linux-6.8", include_str!("linux-6.8.toml")),
    ("linux-7.1", include_str!("linux-7.1.toml")),
    ("macos", include_str!("macos.toml")),
];

/// An operating system, as data.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What scenarios call it.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: String,
    /// The series of Linux that it describes, by its newest release: (6, 18). `None`: it is no Linux.
    pub kernel: Option<(u16, u16)>,
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
    /// The table or key of a host that it is, or lies below.
    fn table(&self) -> &str {
        self.key.split('.').next().unwrap_or(&self.key)
    }

    /// The value as a scenario file has it.
    pub fn written(&self) -> String {
        // Strings, numbers and arrays of them are the same in JSON.
        serde_json::json!(self.value).to_string()
    }
}

/// Every profile there is, in the order of `dryport list profiles`: Linux from the oldest on, then the others.
pub fn all() -> &'static [Profile] {
    static ALL: LazyLock<Vec<Profile>> = LazyLock::new(|| {
        let mut all: Vec<Profile> = Vec::new();
        for (name, text) in PROFILES {
            let profile = Profile::parse(name, text, &all);
            all.push(profile);
        }
        all.sort_by_key(|profile| (profile.kernel.is_none(), profile.kernel));
        all
    });
    &ALL
}

/// The profile of that name.
pub fn find(name: &str) -> Option<&'static Profile> {
    all().iter().find(|profile| profile.name == name)
}

impl Profile {
    fn parse(name: &'static str, text: &str, earlier: &[Self]) -> Self {
        let table: toml::Table = toml::from_str(text).expect("a test reads every profile");
        let kernel = version(&text_of(&table, "kernel"));
        let mut profile = Self { name, summary: text_of(&table, "summary"), kernel, settings: Vec::new() };
        for (key, value) in &table {
            if let toml::Value::Table(inner) = value {
                profile.collect(key, inner);
            }
        }
        let base = text_of(&table, "extends");
        let inherited = earlier.iter().filter(|profile| profile.name == base).flat_map(|profile| &profile.settings);
        let inherited = inherited.filter(|setting| !table.contains_key(setting.table())).cloned();
        profile.settings.extend(inherited);
        profile.settings.sort_by(|one, other| one.key.cmp(&other.key));
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

/// `6.18` is (6, 18).
fn version(text: &str) -> Option<(u16, u16)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn text_of(table: &toml::Table, key: &str) -> String {
    table.get(key).and_then(toml::Value::as_str).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_every_profile_has_a_source_and_the_name_is_the_file_stem() {
        for (index, (stem, text)) in PROFILES.iter().enumerate() {
            let profile = find(stem).unwrap();
            let table: toml::Table = toml::from_str(text).unwrap();
            assert_eq!(text_of(&table, "name"), *stem);
            assert!((1..=60).contains(&profile.summary.len()), "{stem}: {}", profile.summary);
            assert!(!profile.exhausted().is_empty(), "{stem}");
            for setting in &profile.settings {
                assert!(setting.source.len() > 10, "{stem}: {} has no source", setting.key);
            }
            // Nothing but these and what was collected with its source, and all of what it extends.
            let about = ["name", "summary", "kernel", "extends"];
            let told = |key: &str| profile.settings.iter().any(|setting| setting.table() == key);
            assert!(table.keys().all(|key| about.contains(&key.as_str()) || told(key)), "{stem}");
            assert_eq!(profile.kernel.map(|(major, minor)| format!("linux-{major}.{minor}")), linux(stem), "{stem}");
            let base = text_of(&table, "extends");
            let Some(base) = PROFILES[..index].iter().find(|(name, _)| *name == base) else {
                assert!(base.is_empty(), "{stem} extends a profile that comes before it");
                continue;
            };
            assert!(find(base.0).unwrap().settings.iter().all(|setting| told(setting.table())), "{stem}");
        }
        assert!(find(DEFAULT).is_some());
    }

    fn linux(stem: &str) -> Option<String> {
        stem.starts_with("linux-").then(|| stem.to_owned())
    }

    #[test]
    fn a_profile_says_what_differs_from_the_one_it_extends() {
        let value = |name: &str, key: &str| find(name).unwrap().setting(key).map(Setting::written);
        assert_eq!(value("linux-3.10", "port_range").unwrap(), "\"32768-61000\"");
        assert_eq!(value("linux-3.10", "uniqueness"), value("linux-6.18", "uniqueness"));
        assert_eq!(value("linux-3.10", "time_wait.timer_wheel.wait"), None);
        assert_eq!(value("linux-4.4", "time_wait.exact.wait").unwrap(), "\"60s\"");
        let names: Vec<_> = all().iter().map(|profile| profile.name).collect();
        assert_eq!((names[0], names[1], *names.last().unwrap()), ("linux-3.10", "linux-4.4", "macos"));
    }

    #[test]
    fn names_are_unique() {
        for (index, profile) in all().iter().enumerate() {
            assert!(all()[..index].iter().all(|earlier| earlier.name != profile.name));
        }
    }
}
