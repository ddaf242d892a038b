//! "Did you mean": the nearest of some known words.

/// The word of `known` that `word` is a slip of, if one is near enough: a third of its letters, at least one.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Nobody mistypes hundreds of letters, and the distance costs their product.
    if word.len() > 80 {
        return None;
    }
    let reach = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(&word.to_lowercase().replace('-', "_"), &candidate.replace('-', "_")), candidate))
        .filter(|(distance, _)| *distance <= reach)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// As [`nearest`]; else the only word of `known` that has a part of `word`, of five letters or more, in it.
pub fn nearest_or_alike<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    nearest(word, known.iter().copied()).or_else(|| {
        let word = word.to_lowercase();
        let parts = word.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| part.len() >= 5);
        let mut alike = parts.flat_map(|part| known.iter().copied().filter(move |known| known.contains(part)));
        let first = alike.next()?;
        alike.all(|other| other == first).then_some(first)
    })
}

/// Damerau's edit distance (optimal alignment): insertions, deletions, changes and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j - 1] + change).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_finds_none() {
        let known = ["port_range", "addresses", "profile", "name"];
        assert_eq!(nearest("port-range", known), Some("port_range"));
        assert_eq!(nearest("prot_range", known), Some("port_range"));
        assert_eq!(nearest("adresses", known), Some("addresses"));
        assert_eq!(nearest("nmae", known), Some("name"));
        assert_eq!(nearest_or_alike("p_addresses_2", &known), Some("addresses"));
        assert_eq!((nearest_or_alike("range", &known), nearest_or_alike("colour", &known)), (Some("port_range"), None));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}
