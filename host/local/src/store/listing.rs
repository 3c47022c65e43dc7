//! The keys of a bucket, in order.

use std::{collections::BTreeMap, fs, io, ops::ControlFlow, path::PathBuf};

use s3s::dto::{CommonPrefix, Object, Timestamp};

use super::{
    fault::Result,
    layout::{Layout, tag},
};

/// Which keys are wanted.
pub(super) struct Query {
    pub(super) prefix: String,
    /// Whether keys with a further `/` are rolled up.
    pub(super) rolled_up: bool,
    /// Only keys behind this one.
    pub(super) after: String,
    pub(super) most: usize,
}

/// Some keys, and whether there are more.
#[derive(Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    pub(super) prefixes: Vec<CommonPrefix>,
    pub(super) last: Option<String>,
    pub(super) truncated: bool,
}

/// Walks only the folders that can hold keys of the page. Blocks.
pub(super) fn list(layout: &Layout, bucket: &str, query: &Query) -> Result<Page> {
    let mut page = Page::default();
    layout.bucket(bucket)?;
    let base = query.prefix.rfind('/').and_then(|at| query.prefix.get(..=at)).unwrap_or_default();
    // A prefix that cannot be a path has no keys under it.
    if query.most > 0
        && let Ok(folders) = layout.folders(bucket, base)
    {
        let _ = walk(layout, &folders, base, query, &mut page)?;
    }
    Ok(page)
}

/// Sorted as keys are, a folder counting with its `/`, a depth-first walk meets the keys in order.
fn walk(
    layout: &Layout,
    folders: &[PathBuf],
    base: &str,
    query: &Query,
    page: &mut Page,
) -> io::Result<ControlFlow<()>> {
    for (key, paths) in entries(layout, folders, base, query)? {
        let is_folder = key.ends_with('/');
        if is_folder && !(query.rolled_up && key.len() > query.prefix.len()) {
            if walk(layout, &paths, &key, query, page)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            continue;
        }
        if key <= query.after || (is_folder && !holds_objects(layout, &paths)?) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() >= query.most {
            page.truncated = true;
            return Ok(ControlFlow::Break(()));
        }
        if is_folder {
            page.prefixes.push(CommonPrefix { prefix: Some(key.clone()) });
        } else {
            // The first is what a read of the key would find.
            let Some(path) = paths.first() else { continue };
            match fs::symlink_metadata(path) {
                Ok(metadata) => page.objects.push(Object {
                    key: Some(key.clone()),
                    size: Some(i64::try_from(metadata.len()).unwrap_or(i64::MAX)),
                    last_modified: Some(Timestamp::from(metadata.modified()?)),
                    e_tag: Some(tag(&metadata)),
                    ..Object::default()
                }),
                // Deleted since the folder was read.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            }
        }
        page.last = Some(key);
    }
    Ok(ControlFlow::Continue(()))
}

/// The files and folders that may matter to the query, by their keys in order; a folder's ends in `/`. What lies in
/// several of `folders` has as many paths.
fn entries(
    layout: &Layout,
    folders: &[PathBuf],
    base: &str,
    query: &Query,
) -> io::Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for folder in folders {
        for entry in match fs::read_dir(folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            read => read?,
        } {
            let entry = entry?;
            let (kind, name) = (entry.file_type()?, entry.file_name());
            // What is not UTF-8 has no key.
            let Some(name) = name.to_str() else { continue };
            let key = match (kind.is_dir(), kind.is_file()) {
                (true, _) => format!("{base}{name}/"),
                (_, true) => format!("{base}{name}"),
                _ => continue,
            };
            let wanted = key.starts_with(&query.prefix) || (kind.is_dir() && query.prefix.starts_with(&key));
            let passed = key <= query.after && !query.after.starts_with(&key);
            if wanted && !passed && !layout.is_ours(&entry.path()) {
                found.entry(key).or_default().push(entry.path());
            }
        }
    }
    Ok(found)
}

fn holds_objects(layout: &Layout, folders: &[PathBuf]) -> io::Result<bool> {
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let is_folder = kind.is_dir() && !layout.is_ours(&entry.path());
            if kind.is_file() || (is_folder && holds_objects(layout, &[entry.path()])?) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
