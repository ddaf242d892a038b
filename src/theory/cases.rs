//! The table of exact answers, `tests/data/theory.csv`: each value computed by two methods and checked by a simulation
//! that is not ours. Tests judge closed forms and the simulator by it; `dryport verify` does so on the user's machine.

/// One row.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called: `P02`.
    pub id: String,
    params: String,
    expected: String,
}

impl Case {
    /// Every row of a model.
    ///
    /// # Panics
    ///
    /// When there is none: the table is part of the program.
    pub fn of(model: &str) -> Vec<Self> {
        let cases: Vec<Self> = rows(THEORY).filter(|row| &row[1] == model).map(|row| Self::from(&row)).collect();
        assert!(!cases.is_empty(), "no row of model {model}");
        cases
    }

    /// The row called `id`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn named(id: &str) -> Self {
        let row = rows(THEORY).find(|row| &row[0] == id).unwrap_or_else(|| panic!("no row {id}"));
        Self::from(&row)
    }

    fn from(row: &csv::StringRecord) -> Self {
        Self { id: row[0].to_owned(), params: row[2].to_owned(), expected: row[3].to_owned() }
    }

    /// A parameter that is a word.
    ///
    /// # Panics
    ///
    /// When the row does not have it; so do all below.
    pub fn word(&self, name: &str) -> &str {
        self.find(&self.params, name)
    }

    /// A parameter.
    ///
    /// # Panics
    ///
    /// When it is no number.
    pub fn get(&self, name: &str) -> f64 {
        self.word(name).parse().expect("a number")
    }

    /// A parameter that is a whole number.
    ///
    /// # Panics
    ///
    /// When it is no number.
    pub fn count(&self, name: &str) -> u32 {
        whole(self.get(name))
    }

    /// An answer.
    ///
    /// # Panics
    ///
    /// When it is no number.
    pub fn expected(&self, name: &str) -> f64 {
        self.find(&self.expected, name).parse().expect("a number")
    }

    /// An answer that is a whole number.
    ///
    /// # Panics
    ///
    /// When it is no number.
    pub fn expected_count(&self, name: &str) -> u32 {
        whole(self.expected(name))
    }

    fn find<'p>(&self, pairs: &'p str, name: &str) -> &'p str {
        let pair = pairs.split(';').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
        pair.unwrap_or_else(|| panic!("{} has no {name}", self.id)).1
    }
}

const THEORY: &[u8] = include_bytes!("../../tests/data/theory.csv");

fn rows(table: &'static [u8]) -> impl Iterator<Item = csv::StringRecord> {
    csv::Reader::from_reader(table).into_records().map(|row| row.expect("a well-formed table"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers of the table")]
fn whole(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
impl Case {
    /// Every row of a question of `tests/data/inverse.csv`.
    pub(crate) fn inverse(question: &str) -> Vec<Self> {
        let table = include_bytes!("../../tests/data/inverse.csv");
        rows(table).filter(|row| &row[1] == question).map(|row| Self::from(&row)).collect()
    }
}

/// Asserts that `ours` is `expected` up to a relative error.
#[cfg(test)]
pub(crate) fn close(ours: f64, expected: f64, relative: f64) {
    assert!((ours - expected).abs() <= relative * expected.abs(), "{ours:e}, not {expected:e}");
}
