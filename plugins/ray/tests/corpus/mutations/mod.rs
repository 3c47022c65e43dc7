//! What is made wrong, by the rule that must find it.

mod cluster;
mod contract;
mod remote;
mod resources;
mod safety;

use enginehouse_corpus::{
    Mutation, Valid,
    mutations::{Beside, common, quoted},
};
use enginehouse_sdk::Source;

/// What may rightly speak up beside a common rule.
const BESIDE: Beside =
    Beside { read: &["R018", "R024"], written: &["R025"], deeds: &["C010", "R015", "X103", "X107", "X115"] };

/// All of them.
pub(crate) fn all() -> Vec<Mutation> {
    let own = [cluster::all(), contract::all(), remote::all(), resources::all(), safety::all()];
    own.into_iter().flatten().chain(common(BESIDE)).collect()
}

/// Whether the program is for a cluster, of which little is known for certain.
fn on_a_cluster(valid: &Valid) -> bool {
    valid.task.platform.as_deref() == Some("cluster")
}

/// Where the files of the first source lie.
fn place(valid: &Valid) -> Option<String> {
    match valid.task.sources.first()? {
        Source::Objects(objects) => Some(objects.uri.clone()),
        Source::Table(table) => table.location.clone(),
        Source::Relation(_) => None,
    }
}

/// A line of the module that does nothing but read the only source as a dataset, and the name that it gives to it.
fn lone_read(valid: &Valid) -> Option<(&str, &str)> {
    let place = place(valid).filter(|_| valid.has_one_source())?;
    let reads: Vec<&str> = valid.code.lines().filter(|line| line.contains("read_") || line.contains(&place)).collect();
    let read = |line: &&str| line.contains(&quoted(&place)) && line.contains(" = ray.data.read_");
    let line = reads.iter().copied().find(read)?;
    let own = reads.iter().all(|other| *other == line || other.starts_with('#'));
    let (name, call) = line.split_once(" = ")?;
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let whole = call.matches('(').count() == 1 && call.ends_with(')');
    (own && plain && whole).then_some((line, name))
}
