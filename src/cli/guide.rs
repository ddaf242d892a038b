//! How commands are shown to people: the page without arguments, and the head of each `--help`.
//!
//! A command declares a [`Guide`] in its file and nothing else; page and help are made from it and from clap's own
//! knowledge of the arguments. A test runs every example of every command in a folder that holds `scenarios/`, `s.toml`
//! (a minute of the quickstart) and `output/sample/`.

use crate::report::document::Keys;
use crate::scenario::words::WIDTH;
use clap::Command;

/// Columns of the labels on the page without arguments; a version fits beside the name.
const GUTTER: usize = 15;
/// Columns of a command's name there.
const NAME: usize = 9;
/// Columns of what the left one of two commands is for.
const LEFT: usize = 30;

/// What a command shows of itself.
#[derive(Clone, Copy, Debug)]
pub struct Guide {
    /// Where it stands on the page without arguments.
    pub group: Group,
    /// What it is for, in a few words: at most 28 letters, at most 17 when it stands in the right column.
    pub short: &'static str,
    /// Commands that work when typed, each with a remark or an empty one.
    pub examples: &'static [(&'static str, &'static str)],
    /// What `--json` prints; empty when it has no such option.
    pub json: &'static Keys,
}

/// What a command is for, in general.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Will it run out? The first example of each is where to start.
    Ask,
    /// Which setting is best?
    Decide,
    /// Why is it so, and is it true?
    Understand,
    /// Scenarios and what runs leave.
    Files,
    /// The machine it runs on.
    ThisMachine,
}

impl Group {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Ask, "Ask"),
        (Self::Decide, "Decide"),
        (Self::Understand, "Understand"),
        (Self::Files, "Files"),
        (Self::ThisMachine, "This machine"),
    ];
}

/// The page without arguments: what this is, where to start, every command in its group.
pub fn front_page(guides: &[(&str, &Guide)]) -> String {
    let mut page = format!(
        "{:<GUTTER$}will this service run out of ephemeral ports - when, how likely,\n{:GUTTER$}and which knob helps?\n",
        concat!("dryport ", env!("CARGO_PKG_VERSION")),
        ""
    );
    let starts = guides.iter().filter(|(_, guide)| guide.group == Group::Ask);
    let starts: Vec<String> = starts.filter_map(|(_, guide)| Some(guide.examples.first()?.0.to_owned())).collect();
    page.push_str(&beside("Start here:", &starts));
    for (group, label) in Group::ALL {
        let members: Vec<_> = guides.iter().filter(|(_, guide)| guide.group == group).collect();
        let cell =
            |text: String, (name, guide): &&(&str, &Guide)| text + &format!("{name:<NAME$}{:<LEFT$}", guide.short);
        let lines: Vec<String> = members.chunks(2).map(|pair| pair.iter().fold(String::new(), cell)).collect();
        page.push_str(&beside(label, &lines));
    }
    page + "Each has --help with examples. Exit: 0 fine 1 failed 2 usage 3 scenario 99 gate"
}

/// Lines beside a label; nothing at all when there is none.
fn beside(label: &str, lines: &[String]) -> String {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels
        .zip(lines)
        .fold(String::new(), |text, (label, line)| text + format!("{label:<GUTTER$}{line}").trim_end() + "\n")
}

/// Gives a command the help that people read: what it does, examples, how it is used, its options.
pub fn with_help(command: Command, guide: &Guide) -> Command {
    let usage = command.clone().render_usage().to_string();
    let head = format!("{{about}}\n{}{{usage-heading}} {{usage}}", examples(guide));
    let positionals: Vec<_> = command.get_positionals().collect();
    let note = match positionals.as_slice() {
        [only] => only.get_help().map(|help| format!("        {help}")),
        _ => None,
    };
    // The one thing that it is about needs no section of its own.
    let template = match note.filter(|note| usage.len() + note.len() <= WIDTH) {
        Some(note) => format!("{head}{note}\n\nOptions:\n{{options}}"),
        None => format!("{head}\n\n{{all-args}}"),
    };
    command.help_template(template)
}

/// The examples, one a line, the remarks below each other.
fn examples(guide: &Guide) -> String {
    let remarked = guide.examples.iter().filter(|(_, remark)| !remark.is_empty());
    let column = remarked.map(|(command, _)| command.len() + 4).max().unwrap_or(0);
    guide.examples.iter().fold(String::new(), |text, (command, remark)| {
        text + "  " + format!("{command:<column$}{remark}").trim_end() + "\n"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_three_takes_two_lines_and_an_empty_one_none() {
        let guide = |group, examples| Guide { group, short: "what for", examples, json: &[] };
        let (run, check) = (guide(Group::Ask, &[("dryport run x", "")]), guide(Group::Files, &[]));
        let page = front_page(&[("run", &run), ("check", &check), ("list", &check), ("new", &check)]);
        assert!(
            page.contains("\nStart here:    dryport run x\nAsk            run      what for\nFiles          "),
            "{page}"
        );
        let second = format!("check    what for{:22}list     what for\n{:15}new      what for\nEach", "", "");
        assert!(page.contains(&second), "{page}");
        assert!(!page.contains("Decide"));
    }

    #[test]
    fn remarks_stand_below_each_other() {
        let examples = &[("dryport a", "one"), ("dryport abcd", "two"), ("dryport a-long-one-without-a-remark", "")];
        let guide = Guide { group: Group::Ask, short: "", examples, json: &[] };
        let expected = "  dryport a       one\n  dryport abcd    two\n  dryport a-long-one-without-a-remark\n";
        assert_eq!(super::examples(&guide), expected);
    }
}
