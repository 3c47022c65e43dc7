//! What `from module import *` binds, where that is known.

use std::{collections::BTreeSet, rc::Rc};

use super::{Import, Origin, build::Builder};

/// The names that a star import of a module gives.
#[derive(Debug, Clone, Copy)]
pub struct Star<'s> {
    /// `pyspark.sql.functions`.
    pub module: &'s str,
    /// What it binds, sorted.
    pub names: &'s [&'s str],
    /// What it binds in some version of the module, sorted.
    pub perhaps: &'s [&'s str],
}

impl<'a> Builder<'a> {
    /// Binds what the program uses of the names that its star imports give.
    pub(super) fn bind_stars(&mut self, stars: &[Star<'_>]) {
        let stars: Vec<(usize, Option<&Star<'_>>)> = self
            .model
            .imports
            .iter()
            .enumerate()
            .filter(|(_, import)| import.bound.is_none())
            .map(|(place, import)| (place, stars.iter().find(|star| star.module == import.module && !import.relative)))
            .collect();
        if stars.is_empty() {
            return;
        }
        let used: BTreeSet<&'a str> = self.model.uses.values().map(|used| used.name.id.as_str()).collect();
        for (place, star) in stars {
            let Some(import) = self.model.imports.get(place) else { continue };
            let (module, range, scope, block) = (import.module, import.range, import.scope, import.block);
            let Some(star) = star else {
                self.model.scopes.get_mut(scope).into_iter().for_each(|scope| scope.star_import = true);
                continue;
            };
            self.block = block;
            for name in &used {
                if star.names.binary_search(name).is_ok() {
                    let path: Rc<str> = [module, ".", name].concat().into();
                    self.bind_in(scope, name, range.end().to_u32(), Origin::Import(self.model.imports.len()));
                    let (member, bound) = (Some(*name), Some(*name));
                    self.model.imports.push(Import {
                        path,
                        module,
                        member,
                        bound,
                        relative: false,
                        range,
                        block,
                        scope,
                        kept: true,
                    });
                } else if star.perhaps.binary_search(name).is_ok() {
                    self.model.perhaps.insert(name);
                }
            }
        }
    }
}
