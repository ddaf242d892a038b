//! A Rust file as the rules see it: code without its comments, literals and unit tests. Not a parser: it knows as much
//! of Rust's grammar as paths need.

/// One file.
pub(super) struct Source {
    /// From the repository's root, with `/`.
    pub(super) name: String,
    /// As it is.
    pub(super) text: String,
    /// Comments and literals blanked, line numbers kept, the unit tests at its end cut off.
    pub(super) code: String,
    /// The same with its tests.
    whole: String,
}

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let whole = blank(text);
        let is_test_file = name.ends_with("/tests.rs") || name.contains("/tests/");
        let code = if is_test_file && name.starts_with("src/") { "" } else { without_tests(&whole) }.to_owned();
        Self { name: name.to_owned(), text: text.to_owned(), code, whole }
    }

    /// The first folder, or the file's stem, below `src/`; none for what is no part of a layer.
    pub(super) fn layer(&self) -> Option<&str> {
        let inside = self.name.strip_prefix("src/")?;
        let layer = inside.split('/').next()?.trim_end_matches(".rs");
        (layer != "lib" && layer != "main").then_some(layer)
    }

    /// What is imported from the crate's root, with line numbers: `des` for `crate::des::SimTime`.
    pub(super) fn root_imports(&self) -> impl Iterator<Item = (usize, String)> {
        let climb = "super::".repeat(self.depth());
        let supers = paths(&self.code, "super").filter_map(move |(line, path)| {
            let name = path.strip_prefix(&climb)?;
            (!name.starts_with("super")).then(|| (line, name.to_owned()))
        });
        let rooted = ["crate", "dryport"].into_iter().flat_map(|root| {
            paths(&self.code, root).map(move |(line, path)| (line, path[root.len() + 2..].to_owned()))
        });
        rooted.chain(supers).map(|(line, path)| (line, path.split("::").next().unwrap_or_default().to_owned()))
    }

    /// How many times `super::` leads from this module to the root.
    fn depth(&self) -> usize {
        let steps = self.name.trim_start_matches("src/").split('/').count();
        if self.name.ends_with("/mod.rs") { steps - 1 } else { steps }
    }

    /// Macros that are defined here.
    pub(super) fn macros(&self) -> impl Iterator<Item = String> {
        self.code.match_indices("macro_rules!").map(|(at, mark)| {
            let rest = self.code[at + mark.len()..].trim_start();
            rest.chars().take_while(|c| is_word(*c)).collect()
        })
    }

    /// Where one of `words` stands in the code, tests included, as whole words.
    pub(super) fn words(&self, words: &[&str]) -> Vec<String> {
        let mut faults = Vec::new();
        for word in words {
            for (at, _) in self.whole.match_indices(word) {
                if !self.whole[..at].ends_with(is_word) {
                    faults.push(format!("{}:{}: {word}", self.name, line_at(&self.whole, at)));
                }
            }
        }
        faults
    }
}

/// Every path in `code` that begins with the word `root`, in full, with its line: `use a::{b, c::d};` has `a::b` and
/// `a::c::d`.
pub(super) fn paths<'a>(code: &'a str, root: &'a str) -> impl Iterator<Item = (usize, String)> + 'a {
    code.match_indices(root).flat_map(move |(at, _)| {
        let before = code[..at].trim_end();
        let rest = code[at + root.len()..].trim_start();
        let begins = !code[..at].ends_with(is_word) && !before.ends_with("::");
        let Some(rest) = rest.strip_prefix("::").filter(|_| begins) else { return Vec::new() };
        let mut found = Vec::new();
        expand(rest, root, &mut found);
        found.into_iter().map(|path| (line_at(code, at), path)).collect()
    })
}

/// Reads the path that `rest` begins with, below `prefix`; returns what follows it.
fn expand<'a>(rest: &'a str, prefix: &str, found: &mut Vec<String>) -> &'a str {
    let rest = rest.trim_start();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            inside = inside.trim_start().trim_start_matches(',').trim_start();
            if inside.is_empty() {
                return inside;
            }
            if let Some(after) = inside.strip_prefix('}') {
                return after;
            }
            let next = expand(inside, prefix, found);
            // Anything that is no path (`as name`, a block of code) is stepped over.
            inside = if next.len() == inside.len() { &inside[first_len(inside)..] } else { next };
        }
    }
    let end = rest.find(|c| !is_word(c) && c != '*').unwrap_or(rest.len());
    if end == 0 {
        return rest;
    }
    let path = format!("{prefix}::{}", &rest[..end]);
    let after = rest[end..].trim_start();
    if let Some(below) = after.strip_prefix("::") {
        return expand(below, &path, found);
    }
    found.push(path);
    match after.strip_prefix("as ") {
        Some(alias) => alias.trim_start().trim_start_matches(is_word),
        None => &rest[end..],
    }
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Up to the unit tests, which house rule 2 puts at the end: `#[cfg(test)]`, perhaps more attributes, and a module.
fn without_tests(code: &str) -> &str {
    for (at, mark) in code.match_indices("\n#[cfg(test)]\n") {
        let after = code[at + mark.len()..].lines().find(|line| !line.starts_with("#["));
        if after.is_some_and(|line| line.starts_with("mod ")) {
            return &code[..at];
        }
    }
    code
}

/// `text` with comments and the contents of literals as blanks; line ends stay.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let skipped = if out.ends_with(is_word) { 0 } else { raw_string_len(rest) };
        let length = if skipped > 0 { skipped } else { opaque_len(rest) };
        if length == 0 {
            let step = first_len(rest);
            out.push_str(&rest[..step]);
            rest = &rest[step..];
        } else {
            out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    out
}

/// The length of the comment or literal that `rest` begins with; 0 if it begins with neither.
fn opaque_len(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_len(rest);
    }
    if rest.starts_with('"') {
        return quoted_len(rest, '"');
    }
    // A quote that closes after one character is a character; otherwise it is a lifetime.
    let mut chars = rest.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some('\''), Some('\\'), _) => quoted_len(rest, '\''),
        (Some('\''), Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}

fn block_comment_len(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += first_len(here);
        }
    }
    at
}

fn quoted_len(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `r"..."`, `r#"..."#` and so on, with `b` or `c` before.
fn raw_string_len(rest: &str) -> usize {
    let body = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    let Some(body) = body.strip_prefix('r') else { return 0 };
    let hashes = body.chars().take_while(|c| *c == '#').count();
    let Some(inside) = body[hashes..].strip_prefix('"') else { return 0 };
    let close = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - inside.len();
    inside.find(&close).map_or(rest.len(), |end| start + end + close.len())
}
