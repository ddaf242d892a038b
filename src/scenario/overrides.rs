//! `--set host.gateway.port_range=1024-65535`: one value of the file, replaced before the file is read.
//!
//! A path is `run.KEY`, `title`, or KIND.NAME.KEY and on. Whether the key exists is for the reader to say, as if it
//! had been written in the file; here only the table it goes into is found.

use super::diagnostics::{Fault, Faults, quoted};
use super::keys::{self, Form};
use super::suggest::nearest;
use super::tree::{At, Entry, Node, Table, Value, value_from_toml};
use std::ops::Range;

/// The most overrides that are taken.
pub const SETS_MAX: usize = 1000;

/// Replaces values of `tree` as `sets` say, in their order; `taken` hears of a key without its table that can mean one only.
pub fn apply(tree: &mut Table, sets: &[String], faults: &mut Faults, taken: &mut Vec<String>) {
    for (index, set) in sets.iter().enumerate().take(SETS_MAX) {
        if let Err(fault) = apply_one(tree, index, set, taken) {
            faults.push(fault);
        }
    }
    if sets.len() > SETS_MAX {
        let message = format!("{} times --set; at most {SETS_MAX} are taken", sets.len());
        faults.push(Fault::new(At::Set(SETS_MAX, 0..0), message).help("write the values into the file"));
    }
}

/// One step of a path with its place.
struct Step<'s> {
    word: &'s str,
    span: Range<usize>,
}

fn apply_one(tree: &mut Table, index: usize, set: &str, taken: &mut Vec<String>) -> Result<(), Fault> {
    let whole = At::Set(index, 0..set.len());
    let Some((path, text)) = set.split_once('=') else {
        return Err(Fault::new(whole, "--set needs KEY=VALUE")
            .label("no =")
            .help("write, for example, --set host.gateway.port_range=1024-65535"));
    };
    let mut steps = steps(path);
    if let Some(empty) = steps.iter().find(|step| step.word.is_empty()) {
        return Err(Fault::new(At::Set(index, empty.span.clone()), "a path has a word before and after each dot")
            .help("write, for example, --set run.duration=1h"));
    }
    let meant;
    if let [only] = &steps[..]
        && keys::find(keys::FILE, only.word).is_none()
    {
        meant = paths_of(tree, only.word);
        match &meant[..] {
            [] => {}
            [one] => {
                taken.push(format!("{} is taken as {one}", only.word));
                let span = only.span.clone();
                steps = one.split('.').map(|word| Step { word, span: span.clone() }).collect();
            }
            several => return Err(without_its_table(several, index, only)),
        }
    }
    let node = parse_value(index, path.len() + 1, text);
    let (table, rest) = table_of(tree, index, &steps)?;
    place(table, index, rest, node)
}

/// The fault of a key whose table was left out (`addresses=2`), where several have it.
fn without_its_table(several: &[String], index: usize, step: &Step<'_>) -> Fault {
    let shown = several[..several.len().min(4)].join(", ");
    let at = At::Set(index, step.span.clone());
    let fault = Fault::new(at, format!("the key {} needs its table", quoted(step.word))).label("whose?");
    fault.help(format!("write one of {shown}"))
}

