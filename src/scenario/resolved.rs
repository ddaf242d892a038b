//! The scenario after all defaults, and who said each value: what the manifest of a run records.

use serde_json::{Map, Value, json};

/// Values by path, in the order in which they were read.
#[derive(Clone, Debug, Default)]
pub struct Resolved(Vec<(String, Value, String)>);

impl Resolved {
    /// Records the value of a dotted path (`host.gateway.port_range`) and its origin.
    pub fn note(&mut self, path: impl Into<String>, value: impl Into<Value>, origin: impl Into<String>) {
        self.0.push((path.into(), value.into(), origin.into()));
    }

    /// Everything, nested by path; each value as `{"value": ..., "origin": ...}` where the origin is `file`,
    /// `default`, `profile NAME` or `--set`.
    ///
    /// # Panics
    ///
    /// When a path was noted that continues below a value.
    pub fn to_json(&self) -> Value {
        let mut root = Map::new();
        for (path, value, origin) in &self.0 {
            let (parents, key) = path.rsplit_once('.').unwrap_or(("", path));
            let mut table = &mut root;
            for step in parents.split('.').filter(|step| !step.is_empty()) {
                let below = table.entry(step).or_insert_with(|| Value::Object(Map::new()));
                table = below.as_object_mut().expect("no value has values below it");
            }
            table.insert(key.to_owned(), json!({ "value": value, "origin": origin }));
        }
        Value::Object(root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_nested_by_their_path() {
        let mut resolved = Resolved::default();
        resolved.note("run.seed", 7, "default");
        resolved.note("run.duration", "600s", "file");
        assert_eq!(
            resolved.to_json().to_string(),
            r#"{"run":{"seed":{"value":7,"origin":"default"},"duration":{"value":"600s","origin":"file"}}}"#
        );
    }
}
