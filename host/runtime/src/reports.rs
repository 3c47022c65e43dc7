//! Reports that were made before: `validate` is pure, so the same code under the same seal has the same report.

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::{Finding, Report, validated::Seal};

/// Those that were asked for last.
pub(crate) struct Reports(Cache<Key, Report>);

/// Stands for a piece of code, the task, the plugin and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(Seal, [u8; 32]);

impl Reports {
    /// Those of one plugin, of so many bytes together.
    pub(crate) fn new(bytes: u64) -> Self {
        Self(Cache::builder().max_capacity(bytes).weigher(|_, report| weight(report)).build())
    }

    pub(crate) fn key(seal: Seal, code: &str) -> Key {
        Key(seal, Sha256::digest(code).into())
    }

    pub(crate) fn get(&self, key: Key) -> Option<Report> {
        self.0.get(&key)
    }

    pub(crate) fn keep(&self, key: Key, report: &Report) {
        self.0.insert(key, report.clone());
    }
}

fn weight(report: &Report) -> u32 {
    let finding =
        |f: &Finding| size_of::<Finding>() + f.rule.len() + f.message.len() + f.hint.as_ref().map_or(0, String::len);
    let code = report.validated.as_ref().map_or(0, |validated| validated.code().len());
    let bytes = size_of::<(Key, Report)>() + code + report.findings.iter().map(finding).sum::<usize>();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Task, ValidatedCode};

    const BYTES: u64 = 16 << 20;

    #[test]
    fn old_reports_make_room_for_new_ones() {
        let task = Task {
            prompt: String::new(),
            sources: Vec::new(),
            output: None,
            platform: None,
            places: Vec::new(),
            options: Vec::new(),
        };
        let seal = Seal::new(b"judge", &task).unwrap();
        let reports = Reports::new(BYTES);
        let code = |n: usize| format!("{n}{}", "x".repeat(1 << 20));
        for n in 0..64 {
            let report = Report { findings: Vec::new(), validated: Some(ValidatedCode::new(&code(n), seal)) };
            reports.keep(Reports::key(seal, &code(n)), &report);
            assert_eq!(reports.get(Reports::key(seal, &code(n))), Some(report));
        }
        reports.0.run_pending_tasks();
        assert!(reports.0.weighted_size() <= BYTES);
        assert_ne!(Reports::key(seal, "a"), Reports::key(seal, "b"));
        assert_ne!(Reports::key(seal, "a"), Reports::key(Seal::new(b"other", &task).unwrap(), "a"));
    }
}