/// Every path of the file that ends in this key: of what is written, and of what tables could have.
fn paths_of(tree: &Table, word: &str) -> Vec<String> {
    fn written(table: &Table, path: &str, word: &str, found: &mut Vec<String>) {
        for entry in &table.0 {
            let path = format!("{path}.{}", entry.key);
            if entry.key == word {
                found.push(path);
            } else if let Some(below) = entry.node.table() {
                written(below, &path, word, found);
            }
        }
    }
    let mut found = Vec::new();
    for key in keys::FILE {
        let entry = tree.get(key.name);
        match (key.form, entry.map(|entry| &entry.node.value)) {
            (Form::Table(below), entry) => {
                let known = keys::find(below, word).map(|_| format!("{}.{word}", key.name));
                found.extend(known.filter(|_| entry.is_none_or(|entry| matches!(entry, Value::Table(_)))));
            }
            (Form::Tables(below), Some(Value::Array(nodes))) if keys::is_named(key.name) => {
                for (node, name) in nodes.iter().filter_map(|node| Some((node.table()?, name_of(node)?))) {
                    let path = format!("{}.{name}", key.name);
                    match keys::find(below, word) {
                        Some(_) => found.push(format!("{path}.{word}")),
                        None => written(node, &path, word, &mut found),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut start = 0;
    let mut steps = Vec::new();
    for part in path.split('.') {
        let word = part.trim();
        let lead = part.len() - part.trim_start().len();
        steps.push(Step { word, span: start + lead..start + lead + word.len() });
        start += part.len() + 1;
    }
    steps
}

/// The value as TOML if it is TOML, else the text itself. `offset` is where it starts in the `--set`.
fn parse_value(index: usize, offset: usize, text: &str) -> Node {
    let at = |span: Range<usize>| At::Set(index, offset + span.start..offset + span.end);
    value_from_toml(text, &at).unwrap_or_else(|| {
        let lead = text.len() - text.trim_start().len();
        let value = text.trim();
        Node { value: Value::String(value.to_owned()), at: at(lead..lead + value.len()) }
    })
}

/// The table that a path starts in and the steps that remain.
fn table_of<'t, 's>(
    tree: &'t mut Table,
    index: usize,
    steps: &'s [Step<'s>],
) -> Result<(&'t mut Table, &'s [Step<'s>]), Fault> {
    let kind = steps[0].word;
    if !keys::is_named(kind) {
        return Ok((tree, steps));
    }
    let at = At::Set(index, steps[0].span.clone());
    let [_, name, rest @ ..] = steps else {
        return Err(Fault::new(at, format!("{kind} needs a name and a key"))
            .help(format!("write, for example, --set {}", example(kind))));
    };
    if rest.is_empty() {
        return Err(Fault::new(at, format!("{kind}.{} needs a key", name.word))
            .help(format!("write, for example, --set {}", example(kind))));
    }
    let nodes: &mut [Node] = match tree.get_mut(kind).map(|entry| &mut entry.node.value) {
        Some(Value::Array(nodes)) => nodes,
        _ => &mut [],
    };
    let names: Vec<String> = nodes.iter().filter_map(name_of).map(str::to_owned).collect();
    if let Some(at) = nodes.iter().position(|node| name_of(node) == Some(name.word))
        && let Value::Table(table) = &mut nodes[at].value
    {
        return Ok((table, rest));
    }
    let fault = Fault::new(At::Set(index, name.span.clone()), format!("no {kind} is named {}", quoted(name.word)));
    Err(match nearest(name.word, names.iter().map(String::as_str)) {
        Some(near) => fault.label(format!("did you mean {}?", quoted(near))),
        None if names.is_empty() => fault.label(format!("the file names no {kind}")),
        None => fault.label(format!("the file has {}", names[..names.len().min(5)].join(", "))),
    }
    .unless_syntax())
}

fn example(kind: &str) -> &'static str {
    match kind {
        "host" => "host.gateway.port_range=1024-65535",
        "destination" => "destination.orders-db.endpoints=2",
        _ => "client.checkout.arrivals.poisson.rate=500/s",
    }
}

fn name_of(node: &Node) -> Option<&str> {
    match &node.table()?.get("name")?.node.value {
        Value::String(name) => Some(name),
        _ => None,
    }
}

/// Walks down `steps`, making tables on the way, and sets the last one.
fn place(mut table: &mut Table, index: usize, steps: &[Step<'_>], node: Node) -> Result<(), Fault> {
    let (last, parents) = steps.split_last().expect("a path has a word");
    let mut parent = "";
    for (position, step) in parents.iter().enumerate() {
        let at = At::Set(index, step.span.clone());
        if position >= 8 {
            return Err(Fault::new(at, "no key lies this deep"));
        }
        // Another choice replaces the one in the file.
        if keys::is_law(parent) && table.get(step.word).is_none() {
            table.0.clear();
        }
        let fresh = || Node { value: Value::Table(Table::default()), at: at.clone() };
        if table.get(step.word).is_none() {
            let entry = Entry { key: step.word.to_owned(), key_at: at.clone(), node: fresh() };
            table.0.push(entry);
        }
        let entry = table.get_mut(step.word).expect("it was there or was just made");
        if let Value::Array(_) = entry.node.value {
            return Err(Fault::new(at, format!("{} is an array and has no keys", step.word))
                .help(format!("replace it whole: --set {}=[...]", step.word)));
        }
        if entry.node.table().is_none() {
            entry.node = fresh();
        }
        let Value::Table(below) = &mut entry.node.value else { unreachable!("made a table just above") };
        (table, parent) = (below, step.word);
    }
    if keys::is_law(parent) && table.get(last.word).is_none() {
        table.0.clear();
    }
    table.set(Entry { key: last.word.to_owned(), key_at: At::Set(index, last.span.clone()), node });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tree::from_toml;
    use super::*;

    const FILE: &str =
        "[run]\nduration = \"5m\"\n[[client]]\nname = \"a\"\nlifetime = { exponential = { mean = \"1s\" } }\n";

    fn applied(sets: &[&str]) -> (Table, Vec<String>) {
        let mut faults = Faults::default();
        let mut tree = from_toml(FILE, &mut faults);
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        apply(&mut tree, &sets, &mut faults, &mut Vec::new());
        let found = faults.into_diagnostics("x", FILE, &sets);
        (tree, found.messages().map(str::to_owned).collect())
    }

    fn lifetime(tree: &Table) -> &Table {
        let Value::Array(clients) = &tree.get("client").unwrap().node.value else { panic!("an array") };
        clients[0].table().unwrap().get("lifetime").unwrap().node.table().unwrap()
    }

    #[test]
    fn another_choice_replaces_the_one_in_the_file() {
        let (tree, faults) = applied(&["client.a.lifetime.uniform.low=1s", "client.a.lifetime.uniform.high=2s"]);
        assert!(faults.is_empty(), "{faults:?}");
        let law = lifetime(&tree);
        assert_eq!(law.0.len(), 1);
        assert_eq!(law.get("uniform").unwrap().node.table().unwrap().0.len(), 2);
    }

    #[test]
    fn a_value_is_toml_if_it_can_be_and_text_otherwise() {
        let (tree, _) = applied(&["run.seed=7", "run.duration=1h", "run.warm_up=\"auto\""]);
        let run = tree.get("run").unwrap().node.table().unwrap();
        assert!(matches!(run.get("seed").unwrap().node.value, Value::Whole(Some(7))));
        assert!(matches!(&run.get("duration").unwrap().node.value, Value::String(text) if text == "1h"));
        assert!(matches!(&run.get("warm_up").unwrap().node.value, Value::String(text) if text == "auto"));
        assert_eq!(run.get("duration").unwrap().node.at, At::Set(1, 13..15));
    }

    #[test]
    fn a_key_alone_is_told_where_it_belongs() {
        let tree = from_toml(FILE, &mut Faults::default());
        assert_eq!(paths_of(&tree, "mean"), ["client.a.lifetime.exponential.mean"]);
        assert_eq!(paths_of(&tree, "retry"), ["client.a.retry"]);
        assert_eq!(paths_of(&tree, "duration"), ["run.duration"]);
        assert!(paths_of(&tree, "addresses").is_empty(), "the file has no host");
        assert!(paths_of(&tree, "x").is_empty());
    }

    #[test]
    fn a_key_alone_that_is_one_only_is_taken_for_it() {
        let of = |sets: &[&str]| applied(sets).0;
        for (short, long) in [("mean=2s", "client.a.lifetime.exponential.mean=2s"), ("seed=1", "run.seed=1")] {
            assert_eq!(format!("{:?}", plain(&of(&[short]))), format!("{:?}", plain(&of(&[long]))));
        }
        assert_eq!(applied(&["mean=2s", "seed=1"]).1, [""; 0]);
    }

    /// Keys and values, without their places.
    fn plain(table: &Table) -> Vec<(String, String)> {
        let value = |node: &Node| match &node.value {
            Value::Table(below) => format!("{:?}", plain(below)),
            Value::Array(nodes) => format!("{:?}", nodes.iter().filter_map(Node::table).map(plain).collect::<Vec<_>>()),
            other => format!("{other:?}"),
        };
        table.0.iter().map(|entry| (entry.key.clone(), value(&entry.node))).collect()
    }

    #[test]
    fn a_path_that_leads_nowhere_is_a_fault() {
        for (set, message) in [
            ("run.duration", "--set needs KEY=VALUE"),
            ("run..duration=1", "a path has a word before and after each dot"),
            ("=1", "a path has a word before and after each dot"),
            ("host.x.y=1", "no host is named \"x\""),
            ("client.b.y=1", "no client is named \"b\""),
            ("client.a=1", "client.a needs a key"),
            ("client=1", "client needs a name and a key"),
            ("run.a.b.c.d.e.f.g.h.i.j.k=1", "no key lies this deep"),
        ] {
            assert_eq!(applied(&[set]).1, [message], "{set}");
        }
    }
}
