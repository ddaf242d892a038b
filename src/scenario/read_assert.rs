//! Reading `[[assert]]`: what must hold of a run's figures.

use super::claim::EXAMPLE;
use super::condition::Condition;
use super::diagnostics::{Fault, quoted};
use super::model::Assert;
use super::read::Named;
use super::read_value::{Reader, Section};
use super::suggest::nearest;
use super::tree::{At, Node};
use std::ops::Range;
use std::sync::Arc;

/// What a scope can be about besides everything.
pub(super) const KINDS: [&str; 3] = ["host", "client", "destination"];

/// The names that a scope can use, kind by kind as in [`KINDS`].
pub(super) type Known<'k, 'n> = [&'k [Named<'n>]; 3];

impl Reader<'_> {
    /// Every `[[assert]]`; those that are wrong are faults and left out.
    pub(super) fn asserts(&mut self, sections: &mut [Section<'_>], known: Known<'_, '_>) -> Vec<Assert> {
        let read = sections.iter_mut().filter_map(|section| {
            let that = section.required("that");
            let path = section.path_of("that");
            let that = that.and_then(|entry| self.condition(&entry.node, &path, known));
            let path = section.path_of("scope");
            let scope = if let Some(entry) = section.take("scope") {
                let text = self.text(&entry.node, &path, "\"client:checkout\"");
                let scope = text.and_then(|text| self.scope(text, |part| entry.node.at_within(part), known));
                scope.inspect(|scope| self.resolved.note(path, &**scope, entry.node.at.origin()))
            } else {
                self.resolved.note(path, "all", "default");
                Some("all".into())
            };
            let path = section.path_of("variant");
            let variant = section.take("variant").map(|entry| {
                let text = self.text(&entry.node, &path, "\"host.gateway.addresses=2\"")?;
                self.resolved.note(path, text, entry.node.at.origin());
                Some(Arc::from(text))
            });
            self.finish(section);
            // One that was wrong is no assert about everything.
            let variant = variant.map_or(Some(None), |variant: Option<Arc<str>>| variant.map(Some));
            Some(Assert { that: that?, scope: scope?, variant: variant? })
        });
        read.collect()
    }

    fn condition(&mut self, node: &Node, path: &str, known: Known<'_, '_>) -> Option<Condition> {
        let text = self.text(node, path, &format!("\"{EXAMPLE}\""))?;
        match Condition::read(text) {
            Ok(condition) => {
                for statement in condition.statements() {
                    let from = statement.scope_at.start;
                    let within = |part: Range<usize>| node.at_within(from + part.start..from + part.end);
                    if let Some(scope) = &statement.scope {
                        self.scope(scope, within, known)?;
                    }
                }
                self.resolved.note(path, condition.to_string(), node.at.origin());
                Some(condition)
            }
            Err(faults) => {
                for (range, misfit) in faults {
                    self.fault(Fault::of_misfit(node.at_within(range), misfit));
                }
                None
            }
        }
    }

    /// `all` or `KIND:NAME`, of what the file defines; `within` says where a part of it stands.
    fn scope(&mut self, text: &str, within: impl Fn(Range<usize>) -> At, known: Known<'_, '_>) -> Option<Arc<str>> {
        if text != "all" {
            let (kind, name) = text.split_once(':').unwrap_or((text, ""));
            let index = KINDS.iter().position(|known| *known == kind);
            let Some(index) = index.filter(|_| !name.is_empty()) else {
                self.fault(no_scope(within(0..text.len()), text, kind, known));
                return None;
            };
            self.resolve(name, &within(kind.len() + 1..text.len()), kind, known[index])?;
        }
        Some(text.into())
    }
}

/// A scope without a kind that there is.
fn no_scope(at: At, text: &str, kind: &str, known: Known<'_, '_>) -> Fault {
    let fault = Fault::new(at, format!("{} is no scope", quoted(text))).unless_syntax();
    let help = "a scope is all, host:NAME, client:NAME or destination:NAME";
    // A bare name is meant to be what has that name.
    let bare = KINDS.iter().zip(known).find(|(_, all)| all.iter().any(|named| &*named.name == text));
    match (bare, nearest(kind, KINDS)) {
        (Some((kind, _)), _) => fault.label(format!("write \"{kind}:{text}\"")),
        (None, Some(near)) => fault.label(format!("did you mean {near}:NAME?")).help(help),
        (None, None) => fault.label("unknown").help(help),
    }
}
