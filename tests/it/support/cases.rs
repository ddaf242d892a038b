//! The rows of `tests/data/theory.csv`: each value computed by two methods and checked by another simulation.

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    params: String,
    expected: String,
}

impl Case {
    /// Every row of a model.
    pub(crate) fn of(model: &str) -> Vec<Self> {
        let mut reader = csv::Reader::from_reader(include_bytes!("../../data/theory.csv").as_slice());
        let rows = reader.records().map(|row| row.expect("a well-formed table"));
        let rows = rows.filter(|row| &row[1] == model);
        let cases: Vec<Self> = rows
            .map(|row| Self { id: row[0].to_owned(), params: row[2].to_owned(), expected: row[3].to_owned() })
            .collect();
        assert!(!cases.is_empty(), "no row of model {model}");
        cases
    }

    /// A parameter.
    pub(crate) fn get(&self, name: &str) -> f64 {
        number(&self.id, &self.params, name)
    }

    /// A parameter that is a word.
    pub(crate) fn word(&self, name: &str) -> &str {
        find(&self.id, &self.params, name)
    }

    /// A parameter that is a whole number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers of the table")]
    pub(crate) fn count(&self, name: &str) -> u32 {
        self.get(name) as u32
    }

    /// An answer.
    pub(crate) fn expected(&self, name: &str) -> f64 {
        number(&self.id, &self.expected, name)
    }
}

fn number(id: &str, pairs: &str, name: &str) -> f64 {
    find(id, pairs, name).parse().expect("a number")
}

fn find<'p>(id: &str, pairs: &'p str, name: &str) -> &'p str {
    let pair = pairs.split(';').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
    pair.unwrap_or_else(|| panic!("{id} has no {name}")).1
}
