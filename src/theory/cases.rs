//! The rows of `tests/data/theory.csv` and `inverse.csv`: each value computed by two methods and checked by a simulation.

/// One row.
pub(super) struct Case {
    pub(super) id: String,
    params: String,
    expected: String,
}

impl Case {
    /// Every row of a model.
    pub(super) fn of(model: &str) -> Vec<Self> {
        Self::within(include_bytes!("../../tests/data/theory.csv"), model)
    }

    /// Every row of a question of `tests/data/inverse.csv`.
    pub(super) fn inverse(question: &str) -> Vec<Self> {
        Self::within(include_bytes!("../../tests/data/inverse.csv"), question)
    }

    fn within(table: &[u8], model: &str) -> Vec<Self> {
        let mut reader = csv::Reader::from_reader(table);
        let rows = reader.records().map(|row| row.expect("a well-formed table"));
        let rows = rows.filter(|row| &row[1] == model);
        rows.map(|row| Self { id: row[0].to_owned(), params: row[2].to_owned(), expected: row[3].to_owned() }).collect()
    }

    pub(super) fn get(&self, name: &str) -> f64 {
        self.find(&self.params, name)
    }

    pub(super) fn expected(&self, name: &str) -> f64 {
        self.find(&self.expected, name)
    }

    pub(super) fn count(&self, name: &str) -> u32 {
        whole(self.get(name))
    }

    pub(super) fn expected_count(&self, name: &str) -> u32 {
        whole(self.expected(name))
    }

    fn find(&self, pairs: &str, name: &str) -> f64 {
        let pair = pairs.split(';').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
        pair.unwrap_or_else(|| panic!("{} has no {name}", self.id)).1.parse().expect("a number")
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers of the table")]
fn whole(number: f64) -> u32 {
    number as u32
}

/// Asserts that `ours` is `expected` up to a relative error.
pub(super) fn close(ours: f64, expected: f64, relative: f64) {
    assert!((ours - expected).abs() <= relative * expected.abs(), "{ours:e}, not {expected:e}");
}
