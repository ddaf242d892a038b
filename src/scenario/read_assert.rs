//! Reading `[[assert]]`: what must hold of a run's figures.

use super::claim::{Claim, EXAMPLE};
use super::diagnostics::{Fault, quoted};
use super::model::Assert;
use super::read::Named;
use super::read_value::{Reader, Section};
use super::suggest::nearest;
use super::tree::Node;
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
            let claim = that.and_then(|entry| self.claim(&entry.node, &path));
            let path = section.path_of("scope");
            let scope = if let Some(entry) = section.take("scope") {
                self.scope(&entry.node, &path, known)
            } else {
                self.resolved.note(path, "all", "default");
                Some("all".into())
            };
            self.finish(section);
            Some(Assert { that: claim?, scope: scope? })
        });
        read.collect()
    }

    fn claim(&mut self, node: &Node, path: &str) -> Option<Claim> {
        let text = self.text(node, path, &format!("\"{EXAMPLE}\""))?;
        match Claim::read(text) {
            Ok(claim) => {
                self.resolved.note(path, claim.to_string(), node.at.origin());
                Some(claim)
            }
            Err(faults) => {
                for (range, misfit) in faults {
                    self.fault(Fault::of_misfit(node.at_within(range), misfit));
                }
                None
            }
        }
    }

    /// `all` or `KIND:NAME`, of what the file defines.
    fn scope(&mut self, node: &Node, path: &str, known: Known<'_, '_>) -> Option<Arc<str>> {
        let text = self.text(node, path, "\"client:checkout\"")?;
        if text != "all" {
            let (kind, name) = text.split_once(':').unwrap_or((text, ""));
            let index = KINDS.iter().position(|known| *known == kind);
            let Some(index) = index.filter(|_| !name.is_empty()) else {
                self.fault(no_scope(node, text, kind, known));
                return None;
            };
            self.resolve(name, &node.at_within(kind.len() + 1..text.len()), kind, known[index])?;
        }
        self.resolved.note(path, text, node.at.origin());
        Some(text.into())
    }
}

/// A scope without a kind that there is.
fn no_scope(node: &Node, text: &str, kind: &str, known: Known<'_, '_>) -> Fault {
    let fault = Fault::new(node.at.clone(), format!("{} is no scope", quoted(text))).unless_syntax();
    let help = "a scope is all, host:NAME, client:NAME or destination:NAME";
    // A bare name is meant to be what has that name.
    let bare = KINDS.iter().zip(known).find(|(_, all)| all.iter().any(|named| &*named.name == text));
    match (bare, nearest(kind, KINDS)) {
        (Some((kind, _)), _) => fault.label(format!("write \"{kind}:{text}\"")),
        (None, Some(near)) => fault.label(format!("did you mean {near}:NAME?")).help(help),
        (None, None) => fault.label("unknown").help(help),
    }
}
